// SPDX-License-Identifier: GPL-2.0

//! Mode 3, broadcast: every slave sends every packet.

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
pub(super) struct Broadcast;

impl Transmit<Bond> for Broadcast {
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let view = bond.view(reading)?;
        let mut usable = view.usable();
        // The packet itself goes by the first slave, copies by the others: which of them owns it
        // is settled before anybody's state can change.
        let first = usable.next()?;
        let mut sent = None;
        for port in usable {
            let Some(copy) = skb.try_clone() else {
                port.count_drop();
                continue;
            };
            let verdict = copy.send(port.dev());
            sent = sent.or(verdict.is_sent().then_some(verdict));
        }
        let verdict = skb.send(first.dev());
        sent.or(verdict.is_sent().then_some(verdict))
    }

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn transmit_polled(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let view = bond.view(reading)?;
        let mut usable = view.usable();
        let first = usable.next()?;
        for port in usable {
            if let Some(copy) = skb.try_clone() {
                copy.send_polled(port, reading);
            }
        }
        Some(skb.send_polled(first, reading))
    }

    /// A frame of XDP can't be copied.
    fn choose_frame<'g>(_bond: &'g Bond, _frame: &[u8], _reading: Reading<'g>) -> Option<&'g Port> {
        None
    }

    /// No slave stands for all.
    fn choose<'g>(_bond: &'g Bond, _skb: &Skb, _reading: Reading<'g>) -> Option<&'g Port> {
        None
    }
}
