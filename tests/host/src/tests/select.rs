// SPDX-License-Identifier: GPL-2.0

//! The choice of the active slave.

use crate::bond::params::PrimaryReselect;
use crate::bond::select::{
    carrier_line,
    choose,
    Candidate,
    Why,
    Wishes, //
};
use crate::monitor::link::{
    Duplex,
    LinkState, //
};
use proptest::prelude::*;

/// A slave which is up.
const UP: Candidate = Candidate {
    link: LinkState::Up,
    running_carrier: true,
    prio: 0,
    speed: Some(1000),
    duplex: Duplex::Full,
    backlog_ms: 0,
};

/// A slave which is down.
const DOWN: Candidate = Candidate {
    link: LinkState::Down,
    running_carrier: false,
    ..UP
};

/// A bond without active slave and primary.
const PLAIN: Wishes = Wishes {
    current: None,
    primary: None,
    force_primary: false,
    reselect: PrimaryReselect::Always,
    updelay_ms: 500,
};

/// Returns a slave whose up delay has that much left.
fn back(backlog_ms: u32) -> Candidate {
    Candidate {
        link: LinkState::Back,
        backlog_ms,
        ..UP
    }
}

#[test]
fn without_wishes_the_first_one_up() {
    assert_eq!(choose(&[], &PLAIN).index, None);
    assert_eq!(choose(&[DOWN, UP, UP], &PLAIN).index, Some(1));
    // It stays, as long as none has a higher priority.
    let stays = Wishes {
        current: Some(2),
        ..PLAIN
    };
    let better = [UP, Candidate { prio: 5, ..UP }, UP];
    assert_eq!(choose(&better, &stays).index, Some(1));
    let lazy = Wishes {
        reselect: PrimaryReselect::Failure,
        ..stays
    };
    let choice = choose(&better, &lazy);
    assert_eq!((choice.index, choice.changed), (Some(2), false));
    assert!(choice.log_line().is_none());
}

#[test]
fn equal_priorities_leave_for_the_first() {
    // As in the C driver: the first slave of the highest priority stands in for a primary, and
    // `always` follows it.
    let wishes = Wishes {
        current: Some(1),
        ..PLAIN
    };
    assert_eq!(choose(&[UP, UP], &wishes).index, Some(0));
}

#[test]
fn failure_of_the_active_one() {
    let wishes = Wishes {
        current: Some(0),
        ..PLAIN
    };
    let choice = choose(&[DOWN, UP], &wishes);
    assert_eq!((choice.index, choice.changed), (Some(1), true));
    assert_eq!(
        choice.log_line().unwrap().to_string(),
        "making interface the new active one"
    );
    let choice = choose(&[DOWN, DOWN], &wishes);
    assert_eq!((choice.index, choice.changed), (None, true));
    assert!(choice.log_line().is_none());
    // A slave in its down delay is not up, but may be the only one: then none is active.
    let failing = Candidate {
        link: LinkState::Fail,
        ..UP
    };
    assert_eq!(choose(&[failing], &wishes).index, None);
}

#[test]
fn promotion_of_the_one_nearest_to_up() {
    let choice = choose(&[back(300), back(100), back(100), DOWN], &PLAIN);
    assert_eq!((choice.index, choice.promote_early), (Some(1), Some(100)));
    assert_eq!(
        choice.log_line().unwrap().to_string(),
        "making interface the new active one 100 ms earlier"
    );
    // All of the delay left is not less than all of it.
    assert_eq!(choose(&[back(500)], &PLAIN).index, None);
    let lost = Candidate {
        running_carrier: false,
        ..back(100)
    };
    assert_eq!(choose(&[lost], &PLAIN).index, None);
    // One which is up goes first.
    let choice = choose(&[back(1), UP], &PLAIN);
    assert_eq!((choice.index, choice.promote_early), (Some(1), None));
}

#[test]
fn primary_by_policy() {
    let fast = Candidate {
        speed: Some(10_000),
        ..UP
    };
    let half = Candidate {
        duplex: Duplex::Half,
        ..UP
    };
    let unknown = Candidate {
        speed: None,
        duplex: Duplex::Unknown,
        ..UP
    };
    let pick = |primary: Candidate, current: Candidate, reselect| {
        let wishes = Wishes {
            current: Some(0),
            primary: Some(1),
            reselect,
            ..PLAIN
        };
        choose(&[current, primary], &wishes).index
    };
    use PrimaryReselect::{
        Always,
        Better,
        Failure, //
    };
    assert_eq!(pick(UP, UP, Always), Some(1));
    assert_eq!(pick(UP, UP, Better), Some(0));
    assert_eq!(pick(fast, UP, Better), Some(1));
    assert_eq!(pick(UP, fast, Better), Some(0));
    assert_eq!(pick(UP, half, Better), Some(1));
    assert_eq!(pick(half, UP, Better), Some(0));
    assert_eq!(pick(unknown, UP, Better), Some(1));
    assert_eq!(pick(fast, UP, Failure), Some(0));
    for reselect in [Always, Better, Failure] {
        assert_eq!(pick(UP, DOWN, reselect), Some(1));
        assert_eq!(pick(DOWN, UP, reselect), Some(0));
    }
}

#[test]
fn reasons() {
    let why = |slaves: &[Candidate], wishes: Wishes| choose(slaves, &wishes).why;
    let prio = |prio| Candidate { prio, ..UP };
    let at = |current| Wishes {
        current: Some(current),
        ..PLAIN
    };
    assert_eq!(why(&[], PLAIN), Why::NoneUp);
    assert_eq!(why(&[DOWN, DOWN], at(0)), Why::NoneUp);
    assert_eq!(why(&[DOWN, UP], at(0)), Why::OnlyUp);
    assert_eq!(why(&[DOWN, UP, UP], at(0)), Why::FirstUp);
    assert_eq!(why(&[UP, prio(1), prio(0)], at(0)), Why::Priority);
    assert_eq!(why(&[UP, prio(1), prio(1)], at(0)), Why::FirstUp);
    assert_eq!(why(&[UP, prio(-1)], at(0)), Why::StillBest);
    assert_eq!(why(&[back(1)], PLAIN), Why::Promoted);

    let primary = Wishes {
        primary: Some(1),
        ..at(0)
    };
    assert_eq!(why(&[UP, UP], primary), Why::Primary);
    assert_eq!(why(&[DOWN, UP], primary), Why::Primary);
    assert_eq!(why(&[DOWN, DOWN, UP], primary), Why::OnlyUp);
    let with = |reselect, force_primary| Wishes {
        reselect,
        force_primary,
        ..primary
    };
    let fast = Candidate {
        speed: Some(10_000),
        ..UP
    };
    assert_eq!(
        why(&[UP, fast], with(PrimaryReselect::Better, false)),
        Why::Better
    );
    assert_eq!(
        why(&[UP, UP], with(PrimaryReselect::Better, false)),
        Why::Policy
    );
    assert_eq!(
        why(&[UP, UP], with(PrimaryReselect::Failure, false)),
        Why::Policy
    );
    assert_eq!(
        why(&[UP, UP], with(PrimaryReselect::Failure, true)),
        Why::PrimaryNamed
    );
}

#[test]
fn force_is_used_once() {
    let wishes = Wishes {
        current: Some(0),
        primary: Some(1),
        force_primary: true,
        reselect: PrimaryReselect::Failure,
        ..PLAIN
    };
    let choice = choose(&[UP, UP], &wishes);
    assert_eq!((choice.index, choice.clear_force), (Some(1), true));
    // It waits for the primary to come up.
    let choice = choose(&[UP, DOWN], &wishes);
    assert_eq!((choice.index, choice.clear_force), (Some(0), false));
}

#[test]
fn carrier_lines() {
    assert_eq!(carrier_line(true), "active interface up!");
    assert_eq!(
        carrier_line(false),
        "now running without any active interface!"
    );
}

/// Makes any slave.
fn any_candidate() -> impl Strategy<Value = Candidate> {
    (
        prop::sample::select(
            &[
                LinkState::Up,
                LinkState::Fail,
                LinkState::Down,
                LinkState::Back,
            ][..],
        ),
        any::<bool>(),
        -2..3i32,
        prop::option::of(prop::sample::select(&[10u32, 1000][..])),
        prop::sample::select(&[Duplex::Half, Duplex::Full, Duplex::Unknown][..]),
        0..600u32,
    )
        .prop_map(
            |(link, running_carrier, prio, speed, duplex, backlog_ms)| Candidate {
                link,
                running_carrier,
                prio,
                speed,
                duplex,
                backlog_ms,
            },
        )
}

/// Makes any wishes, also such as point past the slaves.
fn any_wishes() -> impl Strategy<Value = Wishes> {
    (
        prop::option::of(0..7usize),
        prop::option::of(0..7usize),
        any::<bool>(),
        0..3u8,
        0..600u32,
    )
        .prop_map(
            |(current, primary, force_primary, reselect, updelay_ms)| Wishes {
                current,
                primary,
                force_primary,
                reselect: PrimaryReselect::from_u8(reselect).unwrap(),
                updelay_ms,
            },
        )
}

/// The C driver's order of decisions: returns the choice, and whether the force flag was used.
fn model(slaves: &[Candidate], wishes: &Wishes) -> (Option<usize>, bool) {
    let up = |index: usize| slaves.get(index).is_some_and(|s| s.link == LinkState::Up);
    let speed = |index: usize| slaves[index].speed.map_or(-1i32 as u32, |speed| speed);
    let duplex = |index: usize| slaves[index].duplex.as_u8();
    let current = wishes.current.filter(|&index| up(index));
    let mut primary = wishes.primary.filter(|&index| up(index));
    if primary.is_some() && wishes.force_primary {
        return (primary, true);
    }
    if primary.is_none() {
        for index in (0..slaves.len()).filter(|&index| up(index)) {
            if primary.is_none_or(|best| slaves[index].prio > slaves[best].prio) {
                primary = Some(index);
            }
        }
        if primary == current && current.is_some() {
            return (current, false);
        }
    }
    let Some(primary) = primary else {
        let mut least = wishes.updelay_ms;
        let mut best = None;
        for (index, slave) in slaves.iter().enumerate() {
            let eligible = slave.link == LinkState::Back && slave.running_carrier;
            if eligible && slave.backlog_ms < least {
                least = slave.backlog_ms;
                best = Some(index);
            }
        }
        return (best, false);
    };
    let Some(current) = current else {
        return (Some(primary), false);
    };
    let keep = match wishes.reselect {
        PrimaryReselect::Always => false,
        PrimaryReselect::Better => {
            speed(primary) < speed(current)
                || (speed(primary) == speed(current) && duplex(primary) <= duplex(current))
        }
        PrimaryReselect::Failure => true,
    };
    (Some(if keep { current } else { primary }), false)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn agrees_with_the_model(
        slaves in prop::collection::vec(any_candidate(), 0..6),
        wishes in any_wishes(),
    ) {
        let choice = choose(&slaves, &wishes);
        let (index, forced) = model(&slaves, &wishes);
        prop_assert_eq!(choice.index, index);
        prop_assert_eq!(choice.clear_force, forced);
        prop_assert_eq!(choice.changed, index != wishes.current);
    }

    #[test]
    fn what_always_holds(
        slaves in prop::collection::vec(any_candidate(), 0..6),
        wishes in any_wishes(),
    ) {
        let choice = choose(&slaves, &wishes);
        let up = |index: usize| slaves.get(index).is_some_and(|s| s.link == LinkState::Up);
        let any_up = (0..slaves.len()).any(up);

        // At most one is active: the choice is an index, of a slave which can be active.
        if let Some(index) = choice.index {
            let slave = slaves[index];
            prop_assert!(slave.link == LinkState::Up || slave.link == LinkState::Back);
            prop_assert!(slave.link == LinkState::Up || (slave.running_carrier && !any_up));
            let promoted = choice.changed && slave.link == LinkState::Back;
            prop_assert_eq!(choice.promote_early, promoted.then_some(slave.backlog_ms));
        } else {
            prop_assert_eq!(choice.promote_early, None);
        }
        // The reason fits the choice.
        let fits = match choice.why {
            Why::NoneUp => choice.index.is_none() && !any_up,
            Why::Promoted => choice.index.is_some() && !any_up,
            Why::StillBest | Why::Policy => !choice.changed && choice.index.is_some(),
            Why::Primary | Why::PrimaryNamed => choice.index == wishes.primary,
            Why::OnlyUp => (0..slaves.len()).filter(|&at| up(at)).count() == 1,
            Why::Priority | Why::FirstUp | Why::Better => choice.changed,
            Why::Asked | Why::Cleared | Why::Released => false,
        };
        prop_assert!(fits, "{:?}", choice);
        // Never without an active one when a slave is up.
        prop_assert!(!any_up || choice.index.is_some());
        // The primary is active whenever it can be, by the default policy.
        if wishes.reselect == PrimaryReselect::Always && wishes.primary.is_some_and(up) {
            prop_assert_eq!(choice.index, wishes.primary);
        }
        // A slave which works is not left under the policy `failure`, unless by force.
        let keeps = wishes.reselect == PrimaryReselect::Failure && !choice.clear_force;
        if keeps && wishes.current.is_some_and(up) {
            prop_assert_eq!(choice.index, wishes.current);
        }
    }

    /// Once made, the choice stands.
    #[test]
    fn choosing_again_changes_nothing(
        mut slaves in prop::collection::vec(any_candidate(), 0..6),
        wishes in any_wishes(),
    ) {
        let choice = choose(&slaves, &wishes);
        if let Some(index) = choice.index {
            slaves[index].link = LinkState::Up;
        }
        let again = Wishes {
            current: choice.index,
            force_primary: wishes.force_primary && !choice.clear_force,
            ..wishes
        };
        // Under `better` a primary may take over from the one which force had chosen, never else.
        if !(choice.clear_force && wishes.reselect != PrimaryReselect::Always) {
            prop_assert!(!choose(&slaves, &again).changed);
        }
    }
}
