// SPDX-License-Identifier: GPL-2.0

//! The attribute `IFLA_BOND_AD_INFO`: the active aggregator, as attributes within an attribute.

#![forbid(unsafe_code)]

use crate::modes::lacp::system::ActiveAggregator;

/// Bytes of the attributes in it: four of two bytes with padding, and one of six.
pub(super) const LEN: usize = 4 * 8 + 12;

/// Returns the attributes (`IFLA_BOND_AD_INFO_*`) in a row.
pub(super) fn bytes(active: &ActiveAggregator) -> [u8; LEN] {
    let mut bytes = [0; LEN];
    let numbers = [
        active.id,
        active.ports,
        active.actor_key,
        active.partner_key,
    ];
    let mut room = bytes.chunks_exact_mut(4);
    let mut put = |words: [[u8; 2]; 2]| {
        if let Some(room) = room.next() {
            for (to, from) in room.iter_mut().zip(words.as_flattened()) {
                *to = *from;
            }
        }
    };
    for (number, value) in (1u16..).zip(numbers) {
        put([6u16.to_ne_bytes(), number.to_ne_bytes()]);
        put([value.to_ne_bytes(), [0; 2]]);
    }
    let [a, b, c, d, e, f] = active.partner_mac;
    put([10u16.to_ne_bytes(), 5u16.to_ne_bytes()]);
    put([[a, b], [c, d]]);
    put([[e, f], [0; 2]]);
    bytes
}
