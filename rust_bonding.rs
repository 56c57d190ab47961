// SPDX-License-Identifier: GPL-2.0

//! The Linux bonding driver: several network devices used as one.
//!
//! See `Documentation/architecture.md` for the rooms and the rules they keep.

use kernel::prelude::*;

#[forbid(unsafe_code)]
mod bond;
#[forbid(unsafe_code)]
mod debugfs;
mod kapi;
#[forbid(unsafe_code)]
mod modes;
#[forbid(unsafe_code)]
mod monitor;
#[forbid(unsafe_code)]
mod netlink;
#[forbid(unsafe_code)]
mod procfs;
#[forbid(unsafe_code)]
mod sysfs;

use bond::Bond;

module! {
    type: Bonding,
    name: "bonding",
    authors: ["Thomas Davis, tadavis@lbl.gov and many others"],
    description: "Ethernet Channel Bonding Driver",
    license: "GPL",
    alias: ["rtnl-link-bond"],
}

/// The loaded module: what it has registered, in the order in which that is undone.
struct Bonding {
    // Bonds go while the notifier is there: each end, of a bond or a slave, is heard of.
    _link_type: netlink::LinkType,
    _masters: sysfs::Masters,
    _notifier: kapi::notifier::Notifier<Bond>,
    _debugfs: kapi::debugfs::Root,
    _retired: Retired,
}

impl kernel::Module for Bonding {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        bond::load_defaults()?;
        kapi::flow::init();
        sysfs::init();
        let retired = Retired;
        let debugfs = kapi::debugfs::Root::create(c"bonding");
        let masters = sysfs::Masters::register()?;
        let link_type = netlink::LinkType::register()?;
        bond::create_first_bonds()?;
        let notifier = kapi::notifier::Notifier::register()?;
        Ok(Self {
            _link_type: link_type,
            _masters: masters,
            _notifier: notifier,
            _debugfs: debugfs,
            _retired: retired,
        })
    }
}

/// Dropped last: waits until all that RCU readers may have used is freed, which this module does.
struct Retired;

impl Drop for Retired {
    fn drop(&mut self) {
        kapi::rcu::wait_for_retired();
    }
}
