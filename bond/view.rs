// SPDX-License-Identifier: GPL-2.0

//! What a packet sees of its bond: an immutable view, published by RCU.

use crate::{
    bond::{
        params::Params,
        slave::{
            Port,
            PortRef, //
        },
    },
    modes::{
        modulo::Divisor,
        rr::RoundRobin, //
    },
};

use kernel::prelude::*;

/// The slaves that packets may be sent by, in the order in which they were enslaved, and what the
/// mode needs to choose among them.
pub(crate) struct TxView {
    slaves: KVec<PortRef>,
    /// Prepared for `x % slaves.len()`.
    pub(crate) count: Divisor,
    /// The turns of balance-rr.
    pub(crate) turns: RoundRobin,
    /// Packets that look for neighbours go by all slaves (802.3ad, `broadcast_neighbor`).
    pub(crate) neighbours_by_all: bool,
}

impl TxView {
    /// Makes room for `capacity` slaves. Process context.
    pub(crate) fn with_capacity(capacity: usize) -> Result<Self> {
        Ok(Self {
            slaves: KVec::with_capacity(capacity, GFP_KERNEL)?,
            count: Divisor::ONE,
            turns: RoundRobin::new(1),
            neighbours_by_all: false,
        })
    }

    /// Fills the view. Returns whether all slaves had room; the others are left out. Any context.
    #[must_use]
    pub(crate) fn fill(&mut self, params: &Params, slaves: impl Iterator<Item = PortRef>) -> bool {
        let mut all = true;
        for slave in slaves {
            all &= self.slaves.push_within_capacity(slave).is_ok();
        }
        let count = u32::try_from(self.slaves.len()).unwrap_or(u32::MAX);
        self.count = Divisor::new(count).unwrap_or(Divisor::ONE);
        self.turns = RoundRobin::new(params.packets_per_slave);
        self.neighbours_by_all = params.broadcast_neighbor;
        all
    }

    /// The slaves that have carrier at this moment.
    #[inline]
    pub(crate) fn usable(&self) -> impl Iterator<Item = &PortRef> {
        self.slaves
            .iter()
            .filter(|port| port.dev().is_running_with_carrier())
    }

    /// The slave at `start`, or else the next one after it that has carrier at this moment.
    #[inline]
    pub(crate) fn usable_from(&self, start: u32) -> Option<&Port> {
        let start = start as usize;
        let first = self.slaves.get(start)?;
        if first.dev().is_running_with_carrier() {
            return Some(first);
        }
        self.next_usable(start)
    }

    /// [`Self::usable_from`] where the first choice lost its carrier and the view is not yet
    /// replaced.
    #[cold]
    fn next_usable(&self, start: usize) -> Option<&Port> {
        let (before, after) = self.slaves.split_at_checked(start)?;
        if let Some(first) = after.first() {
            first.count_drop();
        }
        let usable = |port: &&PortRef| port.dev().is_running_with_carrier();
        let port = after.iter().find(usable);
        port.or_else(|| before.iter().find(usable))
            .map(|port| &**port)
    }
}
