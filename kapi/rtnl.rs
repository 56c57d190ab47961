// SPDX-License-Identifier: GPL-2.0

//! The RTNL mutex as a type.
//!
//! C header: [`include/linux/rtnetlink.h`](srctree/include/linux/rtnetlink.h)

use super::bindings;
use kernel::types::NotThreadSafe;

/// Evidence that the current task holds RTNL, which serialises all network configuration.
///
/// Whatever needs RTNL takes `&Rtnl`, so a call without the lock does not compile.
///
/// # Invariants
///
/// RTNL is held by the current task for as long as a value of this type exists.
pub(crate) struct Rtnl(NotThreadSafe);

impl Rtnl {
    /// Takes RTNL, waiting for it, and calls `f` under it. Process context only.
    pub(crate) fn with<R>(f: impl FnOnce(&Rtnl) -> R) -> R {
        // SAFETY: `rtnl_lock()` may be called from any process context.
        unsafe { bindings::rtnl_lock() };
        // INVARIANT: The lock was just taken, and is released only after the token is gone.
        let result = f(&Rtnl(NotThreadSafe));
        // SAFETY: The lock was taken above by this very task.
        unsafe { bindings::rtnl_unlock() };
        result
    }

    /// Calls `f` under RTNL if it is free; returns [`None`] without waiting if it is not.
    pub(crate) fn try_with<R>(f: impl FnOnce(&Rtnl) -> R) -> Option<R> {
        // SAFETY: `rtnl_trylock()` may be called from any process context.
        if unsafe { bindings::rtnl_trylock() } == 0 {
            return None;
        }
        // INVARIANT: The lock was just taken, and is released only after the token is gone.
        let result = f(&Rtnl(NotThreadSafe));
        // SAFETY: The lock was taken above by this very task.
        unsafe { bindings::rtnl_unlock() };
        Some(result)
    }

    /// Makes the token inside a callback which the kernel calls under RTNL.
    ///
    /// # Safety
    ///
    /// The current task must hold RTNL until the returned value is dropped.
    pub(super) unsafe fn assume() -> Self {
        // INVARIANT: Required of the caller.
        Rtnl(NotThreadSafe)
    }
}
