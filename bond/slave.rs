// SPDX-License-Identifier: GPL-2.0

//! What the driver keeps of a slave beside what C code sees.

use crate::{
    bond::{
        addr::HwAddr,
        stats::Baseline, //
    },
    kapi::{
        lock::{
            new_bh_lock,
            BhLock, //
        },
        port, //
    },
    monitor::targets,
};

use core::sync::atomic::{
    AtomicU64,
    Ordering, //
};
use kernel::prelude::*;

/// A slave.
pub(crate) type Port = port::Port<Slave>;

/// A counted reference to a slave.
pub(crate) type PortRef = port::PortRef<Slave>;

/// What the ARP monitor notes of a slave, in ticks. Packets write it without a lock.
pub(crate) struct Signs {
    /// When the slave last heard what counts.
    last_rx: AtomicU64,
    /// When it last asked a target.
    last_tx: AtomicU64,
    /// When it last came up, or was made the active slave or the candidate.
    last_up: AtomicU64,
    /// When each target was last heard of: the IPv4 ones by their index, then the IPv6 ones.
    targets: [AtomicU64; 2 * targets::MAX],
}

/// A target by its place in the times of [`Signs`].
#[derive(Clone, Copy)]
pub(crate) struct Place(usize);

impl Place {
    /// That of an IPv4 target.
    pub(crate) const fn ip4(index: usize) -> Self {
        Self(index)
    }

    /// That of an IPv6 target.
    pub(crate) const fn ip6(index: usize) -> Self {
        Self(index.saturating_add(targets::MAX))
    }
}

impl Signs {
    /// Nothing noted yet.
    const fn new() -> Self {
        Self {
            last_rx: AtomicU64::new(0),
            last_tx: AtomicU64::new(0),
            last_up: AtomicU64::new(0),
            targets: [const { AtomicU64::new(0) }; 2 * targets::MAX],
        }
    }

    /// Starts anew, as if the slave had last been heard of a little more than an `interval` before
    /// `now`, and come up now.
    pub(crate) fn restart(&self, now: u64, interval: u64) {
        let before = now.saturating_sub(interval.saturating_add(1));
        self.last_rx.store(before, Ordering::Relaxed);
        self.last_tx.store(before, Ordering::Relaxed);
        for place in &self.targets {
            place.store(before, Ordering::Relaxed);
        }
        self.note_up(now);
    }

    /// Notes that something was heard, of that target if it was one. A time is
    /// written once a tick at most, so that CPUs which receive don't fight for it.
    pub(crate) fn hear(&self, now: u64, target: Option<Place>) {
        let place = target.and_then(|place| self.targets.get(place.0));
        for place in [Some(&self.last_rx), place].into_iter().flatten() {
            if place.load(Ordering::Relaxed) != now {
                place.store(now, Ordering::Relaxed);
            }
        }
    }

    /// Notes that the slave asked.
    pub(crate) fn note_tx(&self, now: u64) {
        self.last_tx.store(now, Ordering::Relaxed);
    }

    /// Notes that the slave came up, or was made the active one or the candidate.
    pub(crate) fn note_up(&self, now: u64) {
        self.last_up.store(now, Ordering::Relaxed);
    }

    /// When the slave last heard what counts. If `all` is given, each of so many IPv4 and IPv6
    /// targets must have been heard of: it is the time of that which has been silent for longest.
    pub(crate) fn last_rx(&self, all: Option<(usize, usize)>) -> u64 {
        let (ip4, ip6) = all.unwrap_or((0, 0));
        let (first, second) = self.targets.split_at(targets::MAX);
        let targets = Iterator::chain(first.iter().take(ip4), second.iter().take(ip6));
        let oldest = targets.map(|place| place.load(Ordering::Relaxed)).min();
        oldest.unwrap_or_else(|| self.last_rx.load(Ordering::Relaxed))
    }

    /// When the slave last asked.
    pub(crate) fn last_tx(&self) -> u64 {
        self.last_tx.load(Ordering::Relaxed)
    }

    /// When the slave last came up.
    pub(crate) fn last_up(&self) -> u64 {
        self.last_up.load(Ordering::Relaxed)
    }

    /// A target is added: it has time from `now` on.
    pub(crate) fn begin(&self, place: Place, now: u64) {
        if let Some(place) = self.targets.get(place.0) {
            place.store(now, Ordering::Relaxed);
        }
    }

    /// The IPv4 target at an index is removed: those behind it move up.
    pub(crate) fn forget_ip4(&self, at: usize) {
        let Some(rest) = self.targets.get(at..targets::MAX) else {
            return;
        };
        for (to, from) in rest.iter().zip(rest.iter().skip(1)) {
            to.store(from.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

/// The part of a slave that never changes, its counters, and what it hears.
pub(crate) struct Slave {
    /// MAC address that the device had before it was enslaved.
    pub(crate) perm_hwaddr: HwAddr,
    /// MTU in bytes that it had before.
    pub(crate) original_mtu: u32,
    /// Its counters as they were when the bond last looked.
    pub(crate) baseline: Pin<KBox<BhLock<Baseline>>>,
    /// What the ARP monitor notes.
    pub(crate) signs: Signs,
    /// Frames which it was to send and was not given.
    drops: AtomicU64,
}

impl Slave {
    /// Notes what a device is like before it becomes a slave.
    pub(crate) fn new(perm_hwaddr: HwAddr, original_mtu: u32) -> Result<Self> {
        Ok(Self {
            perm_hwaddr,
            original_mtu,
            baseline: KBox::pin_init(
                new_bh_lock!(Baseline::default(), "bonding_slave_stats"),
                GFP_KERNEL,
            )?,
            signs: Signs::new(),
            drops: AtomicU64::new(0),
        })
    }

    /// Counts a frame which it was to send and is not given.
    #[cold]
    pub(crate) fn count_drop(&self) {
        self.drops.fetch_add(1, Ordering::Relaxed);
    }

    /// How many such frames there were.
    pub(crate) fn drops(&self) -> u64 {
        self.drops.load(Ordering::Relaxed)
    }
}
