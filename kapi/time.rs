// SPDX-License-Identifier: GPL-2.0

//! Clocks.

use super::bindings;

pub(crate) use kernel::time::{
    msecs_to_jiffies,
    Jiffies, //
};

/// Milliseconds since boot, which never go back; the clock of all decisions.
pub(crate) fn now_ms() -> u64 {
    // SAFETY: `ktime_get()` may be called from any context.
    let nanoseconds = unsafe { bindings::ktime_get() };
    u64::try_from(nanoseconds).unwrap_or(0) / 1_000_000
}
