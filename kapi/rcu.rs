// SPDX-License-Identifier: GPL-2.0

//! Values published to readers that take no lock.
//!
//! C header: [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use super::bindings;
use core::{
    marker::PhantomData,
    ptr,
    sync::atomic::{
        AtomicPtr,
        Ordering, //
    },
};
use kernel::{
    alloc::{
        AllocError,
        Flags, //
    },
    prelude::*,
    types::{
        NotThreadSafe,
        Opaque, //
    },
};

/// Evidence of an RCU read-side critical section, borrowed for `'g`.
///
/// It costs nothing where the kernel has opened the section already, as it has around every
/// transmit and receive hook.
///
/// # Invariants
///
/// An RCU read-side critical section of the current CPU spans `'g`.
#[derive(Clone, Copy)]
pub(crate) struct Reading<'g>(PhantomData<&'g ()>, NotThreadSafe);

impl<'g> Reading<'g> {
    /// Calls `f`, which must not sleep, in a section of its own. Any context.
    pub(crate) fn with<R>(f: impl FnOnce(Reading<'_>) -> R) -> R {
        let _guard = kernel::sync::rcu::read_lock();
        // INVARIANT: The guard keeps the section open until `f` has returned.
        f(Reading(PhantomData, NotThreadSafe))
    }

    /// Makes the evidence inside a callback which the kernel calls in such a section.
    ///
    /// # Safety
    ///
    /// An RCU read-side critical section of the current CPU must span `'g`.
    pub(super) unsafe fn assume() -> Self {
        // INVARIANT: Required of the caller.
        Self(PhantomData, NotThreadSafe)
    }
}

/// A value with the head by which RCU frees it.
///
/// `value` comes first so that readers need no offset.
#[repr(C)]
struct Node<T> {
    value: T,
    head: Opaque<bindings::callback_head>,
}

/// A value ready to be published: all that can fail has been done.
pub(crate) struct Prepared<T>(KBox<Node<T>>);

impl<T> Prepared<T> {
    /// Allocates room for `value`, with `flags` that fit the context.
    pub(crate) fn new(value: T, flags: Flags) -> Result<Self, AllocError> {
        let node = Node {
            value,
            head: Opaque::zeroed(),
        };
        Ok(Self(KBox::new(node, flags)?))
    }

    /// The value, which no reader sees yet.
    pub(crate) fn value_mut(&mut self) -> &mut T {
        &mut self.0.value
    }
}

/// A pointer to a value that readers use under RCU and writers replace as a whole.
///
/// A replaced value is dropped after a grace period, from softirq context: its `Drop` must not
/// sleep.
///
/// # Invariants
///
/// `node` is null, or owns a `KBox<Node<T>>` which no one frees before a grace period after it
/// was taken out.
pub(crate) struct Rcu<T: Send + Sync + 'static> {
    node: AtomicPtr<Node<T>>,
    _owned: PhantomData<T>,
}

impl<T: Send + Sync + 'static> Rcu<T> {
    /// Makes an empty pointer.
    pub(crate) const fn empty() -> Self {
        // INVARIANT: The pointer is null.
        Self {
            node: AtomicPtr::new(ptr::null_mut()),
            _owned: PhantomData,
        }
    }

    /// The value at this moment; it stays valid for the section, even when replaced meanwhile.
    #[inline]
    pub(crate) fn load<'g>(&'g self, _reading: Reading<'g>) -> Option<&'g T> {
        let node = self.node.load(Ordering::Acquire);
        // SAFETY: By the type invariant a non-null node is freed only a grace period after it was
        // taken out, and the section that spans `'g` began before that. Nobody writes to a
        // published node's value. `value` is the first field of the `repr(C)` node.
        unsafe { node.cast::<T>().as_ref() }
    }

    /// Publishes `new`, or nothing; the old value is dropped after a grace period.
    pub(crate) fn publish(&self, new: Option<Prepared<T>>) {
        let new = new.map_or(ptr::null_mut(), |prepared| KBox::into_raw(prepared.0));
        // INVARIANT: `new` is null or came from a box just now. The release half of the ordering
        // makes its contents visible before it.
        let old = self.node.swap(new, Ordering::AcqRel);
        if !old.is_null() {
            // SAFETY: `old` was taken out by the swap, so nobody else retires it.
            unsafe { retire(old) };
        }
    }
}

impl<T: Send + Sync + 'static> Drop for Rcu<T> {
    fn drop(&mut self) {
        self.publish(None);
    }
}

/// Drops a node after a grace period.
///
/// # Safety
///
/// `node` must own a `KBox<Node<T>>`, must not be reachable for new readers, and must not be used
/// by the caller again.
unsafe fn retire<T: Send + 'static>(node: *mut Node<T>) {
    // SAFETY: By the requirement the node is live; its head is used for nothing else.
    let head = unsafe { (*node).head.get() };
    // SAFETY: `head` lies in memory that stays allocated until `free_node` is called with it, once.
    unsafe { bindings::call_rcu(head, Some(free_node::<T>)) };
}

/// The RCU callback of [`retire`].
///
/// # Safety
///
/// `head` must be the head of a `Node<T>` whose ownership was given up in [`retire`].
unsafe extern "C" fn free_node<T>(head: *mut bindings::callback_head) {
    // SAFETY: By the requirement `head` is a field of a `Node<T>`, at this offset.
    let node = unsafe {
        head.byte_sub(core::mem::offset_of!(Node<T>, head))
            .cast::<Node<T>>()
    };
    // SAFETY: The node came from `KBox::into_raw`, and this is its last use: the grace period has
    // passed.
    drop(unsafe { KBox::from_raw(node) });
}

/// Waits until every value retired so far has been dropped. Process context.
///
/// To be called when the module goes: the callbacks are its code.
pub(crate) fn wait_for_retired() {
    // A retired view drops its ports, of which the last reference retires the port: two rounds.
    kernel::sync::rcu::rcu_barrier();
    kernel::sync::rcu::rcu_barrier();
}

/// Waits until all packets that are being sent or received now are done with. Process context.
pub(crate) fn synchronize_net() {
    // SAFETY: May be called from any process context.
    unsafe { bindings::synchronize_net() };
}
