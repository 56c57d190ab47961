// SPDX-License-Identifier: GPL-2.0

//! Netpoll over a bond: whoever may send by the bond with interrupts off may do so by its slaves.

use crate::{
    bond::{
        slave::PortRef,
        Bond, //
    },
    kapi::{
        log::{
            slave_log,
            Level, //
        },
        rtnl::Rtnl, //
    },
};

use kernel::prelude::*;

/// Sets netpoll up on all slaves, or on none.
pub(super) fn enable(bond: &Bond, rtnl: &Rtnl) -> Result {
    let mut at = 0usize;
    while let Some(port) = bond.slave_at(at) {
        port.enable_netpoll(rtnl)
            .inspect_err(|_| disable(bond, rtnl))?;
        at = at.saturating_add(1);
    }
    Ok(())
}

/// Ends netpoll on all slaves.
pub(super) fn disable(bond: &Bond, rtnl: &Rtnl) {
    let mut at = 0usize;
    while let Some(port) = bond.slave_at(at) {
        port.disable_netpoll(rtnl);
        at = at.saturating_add(1);
    }
}

/// Sets netpoll up on a new slave if the bond has it.
pub(super) fn join(bond: &Bond, rtnl: &Rtnl, port: &PortRef) -> Result {
    if !bond.dev().has_netpoll(rtnl) {
        return Ok(());
    }
    port.enable_netpoll(rtnl).map_err(|_| {
        slave_log!(
            Level::Info,
            bond.dev(),
            port.dev(),
            "master_dev is using netpoll, but new slave device does not support netpoll"
        );
        EBUSY
    })
}
