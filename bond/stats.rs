// SPDX-License-Identifier: GPL-2.0

//! The bond's counters: what its slaves counted while they were its slaves.

use crate::{
    bond::{
        counters::growth,
        slave::PortRef,
        Bond, //
    },
    kapi::{
        net_device::Stats,
        rcu::Reading, //
    }, //
};

/// A slave's counters when the bond last looked.
#[derive(Default)]
pub(crate) struct Baseline {
    /// The counters.
    stats: Stats,
    /// How many times they were replaced.
    generation: u64,
}

impl Bond {
    /// Notes the counters of a new slave, which are not the bond's.
    pub(crate) fn note_baseline(&self, port: &PortRef) {
        let mut stats = Stats::default();
        Reading::with(|reading| port.dev().read_stats(&mut stats, reading));
        port.baseline.lock().stats = stats;
    }

    /// Adds to the bond's counters what a slave counted since the last time.
    ///
    /// No lock is held while the slave is asked: it may be a bond itself.
    pub(crate) fn fold_stats(&self, port: &PortRef, reading: Reading<'_>) {
        let generation = port.baseline.lock().generation;
        let mut new = Stats::default();
        port.dev().read_stats(&mut new, reading);

        let mut totals = self.totals.lock();
        let mut old = port.baseline.lock();
        if old.generation != generation {
            // Another CPU was faster; going back to what was read here would count twice.
            return;
        }
        let counters = totals.counters_mut().iter_mut().zip(old.stats.counters());
        for ((total, old), new) in counters.zip(new.counters()) {
            *total = total.wrapping_add(growth(*old, *new));
        }
        old.stats = new;
        old.generation = old.generation.wrapping_add(1);
    }

    /// Fills in the bond's counters (`ndo_get_stats64`).
    pub(crate) fn read_stats(&self, stats: &mut Stats, reading: Reading<'_>) {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            self.fold_stats(&port, reading);
            at = at.saturating_add(1);
        }
        *stats = *self.totals.lock();
    }
}
