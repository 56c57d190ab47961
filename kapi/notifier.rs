// SPDX-License-Identifier: GPL-2.0

//! Being told what happens to devices (`register_netdevice_notifier()`).

use super::{
    bindings,
    master::{
        bond_of,
        port_of,
        BondEvent,
        Master,
        SlaveEvent, //
    },
    net_device::{
        InstanceLock,
        NetDevice, //
    },
    rtnl::Rtnl, //
};
use core::marker::PhantomData;
use kernel::{
    error::to_result,
    ffi::{
        c_int,
        c_ulong,
        c_void, //
    },
    prelude::*,
    types::Opaque, //
};

/// A registered notifier; unregistered when dropped.
///
/// # Invariants
///
/// The block is registered.
pub(crate) struct Notifier<B> {
    block: KBox<Opaque<bindings::notifier_block>>,
    _driver: PhantomData<B>,
}

// SAFETY: The block is the kernel's until it is unregistered, which any task may do.
unsafe impl<B> Send for Notifier<B> {}
// SAFETY: There is nothing to do with a shared reference.
unsafe impl<B> Sync for Notifier<B> {}

impl<B: Master> Notifier<B> {
    /// Registers a notifier for driver `B`. Takes RTNL, and replays what exists already.
    pub(crate) fn register() -> Result<Self> {
        let block = bindings::notifier_block {
            notifier_call: Some(called::<B>),
            ..Default::default()
        };
        let block = KBox::new(Opaque::new(block), GFP_KERNEL)?;
        // SAFETY: The block stays where it is, and alive, until `drop` has unregistered it.
        to_result(unsafe { bindings::register_netdevice_notifier(block.get()) })?;
        // INVARIANT: Just registered.
        Ok(Self {
            block,
            _driver: PhantomData,
        })
    }
}

impl<B> Drop for Notifier<B> {
    fn drop(&mut self) {
        // SAFETY: Registered, by the type invariant. The kernel waits for running calls.
        unsafe { bindings::unregister_netdevice_notifier(self.block.get()) };
    }
}

/// What a slave's driver has to be told of event `event` of `dev`.
///
/// # Safety
///
/// The current task must be in this event of `dev`, for `'a`.
unsafe fn slave_event<'a>(
    event: bindings::netdev_cmd,
    dev: &'a NetDevice,
    rtnl: &'a Rtnl,
) -> Option<SlaveEvent<'a>> {
    Some(match event {
        bindings::netdev_cmd_NETDEV_UP | bindings::netdev_cmd_NETDEV_CHANGE => {
            // SAFETY: The kernel raises these two for registered devices, under RTNL and the
            // device's instance lock (`Documentation/networking/netdevices.rst`).
            SlaveEvent::Link(unsafe { InstanceLock::assume(dev) })
        }
        bindings::netdev_cmd_NETDEV_DOWN => SlaveEvent::Down,
        bindings::netdev_cmd_NETDEV_CHANGENAME => SlaveEvent::Renamed,
        bindings::netdev_cmd_NETDEV_FEAT_CHANGE => SlaveEvent::Features(rtnl),
        bindings::netdev_cmd_NETDEV_XDP_FEAT_CHANGE => SlaveEvent::XdpFeatures(rtnl),
        bindings::netdev_cmd_NETDEV_RESEND_IGMP => SlaveEvent::ResendIgmp(rtnl),
        bindings::netdev_cmd_NETDEV_UNREGISTER => SlaveEvent::Gone(rtnl),
        _ => return None,
    })
}

/// What a bond has to be told of event `event` of its own device.
fn bond_event(event: bindings::netdev_cmd) -> Option<BondEvent> {
    Some(match event {
        bindings::netdev_cmd_NETDEV_REGISTER => BondEvent::Registered,
        bindings::netdev_cmd_NETDEV_CHANGENAME => BondEvent::Renamed,
        bindings::netdev_cmd_NETDEV_UNREGISTER => BondEvent::Gone,
        _ => return None,
    })
}

/// The notifier's function.
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a `netdev_notifier_info`.
unsafe extern "C" fn called<B: Master>(
    _block: *mut bindings::notifier_block,
    event: c_ulong,
    info: *mut c_void,
) -> c_int {
    // SAFETY: RTNL is held around the notifier chain of network devices.
    let rtnl = unsafe { Rtnl::assume() };
    // SAFETY: The information begins with the device, which is alive for the call.
    let dev = unsafe { NetDevice::from_raw((*info.cast::<bindings::netdev_notifier_info>()).dev) };
    let Ok(event) = bindings::netdev_cmd::try_from(event) else {
        return bindings::NOTIFY_DONE as c_int;
    };
    if let (Some(event), Some(bond)) = (bond_event(event), bond_of::<B>(&rtnl, dev)) {
        bond.bond_event(&rtnl, event);
    }
    if let Some((bond, port)) = port_of::<B>(&rtnl, dev) {
        // SAFETY: This is the event, to its end.
        if let Some(event) = unsafe { slave_event(event, dev, &rtnl) } {
            bond.slave_event(&port, event);
        }
    }
    bindings::NOTIFY_DONE as c_int
}
