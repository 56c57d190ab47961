// SPDX-License-Identifier: GPL-2.0

//! A network device that stands above others: its memory, its life, its hooks.
//!
//! The private area of a bond's device begins with the kernel's own `struct bonding`, which other
//! drivers read through `netdev_priv()` and the inline functions of
//! [`include/net/bonding.h`](srctree/include/net/bonding.h). What the driver adds follows it.

#[cfg(CONFIG_XFRM_OFFLOAD)]
use super::xfrm::{
    Associations,
    XfrmOpsOf, //
};
use super::{
    bindings,
    ethtool::Ethtool,
    ioctl::Ioctl,
    link_layer::HeaderOpsOf,
    net_device::{
        AddressLock,
        ExtAck,
        Features,
        InstanceLock,
        NetDevice,
        Stats, //
    },
    ops::DeviceOps,
    port::{
        LagType,
        Port,
        PortRef,
        UpperLink, //
    },
    rcu::Reading,
    rtnl::Rtnl,
    rx::{
        Receive,
        RxHook, //
    },
    skb::ReceivedSkb,
    time::Jiffies,
    work::Work,
    xdp::{
        Program,
        XdpFeatures, //
    }, //
};
use crate::bond::addr::{
    HwAddr,
    IfName, //
};
use core::{
    marker::PhantomData,
    mem::{
        offset_of,
        MaybeUninit, //
    },
    ops::Deref,
    ptr::{
        self,
        addr_of_mut,
        NonNull, //
    },
    sync::atomic::{
        AtomicBool,
        AtomicPtr,
        Ordering, //
    },
};
use kernel::{
    error::to_result,
    prelude::*,
    str::as_char_ptr_in_const_context,
    sync::aref::ARef,
    types::Opaque, //
};

/// Something that happened to a slave's device.
///
/// The kernel raises the first three events under the instance lock of the device, which most that
/// is done to a device takes. All that does so wants a [`Rtnl`], and these events give none.
pub(crate) enum SlaveEvent<'a> {
    /// It was opened, or its link, speed or flags changed.
    Link(InstanceLock<'a>),
    /// It is closed.
    Down,
    /// It was renamed.
    Renamed,
    /// Its features changed.
    Features(&'a Rtnl),
    /// What XDP can do on it changed. Raised under its instance lock, which the bond's own device
    /// has nothing to do with: that alone may be touched.
    XdpFeatures(&'a Rtnl),
    /// Multicast memberships are to be reported again.
    ResendIgmp(&'a Rtnl),
    /// It is being unregistered, or leaves the network namespace.
    Gone(&'a Rtnl),
}

/// Something that happened to the bond's own device.
#[derive(Clone, Copy)]
pub(crate) enum BondEvent {
    /// It was registered.
    Registered,
    /// It was renamed.
    Renamed,
    /// It is being unregistered.
    Gone,
}

/// The driver that this room serves.
///
/// # Safety
///
/// There is one such type only: what is behind a device that [`is_ours`] is taken for it. It keeps
/// the [`BondDev`] it was created with in itself.
pub(crate) unsafe trait Driver {}

// SAFETY: The one driver; `Bond` has its `BondDev` as a private field, which is never moved out.
unsafe impl Driver for crate::bond::Bond {}

/// What a driver of a device above others does; the kernel's callbacks, made safe.
pub(crate) trait Master: Driver + Ethtool + Ioctl + Send + Sync + Sized + 'static {
    /// What the driver keeps of each slave.
    type Slave: Send + Sync + 'static;

    /// Makes the driver's part of a device that is being registered (`ndo_init`).
    fn create(bond: BondDev<Self>, active: ActiveCell<Self>) -> impl PinInit<Self, Error>;

    /// Lets go of all slaves: the device is being unregistered (`ndo_uninit`).
    fn uninit(&self, rtnl: &Rtnl);

    /// The device is brought up.
    fn open(&self, rtnl: &Rtnl) -> Result;

    /// The device is brought down.
    fn stop(&self, rtnl: &Rtnl);

    /// Decides on a packet that `port` received. Softirq.
    fn receive(
        &self,
        port: &Port<Self::Slave>,
        packet: &ReceivedSkb,
        reading: Reading<'_>,
    ) -> Receive;

    /// Does work that was queued.
    fn work(&self, which: Work);

    /// The addresses that the bond listens to changed.
    fn set_rx_mode(&self, lock: &AddressLock<'_>);

    /// The bond's promiscuous or all-multicast flag was toggled.
    fn change_rx_flags(&self, rtnl: &Rtnl, promiscuous: bool, allmulti: bool);

    /// The bond is to have another MTU, in bytes.
    fn change_mtu(&self, rtnl: &Rtnl, mtu: u32) -> Result;

    /// The bond is to have another MAC address.
    fn set_mac(&self, rtnl: &Rtnl, mac: &HwAddr) -> Result;

    /// Fills in the bond's counters. Any context.
    fn stats(&self, stats: &mut Stats, reading: Reading<'_>);

    /// A VLAN was put above the bond (`proto` in network order).
    fn add_vlan(&self, rtnl: &Rtnl, proto: u16, vid: u16) -> Result;

    /// A VLAN above the bond was removed.
    fn remove_vlan(&self, rtnl: &Rtnl, proto: u16, vid: u16);

    /// The features that the bond can have of those `wanted`.
    fn fix_features(&self, rtnl: &Rtnl, wanted: Features) -> Features;

    /// The IPsec associations that slaves keep for the bond.
    #[cfg(CONFIG_XFRM_OFFLOAD)]
    fn associations(&self) -> &Associations;

    /// The slaves are to run `program`, or none. It keeps a reference of its own.
    fn set_xdp(&self, rtnl: &Rtnl, program: Option<&Program>, extack: &ExtAck<'_>) -> Result;

    /// Somebody wants to send with interrupts off: makes the slaves ready for it.
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn enable_netpoll(&self, rtnl: &Rtnl) -> Result;

    /// Nobody wants that any more.
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn disable_netpoll(&self, rtnl: &Rtnl);

    /// A device is to become a slave.
    fn add_slave(&self, rtnl: &Rtnl, dev: &NetDevice, extack: &ExtAck<'_>) -> Result;

    /// A slave is to be released.
    fn remove_slave(&self, rtnl: &Rtnl, dev: &NetDevice) -> Result;

    /// Something happened to a slave.
    fn slave_event(&self, port: &PortRef<Self::Slave>, event: SlaveEvent<'_>);

    /// Something happened to the bond.
    fn bond_event(&self, rtnl: &Rtnl, event: BondEvent);

    /// The mode of a bond that has just been made, as C code reads it, and its device operations.
    fn initial_mode() -> (u8, &'static DeviceOps<Self>);
}

/// What lies behind `netdev_priv()` of our devices.
///
/// # Invariants
///
/// From `setup` on, `dev` of `shared` is the device in whose private area this lies. `own` is
/// initialised from the end of `ndo_init` until the destructor, and so while the device is
/// registered.
#[repr(C)]
pub(super) struct Private<B> {
    shared: Opaque<bindings::bonding>,
    /// Netpoll was set up on the bond once. Zeroed memory is false.
    polled: AtomicBool,
    own: MaybeUninit<B>,
}

const _: () = assert!(
    offset_of!(Private<u64>, shared) == 0,
    "`struct bonding` comes first: other drivers cast to it"
);

/// The `rtnl_link_ops` of our devices, by which we know them; set, to a static item, before the
/// first is made.
pub(super) static LINK_OPS: AtomicPtr<bindings::rtnl_link_ops> = AtomicPtr::new(ptr::null_mut());

/// The sysfs attributes of our devices; set before the first is made.
pub(super) static SYSFS_GROUP: AtomicPtr<bindings::attribute_group> =
    AtomicPtr::new(ptr::null_mut());

/// The type that uevents of our devices name.
struct DeviceType(bindings::device_type);

// SAFETY: The kernel only reads it.
unsafe impl Sync for DeviceType {}

/// `DEVTYPE=bond`.
static BOND_TYPE: DeviceType = DeviceType(bindings::device_type {
    name: as_char_ptr_in_const_context(c"bond"),
    // SAFETY: All other fields are pointers which may be null.
    ..unsafe { MaybeUninit::zeroed().assume_init() }
});

impl<B: Master> Private<B> {
    /// The size that the kernel allocates for it.
    pub(super) const SIZE: usize = size_of::<Self>();

    /// Where the private area of `dev` lies.
    ///
    /// # Safety
    ///
    /// `dev` must be one of our devices.
    #[inline]
    unsafe fn of_dev(dev: *mut bindings::net_device) -> *mut Self {
        const {
            assert!(align_of::<Private<B>>() <= 32, "`NETDEV_ALIGN` is 32");
        }
        // SAFETY: The device is valid; its private area follows it.
        unsafe { (*dev).priv_.as_mut_ptr().cast() }
    }

    /// The driver's part of the device that `dev` is.
    ///
    /// # Safety
    ///
    /// `dev` must be one of our devices, initialised, and stay so for `'a`.
    #[inline]
    pub(super) unsafe fn own<'a>(dev: *mut bindings::net_device) -> &'a B {
        // SAFETY: Required of the caller.
        unsafe { (*Self::of_dev(dev)).own.assume_init_ref() }
    }

    /// The driver's part of the device with this C part.
    ///
    /// # Safety
    ///
    /// As for [`Self::own`], for the device that `bonding` belongs to.
    #[inline]
    pub(super) unsafe fn of_bonding<'a>(bonding: *mut bindings::bonding) -> &'a B {
        // SAFETY: The C part is the first field of the area.
        unsafe { (*bonding.cast::<Self>()).own.assume_init_ref() }
    }

    /// The active slave of the device that `dev` is, at this moment.
    ///
    /// # Safety
    ///
    /// `dev` must be one of our devices, and alive for `'g`.
    pub(super) unsafe fn active<'g>(
        dev: *mut bindings::net_device,
        _reading: Reading<'g>,
    ) -> Option<&'g Port<B::Slave>> {
        // SAFETY: Required of the caller; the section spans `'g`.
        unsafe { active_of::<B>((*Self::of_dev(dev)).shared.get()) }
    }

    /// The slaves of the device that `dev` is.
    ///
    /// # Safety
    ///
    /// As for [`Self::active`].
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    pub(super) unsafe fn ports<'g>(
        dev: *mut bindings::net_device,
        reading: Reading<'g>,
    ) -> Ports<'g, B::Slave> {
        // SAFETY: Required of the caller.
        unsafe { Ports::below(dev, reading) }
    }

    /// Has packets be sent as netpoll needs it from now on, and for good.
    ///
    /// It is not undone when netpoll goes: packets that it has queued are sent later.
    ///
    /// # Safety
    ///
    /// RTNL must be held; `dev` must be one of our devices, with the plain or the polled table of
    /// `ops`.
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    pub(super) unsafe fn expect_netpoll(
        dev: *mut bindings::net_device,
        ops: &'static DeviceOps<B>,
    ) {
        // SAFETY: RTNL serialises writers. Both tables do the same but for packets sent with
        // interrupts off.
        let was = unsafe {
            let was = (*Self::of_dev(dev)).polled.swap(true, Ordering::Relaxed);
            addr_of_mut!((*dev).netdev_ops).write_volatile(ops.as_ptr(true));
            was
        };
        if !was {
            // Whoever sees netpoll on the device sees its table, too.
            super::rcu::synchronize_net();
        }
    }

    /// Prepares a device that was just allocated (`rtnl_link_ops.setup`).
    ///
    /// # Safety
    ///
    /// `dev` must be newly allocated, with [`Self::SIZE`] zeroed bytes of private area.
    pub(super) unsafe extern "C" fn setup(dev: *mut bindings::net_device) {
        let (mode, ops) = B::initial_mode();
        // SAFETY: The device and its area are valid and nobody else's yet.
        // INVARIANT: `dev` of `shared` is the device; `own` need not be initialised yet.
        unsafe {
            let shared = (*Self::of_dev(dev)).shared.get();
            (*shared).dev = dev;
            (*shared).params.mode = i32::from(mode);
            bindings::bonding_setup_device(dev, &BOND_TYPE.0);
            (*dev).netdev_ops = ops.as_ptr(false);
            (*dev).ethtool_ops = super::ethtool::ops::<B>();
            #[cfg(CONFIG_XFRM_OFFLOAD)]
            {
                (*dev).xfrmdev_ops = XfrmOpsOf::<B>::TABLE.as_ptr();
                bindings::bonding_setup_xfrm(dev);
            }
            (*dev).priv_destructor = Some(Self::destroy);
        }
    }

    /// Makes the driver's part (`ndo_init`).
    ///
    /// # Safety
    ///
    /// To be called by the kernel only, as device operation, under RTNL.
    pub(super) unsafe extern "C" fn init(dev: *mut bindings::net_device) -> kernel::ffi::c_int {
        // SAFETY: The device is being registered: nobody else uses its area yet.
        kernel::error::from_result(|| unsafe { Self::try_init(dev) }.map(|()| 0))
    }

    /// [`Self::init`], with errors as in Rust.
    ///
    /// # Safety
    ///
    /// As for [`Self::init`].
    unsafe fn try_init(dev: *mut bindings::net_device) -> Result {
        // SAFETY: It is one of our devices, by the requirement.
        let area = unsafe { Self::of_dev(dev) };
        // SAFETY: The area is valid, as the device is.
        let shared = unsafe { (*area).shared.get() };
        // SAFETY: The device is valid, and its name ends with a NUL.
        let queue = unsafe { bindings::bonding_alloc_queue(addr_of_mut!((*dev).name).cast()) };
        if queue.is_null() {
            return Err(ENOMEM);
        }
        // SAFETY: The area is valid, and nobody else uses it yet.
        unsafe { (*shared).wq = queue };
        for work in Work::ALL {
            // SAFETY: The area is valid.
            let place = unsafe { work.in_bonding(shared) };
            // SAFETY: The place is valid and nobody else's yet. Its function is for works in an
            // area of `B`, as this is, which stays until `destroy` has waited for the work.
            unsafe { bindings::bonding_init_work(place, Some(work.function::<B>())) };
            // SAFETY: Just initialised. Whoever queues it before `own` is initialised does so in vain.
            unsafe { bindings::disable_delayed_work(place) };
        }
        // SAFETY: The device is valid, and its locks are not in use yet.
        unsafe { bindings::bonding_lockdep_set_classes(dev) };
        // SAFETY: The device is valid, and has an address, maybe of zeros.
        if unsafe { bindings::bonding_lacks_address(dev) } {
            // SAFETY: The device is valid, and RTNL held, which guards the address.
            unsafe { bindings::bonding_eth_hw_addr_random(dev) };
        }
        if let Some(group) = NonNull::new(SYSFS_GROUP.load(Ordering::Relaxed)) {
            // SAFETY: The device is valid, and its groups are read only after this function. The
            // group is static.
            unsafe { (*dev).sysfs_groups[0] = group.as_ptr() };
        }
        // SAFETY: The area is part of the device's memory, so not null.
        let area = unsafe { NonNull::new_unchecked(area) };
        // INVARIANT: The handles go into the driver's part, which lives in the area.
        let init = B::create(BondDev(area), ActiveCell { area, held: None });
        // SAFETY: The memory is valid and not used otherwise, and the kernel never moves it.
        // INVARIANT: `own` is initialised where this function, and with it `ndo_init`, succeeds.
        let made = unsafe { pin_init::raw_try_init((*area.as_ptr()).own.as_mut_ptr(), init) };
        if made.is_err() {
            // SAFETY: No work was queued, as all are disabled, and the destructor will not be called.
            unsafe { bindings::destroy_workqueue((*shared).wq) };
            return made;
        }
        for work in Work::ALL {
            // SAFETY: It was initialised and disabled once above; what it works on is initialised now.
            unsafe { bindings::enable_delayed_work(work.in_bonding(shared)) };
        }
        made
    }

    /// Ends the driver's part (`priv_destructor`): nobody can reach the device any more.
    ///
    /// # Safety
    ///
    /// To be called by the kernel only, once, after `ndo_init` has succeeded.
    unsafe extern "C" fn destroy(dev: *mut bindings::net_device) {
        // SAFETY: It is one of our devices; its area was initialised, and is not used by others.
        unsafe {
            let area = Self::of_dev(dev);
            let shared = (*area).shared.get();
            for work in Work::ALL {
                // Nobody can queue it again, not even one of those that still run.
                bindings::disable_delayed_work_sync(work.in_bonding(shared));
            }
            bindings::destroy_workqueue((*shared).wq);
            bindings::free_percpu((*shared).rr_tx_counter.cast());
            (*area).own.assume_init_drop();
            // The device's memory may outlive this module, whose memory the type is.
            (*dev).dev.type_ = ptr::null();
        }
    }
}

/// The active slave that this C part names.
///
/// # Safety
///
/// `shared` must belong to one of our devices, alive for `'g`, and an RCU section span `'g`.
#[inline]
unsafe fn active_of<'g, B: Master>(shared: *mut bindings::bonding) -> Option<&'g Port<B::Slave>> {
    // SAFETY: The slot is written by `ActiveCell::set` only. A port that it ever pointed to is
    // freed a grace period after it was replaced at the earliest, and the section spans `'g`.
    unsafe {
        let slot = addr_of_mut!((*shared).curr_active_slave);
        let port = AtomicPtr::from_ptr(slot).load(Ordering::Acquire);
        port.cast::<Port<B::Slave>>().as_ref()
    }
}

/// Whether `dev` is one of our devices.
pub(super) fn is_ours(dev: &NetDevice) -> bool {
    let ours = LINK_OPS.load(Ordering::Relaxed);
    // SAFETY: The device is alive; the pointer is only compared.
    !ours.is_null() && ptr::eq(unsafe { (*dev.as_ptr()).rtnl_link_ops }, ours)
}

/// The driver's part of `dev`, if that is one of our devices and registered.
pub(crate) fn bond_of<'a, B: Master>(_rtnl: &'a Rtnl, dev: &'a NetDevice) -> Option<&'a B> {
    // SAFETY: The device is alive, and RTNL keeps the state from changing.
    let registered = unsafe { bindings::bonding_is_registered(dev.as_ptr()) };
    // SAFETY: A registered device of ours is initialised, and RTNL keeps it from going.
    (registered && is_ours(dev)).then(|| unsafe { Private::<B>::own(dev.as_ptr()) })
}

/// The port that `dev` is, and the bond above it, if that is one of ours.
pub(crate) fn port_of<'a, B: Master>(
    rtnl: &'a Rtnl,
    dev: &NetDevice,
) -> Option<(&'a B, PortRef<B::Slave>)> {
    if !dev.is_slave() {
        return None;
    }
    // SAFETY: RTNL is held, so the device above stays there, and alive, as long as RTNL is held;
    // what lies between one of our devices and a slave is the port that `UpperLink` keeps alive.
    unsafe {
        let above = bindings::netdev_master_upper_dev_get(dev.as_ptr());
        let above = above.cast::<NetDevice>().as_ref()?;
        if !is_ours(above) {
            return None;
        }
        let port = bindings::netdev_lower_dev_get_private(above.as_ptr(), dev.as_ptr());
        let port = PortRef::from_ptr(NonNull::new(port.cast::<Port<B::Slave>>())?);
        let _ = rtnl;
        Some((Private::<B>::own(above.as_ptr()), port))
    }
}

/// Makes and registers a bond called `name` (a template such as `bond%d` will do) in the network
/// namespace of `net`.
pub(crate) fn create_bond<B: Master>(
    _rtnl: &Rtnl,
    net: &super::net::Net,
    name: &IfName,
    queues: u32,
) -> Result {
    let link_ops = LINK_OPS.load(Ordering::Relaxed);
    if link_ops.is_null() {
        // Nobody would know the device as ours, and delete it when the module goes.
        return Err(ENODEV);
    }
    let name = name.as_array();
    let size = i32::try_from(Private::<B>::SIZE).map_err(|_| EINVAL)?;
    // SAFETY: The name ends with a NUL, and `setup` expects a private area of this size.
    let dev = unsafe {
        bindings::alloc_netdev_mqs(
            size,
            name.as_ptr().cast(),
            bindings::NET_NAME_UNKNOWN as u8,
            Some(Private::<B>::setup),
            queues,
            queues,
        )
    };
    if dev.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: The device was just allocated and is ours alone; the namespace is alive.
    unsafe { bindings::bonding_set_dev_net(dev, net.as_ptr()) };
    // SAFETY: The device is ours alone, and what `LINK_OPS` names is static.
    unsafe { (*dev).rtnl_link_ops = link_ops };
    // SAFETY: RTNL is held, and `setup` has prepared the device.
    let registered = to_result(unsafe { bindings::register_netdevice(dev) });
    if registered.is_err() {
        // SAFETY: The registration failed, so the device is ours to free, once; the kernel puts
        // that off where it has yet to finish with the device.
        unsafe { bindings::free_netdev(dev) };
    } else {
        // SAFETY: The device is registered, and stays so while RTNL is held.
        unsafe { bindings::netif_carrier_off(dev) };
    }
    registered
}

/// Unregisters a bond; its slaves are released. Does nothing if that is happening already, or if
/// `dev` is no bond of ours.
pub(crate) fn destroy_bond(rtnl: &Rtnl, dev: &NetDevice) {
    if !is_ours(dev) || !dev.is_staying(rtnl) {
        return;
    }
    // SAFETY: RTNL is held; the device is registered and in no list of devices to be unregistered.
    unsafe { bindings::unregister_netdevice_queue(dev.as_ptr(), ptr::null_mut()) };
}

/// The driver's own way to its device and to the C part of its private area.
///
/// # Invariants
///
/// The area is that in which the driver's part lives that owns this value, so it is valid for as
/// long as this value.
pub(crate) struct BondDev<B>(NonNull<Private<B>>);

// SAFETY: The device may be used from any CPU; each method obeys the locks of what it touches.
unsafe impl<B: Send> Send for BondDev<B> {}
// SAFETY: As above.
unsafe impl<B: Sync> Sync for BondDev<B> {}

impl<B> BondDev<B> {
    /// The C part of the private area.
    #[inline]
    fn shared(&self) -> *mut bindings::bonding {
        // SAFETY: The area is valid by the type invariant.
        unsafe { self.0.as_ref() }.shared.get()
    }
}

impl<B> Deref for BondDev<B> {
    type Target = NetDevice;

    #[inline]
    fn deref(&self) -> &NetDevice {
        // SAFETY: The area is valid by the type invariant, its device was set up with it and
        // outlives it.
        unsafe { NetDevice::from_raw((*self.shared()).dev) }
    }
}

impl<B: Master> BondDev<B> {
    /// The active slave, at this moment.
    #[inline]
    pub(crate) fn active<'g>(&'g self, _reading: Reading<'g>) -> Option<&'g Port<B::Slave>> {
        // SAFETY: The area is one of ours, and lives as long as `self`.
        unsafe { active_of::<B>(self.shared()) }
    }

    /// The slaves, in the order in which they were linked below the bond.
    pub(crate) fn ports<'g>(&'g self, reading: Reading<'g>) -> Ports<'g, B::Slave> {
        // SAFETY: The device is one of ours, and alive as long as `self`.
        unsafe { Ports::below(self.as_ptr(), reading) }
    }

    /// Allocates the port of a device that is to become a slave.
    pub(crate) fn new_port(
        &self,
        rtnl: &Rtnl,
        dev: &NetDevice,
        own: B::Slave,
    ) -> Result<PortRef<B::Slave>> {
        let mac = dev.mac(rtnl);
        // SAFETY: This is the device, and the area behind it.
        let port = unsafe {
            PortRef::new(
                ARef::from(dev),
                ARef::from(&**self),
                self.shared(),
                &mac,
                own,
            )
        };
        Ok(port?)
    }

    /// `EINVAL` if the port was made for another bond; `ENODEV` if either device is being
    /// unregistered, as nobody would be told to undo what is registered for it.
    fn may_tie(&self, rtnl: &Rtnl, port: &PortRef<B::Slave>) -> Result {
        if port.bonding() != self.shared() {
            return Err(EINVAL);
        }
        if !self.is_staying(rtnl) || !port.dev().is_staying(rtnl) {
            return Err(ENODEV);
        }
        Ok(())
    }

    /// Links a slave below this bond.
    pub(crate) fn link(
        &self,
        rtnl: &Rtnl,
        port: &PortRef<B::Slave>,
        lag: LagType,
        extack: &ExtAck<'_>,
    ) -> Result<UpperLink<B::Slave>> {
        self.may_tie(rtnl, port)?;
        UpperLink::new(rtnl, port, lag, extack)
    }

    /// Lets the bond receive what a slave receives.
    pub(crate) fn hook(&self, rtnl: &Rtnl, port: &PortRef<B::Slave>) -> Result<RxHook<B::Slave>> {
        self.may_tie(rtnl, port)?;
        // SAFETY: The port was made for this bond, which is registered.
        unsafe { RxHook::new::<B>(rtnl, port) }
    }

    /// Changes how the device sends: by this table from the next packet on.
    pub(crate) fn set_ops(&self, _rtnl: &Rtnl, ops: &'static DeviceOps<B>) {
        // SAFETY: RTNL serialises writers; readers see the old or the new pointer. Both tables are
        // of driver `B`, so either fits the device, by their invariant.
        unsafe {
            let ops = ops.as_ptr(self.0.as_ref().polled.load(Ordering::Relaxed));
            addr_of_mut!((*self.as_ptr()).netdev_ops).write_volatile(ops);
        }
    }

    /// Changes the mode, as C code reads it.
    ///
    /// The device must be down.
    pub(crate) fn set_mode(&self, _rtnl: &Rtnl, mode: u8) {
        // SAFETY: RTNL serialises writers of the fields, of which readers see the old or the new
        // value.
        unsafe {
            addr_of_mut!((*self.shared()).params.mode).write_volatile(i32::from(mode));
            #[cfg(CONFIG_XFRM_OFFLOAD)]
            bindings::bonding_follow_mode_xfrm(self.as_ptr());
        }
    }

    /// Keeps the number of slaves true which C code reads.
    pub(crate) fn set_slave_count(&self, _rtnl: &Rtnl, count: usize) {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        // SAFETY: RTNL serialises writers; the field is a plain integer.
        unsafe { addr_of_mut!((*self.shared()).slave_cnt).write_volatile(count) };
    }

    /// Queues `work`, to be done after `delay` at the latest. Any context.
    pub(crate) fn queue(&self, work: Work, delay: Jiffies) {
        // SAFETY: The queue and the work live as long as the area.
        unsafe {
            let work = work.in_bonding(self.shared());
            bindings::bonding_queue_work((*self.shared()).wq, work, delay)
        };
    }

    /// Takes `work` back, and waits for it if it is being done. Process context; not from the work.
    pub(crate) fn cancel(&self, work: Work) {
        // SAFETY: The work lives as long as the area.
        unsafe { bindings::cancel_delayed_work_sync(work.in_bonding(self.shared())) };
    }

    /// Allocates the counter of packets, one a CPU, unless that was done.
    pub(crate) fn need_ticket_counter(&self, _rtnl: &Rtnl) -> Result {
        // SAFETY: RTNL serialises writers of the pointer; `destroy` frees what it points to.
        unsafe {
            let slot = addr_of_mut!((*self.shared()).rr_tx_counter);
            if (*slot).is_null() {
                *slot = bindings::bonding_alloc_counter();
            }
            if (*slot).is_null() {
                return Err(ENOMEM);
            }
        }
        Ok(())
    }

    /// Counts a packet on this CPU, from 1 on; 0 if there is no counter.
    #[inline]
    pub(crate) fn next_ticket(&self) -> u32 {
        // SAFETY: The counter was allocated when the bond was opened, or is null, which the helper
        // checks; it lives as long as the area.
        unsafe { bindings::bonding_next_ticket((*self.shared()).rr_tx_counter) }
    }

    /// The inode of the bond's network namespace, by which user space knows it.
    pub(crate) fn netns_inode(&self) -> u32 {
        // SAFETY: The device never leaves its namespace (`netns_immutable`), which was set before
        // `ndo_init`, and which is not freed before the device's destructor has ended this value:
        // a namespace that ends waits for its devices. The number never changes.
        unsafe { (*bindings::bonding_dev_net(self.as_ptr())).ns.inum }
    }

    /// Whether the bond's MAC address was made up.
    pub(crate) fn has_random_mac(&self) -> bool {
        // SAFETY: The device is alive; the field is a plain integer.
        u32::from(unsafe { (*self.as_ptr()).addr_assign_type }) == bindings::NET_ADDR_RANDOM
    }

    /// Gives the bond a new random MAC address, telling nobody.
    pub(crate) fn randomize_mac(&self, _rtnl: &Rtnl) {
        // SAFETY: RTNL guards the address, and the device is alive.
        unsafe { bindings::bonding_eth_hw_addr_random(self.as_ptr()) };
    }

    /// Writes the bond's MAC address; the slaves have it already.
    pub(crate) fn store_mac(&self, _rtnl: &Rtnl, mac: &HwAddr) {
        let mac = mac.as_bytes();
        // SAFETY: RTNL guards the address; the device is alive, and keeps addresses of 32 bytes.
        unsafe { bindings::bonding_dev_addr_set(self.as_ptr(), mac.as_ptr(), mac.len().min(32)) };
    }

    /// Gives the bond the MAC address of a slave, and tells everybody.
    pub(crate) fn take_mac_of(&self, rtnl: &Rtnl, slave: &NetDevice) -> Result {
        self.need_registered(rtnl)?;
        // SAFETY: The slave is alive, and RTNL keeps its address from being replaced.
        let mac = unsafe { (*slave.as_ptr()).dev_addr };
        // SAFETY: RTNL is held, which keeps the address valid; the device is registered.
        to_result(unsafe {
            bindings::netif_pre_changeaddr_notify(self.as_ptr(), mac, ptr::null_mut())
        })?;
        self.store_mac(rtnl, &slave.mac(rtnl));
        // SAFETY: The device is alive, and RTNL guards the field.
        unsafe { (*self.as_ptr()).addr_assign_type = bindings::NET_ADDR_STOLEN as u8 };
        // The change has happened: nobody can refuse it any more.
        let _ = self.announce(rtnl, super::net_device::Announce::ChangeAddr);
        Ok(())
    }

    /// Unregisters the bond.
    pub(crate) fn destroy(&self, rtnl: &Rtnl) {
        destroy_bond(rtnl, self);
    }

    /// Writes the bond's MTU in bytes; the slaves have it already.
    pub(crate) fn set_own_mtu(&self, _rtnl: &Rtnl, mtu: u32) {
        self.store_mtu(mtu);
    }

    /// Says what XDP can do on the bond.
    pub(crate) fn set_xdp_features(&self, _rtnl: &Rtnl, features: XdpFeatures) {
        self.store_xdp_features(features);
    }

    /// Recomputes the bond's features from those of its slaves.
    pub(crate) fn compute_features(&self, _rtnl: &Rtnl) {
        // SAFETY: RTNL is held and the device is alive.
        unsafe { bindings::netdev_compute_master_upper_features(self.as_ptr(), true) };
    }

    /// Makes the bond an Ethernet device again.
    pub(crate) fn become_ethernet(&self, _rtnl: &Rtnl) {
        // SAFETY: RTNL is held and the device is alive.
        unsafe { bindings::bonding_ether_setup_keep_flags(self.as_ptr()) };
    }

    /// Makes the bond a device of the type of `slave`. The bond must be down.
    pub(crate) fn become_like(&self, _rtnl: &Rtnl, slave: &NetDevice) {
        let proxy = HeaderOpsOf::<B>::TABLE.as_ptr();
        // SAFETY: RTNL is held; both devices are alive, and the table is static.
        unsafe { bindings::bonding_setup_by_slave(self.as_ptr(), slave.as_ptr(), proxy) };
    }
}

/// Iterates over the slaves of a bond, without a lock.
///
/// # Invariants
///
/// `dev` is one of our devices, and an RCU section spans `'g`; `at` is the head of its list of
/// devices below, or an entry of it.
pub(crate) struct Ports<'g, S> {
    dev: *mut bindings::net_device,
    at: *mut bindings::list_head,
    _section: PhantomData<&'g Port<S>>,
}

impl<'g, S> Ports<'g, S> {
    /// Those of `dev`.
    ///
    /// # Safety
    ///
    /// `dev` must be one of our devices, whose slaves have ports of this type, and alive for `'g`.
    unsafe fn below(dev: *mut bindings::net_device, _reading: Reading<'g>) -> Self {
        // INVARIANT: Required of the caller; it begins at the head.
        Ports {
            dev,
            // SAFETY: The device is alive; only the address of the list's head is taken.
            at: unsafe { addr_of_mut!((*dev).adj_list.lower) },
            _section: PhantomData,
        }
    }
}

impl<'g, S> Iterator for Ports<'g, S> {
    type Item = &'g Port<S>;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: By the type invariant; what lies between one of our devices and a slave is a
        // port, which is freed a grace period after it was unlinked at the earliest.
        // INVARIANT: The call moves `at` to the next entry.
        unsafe {
            let port = bindings::netdev_lower_get_next_private_rcu(self.dev, &mut self.at);
            port.cast::<Port<S>>().as_ref()
        }
    }
}

/// Who is the active slave; the one writer of the pointer which RCU readers use.
///
/// It belongs behind the bond's lock.
///
/// # Invariants
///
/// `area` is only compared: it may be gone if the cell was taken out of its bond. While it is
/// there, its `curr_active_slave` is null if `held` is [`None`], and else points to that port.
pub(crate) struct ActiveCell<B: Master> {
    area: NonNull<Private<B>>,
    held: Option<PortRef<B::Slave>>,
}

// SAFETY: The address of the area is only compared; ports may be referred to from any CPU.
unsafe impl<B: Master> Send for ActiveCell<B> {}

impl<B: Master> ActiveCell<B> {
    /// The active slave.
    pub(crate) fn get(&self) -> Option<&PortRef<B::Slave>> {
        self.held.as_ref()
    }

    /// Makes another slave the active one; packets use it from now on. Does nothing if `dev` is
    /// not the bond that the cell was made for.
    pub(crate) fn set(&mut self, dev: &BondDev<B>, port: Option<PortRef<B::Slave>>) {
        if self.area != dev.0 {
            return;
        }
        let raw = port.as_ref().map_or(ptr::null_mut(), PortRef::as_ptr);
        // SAFETY: The area lives as long as `dev`. The pointer is written as a whole, and its
        // target kept alive by `held`; the old one's memory is given back a grace period after its
        // last reference at the earliest.
        unsafe {
            let slot = addr_of_mut!((*dev.shared()).curr_active_slave);
            AtomicPtr::from_ptr(slot).store(raw.cast(), Ordering::Release);
        }
        // INVARIANT: The pointer was just written.
        self.held = port;
    }
}

impl<B: Master> Drop for ActiveCell<B> {
    fn drop(&mut self) {
        // Readers may still use the port: rather keep it for ever. Bonds end without one.
        core::mem::forget(self.held.take());
    }
}
