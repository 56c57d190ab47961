// SPDX-License-Identifier: GPL-2.0

//! Devices below ours: slaves.
//!
//! A [`Port`] begins with the kernel's own `struct slave`, as other drivers find it through
//! `rx_handler_data` and read it by the inline functions of
//! [`include/net/bonding.h`](srctree/include/net/bonding.h).

use super::{
    bindings,
    net_device::NetDevice,
    rtnl::Rtnl, //
};
use crate::bond::addr::HwAddr;
use core::{
    mem::offset_of,
    ops::Deref,
    ptr::{
        self,
        NonNull, //
    },
    sync::atomic::{
        AtomicU8,
        Ordering, //
    },
};
use kernel::{
    alloc::AllocError,
    prelude::*,
    sync::{
        aref::ARef,
        Refcount, //
    },
    types::Opaque, //
};

/// The bit `backup` of `struct slave`'s bit field, the first of its byte.
const BACKUP: u8 = 1 << 0;

/// The bit `inactive`, the second.
const INACTIVE: u8 = 1 << 1;

/// A bit that no field of `struct slave` has: what the slave receives is to be looked at.
const PROBED: u8 = 1 << 7;

/// The bit for slaves which all receive, each at its own address (balance-alb).
const BALANCED: u8 = 1 << 6;

const _: () = {
    // The bits are where bindgen, and so the compiler, has them. Evaluated at compile time.
    assert!(
        cfg!(target_endian = "little"),
        "bit fields are filled from the lowest bit on"
    );
    let bytes = offset_of!(bindings::slave, duplex) - offset_of!(bindings::slave, _bitfield_1);
    assert!(bytes == 1, "the bit field is one byte");
};

/// A slave: what C code sees of it, and what the driver adds (`own`).
///
/// It is reached by reference-counted [`PortRef`]s, and by RCU readers; its memory is given back
/// a grace period after the last reference has gone.
///
/// # Invariants
///
/// `shared` has the device that `held` keeps as its `dev`, and the private area of the device that
/// `bond` keeps as its `bond`; neither is ever changed.
#[repr(C)]
pub(crate) struct Port<S> {
    shared: Opaque<bindings::slave>,
    refs: Refcount,
    head: Opaque<bindings::callback_head>,
    /// Keeps the device that `shared` points to.
    held: ARef<NetDevice>,
    /// Keeps the bond's device, and with it the private area that `shared` points to.
    bond: ARef<NetDevice>,
    own: S,
}

const _: () = assert!(
    offset_of!(Port<u64>, shared) == 0,
    "`struct slave` comes first: other drivers cast to it"
);

// SAFETY: Of `shared`, the pointers are written before the port is shared, the bit field is accessed
// atomically, and the other fields as whole integers of which any value is valid; the rest is `Sync`.
unsafe impl<S: Send + Sync> Sync for Port<S> {}
// SAFETY: Nothing in it is tied to a CPU or task.
unsafe impl<S: Send + Sync> Send for Port<S> {}

/// What becomes of what a port receives, at one time.
#[derive(Clone, Copy)]
pub(crate) struct Marks(u8);

impl Marks {
    /// Whether it is to be dropped.
    #[inline]
    pub(crate) fn inactive(self) -> bool {
        self.0 & INACTIVE != 0
    }

    /// Whether it is to be looked at.
    #[inline]
    pub(crate) fn probed(self) -> bool {
        self.0 & PROBED != 0
    }

    /// Whether all slaves receive, each at its own address.
    #[inline]
    pub(crate) fn balanced(self) -> bool {
        self.0 & BALANCED != 0
    }

    /// Whether it is just the bond's: neither to be dropped nor to be looked at.
    #[inline]
    pub(super) fn plain(self) -> bool {
        self.0 & (INACTIVE | PROBED | BALANCED) == 0
    }
}

impl<S> Port<S> {
    /// The device.
    #[inline]
    pub(crate) fn dev(&self) -> &NetDevice {
        // The C part's pointer is that of `held`, and lies in the cache line that packets use.
        // SAFETY: By the type invariant this is the device that `held` keeps alive.
        unsafe { NetDevice::from_raw((*self.shared.get()).dev) }
    }

    /// The private area of the bond that the port was made for; valid as long as the port.
    pub(super) fn bonding(&self) -> *mut bindings::bonding {
        // SAFETY: The memory is valid, and the field never changed, by the type invariant.
        unsafe { (*self.shared.get()).bond }
    }

    /// What C code sees of the slave.
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    pub(super) fn shared(&self) -> *mut bindings::slave {
        self.shared.get()
    }

    /// The bit field of `struct slave`, in which all bits are ours to write.
    #[inline]
    fn bits(&self) -> &AtomicU8 {
        // SAFETY: The bit field is one byte of memory that lives as long as the port, and is
        // accessed through this function only; C code reads it as it would any plain flag.
        unsafe { AtomicU8::from_ptr(ptr::addr_of_mut!((*self.shared.get())._bitfield_1).cast()) }
    }

    /// Whether it is a backup: has no part in sending.
    pub(crate) fn is_backup(&self) -> bool {
        self.bits().load(Ordering::Relaxed) & BACKUP != 0
    }

    /// Whether what it receives is to be dropped.
    #[inline]
    pub(crate) fn is_inactive(&self) -> bool {
        self.marks().inactive()
    }

    /// What becomes of what it receives.
    #[inline]
    pub(crate) fn marks(&self) -> Marks {
        Marks(self.bits().load(Ordering::Relaxed))
    }

    /// Has what it receives be looked at, or no longer. As [`Self::set_role`], under the bond's lock.
    pub(crate) fn set_probed(&self, on: bool) {
        let others = self.bits().load(Ordering::Relaxed) & !PROBED;
        let probed = if on { PROBED } else { 0 };
        self.bits().store(others | probed, Ordering::Relaxed);
    }

    /// Notes whether all slaves receive, each at its own address. As [`Self::set_role`], under the
    /// bond's lock.
    pub(crate) fn set_balanced(&self, on: bool) {
        let others = self.bits().load(Ordering::Relaxed) & !BALANCED;
        let balanced = if on { BALANCED } else { 0 };
        self.bits().store(others | balanced, Ordering::Relaxed);
    }

    /// Sets both marks at once. Under the bond's lock, or before anybody else has the port.
    pub(crate) fn set_role(&self, backup: bool, inactive: bool) {
        let others = self.bits().load(Ordering::Relaxed) & (PROBED | BALANCED);
        let backup = if backup { BACKUP } else { 0 };
        let inactive = if inactive { INACTIVE } else { 0 };
        self.bits()
            .store(others | backup | inactive, Ordering::Relaxed);
    }

    /// The transmit queue of the bond that is bound to the slave; 0 is none.
    pub(crate) fn queue_id(&self) -> u16 {
        // SAFETY: The memory is valid; the field is a plain integer, of which any value is one.
        unsafe { ptr::addr_of!((*self.shared.get()).queue_id).read_volatile() }
    }

    /// Binds a queue to the slave. Under the bond's lock.
    pub(crate) fn set_queue_id(&self, queue: u16) {
        // SAFETY: The memory is valid; writers are serialised by the bond's lock.
        unsafe { ptr::addr_of_mut!((*self.shared.get()).queue_id).write_volatile(queue) };
    }

    /// State of the link as C code reads it (`BOND_LINK_*`).
    pub(crate) fn link(&self) -> u8 {
        // SAFETY: The memory is valid; the field is a plain integer, of which any value is one.
        // CAST: The number that `set_link` was given.
        unsafe { ptr::addr_of!((*self.shared.get()).link).read_volatile() as u8 }
    }

    /// Keeps the fields true which C code reads: link state, speed and duplex. As
    /// [`Self::set_role`], under the bond's lock.
    pub(crate) fn set_link(&self, link: u8, failures: u32, speed: Option<(u32, u8)>) {
        let shared = self.shared.get();
        let (speed, duplex) = speed.unwrap_or((u32::MAX, u8::MAX));
        // SAFETY: The memory is valid; writers are serialised by the bond's lock, and the fields
        // are plain integers.
        unsafe {
            ptr::addr_of_mut!((*shared).link).write_volatile(link as i8);
            ptr::addr_of_mut!((*shared).link_failure_count).write_volatile(failures);
            ptr::addr_of_mut!((*shared).speed).write_volatile(speed);
            ptr::addr_of_mut!((*shared).duplex).write_volatile(duplex);
        }
    }
}

impl<S> Deref for Port<S> {
    type Target = S;

    #[inline]
    fn deref(&self) -> &S {
        &self.own
    }
}

/// A counted reference to a [`Port`].
///
/// # Invariants
///
/// The pointer owns one count of a live port.
pub(crate) struct PortRef<S>(NonNull<Port<S>>);

// SAFETY: A reference gives shared access to the port, and may drop it anywhere.
unsafe impl<S: Send + Sync> Send for PortRef<S> {}
// SAFETY: As above.
unsafe impl<S: Send + Sync> Sync for PortRef<S> {}

impl<S: Send + Sync + 'static> PortRef<S> {
    /// Allocates the port of `dev`, whose MAC address at this moment is `perm_hwaddr`, for the
    /// bond whose device is `bond`, with the private area `bonding`.
    ///
    /// # Safety
    ///
    /// `bonding` must be the private area of `bond`.
    pub(super) unsafe fn new(
        dev: ARef<NetDevice>,
        bond: ARef<NetDevice>,
        bonding: *mut bindings::bonding,
        perm_hwaddr: &HwAddr,
        own: S,
    ) -> Result<Self, AllocError> {
        let port = KBox::new(
            Port {
                shared: Opaque::zeroed(),
                refs: Refcount::new(1),
                head: Opaque::zeroed(),
                held: dev,
                bond,
                own,
            },
            GFP_KERNEL,
        )?;
        // SAFETY: All fields are plain data of which zero is a valid value, and nobody else has
        // the box yet.
        let shared = unsafe { &mut *port.shared.get() };
        // INVARIANT: The device is that of `held`; the area is that of `bond`, by the requirement.
        shared.dev = port.held.as_ptr();
        shared.bond = bonding;
        shared.original_mtu = port.held.mtu();
        for (to, from) in shared.perm_hwaddr.iter_mut().zip(perm_hwaddr.as_bytes()) {
            *to = *from;
        }
        port.set_role(false, false);
        // INVARIANT: The box's only count is the new reference's.
        Ok(Self(NonNull::from(KBox::leak(port))))
    }

    /// Makes a new reference from a pointer to a port.
    ///
    /// # Safety
    ///
    /// `raw` must point to a port of which a count is held by someone during the call.
    pub(super) unsafe fn from_ptr(raw: NonNull<Port<S>>) -> Self {
        // SAFETY: Required of the caller.
        unsafe { raw.as_ref() }.refs.inc();
        // INVARIANT: The count was just added.
        Self(raw)
    }
}

impl<S> PortRef<S> {
    /// The pointer that C code keeps.
    pub(super) fn as_ptr(&self) -> *mut Port<S> {
        self.0.as_ptr()
    }

    /// Whether both refer to the same port.
    pub(crate) fn is(&self, other: &Port<S>) -> bool {
        ptr::eq(self.0.as_ptr(), other)
    }
}

impl<S> Clone for PortRef<S> {
    fn clone(&self) -> Self {
        self.refs.inc();
        // INVARIANT: The count was just added.
        Self(self.0)
    }
}

impl<S> Deref for PortRef<S> {
    type Target = Port<S>;

    #[inline]
    fn deref(&self) -> &Port<S> {
        // SAFETY: The count keeps the port alive, by the type invariant.
        unsafe { self.0.as_ref() }
    }
}

impl<S> Drop for PortRef<S> {
    fn drop(&mut self) {
        if !self.refs.dec_and_test() {
            return;
        }
        let head = self.head.get();
        // SAFETY: That was the last count, so the head is unused and nobody can reach the port
        // but readers of the current grace period. The memory stays until `free_port`.
        unsafe { bindings::call_rcu(head, Some(free_port::<S>)) };
    }
}

/// The RCU callback of a port whose last reference has gone.
///
/// # Safety
///
/// `head` must be the head of a `Port<S>` that came from a box and is referred to no more.
unsafe extern "C" fn free_port<S>(head: *mut bindings::callback_head) {
    // SAFETY: By the requirement `head` is a field of a `Port<S>`, at this offset.
    let port = unsafe { head.byte_sub(offset_of!(Port<S>, head)).cast::<Port<S>>() };
    // SAFETY: The port came from a box, and this is its last use.
    drop(unsafe { KBox::from_raw(port) });
}

/// How the bond spreads packets, for drivers which offload it (`netdev_lag_upper_info`).
#[derive(Clone, Copy)]
pub(crate) enum LagType {
    /// One after the other.
    RoundRobin,
    /// One active slave.
    ActiveBackup,
    /// By a hash.
    Hash(LagHash),
    /// To all.
    Broadcast,
    /// In a way that has no name.
    Unknown,
}

/// What is hashed.
#[derive(Clone, Copy)]
pub(crate) enum LagHash {
    /// The Ethernet header.
    L2,
    /// Addresses and ports of IP.
    L34,
    /// The Ethernet header, and the addresses of IP.
    L23,
    /// As [`Self::L23`], inside tunnels.
    E23,
    /// As [`Self::L34`], inside tunnels.
    E34,
    /// VLAN and source address.
    VlanSrcMac,
}

impl LagHash {
    /// The kernel's number (`NETDEV_LAG_HASH_*`).
    const fn number(self) -> bindings::netdev_lag_hash {
        match self {
            LagHash::L2 => bindings::netdev_lag_hash_NETDEV_LAG_HASH_L2,
            LagHash::L34 => bindings::netdev_lag_hash_NETDEV_LAG_HASH_L34,
            LagHash::L23 => bindings::netdev_lag_hash_NETDEV_LAG_HASH_L23,
            LagHash::E23 => bindings::netdev_lag_hash_NETDEV_LAG_HASH_E23,
            LagHash::E34 => bindings::netdev_lag_hash_NETDEV_LAG_HASH_E34,
            LagHash::VlanSrcMac => bindings::netdev_lag_hash_NETDEV_LAG_HASH_VLAN_SRCMAC,
        }
    }
}

/// The link between a slave and its bond in the kernel's device tree.
///
/// Dropped without [`Self::unlink`], it keeps the port for ever rather than let it dangle.
///
/// # Invariants
///
/// The port's device is linked below the device of the port's bond, with a pointer to the port as
/// private data.
pub(crate) struct UpperLink<S>(core::mem::ManuallyDrop<PortRef<S>>);

impl<S: Send + Sync + 'static> UpperLink<S> {
    /// Links `port` below its bond (`netdev_master_upper_dev_link()`) and marks it as a slave.
    pub(super) fn new(
        _rtnl: &Rtnl,
        port: &PortRef<S>,
        lag: LagType,
        extack: &super::net_device::ExtAck<'_>,
    ) -> Result<Self> {
        let (tx_type, hash_type) = match lag {
            LagType::RoundRobin => (
                bindings::netdev_lag_tx_type_NETDEV_LAG_TX_TYPE_ROUNDROBIN,
                bindings::netdev_lag_hash_NETDEV_LAG_HASH_NONE,
            ),
            LagType::ActiveBackup => (
                bindings::netdev_lag_tx_type_NETDEV_LAG_TX_TYPE_ACTIVEBACKUP,
                bindings::netdev_lag_hash_NETDEV_LAG_HASH_NONE,
            ),
            LagType::Hash(hash) => (
                bindings::netdev_lag_tx_type_NETDEV_LAG_TX_TYPE_HASH,
                hash.number(),
            ),
            LagType::Broadcast => (
                bindings::netdev_lag_tx_type_NETDEV_LAG_TX_TYPE_BROADCAST,
                bindings::netdev_lag_hash_NETDEV_LAG_HASH_NONE,
            ),
            LagType::Unknown => (
                bindings::netdev_lag_tx_type_NETDEV_LAG_TX_TYPE_UNKNOWN,
                bindings::netdev_lag_hash_NETDEV_LAG_HASH_NONE,
            ),
        };
        let mut info = bindings::netdev_lag_upper_info { tx_type, hash_type };
        // SAFETY: RTNL is held, both devices are alive, and the private pointer stays valid: the
        // returned value keeps a reference until it has undone the link.
        kernel::error::to_result(unsafe {
            bindings::netdev_master_upper_dev_link(
                port.dev().as_ptr(),
                port.bond.as_ptr(),
                port.as_ptr().cast(),
                ptr::from_mut(&mut info).cast(),
                extack.as_ptr(),
            )
        })?;
        // SAFETY: RTNL guards the flags; the device is alive.
        unsafe { (*port.dev().as_ptr()).flags |= bindings::net_device_flags_IFF_SLAVE };
        // INVARIANT: The link was just made.
        Ok(Self(core::mem::ManuallyDrop::new(port.clone())))
    }

    /// Undoes the link.
    pub(crate) fn unlink(self, _rtnl: &Rtnl) {
        let port = core::mem::ManuallyDrop::into_inner(self.0);
        // SAFETY: RTNL is held; the port keeps both devices alive, and they are linked, by the type
        // invariant.
        unsafe {
            bindings::netdev_upper_dev_unlink(port.dev().as_ptr(), port.bond.as_ptr());
            (*port.dev().as_ptr()).flags &= !bindings::net_device_flags_IFF_SLAVE;
        }
    }
}

impl<S> Port<S> {
    /// Tells the stack whether the slave has link and is used for sending
    /// (`NETDEV_CHANGELOWERSTATE`).
    pub(crate) fn announce_state(&self, rtnl: &Rtnl, link_up: bool, tx_enabled: bool) {
        if self.dev().need_registered(rtnl).is_err() {
            return;
        }
        let mut info = bindings::netdev_lag_lower_state_info::default();
        info.set_link_up(u8::from(link_up));
        info.set_tx_enabled(u8::from(tx_enabled));
        // SAFETY: RTNL is held, the device is registered, and the listeners only read the argument.
        unsafe {
            bindings::netdev_lower_state_changed(
                self.dev().as_ptr(),
                ptr::from_mut(&mut info).cast(),
            )
        };
    }

    /// Tells the stack of the slave's place in the bond (`NETDEV_BONDING_INFO`).
    pub(crate) fn announce_info(&self, rtnl: &Rtnl, mode: u8, slaves: usize, miimon_ms: u32) {
        if self.dev().need_registered(rtnl).is_err() {
            return;
        }
        let mut info = bindings::netdev_bonding_info::default();
        info.master.bond_mode = i32::from(mode);
        info.master.num_slaves = i32::try_from(slaves).unwrap_or(i32::MAX);
        info.master.miimon = i32::try_from(miimon_ms).unwrap_or(i32::MAX);
        // SAFETY: The memory is valid; the fields are plain integers.
        unsafe {
            let shared = self.shared.get();
            info.slave.link = ptr::addr_of!((*shared).link).read_volatile();
            info.slave.link_failure_count =
                ptr::addr_of!((*shared).link_failure_count).read_volatile();
        }
        info.slave.state = i8::from(self.is_backup());
        let name = self.dev().name();
        for (to, from) in info.slave.slave_name.iter_mut().zip(name.as_array()) {
            *to = *from as kernel::ffi::c_char;
        }
        // SAFETY: RTNL is held, the device is registered, and the listeners only read the argument.
        unsafe { bindings::netdev_bonding_info_change(self.dev().as_ptr(), &mut info) };
    }
}
