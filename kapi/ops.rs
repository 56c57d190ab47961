// SPDX-License-Identifier: GPL-2.0

//! Tables of device operations, one for each way of sending.
//!
//! A packet pays no indirect call for its mode: each mode has a table of its own, made from the
//! same generic code.

#[cfg(CONFIG_NET_POLL_CONTROLLER)]
use super::netpoll;
use super::{
    bindings,
    ethtool,
    flow,
    ioctl,
    link_layer,
    master::{
        Master,
        Private, //
    },
    net_device::{
        AddressLock,
        ExtAck,
        Features,
        NetDevice,
        Stats, //
    },
    port::Port,
    rcu::Reading,
    rtnl::Rtnl,
    skb::{
        Skb,
        Verdict, //
    },
    xdp, //
};
use crate::{
    bond::addr::HwAddr,
    modes::hash::Flow, //
};
use core::{
    marker::PhantomData,
    mem::{
        ManuallyDrop,
        MaybeUninit, //
    },
    ptr::NonNull, //
};
use kernel::{
    error::from_result,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*, //
};

/// How a mode sends packets.
pub(crate) trait Transmit<B: Master>: 'static {
    /// Sends `skb` by a slave; [`None`] if there was none, and the drop is to be counted.
    fn transmit(bond: &B, skb: Skb, reading: Reading<'_>) -> Option<Verdict>;

    /// As [`Self::transmit`], but with interrupts off.
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn transmit_polled(bond: &B, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::choose(bond, &skb, reading)?;
        Some(skb.send_polled(port, reading))
    }

    /// The one slave that would send `skb`; [`None`] if there is none, or if it is more than one.
    fn choose<'g>(bond: &'g B, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port<B::Slave>>;

    /// The slave that is to send an Ethernet frame of XDP, of which `frame` is the first part.
    fn choose_frame<'g>(
        bond: &'g B,
        frame: &[u8],
        reading: Reading<'g>,
    ) -> Option<&'g Port<B::Slave>>;

    /// The slave that would send `skb` if all slaves could send.
    fn choose_of_all<'g>(
        bond: &'g B,
        skb: &Skb,
        reading: Reading<'g>,
    ) -> Option<&'g Port<B::Slave>> {
        Self::choose(bond, skb, reading)
    }

    /// The slave by which the packets of a connected socket leave, if that can be told.
    fn choose_for_socket<'g>(
        _bond: &'g B,
        _flow: Flow,
        _reading: Reading<'g>,
    ) -> Option<&'g Port<B::Slave>> {
        None
    }
}

/// The device operations of a driver `B`.
///
/// # Invariants
///
/// The tables are those of an [`OpsOf<B, T>`]: their operations are for devices with a
/// `Private<B>`, and but for those which send or choose a slave, they are the same in all tables of `B`.
pub(crate) struct DeviceOps<B> {
    /// Those of most bonds.
    plain: bindings::net_device_ops,
    /// Those of a bond on which netpoll has been set up: packets may come with interrupts off.
    polled: bindings::net_device_ops,
    driver: PhantomData<fn(&B)>,
}

// SAFETY: The kernel only reads it.
unsafe impl<B> Sync for DeviceOps<B> {}

impl<B> DeviceOps<B> {
    /// The pointer that the kernel keeps.
    pub(super) fn as_ptr(&'static self, polled: bool) -> *const bindings::net_device_ops {
        if polled {
            &self.polled
        } else {
            &self.plain
        }
    }
}

/// A transmit hook.
type StartXmit = unsafe extern "C" fn(
    *mut bindings::sk_buff,
    *mut bindings::net_device,
) -> bindings::netdev_tx_t;

/// The table of driver `B` for packets sent by `T`.
pub(crate) struct OpsOf<B, T>(PhantomData<(B, T)>);

impl<B: Master, T: Transmit<B>> OpsOf<B, T> {
    /// The tables.
    // INVARIANT: These are the tables of the type; only what chooses a slave depends on `T`.
    pub(crate) const TABLE: DeviceOps<B> = DeviceOps {
        plain: Self::operations(start_xmit::<B, T>),
        polled: Self::operations(start_xmit_polled::<B, T>),
        driver: PhantomData,
    };

    /// A table with this transmit hook.
    const fn operations(start_xmit: StartXmit) -> bindings::net_device_ops {
        bindings::net_device_ops {
            ndo_init: Some(Private::<B>::init),
            ndo_uninit: Some(uninit::<B>),
            ndo_open: Some(open::<B>),
            ndo_stop: Some(stop::<B>),
            ndo_start_xmit: Some(start_xmit),
            ndo_select_queue: Some(bindings::bonding_select_queue),
            ndo_eth_ioctl: Some(ioctl::eth_ioctl),
            ndo_siocbond: Some(ioctl::siocbond::<B>),
            ndo_siocdevprivate: Some(ioctl::siocdevprivate::<B>),
            ndo_get_stats64: Some(get_stats::<B>),
            ndo_change_rx_flags: Some(change_rx_flags::<B>),
            ndo_set_rx_mode: Some(set_rx_mode::<B>),
            ndo_change_mtu: Some(change_mtu::<B>),
            ndo_set_mac_address: Some(set_mac_address::<B>),
            ndo_neigh_setup: Some(link_layer::neigh_setup::<B>),
            ndo_vlan_rx_add_vid: Some(vlan_rx_add_vid::<B>),
            ndo_vlan_rx_kill_vid: Some(vlan_rx_kill_vid::<B>),
            ndo_add_slave: Some(add_slave::<B>),
            ndo_del_slave: Some(del_slave::<B>),
            ndo_hwtstamp_get: Some(ethtool::hwtstamp_get::<B>),
            ndo_hwtstamp_set: Some(ethtool::hwtstamp_set::<B>),
            ndo_fix_features: Some(fix_features::<B>),
            #[cfg(CONFIG_NET_POLL_CONTROLLER)]
            ndo_poll_controller: Some(poll_controller::<B>),
            #[cfg(CONFIG_NET_POLL_CONTROLLER)]
            ndo_netpoll_setup: Some(netpoll_setup::<B, T>),
            #[cfg(CONFIG_NET_POLL_CONTROLLER)]
            ndo_netpoll_cleanup: Some(netpoll_cleanup::<B>),
            ndo_get_xmit_slave: Some(get_xmit_slave::<B, T>),
            ndo_sk_get_lower_dev: Some(sk_get_lower_dev::<B, T>),
            ndo_bpf: Some(xdp::bpf::<B>),
            ndo_xdp_xmit: Some(xdp::xmit::<B, T>),
            ndo_xdp_get_xmit_slave: Some(xdp::get_xmit_slave::<B, T>),
            ndo_features_check: Some(bindings::passthru_features_check),
            // SAFETY: All other fields are optional function pointers: null is `None`.
            ..unsafe { MaybeUninit::zeroed().assume_init() }
        }
    }
}

// Each function below is a device operation: the kernel calls it with a registered device that has
// one of our tables, so `Private::<B>` is what lies behind it, and under the locks which
// Documentation/networking/netdevices.rst names.

/// Sends a packet (`ndo_start_xmit`).
///
/// # Safety
///
/// Called by the kernel only, in an RCU section with bottom halves off, with a packet it owns.
unsafe extern "C" fn start_xmit<B: Master, T: Transmit<B>>(
    skb: *mut bindings::sk_buff,
    dev: *mut bindings::net_device,
) -> bindings::netdev_tx_t {
    // SAFETY: A device being sent by is initialised, and alive for the call.
    let bond = unsafe { Private::<B>::own(dev) };
    // SAFETY: The kernel gives away the packet, which is valid.
    let skb = unsafe { Skb::from_raw(NonNull::new_unchecked(skb)) };
    // SAFETY: The kernel holds the RCU section open around this operation.
    if let Some(verdict) = T::transmit(bond, skb, unsafe { Reading::assume() }) {
        return verdict.0;
    }
    // SAFETY: The device is alive.
    unsafe { NetDevice::from_raw(dev) }.count_tx_dropped();
    bindings::NET_XMIT_DROP as bindings::netdev_tx_t
}

/// Sends a packet, maybe with interrupts off (`ndo_start_xmit` where netpoll has been set up).
///
/// # Safety
///
/// As for [`start_xmit`], but that interrupts may be off instead.
#[cfg(CONFIG_NET_POLL_CONTROLLER)]
unsafe extern "C" fn start_xmit_polled<B: Master, T: Transmit<B>>(
    skb: *mut bindings::sk_buff,
    dev: *mut bindings::net_device,
) -> bindings::netdev_tx_t {
    if !netpoll::is_sending() {
        // SAFETY: Required of the caller.
        return unsafe { start_xmit::<B, T>(skb, dev) };
    }
    // SAFETY: A device being sent by is initialised, and alive for the call.
    let bond = unsafe { Private::<B>::own(dev) };
    // SAFETY: The kernel gives away the packet, which is valid.
    let skb = unsafe { Skb::from_raw(NonNull::new_unchecked(skb)) };
    // SAFETY: Interrupts are off, which is an RCU section, too.
    if let Some(verdict) = T::transmit_polled(bond, skb, unsafe { Reading::assume() }) {
        return verdict.0;
    }
    // SAFETY: The device is alive.
    unsafe { NetDevice::from_raw(dev) }.count_tx_dropped();
    bindings::NET_XMIT_DROP as bindings::netdev_tx_t
}

/// Without netpoll there is nothing more to it.
#[cfg(not(CONFIG_NET_POLL_CONTROLLER))]
use start_xmit as start_xmit_polled;

/// Has the slaves look for what was sent (`ndo_poll_controller`).
///
/// # Safety
///
/// Called by netpoll only, with interrupts off.
#[cfg(CONFIG_NET_POLL_CONTROLLER)]
unsafe extern "C" fn poll_controller<B: Master>(dev: *mut bindings::net_device) {
    Reading::with(|reading| {
        // SAFETY: The device is one of ours, and alive for the call.
        for port in unsafe { Private::<B>::ports(dev, reading) } {
            if port.dev().is_running_with_carrier() {
                // SAFETY: Interrupts are off, as required of the caller.
                unsafe { port.dev().poll() };
            }
        }
    });
}

/// Makes the bond and its slaves ready for netpoll (`ndo_netpoll_setup`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
#[cfg(CONFIG_NET_POLL_CONTROLLER)]
unsafe extern "C" fn netpoll_setup<B: Master, T: Transmit<B>>(
    dev: *mut bindings::net_device,
) -> c_int {
    // SAFETY: The device is initialised; RTNL is held. It keeps sending by `T`.
    from_result(|| unsafe {
        Private::<B>::expect_netpoll(dev, &OpsOf::<B, T>::TABLE);
        Private::<B>::own(dev)
            .enable_netpoll(&Rtnl::assume())
            .map(|()| 0)
    })
}

/// Ends that (`ndo_netpoll_cleanup`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
#[cfg(CONFIG_NET_POLL_CONTROLLER)]
unsafe extern "C" fn netpoll_cleanup<B: Master>(dev: *mut bindings::net_device) {
    // SAFETY: The device is initialised; RTNL is held.
    unsafe { Private::<B>::own(dev).disable_netpoll(&Rtnl::assume()) }
}

/// Says which slave would send a packet (`ndo_get_xmit_slave`); RDMA asks.
///
/// # Safety
///
/// Called by the kernel only, in an RCU section, with a packet that begins with its Ethernet header.
unsafe extern "C" fn get_xmit_slave<B: Master, T: Transmit<B>>(
    dev: *mut bindings::net_device,
    skb: *mut bindings::sk_buff,
    all_slaves: bool,
) -> *mut bindings::net_device {
    // SAFETY: The device is initialised, and alive for the call.
    let bond = unsafe { Private::<B>::own(dev) };
    // SAFETY: The packet is valid for the call, never dropped here, and lent by `&` only.
    let skb = ManuallyDrop::new(unsafe { Skb::from_raw(NonNull::new_unchecked(skb)) });
    // SAFETY: The caller holds the RCU section open.
    let reading = unsafe { Reading::assume() };
    let port = if all_slaves {
        T::choose_of_all(bond, &skb, reading)
    } else {
        T::choose(bond, &skb, reading)
    };
    port.map_or(core::ptr::null_mut(), |port| port.dev().as_ptr())
}

/// Says which slave the packets of a connected socket leave by (`ndo_sk_get_lower_dev`); TLS asks,
/// which has that slave encrypt them.
///
/// # Safety
///
/// Called by the kernel only, in an RCU section, with a connected socket of TCP or UDP over IP of
/// which the caller holds a reference; its addresses are read once, and may be of any moment.
unsafe extern "C" fn sk_get_lower_dev<B: Master, T: Transmit<B>>(
    dev: *mut bindings::net_device,
    socket: *mut bindings::sock,
) -> *mut bindings::net_device {
    // SAFETY: The device is initialised, and alive for the call; the socket is valid.
    let (bond, flow) = unsafe { (Private::<B>::own(dev), flow::of_socket(socket)) };
    Reading::with(|reading| {
        let port = T::choose_for_socket(bond, flow, reading);
        port.map_or(core::ptr::null_mut(), |port| port.dev().as_ptr())
    })
}

/// Releases all slaves (`ndo_uninit`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn uninit<B: Master>(dev: *mut bindings::net_device) {
    // SAFETY: The device is initialised; RTNL is held.
    unsafe { Private::<B>::own(dev).uninit(&Rtnl::assume()) }
}

/// Brings the device up (`ndo_open`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn open<B: Master>(dev: *mut bindings::net_device) -> c_int {
    // SAFETY: The device is initialised; RTNL is held.
    from_result(|| unsafe { Private::<B>::own(dev).open(&Rtnl::assume()) }.map(|()| 0))
}

/// Brings the device down (`ndo_stop`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn stop<B: Master>(dev: *mut bindings::net_device) -> c_int {
    // SAFETY: The device is initialised; RTNL is held.
    unsafe { Private::<B>::own(dev).stop(&Rtnl::assume()) };
    0
}

/// Fills in the counters (`ndo_get_stats64`).
///
/// # Safety
///
/// Called by the kernel only, with counters that nobody else uses.
unsafe extern "C" fn get_stats<B: Master>(
    dev: *mut bindings::net_device,
    stats: *mut bindings::rtnl_link_stats64,
) {
    // SAFETY: The device is initialised, the counters are valid.
    let (bond, stats) = unsafe { (Private::<B>::own(dev), Stats::from_raw(stats)) };
    Reading::with(|reading| bond.stats(stats, reading));
}

/// Tells of toggled flags (`ndo_change_rx_flags`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn change_rx_flags<B: Master>(dev: *mut bindings::net_device, change: c_int) {
    // CAST: A set of flags.
    let change = change as u32;
    let promiscuous = change & bindings::net_device_flags_IFF_PROMISC != 0;
    let allmulti = change & bindings::net_device_flags_IFF_ALLMULTI != 0;
    // SAFETY: The device is initialised; RTNL is held.
    unsafe { Private::<B>::own(dev).change_rx_flags(&Rtnl::assume(), promiscuous, allmulti) }
}

/// Tells of new addresses to listen to (`ndo_set_rx_mode`).
///
/// # Safety
///
/// Called by the kernel only, with the device's address lock held.
unsafe extern "C" fn set_rx_mode<B: Master>(dev: *mut bindings::net_device) {
    // SAFETY: The device is initialised; its address lock is held for the call.
    unsafe {
        let lock = AddressLock::assume(NetDevice::from_raw(dev));
        Private::<B>::own(dev).set_rx_mode(&lock);
    }
}

/// Changes the MTU (`ndo_change_mtu`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn change_mtu<B: Master>(dev: *mut bindings::net_device, mtu: c_int) -> c_int {
    from_result(|| {
        let mtu = u32::try_from(mtu).map_err(|_| EINVAL)?;
        // SAFETY: The device is initialised; RTNL is held.
        unsafe { Private::<B>::own(dev).change_mtu(&Rtnl::assume(), mtu) }.map(|()| 0)
    })
}

/// Changes the MAC address (`ndo_set_mac_address`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a `sockaddr_storage` that holds an address of the
/// device's length.
unsafe extern "C" fn set_mac_address<B: Master>(
    dev: *mut bindings::net_device,
    address: *mut c_void,
) -> c_int {
    // SAFETY: The address is valid; at most 32 bytes of it count. The device is initialised, and
    // RTNL is held.
    from_result(|| unsafe {
        let address = address.cast::<bindings::__kernel_sockaddr_storage>();
        let data = &raw const (*address).__bindgen_anon_1.__bindgen_anon_1.__data;
        let data = data.cast::<u8>();
        let len = usize::from((*dev).addr_len.min(32));
        let mac = HwAddr::from_slice(core::slice::from_raw_parts(data, len));
        Private::<B>::own(dev)
            .set_mac(&Rtnl::assume(), &mac)
            .map(|()| 0)
    })
}

/// Adds a VLAN (`ndo_vlan_rx_add_vid`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn vlan_rx_add_vid<B: Master>(
    dev: *mut bindings::net_device,
    proto: bindings::__be16,
    vid: u16,
) -> c_int {
    // SAFETY: The device is initialised; RTNL is held.
    from_result(|| unsafe {
        Private::<B>::own(dev)
            .add_vlan(&Rtnl::assume(), proto, vid)
            .map(|()| 0)
    })
}

/// Removes a VLAN (`ndo_vlan_rx_kill_vid`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn vlan_rx_kill_vid<B: Master>(
    dev: *mut bindings::net_device,
    proto: bindings::__be16,
    vid: u16,
) -> c_int {
    // SAFETY: The device is initialised; RTNL is held.
    unsafe { Private::<B>::own(dev).remove_vlan(&Rtnl::assume(), proto, vid) };
    0
}

/// Adds a slave (`ndo_add_slave`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn add_slave<B: Master>(
    dev: *mut bindings::net_device,
    slave: *mut bindings::net_device,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: The device is initialised, the slave alive, the place for texts null or valid; RTNL
    // is held.
    from_result(|| unsafe {
        let slave = NetDevice::from_raw(slave);
        let extack = ExtAck::from_raw(extack);
        Private::<B>::own(dev)
            .add_slave(&Rtnl::assume(), slave, &extack)
            .map(|()| 0)
    })
}

/// Releases a slave (`ndo_del_slave`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn del_slave<B: Master>(
    dev: *mut bindings::net_device,
    slave: *mut bindings::net_device,
) -> c_int {
    // SAFETY: The device is initialised, the slave alive; RTNL is held.
    from_result(|| unsafe {
        let slave = NetDevice::from_raw(slave);
        Private::<B>::own(dev)
            .remove_slave(&Rtnl::assume(), slave)
            .map(|()| 0)
    })
}

/// Says which features are possible (`ndo_fix_features`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL.
unsafe extern "C" fn fix_features<B: Master>(
    dev: *mut bindings::net_device,
    wanted: Features,
) -> Features {
    // SAFETY: The device is initialised; RTNL is held.
    unsafe { Private::<B>::own(dev).fix_features(&Rtnl::assume(), wanted) }
}

/// The features from which those of slaves are gathered (`netdev_base_features()`).
pub(crate) fn base_features(wanted: Features) -> Features {
    // SAFETY: A computation.
    unsafe { bindings::bonding_base_features(wanted) }
}

/// `all` with what a slave's features `one` add or take away (`netdev_increment_features()`).
pub(crate) fn increment_features(all: Features, one: Features, mask: Features) -> Features {
    // SAFETY: A computation.
    unsafe { bindings::netdev_increment_features(all, one, mask) }
}

/// `features` with those of segmentation that software can do (`netdev_add_tso_features()`).
pub(crate) fn add_tso_features(features: Features, mask: Features) -> Features {
    // SAFETY: A computation.
    unsafe { bindings::bonding_add_tso_features(features, mask) }
}
