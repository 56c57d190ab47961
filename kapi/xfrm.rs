// SPDX-License-Identifier: GPL-2.0

//! IPsec done by slaves: security associations that a slave's hardware keeps for the bond.
//!
//! `xso.real_dev` of an association names the slave that has it. It is written under the lock of
//! the list and that of the association, or before anybody else knows the association.
//!
//! C headers: [`include/net/xfrm.h`](srctree/include/net/xfrm.h),
//! [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use super::{
    bindings,
    master::{
        is_ours,
        Master,
        Private, //
    },
    net_device::{
        ExtAck,
        NetDevice, //
    },
    rcu::{
        synchronize_net,
        Reading, //
    },
    rtnl::Rtnl, //
};
use core::{
    marker::PhantomData,
    mem::MaybeUninit,
    ptr::{
        self,
        addr_of,
        addr_of_mut,
        NonNull, //
    },
};
use kernel::{
    error::from_result,
    ffi::c_int,
    prelude::*,
    sync::{
        aref::ARef,
        new_mutex,
        Mutex, //
    },
};

/// A security association that a bond's slave keeps.
///
/// # Invariants
///
/// The association is valid until the stack has freed its offload (`xdo_dev_state_free`), which
/// takes it out of the list. `leaving` is null or a slave that has deleted it, not yet freed it.
struct Association {
    xs: NonNull<bindings::xfrm_state>,
    leaving: *mut bindings::net_device,
}

// SAFETY: Associations belong to no task; each access obeys their locks.
unsafe impl Send for Association {}

impl Association {
    /// One that no slave is about to free.
    ///
    /// # Safety
    ///
    /// `xs` must be valid until the stack has freed its offload.
    unsafe fn new(xs: NonNull<bindings::xfrm_state>) -> Self {
        // INVARIANT: Required of the caller.
        Self {
            xs,
            leaving: ptr::null_mut(),
        }
    }

    /// The slave that has it, or null.
    fn real_dev(&self) -> *mut bindings::net_device {
        // SAFETY: The association is valid; the pointer is read as a whole.
        unsafe { addr_of!((*self.xs.as_ptr()).xso.real_dev).read_volatile() }
    }

    /// Calls `f` under the association's lock, with whether the stack has deleted it meanwhile, and
    /// names the slave that has it from then on.
    fn locked(&self, real_dev: *mut bindings::net_device, f: impl FnOnce(bool)) {
        let xs = self.xs.as_ptr();
        // SAFETY: The association is valid; the lock guards the fields.
        unsafe {
            bindings::bonding_spin_lock_bh(addr_of_mut!((*xs).lock));
            f(u32::from((*xs).km.state) == bindings::XFRM_STATE_DEAD);
            addr_of_mut!((*xs).xso.real_dev).write_volatile(real_dev);
            bindings::bonding_spin_unlock_bh(addr_of_mut!((*xs).lock));
        }
    }

    /// Has `dev`, which has it, delete it; [`Self::free_left`] does the rest.
    fn delete_from(&mut self, dev: &NetDevice, ops: &bindings::xfrmdev_ops) {
        let xs = self.xs.as_ptr();
        self.locked(ptr::null_mut(), |dead| {
            if let Some(delete) = ops.xdo_dev_state_delete.filter(|_| !dead) {
                // SAFETY: The device has the association, whose lock is held.
                unsafe { delete(dev.as_ptr(), xs) };
            }
        });
        // INVARIANT: Deleted, now or when the stack did.
        self.leaving = dev.as_ptr();
    }

    /// Has the slave that deleted it free it, too.
    ///
    /// # Safety
    ///
    /// A grace period must have passed since [`Self::delete_from`], and the slave be one still.
    unsafe fn free_left(&mut self) {
        // INVARIANT: Null.
        let dev = core::mem::replace(&mut self.leaving, ptr::null_mut());
        // SAFETY: Null, or a slave and so alive, as required of the caller.
        let Some(dev) = (unsafe { dev.cast::<NetDevice>().as_ref() }) else {
            return;
        };
        if let Some(free) = ops_of(dev).and_then(|ops| ops.xdo_dev_state_free) {
            // SAFETY: The device has deleted it, by the type invariant, and nobody who saw that the
            // device had it uses that any more.
            unsafe { free(dev.as_ptr(), self.xs.as_ptr()) };
        }
    }

    /// Calls `f` while the association is held; [`None`] if nobody holds it any more: the stack
    /// frees its keys then, and after them its offload.
    fn held<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        let xs = self.xs.as_ptr();
        // SAFETY: The association is valid.
        if !unsafe { bindings::bonding_xfrm_state_tryhold(xs) } {
            return None;
        }
        let result = f();
        // SAFETY: It is held, since above.
        unsafe { bindings::bonding_xfrm_state_put(xs) };
        Some(result)
    }

    /// Gives it, which no device has, to `dev`; whether `dev` took it.
    ///
    /// # Safety
    ///
    /// The association must be held.
    unsafe fn give_to(&self, dev: &NetDevice, ops: &bindings::xfrmdev_ops) -> bool {
        let xs = self.xs.as_ptr();
        let Some(add) = ops.xdo_dev_state_add else {
            return false;
        };
        // SAFETY: The device is alive, the association held, and no other device has it.
        if unsafe { add(dev.as_ptr(), xs, ptr::null_mut()) } != 0 {
            return false;
        }
        self.locked(dev.as_ptr(), |dead| {
            // Deleted while nobody had it: the stack frees it soon, but won't delete it again.
            if let Some(delete) = ops.xdo_dev_state_delete.filter(|_| dead) {
                // SAFETY: The device has the association, whose lock is held.
                unsafe { delete(dev.as_ptr(), xs) };
            }
        });
        true
    }
}

/// The operations by which `dev` keeps associations, if it is a device that can.
fn ops_of(dev: &NetDevice) -> Option<&bindings::xfrmdev_ops> {
    if dev.is_bond() {
        return None;
    }
    // SAFETY: The device is alive, and its operations are static.
    unsafe { (*dev.as_ptr()).xfrmdev_ops.as_ref() }
}

/// Says why nobody takes an association; the stack does its work then, unless it must not.
fn unsupported(extack: &ExtAck<'_>) -> Error {
    extack.set(c"bonding: Slave does not support ipsec offload");
    EOPNOTSUPP
}

/// The associations that slaves of a bond keep for it.
///
/// The lock comes after RTNL, and is held while drivers are called.
#[pin_data]
pub(crate) struct Associations {
    #[pin]
    list: Mutex<KVec<Association>>,
}

impl Associations {
    /// An empty list.
    pub(crate) fn new() -> impl PinInit<Self> {
        pin_init!(Self {
            list <- new_mutex!(KVec::new(), "bonding_associations"),
        })
    }

    /// Moves all to the slave that is active now; with [`None`] no one has them. `failed` is called
    /// for those which it does not take: the stack does their work then.
    pub(crate) fn follow(&self, _rtnl: &Rtnl, active: Option<&NetDevice>, failed: impl Fn(&str)) {
        let mut list = self.list.lock();
        let to = active.map_or(ptr::null_mut(), NetDevice::as_ptr);
        let mut left = false;
        for association in list.iter_mut().filter(|it| it.real_dev() != to) {
            // SAFETY: A slave that has an association stays a slave until it was moved: a change of
            // the active slave is followed, under RTNL, before the slave is let go.
            let from = unsafe { association.real_dev().cast::<NetDevice>().as_ref() };
            if let Some((from, ops)) = from.and_then(|dev| Some((dev, ops_of(dev)?))) {
                association.delete_from(from, ops);
                left = true;
            }
        }
        if left {
            // Whoever asks a slave for counters, say, has seen in an RCU section that it had one.
            synchronize_net();
        }
        for association in list.iter_mut() {
            // SAFETY: The grace period has passed; the slaves are still what they were above.
            unsafe { association.free_left() };
        }
        let Some(to) = active.filter(|_| !list.is_empty()) else {
            return;
        };
        let Some(ops) = ops_of(to).filter(|ops| ops.xdo_dev_state_add.is_some()) else {
            return failed("no slave xdo_dev_state_add");
        };
        for association in list.iter().filter(|it| it.real_dev().is_null()) {
            // SAFETY: The association is held meanwhile.
            if association.held(|| unsafe { association.give_to(to, ops) }) == Some(false) {
                failed("failed to add SA");
            }
        }
    }

    /// Gives a new association to the slave that `active` names.
    fn add(
        &self,
        xs: NonNull<bindings::xfrm_state>,
        active: impl FnOnce() -> Option<ARef<NetDevice>>,
        extack: &ExtAck<'_>,
    ) -> Result {
        // A failover that comes from here on waits for the lock, and moves the new one, too.
        let mut list = self.list.lock();
        let dev = active().ok_or(ENODEV)?;
        let Some(add) = ops_of(&dev).and_then(|ops| ops.xdo_dev_state_add) else {
            return Err(unsupported(extack));
        };
        list.reserve(1, GFP_KERNEL)?;
        // SAFETY: Both are alive, and the stack has shown the association to nobody else yet.
        unsafe {
            kernel::error::to_result(add(dev.as_ptr(), xs.as_ptr(), extack.as_ptr()))?;
            addr_of_mut!((*xs.as_ptr()).xso.real_dev).write_volatile(dev.as_ptr());
        }
        // SAFETY: The stack frees the offload before the association.
        let association = unsafe { Association::new(xs) };
        // There is room: it was just made.
        let _ = list.push_within_capacity(association);
        Ok(())
    }

    /// Frees what a device keeps of an association, and forgets it.
    fn free(&self, xs: NonNull<bindings::xfrm_state>) {
        let mut list = self.list.lock();
        // SAFETY: The caller frees the offload now.
        let association = unsafe { Association::new(xs) };
        // SAFETY: As in `follow`.
        let dev = unsafe { association.real_dev().cast::<NetDevice>().as_ref() };
        if let Some((dev, ops)) = dev.and_then(|dev| Some((dev, ops_of(dev)?))) {
            // SAFETY: The association is valid; its owner, the caller, gives up its offload, so the
            // slave frees it. Others may still look at the field.
            unsafe {
                addr_of_mut!((*xs.as_ptr()).xso.real_dev).write_volatile(ptr::null_mut());
                if let Some(free) = ops.xdo_dev_state_free {
                    free(dev.as_ptr(), xs.as_ptr());
                }
            }
        }
        list.retain(|it| it.xs != xs);
    }
}

/// The operations that the kernel keeps.
#[repr(transparent)]
pub(super) struct XfrmOps(bindings::xfrmdev_ops);

// SAFETY: The kernel only reads it.
unsafe impl Sync for XfrmOps {}

impl XfrmOps {
    /// The pointer that the kernel keeps.
    pub(super) fn as_ptr(&'static self) -> *const bindings::xfrmdev_ops {
        &self.0
    }
}

/// The table of driver `B`.
pub(super) struct XfrmOpsOf<B>(PhantomData<B>);

impl<B: Master> XfrmOpsOf<B> {
    /// The table.
    pub(super) const TABLE: XfrmOps = XfrmOps(bindings::xfrmdev_ops {
        xdo_dev_state_add: Some(state_add::<B>),
        xdo_dev_state_delete: Some(state_delete),
        xdo_dev_state_free: Some(state_free::<B>),
        xdo_dev_offload_ok: Some(offload_ok::<B>),
        xdo_dev_state_advance_esn: Some(advance_esn::<B>),
        xdo_dev_state_update_stats: Some(update_stats::<B>),
        // SAFETY: All other fields are optional function pointers: null is `None`.
        ..unsafe { MaybeUninit::zeroed().assume_init() }
    });
}

/// Gives an association to the active slave (`xdo_dev_state_add`).
///
/// # Safety
///
/// Called by the stack only, with a live device that has our table, and an association that nobody
/// else knows yet; in process context, as for all but policies, which bonds don't take.
unsafe extern "C" fn state_add<B: Master>(
    dev: *mut bindings::net_device,
    xs: *mut bindings::xfrm_state,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    from_result(|| {
        let xs = NonNull::new(xs).ok_or(EINVAL)?;
        // SAFETY: The device has our table, so it is one of ours; its reference, which the stack
        // holds, keeps its private part. The place for texts is null or valid.
        let (bond, extack) = unsafe { (Private::<B>::own(dev), ExtAck::from_raw(extack)) };
        // SAFETY: As above.
        if !unsafe { bindings::bonding_mode_has_xfrm(dev) } {
            return Err(unsupported(&extack));
        }
        let active = || {
            Reading::with(|reading| {
                // SAFETY: As above.
                let port = unsafe { Private::<B>::active(dev, reading) };
                port.map(|port| ARef::from(port.dev()))
            })
        };
        bond.associations().add(xs, active, &extack).map(|()| 0)
    })
}

/// Has the slave delete an association (`xdo_dev_state_delete`).
///
/// The stack does not always hold the association's lock here: where it takes back a new one that
/// it could not insert, a failover at the same moment may have the slave delete it, too.
///
/// # Safety
///
/// Called by the stack only, with a valid association.
unsafe extern "C" fn state_delete(_dev: *mut bindings::net_device, xs: *mut bindings::xfrm_state) {
    Reading::with(|_| {
        // SAFETY: The association is valid. A slave that has it frees it, and is let go, no sooner
        // than a grace period after another has it or no one.
        let real = unsafe {
            addr_of!((*xs).xso.real_dev)
                .read_volatile()
                .cast::<NetDevice>()
                .as_ref()
        };
        let delete = real.and_then(|real| Some((real, ops_of(real)?.xdo_dev_state_delete?)));
        if let Some((real, delete)) = delete {
            // SAFETY: As above.
            unsafe { delete(real.as_ptr(), xs) };
        }
    });
}

/// Frees an association's offload (`xdo_dev_state_free`).
///
/// # Safety
///
/// Called by the stack only, in process context, for an association that is used no more.
unsafe extern "C" fn state_free<B: Master>(
    dev: *mut bindings::net_device,
    xs: *mut bindings::xfrm_state,
) {
    if let Some(xs) = NonNull::new(xs) {
        // SAFETY: The association holds its device, one of ours, until the call has returned.
        unsafe { Private::<B>::own(dev) }.associations().free(xs);
    }
}

/// Calls `f` with the active slave and its operations, if it has the association; [`None`] if not.
///
/// # Safety
///
/// `xs` must be valid.
unsafe fn by_holder<B: Master, R>(
    xs: *mut bindings::xfrm_state,
    f: impl FnOnce(&bindings::xfrmdev_ops) -> R,
) -> Option<R> {
    Reading::with(|reading| {
        // SAFETY: The association is valid, and holds its device.
        let dev = unsafe {
            addr_of!((*xs).xso.dev)
                .read_volatile()
                .cast::<NetDevice>()
                .as_ref()
        }?;
        if !is_ours(dev) {
            return None;
        }
        // SAFETY: It is one of our devices, as was just checked.
        let active = unsafe { Private::<B>::active(dev.as_ptr(), reading) }?.dev();
        // SAFETY: The association is valid.
        let real = unsafe { addr_of!((*xs).xso.real_dev).read_volatile() };
        if !ptr::eq(real, active.as_ptr()) {
            return None;
        }
        ops_of(active).map(f)
    })
}

/// Whether the device that a packet goes to has its association (`xdo_dev_offload_ok`). Between a
/// failover and the move of its associations the stack does their work itself.
///
/// # Safety
///
/// Called by the stack only, with a valid association.
unsafe extern "C" fn offload_ok<B: Master>(
    _skb: *mut bindings::sk_buff,
    xs: *mut bindings::xfrm_state,
) -> bool {
    // SAFETY: Required of the caller.
    unsafe { by_holder::<B, _>(xs, |_| ()) }.is_some()
}

/// Tells the slave of a new sequence number's upper half (`xdo_dev_state_advance_esn`).
///
/// # Safety
///
/// Called by the stack only, with a valid association.
unsafe extern "C" fn advance_esn<B: Master>(xs: *mut bindings::xfrm_state) {
    // SAFETY: Required of the caller; the slave has the association.
    unsafe { by_holder::<B, _>(xs, |ops| ops.xdo_dev_state_advance_esn.map(|f| f(xs))) };
}

/// Has the slave count what it did (`xdo_dev_state_update_stats`).
///
/// # Safety
///
/// Called by the stack only, with a valid association.
unsafe extern "C" fn update_stats<B: Master>(xs: *mut bindings::xfrm_state) {
    // SAFETY: Required of the caller; the slave has the association.
    unsafe { by_holder::<B, _>(xs, |ops| ops.xdo_dev_state_update_stats.map(|f| f(xs))) };
}
