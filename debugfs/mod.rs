// SPDX-License-Identifier: GPL-2.0

//! The face in debugfs: `bonding/<bond>@<inode of its network namespace>/state`.

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

/// The directory of a bond, with its file; removed when dropped.
pub(crate) struct StateFile(#[expect(dead_code, reason = "kept to be dropped")] debugfs::BondDir);

impl StateFile {
    /// Makes the directory of `dev`, a registered bond, with the name which that has now.
    ///
    /// A bond does without if it can't be made.
    pub(crate) fn create(rtnl: &Rtnl, dev: &BondDev<Bond>) -> Option<Self> {
        let (bond, netns) = (dev.name(), dev.netns_inode());
        let dir = debugfs::BondDir::create::<Bond, State>(
            rtnl,
            dev,
            format_args!("{bond}@{netns}"),
            c"state",
        );
        dir.ok().map(Self)
    }
}
