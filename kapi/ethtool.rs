// SPDX-License-Identifier: GPL-2.0

//! What `ethtool` and whoever wants time stamps can ask of a bond.
//!
//! C headers: [`include/linux/ethtool.h`](srctree/include/linux/ethtool.h),
//! [`include/linux/net_tstamp.h`](srctree/include/linux/net_tstamp.h)

use super::{
    bindings,
    ioctl::exchange,
    master::{
        Master,
        Private, //
    },
    net_device::NetDevice,
    rtnl::Rtnl, //
};
use core::{
    marker::PhantomData,
    mem::{
        offset_of,
        MaybeUninit, //
    },
};
use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi::c_int,
    prelude::*,
    sync::aref::ARef,
    uaccess::UserPtr, //
};

/// A bond that can be asked.
pub(crate) trait Ethtool {
    /// Speed in Mb/s, if known, and duplex (`DUPLEX_*`) of what packets are sent by; slaves are
    /// asked anew.
    fn link_settings(&self, rtnl: &Rtnl) -> (Option<u32>, u8);

    /// The slave whose clock is the bond's: the active one, in modes which have one. Any context.
    fn clock_slave(&self) -> Option<ARef<NetDevice>>;

    /// Calls `f` for slaves, one after the other, as long as it returns true. Any context; without
    /// RTNL, slaves that join or leave meanwhile may be missed.
    fn visit_slaves(&self, f: impl FnMut(&NetDevice) -> bool);
}

/// A table of ethtool operations.
#[repr(transparent)]
struct EthtoolOps(bindings::ethtool_ops);

// SAFETY: The kernel only reads it.
unsafe impl Sync for EthtoolOps {}

/// The table of driver `B`.
struct OpsOf<B>(PhantomData<B>);

impl<B: Master> OpsOf<B> {
    /// The table.
    const TABLE: EthtoolOps = EthtoolOps(bindings::ethtool_ops {
        get_drvinfo: Some(bindings::bonding_get_drvinfo),
        get_link: Some(bindings::ethtool_op_get_link),
        get_link_ksettings: Some(get_link_ksettings::<B>),
        get_ts_info: Some(get_ts_info::<B>),
        // SAFETY: All other fields are integers or optional function pointers.
        ..unsafe { MaybeUninit::zeroed().assume_init() }
    });
}

/// The table of ethtool operations.
pub(super) fn ops<B: Master>() -> *const bindings::ethtool_ops {
    let table: &'static EthtoolOps = &OpsOf::<B>::TABLE;
    &table.0
}

/// Tells speed and duplex.
///
/// # Safety
///
/// Called by the kernel only, under RTNL (a bond has no instance lock of its own), with settings
/// that are all zero.
unsafe extern "C" fn get_link_ksettings<B: Master>(
    dev: *mut bindings::net_device,
    settings: *mut bindings::ethtool_link_ksettings,
) -> c_int {
    // SAFETY: The device is initialised; RTNL is held.
    let (speed, duplex) = unsafe { Private::<B>::own(dev).link_settings(&Rtnl::assume()) };
    // SAFETY: The settings are valid, and nobody else's during the call.
    let base = unsafe { &mut (*settings).base };
    // CAST: `SPEED_UNKNOWN` is -1 in an unsigned field.
    base.speed = speed.unwrap_or(bindings::SPEED_UNKNOWN as u32);
    base.duplex = duplex;
    base.port = bindings::PORT_OTHER as u8;
    0
}

/// Tells how packets can be time-stamped: as the active slave can, or by software if all slaves
/// can.
///
/// # Safety
///
/// Called by the kernel only, under RTNL or in an RCU section, with initialised information. Either
/// keeps the driver of a slave from going.
unsafe extern "C" fn get_ts_info<B: Master>(
    dev: *mut bindings::net_device,
    info: *mut bindings::kernel_ethtool_ts_info,
) -> c_int {
    // SAFETY: The device is initialised.
    let bond = unsafe { Private::<B>::own(dev) };
    if let Some(slave) = bond.clock_slave() {
        // SAFETY: RTNL or an RCU section keeps the slave and its driver; the information is valid.
        return unsafe { bindings::ethtool_get_ts_info_by_layer(slave.as_ptr(), info) };
    }
    let mut result = 0;
    let mut software = false;
    bond.visit_slaves(|slave| {
        let mut one = bindings::kernel_ethtool_ts_info::default();
        // SAFETY: RTNL or an RCU section keeps the slave and its driver; the information is valid.
        result = unsafe { bindings::ethtool_get_ts_info_by_layer(slave.as_ptr(), &mut one) };
        software = result == 0 && one.so_timestamping & bindings::SOF_TIMESTAMPING_TX_SOFTWARE != 0;
        software
    });
    if software {
        // SAFETY: The information is valid, and nobody else's during the call.
        unsafe { (*info).so_timestamping |= bindings::SOF_TIMESTAMPING_TX_SOFTWARE };
    }
    result
}

/// The mark by which programs know that the clock isn't the bond's own.
const BONDED: c_int = bindings::hwtstamp_flags_HWTSTAMP_FLAG_BONDED_PHC_INDEX as c_int;

/// Marks what was asked for as that of a slave: in our memory, or in the program's if an old driver
/// has written it there already.
///
/// # Safety
///
/// `config` must be valid, and so its request, if it has one.
unsafe fn mark_bonded(config: *mut bindings::kernel_hwtstamp_config) -> Result {
    // SAFETY: Required of the caller.
    let config = unsafe { &mut *config };
    if !config.copied_to_user {
        config.flags |= BONDED;
        return Ok(());
    }
    // SAFETY: Null, or valid as required of the caller.
    let request = unsafe { config.ifr.as_ref() }.ok_or(EINVAL)?;
    // SAFETY: For these ioctls the request holds a pointer; it was initialised by the kernel.
    let data = UserPtr::from_ptr(unsafe { request.ifr_ifru.ifru_data });
    exchange(data, |flags| {
        const { assert!(offset_of!(bindings::hwtstamp_config, flags) == 0) };
        *flags = (c_int::from_ne_bytes(*flags) | BONDED).to_ne_bytes();
        Ok(())
    })
}

/// Tells how the clock slave stamps packets (`ndo_hwtstamp_get`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a valid configuration.
pub(super) unsafe extern "C" fn hwtstamp_get<B: Master>(
    dev: *mut bindings::net_device,
    config: *mut bindings::kernel_hwtstamp_config,
) -> c_int {
    // SAFETY: The device is initialised, the slave alive, and the configuration valid.
    from_result(|| unsafe {
        let slave = Private::<B>::own(dev).clock_slave().ok_or(EOPNOTSUPP)?;
        to_result(bindings::generic_hwtstamp_get_lower(slave.as_ptr(), config))?;
        mark_bonded(config).map(|()| 0)
    })
}

/// Sets how the clock slave stamps packets (`ndo_hwtstamp_set`), for callers who know that this
/// slave may change.
///
/// # Safety
///
/// As for [`hwtstamp_get`], with a place for texts that is null or valid.
pub(super) unsafe extern "C" fn hwtstamp_set<B: Master>(
    dev: *mut bindings::net_device,
    config: *mut bindings::kernel_hwtstamp_config,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: The device is initialised, the slave alive, and the configuration valid.
    from_result(|| unsafe {
        if (*config).flags & BONDED == 0 {
            return Err(EOPNOTSUPP);
        }
        let slave = Private::<B>::own(dev).clock_slave().ok_or(EOPNOTSUPP)?;
        let slave = slave.as_ptr();
        to_result(bindings::generic_hwtstamp_set_lower(slave, config, extack))?;
        mark_bonded(config).map(|()| 0)
    })
}
