// SPDX-License-Identifier: GPL-2.0

//! Speed and duplex of a bond, from those of its slaves.

#![forbid(unsafe_code)]

use crate::monitor::link::Duplex;

/// Returns speed in Mb/s, if known, and duplex of a bond that sends by slaves with these settings:
/// the sum of speeds, or the least of them where each slave sends everything; the first duplex that
/// is known.
pub(crate) fn of_bond(
    broadcast: bool,
    slaves: impl Iterator<Item = Option<(u32, Duplex)>>,
) -> (Option<u32>, Duplex) {
    let mut speed = None;
    let mut duplex = Duplex::Unknown;
    for (one, its_duplex) in slaves.flatten() {
        speed = Some(match speed {
            None => one,
            Some(least) if broadcast => one.min(least),
            Some(sum) => one.saturating_add(sum),
        });
        if duplex == Duplex::Unknown {
            duplex = its_duplex;
        }
    }
    (speed.filter(|&speed| speed != 0), duplex)
}
