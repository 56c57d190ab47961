// SPDX-License-Identifier: GPL-2.0

//! Mode 6, balance-alb: flows are spread as in balance-tlb, by their destination, and by ARP each peer
//! is told the address of a slave of its own to send to.

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
    modes::alb::{
        self,
        Sender, //
    },
};
use core::marker::PhantomData;

/// The mode, with a hash policy.
pub(super) struct BalanceAlb<P>(PhantomData<P>);

impl<P: Policy> BalanceAlb<P> {
    /// The slave for a flow.
    #[inline(always)]
    fn for_flow<'g>(
        bond: &'g Bond,
        skb: &Skb,
        hash: u32,
        bytes: u32,
        reading: Reading<'g>,
    ) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        let hash = if view.is_by_load() {
            hash
        } else {
            P::of_packet(bond, skb)
        };
        view.for_flow(hash, bytes)
    }

    /// The slave that is to send the packet, which is counted, and then has that slave's address as
    /// its source. Of ARP it is the one that `by_client` says.
    #[inline(always)]
    fn prepare<'g>(
        bond: &'g Bond,
        skb: &mut Skb,
        reading: Reading<'g>,
        by_client: impl FnOnce(&mut Skb) -> Option<&'g Port>,
    ) -> Option<&'g Port> {
        let active = bond.dev().active(reading);
        let chosen = match alb::sender(skb, skb.network()) {
            Sender::Any(hash) => Self::for_flow(bond, skb, hash, skb.len(), reading),
            Sender::ByClient => by_client(skb),
            Sender::Active => None,
        };
        let Some(port) = chosen else {
            bond.view(reading)?.count_unbalanced(skb.len());
            return active.filter(|port| port.dev().is_running_with_carrier());
        };
        if active.is_some_and(|active| core::ptr::eq(active, port)) {
            return Some(port);
        }
        skb.set_source(port.dev()).then_some(port)
    }
}

impl<P: Policy> Transmit<Bond> for BalanceAlb<P> {
    #[inline]
    fn transmit(bond: &Bond, mut skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let by_client = |skb: &mut Skb| bond.sender_of_arp(skb, reading);
        let port = Self::prepare(bond, &mut skb, reading, by_client)?;
        Some(skb.send(port.dev()))
    }

    /// With interrupts off the clients can't be asked for: ARP goes by the active slave.
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn transmit_polled(bond: &Bond, mut skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::prepare(bond, &mut skb, reading, |_| None)?;
        Some(skb.send_polled(port, reading))
    }

    /// Only for packets of which flows are balanced.
    fn choose<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        match alb::sender(skb, skb.network()) {
            Sender::Any(hash) => Self::for_flow(bond, skb, hash, 0, reading),
            Sender::ByClient | Sender::Active => None,
        }
    }

    /// The mode takes no programs.
    fn choose_frame<'g>(_bond: &'g Bond, _frame: &[u8], _reading: Reading<'g>) -> Option<&'g Port> {
        None
    }
}
