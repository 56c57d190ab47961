// SPDX-License-Identifier: GPL-2.0

//! Network devices, our own and others.
//!
//! C header: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h)

use super::{
    bindings,
    rcu::Reading,
    rtnl::Rtnl, //
};
use crate::bond::addr::{
    HwAddr,
    IfName, //
};
use core::ptr::{
    self,
    addr_of,
    NonNull, //
};
use kernel::{
    error::to_result,
    prelude::*,
    str::CStr,
    sync::aref::{
        ARef,
        AlwaysRefCounted, //
    },
    types::{
        NotThreadSafe,
        Opaque, //
    },
};

/// Features a device offers or wants (`include/linux/netdev_features.h`).
pub(crate) type Features = u64;

/// Something that happened to a device and of which everybody is told.
#[derive(Clone, Copy)]
pub(crate) enum Announce {
    /// Its type is about to change; listeners may refuse.
    PreTypeChange,
    /// Its type has changed.
    PostTypeChange,
    /// It becomes part of a bond.
    Join,
    /// Its MAC address has changed.
    ChangeAddr,
    /// It lost its last slave.
    Release,
    /// Another slave is active now.
    BondingFailover,
    /// Neighbours are to be told where its addresses are.
    NotifyPeers,
    /// Multicast memberships are to be reported again.
    ResendIgmp,
    /// An option was set.
    ChangeInfoData,
}

impl Announce {
    /// The number of the notifier event (`enum netdev_cmd`).
    fn event(self) -> bindings::netdev_cmd {
        match self {
            Self::PreTypeChange => bindings::netdev_cmd_NETDEV_PRE_TYPE_CHANGE,
            Self::PostTypeChange => bindings::netdev_cmd_NETDEV_POST_TYPE_CHANGE,
            Self::Join => bindings::netdev_cmd_NETDEV_JOIN,
            Self::ChangeAddr => bindings::netdev_cmd_NETDEV_CHANGEADDR,
            Self::Release => bindings::netdev_cmd_NETDEV_RELEASE,
            Self::BondingFailover => bindings::netdev_cmd_NETDEV_BONDING_FAILOVER,
            Self::NotifyPeers => bindings::netdev_cmd_NETDEV_NOTIFY_PEERS,
            Self::ResendIgmp => bindings::netdev_cmd_NETDEV_RESEND_IGMP,
            Self::ChangeInfoData => bindings::netdev_cmd_NETDEV_CHANGEINFODATA,
        }
    }
}

/// A place for the text that goes back to a netlink caller with an error.
///
/// # Invariants
///
/// Each pointer is null or valid for the lifetime.
pub(crate) struct ExtAck<'a> {
    place: *mut bindings::netlink_ext_ack,
    /// The attribute that the texts are about.
    attr: *const bindings::nlattr,
    lifetime: core::marker::PhantomData<&'a mut ()>,
}

impl ExtAck<'_> {
    /// For callers who have no such place: the log gets the text.
    pub(crate) fn none() -> Self {
        // SAFETY: Null.
        unsafe { Self::from_raw(ptr::null_mut()) }
    }

    /// Wraps what a kernel callback was given.
    ///
    /// # Safety
    ///
    /// `raw` must be null, or valid for as long as the returned value lives.
    pub(super) unsafe fn from_raw(raw: *mut bindings::netlink_ext_ack) -> Self {
        // SAFETY: Required of the caller.
        unsafe { Self::about(raw, None) }
    }

    /// As [`Self::from_raw`], with the attribute that texts are about.
    ///
    /// # Safety
    ///
    /// `raw` must be null or valid, and `attr` be valid, for as long as the returned value lives.
    pub(super) unsafe fn about(
        raw: *mut bindings::netlink_ext_ack,
        attr: Option<NonNull<bindings::nlattr>>,
    ) -> Self {
        // INVARIANT: Required of the caller.
        Self {
            place: raw,
            attr: attr.map_or(ptr::null(), |attr| attr.as_ptr().cast_const()),
            lifetime: core::marker::PhantomData,
        }
    }

    /// The raw pointer, possibly null, for calls into the kernel.
    pub(super) fn as_ptr(&self) -> *mut bindings::netlink_ext_ack {
        self.place
    }

    /// Leaves `text` for the caller; returns false if there is no caller to read it.
    pub(crate) fn set(&self, text: &'static CStr) -> bool {
        if self.place.is_null() {
            return false;
        }
        // SAFETY: Not null, so valid by the type invariant; the text is static. The stack looks at
        // the attribute before the message which it is in, and with it the callback, has ended.
        unsafe {
            (*self.place)._msg = text.as_char_ptr();
            if !self.attr.is_null() {
                (*self.place).bad_attr = self.attr;
            }
        }
        true
    }
}

/// Any network device (`struct net_device`).
///
/// # Invariants
///
/// A reference to this type points to a device that is allocated for as long as it lasts.
#[repr(transparent)]
pub(crate) struct NetDevice(Opaque<bindings::net_device>);

// SAFETY: The kernel shares devices between CPUs; every method obeys the locks of what it touches.
unsafe impl Send for NetDevice {}
// SAFETY: As above.
unsafe impl Sync for NetDevice {}

// SAFETY: `dev_hold()` and `dev_put()` count references, and the kernel frees a device only when
// the count has gone to zero.
unsafe impl AlwaysRefCounted for NetDevice {
    fn inc_ref(&self) {
        // SAFETY: The reference shows that the device is alive.
        unsafe { bindings::bonding_dev_hold(self.as_ptr()) };
    }

    unsafe fn dec_ref(obj: NonNull<Self>) {
        // SAFETY: The caller owns a count and gives it up.
        unsafe { bindings::bonding_dev_put(obj.cast().as_ptr()) };
    }
}

/// Reads a field that other CPUs may write meanwhile, once.
macro_rules! read_once {
    ($dev:expr, $field:ident) => {
        // SAFETY: The device is alive by the type invariant of `NetDevice`, and the field is a
        // plain integer of which any value is valid; volatile, as others may write to it.
        unsafe { addr_of!((*$dev.as_ptr()).$field).read_volatile() }
    };
}

impl NetDevice {
    /// Borrows a device from a pointer.
    ///
    /// # Safety
    ///
    /// `raw` must point to a device that stays allocated for `'a`.
    pub(super) unsafe fn from_raw<'a>(raw: *mut bindings::net_device) -> &'a Self {
        // SAFETY: Required of the caller; the wrapper has the layout of the device.
        unsafe { &*raw.cast() }
    }

    /// The raw pointer, for calls into the kernel.
    pub(super) fn as_ptr(&self) -> *mut bindings::net_device {
        self.0.get()
    }

    /// Whether the device is registered, and not being unregistered already. RTNL keeps it so.
    pub(crate) fn is_staying(&self, _rtnl: &Rtnl) -> bool {
        // SAFETY: The device is alive; RTNL is held.
        unsafe { bindings::bonding_is_staying(self.as_ptr()) }
    }

    /// `ENODEV` if the device was unregistered: its driver, which must not be called any more, may
    /// have freed what its operations use. RTNL keeps the answer true.
    ///
    /// Those who hear of the device's end, and its own `ndo_uninit`, come before that.
    pub(super) fn need_registered(&self, _rtnl: &Rtnl) -> Result {
        // SAFETY: The device is alive; RTNL is held.
        if unsafe { bindings::bonding_is_registered(self.as_ptr()) } {
            Ok(())
        } else {
            Err(ENODEV)
        }
    }

    /// Whether both are the same device.
    pub(crate) fn is(&self, other: &NetDevice) -> bool {
        ptr::eq(self, other)
    }

    /// The device's name at this moment.
    pub(crate) fn name(&self) -> IfName {
        // SAFETY: The device is alive; a concurrent rename may tear the bytes, but each is valid.
        let name = unsafe { addr_of!((*self.as_ptr()).name).read_volatile() };
        let mut bytes = [0u8; 16];
        for (to, from) in bytes.iter_mut().zip(name) {
            *to = from;
        }
        IfName::from_bytes(&bytes)
    }

    /// The interface index.
    pub(crate) fn ifindex(&self) -> u32 {
        read_once!(self, ifindex).unsigned_abs()
    }

    /// The hardware type (`ARPHRD_*`).
    pub(crate) fn hw_type(&self) -> u16 {
        read_once!(self, type_)
    }

    /// Its MAC address at this moment, if it is an Ethernet device. Any context.
    pub(crate) fn ether_mac(&self) -> Option<[u8; 6]> {
        if self.hw_type() != super::hw::ETHER || self.addr_len() != 6 {
            return None;
        }
        let mut mac = [0; 6];
        // SAFETY: The device is alive, and the address has room for the 6 bytes of the device's.
        unsafe { bindings::bonding_copy_mac(self.as_ptr(), mac.as_mut_ptr()) };
        Some(mac)
    }

    /// Whether the device is a port of a bridge at this moment.
    pub(crate) fn is_bridge_port(&self) -> bool {
        // SAFETY: The device is alive.
        unsafe { bindings::bonding_is_bridged(self.as_ptr()) }
    }

    /// Has the device listen to a multicast address of Ethernet, or no longer; not if its type has
    /// changed meanwhile, and with it its addresses.
    pub(crate) fn listen(&self, _rtnl: &Rtnl, group: &[u8; 6], on: bool) {
        if self.addr_len() != 6 {
            return;
        }
        // SAFETY: The device is alive, and its addresses have 6 bytes, as has the group; that changes
        // under RTNL alone. What is added once more, or removed without being there, is only counted.
        unsafe {
            // A device that has no room for it does without: there is nobody to tell.
            if on {
                bindings::dev_mc_add(self.as_ptr(), group.as_ptr());
            } else {
                bindings::dev_mc_del(self.as_ptr(), group.as_ptr());
            }
        }
    }

    /// Whether the device can listen to groups, and they are those of Ethernet.
    pub(crate) fn has_ether_groups(&self) -> bool {
        self.hw_type() == super::hw::ETHER
            && self.addr_len() == 6
            && self.has_flags(bindings::net_device_flags_IFF_MULTICAST)
    }

    /// Bytes of its hardware addresses, 32 at most.
    pub(crate) fn addr_len(&self) -> u8 {
        read_once!(self, addr_len).min(32)
    }

    /// How many transmit queues the device has in use.
    pub(crate) fn tx_queues(&self) -> u32 {
        read_once!(self, real_num_tx_queues)
    }

    /// The MTU in bytes.
    pub(crate) fn mtu(&self) -> u32 {
        read_once!(self, mtu)
    }

    /// The features in force.
    pub(crate) fn features(&self) -> Features {
        // SAFETY: The device is alive; the field is a plain integer in an anonymous group.
        unsafe { bindings::bonding_features(self.as_ptr()) }
    }

    /// Whether all of `flags` (`IFF_*`) are set.
    fn has_flags(&self, flags: u32) -> bool {
        read_once!(self, flags) & flags == flags
    }

    /// Whether the device is administratively up (`IFF_UP`).
    pub(crate) fn is_up(&self) -> bool {
        self.has_flags(bindings::net_device_flags_IFF_UP)
    }

    /// Whether it stands above others (`IFF_MASTER`).
    pub(crate) fn is_master(&self) -> bool {
        self.has_flags(bindings::net_device_flags_IFF_MASTER)
    }

    /// Whether it is a bond.
    pub(crate) fn is_bond(&self) -> bool {
        // SAFETY: The device is alive.
        unsafe { bindings::bonding_is_bond_master(self.as_ptr()) }
    }

    /// Whether it is part of a bond or team (`IFF_SLAVE`).
    pub(crate) fn is_slave(&self) -> bool {
        self.has_flags(bindings::net_device_flags_IFF_SLAVE)
    }

    /// Whether it receives everything (`IFF_PROMISC`).
    pub(crate) fn is_promiscuous(&self) -> bool {
        self.has_flags(bindings::net_device_flags_IFF_PROMISC)
    }

    /// Whether it receives all multicast (`IFF_ALLMULTI`).
    pub(crate) fn is_allmulti(&self) -> bool {
        self.has_flags(bindings::net_device_flags_IFF_ALLMULTI)
    }

    /// Whether the device can send: opened, and with carrier.
    #[inline]
    pub(crate) fn is_running_with_carrier(&self) -> bool {
        let state = read_once!(self, state);
        let need = 1 << bindings::netdev_state_t___LINK_STATE_START;
        let not = 1 << bindings::netdev_state_t___LINK_STATE_NOCARRIER;
        state & (need | not) == need
    }

    /// Whether the device is open (`netif_running()`).
    pub(crate) fn is_running(&self) -> bool {
        // SAFETY: The device is alive.
        unsafe { bindings::bonding_netif_running(self.as_ptr()) }
    }

    /// Whether the device has carrier (`netif_carrier_ok()`).
    pub(crate) fn has_carrier(&self) -> bool {
        // SAFETY: The device is alive.
        unsafe { bindings::bonding_netif_carrier_ok(self.as_ptr()) }
    }

    /// Whether the stack has yet to act on a change of carrier: until then the device's queue may
    /// throw packets away.
    pub(crate) fn has_link_event_pending(&self) -> bool {
        // SAFETY: The device is alive.
        unsafe { bindings::bonding_link_event_pending(self.as_ptr()) }
    }

    /// Says that the device has carrier, or not. Any context.
    pub(crate) fn set_carrier(&self, on: bool) {
        // SAFETY: The device is alive; both functions may be called from any context.
        unsafe {
            if on {
                bindings::netif_carrier_on(self.as_ptr())
            } else {
                bindings::netif_carrier_off(self.as_ptr())
            }
        }
    }

    /// Counts a packet that the device dropped instead of sending.
    #[cold]
    pub(crate) fn count_tx_dropped(&self) {
        // SAFETY: The device is alive; the counters are per CPU.
        unsafe { bindings::bonding_tx_dropped_inc(self.as_ptr()) };
    }

    /// Whether the MAC address can be set.
    pub(crate) fn can_set_mac(&self) -> bool {
        // SAFETY: The device is alive, and its operations are valid for as long.
        unsafe { (*(*self.as_ptr()).netdev_ops).ndo_set_mac_address.is_some() }
    }

    /// The current MAC address. RTNL keeps it from changing meanwhile.
    pub(crate) fn mac(&self, _rtnl: &Rtnl) -> HwAddr {
        // SAFETY: The device is alive, and RTNL keeps `dev_addr` from being replaced; it has
        // `addr_len` valid bytes, of 32 at most.
        let bytes = unsafe {
            let dev = self.as_ptr();
            core::slice::from_raw_parts((*dev).dev_addr, usize::from((*dev).addr_len.min(32)))
        };
        HwAddr::from_slice(bytes)
    }

    /// Writes the MAC address that the device goes by, without telling its driver, which goes on
    /// listening to the one it has.
    pub(crate) fn show_mac(&self, _rtnl: &Rtnl, mac: &HwAddr) {
        let mac = mac.as_bytes();
        // SAFETY: RTNL guards the address; the device is alive, and keeps addresses of 32 bytes.
        unsafe { bindings::bonding_dev_addr_set(self.as_ptr(), mac.as_ptr(), mac.len().min(32)) };
    }

    /// Gives the device `mac`, through its driver and with the notifications due.
    pub(crate) fn set_mac(&self, rtnl: &Rtnl, mac: &HwAddr, extack: &ExtAck<'_>) -> Result {
        self.need_registered(rtnl)?;
        let mut address = bindings::__kernel_sockaddr_storage::default();
        // SAFETY: All bytes are valid for this union; the address has room for 32 bytes and more.
        let fields = unsafe { &mut address.__bindgen_anon_1.__bindgen_anon_1 };
        fields.ss_family = self.hw_type();
        for (to, from) in fields.__data.iter_mut().zip(mac.as_bytes()) {
            *to = *from as kernel::ffi::c_char;
        }
        // SAFETY: RTNL is held, the device is registered and the address valid for the call.
        to_result(unsafe {
            bindings::dev_set_mac_address(self.as_ptr(), &mut address, extack.as_ptr())
        })
    }

    /// Opens the device (`dev_open()`); `ENODEV` if it is being unregistered, as nobody would close
    /// it again.
    pub(crate) fn open(&self, rtnl: &Rtnl, extack: &ExtAck<'_>) -> Result {
        if !self.is_staying(rtnl) {
            return Err(ENODEV);
        }
        // SAFETY: RTNL is held and the device is registered.
        to_result(unsafe { bindings::dev_open(self.as_ptr(), extack.as_ptr()) })
    }

    /// Closes the device (`dev_close()`).
    pub(crate) fn close(&self, _rtnl: &Rtnl) {
        // SAFETY: RTNL is held and the device is alive. If it was unregistered, it was closed then,
        // and the call does nothing.
        unsafe { bindings::dev_close(self.as_ptr()) };
    }

    /// Sets the MTU in bytes, through the driver.
    pub(crate) fn set_mtu(&self, rtnl: &Rtnl, mtu: u32) -> Result {
        self.need_registered(rtnl)?;
        let mtu = i32::try_from(mtu).map_err(|_| EINVAL)?;
        // SAFETY: RTNL is held and the device is registered.
        to_result(unsafe { bindings::dev_set_mtu(self.as_ptr(), mtu) })
    }

    /// Sets the MTU of a device that is being unregistered, without telling anybody.
    pub(crate) fn restore_mtu_unregistering(&self, rtnl: &Rtnl, mtu: u32) {
        if let (Ok(()), Ok(mtu)) = (self.need_registered(rtnl), i32::try_from(mtu)) {
            // SAFETY: RTNL is held and the device is registered.
            unsafe { bindings::bonding_restore_mtu_unregistering(self.as_ptr(), mtu) };
        }
    }

    /// Writes the MTU of our own device, whose slaves have been told.
    pub(super) fn store_mtu(&self, mtu: u32) {
        // SAFETY: The device is alive; the field is written volatile as readers take no lock.
        unsafe { ptr::addr_of_mut!((*self.as_ptr()).mtu).write_volatile(mtu) };
    }

    /// Adds one user of promiscuous mode, or takes one away.
    pub(crate) fn count_promiscuous(&self, rtnl: &Rtnl, more: bool) -> Result {
        self.need_registered(rtnl)?;
        // SAFETY: RTNL is held and the device is registered.
        to_result(unsafe {
            bindings::dev_set_promiscuity(self.as_ptr(), if more { 1 } else { -1 })
        })
    }

    /// Adds one user of all-multicast mode, or takes one away.
    pub(crate) fn count_allmulti(&self, rtnl: &Rtnl, more: bool) -> Result {
        self.need_registered(rtnl)?;
        // SAFETY: RTNL is held and the device is registered.
        to_result(unsafe { bindings::dev_set_allmulti(self.as_ptr(), if more { 1 } else { -1 }) })
    }

    /// Hands the unicast and multicast addresses that `from` listens to down to this device.
    ///
    /// With `shared`, other devices below `from` get them too.
    pub(crate) fn sync_addresses(&self, _rtnl: &Rtnl, from: &NetDevice, shared: bool) {
        // SAFETY: RTNL is held, this task does not hold `from`'s address lock; both are alive.
        unsafe { bindings::bonding_addrs_sync(self.as_ptr(), from.as_ptr(), shared) };
    }

    /// As [`Self::sync_addresses`], from within `from`'s own `ndo_set_rx_mode`.
    pub(crate) fn sync_addresses_locked(&self, held: &AddressLock<'_>, shared: bool) {
        // SAFETY: The address lock of the source is held, as `held` shows; both are alive.
        unsafe { bindings::bonding_addrs_sync_locked(self.as_ptr(), held.0.as_ptr(), shared) };
    }

    /// Takes back the addresses which `from` handed down.
    pub(crate) fn unsync_addresses(&self, _rtnl: &Rtnl, from: &NetDevice) {
        // SAFETY: RTNL is held; both devices are alive.
        unsafe {
            bindings::dev_uc_unsync(self.as_ptr(), from.as_ptr());
            bindings::dev_mc_unsync(self.as_ptr(), from.as_ptr());
        }
    }

    /// Has the device receive what is sent to a multicast address; one that refuses doesn't.
    pub(crate) fn add_multicast(&self, rtnl: &Rtnl, group: &[u8; 6]) {
        if self.is_ethernet() && self.need_registered(rtnl).is_ok() {
            // SAFETY: RTNL is held and the device registered; its addresses have six bytes.
            unsafe { bindings::dev_mc_add(self.as_ptr(), group.as_ptr()) };
        }
    }

    /// Undoes [`Self::add_multicast`].
    pub(crate) fn remove_multicast(&self, rtnl: &Rtnl, group: &[u8; 6]) {
        if self.is_ethernet() && self.need_registered(rtnl).is_ok() {
            // SAFETY: RTNL is held and the device registered; its addresses have six bytes.
            unsafe { bindings::dev_mc_del(self.as_ptr(), group.as_ptr()) };
        }
    }

    /// Whether the device's addresses have the length of Ethernet's.
    fn is_ethernet(&self) -> bool {
        read_once!(self, addr_len) == 6
    }

    /// Sends an Ethernet frame by this device alone, at the priority of control traffic. Returns
    /// whether there was memory for it. Any context but hard interrupts.
    pub(crate) fn send_control(&self, frame: &[u8]) -> bool {
        // SAFETY: The device is alive, the frame valid for its length; a device that is down drops
        // what it is given.
        unsafe { bindings::bonding_send_control(self.as_ptr(), frame.as_ptr(), frame.len(), 0, 0) }
    }

    /// Forgets all unicast and multicast addresses (before a change of type).
    pub(crate) fn flush_addresses(&self, _rtnl: &Rtnl) {
        // SAFETY: RTNL is held and the device is alive.
        unsafe {
            bindings::dev_uc_flush(self.as_ptr());
            bindings::dev_mc_flush(self.as_ptr());
        }
    }

    /// Adds the VLAN filter entries of `from`.
    pub(crate) fn add_vlans_of(&self, rtnl: &Rtnl, from: &NetDevice) -> Result {
        self.need_registered(rtnl)?;
        // SAFETY: RTNL is held; this device is registered, the other one alive.
        to_result(unsafe { bindings::bonding_vlan_vids_add_by_dev(self.as_ptr(), from.as_ptr()) })
    }

    /// Removes the VLAN filter entries of `from`.
    pub(crate) fn remove_vlans_of(&self, rtnl: &Rtnl, from: &NetDevice) {
        if self.need_registered(rtnl).is_ok() {
            // SAFETY: RTNL is held; this device is registered, the other one alive.
            unsafe { bindings::bonding_vlan_vids_del_by_dev(self.as_ptr(), from.as_ptr()) };
        }
    }

    /// Adds one VLAN filter entry (`proto` in network order).
    pub(crate) fn add_vlan(&self, rtnl: &Rtnl, proto: u16, vid: u16) -> Result {
        self.need_registered(rtnl)?;
        // SAFETY: RTNL is held and the device is registered.
        to_result(unsafe { bindings::bonding_vlan_vid_add(self.as_ptr(), proto, vid) })
    }

    /// Removes one VLAN filter entry (`proto` in network order).
    pub(crate) fn remove_vlan(&self, rtnl: &Rtnl, proto: u16, vid: u16) {
        if self.need_registered(rtnl).is_ok() {
            // SAFETY: RTNL is held and the device is registered.
            unsafe { bindings::bonding_vlan_vid_del(self.as_ptr(), proto, vid) };
        }
    }

    /// Whether VLAN devices stand above this one.
    pub(crate) fn has_vlans(&self, _rtnl: &Rtnl) -> bool {
        // SAFETY: RTNL is held and the device is alive.
        unsafe { bindings::bonding_vlan_uses_dev(self.as_ptr()) }
    }

    /// Whether `above` stands above this device, directly or not.
    pub(crate) fn is_below(&self, _rtnl: &Rtnl, above: &NetDevice) -> bool {
        // SAFETY: RTNL is held; both devices are alive.
        unsafe { bindings::netdev_has_upper_dev(self.as_ptr(), above.as_ptr()) }
    }

    /// Whether somebody receives this device's packets already, in its stead.
    pub(crate) fn is_rx_handler_busy(&self, _rtnl: &Rtnl) -> bool {
        // SAFETY: RTNL is held and the device is alive.
        unsafe { bindings::netdev_is_rx_handler_busy(self.as_ptr()) }
    }

    /// Whether the driver says that the link is up, asked by ethtool or else by MII registers;
    /// [`None`] if it can't be asked. Takes the device's instance lock.
    pub(crate) fn driver_link(&self, rtnl: &Rtnl) -> Option<bool> {
        self.need_registered(rtnl).ok()?;
        // SAFETY: The device is alive and registered, RTNL is held; the lock is given back, and
        // held while the driver is asked.
        let link = unsafe {
            bindings::bonding_lock_instance(self.as_ptr());
            let link = bindings::bonding_driver_link(self.as_ptr());
            bindings::bonding_unlock_instance(self.as_ptr());
            link
        };
        (link >= 0).then_some(link > 0)
    }

    /// Speed (Mb/s) and duplex (`DUPLEX_*`) as the driver says; both or nothing.
    ///
    /// Takes the device's instance lock; see [`InstanceLock::speed_duplex`].
    pub(crate) fn speed_duplex(&self, rtnl: &Rtnl) -> Option<(u32, u8)> {
        self.need_registered(rtnl).ok()?;
        // SAFETY: The device is alive.
        unsafe { bindings::bonding_lock_instance(self.as_ptr()) };
        // INVARIANT: The device is registered, RTNL is held, and the lock was just taken.
        let settings = InstanceLock(self, NotThreadSafe).speed_duplex();
        // SAFETY: The device is alive, and locked above.
        unsafe { bindings::bonding_unlock_instance(self.as_ptr()) };
        settings
    }

    /// Turns large receive offload off.
    pub(crate) fn disable_lro(&self, rtnl: &Rtnl) {
        if self.need_registered(rtnl).is_ok() {
            // SAFETY: RTNL is held and the device is registered.
            unsafe { bindings::dev_disable_lro(self.as_ptr()) };
        }
    }

    /// Adds to and takes away from the private flags (`IFF_*` of `enum netdev_priv_flags`).
    fn change_priv_flags(&self, set: u32, clear: u32) {
        // SAFETY: The device is alive; the callers hold RTNL, which guards the flags.
        unsafe { bindings::bonding_set_priv_flags(self.as_ptr(), set, clear) };
    }

    /// Keeps IPv6 from configuring the device, or lets it again.
    pub(crate) fn set_no_addrconf(&self, _rtnl: &Rtnl, on: bool) {
        let flag = bindings::netdev_priv_flags_IFF_NO_ADDRCONF;
        self.change_priv_flags(if on { flag } else { 0 }, if on { 0 } else { flag });
    }

    /// Marks the device as part of a bond, or no longer.
    pub(crate) fn set_in_bond(&self, _rtnl: &Rtnl, on: bool) {
        let flag = bindings::netdev_priv_flags_IFF_BONDING;
        self.change_priv_flags(if on { flag } else { 0 }, if on { 0 } else { flag });
    }

    /// Tells everybody of `what`; the errno of a listener who refuses.
    pub(crate) fn announce(&self, rtnl: &Rtnl, what: Announce) -> Result {
        self.need_registered(rtnl)?;
        // SAFETY: RTNL is held and the device is registered, as listeners expect.
        let verdict =
            unsafe { bindings::call_netdevice_notifiers(what.event() as usize, self.as_ptr()) };
        // As `notifier_to_errno()`: a refusal is the errno below the stop bit.
        match verdict & !(bindings::NOTIFY_STOP_MASK as i32) {
            code if code > bindings::NOTIFY_OK as i32 => {
                to_result(bindings::NOTIFY_OK as i32 - code)
            }
            _ => Ok(()),
        }
    }

    /// Reads the device's counters into `stats`. Any context.
    ///
    /// Who found the device in a section before it was released must be in that section still:
    /// drivers free their counters when the device is unregistered, a grace period later.
    pub(crate) fn read_stats(&self, stats: &mut Stats, _reading: Reading<'_>) {
        // SAFETY: The device is alive, and this is in an RCU section, which is what
        // `ndo_get_stats64` is called in (Documentation/networking/netdevices.rst); the result is
        // valid for writes.
        unsafe { bindings::dev_get_stats(self.as_ptr(), &mut stats.0) };
    }

    /// The device of this name in the network namespace of `self`.
    pub(crate) fn sibling(&self, rtnl: &Rtnl, name: &IfName) -> Option<ARef<NetDevice>> {
        self.need_registered(rtnl).ok()?;
        let name = name.as_array();
        // SAFETY: RTNL is held; a registered device keeps its namespace; the name ends with a NUL;
        // the result is valid under RTNL, and so until a reference is taken.
        unsafe {
            let net = bindings::bonding_dev_net(self.as_ptr());
            let found = bindings::__dev_get_by_name(net, name.as_ptr().cast());
            Some(ARef::from(found.cast::<NetDevice>().as_ref()?))
        }
    }

    /// The device of this index in the network namespace of `self`.
    pub(crate) fn sibling_by_index(&self, rtnl: &Rtnl, index: u32) -> Option<ARef<NetDevice>> {
        self.need_registered(rtnl).ok()?;
        let index = i32::try_from(index).ok()?;
        // SAFETY: RTNL is held; a registered device keeps its namespace; the result is valid under
        // RTNL, and so until a reference is taken.
        unsafe {
            let net = bindings::bonding_dev_net(self.as_ptr());
            let found = bindings::__dev_get_by_index(net, index);
            Some(ARef::from(found.cast::<NetDevice>().as_ref()?))
        }
    }
}

/// Evidence that a device's address lists are locked, inside its `ndo_set_rx_mode`.
///
/// # Invariants
///
/// The lock is held for the lifetime.
pub(crate) struct AddressLock<'a>(&'a NetDevice);

impl<'a> AddressLock<'a> {
    /// Makes the evidence.
    ///
    /// # Safety
    ///
    /// The caller must hold the address lock of `dev` for `'a`.
    pub(super) unsafe fn assume(dev: &'a NetDevice) -> Self {
        // INVARIANT: Required of the caller.
        Self(dev)
    }
}

/// Evidence that a device's instance lock is held, and RTNL, as inside some of its events.
///
/// # Invariants
///
/// The device is registered for the lifetime, and the current task holds RTNL, and the instance
/// lock of the device if it uses that.
pub(crate) struct InstanceLock<'a>(&'a NetDevice, NotThreadSafe);

impl<'a> InstanceLock<'a> {
    /// Makes the evidence.
    ///
    /// # Safety
    ///
    /// For `'a`, `dev` must be registered, and the current task hold RTNL, and the instance lock of
    /// `dev` if `dev` uses that.
    pub(super) unsafe fn assume(dev: &'a NetDevice) -> Self {
        // INVARIANT: Required of the caller.
        Self(dev, NotThreadSafe)
    }

    /// As [`NetDevice::speed_duplex`], with the instance lock held.
    pub(crate) fn speed_duplex(&self) -> Option<(u32, u8)> {
        let (mut speed, mut duplex) = (0, 0);
        // SAFETY: Both locks are held and the device is registered, by the type invariant; the
        // results are valid for writes.
        let err =
            unsafe { bindings::bonding_link_settings(self.0.as_ptr(), &mut speed, &mut duplex) };
        let known = err == 0 && speed != 0 && speed != u32::MAX && duplex <= 1;
        known.then_some((speed, duplex))
    }
}

/// The counters of a device (`struct rtnl_link_stats64`).
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub(crate) struct Stats(bindings::rtnl_link_stats64);

/// How many counters there are.
const COUNTERS: usize = size_of::<bindings::rtnl_link_stats64>() / size_of::<u64>();

impl Stats {
    /// Borrows the counters which the kernel wants filled in.
    ///
    /// # Safety
    ///
    /// `raw` must be valid and used by nobody else for `'a`.
    pub(super) unsafe fn from_raw<'a>(raw: *mut bindings::rtnl_link_stats64) -> &'a mut Self {
        // SAFETY: Required of the caller; the wrapper has the layout of the counters.
        unsafe { &mut *raw.cast() }
    }

    /// Frames which were not sent.
    pub(crate) fn tx_dropped(&self) -> u64 {
        self.0.tx_dropped
    }

    /// The counters in their order in the header.
    pub(crate) fn counters(&self) -> &[u64; COUNTERS] {
        // SAFETY: The struct is nothing but `COUNTERS` counters of 64 bits.
        unsafe { &*ptr::from_ref(self).cast() }
    }

    /// The counters, to be changed.
    pub(crate) fn counters_mut(&mut self) -> &mut [u64; COUNTERS] {
        // SAFETY: The struct is nothing but `COUNTERS` counters of 64 bits.
        unsafe { &mut *ptr::from_mut(self).cast() }
    }
}
