// SPDX-License-Identifier: GPL-2.0

//! Mode 2, balance-xor: a hash of the packet's headers chooses the slave.

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
    modes::hash,
};

/// The mode.
pub(super) struct BalanceXor;

impl Transmit<Bond> for BalanceXor {
    #[inline]
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let view = bond.view(reading)?;
        let slot = view.count.rem(hash::layer2_frame(skb.linear()));
        let port = view.usable_from(slot)?;
        Some(skb.send(port.dev()))
    }
}
