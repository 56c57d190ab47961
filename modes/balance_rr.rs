// SPDX-License-Identifier: GPL-2.0

//! Mode 0, balance-rr: the slaves take turns.

use crate::{
    bond::{
        slave::Port,
        view::TxView,
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
    modes::rr::{
        self,
        Ticket, //
    },
};

/// The mode.
pub(super) struct BalanceRr;

impl Transmit<Bond> for BalanceRr {
    #[inline]
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let port = Self::choose(bond, &skb, reading)?;
        Some(skb.send(port.dev()))
    }

    #[inline(always)]
    fn choose<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        if skb.is_igmp() {
            return for_reports(bond, view, reading);
        }
        next(bond, view)
    }

    fn choose_frame<'g>(bond: &'g Bond, frame: &[u8], reading: Reading<'g>) -> Option<&'g Port> {
        let view = bond.view(reading)?;
        if rr::is_igmp(frame) {
            return for_reports(bond, view, reading);
        }
        next(bond, view)
    }
}

/// The slave for membership reports: always the same, so that switches learn one port for them.
#[inline]
fn for_reports<'g>(bond: &'g Bond, view: &'g TxView, reading: Reading<'g>) -> Option<&'g Port> {
    let active = bond.dev().active(reading);
    let active = active.filter(|port| port.dev().is_running_with_carrier());
    active.or_else(|| view.usable_from(0))
}

/// The slave whose turn it is.
#[inline(always)]
fn next<'g>(bond: &'g Bond, view: &'g TxView) -> Option<&'g Port> {
    let ticket = match view.turns.ticket() {
        Ticket::Counter => bond.dev().next_ticket(),
        Ticket::Random => random::u32(),
    };
    view.usable_from(view.turns.slot(ticket, &view.count))
}
