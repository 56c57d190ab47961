// SPDX-License-Identifier: GPL-2.0

//! Clocks.

use super::bindings;

pub(crate) use kernel::time::{
    msecs_to_jiffies,
    Jiffies, //
};

/// Ticks of the timer interrupt (`jiffies`), which never go back: a clock that costs nothing, for
/// what is noted of packets.
#[inline]
pub(crate) fn ticks() -> u64 {
    // SAFETY: The helper may be called from any context.
    unsafe { bindings::bonding_ticks() }
}

/// A time of `ms` in such ticks.
pub(crate) fn ms_to_ticks(ms: u32) -> u64 {
    // CAST: `Jiffies` is unsigned, and no wider.
    msecs_to_jiffies(ms) as u64
}

/// Milliseconds since boot, which never go back; the clock of all decisions.
pub(crate) fn now_ms() -> u64 {
    // SAFETY: `ktime_get()` may be called from any context.
    let nanoseconds = unsafe { bindings::ktime_get() };
    u64::try_from(nanoseconds).unwrap_or(0) / 1_000_000
}

/// Milliseconds since boot, those asleep included (`CLOCK_BOOTTIME`): for what people read.
pub(crate) fn boottime_ms() -> u64 {
    with_offset_ms(bindings::tk_offsets_TK_OFFS_BOOT)
}

/// Milliseconds since 1970 (`CLOCK_REALTIME`).
pub(crate) fn realtime_ms() -> u64 {
    with_offset_ms(bindings::tk_offsets_TK_OFFS_REAL)
}

/// Milliseconds on one of the kernel's clocks.
fn with_offset_ms(offset: bindings::tk_offsets) -> u64 {
    // SAFETY: `ktime_get_with_offset()` may be called from any context with each clock there is.
    let nanoseconds = unsafe { bindings::ktime_get_with_offset(offset) };
    u64::try_from(nanoseconds).unwrap_or(0) / 1_000_000
}
