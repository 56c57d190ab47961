// SPDX-License-Identifier: GPL-2.0

//! balance-tlb: which flows leave by which slave, and when that is thought over.
//!
//! Flows fall into buckets by the low byte of their hash. Every bucket belongs to a slave at all
//! times, so that a packet has but to look: buckets that were busy go to slaves by what they sent and
//! what the slaves can send, idle ones in proportion to what is left.

#![forbid(unsafe_code)]

use core::ops::DerefMut;

use crate::modes::hash::{
    Frame,
    Network,
    IPV4,
    IPV6, //
};

/// Number of buckets.
pub(crate) const BUCKETS: usize = 256;

/// Where the bytes count that are in no bucket: what only the active slave may send.
pub(crate) const UNBALANCED: usize = BUCKETS;

/// Number of counters: one for each bucket, and that.
pub(crate) const COUNTERS: usize = BUCKETS + 1;

/// How often the load is thought over, in ms (`BOND_TLB_REBALANCE_INTERVAL`).
pub(crate) const INTERVAL_MS: u64 = 10_000;

/// Speed in Mb/s by which a slave counts when none is known.
const UNKNOWN_SPEED: u32 = 1000;

/// The speed in Mb/s by which a slave counts.
pub(crate) fn counted_speed(speed: Option<u32>) -> u32 {
    speed.filter(|speed| *speed != 0).unwrap_or(UNKNOWN_SPEED)
}

/// A slave that can send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slave {
    /// What tells it from all others; not 0.
    id: u32,
    /// What it can still take, in bit/s; less than 0 where it has more than that.
    free: i64,
    /// How many of the buckets it has that are being spread.
    buckets: u16,
}

impl Slave {
    /// A slave with a speed in Mb/s, if that is known, and nothing to send.
    pub(crate) fn new(id: u32, speed: Option<u32>) -> Slave {
        Slave {
            id,
            free: i64::from(counted_speed(speed)).saturating_mul(1_000_000),
            buckets: 0,
        }
    }

    /// What tells it from all others.
    pub(crate) const fn id(&self) -> u32 {
        self.id
    }

    /// Gives it a bucket that counts as so many bit/s.
    fn take(&mut self, weight: i64) {
        self.free = self.free.saturating_sub(weight);
        self.buckets = self.buckets.saturating_add(1);
    }

    /// Takes it away again.
    fn give_up(&mut self, weight: i64) {
        self.free = self.free.saturating_add(weight);
        self.buckets = self.buckets.saturating_sub(1);
    }
}

/// One of the buckets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    /// The slave that has it; 0 is none.
    owner: u32,
    /// What flows in it sent in the last interval, in bit/s.
    load: i64,
}

/// What buckets are told apart by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Something was sent in them.
    Busy,
    /// Nothing was.
    Idle,
}

impl Bucket {
    /// A bucket that nobody has, and in which nothing was sent.
    pub(crate) const NEW: Bucket = Bucket { owner: 0, load: 0 };

    /// Whether it is of this kind.
    fn is(&self, kind: Kind) -> bool {
        (self.load == 0) == (kind == Kind::Idle)
    }

    /// As how much it counts, if an idle one does as `share`.
    fn weight(&self, share: i64) -> i64 {
        match self.load {
            0 => share,
            load => load,
        }
    }
}

/// The buckets, of which `B` is an array of [`BUCKETS`], and `C` one of [`COUNTERS`] numbers.
#[derive(Debug)]
pub(crate) struct Table<B, C> {
    buckets: B,
    /// What the active slave had to send beside, in the last interval, in bit/s.
    unbalanced: i64,
    /// The counters when they were last looked at.
    seen: C,
    /// When that was, in ms.
    since_ms: u64,
}

impl<B: DerefMut<Target = [Bucket]>, C: DerefMut<Target = [u64]>> Table<B, C> {
    /// A table made of new buckets, at `now_ms`, with counters that are all 0, as those in `seen`.
    pub(crate) fn new(buckets: B, seen: C, now_ms: u64) -> Self {
        Table {
            buckets,
            unbalanced: 0,
            seen,
            since_ms: now_ms,
        }
    }

    /// When the next interval ends, in ms.
    pub(crate) fn due_ms(&self) -> u64 {
        self.since_ms.saturating_add(INTERVAL_MS)
    }

    /// Ends an interval: takes what was sent in it for what will be sent, by counters of bytes which
    /// never go back.
    pub(crate) fn measure(&mut self, now_ms: u64, counter: impl Fn(usize) -> u64) {
        let elapsed = now_ms.saturating_sub(self.since_ms).max(1);
        self.since_ms = now_ms;
        for (index, seen) in self.seen.iter_mut().enumerate() {
            let now = counter(index);
            let bytes = now.wrapping_sub(core::mem::replace(seen, now));
            let bits = bytes.saturating_mul(8).saturating_mul(1000);
            let rate = bits.checked_div(elapsed).unwrap_or(0);
            let rate = i64::try_from(rate).unwrap_or(i64::MAX);
            match self.buckets.get_mut(index) {
                Some(bucket) => bucket.load = rate,
                None => self.unbalanced = rate,
            }
        }
    }

    /// The slave that has a bucket; [`None`] if nobody has it.
    pub(crate) fn owner(&self, bucket: usize) -> Option<u32> {
        let owner = self.buckets.get(bucket)?.owner;
        (owner != 0).then_some(owner)
    }

    /// Gives every bucket to one of `slaves`, of which `active` is the active one: those of slaves
    /// which aren't among them any more go to others. Where a slave has none, or if `even_out`, as
    /// few more are moved as it takes. Without slaves nobody has a bucket.
    pub(crate) fn assign(&mut self, slaves: &mut [Slave], active: Option<u32>, even_out: bool) {
        if let Some(slave) = find(slaves, active.unwrap_or(0)) {
            slave.free = slave.free.saturating_sub(self.unbalanced);
        }
        for bucket in self.buckets.iter_mut() {
            if find(slaves, bucket.owner).is_none() {
                bucket.owner = 0;
            }
        }
        let has_some = |slave: &Slave| self.buckets.iter().any(|it| it.owner == slave.id);
        let even_out = even_out || !slaves.iter().all(has_some);
        self.spread(slaves, Kind::Busy, 0, even_out);

        // As how much an idle bucket counts: all of them would take what the others leave.
        let left = slaves.iter().map(|slave| slave.free.max(0));
        let left = left.fold(0i64, i64::saturating_add);
        let idle = self.buckets.iter().filter(|it| it.is(Kind::Idle)).count();
        let idle = i64::try_from(idle).unwrap_or(i64::MAX);
        let share = left.checked_div(idle).unwrap_or(0).max(1);
        self.spread(slaves, Kind::Idle, share, even_out);
    }

    /// Does that for the buckets of one kind, of which idle ones count as `share`.
    fn spread(&mut self, slaves: &mut [Slave], kind: Kind, share: i64, even_out: bool) {
        for slave in slaves.iter_mut() {
            slave.buckets = 0;
        }
        for bucket in self.buckets.iter().filter(|bucket| bucket.is(kind)) {
            if let Some(slave) = find(slaves, bucket.owner) {
                slave.take(bucket.weight(share));
            }
        }
        self.place(slaves, kind, share);
        if even_out {
            // Each move makes it more even; this many are more than it ever takes.
            let _ = (0..2 * BUCKETS).find(|_| !self.move_one(slaves, kind, share));
        }
    }

    /// Gives those buckets of the kind which nobody has to slaves, the busiest first.
    fn place(&mut self, slaves: &mut [Slave], kind: Kind, share: i64) {
        while let Some(bucket) = self.busiest_without_owner(kind) {
            // Of slaves that can take as much, the first.
            let Some(slave) = slaves.iter_mut().rev().max_by_key(|slave| slave.free) else {
                return;
            };
            slave.take(bucket.weight(share));
            bucket.owner = slave.id;
        }
    }

    /// The busiest bucket of a kind that nobody has, and the first of those with the same load.
    fn busiest_without_owner(&mut self, kind: Kind) -> Option<&mut Bucket> {
        let homeless = self.buckets.iter_mut();
        let homeless = homeless.filter(|bucket| bucket.owner == 0 && bucket.is(kind));
        homeless.rev().max_by_key(|bucket| bucket.load)
    }

    /// Moves a bucket from the slave that has most to that which can take most, if that makes it more
    /// even: the one which halves the difference best. Returns whether it did.
    fn move_one(&mut self, slaves: &mut [Slave], kind: Kind, share: i64) -> bool {
        let to = slaves.iter().rev().max_by_key(|slave| slave.free).copied();
        let having = slaves.iter().filter(|slave| slave.buckets > 0);
        let from = having.min_by_key(|slave| slave.free).copied();
        let (Some(to), Some(from)) = (to, from) else {
            return false;
        };
        let difference = to.free.saturating_sub(from.free);
        let bucket = self
            .buckets
            .iter_mut()
            .filter(|it| it.owner == from.id && it.is(kind) && it.weight(share) < difference)
            .min_by_key(|it| (difference / 2).abs_diff(it.weight(share)));
        let Some(bucket) = bucket else {
            return false;
        };
        bucket.owner = to.id;
        if let Some(slave) = find(slaves, to.id) {
            slave.take(bucket.weight(share));
        }
        if let Some(slave) = find(slaves, from.id) {
            slave.give_up(bucket.weight(share));
        }
        true
    }
}

/// The slave with an id.
fn find(slaves: &mut [Slave], id: u32) -> Option<&mut Slave> {
    slaves.iter_mut().find(|slave| slave.id == id)
}

/// Whether any slave may send a frame, and not the active one alone: unicast over IP, but for
/// neighbour discovery, by which peers learn addresses.
#[inline]
pub(crate) fn is_balanced<F: Frame + ?Sized>(frame: &F, network: Network) -> bool {
    let Some([first]) = frame.bytes::<1>(0) else {
        return false;
    };
    // The bit of group addresses.
    if first & 1 != 0 {
        return false;
    }
    match network.protocol {
        IPV4 => true,
        IPV6 => !is_neighbour_discovery(frame, network.offset),
        _ => false,
    }
}

/// Whether a packet of IPv6 is a neighbour solicitation or advertisement (RFC 4861), or too short
/// to say.
pub(crate) fn is_neighbour_discovery<F: Frame + ?Sized>(frame: &F, at: usize) -> bool {
    const ICMPV6: u8 = 58;
    let Some([_, _, _, _, _, _, next, _]) = frame.bytes(at) else {
        return true;
    };
    let after = at.saturating_add(40);
    if next != ICMPV6 {
        // Its addresses must be there.
        return frame.bytes::<1>(after.saturating_sub(1)).is_none();
    }
    match frame.bytes::<8>(after) {
        Some([kind, ..]) => matches!(kind, 135 | 136),
        None => true,
    }
}

/// Length of a learning packet.
pub(crate) const LEARNING: usize = 60;

/// A packet from `mac` to itself, by which switches learn where that is (`ETH_P_LOOPBACK`, which is
/// 0x9000 and not 0x0060, `ETH_P_LOOP`).
pub(crate) fn learning_packet(mac: [u8; 6]) -> [u8; LEARNING] {
    let mut packet = [0; LEARNING];
    let header = mac.iter().chain(&mac).chain(&[0x90, 0x00]);
    for (to, from) in packet.iter_mut().zip(header) {
        *to = *from;
    }
    packet
}
