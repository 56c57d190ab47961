// SPDX-License-Identifier: GPL-2.0

//! Mode 1, active-backup: one slave sends and receives, the others stand by.

use crate::{
    bond::Bond,
    kapi::{
        ops::Transmit,
        rcu::Reading,
        skb::{
            Skb,
            Verdict, //
        },
    },
};

/// The mode.
pub(super) struct ActiveBackup;

impl Transmit<Bond> for ActiveBackup {
    #[inline]
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let active = bond.dev().active(reading)?;
        Some(skb.send(active.dev()))
    }
}
