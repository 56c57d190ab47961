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

/// The part of a slave that never changes, and its counters.
pub(crate) struct Slave {
    /// MAC address that the device had before it was enslaved.
    pub(crate) perm_hwaddr: HwAddr,
    /// MTU in bytes that it had before.
    pub(crate) original_mtu: u32,
    /// Its counters as they were when the bond last looked.
    pub(crate) baseline: Pin<KBox<BhLock<Baseline>>>,
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
