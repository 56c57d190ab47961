// SPDX-License-Identifier: GPL-2.0

//! Each machine against its table in the standard.

use super::{
    settings,
    Bond,
    GIGABIT, //
};
use crate::modes::lacp::{
    churn::{
        self,
        Churn, //
    },
    key::{
        key,
        Capability, //
    },
    mux::{
        self,
        Mux, //
    },
    params::{
        Participant,
        PortState,
        SystemId, //
    },
    pdu::LacpPdu,
    periodic::{
        self,
        Periodic, //
    },
    port::{
        Port,
        Selection,
        Vars, //
    },
    receive::{
        self,
        Receive, //
    },
    system::Received,
    transmit::Transmit,
};

/// What a port knows that has a link, and no partner yet.
fn vars() -> Vars {
    Vars {
        actor: Participant {
            system: SystemId {
                priority: 1,
                mac: [2, 0, 0, 0, 0, 1],
            },
            key: 9,
            port_priority: 255,
            port: 1,
            state: PortState::ACTIVITY
                .with(PortState::TIMEOUT)
                .with(PortState::AGGREGATION),
        },
        partner: Participant::PARTNER_ADMIN,
        port_enabled: true,
        lacp_enabled: true,
        selected: Selection::Unselected,
        ntt: false,
    }
}

/// The partner of [`vars`], with this state.
fn partner(state: PortState) -> Participant {
    Participant {
        system: SystemId {
            priority: 2,
            mac: [2, 0, 0, 0, 0, 2],
        },
        key: 17,
        port_priority: 128,
        port: 3,
        state,
    }
}

/// An active partner in sync, which can aggregate.
const IN_SYNC: PortState = PortState::ACTIVITY
    .with(PortState::AGGREGATION)
    .with(PortState::SYNC);

/// A LACPDU from it to [`vars`].
fn pdu(state: PortState) -> LacpPdu {
    LacpPdu {
        actor: partner(state),
        partner: vars().actor,
    }
}

#[test]
fn receive_machine() {
    let mut vars = vars();
    let mut machine = Receive::new();
    vars.port_enabled = false;
    vars.partner = partner(IN_SYNC);
    vars.selected = Selection::Selected;
    machine.initialize(&mut vars);
    assert_eq!(machine.state(), receive::State::PortDisabled);
    assert_eq!(vars.partner, Participant::PARTNER_ADMIN);
    assert_eq!(vars.selected, Selection::Unselected);
    assert!(vars.actor.state.has(PortState::DEFAULTED));
    assert!(
        !machine.receive(&mut vars, &pdu(IN_SYNC), 0),
        "a disabled port hears nothing"
    );

    // PORT_DISABLED to EXPIRED: 3 s, and the partner is asked to be fast.
    vars.port_enabled = true;
    machine.run(&mut vars, 1_000);
    assert_eq!(machine.state(), receive::State::Expired);
    assert_eq!(machine.deadline(), Some(4_000));
    assert!(vars.partner.state.has(PortState::TIMEOUT));
    assert!(vars.actor.state.has(PortState::EXPIRED));
    machine.run(&mut vars, 3_999);
    assert_eq!(machine.state(), receive::State::Expired);

    // EXPIRED to DEFAULTED.
    let mut silent = (machine, vars);
    silent.0.run(&mut silent.1, 4_000);
    assert_eq!(silent.0.state(), receive::State::Defaulted);
    assert_eq!(silent.0.deadline(), None);
    assert_eq!(silent.1.partner, Participant::PARTNER_ADMIN);
    assert!(!silent.1.actor.state.has(PortState::EXPIRED));

    // EXPIRED to CURRENT.
    assert!(machine.receive(&mut vars, &pdu(IN_SYNC), 2_000));
    assert_eq!(machine.state(), receive::State::Current);
    assert_eq!(machine.deadline(), Some(5_000), "short timeout");
    assert_eq!(vars.partner, partner(IN_SYNC));
    assert_eq!(vars.selected, Selection::Unselected, "another partner");
    assert!(!vars.actor.state.has(PortState::EXPIRED));
    assert!(!vars.actor.state.has(PortState::DEFAULTED));

    // CURRENT again, by the same partner, at the slow rate.
    vars.selected = Selection::Selected;
    vars.actor.state.set(PortState::TIMEOUT, false);
    assert!(machine.receive(&mut vars, &pdu(IN_SYNC), 3_000));
    assert_eq!(machine.deadline(), Some(93_000), "long timeout");
    assert_eq!(vars.selected, Selection::Selected);

    // CURRENT to EXPIRED.
    machine.run(&mut vars, 93_000);
    assert_eq!(machine.state(), receive::State::Expired);
    assert!(!vars.partner.state.has(PortState::SYNC));
    assert_eq!(vars.selected, Selection::Selected);
    assert_eq!(
        vars.partner.system,
        partner(IN_SYNC).system,
        "is remembered"
    );

    // Half duplex.
    vars.lacp_enabled = false;
    machine.run(&mut vars, 94_000);
    assert_eq!(machine.state(), receive::State::LacpDisabled);
    assert_eq!(vars.selected, Selection::Unselected);
    assert!(!vars.partner.state.has(PortState::AGGREGATION));
    assert!(!machine.receive(&mut vars, &pdu(IN_SYNC), 94_000));
    vars.lacp_enabled = true;
    machine.run(&mut vars, 95_000);
    assert_eq!(machine.state(), receive::State::Expired);

    // No link.
    vars.port_enabled = false;
    machine.run(&mut vars, 96_000);
    assert_eq!(machine.state(), receive::State::PortDisabled);
    assert_eq!(machine.deadline(), None);
}

#[test]
fn when_the_partner_counts_as_in_sync() {
    let heard = |change: &dyn Fn(&mut LacpPdu, &mut Vars)| {
        let mut vars = vars();
        let mut machine = Receive::new();
        machine.run(&mut vars, 0);
        let mut pdu = pdu(IN_SYNC);
        change(&mut pdu, &mut vars);
        machine.receive(&mut vars, &pdu, 0);
        vars.partner.state.has(PortState::SYNC)
    };
    assert!(heard(&|_, _| ()));
    assert!(!heard(&|pdu, _| pdu
        .actor
        .state
        .set(PortState::SYNC, false)));
    let mismatches: [&dyn Fn(&mut LacpPdu, &mut Vars); 6] = [
        &|pdu, _| pdu.partner.port = 2,
        &|pdu, _| pdu.partner.port_priority = 2,
        &|pdu, _| pdu.partner.system.priority = 2,
        &|pdu, _| pdu.partner.system.mac[5] = 2,
        &|pdu, _| pdu.partner.key = 2,
        &|pdu, _| pdu.partner.state.set(PortState::AGGREGATION, false),
    ];
    for change in mismatches {
        assert!(!heard(change), "means another port");
        let individual = |pdu: &mut LacpPdu, vars: &mut Vars| {
            change(pdu, vars);
            pdu.actor.state.set(PortState::AGGREGATION, false);
        };
        assert!(heard(&individual), "an individual one need not know us");
    }
    // Somebody has to send without being asked.
    let passive = |pdu: &mut LacpPdu, _: &mut Vars| pdu.actor.state.set(PortState::ACTIVITY, false);
    assert!(heard(&passive));
    assert!(!heard(&|pdu, vars| {
        passive(pdu, vars);
        pdu.partner.state.set(PortState::ACTIVITY, false);
    }));
    assert!(!heard(&|pdu, vars| {
        passive(pdu, vars);
        vars.actor.state.set(PortState::ACTIVITY, false);
    }));
}

#[test]
fn ntt_follows_what_the_partner_knows() {
    let asks = |change: &dyn Fn(&mut LacpPdu)| {
        let mut vars = vars();
        let mut machine = Receive::new();
        machine.run(&mut vars, 0);
        vars.ntt = false;
        // What the partner knows is what is true while the machine expects it.
        let mut pdu = pdu(IN_SYNC);
        pdu.partner = vars.actor;
        change(&mut pdu);
        machine.receive(&mut vars, &pdu, 0);
        vars.ntt
    };
    assert!(!asks(&|_| ()));
    assert!(asks(&|pdu| pdu.partner.key = 1));
    assert!(asks(&|pdu| pdu.partner.port = 9));
    for flag in [
        PortState::ACTIVITY,
        PortState::TIMEOUT,
        PortState::AGGREGATION,
    ] {
        assert!(asks(&|pdu| pdu.partner.state.set(flag, false)));
    }
    assert!(asks(&|pdu| pdu.partner.state.set(PortState::SYNC, true)));
    // As the standard has it, not these.
    assert!(!asks(&|pdu| pdu
        .partner
        .state
        .set(PortState::COLLECTING, true)));
    assert!(!asks(&|pdu| pdu
        .partner
        .state
        .set(PortState::EXPIRED, false)));
}

#[test]
fn periodic_machine() {
    let mut vars = vars();
    let mut machine = Periodic::new();
    vars.partner.state = PortState::TIMEOUT;
    machine.run(&mut vars, 0);
    assert_eq!(machine.state(), periodic::State::Fast);
    assert_eq!((machine.deadline(), vars.ntt), (Some(1_000), false));
    machine.run(&mut vars, 1_000);
    assert_eq!((machine.deadline(), vars.ntt), (Some(2_000), true));

    // FAST to SLOW, without sending.
    vars.ntt = false;
    vars.partner.state = PortState(0);
    machine.run(&mut vars, 1_500);
    assert_eq!(machine.state(), periodic::State::Slow);
    assert_eq!((machine.deadline(), vars.ntt), (Some(31_500), false));
    machine.run(&mut vars, 31_500);
    assert_eq!((machine.deadline(), vars.ntt), (Some(61_500), true));

    // SLOW to PERIODIC_TX, and FAST.
    vars.ntt = false;
    vars.partner.state = PortState::TIMEOUT;
    machine.run(&mut vars, 40_000);
    assert_eq!(machine.state(), periodic::State::Fast);
    assert_eq!((machine.deadline(), vars.ntt), (Some(41_000), true));

    // NO_PERIODIC.
    let silent: [&dyn Fn(&mut Vars); 3] = [
        &|vars| vars.port_enabled = false,
        &|vars| vars.lacp_enabled = false,
        &|vars| vars.actor.state.set(PortState::ACTIVITY, false),
    ];
    for change in silent {
        let (mut machine, mut vars) = (machine, vars);
        change(&mut vars);
        machine.run(&mut vars, 40_500);
        assert_eq!(machine.state(), periodic::State::No);
        assert_eq!(machine.deadline(), None);
    }
    vars.actor.state.set(PortState::ACTIVITY, false);
    vars.partner.state.set(PortState::ACTIVITY, true);
    machine.run(&mut vars, 40_500);
    assert_eq!(
        machine.state(),
        periodic::State::Fast,
        "the partner is active"
    );
}

/// Every row of the table of the Mux machine, and that there are no others.
#[test]
fn mux_machine() {
    use mux::State::{
        Attached,
        Collecting,
        CollectingDistributing,
        Detached,
        Distributing,
        Waiting, //
    };
    use Selection::{
        Selected as Yes,
        Standby,
        Unselected, //
    };
    let reach = |target: mux::State| {
        let mut vars = vars();
        let mut machine = Mux::new();
        let coupled = target == CollectingDistributing;
        vars.selected = Yes;
        vars.partner.state = PortState::SYNC.with(PortState::COLLECTING);
        if target == Attached {
            vars.partner.state = PortState(0);
        }
        if target == Collecting {
            vars.partner.state = PortState::SYNC;
        }
        let mut turns = 0;
        while machine.state() != target {
            assert!(machine.step(&mut vars, true, coupled, 100), "{target:?}");
            turns += 1;
            assert!(turns < 9);
        }
        (machine, vars)
    };
    for from in mux::State::ALL {
        for selected in [Unselected, Standby, Yes] {
            for (sync, collecting, ready, coupled) in
                (0..16).map(|n| (n & 1 != 0, n & 2 != 0, n & 4 != 0, n & 8 != 0))
            {
                let (mut machine, mut vars) = reach(from);
                vars.selected = selected;
                vars.partner.state.set(PortState::SYNC, sync);
                vars.partner.state.set(PortState::COLLECTING, collecting);
                let go = selected == Yes && sync;
                let wanted = match from {
                    Detached if selected != Unselected => Waiting,
                    Waiting if selected == Unselected => Detached,
                    Waiting if selected == Yes && ready => Attached,
                    Attached if selected != Yes => Detached,
                    Attached if go && coupled => CollectingDistributing,
                    Attached if go => Collecting,
                    Collecting if !go => Attached,
                    Collecting if coupled => CollectingDistributing,
                    Collecting if collecting => Distributing,
                    Distributing if !go || !collecting => Collecting,
                    Distributing if coupled => CollectingDistributing,
                    CollectingDistributing if !go => Attached,
                    CollectingDistributing if !coupled => Collecting,
                    same => same,
                };
                let moved = machine.step(&mut vars, ready, coupled, 5_000);
                assert_eq!(
                    machine.state(),
                    wanted,
                    "{from:?} {selected:?} {sync} {collecting} {ready} {coupled}"
                );
                assert_eq!(moved, wanted != from);
                let flags = (
                    vars.actor.state.has(PortState::SYNC),
                    vars.actor.state.has(PortState::COLLECTING),
                    vars.actor.state.has(PortState::DISTRIBUTING),
                );
                let told = match wanted {
                    Detached | Waiting => (false, false, false),
                    Attached => (true, false, false),
                    Collecting => (true, true, false),
                    Distributing | CollectingDistributing => (true, true, true),
                };
                assert_eq!(flags, told, "{wanted:?}");
                let waits = (moved && wanted == Waiting).then_some(7_000);
                assert!(!moved || machine.deadline() == waits);
            }
        }
    }
}

#[test]
fn waiting_ends_by_time_or_when_nobody_is_to_come() {
    for (none_to_come, now, over) in [
        (false, 2_099, false),
        (false, 2_100, true),
        (true, 101, true),
    ] {
        let mut vars = vars();
        let mut machine = Mux::new();
        vars.selected = Selection::Selected;
        machine.step(&mut vars, false, true, 100);
        assert!(machine.is_waiting());
        machine.note_ready(none_to_come, now);
        assert_eq!(machine.is_waiting(), !over);
    }
}

#[test]
fn three_lacpdus_in_a_fast_period_at_most() {
    let mut vars = vars();
    let mut machine = Transmit::new();
    let fast = periodic::State::Fast;
    let mut sent = Vec::new();
    for now in (0..5_000).step_by(10) {
        vars.ntt = true;
        if machine.run(&mut vars, fast, now) {
            assert!(!vars.ntt);
            sent.push(now);
        } else {
            assert!(vars.ntt, "it is not forgotten");
            assert!(machine.next_slot() > now);
        }
    }
    assert_eq!(sent.len(), 15);
    assert!(sent.windows(4).all(|times| times[3] - times[0] >= 1_000));
    assert!(!machine.run(&mut vars, periodic::State::No, 9_000));
    assert!(!vars.ntt, "nobody is to hear it");
}

#[test]
fn churn_machine() {
    let mut machine = Churn::new();
    machine.run(false, true, 0);
    assert_eq!(machine.state(), churn::State::Monitoring, "no link");
    machine.run(true, false, 1_000);
    assert_eq!(machine.deadline(), Some(61_000));
    // As soon as it is in sync, not when the timer expires.
    let mut quick = machine;
    quick.run(true, true, 1_001);
    assert_eq!((quick.state(), quick.count()), (churn::State::None, 0));
    quick.run(true, false, 2_000);
    assert_eq!(
        (quick.state(), quick.deadline()),
        (churn::State::Monitoring, Some(62_000))
    );

    machine.run(true, false, 60_999);
    assert_eq!(machine.state(), churn::State::Monitoring);
    machine.run(true, false, 61_000);
    assert_eq!(
        (machine.state(), machine.count()),
        (churn::State::Churned, 1)
    );
    machine.run(true, false, 900_000);
    assert_eq!(machine.count(), 1);
    machine.run(true, true, 900_001);
    assert_eq!(machine.state(), churn::State::None);
    machine.begin();
    assert_eq!(
        (machine.state(), machine.count()),
        (churn::State::Monitoring, 1)
    );
}

#[test]
fn keys() {
    let full = |speed| {
        Some(Capability {
            speed,
            full_duplex: true,
        })
    };
    assert_eq!(key(0, full(10)), 0b101);
    assert_eq!(key(0, full(1_000)), 9);
    assert_eq!(key(0, full(10_000)), 15);
    assert_eq!(key(0, full(1_600_000)), 39);
    assert_eq!(key(0, full(1_234)), 1, "a speed that has no number");
    assert_eq!(key(1023, full(100)), 0xffc0 | 7);
    assert_eq!(key(0xffff, None), 0xffc0);
    let half = Capability {
        speed: 100,
        full_duplex: false,
    };
    assert_eq!(key(0, Some(half)), 6);
}

#[test]
fn a_flood_is_counted_and_not_looked_at() {
    let mut bond = Bond::new(settings(1), 1);
    bond.ports[0].set_link(Some(GIGABIT));
    bond.run(1_000);
    let mut looked = 0;
    for turn in 0..1_000u16 {
        let mut heard = pdu(IN_SYNC);
        heard.actor.port = turn;
        looked += usize::from(bond.hear(0, &heard, 1_050) == Received::Lacpdu);
    }
    assert_eq!(looked, 16);
    assert_eq!(bond.ports[0].stats.all()[0], 1_000);
    assert_eq!(bond.hear(0, &pdu(IN_SYNC), 1_200), Received::Lacpdu);
}

#[test]
fn the_last_lacpdu_of_a_port() {
    let mut bond = Bond::new(settings(1), 2);
    bond.ports[0].set_link(Some(GIGABIT));
    bond.run(1_000);
    let heard = LacpPdu {
        actor: partner(IN_SYNC),
        partner: *bond.ports[0].actor(),
    };
    bond.hear(0, &heard, 1_001);
    bond.run(1_001);
    assert_eq!(bond.senders(), [0], "the one that was heard is in use");
    let last = bond.ports[0].retire().unwrap();
    assert_eq!(last.actor.state.0 & 0x3c, 0);
    assert!(last.actor.state.has(PortState::ACTIVITY));
    bond.ports[0].set_link(Some(GIGABIT));
    assert!(bond.run(1_002).is_empty());
    assert!(bond.senders().is_empty());
    assert!(
        bond.ports[1].retire().is_none(),
        "nobody is there to hear it"
    );
    assert!(Port::new().retire().is_none());
}

#[test]
fn a_loopback_changes_nothing() {
    let mut bond = Bond::new(settings(1), 1);
    bond.ports[0].set_link(Some(GIGABIT));
    let sent = bond.run(1_000);
    let (_, own) = sent[0];
    let before = *bond.ports[0].partner();
    assert_eq!(
        bond.hear(0, &own, 1_001),
        Received::Loopback { first: true }
    );
    assert_eq!(
        bond.hear(0, &own, 1_002),
        Received::Loopback { first: false }
    );
    assert_eq!(*bond.ports[0].partner(), before);
    bond.run(4_000);
    assert!(
        bond.ports[0].actor().state.has(PortState::DEFAULTED),
        "nobody answers"
    );
}
