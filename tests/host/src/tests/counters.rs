// SPDX-License-Identifier: GPL-2.0

//! Counters of slaves: how they grow, wrap around and are reset, and what the bond makes of that.

use crate::bond::counters::growth;
use proptest::prelude::*;

/// One more than the greatest number of 32 bits.
const WRAP: u64 = 1 << 32;

#[test]
fn growth_by_example() {
    for (old, new, expected) in [
        (0, 0, 0),
        (0, 1, 1),
        (5, 1500, 1495),
        // 32 bits wrap around.
        (WRAP - 1, 0, 1),
        (WRAP - 10, 20, 30),
        // So far that it can't be told from a reset.
        (0, 0x8000_0000, 0),
        // A counter of more bits passes that point without wrapping.
        (WRAP - 1, WRAP, 1),
        (WRAP - 1, WRAP + 5, 6),
        (0, WRAP, WRAP),
        // 64 bits wrap around.
        (u64::MAX, 0, 1),
        (u64::MAX - 9, 20, 30),
        // The driver has reset it.
        (1, 0, 0),
        (1_000_000, 999_999, 0),
        (WRAP, 0, 0),
        (WRAP + 7, 6, 0),
        (1 << 40, WRAP, 0),
    ] {
        assert_eq!(growth(old, new), expected, "{old} to {new}");
    }
}

/// The bond's counter and what it is made of, as `Bond::fold_stats` has them: a slave is read
/// without a lock, and what was read counts only if nobody else has counted since.
#[derive(Default)]
struct Ledger {
    /// The bond's counter.
    total: u64,
    /// The slave's counter when it was counted last.
    old: u64,
    /// How many times it was.
    generation: u64,
}

impl Ledger {
    /// Counts what was read of the slave when the ledger had `generation`.
    fn fold(&mut self, generation: u64, new: u64) {
        if generation == self.generation {
            self.total += growth(self.old, new);
            self.old = new;
            self.generation += 1;
        }
    }
}

/// Where a CPU stands that counts.
#[derive(Clone, Copy)]
enum Step {
    /// Not begun.
    Idle,
    /// It knows the generation.
    Began(u64),
    /// It has read the slave, too.
    Read(u64, u64),
}

/// Makes the growth of a counter between two looks: small, or up to what 32 bits can show.
fn any_growth() -> impl Strategy<Value = u64> {
    prop_oneof![0..2000u64, 0..0x8000_0000u64]
}

/// Makes where a counter starts: anywhere, or near a place where it wraps around.
fn any_start() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..WRAP,
        (0..3000u64).prop_map(|back| WRAP - back),
        (0..3000u64).prop_map(|back| 0u64.wrapping_sub(back)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn a_counter_of_32_bits_wraps(old: u32, by in any_growth()) {
        let new = old.wrapping_add(by as u32);
        prop_assert_eq!(growth(old.into(), new.into()), by);
    }

    #[test]
    fn a_counter_of_64_bits_wraps(old in any_start(), by in 0..=i64::MAX as u64) {
        let new = old.wrapping_add(by);
        // Beyond half of 32 bits, two small numbers look like a counter of 32 bits.
        prop_assume!(old >= WRAP || new >= WRAP || by < 0x8000_0000);
        prop_assert_eq!(growth(old, new), by);
    }

    #[test]
    fn a_counter_that_went_back_has_not_grown(old in any_start(), by in 1..=0x8000_0000u64) {
        prop_assume!(by <= old);
        prop_assert_eq!(growth(old, old - by), 0);
    }

    #[test]
    fn sums_are_the_same_however_often_one_looks(
        start in any_start(),
        steps in prop::collection::vec(0..100_000u64, 1..50),
        looks in prop::collection::vec(any::<bool>(), 50),
        narrow: bool,
    ) {
        let shown = |value: u64| if narrow { value % WRAP } else { value };
        let (mut now, mut seen, mut total) = (start, shown(start), 0);
        for (index, step) in steps.iter().enumerate() {
            now = now.wrapping_add(*step);
            if looks[index] || index + 1 == steps.len() {
                total += growth(seen, shown(now));
                seen = shown(now);
            }
        }
        prop_assert_eq!(total, steps.iter().sum::<u64>());
    }

    #[test]
    fn totals_only_grow_and_count_once_whatever_the_interleaving(
        start in any_start(),
        events in prop::collection::vec((0..4usize, 0..1000u64), 0..200),
        narrow: bool,
    ) {
        let shown = |value: u64| if narrow { value % WRAP } else { value };
        let mut ledger = Ledger { old: shown(start), ..Ledger::default() };
        let mut cpus = [Step::Idle; 4];
        let (mut sent, mut last) = (0, 0);
        let read = |sent: u64| shown(start.wrapping_add(sent));
        for (cpu, by) in events {
            sent += by;
            cpus[cpu] = match cpus[cpu] {
                Step::Idle => Step::Began(ledger.generation),
                Step::Began(generation) => Step::Read(generation, read(sent)),
                Step::Read(generation, new) => {
                    ledger.fold(generation, new);
                    Step::Idle
                }
            };
            prop_assert!((last..=sent).contains(&ledger.total));
            last = ledger.total;
        }
        ledger.fold(ledger.generation, read(sent));
        prop_assert_eq!(ledger.total, sent);
    }

    #[test]
    fn growth_is_less_than_half_of_what_a_counter_holds(old in any_start(), new in any_start()) {
        prop_assert!(growth(old, new) <= u64::MAX / 2);
        if old < WRAP && new < WRAP {
            prop_assert!(growth(old, new) < WRAP / 2);
        }
    }
}
