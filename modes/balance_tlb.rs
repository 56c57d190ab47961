// SPDX-License-Identifier: GPL-2.0

//! Mode 5, balance-tlb: flows are spread by load and speed, with each slave's own address as their
//! source; what comes in comes in by the active slave.

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
    modes::tlb,
};
use core::marker::PhantomData;

/// The mode, with a hash policy.
pub(super) struct BalanceTlb<P>(PhantomData<P>);

impl<P: Policy> BalanceTlb<P> {
    /// The slave that is to send the packet, which is counted, and then has that slave's address as
    /// its source.
    #[inline(always)]
    fn prepare<'g>(bond: &'g Bond, skb: &mut Skb, reading: Reading<'g>) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        let active = bond.dev().active(reading);
        if !tlb::is_balanced(skb, skb.network()) {
            view.count_unbalanced(skb.len());
            return active.filter(|port| port.dev().is_running_with_carrier());
        }
        let port = view.for_flow(P::of_packet(bond, skb), skb.len())?;
        if active.is_some_and(|active| core::ptr::eq(active, port)) {
            return Some(port);
        }
        skb.set_source(port.dev()).then_some(port)
    }
}

impl<P: Policy> Transmit<Bond> for BalanceTlb<P> {
    #[inline]
    fn transmit(bond: &Bond, mut skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::prepare(bond, &mut skb, reading)?;
        Some(skb.send(port.dev()))
    }

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn transmit_polled(bond: &Bond, mut skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::prepare(bond, &mut skb, reading)?;
        Some(skb.send_polled(port, reading))
    }

    /// As in the C driver, only for packets that are balanced.
    fn choose<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        if !tlb::is_balanced(skb, skb.network()) {
            return None;
        }
        bond.view(reading)?.for_flow(P::of_packet(bond, skb), 0)
    }

    /// The mode takes no programs.
    fn choose_frame<'g>(_bond: &'g Bond, _frame: &[u8], _reading: Reading<'g>) -> Option<&'g Port> {
        None
    }
}
