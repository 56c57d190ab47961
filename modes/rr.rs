// SPDX-License-Identifier: GPL-2.0

//! balance-rr: whose turn it is.

#![forbid(unsafe_code)]

use crate::modes::modulo::Divisor;

/// Where the number comes from which [`RoundRobin::slot`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ticket {
    /// Random, for every frame.
    Random,
    /// A counter of frames on this CPU, increased before it is used.
    Counter,
}

/// The option `packets_per_slave`, ready for use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoundRobin {
    /// Frames before the next slave; `None` chooses at random.
    packets: Option<Divisor>,
}

impl RoundRobin {
    /// Prepares a value of the option.
    pub(crate) const fn new(packets_per_slave: u16) -> RoundRobin {
        RoundRobin {
            // CAST: Lossless; `From` is not usable in a const fn.
            packets: Divisor::new(packets_per_slave as u32),
        }
    }

    /// Returns which number to take for each frame.
    #[inline]
    pub(crate) const fn ticket(&self) -> Ticket {
        match self.packets {
            None => Ticket::Random,
            Some(_) => Ticket::Counter,
        }
    }

    /// Returns the index of the slave whose turn it is, less than `slaves`.
    #[inline]
    pub(crate) const fn slot(&self, ticket: u32, slaves: &Divisor) -> u32 {
        let turn = match &self.packets {
            None => ticket,
            Some(packets) => packets.div(ticket),
        };
        slaves.rem(turn)
    }
}

/// Tells whether an Ethernet frame, of which `frame` is the first part, is an IGMP packet over IPv4
/// (RFC 791 and 3376).
pub(crate) fn is_igmp(frame: &[u8]) -> bool {
    const HEADERS: usize = 14 + 20;
    let at = |index: usize| frame.get(index).copied();
    frame.len() >= HEADERS && at(12) == Some(0x08) && at(13) == Some(0) && at(14 + 9) == Some(2)
}
