// SPDX-License-Identifier: GPL-2.0

//! Queues bound to slaves (option `queue_id`), in the modes which heed them.

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
    monitor::link::LinkState,
};
use core::marker::PhantomData;

/// A mode, but that packets on the queue of a slave leave by that one. A bond has it while a queue
/// is bound, so the others pay nothing for it.
pub(super) struct ByQueue<M>(PhantomData<M>);

/// The slave whose queue the packet is on, if it can send.
fn bound<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
    let queue = skb.queue();
    if queue == 0 {
        return None;
    }
    let port = bond
        .dev()
        .ports(reading)
        .find(|port| port.queue_id() == queue)?;
    let is_up = port.link() == LinkState::Up.as_u8() && port.dev().is_running_with_carrier();
    is_up.then_some(port)
}

impl<M: Transmit<Bond>> Transmit<Bond> for ByQueue<M> {
    fn transmit(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        match bound(bond, &skb, reading) {
            Some(port) => Some(skb.send(port.dev())),
            None => M::transmit(bond, skb, reading),
        }
    }

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn transmit_polled(bond: &Bond, skb: Skb, reading: Reading<'_>) -> Option<Verdict> {
        match bound(bond, &skb, reading) {
            Some(port) => Some(skb.send_polled(port, reading)),
            None => M::transmit_polled(bond, skb, reading),
        }
    }

    /// Who asks for the slave of a packet has put it on no queue of the bond.
    fn choose<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        M::choose(bond, skb, reading)
    }

    fn choose_frame<'g>(bond: &'g Bond, frame: &[u8], reading: Reading<'g>) -> Option<&'g Port> {
        M::choose_frame(bond, frame, reading)
    }

    fn choose_of_all<'g>(bond: &'g Bond, skb: &Skb, reading: Reading<'g>) -> Option<&'g Port> {
        M::choose_of_all(bond, skb, reading)
    }

    fn choose_for_socket<'g>(bond: &'g Bond, flow: Flow, reading: Reading<'g>) -> Option<&'g Port> {
        M::choose_for_socket(bond, flow, reading)
    }
}
