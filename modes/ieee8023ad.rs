// SPDX-License-Identifier: GPL-2.0

//! Mode 4, 802.3ad: LACP decides which slaves are in the view, a hash chooses among them. Packets
//! that look for neighbours go by all of them if option `broadcast_neighbor` says so.

use super::{
    balance_xor::BalanceXor,
    broadcast::Broadcast,
    neighbour,
    policy::Policy, //
};
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
pub(super) struct Ieee8023ad<P>(PhantomData<P>);

/// Whether all slaves send the packet.
#[inline(always)]
fn goes_to_all(bond: &Bond, skb: &Skb, reading: Reading<'_>) -> bool {
    let view = bond.view(reading);
    view.is_some_and(|view| view.neighbours_by_all) && neighbour::is_discovery(skb.linear())
}

impl<P: Policy> Transmit<Bond> for Ieee8023ad<P> {
    #[inline]
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        if goes_to_all(bond, &skb, reading) {
            return Broadcast::transmit(bond, skb, reading);
        }
        BalanceXor::<P>::transmit(bond, skb, reading)
    }

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn transmit_polled(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        if goes_to_all(bond, &skb, reading) {
            return Broadcast::transmit_polled(bond, skb, reading);
        }
        BalanceXor::<P>::transmit_polled(bond, skb, reading)
    }

    #[inline(always)]
    fn choose<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        BalanceXor::<P>::choose(bond, skb, reading)
    }

    fn choose_frame<'g>(bond: &'g Bond, frame: &[u8], reading: Reading<'g>) -> Option<&'g Port> {
        BalanceXor::<P>::choose_frame(bond, frame, reading)
    }

    fn choose_of_all<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        BalanceXor::<P>::choose_of_all(bond, skb, reading)
    }

    fn choose_for_socket<'g>(bond: &'g Bond, flow: Flow, reading: Reading<'g>) -> Option<&'g Port> {
        BalanceXor::<P>::choose_for_socket(bond, flow, reading)
    }
}
