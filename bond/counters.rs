// SPDX-License-Identifier: GPL-2.0

//! The growth of a device's counters.

#![forbid(unsafe_code)]

/// How much a counter grew from `old` to `new`.
///
/// A counter of 32 bits may have wrapped around. One that went back was reset by its driver, and
/// has not grown.
pub(crate) fn growth(old: u64, new: u64) -> u64 {
    let delta = if (new | old) >> 32 == 0 {
        // CAST: The difference modulo 2^32 as a signed number, as the counter may have 32 bits.
        i64::from((new as u32).wrapping_sub(old as u32) as i32)
    } else {
        // CAST: Likewise, for 64 bits.
        new.wrapping_sub(old) as i64
    };
    u64::try_from(delta).unwrap_or(0)
}
