// SPDX-License-Identifier: GPL-2.0

//! Random numbers.

use super::bindings;
use crate::bond::addr::HwAddr;

/// A random number. Any context.
pub(crate) fn u32() -> u32 {
    // SAFETY: May be called from any context.
    unsafe { bindings::get_random_u32() }
}

/// A random MAC address: of one station, and locally administered.
pub(crate) fn ether_address() -> HwAddr {
    let [a, b, c, d] = u32().to_ne_bytes();
    let [e, f, ..] = u32().to_ne_bytes();
    HwAddr::ether([(a & 0xfe) | 0x02, b, c, d, e, f])
}
