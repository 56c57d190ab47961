// SPDX-License-Identifier: GPL-2.0

//! Buckets of balance-tlb.

use crate::modes::hash::Network;
use crate::modes::tlb::{
    is_balanced,
    learning_packet,
    Bucket,
    Slave,
    Table as Buckets,
    BUCKETS,
    COUNTERS,
    UNBALANCED, //
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A table as tests have it.
type Table = Buckets<Vec<Bucket>, Vec<u64>>;

/// A new one.
fn table(now_ms: u64) -> Table {
    Table::new(vec![Bucket::NEW; BUCKETS], vec![0; COUNTERS], now_ms)
}

/// Slaves with ids from 1 on, and these speeds.
fn slaves(speeds: &[u32]) -> Vec<Slave> {
    let slave = |(at, speed): (usize, &u32)| Slave::new(at as u32 + 1, Some(*speed));
    speeds.iter().enumerate().map(slave).collect()
}

/// How many buckets each has.
fn counts(table: &Table) -> BTreeMap<u32, usize> {
    let mut counts = BTreeMap::new();
    for bucket in 0..BUCKETS {
        *counts.entry(table.owner(bucket).unwrap_or(0)).or_insert(0) += 1;
    }
    counts
}

/// Who has which.
fn owners(table: &Table) -> Vec<Option<u32>> {
    (0..BUCKETS).map(|bucket| table.owner(bucket)).collect()
}

/// What each slave has to send in bit/s, of these bytes in ten seconds.
fn loads(table: &Table, bytes: &[u64]) -> BTreeMap<u32, u64> {
    let mut loads = BTreeMap::new();
    for (bucket, bytes) in bytes.iter().enumerate().take(BUCKETS) {
        *loads.entry(table.owner(bucket).unwrap()).or_insert(0) += bytes * 8 / 10;
    }
    loads
}

#[test]
fn the_first_flows_spread_at_once() {
    let mut table = table(0);
    assert_eq!(table.owner(7), None);
    table.assign(&mut slaves(&[1000, 1000, 1000]), Some(1), false);
    let counts = counts(&table);
    assert_eq!(counts.values().sum::<usize>(), BUCKETS);
    assert!(
        counts.values().all(|count| (85..=86).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn by_speed_however_great() {
    for unit in [1, 10, 1000, 4096, 100_000] {
        let mut table = table(0);
        table.assign(&mut slaves(&[unit, unit * 3]), None, false);
        let counts = counts(&table);
        assert!((63..=65).contains(&counts[&1]), "{unit}: {counts:?}");
    }
    // Unknown and 0 count as something.
    let mut table = table(0);
    let mut some = [
        Slave::new(1, None),
        Slave::new(2, Some(0)),
        Slave::new(3, Some(1000)),
    ];
    table.assign(&mut some, None, false);
    assert_eq!(counts(&table).len(), 3);
}

#[test]
fn what_a_slave_leaves_goes_to_the_others_and_nothing_else_moves() {
    let mut table = table(0);
    table.assign(&mut slaves(&[1000, 1000, 1000]), None, false);
    let before = owners(&table);
    table.assign(&mut slaves(&[1000, 1000]), None, false);
    for (was, is) in before.iter().zip(owners(&table)) {
        assert!(*was == is || *was == Some(3));
        assert!(is == Some(1) || is == Some(2));
    }
    // It comes back: it gets its part, and no more moves than that.
    let before = owners(&table);
    table.assign(&mut slaves(&[1000, 1000, 1000]), None, false);
    let moved = before
        .iter()
        .zip(owners(&table))
        .filter(|(was, is)| *was != is);
    let back = counts(&table)[&3];
    assert!((84..=86).contains(&back));
    assert_eq!(moved.count(), back);
    table.assign(&mut [], None, false);
    assert_eq!(table.owner(0), None);
}

#[test]
fn busy_buckets_are_spread_by_load() {
    let mut table = table(0);
    // Four elephants, all with the first slave, and what the active one has to send beside.
    table.assign(&mut slaves(&[1000]), Some(1), false);
    let mut bytes = [0u64; COUNTERS];
    for bucket in [3, 50, 51, 200] {
        bytes[bucket] = 100_000_000;
    }
    table.measure(10_000, |index| bytes[index]);
    table.assign(&mut slaves(&[1000, 1000]), Some(1), true);
    assert_eq!(
        loads(&table, &bytes).into_values().collect::<Vec<_>>(),
        [160_000_000; 2]
    );
    bytes[UNBALANCED] = 200_000_000;
    for bucket in [3, 50, 51, 200] {
        bytes[bucket] *= 2;
    }
    table.measure(20_000, |index| bytes[index]);
    table.assign(&mut slaves(&[1000, 1000]), Some(1), true);
    // 160 Mb/s beside: one elephant of 80 with it, three with the other.
    let part: u64 = [3, 50, 51, 200]
        .iter()
        .filter(|at| table.owner(**at) == Some(1))
        .count() as u64;
    assert_eq!(part, 1);
    // Nothing changes while nothing changes.
    let before = owners(&table);
    let mut next = bytes;
    next[UNBALANCED] += 200_000_000;
    for bucket in [3, 50, 51, 200] {
        next[bucket] += 100_000_000;
    }
    table.measure(30_000, |index| next[index]);
    table.assign(&mut slaves(&[1000, 1000]), Some(1), true);
    assert_eq!(owners(&table), before);
}

#[test]
fn intervals() {
    let mut table = table(500);
    assert_eq!(table.due_ms(), 10_500);
    table.measure(11_000, |_| 0);
    assert_eq!(table.due_ms(), 21_000);
    // A clock that stands still divides by nothing.
    table.measure(11_000, |_| u64::MAX);
}

#[test]
fn learning() {
    let packet = learning_packet([2, 3, 4, 5, 6, 7]);
    assert_eq!(packet[..14], [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6, 7, 0x90, 0]);
    assert_eq!(packet[14..], [0; 46]);
}

#[test]
fn what_is_balanced() {
    let ip = |kind: u16, dst: u8, tail: &[u8]| {
        let mut frame = vec![dst, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
        frame.extend(kind.to_be_bytes());
        frame.extend(tail);
        let network = Network::of_frame(&frame).unwrap();
        is_balanced(frame.as_slice(), network)
    };
    let v6 = |next: u8, kind: u8| {
        let mut packet = vec![0x60, 0, 0, 0, 0, 8, next, 255];
        packet.extend([9; 32]);
        packet.extend([kind, 0, 0, 0, 0, 0, 0, 0]);
        packet
    };
    assert!(ip(0x0800, 2, &[]));
    assert!(!ip(0x0800, 3, &[0x45; 20]));
    assert!(!ip(0x0806, 2, &[0; 28]));
    assert!(ip(0x86dd, 2, &v6(6, 135)));
    assert!(ip(0x86dd, 2, &v6(58, 128)));
    for kind in [135, 136] {
        assert!(!ip(0x86dd, 2, &v6(58, kind)));
    }
    for end in 0..40 {
        assert!(!ip(0x86dd, 2, &v6(6, 0)[..end]), "{end}");
    }
    assert!(ip(0x86dd, 2, &v6(6, 0)[..40]));
    assert!(!ip(0x86dd, 2, &v6(58, 128)[..47]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn everything_has_an_owner_and_no_move_is_missing(
        speeds in prop::collection::vec(
            prop_oneof![prop::sample::select(&[10u32, 100, 1000, 10_000, 400_000][..]), any::<u32>()],
            1..8,
        ),
        bytes in prop::collection::vec(
            prop_oneof![3 => Just(0u64), 3 => 0..1_000_000_000u64, 1 => any::<u64>()],
            COUNTERS,
        ),
        active in any::<Option<u8>>(),
        gone in any::<u8>(),
    ) {
        let mut table = table(0);
        let active = active.map(|at| u32::from(at) % 8);
        table.assign(&mut slaves(&speeds), active, false);
        table.measure(10_000, |index| bytes[index]);
        table.assign(&mut slaves(&speeds), active, true);
        for bucket in 0..BUCKETS {
            let owner = table.owner(bucket).unwrap();
            prop_assert!((1..=speeds.len() as u32).contains(&owner));
        }
        // Those of one that goes get new owners, and those of the others keep theirs.
        let before = owners(&table);
        let gone = u32::from(gone) % speeds.len() as u32 + 1;
        let mut left: Vec<Slave> = slaves(&speeds).into_iter().filter(|s| s.id() != gone).collect();
        table.assign(&mut left, active, false);
        for (was, is) in before.iter().zip(owners(&table)) {
            if left.is_empty() {
                prop_assert_eq!(is, None);
            } else if *was == Some(gone) {
                prop_assert!(is.is_some() && is != Some(gone));
            } else if left.iter().all(|slave| before.contains(&Some(slave.id()))) {
                prop_assert_eq!(is, *was);
            }
        }
    }

    #[test]
    fn equal_slaves_share_within_the_greatest_flow(
        count in 2..6usize,
        bytes in prop::collection::vec(0..100_000_000u64, BUCKETS),
    ) {
        let mut table = table(0);
        let speeds = vec![10_000; count];
        table.assign(&mut slaves(&speeds), None, false);
        let counter = |index: usize| bytes.get(index).copied().unwrap_or(0);
        table.measure(10_000, counter);
        table.assign(&mut slaves(&speeds), None, true);
        let loads = loads(&table, &bytes);
        let greatest = bytes.iter().max().unwrap() * 8 / 10;
        let most = loads.values().max().unwrap();
        let least = if loads.len() < count { 0 } else { *loads.values().min().unwrap() };
        prop_assert!(most - least <= greatest + BUCKETS as u64, "{loads:?}");
    }
}
