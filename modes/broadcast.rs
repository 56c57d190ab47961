// SPDX-License-Identifier: GPL-2.0

//! Mode 3, broadcast: every slave sends every packet.

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
pub(super) struct Broadcast;

impl Transmit<Bond> for Broadcast {
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        let view = bond.view(reading)?;
        let mut usable = view
            .slaves()
            .iter()
            .filter(|port| port.dev().is_running_with_carrier());
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
}
