// SPDX-License-Identifier: GPL-2.0

//! A spin lock which softirqs may take too.
//!
//! C header: [`include/linux/spinlock.h`](srctree/include/linux/spinlock.h)

use super::bindings;
use core::{
    cell::UnsafeCell,
    ops::{
        Deref,
        DerefMut, //
    },
    pin::Pin,
};
use kernel::{
    prelude::*,
    str::CStr,
    sync::LockClassKey,
    types::{
        NotThreadSafe,
        Opaque, //
    },
};

/// Data behind a spin lock that is taken with bottom halves off.
///
/// The kernel crate's own `SpinLock` leaves them on, so a softirq on the same CPU could wait for
/// the lock for ever.
#[pin_data]
pub(crate) struct BhLock<T> {
    #[pin]
    lock: Opaque<bindings::spinlock_t>,
    data: UnsafeCell<T>,
}

// SAFETY: The lock gives access to the data to one thread at a time, so moving the data there is
// all that sharing the lock amounts to.
unsafe impl<T: Send> Sync for BhLock<T> {}
// SAFETY: The lock is plain memory; the data may be sent.
unsafe impl<T: Send> Send for BhLock<T> {}

impl<T> BhLock<T> {
    /// Makes a lock; `name` and `key` are what lockdep knows it by.
    pub(crate) fn new(
        data: T,
        name: &'static CStr,
        key: Pin<&'static LockClassKey>,
    ) -> impl PinInit<Self> {
        pin_init!(Self {
            // SAFETY: The slot is valid for writes; name and key are static.
            lock <- Opaque::ffi_init(|slot| unsafe {
                bindings::bonding_spin_lock_init(
                    slot,
                    name.as_char_ptr(),
                    key.as_ptr().cast(),
                )
            }),
            data: UnsafeCell::new(data),
        })
    }

    /// Takes the lock. Not from hard interrupts. Nothing that sleeps may be called under it.
    pub(crate) fn lock(&self) -> BhGuard<'_, T> {
        // SAFETY: The lock was initialised by `new`.
        unsafe { bindings::bonding_spin_lock_bh(self.lock.get()) };
        // INVARIANT: The lock was just taken.
        BhGuard(self, NotThreadSafe)
    }
}

/// Access to what a [`BhLock`] guards; gives the lock back when dropped.
///
/// # Invariants
///
/// The current context holds the lock.
pub(crate) struct BhGuard<'a, T>(&'a BhLock<T>, NotThreadSafe);

impl<T> Deref for BhGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: The lock is held, by the type invariant, so nobody else accesses the data.
        unsafe { &*self.0.data.get() }
    }
}

impl<T> DerefMut for BhGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: The lock is held, by the type invariant, and the guard is borrowed exclusively.
        unsafe { &mut *self.0.data.get() }
    }
}

impl<T> Drop for BhGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: The lock is held, by the type invariant, and no access outlives the guard.
        unsafe { bindings::bonding_spin_unlock_bh(self.0.lock.get()) };
    }
}

/// Makes a [`BhLock`] with a lockdep class of its own.
macro_rules! new_bh_lock {
    ($data:expr, $name:literal) => {
        $crate::kapi::lock::BhLock::new(
            $data,
            ::kernel::c_str!($name),
            ::kernel::static_lock_class!(),
        )
    };
}
pub(crate) use new_bh_lock;
