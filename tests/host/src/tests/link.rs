// SPDX-License-Identifier: GPL-2.0

//! The link-state machine.

use crate::monitor::link::{
    Delays,
    Duplex,
    LinkMachine,
    LinkState,
    Role,
    Transition, //
};
use proptest::prelude::*;

/// No delay at all.
const NONE: Delays = Delays {
    updelay_ms: 0,
    downdelay_ms: 0,
    ignore_updelay: false,
};

/// Both delays.
const BOTH: Delays = Delays {
    updelay_ms: 200,
    downdelay_ms: 300,
    ignore_updelay: false,
};

/// Both delays, the up delay being skipped.
const SKIP: Delays = Delays {
    ignore_updelay: true,
    ..BOTH
};

/// Returns a machine in `state`, which was entered at 1000 ms with [`BOTH`].
fn machine(state: LinkState) -> LinkMachine {
    let up = |carrier| LinkMachine::new(true, carrier, 1000, &NONE);
    let mut machine = up(matches!(state, LinkState::Up | LinkState::Fail));
    let carrier = matches!(state, LinkState::Up | LinkState::Back);
    machine.observe(carrier, 1000, &BOTH);
    assert_eq!(machine.state(), state);
    machine
}

/// Returns the log lines of a change.
fn lines(change: &Transition) -> Vec<String> {
    let notice = change.notice(Role::None);
    let outcome = change.outcome(Some(1000), Duplex::Full);
    notice
        .into_iter()
        .chain(outcome)
        .map(|line| line.to_string())
        .collect()
}

/// The line of a link which is up.
const UP: &str = "link status definitely up, 1000 Mbps full duplex";

/// The line of a link which is down.
const DOWN: &str = "link status definitely down, disabling slave";

#[test]
fn each_row_of_the_table() {
    use LinkState::{
        Back,
        Down,
        Fail,
        Up, //
    };
    type Row<'a> = (
        LinkState,
        bool,
        u64,
        Delays,
        Option<(LinkState, &'a [&'a str])>,
    );
    let rows: [Row<'_>; 21] = [
        // From, carrier, time, delays; to, lines.
        (Up, true, 1000, BOTH, None),
        (Up, true, 9000, SKIP, None),
        (Up, false, 1000, NONE, Some((Down, &[DOWN]))),
        (
            Up,
            false,
            1000,
            BOTH,
            Some((
                Fail,
                &["link status down for interface, disabling it in 300 ms"],
            )),
        ),
        (Fail, false, 1000, BOTH, None),
        (Fail, false, 1299, BOTH, None),
        (Fail, false, 1300, BOTH, Some((Down, &[DOWN]))),
        (Fail, false, 1299, NONE, None),
        (
            Fail,
            true,
            1120,
            BOTH,
            Some((Up, &["link status up again after 120 ms", UP])),
        ),
        (
            Fail,
            true,
            1300,
            BOTH,
            Some((Up, &["link status up again after 300 ms", UP])),
        ),
        (Down, false, 1000, BOTH, None),
        (Down, false, 9000, NONE, None),
        (Down, true, 1000, NONE, Some((Up, &[UP]))),
        (
            Down,
            true,
            1000,
            BOTH,
            Some((Back, &["link status up, enabling it in 200 ms"])),
        ),
        (
            Down,
            true,
            1000,
            SKIP,
            Some((Up, &["link status up, enabling it in 0 ms", UP])),
        ),
        (Back, true, 1000, BOTH, None),
        (Back, true, 1199, BOTH, None),
        (Back, true, 1200, BOTH, Some((Up, &[UP]))),
        (Back, true, 1001, SKIP, Some((Up, &[UP]))),
        (
            Back,
            false,
            1150,
            BOTH,
            Some((Down, &["link status down again after 150 ms", DOWN])),
        ),
        (
            Back,
            false,
            1150,
            SKIP,
            Some((Down, &["link status down again after 150 ms", DOWN])),
        ),
    ];
    for (from, carrier, now, delays, expected) in rows {
        let mut machine = machine(from);
        let failures = machine.failures();
        let change = machine.observe(carrier, now, &delays);
        let what = format!("{from:?} {carrier} {now} {delays:?}");
        match expected {
            None => {
                assert_eq!(change, None, "{what}");
                assert_eq!(machine.state(), from, "{what}");
            }
            Some((to, text)) => {
                let change = change.expect(&what);
                assert_eq!((change.from, change.to), (from, to), "{what}");
                assert_eq!(machine.state(), to, "{what}");
                assert_eq!(lines(&change), text, "{what}");
                let counted = failures + u32::from(to == Down);
                assert_eq!(machine.failures(), counted, "{what}");
            }
        }
        let waits = matches!(machine.state(), Fail | Back);
        assert_eq!(machine.deadline().is_some(), waits, "{what}");
    }
}

#[test]
fn start_of_a_slave() {
    let state = |monitored, carrier, delays: &Delays| {
        let machine = LinkMachine::new(monitored, carrier, 500, delays);
        (machine.state(), machine.deadline(), machine.failures())
    };
    assert_eq!(state(false, false, &BOTH), (LinkState::Up, None, 0));
    assert_eq!(state(false, true, &BOTH), (LinkState::Up, None, 0));
    assert_eq!(state(true, false, &BOTH), (LinkState::Down, None, 0));
    assert_eq!(state(true, true, &NONE), (LinkState::Up, None, 0));
    assert_eq!(state(true, true, &BOTH), (LinkState::Back, Some(700), 0));
    assert_eq!(state(true, true, &SKIP), (LinkState::Back, Some(700), 0));
}

#[test]
fn promotion_ends_the_up_delay() {
    let mut slave = machine(LinkState::Back);
    assert_eq!(slave.backlog_ms(1050), 150);
    assert_eq!(slave.backlog_ms(5000), 0);
    let change = slave.promote().unwrap();
    assert_eq!((change.from, change.to), (LinkState::Back, LinkState::Up));
    assert_eq!((slave.state(), slave.deadline()), (LinkState::Up, None));
    for state in [LinkState::Up, LinkState::Fail, LinkState::Down] {
        let mut slave = machine(state);
        assert_eq!(slave.promote(), None);
        assert_eq!(slave.state(), state);
        assert_eq!(slave.backlog_ms(1000), 0);
    }
}

#[test]
fn roles_and_unknown_speed_in_lines() {
    let change = machine(LinkState::Up).observe(false, 1000, &BOTH).unwrap();
    for (role, words) in [(Role::Active, "active "), (Role::Backup, "backup ")] {
        assert_eq!(
            change.notice(role).unwrap().to_string(),
            format!("link status down for {words}interface, disabling it in 300 ms")
        );
    }
    assert_eq!(change.outcome(None, Duplex::Unknown), None);
    let change = machine(LinkState::Down).observe(true, 1000, &NONE).unwrap();
    let line = |speed, duplex| change.outcome(speed, duplex).unwrap().to_string();
    assert_eq!(
        line(None, Duplex::Unknown),
        "link status definitely up, 0 Mbps full duplex"
    );
    assert_eq!(
        line(Some(10), Duplex::Half),
        "link status definitely up, 10 Mbps half duplex"
    );
}

#[test]
fn numbers_and_names() {
    for (number, name, lower_up) in [
        (0, "up", true),
        (1, "going down", true),
        (2, "down", false),
        (3, "going back", false),
    ] {
        let state = [
            LinkState::Up,
            LinkState::Fail,
            LinkState::Down,
            LinkState::Back,
        ]
        .into_iter()
        .find(|state| state.as_u8() == number)
        .unwrap();
        assert_eq!((state.name(), state.is_lower_up()), (name, lower_up));
    }
    for number in 0..=255 {
        let duplex = Duplex::from_u8(number);
        assert!(duplex.as_u8() == number || duplex == Duplex::Unknown);
    }
    assert!(Duplex::Half < Duplex::Full && Duplex::Full < Duplex::Unknown);
}

/// The C driver's way: a count of polls.
struct Polls {
    /// State of the link.
    state: LinkState,
    /// Polls left.
    delay: u32,
}

impl Polls {
    /// Polls once; returns the new state if it changed, and after how many polls a delay broke
    /// off.
    fn poll(&mut self, carrier: bool, up: u32, down: u32, skip: bool) -> Option<(LinkState, u32)> {
        let before = self.state;
        let mut broke_off = 0;
        if self.state == LinkState::Up && !carrier {
            self.state = LinkState::Fail;
            self.delay = down;
        }
        if self.state == LinkState::Down && carrier {
            self.state = LinkState::Back;
            self.delay = up;
        }
        match self.state {
            LinkState::Fail if carrier => {
                broke_off = down - self.delay;
                self.state = LinkState::Up;
            }
            LinkState::Fail if self.delay == 0 => self.state = LinkState::Down,
            LinkState::Fail => self.delay -= 1,
            LinkState::Back if !carrier => {
                broke_off = up - self.delay;
                self.state = LinkState::Down;
            }
            LinkState::Back if skip || self.delay == 0 => self.state = LinkState::Up,
            LinkState::Back => self.delay -= 1,
            LinkState::Up | LinkState::Down => {}
        }
        (self.state != before).then_some((self.state, broke_off))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Looked at once per poll only, the machine does what counting polls does.
    #[test]
    fn agrees_with_counting_polls(
        start_up: bool,
        miimon in 1..500u32,
        up in 0..5u32,
        down in 0..5u32,
        looks in prop::collection::vec(
            (prop::bool::weighted(0.6), prop::bool::weighted(0.1)),
            0..80,
        ),
    ) {
        let mut polls = Polls {
            state: if start_up { LinkState::Up } else { LinkState::Down },
            delay: 0,
        };
        let mut machine = LinkMachine::new(true, start_up, 0, &NONE);
        let mut now = 12_345;
        for (carrier, skip) in looks {
            let delays = Delays {
                updelay_ms: up * miimon,
                downdelay_ms: down * miimon,
                ignore_updelay: skip,
            };
            let expected = polls.poll(carrier, up, down, skip);
            let change = machine.observe(carrier, now, &delays);
            prop_assert_eq!(machine.state(), polls.state);
            prop_assert_eq!(change.map(|change| change.to), expected.map(|(to, _)| to));
            if let (Some(change), Some((_, count))) = (change, expected) {
                let text = lines(&change).concat();
                let after = format!("again after {} ms", count * miimon);
                let fits = !text.contains("again") || text.contains(&after);
                prop_assert!(fits, "{} {}", text, after);
            }
            now += u64::from(miimon);
        }
    }

    /// Whatever happens, only changes of the table happen, the counter never falls, a delay is
    /// kept to the millisecond, and a second look at the same moment changes nothing more.
    #[test]
    fn only_changes_of_the_table(
        monitored: bool,
        start: bool,
        looks in prop::collection::vec(
            (any::<bool>(), 0..400u64, 0..3u32, 0..3u32, prop::bool::weighted(0.2)),
            0..60,
        ),
    ) {
        use LinkState::{Back, Down, Fail, Up};
        let mut now = 0;
        let mut machine = LinkMachine::new(monitored, start, now, &BOTH);
        for (carrier, step, up, down, skip) in looks {
            now += step;
            let delays = Delays {
                updelay_ms: up * 150,
                downdelay_ms: down * 150,
                ignore_updelay: skip,
            };
            let before = machine;
            let change = machine.observe(carrier, now, &delays);
            prop_assert!(machine.failures() >= before.failures());
            let went_down = matches!(change, Some(change) if change.to == Down);
            prop_assert_eq!(machine.failures() - before.failures(), u32::from(went_down));
            match change {
                None => prop_assert_eq!(machine, before),
                Some(change) => {
                    prop_assert_eq!(change.from, before.state());
                    prop_assert_eq!(change.to, machine.state());
                    let legal = matches!(
                        (change.from, change.to, carrier),
                        (Up, Fail | Down, false)
                            | (Fail, Down, false)
                            | (Fail, Up, true)
                            | (Down, Back | Up, true)
                            | (Back, Down, false)
                            | (Back, Up, true)
                    );
                    prop_assert!(legal, "{:?}", change);
                    if let (Some(deadline), true) = (before.deadline(), change.from == Fail) {
                        prop_assert_eq!(change.to == Down, now >= deadline && !carrier);
                    }
                    if let (Some(until), Back, Up) = (before.deadline(), change.from, change.to) {
                        prop_assert!(skip || now >= until);
                    }
                }
            }
            prop_assert_eq!(machine.deadline().is_some(), matches!(machine.state(), Fail | Back));
            prop_assert!(machine.deadline().is_none_or(|deadline| deadline > now));
            prop_assert_eq!(machine.observe(carrier, now, &delays), None);
            // Carrier and state agree, or a delay is running.
            prop_assert_eq!(matches!(machine.state(), Up | Back), carrier);
        }
    }

    #[test]
    fn extreme_clocks_do_no_harm(now: u64, later: u64, up: u32, down: u32, carrier: bool) {
        let delays = Delays { updelay_ms: up, downdelay_ms: down, ignore_updelay: false };
        let mut machine = LinkMachine::new(true, carrier, now, &delays);
        machine.observe(!carrier, now, &delays);
        let _ = machine.backlog_ms(later);
        machine.observe(carrier, later, &delays);
        machine.observe(carrier, u64::MAX, &delays);
        let state = machine.state();
        prop_assert_eq!(state, if carrier { LinkState::Up } else { LinkState::Down });
    }
}
