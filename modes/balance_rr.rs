// SPDX-License-Identifier: GPL-2.0

//! Mode 0, balance-rr: the slaves take turns.

use crate::{
    bond::{
        slave::Port,
        Bond, //
    },
    kapi::{
        ops::Transmit,
        random,
        rcu::Reading,
        skb::{
            Skb,
            Verdict, //
        },
    },
    modes::rr::Ticket,
};

/// The mode.
pub(super) struct BalanceRr;

impl Transmit<Bond> for BalanceRr {
    #[inline]
    fn transmit(bond: &Bond, mut skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::choose(bond, &mut skb, reading)?;
        Some(skb.send(port.dev()))
    }

    #[inline(always)]
    fn choose<'g>(bond: &'g Bond, skb: &mut Skb, reading: Reading<'g>) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        // Membership reports go by one slave always, so that switches learn one port for them.
        if skb.is_igmp() {
            let active = bond.dev().active(reading);
            let active = active.filter(|port| port.dev().is_running_with_carrier());
            return active.or_else(|| view.usable_from(0));
        }
        let ticket = match view.turns.ticket() {
            Ticket::Counter => bond.dev().next_ticket(),
            Ticket::Random => random::u32(),
        };
        view.usable_from(view.turns.slot(ticket, &view.count))
    }
}
