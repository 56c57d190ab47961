// SPDX-License-Identifier: GPL-2.0

//! Mode 1, active-backup: one slave sends and receives, the others stand by.

use crate::{
    bond::{
        slave::Port,
        Bond, //
    },
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
        let port = Self::choose(bond, &skb, reading)?;
        Some(skb.send(port.dev()))
    }

    #[inline(always)]
    fn choose<'g>(bond: &'g Bond, _skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        bond.dev().active(reading)
    }

    fn choose_frame<'g>(bond: &'g Bond, _frame: &[u8], reading: Reading<'g>) -> Option<&'g Port> {
        bond.dev().active(reading)
    }
}
