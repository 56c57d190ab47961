// SPDX-License-Identifier: GPL-2.0

//! What a packet sees of its bond: an immutable view, published by RCU.

use crate::{
    bond::{
        balance::Balance,
        params::{
            Mode,
            Params, //
        },
        slave::{
            Port,
            PortRef, //
        },
        state::Member, //
    },
    kapi::percpu::Counters,
    modes::{
        modulo::Divisor,
        rlb,
        rr::RoundRobin,
        tlb, //
    },
};

use kernel::{
    prelude::*,
    sync::Arc, //
};

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
    /// Where load decides: the slave of each bucket of flows; otherwise empty.
    buckets: KVec<u16>,
    /// The bytes that were sent, by bucket.
    sent: Option<Arc<Counters>>,
    /// Room to share out buckets.
    shares: KVec<tlb::Slave>,
    /// The slaves, as the receiving side of balance-alb sees them.
    receivers: KVec<rlb::Slave>,
}

impl TxView {
    /// Makes room for `capacity` slaves, and for what the mode needs. Process context.
    pub(crate) fn with_capacity(capacity: usize, params: &Params) -> Result<Self> {
        let (buckets, shares) = match params.balances_by_load() {
            true => (tlb::BUCKETS, capacity),
            false => (0, 0),
        };
        let receivers = match params.mode {
            Mode::Alb => capacity,
            _ => 0,
        };
        Ok(Self {
            receivers: KVec::with_capacity(receivers, GFP_KERNEL)?,
            buckets: KVec::with_capacity(buckets, GFP_KERNEL)?,
            sent: None,
            shares: KVec::with_capacity(shares, GFP_KERNEL)?,
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

    /// Shares out the buckets of flows among the slaves of the view, which `members` tells of.
    /// Any context.
    pub(crate) fn balance(
        &mut self,
        balance: &mut Balance,
        members: &[Member],
        active: Option<u32>,
    ) {
        for port in &self.slaves {
            let member = members.iter().find(|member| member.port.is(port));
            let speed = member.and_then(|member| member.speed);
            let share = tlb::Slave::new(port.dev().ifindex(), speed.map(|(speed, _)| speed));
            // There is room for as many as there are slaves.
            let _ = self.shares.push_within_capacity(share);
        }
        let even_out = core::mem::take(&mut balance.even_out);
        balance.table.assign(&mut self.shares, active, even_out);
        for bucket in 0..tlb::BUCKETS {
            let owner = balance.table.owner(bucket);
            let slot = self.shares.iter().position(|it| Some(it.id()) == owner);
            let slot = slot.and_then(|slot| u16::try_from(slot).ok()).unwrap_or(0);
            // There is room for all, if the room was made for it.
            let _ = self.buckets.push_within_capacity(slot);
        }
        self.sent = Some(balance.sent.clone());
    }

    /// Notes the slaves of `members` that peers may send to, for the receiving side of balance-alb. Any
    /// context.
    pub(crate) fn note_receivers(&mut self, members: &[Member]) {
        for member in members.iter().filter(|member| member.receives) {
            // There is room for as many as there are slaves.
            let _ = self.receivers.push_within_capacity(rlb::Slave {
                id: member.port.dev().ifindex(),
                speed: tlb::counted_speed(member.speed.map(|(speed, _)| speed)),
                fails: !member.can_send(),
            });
        }
    }

    /// The slaves, as the receiving side of balance-alb sees them.
    pub(crate) fn receivers(&self) -> &[rlb::Slave] {
        &self.receivers
    }

    /// The slave with an interface index.
    pub(crate) fn by_id(&self, id: u32) -> Option<&Port> {
        let port = self.slaves.iter().find(|port| port.dev().ifindex() == id);
        port.map(|port| &**port)
    }

    /// Whether load decides.
    #[inline]
    pub(crate) fn is_by_load(&self) -> bool {
        self.sent.is_some()
    }

    /// The slave for a flow with this hash, of which so many bytes are sent now.
    #[inline(always)]
    pub(crate) fn for_flow(&self, hash: u32, bytes: u32) -> Option<&Port> {
        let bucket = (hash & 0xff) as usize;
        match self.buckets.get(bucket) {
            Some(slot) => {
                self.count(bucket, bytes);
                self.usable_from(u32::from(*slot))
            }
            None => self.usable_from(self.count.rem(hash)),
        }
    }

    /// Counts what the active slave alone may send.
    #[inline]
    pub(crate) fn count_unbalanced(&self, bytes: u32) {
        self.count(tlb::UNBALANCED, bytes);
    }

    /// Counts bytes, where load decides.
    #[inline]
    fn count(&self, bucket: usize, bytes: u32) {
        if let Some(sent) = &self.sent {
            sent.add(bucket, bytes);
        }
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
