// SPDX-License-Identifier: GPL-2.0

//! Mode 2, balance-xor: a hash of the packet's headers chooses the slave.

use super::policy::Policy;
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
    modes::hash::Flow,
};
use core::marker::PhantomData;

/// The mode, with a hash policy.
pub(super) struct BalanceXor<P>(PhantomData<P>);

/// The slave that sends what hashes to `hash`.
#[inline(always)]
fn slave_for<'g>(bond: &'g Bond, hash: u32, reading: Reading<'g>) -> Option<&'g Port> {
    let view = bond.view(reading)?;
    view.usable_from(view.count.rem(hash))
}

impl<P: Policy> Transmit<Bond> for BalanceXor<P> {
    #[inline]
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::choose(bond, &skb, reading)?;
        Some(skb.send(port.dev()))
    }

    #[inline(always)]
    fn choose<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        slave_for(bond, P::of_packet(bond, skb), reading)
    }

    fn choose_frame<'g>(bond: &'g Bond, frame: &[u8], reading: Reading<'g>) -> Option<&'g Port> {
        slave_for(bond, P::of_frame(bond, frame), reading)
    }

    fn choose_of_all<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        let all = || bond.dev().ports(reading);
        let count = u32::try_from(all().count()).ok()?;
        let slot = P::of_packet(bond, skb).checked_rem(count)?;
        all().nth(slot as usize)
    }

    fn choose_for_socket<'g>(bond: &'g Bond, flow: Flow, reading: Reading<'g>) -> Option<&'g Port> {
        slave_for(bond, P::of_socket(flow)?, reading)
    }
}
