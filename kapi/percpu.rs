// SPDX-License-Identifier: GPL-2.0

//! Counters that each CPU has for itself, so that counting shares no memory.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use super::bindings;
use core::ptr::NonNull;
use kernel::prelude::*;

/// A row of counters.
///
/// # Invariants
///
/// The pointer owns an allocation of `len` counters for each CPU.
pub(crate) struct Counters {
    /// Not a pointer that can be followed: each CPU has its own place.
    row: NonNull<u64>,
    len: usize,
}

// SAFETY: Each counter is written by its CPU alone, and read by `READ_ONCE()`. Where that takes two
// loads, on 32 bits, a sum may be wrong for once; nothing but the spreading of load goes by it.
unsafe impl Send for Counters {}
// SAFETY: As above.
unsafe impl Sync for Counters {}

impl Counters {
    /// Allocates `len` counters, all 0. Process context.
    pub(crate) fn new(len: usize) -> Result<Self> {
        // SAFETY: May be called from any process context.
        let row = unsafe { bindings::bonding_alloc_counters(len) };
        // INVARIANT: The allocation is new, and has that many counters.
        NonNull::new(row).map(|row| Self { row, len }).ok_or(ENOMEM)
    }

    /// Adds to a counter. Any context in which the task stays on its CPU.
    #[inline]
    pub(crate) fn add(&self, index: usize, more: u32) {
        if index < self.len {
            // SAFETY: The counter is one of the row, by the type invariant.
            unsafe { bindings::bonding_count(self.row.as_ptr(), index, more) };
        }
    }

    /// The sum of a counter over all CPUs, and 0 for one that isn't there.
    pub(crate) fn sum(&self, index: usize) -> u64 {
        if index >= self.len {
            return 0;
        }
        // SAFETY: The counter is one of the row, by the type invariant.
        unsafe { bindings::bonding_sum(self.row.as_ptr(), index) }
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        // SAFETY: The allocation is ours, and nobody counts any more.
        unsafe { bindings::free_percpu(self.row.as_ptr().cast()) };
    }
}
