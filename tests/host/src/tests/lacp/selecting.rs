// SPDX-License-Identifier: GPL-2.0

//! The Selection Logic, carrier, and what settings do to ports in use.

use super::{
    settings,
    Bond,
    Settings,
    GIGABIT, //
};
use crate::{
    bond::params::AdSelect,
    modes::lacp::{
        key::Capability,
        mux,
        params::{
            Participant,
            PortState,
            SystemId, //
        },
        pdu::LacpPdu,
        system,
    },
};

/// An active partner in sync that collects and distributes, of this system.
fn partner(system: u8, port: u16) -> Participant {
    Participant {
        system: SystemId {
            priority: 1,
            mac: [2, 0, 0, 0, 1, system],
        },
        key: 5,
        port_priority: 1,
        port,
        state: PortState(0x3f),
    }
}

/// A bond whose ports have a link, and have heard these partners, [`None`] being silence.
fn bond(settings: Settings, partners: &[Option<Participant>]) -> Bond {
    let mut bond = Bond::new(settings, partners.len());
    for port in &mut bond.ports {
        port.set_link(Some(GIGABIT));
    }
    bond.run(1_000);
    hear(&mut bond, partners, 1_100);
    bond.run(4_100);
    bond
}

/// Has partners tell of themselves, and that they know all of us.
fn hear(bond: &mut Bond, partners: &[Option<Participant>], now: u64) {
    for turn in [now, now + 1, now + 2_100] {
        for (at, partner) in partners.iter().enumerate() {
            let Some(actor) = *partner else { continue };
            let partner = *bond.ports[at].actor();
            bond.hear(at, &LacpPdu { actor, partner }, turn);
        }
        bond.run(turn);
    }
}

#[test]
fn individual_partners_share_no_aggregator() {
    let mut alone = partner(1, 1);
    alone.state.set(PortState::AGGREGATION, false);
    let mut other = alone;
    other.port = 2;
    let bond = bond(settings(1), &[Some(alone), Some(other)]);
    assert_ne!(bond.ports[0].aggregator(), bond.ports[1].aggregator());
    assert_eq!(bond.senders().len(), 1);
}

#[test]
fn half_duplex_ports_are_individual_and_come_last() {
    let mut own = settings(1);
    own.select = AdSelect::Bandwidth;
    let mut bond = Bond::new(own, 2);
    bond.ports[0].set_link(Some(Capability {
        speed: 100,
        full_duplex: false,
    }));
    bond.run(1_000);
    assert_eq!(bond.senders(), [0], "better than nothing");
    assert!(system::is_without_lacp(&bond.ports));
    bond.ports[1].set_link(Some(GIGABIT));
    bond.run(1_001);
    assert_eq!(bond.senders(), [1]);
}

#[test]
fn policies() {
    let with = |select, prepare: &dyn Fn(&mut Bond)| {
        let mut own = settings(1);
        own.select = select;
        let mut bond = Bond::new(own, 3);
        prepare(&mut bond);
        bond.run(1_000);
        let partners = [
            Some(partner(1, 1)),
            Some(partner(2, 1)),
            Some(partner(2, 2)),
        ];
        hear(&mut bond, &partners, 1_100);
        bond.run(4_200);
        bond.senders()
    };
    let speeds = |speeds: [u32; 3]| {
        move |bond: &mut Bond| {
            for (port, speed) in bond.ports.iter_mut().zip(speeds) {
                port.set_link(Some(Capability {
                    speed,
                    full_duplex: true,
                }));
            }
        }
    };
    assert_eq!(
        with(AdSelect::Bandwidth, &speeds([1000, 1000, 1000])),
        [1, 2]
    );
    assert_eq!(
        with(AdSelect::Bandwidth, &speeds([10_000, 1000, 1000])),
        [0]
    );
    assert_eq!(with(AdSelect::Count, &speeds([10_000, 1000, 1000])), [1, 2]);
    let prio = |values: [u16; 3]| {
        move |bond: &mut Bond| {
            speeds([1000; 3])(bond);
            for (port, value) in bond.ports.iter_mut().zip(values) {
                port.set_priority(value);
            }
        }
    };
    assert_eq!(with(AdSelect::PortPrio, &prio([100, 10, 10])), [0]);
    assert_eq!(with(AdSelect::PortPrio, &prio([100, 60, 60])), [1, 2]);
    assert_eq!(
        with(AdSelect::PortPrio, &prio([120, 60, 60])),
        [1, 2],
        "then the count"
    );
}

#[test]
fn stable_keeps_what_is_in_use_until_it_has_no_link() {
    let mut bond = Bond::new(settings(1), 3);
    bond.ports[0].set_link(Some(GIGABIT));
    bond.run(1_000);
    let partners = [
        Some(partner(1, 1)),
        Some(partner(2, 1)),
        Some(partner(2, 2)),
    ];
    hear(&mut bond, &partners[..1], 1_100);
    assert_eq!(bond.senders(), [0]);
    for port in &mut bond.ports[1..] {
        port.set_link(Some(GIGABIT));
    }
    bond.run(3_300);
    hear(&mut bond, &partners, 3_400);
    bond.run(9_000);
    hear(&mut bond, &partners, 9_000);
    assert_eq!(bond.senders(), [0]);
    bond.ports[0].set_link(None);
    bond.run(11_200);
    assert!(bond.carrier());
    hear(&mut bond, &[None, partners[1], partners[2]], 11_300);
    assert_eq!(bond.senders(), [1, 2]);
}

#[test]
fn without_a_partner_one_port_is_used_unless_that_is_forbidden() {
    let mut own = settings(1);
    let open = bond(own, &[None, None]);
    assert_eq!(open.senders().len(), 1);
    assert!(open.carrier());
    own.strict = true;
    let strict = bond(own, &[None, None]);
    assert!(strict.senders().is_empty());
    assert!(!strict.carrier(), "with min_links 0, too");
    let heard = bond(own, &[Some(partner(1, 1)), None]);
    assert_eq!(heard.senders(), [0]);
    assert!(heard.carrier());
}

#[test]
fn carrier_needs_min_links() {
    for (strict, least, up) in [
        (false, 2, true),
        (false, 3, false),
        (true, 2, true),
        (true, 3, false),
    ] {
        let mut own = settings(1);
        own.strict = strict;
        own.min_links = least;
        let bond = bond(own, &[Some(partner(1, 1)), Some(partner(1, 2))]);
        assert_eq!(bond.senders(), [0, 1]);
        assert_eq!(bond.carrier(), up, "{strict} {least}");
    }
    let empty = Bond::new(settings(1), 0);
    assert!(!empty.carrier());
}

#[test]
fn coupling_changes_on_ports_in_use() {
    let mut bond = bond(settings(1), &[Some(partner(1, 1))]);
    assert_eq!(bond.ports[0].mux(), mux::State::CollectingDistributing);
    bond.settings.coupled = false;
    bond.run(4_200);
    assert_eq!(bond.ports[0].mux(), mux::State::Distributing);
    // The partner receives no more, and now that matters.
    let mut deaf = partner(1, 1);
    deaf.state.set(PortState::COLLECTING, false);
    let knows = *bond.ports[0].actor();
    bond.hear(
        0,
        &LacpPdu {
            actor: deaf,
            partner: knows,
        },
        4_300,
    );
    bond.run(4_300);
    assert_eq!(bond.ports[0].mux(), mux::State::Collecting);
    assert!(bond.senders().is_empty());
    bond.settings.coupled = true;
    bond.run(4_400);
    assert_eq!(bond.ports[0].mux(), mux::State::CollectingDistributing);
}

#[test]
fn a_new_system_or_key_is_told_at_once() {
    let mut bond = bond(settings(1), &[Some(partner(1, 1))]);
    bond.run(6_000);
    bond.settings.system.mac[5] = 77;
    let sent = bond.run(7_000);
    assert_eq!(sent[0].1.actor.system.mac[5], 77);
    bond.settings.user_key = 3;
    let sent = bond.run(9_000);
    assert_eq!(sent[0].1.actor.key >> 6, 3);
}

#[test]
fn aggregators_outlive_the_ports_they_came_with() {
    let mut bond = bond(
        settings(1),
        &[
            Some(partner(1, 1)),
            Some(partner(1, 2)),
            Some(partner(1, 3)),
        ],
    );
    let id = bond.ports[0].aggregator();
    assert!(bond.ports.iter().all(|port| port.aggregator() == id));
    bond.system.leave(&mut bond.ports, 0);
    bond.ports.remove(0);
    bond.run(4_200);
    assert_eq!(bond.senders(), [0, 1], "the others go on");
    assert!(bond.carrier());
    let active = system::active(&bond.ports).unwrap();
    assert_eq!(active.ports, 2);
    assert_eq!(Some(active.id), bond.ports[0].aggregator());
    bond.system.leave(&mut bond.ports, 0);
    bond.ports.remove(0);
    bond.run(4_300);
    assert_eq!(bond.senders(), [0]);
    bond.system.leave(&mut bond.ports, 0);
    bond.ports.remove(0);
    bond.run(4_400);
    assert!(!bond.carrier());
}
