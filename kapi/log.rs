// SPDX-License-Identifier: GPL-2.0

//! The kernel log, in the words and with the prefixes that users of bonding search for.
//!
//! Lines about a bond begin with `<bond>: `, lines about a slave with `<bond>: (slave <dev>): `.

use super::{
    bindings,
    net_device::NetDevice, //
};
use core::{
    fmt,
    ptr, //
};

/// How urgent a line is (`include/linux/kern_levels.h`).
#[derive(Clone, Copy)]
pub(crate) enum Level {
    /// Something failed.
    Err = 3,
    /// Something will not work as asked.
    Warn = 4,
    /// Normal, but of importance.
    Notice = 5,
    /// Worth knowing.
    Info = 6,
}

/// Writes a line about `bond`, or about its `slave`.
pub(crate) fn device(
    level: Level,
    bond: &NetDevice,
    slave: Option<&NetDevice>,
    text: fmt::Arguments<'_>,
) {
    let slave = slave.map_or(ptr::null_mut(), NetDevice::as_ptr);
    // SAFETY: The devices are valid, and `text` is what the helper's `%pA` expects.
    unsafe {
        bindings::bonding_log_device(
            level as i32,
            bond.as_ptr(),
            slave,
            ptr::from_ref(&text).cast(),
        )
    };
}

/// Writes a line about the module: `bonding: <text>`.
pub(crate) fn module(level: Level, text: fmt::Arguments<'_>) {
    // SAFETY: `text` is what the helper's `%pA` expects.
    unsafe { bindings::bonding_log_module(level as i32, ptr::from_ref(&text).cast()) };
}

/// A line about a bond: `bond_log!(Level::Info, device, "…", …)`.
macro_rules! bond_log {
    ($level:expr, $bond:expr, $($text:tt)+) => {
        $crate::kapi::log::device($level, $bond, None, ::core::format_args!($($text)+))
    };
}
pub(crate) use bond_log;

/// A line about a slave: `slave_log!(Level::Info, bond, slave, "…", …)`.
macro_rules! slave_log {
    ($level:expr, $bond:expr, $slave:expr, $($text:tt)+) => {
        $crate::kapi::log::device($level, $bond, Some($slave), ::core::format_args!($($text)+))
    };
}
pub(crate) use slave_log;
