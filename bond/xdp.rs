// SPDX-License-Identifier: GPL-2.0

//! XDP programs on a bond: they run on its slaves, and what they send back leaves by the slave that
//! the bond chooses.

use crate::{
    bond::{
        enslave::refuse,
        slave::PortRef,
        Bond, //
    },
    kapi::{
        log::{
            slave_log,
            Level, //
        },
        net_device::{
            ExtAck,
            NetDevice, //
        },
        rtnl::Rtnl,
        xdp::{
            self,
            Program,
            XDP_FEATURES, //
        },
    },
};

use kernel::prelude::*;

/// Why a slave with a program of its own can't run the bond's.
const OWN_PROGRAM: &CStr = c"Slave has XDP program loaded, please unload before enslaving";

/// Has a slave run `program`, or says why not.
fn load(
    bond: &Bond,
    rtnl: &Rtnl,
    dev: &NetDevice,
    program: &Program,
    extack: &ExtAck<'_>,
    unable: &'static CStr,
) -> Result {
    if !dev.supports_xdp() {
        return Err(refuse(bond, Some(dev), extack, unable, EOPNOTSUPP));
    }
    if dev.has_own_xdp(rtnl) {
        return Err(refuse(bond, Some(dev), extack, OWN_PROGRAM, EOPNOTSUPP));
    }
    dev.set_xdp(rtnl, Some(program), extack)
        .inspect_err(|error| log_failure(bond, dev, *error, "calling ndo_bpf"))
}

/// Says what went wrong with a slave's program.
fn log_failure(bond: &Bond, dev: &NetDevice, error: Error, what: &str) {
    let errno = error.to_errno();
    slave_log!(Level::Err, bond.dev(), dev, "Error {errno} {what}");
}

/// Has a slave run what it did before, or nothing. There is nobody to tell of a failure but the log.
fn restore(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice, program: Option<&Program>) {
    if let Err(error) = dev.set_xdp(rtnl, program, &ExtAck::none()) {
        log_failure(bond, dev, error, "when unwinding XDP program change");
    }
}

/// Loads `program` on all slaves, or on none; without one, unloads what they have.
pub(super) fn set(
    bond: &Bond,
    rtnl: &Rtnl,
    program: Option<&Program>,
    extack: &ExtAck<'_>,
) -> Result {
    let old = bond.xdp_program();
    match program {
        None => {
            if old.is_some() {
                bond.for_each_slave(rtnl, |dev| {
                    restore(bond, rtnl, dev, None);
                    Ok(())
                })?;
            }
        }
        Some(_) if !bond.params().supports_xdp() => {
            let why = c"No native XDP support for the current bonding mode";
            return Err(refuse(bond, None, extack, why, EOPNOTSUPP));
        }
        Some(program) => bond.set_all(
            rtnl,
            |dev| {
                let unable = c"Slave device does not support XDP";
                load(bond, rtnl, dev, program, extack, unable)
            },
            |dev| restore(bond, rtnl, dev, old.as_ref()),
        )?,
    }
    if program.is_some() != old.is_some() {
        xdp::count_masters(rtnl, program.is_some());
    }
    let program = program.cloned();
    let replaced = core::mem::replace(&mut *bond.program.lock(), program);
    drop(replaced);
    Ok(())
}

/// Has a new slave run the bond's program, if it has one. Returns whether it does.
pub(super) fn join(bond: &Bond, rtnl: &Rtnl, port: &PortRef, extack: &ExtAck<'_>) -> Result<bool> {
    let Some(program) = bond.xdp_program() else {
        return Ok(false);
    };
    let unable = c"Slave does not support XDP";
    load(bond, rtnl, port.dev(), &program, extack, unable)?;
    Ok(true)
}

/// Takes the bond's program from a slave that leaves.
pub(super) fn leave(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice) {
    if bond.xdp_program().is_some() {
        if let Err(error) = dev.set_xdp(rtnl, None, &ExtAck::none()) {
            log_failure(bond, dev, error, "when unloading the XDP program");
        }
    }
}

/// Says what XDP can do on the bond: what it can on each slave, if the mode lets it.
pub(super) fn update_features(bond: &Bond, rtnl: &Rtnl) {
    let mut features = 0;
    if bond.params().supports_xdp() && bond.has_slaves() {
        features = XDP_FEATURES;
        let _ = bond.for_each_slave(rtnl, |dev| {
            features &= dev.xdp_features();
            Ok(())
        });
    }
    bond.dev().set_xdp_features(rtnl, features);
}

impl Bond {
    /// The program that the bond's slaves run.
    pub(super) fn xdp_program(&self) -> Option<Program> {
        self.program.lock().clone()
    }
}
