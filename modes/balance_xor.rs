// SPDX-License-Identifier: GPL-2.0

//! Mode 2, balance-xor: a hash of the packet's headers chooses the slave.

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
    modes::hash,
};

/// The mode.
pub(super) struct BalanceXor;

impl Transmit<Bond> for BalanceXor {
    #[inline]
    fn transmit(bond: &Bond, mut skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::choose(bond, &mut skb, reading)?;
        Some(skb.send(port.dev()))
    }

    #[inline(always)]
    fn choose<'g>(bond: &'g Bond, skb: &mut Skb, reading: Reading<'g>) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        view.usable_from(view.count.rem(hash::layer2_frame(skb.linear())))
    }

    fn choose_frame<'g>(bond: &'g Bond, frame: &[u8], reading: Reading<'g>) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        view.usable_from(view.count.rem(hash::layer2_frame(frame)))
    }

    fn choose_of_all<'g>(bond: &'g Bond, skb: &mut Skb, reading: Reading<'g>) -> Option<&'g Port> {
        let all = || bond.dev().ports(reading);
        let count = u32::try_from(all().count()).ok()?;
        let slot = hash::layer2_frame(skb.linear()).checked_rem(count)?;
        all().nth(slot as usize)
    }
}
