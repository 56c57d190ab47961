// SPDX-License-Identifier: GPL-2.0

//! The ARP monitor.

use crate::bond::params::ArpValidate;
use crate::monitor::arp::{
    hear,
    inspect,
    inspect_balanced,
    is_quiet,
    is_quiet_balanced,
    round,
    round_balanced,
    Arp,
    Change,
    Hearing,
    Kind,
    Line,
    Observed,
    Pace,
    Situation,
    Slaves,
    Trust,
    ARP_MAX, //
};
use crate::monitor::link::LinkState;
use proptest::prelude::*;

use LinkState::{
    Back,
    Down,
    Fail,
    Up, //
};

/// A round every 100 ticks.
const PACE: Pace = Pace {
    interval: 100,
    missed_max: 2,
};

/// A slave which is up, and heard something and asked at 1000.
const SLAVE: Observed = Observed {
    link: Up,
    running: true,
    active: true,
    last_rx: 1000,
    last_tx: 1000,
    last_up: 0,
};

/// A backup.
const BACKUP: Observed = Observed {
    active: false,
    ..SLAVE
};

#[test]
fn intervals_have_half_an_interval_of_grace() {
    for (now, count, within) in [
        (1000, 1, true),
        (1150, 1, true),
        (1151, 1, false),
        (1250, 2, true),
        (1251, 2, false),
        (900, 1, true),
    ] {
        assert_eq!(PACE.is_within(now, 1000, count), within, "{now} {count}");
    }
    let odd = Pace {
        interval: 3,
        ..PACE
    };
    assert!(odd.is_within(1004, 1000, 1));
    assert!(!odd.is_within(1005, 1000, 1));
    assert!(Pace {
        interval: u64::MAX,
        missed_max: 255
    }
    .is_within(u64::MAX, 0, 255));
}

#[test]
fn active_backup_by_example() {
    let with = |link| Observed { link, ..BACKUP };
    // Slave, time, whether there is a candidate; new state.
    for (slave, now, searching, to) in [
        (SLAVE, 1250, false, None),
        (SLAVE, 1251, false, Some(Down)),
        (
            Observed {
                last_tx: 900,
                ..SLAVE
            },
            1151,
            false,
            Some(Down),
        ),
        (
            Observed {
                last_up: 1100,
                ..SLAVE
            },
            1350,
            false,
            None,
        ),
        (
            Observed {
                last_up: 1100,
                ..SLAVE
            },
            1351,
            false,
            Some(Down),
        ),
        (BACKUP, 1350, false, None),
        (BACKUP, 1351, false, Some(Down)),
        (BACKUP, 9000, true, None),
        // Backups need not ask.
        (
            Observed {
                last_tx: 0,
                ..BACKUP
            },
            1350,
            false,
            None,
        ),
        (with(Down), 1150, false, Some(Up)),
        (with(Down), 1151, false, None),
        (with(Fail), 1150, true, Some(Up)),
        (with(Fail), 1151, true, None),
        (with(Back), 1150, true, Some(Up)),
        (with(Back), 1151, true, Some(Fail)),
    ] {
        let change = inspect(&PACE, now, &slave, searching);
        assert_eq!(change.map(|change| change.to), to, "{slave:?} at {now}");
    }
}

#[test]
fn other_modes_by_example() {
    let with = |link| Observed { link, ..SLAVE };
    for (slave, now, line) in [
        (SLAVE, 1250, None),
        (SLAVE, 1251, Some("interface is now down")),
        (
            Observed {
                last_rx: 900,
                ..SLAVE
            },
            1151,
            Some("interface is now down"),
        ),
        (
            Observed {
                last_tx: 900,
                ..SLAVE
            },
            1151,
            Some("interface is now down"),
        ),
        (
            Observed {
                last_up: 1250,
                ..SLAVE
            },
            1251,
            Some("interface is now down"),
        ),
        (with(Down), 1150, Some("interface is now up")),
        (with(Down), 1151, None),
        (
            Observed {
                last_tx: 900,
                ..with(Down)
            },
            1100,
            None,
        ),
        (
            Observed {
                last_rx: 900,
                ..with(Down)
            },
            1100,
            None,
        ),
    ] {
        let change = inspect_balanced(&PACE, now, &slave, false);
        let text = change.map(|change| change.line.to_string());
        assert_eq!(text.as_deref(), line, "{slave:?} at {now}");
    }
    let first = inspect_balanced(&PACE, 1100, &with(Down), true).unwrap();
    assert_eq!(first.line.to_string(), "link status definitely up");
}

/// A bond of slaves behind which a model of the world lies.
#[derive(Clone, Debug, Default)]
struct Bond {
    slaves: Vec<Observed>,
    active: Option<usize>,
    candidate: Option<usize>,
    primary: Option<usize>,
    /// The changes of links in this round.
    changes: Vec<(LinkState, Change)>,
    /// How often the choice was made in this round.
    chosen: usize,
}

impl Slaves for Bond {
    fn count(&self) -> usize {
        self.slaves.len()
    }

    fn look(&self, at: usize) -> Option<Observed> {
        self.slaves.get(at).copied()
    }

    fn active(&self) -> Option<usize> {
        self.active
    }

    fn candidate(&self) -> Option<usize> {
        self.candidate
    }

    fn is_preferred(&self, at: usize) -> bool {
        self.primary == Some(at)
    }

    fn set_link(&mut self, at: usize, change: Change) {
        self.changes.push((self.slaves[at].link, change));
        self.slaves[at].link = change.to;
    }

    fn set_role(&mut self, at: usize, active: bool) {
        self.slaves[at].active = active;
    }

    fn set_candidate(&mut self, at: Option<usize>) {
        self.candidate = at;
    }

    fn choose(&mut self) {
        self.chosen += 1;
        let up = |at: &usize| self.slaves[*at].link == Up;
        let all = 0..self.slaves.len();
        let new = self.primary.filter(up).or_else(|| all.clone().find(up));
        for at in all {
            self.slaves[at].active = Some(at) == new;
        }
        self.active = new;
    }
}

impl Bond {
    /// Those that ask after a round.
    fn asking(&self, balanced: bool) -> Vec<usize> {
        if !balanced {
            return self.active.or(self.candidate).into_iter().collect();
        }
        let all = 0..self.slaves.len();
        all.filter(|&at| self.slaves[at].running).collect()
    }
}

/// Makes a bond of up to four slaves.
fn any_bond() -> impl Strategy<Value = Bond> {
    let slave = any::<bool>().prop_map(|up| Observed {
        link: if up { Up } else { Down },
        last_up: 1000,
        active: false,
        ..SLAVE
    });
    (
        prop::collection::vec(slave, 0..=4),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(slaves, primary, has_primary)| {
            let primary = (has_primary && !slaves.is_empty()).then(|| primary.index(slaves.len()));
            let mut bond = Bond {
                slaves,
                primary,
                ..Bond::default()
            };
            bond.choose();
            bond
        })
}

/// What the world does between two rounds: which slaves run, and which of those that asked hear an
/// answer; whether backups hear the questions.
type World = (Vec<bool>, Vec<bool>, bool);

/// Makes it.
fn any_world() -> impl Strategy<Value = World> {
    let flags = || prop::collection::vec(prop::bool::weighted(0.7), 4);
    (flags(), flags(), any::<bool>())
}

/// Whether the table of the module allows the change.
fn is_documented(balanced: bool, from: LinkState, change: Change) -> bool {
    match (balanced, from, change.to) {
        (_, Up, Down) | (_, Down | Fail | Back, Up) => true,
        (false, Back, Fail) => true,
        (false, _, Back) => change.line == Line::None,
        _ => false,
    }
}

/// Runs rounds through the world, and checks after each what always holds.
fn run(mut bond: Bond, worlds: &[World], balanced: bool) -> Result<(), TestCaseError> {
    let mut now = 1000u64;
    for (running, answers, broadcast) in worlds {
        now += 100;
        bond.changes.clear();
        bond.chosen = 0;
        for (slave, &running) in bond.slaves.iter_mut().zip(running) {
            slave.running = running;
        }
        let before = bond.clone();
        let quiet = if balanced {
            is_quiet_balanced(&bond, &PACE, now)
        } else {
            is_quiet(&bond, &PACE, now)
        };
        if balanced {
            round_balanced(&mut bond, &PACE, now);
        } else {
            round(&mut bond, &PACE, now);
        }
        if quiet {
            prop_assert_eq!(&bond.slaves, &before.slaves);
            prop_assert_eq!(
                (bond.active, bond.candidate),
                (before.active, before.candidate)
            );
        }
        for &(from, change) in &bond.changes {
            prop_assert!(
                is_documented(balanced, from, change),
                "{:?} {:?}",
                from,
                change
            );
        }
        prop_assert!(bond.chosen <= 1);
        // Nobody is active who is not up, and a candidate is there only while nobody is.
        if let Some(active) = bond.active {
            prop_assert_eq!(bond.slaves[active].link, Up);
            prop_assert_eq!(bond.candidate, None);
        }
        let asking = bond.asking(balanced);
        if !balanced {
            prop_assert!(asking.len() <= 1);
            let roles = bond.slaves.iter().filter(|slave| slave.active).count();
            prop_assert!(roles <= 1, "{bond:?}");
            let runs = bond.slaves.iter().any(|slave| slave.running);
            prop_assert!(asking.len() == 1 || !runs, "nobody asks: {:?}", bond);
        }
        for at in asking {
            bond.slaves[at].last_tx = now;
            if Some(at) == bond.candidate {
                bond.slaves[at].last_up = now;
            }
            if answers[at] && bond.slaves[at].running {
                bond.slaves[at].last_rx = now + 1;
                if *broadcast && !balanced && bond.active.is_some() {
                    for slave in bond.slaves.iter_mut().filter(|slave| slave.running) {
                        slave.last_rx = now + 1;
                    }
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn active_backup_is_sound(bond in any_bond(), worlds in prop::collection::vec(any_world(), 0..60)) {
        run(bond, &worlds, false)?;
    }

    #[test]
    fn other_modes_are_sound(mut bond in any_bond(), worlds in prop::collection::vec(any_world(), 0..60)) {
        for slave in &mut bond.slaves {
            slave.active = slave.link == Up;
        }
        run(bond, &worlds, true)?;
    }

    /// While somebody answers behind one slave alone, that one is found, whichever it is.
    #[test]
    fn the_one_that_hears_is_found(count in 1..5usize, good in any::<prop::sample::Index>(), start in any::<prop::sample::Index>()) {
        let (good, start) = (good.index(count), start.index(count));
        let mut bond = Bond { slaves: vec![Observed { link: Down, active: false, last_rx: 0, last_tx: 0, ..SLAVE }; count], ..Bond::default() };
        bond.slaves[start].link = Up;
        bond.choose();
        let mut now = 1000;
        for _ in 0..(count + 5) {
            now += 100;
            round(&mut bond, &PACE, now);
            let at = bond.asking(false)[0];
            bond.slaves[at].last_tx = now;
            if at == good {
                bond.slaves[at].last_rx = now;
            }
        }
        prop_assert_eq!(bond.active, Some(good));
    }
}

#[test]
fn the_search_goes_round() {
    let slave = Observed {
        link: Down,
        active: false,
        last_rx: 0,
        ..SLAVE
    };
    let mut bond = Bond {
        slaves: vec![slave; 3],
        ..Bond::default()
    };
    bond.slaves[2].running = false;
    let mut tried = Vec::new();
    for count in 0..4 {
        round(&mut bond, &PACE, 5000 + count * 100);
        tried.push(bond.candidate.unwrap());
    }
    assert_eq!(tried, [1, 0, 1, 0]);
    assert_eq!(bond.slaves[0].link, Back);
    assert_eq!(bond.slaves[1].link, Fail);
}

#[test]
fn what_a_frame_means() {
    use ArpValidate as Rule;
    // Rule, backup; what ARP, IPv6 and any other frame mean.
    let (n, a, j) = (Hearing::Nothing, Hearing::Alive, Hearing::Judge);
    for (rule, backup, meanings) in [
        (Rule::None, false, [a, a, a]),
        (Rule::None, true, [a, a, a]),
        (Rule::Active, false, [j, j, n]),
        (Rule::Active, true, [a, a, a]),
        (Rule::Backup, false, [a, a, a]),
        (Rule::Backup, true, [j, j, n]),
        (Rule::All, false, [j, j, n]),
        (Rule::All, true, [j, j, n]),
        (Rule::Filter, false, [a, a, n]),
        (Rule::Filter, true, [a, a, n]),
        (Rule::FilterActive, false, [j, j, n]),
        (Rule::FilterActive, true, [a, a, n]),
        (Rule::FilterBackup, false, [a, a, n]),
        (Rule::FilterBackup, true, [j, j, n]),
    ] {
        let got = [Kind::Arp, Kind::Ip6, Kind::Other].map(|kind| hear(rule, backup, kind));
        assert_eq!(got, meanings, "{rule:?} {backup}");
    }
}

#[test]
fn whose_words_count() {
    let situation = |backup, active_hears, candidate_asked, is_answer| {
        Situation {
            backup,
            active_hears,
            candidate_asked,
            is_answer,
        }
        .trust()
    };
    for answer in [false, true] {
        assert_eq!(situation(false, true, true, answer), Trust::Answer);
        assert_eq!(situation(false, false, false, answer), Trust::Answer);
        assert_eq!(situation(true, true, false, answer), Trust::Question);
        assert_eq!(situation(true, false, false, answer), Trust::None);
    }
    assert_eq!(situation(true, false, true, true), Trust::Answer);
    assert_eq!(situation(true, false, true, false), Trust::None);
}

/// An ARP request of 10.0.0.1 for 10.0.0.2.
const REQUEST: [u8; 28] = [
    0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2,
];

#[test]
fn arp_packets() {
    let arp = Arp::parse(&REQUEST, 6).unwrap();
    assert_eq!(arp.sender.to_string(), "10.0.0.1");
    assert_eq!(arp.target.to_string(), "10.0.0.2");
    assert!(!arp.is_reply);
    let mut reply = REQUEST;
    reply[7] = 2;
    assert!(Arp::parse(&reply, 6).unwrap().is_reply);
    assert_eq!(Arp::size(6), REQUEST.len());
    assert_eq!(Arp::size(0), 16);
    assert_eq!(Arp::size(255), ARP_MAX);
    // Another type of hardware or protocol, another length of either's addresses.
    for (at, value) in [(0, 1), (1, 6), (2, 9), (3, 6), (4, 8), (5, 16)] {
        let mut bad = REQUEST;
        bad[at] = value;
        assert_eq!(Arp::parse(&bad, 6), None, "{at}");
    }
    assert_eq!(Arp::parse(&REQUEST, 20), None);
}

proptest! {
    #[test]
    fn any_bytes_are_a_packet_or_not(bytes in prop::collection::vec(any::<u8>(), 0..100), len in 0..40u8) {
        let _ = Arp::parse(&bytes, len);
        let short = &REQUEST[..bytes.len().min(27)];
        prop_assert_eq!(Arp::parse(short, 6), None);
    }
}
