// SPDX-License-Identifier: GPL-2.0

//! The history of a bond, and the JSON that tells of it.

use super::any_params;
use crate::bond::addr::{
    HwAddr,
    IfName, //
};
use crate::bond::history::{
    Decision,
    Done,
    History,
    Seen,
    Setting,
    DECISIONS, //
};
use crate::bond::options::OPTIONS;
use crate::bond::params::{
    Mode,
    Params, //
};
use crate::bond::select::Why;
use crate::bond::snapshot::{
    BondSnapshot,
    SlaveSnapshot, //
};
use crate::debugfs::format::{
    state,
    BondDetail,
    Report,
    SlaveDetail, //
};
use crate::debugfs::json;
use crate::modes::lacp::mux;
use crate::monitor::link::{
    Delays,
    Duplex,
    LinkMachine,
    LinkState,
    LinkWhy, //
};
use crate::monitor::targets::Targets;
use proptest::prelude::*;
use serde_json::{
    json,
    Value, //
};

/// What `tools/bondctl` says for each word.
const BONDCTL: &str = include_str!("../../../../tools/bondctl");

/// The page that explains each word.
const MANUAL: &str = include_str!("../../../../Documentation/observability.md");

/// Returns the name made of `text`.
fn name(text: &str) -> IfName {
    IfName::from_bytes(text.as_bytes())
}

/// Returns a history with room for `size` decisions.
fn history(size: usize) -> History<Vec<Decision>> {
    History::new(vec![Decision::NONE; size])
}

#[test]
fn remembers_the_latest() {
    let mut history = history(3);
    assert_eq!((history.iter().count(), history.total()), (0, 0));
    history.see(Seen::Up);
    history.note(1, Done::Running(true));
    history.see(Seen::Poll);
    history.note(2, Done::Carrier(true));
    history.note(3, Done::Carrier(false));
    let first = history.iter().next().unwrap();
    assert_eq!((first.at_ms, first.seen), (1, Seen::Up));
    history.note(4, Done::Running(false));
    let all: Vec<_> = history.iter().map(|d| (d.at_ms, d.seen, d.done)).collect();
    assert_eq!(
        all,
        [
            (2, Seen::Poll, Done::Carrier(true)),
            (3, Seen::Poll, Done::Carrier(false)),
            (4, Seen::Poll, Done::Running(false)),
        ]
    );
    assert_eq!(history.total(), 4);
}

#[test]
fn without_room_nothing_is_remembered() {
    let mut history = history(0);
    history.note(1, Done::Running(true));
    assert_eq!((history.iter().count(), history.total()), (0, 1));
}

#[test]
fn why_links_change() {
    let delays = |updelay_ms, downdelay_ms, ignore_updelay| Delays {
        updelay_ms,
        downdelay_ms,
        ignore_updelay,
    };
    let mut link = LinkMachine::new(true, true, 0, &delays(0, 0, false));
    let mut look = |carrier, now, delays| {
        let change = link.observe(carrier, now, &delays).unwrap();
        (change.to, change.why)
    };
    let both = delays(20, 30, false);
    assert_eq!(
        look(false, 0, both),
        (LinkState::Fail, LinkWhy::CarrierLost)
    );
    assert_eq!(look(true, 10, both), (LinkState::Up, LinkWhy::CarrierFound));
    look(false, 20, both);
    assert_eq!(look(false, 50, both), (LinkState::Down, LinkWhy::DelayOver));
    assert_eq!(
        look(true, 60, both),
        (LinkState::Back, LinkWhy::CarrierFound)
    );
    assert_eq!(
        look(false, 70, both),
        (LinkState::Down, LinkWhy::CarrierLost)
    );
    look(true, 80, both);
    assert_eq!(look(true, 100, both), (LinkState::Up, LinkWhy::DelayOver));
    look(false, 100, delays(20, 0, false));
    assert_eq!(
        look(true, 100, delays(20, 0, true)),
        (LinkState::Up, LinkWhy::DelaySkipped)
    );
    look(false, 100, delays(20, 0, false));
    look(true, 100, both);
    assert_eq!(
        look(true, 101, delays(20, 0, true)),
        (LinkState::Up, LinkWhy::DelaySkipped)
    );
    look(false, 200, delays(0, 0, false));
    assert_eq!(
        look(true, 200, delays(0, 0, true)),
        (LinkState::Up, LinkWhy::CarrierFound)
    );
    look(false, 200, delays(20, 0, false));
    look(true, 200, both);
    assert_eq!(link.promote().unwrap().why, LinkWhy::Promoted);
}

/// Returns a slave.
fn slave(name: IfName) -> (SlaveSnapshot, SlaveDetail) {
    let shown = SlaveSnapshot {
        name,
        link: LinkState::Fail,
        speed: None,
        duplex: Duplex::Unknown,
        link_failures: 3,
        perm_hwaddr: HwAddr::ether([2, 0, 0, 0, 0, 1]),
        queue_id: 7,
        backup: true,
        prio: -5,
        lacp: None,
    };
    let detail = SlaveDetail {
        ifindex: 12,
        carrier: false,
        delay_left_ms: Some(150),
        failovers: 2,
        drops: 9,
    };
    (shown, detail)
}

/// Returns the text of the file of a bond with these settings, slaves and decisions.
fn text(params: Params, names: &[IfName], decisions: &[Decision]) -> String {
    let (shown, details): (Vec<_>, Vec<_>) = names.iter().map(|&name| slave(name)).unzip();
    let bond = BondSnapshot {
        name: name("bond0"),
        lacp: None,
        privileged: || true,
        params,
        targets: Targets::NONE,
        mii_up: true,
        primary: None,
        primary_ifindex: None,
        active: names.first().copied(),
        active_ifindex: names.first().map(|_| 12),
        slaves: &shown,
        kernel_release: "7.3.4",
    };
    let detail = BondDetail {
        name: name("bond0"),
        ifindex: 5,
        netns: 4_026_531_840,
        running: true,
        wanted_primary: Some(name("gone")),
        tx_dropped: 1,
        boottime_ms: 5000,
        realtime_ms: 1_700_000_000_000,
    };
    let report = Report {
        bond: &bond,
        detail,
        slaves: &details,
        decisions,
        total: decisions.len() as u64 + 1,
    };
    let mut text = String::new();
    state(&report, &mut text).unwrap();
    text
}

/// Returns what a JSON parser makes of it.
fn parsed(params: Params, names: &[IfName], decisions: &[Decision]) -> Value {
    serde_json::from_str(&text(params, names, decisions)).unwrap()
}

/// Returns the settings of an active-backup bond.
fn active_backup() -> Params {
    Params {
        mode: Mode::ActiveBackup,
        miimon: 100,
        ..Params::DEFAULT
    }
}

#[test]
fn the_state_of_a_bond() {
    let state = parsed(active_backup(), &[name("s1")], &[]);
    let expected = [
        ("version", json!(1)),
        ("name", json!("bond0")),
        ("ifindex", json!(5)),
        ("netns", json!(4_026_531_840u32)),
        ("boottime_ms", json!(5000)),
        ("realtime_ms", json!(1_700_000_000_000u64)),
        ("up", json!(true)),
        ("carrier", json!(true)),
        ("mode", json!("active-backup")),
        ("active", json!("s1")),
        ("primary", Value::Null),
        ("wanted_primary", json!("gone")),
        ("tx_dropped", json!(1)),
        ("decisions_total", json!(1)),
        ("decisions", json!([])),
    ];
    for (field, value) in expected {
        assert_eq!(state[field], value, "{field}");
    }
    assert_eq!(
        state["slaves"],
        json!([{
            "name": "s1", "ifindex": 12, "role": "backup", "link": "going down", "carrier": false,
            "delay_left_ms": 150, "speed_mbps": null, "duplex": null, "prio": -5, "queue_id": 7,
            "permanent_address": "02:00:00:00:00:01", "link_failures": 3, "failovers": 2,
            "drops": 9,
        }])
    );
    let options = &state["options"];
    assert_eq!(options["mode"], "active-backup");
    assert_eq!(options["miimon"], 100);
    assert_eq!(options["primary_reselect"], "always");
    assert_eq!(options["active_slave"], "s1");
    assert_eq!(options["slaves"], "s1");
    assert_eq!(options["queue_id"], "s1:7");
    let options = options.as_object().unwrap();
    let with_file = OPTIONS.iter().filter(|def| def.sysfs.is_some());
    assert!(with_file.clone().all(|def| options.contains_key(def.name)));
    assert_eq!(options.len(), with_file.count());
}

#[test]
fn modes_without_an_active_slave() {
    let params = Params {
        mode: Mode::RoundRobin,
        ..Params::DEFAULT
    };
    let state = parsed(params, &[name("s1"), name("s2")], &[]);
    assert_eq!(state["active"], Value::Null);
    let slaves = state["slaves"].as_array().unwrap();
    assert_eq!(slaves.len(), 2);
    assert!(slaves.iter().all(|slave| slave.get("failovers").is_none()));
}

#[test]
fn decisions() {
    let (s1, s2) = (name("s1"), name("s2"));
    let at = |at_ms, seen, done| Decision { at_ms, seen, done };
    let option = |name, slave, value| Seen::Option { name, slave, value };
    let cases = [
        (
            at(
                7,
                Seen::Carrier(s1),
                Done::Link {
                    slave: s1,
                    from: LinkState::Up,
                    to: LinkState::Fail,
                    why: LinkWhy::CarrierLost,
                },
            ),
            json!({
                "time_ms": 7, "seen": {"event": "carrier", "slave": "s1"},
                "done": {"what": "link", "slave": "s1", "from": "up", "to": "going down"},
                "why": "carrier-lost",
            }),
        ),
        (
            at(
                8,
                Seen::Poll,
                Done::Active {
                    from: Some((s1, LinkState::Down)),
                    to: Some(s2),
                    why: Why::OnlyUp,
                },
            ),
            json!({
                "time_ms": 8, "seen": {"event": "poll"},
                "done": {"what": "active", "from": "s1", "from_link": "down", "to": "s2"},
                "why": "only-up",
            }),
        ),
        (
            at(
                9,
                option("primary", None, Setting::Name(Some(s2))),
                Done::Kept {
                    active: None,
                    why: Why::NoneUp,
                },
            ),
            json!({
                "time_ms": 9, "seen": {"event": "option", "option": "primary", "value": "s2"},
                "done": {"what": "kept", "active": null}, "why": "none-up",
            }),
        ),
        (
            at(
                10,
                option("prio", Some(s1), Setting::Number(-3)),
                Done::Carrier(true),
            ),
            json!({
                "time_ms": 10,
                "seen": {"event": "option", "slave": "s1", "option": "prio", "value": -3},
                "done": {"what": "carrier", "on": true}, "why": "slave-up",
            }),
        ),
        (
            at(
                11,
                option("primary_reselect", None, Setting::Keyword("better")),
                Done::Active {
                    from: None,
                    to: None,
                    why: Why::Cleared,
                },
            ),
            json!({
                "time_ms": 11,
                "seen": {"event": "option", "option": "primary_reselect", "value": "better"},
                "done": {"what": "active", "from": null, "from_link": null, "to": null},
                "why": "cleared",
            }),
        ),
        (
            at(
                12,
                Seen::Enslave(s1),
                Done::Enslaved {
                    slave: s1,
                    link: LinkState::Back,
                },
            ),
            json!({
                "time_ms": 12, "seen": {"event": "enslave", "slave": "s1"},
                "done": {"what": "enslaved", "slave": "s1", "link": "going back"}, "why": null,
            }),
        ),
        (
            at(13, Seen::Gone(s1), Done::Released { slave: s1 }),
            json!({
                "time_ms": 13, "seen": {"event": "gone", "slave": "s1"},
                "done": {"what": "released", "slave": "s1"}, "why": null,
            }),
        ),
        (
            at(14, Seen::Down, Done::Running(false)),
            json!({
                "time_ms": 14, "seen": {"event": "down"},
                "done": {"what": "running", "on": false}, "why": null,
            }),
        ),
    ];
    let (decisions, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    let state = parsed(active_backup(), &[], &decisions);
    assert_eq!(state["decisions"], Value::from(expected));
    assert_eq!(state["decisions_total"], 9);
}

/// One event of each kind.
fn events() -> [Seen; 17] {
    let s1 = name("s1");
    let option = Seen::Option {
        name: "primary",
        slave: None,
        value: Setting::Name(None),
    };
    [
        Seen::Made,
        Seen::Up,
        Seen::Down,
        Seen::Carrier(s1),
        Seen::Closed(s1),
        Seen::Poll,
        Seen::ArpPoll,
        option,
        Seen::Enslave(s1),
        Seen::Release(s1),
        Seen::Gone(s1),
        Seen::Renamed(s1),
        Seen::Address,
        Seen::Lacpdu(s1),
        Seen::LacpTimer,
        Seen::Speed,
        Seen::Retry,
    ]
}

#[test]
fn each_word_is_explained() {
    let whys = Why::ALL.iter().map(|why| why.word());
    let links = LinkWhy::ALL.iter().map(|why| why.word());
    let carrier = [true, false].map(|on| Done::Carrier(on).why().unwrap());
    let seen = events().map(Seen::word);
    for state in mux::State::ALL {
        assert!(MANUAL.contains(&format!("`{}`", state.word())), "{state:?}");
    }
    let words: Vec<_> = whys.chain(links).chain(carrier).chain(seen).collect();
    for word in words {
        assert!(MANUAL.contains(&format!("`{word}`")), "{word}: manual");
        assert!(BONDCTL.contains(&format!("\"{word}\":")), "{word}: bondctl");
    }
}

/// Makes any name, bytes which are no text included.
fn any_name() -> impl Strategy<Value = IfName> {
    prop::collection::vec(1..=255u8, 1..16).prop_map(|bytes| IfName::from_bytes(&bytes))
}

/// Makes any decision about a slave.
fn any_decision() -> impl Strategy<Value = Decision> {
    (
        any::<u64>(),
        any_name(),
        prop::sample::select(&Why::ALL[..]),
        prop::sample::select(events().to_vec()),
    )
        .prop_map(|(at_ms, slave, why, seen)| Decision {
            at_ms,
            seen: match seen {
                Seen::Carrier(_) => Seen::Carrier(slave),
                Seen::Option { name, .. } => Seen::Option {
                    name,
                    slave: Some(slave),
                    value: Setting::Name(Some(slave)),
                },
                seen => seen,
            },
            done: Done::Active {
                from: Some((slave, LinkState::Up)),
                to: Some(slave),
                why,
            },
        })
}

proptest! {
    #[test]
    fn any_text_is_escaped(text in ".*") {
        let mut written = String::new();
        json::object(&mut written, |fields| fields.put(&text, text.as_str())).unwrap();
        let value: Value = serde_json::from_str(&written).unwrap();
        prop_assert_eq!(&value, &json!({ &text: &text }));
    }

    #[test]
    fn always_json(
        params in any_params(),
        names in prop::collection::vec(any_name(), 0..5),
        decisions in prop::collection::vec(any_decision(), 0..DECISIONS),
    ) {
        let text = text(params, &names, &decisions);
        let state: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(state["slaves"].as_array().unwrap().len(), names.len());
        let written = state["decisions"].as_array().unwrap();
        prop_assert_eq!(written.len(), decisions.len());
        for (written, decision) in written.iter().zip(&decisions) {
            prop_assert_eq!(&written["time_ms"], decision.at_ms);
        }
        // What the widest decisions and names take: a bound on the memory of a reader.
        prop_assert!(text.len() < 4096 + 2000 * names.len() + 600 * decisions.len());
    }

    #[test]
    fn a_ring_is_a_queue(times in prop::collection::vec(any::<u64>(), 0..300), size in 1..70usize) {
        let mut history = history(size);
        for &at_ms in &times {
            history.note(at_ms, Done::Running(true));
        }
        let kept: Vec<_> = history.iter().map(|decision| decision.at_ms).collect();
        prop_assert_eq!(&kept[..], &times[times.len().saturating_sub(size)..]);
        prop_assert_eq!(history.total(), times.len() as u64);
    }
}
