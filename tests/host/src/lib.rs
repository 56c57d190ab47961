// SPDX-License-Identifier: GPL-2.0

//! The pure parts of the bonding driver, compiled for the host.
//!
//! The module tree is that of the kernel crate, file by file, so paths from `crate::` resolve.

#![forbid(unsafe_code)]
// What the kernel side calls has no caller here.
#![allow(dead_code)]

/// The bond, its options and decisions.
#[path = "../../../bond"]
mod bond {
    pub(crate) mod addr;
    pub(crate) mod counters;
    pub(crate) mod defaults;
    pub(crate) mod history;
    pub(crate) mod hwaddr;
    // Of what it re-exports, some is used by the kernel side alone.
    #[allow(unused_imports)]
    pub(crate) mod options;
    pub(crate) mod params;
    pub(crate) mod select;
    pub(crate) mod snapshot;
    pub(crate) mod speed;
}

/// The text of debugfs.
#[path = "../../../debugfs"]
mod debugfs {
    pub(crate) mod format;
    pub(crate) mod json;
}

/// Transmit modes.
#[path = "../../../modes"]
mod modes {
    pub(crate) mod alb;
    pub(crate) mod hash;
    pub(crate) mod lacp;
    pub(crate) mod modulo;
    pub(crate) mod neighbour;
    pub(crate) mod rlb;
    pub(crate) mod rr;
    pub(crate) mod tlb;
}

/// Link monitors.
#[path = "../../../monitor"]
mod monitor {
    pub(crate) mod arp;
    pub(crate) mod link;
    pub(crate) mod neighbour;
    pub(crate) mod targets;
}

/// The text of `/proc`.
#[path = "../../../procfs"]
mod procfs {
    pub(crate) mod format;
}

/// The text of sysfs.
#[path = "../../../sysfs"]
mod sysfs {
    pub(crate) mod format;
}

pub mod doc;

#[cfg(test)]
mod tests;
