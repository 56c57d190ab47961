// SPDX-License-Identifier: GPL-2.0

//! All there is to know of a bond at one moment, its history included.

use crate::{
    bond::{
        history::DECISIONS,
        state::{
            Member,
            State, //
        },
        Bond, //
    },
    debugfs::format::{
        BondDetail,
        Report,
        SlaveDetail, //
    },
    kapi::{
        net_device::Stats,
        rcu::Reading,
        time::{
            boottime_ms,
            now_ms,
            realtime_ms, //
        },
    },
};

use kernel::prelude::*;

impl Member {
    /// What only the report tells of the slave.
    fn detail(&self, now_ms: u64) -> SlaveDetail {
        let dev = self.port.dev();
        let deadline = self.link.deadline();
        SlaveDetail {
            ifindex: dev.ifindex(),
            carrier: dev.is_running_with_carrier(),
            delay_left_ms: deadline.map(|at| at.saturating_sub(now_ms)),
            failovers: self.failovers,
            drops: self.port.drops(),
        }
    }
}

impl State {
    /// What only the report tells of the bond.
    fn detail(&self, bond: &Bond, tx_dropped: u64) -> BondDetail {
        let dev = bond.dev();
        BondDetail {
            name: dev.name(),
            ifindex: dev.ifindex(),
            netns: dev.netns_inode(),
            running: self.running,
            wanted_primary: self.primary,
            tx_dropped,
            boottime_ms: boottime_ms(),
            realtime_ms: realtime_ms(),
        }
    }
}

impl Bond {
    /// Calls `f` with all there is to know of the bond at this moment. Process context.
    pub(crate) fn report<R>(&self, f: impl FnOnce(&Report<'_>) -> R) -> Result<R> {
        let mut stats = Stats::default();
        // Asks the slaves, so not under the bond's lock.
        Reading::with(|reading| self.dev().read_stats(&mut stats, reading));
        let mut decisions = KVec::with_capacity(DECISIONS, GFP_KERNEL)?;
        loop {
            let count = self.slave_count();
            let mut slaves = KVec::with_capacity(count, GFP_KERNEL)?;
            let mut details = KVec::with_capacity(count, GFP_KERNEL)?;
            let state = self.state.lock();
            if state.members.len() > count {
                continue;
            }
            // There is room for all that is pushed: that was just asked.
            let now = now_ms();
            for member in &state.members {
                let _ = slaves.push_within_capacity(member.snapshot(state.is_lacp()));
                let _ = details.push_within_capacity(member.detail(now));
            }
            for decision in state.history.iter() {
                let _ = decisions.push_within_capacity(*decision);
            }
            let total = state.history.total();
            let bond = state.snapshot(self, &slaves);
            let detail = state.detail(self, stats.tx_dropped());
            drop(state);
            return Ok(f(&Report {
                bond: &bond,
                detail,
                slaves: &details,
                decisions: &decisions,
                total,
            }));
        }
    }
}
