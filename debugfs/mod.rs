// SPDX-License-Identifier: GPL-2.0

//! The face in debugfs: `state` and `rlb_hash_table` in
//! `bonding/<bond>@<inode of its network namespace>/`.

pub(crate) mod format;
pub(crate) mod json;

use crate::{
    bond::Bond,
    kapi::{
        debugfs,
        master::BondDev,
        procfs::{
            BondText,
            Text, //
        },
        rtnl::Rtnl, //
    }, //
};

use kernel::prelude::*;

/// The text of the file.
struct State;

impl BondText<Bond> for State {
    fn write(bond: &Bond, text: &mut Text<'_>) -> Result {
        bond.report(|report| format::state(report, text))??;
        Ok(())
    }
}

/// The text of the clients of balance-alb, as the C driver has it.
struct Clients;

impl BondText<Bond> for Clients {
    fn write(bond: &Bond, text: &mut Text<'_>) -> Result {
        bond.report_clients(text)
    }
}

/// The directory of a bond, with its files; removed when dropped.
pub(crate) struct StateFile(#[expect(dead_code, reason = "kept to be dropped")] debugfs::BondDir);

impl StateFile {
    /// Makes the directory of `dev`, a registered bond, with the name which that has now.
    ///
    /// A bond does without if it can't be made.
    pub(crate) fn create(rtnl: &Rtnl, dev: &BondDev<Bond>) -> Option<Self> {
        let (bond, netns) = (dev.name(), dev.netns_inode());
        let dir = debugfs::BondDir::create::<Bond, State, Clients>(
            rtnl,
            dev,
            format_args!("{bond}@{netns}"),
            [c"state", c"rlb_hash_table"],
        );
        dir.ok().map(Self)
    }
}
