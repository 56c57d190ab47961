// SPDX-License-Identifier: GPL-2.0

//! Link-layer headers and neighbours of a device whose slaves aren't Ethernet.
//!
//! Both are a slave's business. The slave's callbacks expect that slave's own device, so they are
//! never installed on the bond: what is installed calls them, with the device they belong to.
//!
//! C headers: [`include/linux/netdevice.h`](srctree/include/linux/netdevice.h),
//! [`include/net/neighbour.h`](srctree/include/net/neighbour.h)

use super::{
    bindings,
    master::{
        is_ours,
        Master,
        Private, //
    },
    net_device::NetDevice,
    port::Port,
    rcu::Reading, //
};
use core::{
    marker::PhantomData,
    mem::MaybeUninit, //
};
use kernel::ffi::{
    c_int,
    c_uint,
    c_ushort,
    c_void, //
};

/// A table of header operations.
#[repr(transparent)]
pub(super) struct HeaderOps(bindings::header_ops);

// SAFETY: The kernel only reads it.
unsafe impl Sync for HeaderOps {}

impl HeaderOps {
    /// The pointer that the kernel keeps.
    pub(super) fn as_ptr(&'static self) -> *const bindings::header_ops {
        &self.0
    }
}

/// The table of driver `B` for bonds that aren't Ethernet.
pub(super) struct HeaderOpsOf<B>(PhantomData<B>);

impl<B: Master> HeaderOpsOf<B> {
    /// The table.
    pub(super) const TABLE: HeaderOps = HeaderOps(bindings::header_ops {
        create: Some(create::<B>),
        parse: Some(parse::<B>),
        // SAFETY: All other fields are optional function pointers: null is `None`.
        ..unsafe { MaybeUninit::zeroed().assume_init() }
    });
}

/// Calls `f` with the active slave of the bond `dev` and its header operations; 0 without.
///
/// Bonds on bonds come back here once for each, with the lower one as `dev`: no further than
/// devices are stacked.
fn by_active<B: Master>(
    dev: &NetDevice,
    f: impl FnOnce(&NetDevice, &bindings::header_ops) -> Option<c_int>,
) -> c_int {
    // Another driver may have taken the table over for a device of its own.
    if !is_ours(dev) {
        return 0;
    }
    Reading::with(|reading| {
        // SAFETY: It is one of our devices, as was just checked.
        let slave = unsafe { Private::<B>::active(dev.as_ptr(), reading) }?.dev();
        // SAFETY: The slave is alive; the pointer is read once, and what it points to is never
        // freed before the device.
        let ops = unsafe {
            (&raw const (*slave.as_ptr()).header_ops)
                .read_volatile()
                .as_ref()
        }?;
        f(slave, ops)
    })
    .unwrap_or(0)
}

/// Puts a header before a packet (`header_ops.create`), as the active slave does.
///
/// # Safety
///
/// Called by the stack only, with a live device and a packet it owns, and addresses which are null
/// or as long as those of the device.
unsafe extern "C" fn create<B: Master>(
    skb: *mut bindings::sk_buff,
    dev: *mut bindings::net_device,
    proto: c_ushort,
    daddr: *const c_void,
    saddr: *const c_void,
    len: c_uint,
) -> c_int {
    // SAFETY: Required of the caller.
    let dev = unsafe { NetDevice::from_raw(dev) };
    by_active::<B>(dev, |slave, ops| {
        let create = ops.create?;
        // SAFETY: Both devices are alive.
        let (own, bonds) = unsafe { ((*slave.as_ptr()).addr_len, (*dev.as_ptr()).addr_len) };
        // Devices of one type may have addresses of different lengths.
        if own != bonds {
            return None;
        }
        // SAFETY: The operation gets its own device, which has addresses of the bond's length.
        Some(unsafe { create(skb, slave.as_ptr(), proto, daddr, saddr, len) })
    })
}

/// Reads the sender's address off a packet (`header_ops.parse`), as the active slave does.
///
/// # Safety
///
/// Called by the stack only, with a live device, a packet that has its MAC header, and room for an
/// address.
unsafe extern "C" fn parse<B: Master>(
    skb: *const bindings::sk_buff,
    dev: *const bindings::net_device,
    address: *mut u8,
) -> c_int {
    // SAFETY: Required of the caller.
    let dev = unsafe { NetDevice::from_raw(dev.cast_mut()) };
    by_active::<B>(dev, |slave, ops| {
        let parse = ops.parse?;
        // SAFETY: The operation gets its own device; packet and room are those of the caller.
        Some(unsafe { parse(skb, slave.as_ptr(), address) })
    })
}

/// Prepares what new neighbours have in common (`ndo_neigh_setup`).
///
/// # Safety
///
/// Called by the kernel only, with one of our devices, and parameters that nobody else uses yet.
pub(super) unsafe extern "C" fn neigh_setup<B: Master>(
    dev: *mut bindings::net_device,
    parms: *mut bindings::neigh_parms,
) -> c_int {
    // SAFETY: The parameters are valid, and not shared.
    unsafe {
        // Those of a VLAN above us belong to that device.
        if core::ptr::eq((*parms).dev, dev) {
            (*parms).neigh_setup = Some(neigh_init::<B>);
        }
    }
    0
}

/// Prepares a neighbour (`neigh_parms.neigh_setup`) as the first slave's driver wants it.
///
/// # Safety
///
/// Called by the kernel only, with a new neighbour of one of our devices.
unsafe extern "C" fn neigh_init<B: Master>(neighbour: *mut bindings::neighbour) -> c_int {
    Reading::with(|_| {
        // SAFETY: The neighbour and its device are valid. What lies between one of our devices and
        // a slave is a port, which the section keeps, and it the slave.
        let slave = unsafe {
            let port = bindings::netdev_lower_get_first_private_rcu((*neighbour).dev);
            port.cast::<Port<B::Slave>>().as_ref()?.dev().as_ptr()
        };
        // SAFETY: The slave and its operations are valid. As in the C driver its own set-up sees
        // parameters which are blank: all that it may do is to name a function.
        unsafe {
            let setup = (*(*slave).netdev_ops).ndo_neigh_setup?;
            let mut parms: bindings::neigh_parms = MaybeUninit::zeroed().assume_init();
            let error = setup(slave, &mut parms);
            if error != 0 {
                return Some(error);
            }
            Some(parms.neigh_setup?(neighbour))
        }
    })
    .unwrap_or(0)
}
