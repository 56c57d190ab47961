// SPDX-License-Identifier: GPL-2.0

//! The face in procfs: `/proc/net/bonding/<bond>`.

pub(crate) mod format;

use crate::{
    bond::Bond,
    kapi::{
        log::{
            bond_log,
            Level, //
        },
        net_device::NetDevice,
        procfs::{
            self,
            BondText,
            Text, //
        },
        rtnl::Rtnl, //
    }, //
};

use kernel::prelude::*;

/// The text of the file: one of the bond, then one of each slave.
struct Report;

impl BondText<Bond> for Report {
    fn write(bond: &Bond, text: &mut Text<'_>) -> Result {
        bond.snapshot(|bond| {
            format::header(bond, text)?;
            bond.slaves
                .iter()
                .try_for_each(|slave| format::slave(bond, slave, text))
        })??;
        Ok(())
    }
}

/// The file of a bond; removed when dropped.
pub(crate) struct ProcFile(#[expect(dead_code, reason = "kept to be dropped")] procfs::ProcFile);

impl ProcFile {
    /// Makes the file of `dev`, a registered bond, with the name which that has now.
    ///
    /// A bond does without if it can't be made.
    pub(crate) fn create(rtnl: &Rtnl, dev: &NetDevice) -> Option<Self> {
        match procfs::ProcFile::create::<Bond, Report>(rtnl, dev) {
            Ok(file) => Some(Self(file)),
            Err(error) => {
                // Where there is no directory, that has been said.
                if error != ENOENT {
                    bond_log!(
                        Level::Warn,
                        dev,
                        "Cannot create /proc/net/bonding/{}",
                        dev.name()
                    );
                }
                None
            }
        }
    }
}
