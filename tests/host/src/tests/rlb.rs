// SPDX-License-Identifier: GPL-2.0

//! The clients of balance-alb, and which frames it balances.

use crate::modes::alb::{
    sender,
    Sender, //
};
use crate::modes::hash::Network;
use crate::modes::rlb::{
    Arp,
    Client,
    Kind,
    Mac,
    Slave,
    Table as Clients,
    Update,
    ARP_LEN,
    ARP_SENDER,
    DELAY_MS,
    PLACES, //
};
use core::net::Ipv4Addr;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// A table as tests have it.
type Table = Clients<Vec<Option<Client>>>;

/// A new one.
fn table() -> Table {
    Table::new(vec![None; PLACES])
}

const OURS: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);
const OUR_MAC: Mac = [2, 0, 0, 0, 0, 1];

fn peer(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, last)
}

fn mac(last: u8) -> Mac {
    [2, 0xbb, 0, 0, 0, last]
}

/// Slaves with ids from 1 on, and these speeds.
fn slaves(speeds: &[u32]) -> Vec<Slave> {
    let slave = |(at, speed): (usize, &u32)| Slave {
        id: at as u32 + 1,
        speed: *speed,
        fails: false,
    };
    speeds.iter().enumerate().map(slave).collect()
}

/// Our reply to a peer.
fn reply(to: u8) -> Arp {
    Arp {
        kind: Kind::Reply,
        sender_mac: OUR_MAC,
        sender: OURS,
        target_mac: mac(to),
        target: peer(to),
    }
}

/// Our question for it.
fn request(to: u8) -> Arp {
    Arp {
        kind: Kind::Request,
        target_mac: [0; 6],
        ..reply(to)
    }
}

/// Its reply to us.
fn answer(from: u8) -> Arp {
    Arp {
        kind: Kind::Reply,
        sender_mac: mac(from),
        sender: peer(from),
        target_mac: OUR_MAC,
        target: OURS,
    }
}

/// What is said in a round at this time.
fn round(table: &mut Table, now_ms: u64, slaves: &[Slave]) -> Vec<Update> {
    let mut said = Vec::new();
    table.round(now_ms, slaves, |update| said.push(update));
    said
}

/// Everything that is said until there is nothing more to do, with times.
fn all_rounds(table: &mut Table, mut now_ms: u64, slaves: &[Slave]) -> Vec<(u64, Update)> {
    let mut said = Vec::new();
    for _ in 0..50 {
        let Some(due) = table.due_ms() else {
            return said;
        };
        now_ms = now_ms.max(due);
        for update in round(table, now_ms, slaves) {
            said.push((now_ms, update));
        }
    }
    panic!("it never ends");
}

/// The slave of each client.
fn assigned(table: &Table) -> Vec<u32> {
    table.clients().map(|client| client.slave).collect()
}

#[test]
fn arp_packets() {
    let mut packet = [0; ARP_LEN];
    packet[..8].copy_from_slice(&[0, 1, 8, 0, 6, 4, 0, 2]);
    packet[8..14].copy_from_slice(&OUR_MAC);
    packet[14..18].copy_from_slice(&[10, 0, 0, 1]);
    packet[18..24].copy_from_slice(&mac(9));
    packet[24..].copy_from_slice(&[10, 0, 0, 9]);
    assert_eq!(Arp::parse(&packet), Some(reply(9)));
    assert_eq!(packet[ARP_SENDER..][..6], OUR_MAC);
    packet[7] = 1;
    assert_eq!(Arp::parse(&packet).unwrap().kind, Kind::Request);
    packet[7] = 3;
    assert_eq!(Arp::parse(&packet).unwrap().kind, Kind::Other);
    for at in 0..6 {
        let mut other = packet;
        other[at] ^= 0x10;
        assert_eq!(Arp::parse(&other), None);
    }
}

#[test]
fn peers_get_slaves_in_turn_and_keep_them() {
    let mut table = table();
    let slaves = slaves(&[1000, 1000, 1000]);
    let speak = |table: &mut Table, to| table.speak(&reply(to), 0, &slaves, Some(1)).unwrap().slave;
    let first: Vec<_> = (10..16).map(|to| speak(&mut table, to)).collect();
    assert_eq!(first, [1, 2, 3, 1, 2, 3]);
    let again: Vec<_> = (10..16).map(|to| speak(&mut table, to)).collect();
    assert_eq!(again, first);
    // As in the C driver, each is then told once more.
    let said = all_rounds(&mut table, 0, &slaves);
    assert_eq!(said.len(), 6);
    assert!(said.iter().all(|(at, _)| *at == 0));
    assert_eq!(table.due_ms(), None);
}

#[test]
fn the_fastest_come_first() {
    let mut table = table();
    let some = slaves(&[100, 1000, 10, 1000]);
    let got: Vec<_> = (10..14)
        .map(|to| table.speak(&reply(to), 0, &some, None).unwrap().slave)
        .collect();
    assert_eq!(got, [2, 4, 2, 4]);
    assert_eq!(table.speak(&reply(99), 0, &[], None), None);
}

#[test]
fn a_question_is_followed_by_replies() {
    let mut table = table();
    let slaves = slaves(&[1000, 1000]);
    for to in [10, 11] {
        table.speak(&reply(to), 7, &slaves, Some(1)).unwrap();
    }
    all_rounds(&mut table, 0, &slaves);
    assert_eq!(
        table
            .speak(&request(12), 0, &slaves, Some(1))
            .unwrap()
            .slave,
        1
    );
    table.asked(OURS, Some(1), 50_000);
    // The question has told everybody the bond's address, which is that of the first slave; the one
    // who isn't known yet is not told.
    let said = all_rounds(&mut table, 50_000, &slaves);
    let expected = Update {
        slave: 2,
        ours: OURS,
        theirs: peer(11),
        their_mac: mac(11),
        tag: 7,
    };
    assert_eq!(said, [(50_000 + DELAY_MS, expected)]);
    // Now it is.
    table.heard(&answer(12));
    let said = all_rounds(&mut table, 60_000, &slaves);
    assert_eq!(said.len(), 1);
    assert_eq!((said[0].1.theirs, said[0].1.their_mac), (peer(12), mac(12)));
    // The same again is no news, and a question that nobody has to answer for changes nothing.
    table.heard(&answer(12));
    table.heard(&answer(200));
    assert_eq!(table.due_ms(), None);
}

#[test]
fn one_with_the_same_place_takes_it() {
    let mut table = table();
    let slaves = slaves(&[1000, 1000]);
    let twin = Ipv4Addr::new(10, 9, 9, 10);
    let at = |arp: Arp, target| Arp { target, ..arp };
    table.speak(&reply(9), 0, &slaves, Some(1)).unwrap();
    assert_eq!(
        table.speak(&reply(10), 5, &slaves, Some(1)).unwrap().slave,
        2
    );
    let spoken = table
        .speak(&at(reply(11), twin), 0, &slaves, Some(1))
        .unwrap();
    let evicted = spoken.evicted.unwrap();
    assert_eq!(
        (evicted.slave, evicted.theirs, evicted.tag),
        (1, peer(10), 5)
    );
    assert_eq!(table.clients().count(), 2);
    // One that has the active slave already need not be told.
    let spoken = table
        .speak(&reply(10), 5, &slaves, Some(spoken.slave))
        .unwrap();
    assert_eq!(spoken.evicted, None);
}

#[test]
fn those_of_a_lost_slave_go_to_others_and_are_told_four_times() {
    let mut table = table();
    let all = slaves(&[1000, 1000, 1000]);
    for to in 10..16 {
        table.speak(&reply(to), 0, &all, Some(1)).unwrap();
    }
    all_rounds(&mut table, 0, &all);
    let before = assigned(&table);
    table.follow(&all[..2], false);
    for (was, is) in before.iter().zip(assigned(&table)) {
        assert!(is == *was || (*was == 3 && is != 3));
    }
    let said = all_rounds(&mut table, 100_000, &all[..2]);
    let times: BTreeSet<_> = said.iter().map(|(at, _)| at - 100_000).collect();
    assert_eq!(times, [0, 2000, 4000, 6000].into());
    assert_eq!(said.len(), 8);
    // It comes back: all are dealt out anew, and told once.
    table.follow(&all, true);
    let said = all_rounds(&mut table, 200_000, &all);
    let counts = |id| assigned(&table).iter().filter(|it| **it == id).count();
    assert_eq!([counts(1), counts(2), counts(3)], [2, 2, 2]);
    assert!(said.len() <= 6);
    // None is left, then one is.
    table.follow(&[], false);
    assert!(assigned(&table).iter().all(|slave| *slave == 0));
    assert!(all_rounds(&mut table, 300_000, &[]).is_empty());
    table.follow(&all[..1], true);
    assert_eq!(all_rounds(&mut table, 400_000, &all[..1]).len(), 6);
    // Its address changes.
    table.readdressed(2);
    assert_eq!(table.due_ms(), None);
    table.readdressed(1);
    assert_eq!(all_rounds(&mut table, 500_000, &all[..1]).len(), 24);
}

#[test]
fn an_address_that_somebody_else_has_is_forgotten() {
    let mut table = table();
    let slaves = slaves(&[1000, 1000]);
    table.speak(&reply(10), 0, &slaves, Some(1)).unwrap();
    let own = Arp {
        kind: Kind::Request,
        sender_mac: OUR_MAC,
        sender: OURS,
        target_mac: [0; 6],
        target: peer(7),
    };
    table.heard(&own);
    assert_eq!(table.clients().count(), 1);
    table.heard(&Arp {
        sender_mac: mac(66),
        ..own
    });
    assert_eq!(table.clients().count(), 0);
    assert!(all_rounds(&mut table, 0, &slaves).is_empty());
    table.speak(&reply(10), 7, &slaves, Some(1)).unwrap();
    table.speak(&reply(11), 8, &slaves, Some(1)).unwrap();
    // Told in its VLAN, with the priority of what it was sent before.
    const PRIORITY: u16 = 5 << 13;
    table
        .speak(&reply(12), PRIORITY | 7, &slaves, Some(1))
        .unwrap();
    let said = all_rounds(&mut table, 0, &slaves);
    let tags: BTreeSet<_> = said.iter().map(|(_, update)| update.tag).collect();
    assert_eq!(tags, BTreeSet::from([7, 8, PRIORITY | 7]));
    table.forget_vlan(7);
    assert_eq!(
        table.clients().map(|it| it.theirs).collect::<Vec<_>>(),
        [peer(11)]
    );
}

#[test]
fn who_may_send() {
    let frame = |to: Mac, kind: u16, tail: &[u8]| {
        let mut frame = to.to_vec();
        frame.extend([2, 0, 0, 0, 0, 2]);
        frame.extend(kind.to_be_bytes());
        frame.extend(tail);
        let network = Network::of_frame(&frame).unwrap();
        sender(frame.as_slice(), network)
    };
    let v4 = |protocol: u8, to: [u8; 4]| {
        let mut packet = [0u8; 20];
        packet[0] = 0x45;
        packet[9] = protocol;
        packet[16..].copy_from_slice(&to);
        packet
    };
    let v6 = |next: u8, from: u8, to: u8, kind: u8| {
        let mut packet = vec![0x60, 0, 0, 0, 0, 8, next, 255];
        packet.extend([from; 16]);
        packet.extend([to; 15]);
        packet.push(0x0f ^ to);
        packet.extend([kind, 0, 0, 0, 0, 0, 0, 0]);
        packet
    };
    let one = mac(1);
    assert_eq!(frame(one, 0x0806, &[]), Sender::ByClient);
    assert_eq!(frame(one, 0x88cc, &[0; 40]), Sender::Active);
    let udp = v4(17, [10, 0, 0, 3]);
    assert_eq!(frame(one, 0x0800, &udp), Sender::Any(10 ^ 3));
    assert_eq!(frame([0xff; 6], 0x0800, &udp), Sender::Active);
    assert_eq!(
        frame([1, 0, 0x5e, 0, 0, 5], 0x0800, &udp),
        Sender::Any(10 ^ 3)
    );
    assert_eq!(frame(one, 0x0800, &v4(2, [10, 0, 0, 3])), Sender::Active);
    assert_eq!(frame(one, 0x0800, &v4(17, [255; 4])), Sender::Active);
    assert_eq!(frame(one, 0x0800, &udp[..19]), Sender::Active);
    assert_eq!(frame(one, 0x86dd, &v6(17, 9, 3, 0)), Sender::Any(0x0f));
    assert_eq!(frame(one, 0x86dd, &v6(17, 0, 3, 0)), Sender::Active);
    assert_eq!(frame(one, 0x86dd, &v6(58, 9, 3, 135)), Sender::Active);
    assert_eq!(frame(one, 0x86dd, &v6(58, 9, 3, 128)), Sender::Any(0x0f));
    let all_nodes = [0x33, 0x33, 0, 0, 0, 1];
    assert_eq!(frame(all_nodes, 0x86dd, &v6(17, 9, 3, 0)), Sender::Active);
    assert_eq!(frame(one, 0x86dd, &v6(17, 9, 3, 0)[..39]), Sender::Active);
}

#[test]
fn a_slave_that_fails_keeps_no_place_in_the_turn() {
    let mut table = table();
    let mut there = slaves(&[1000, 1000, 1000]);
    for to in 10..12 {
        table.speak(&reply(to), 0, &there, Some(1));
    }
    there[1].fails = true;
    let spoken = table.speak(&reply(12), 0, &there, Some(1)).unwrap();
    assert_eq!(spoken.slave, 1);
}

#[test]
fn a_slave_that_fails_keeps_its_clients_until_it_is_lost() {
    let mut table = table();
    let mut there = slaves(&[1000, 1000]);
    for to in 10..14 {
        table.speak(&reply(to), 0, &there, Some(1));
    }
    all_rounds(&mut table, 0, &there);
    there[1].fails = true;
    table.follow(&there, false);
    assert_eq!(assigned(&table), [2, 1, 2, 1]);
    assert_eq!(table.due_ms(), None);
    for to in 20..24 {
        let spoken = table.speak(&reply(to), 0, &there, Some(1)).unwrap();
        assert_eq!(spoken.slave, 1);
    }
    table.follow(&there[..1], false);
    assert!(assigned(&table).iter().all(|slave| *slave == 1));
}

#[test]
fn the_newest_clients_are_dealt_out_first() {
    let mut table = table();
    let there = slaves(&[1000, 1000, 1000]);
    for to in 10..16 {
        table.speak(&reply(to), 0, &there, Some(1));
    }
    assert_eq!(assigned(&table), [3, 2, 1, 3, 2, 1]);
    // As the C driver does on the same events.
    table.follow(&[there[0], there[2]], false);
    assert_eq!(assigned(&table), [3, 1, 1, 3, 3, 1]);
    table.follow(&there, true);
    all_rounds(&mut table, 0, &there);
    assert_eq!(assigned(&table), [1, 2, 3, 1, 2, 3]);
    // The last one had slave 3; but one is released.
    table.restart_turns();
    table.follow(&there[..2], false);
    assert_eq!(assigned(&table), [1, 2, 1, 1, 2, 2]);
}

#[test]
fn others_stay_in_their_order_when_some_are_forgotten() {
    let theirs = |table: &Table| -> Vec<u8> {
        let last = |client: &Client| client.theirs.octets()[3];
        table.clients().map(last).collect()
    };
    let there = slaves(&[1000]);
    for gone in 0u8..16 {
        let mut table = table();
        let vlan = |to: u8| u16::from(gone >> (to - 10) & 1);
        for to in 10..14 {
            table.speak(&reply(to), vlan(to), &there, Some(1));
        }
        table.forget_vlan(1);
        let mut left: Vec<u8> = (10..14).rev().filter(|to| vlan(*to) == 0).collect();
        assert_eq!(theirs(&table), left);
        table.speak(&reply(20), 0, &there, Some(1));
        left.insert(0, 20);
        assert_eq!(theirs(&table), left);
    }
}

#[test]
fn clients_of_a_lost_slave_are_told_at_once() {
    let mut table = table();
    let there = slaves(&[1000, 1000]);
    table.speak(&reply(10), 0, &there, Some(1));
    table.speak(&reply(11), 0, &there, Some(1));
    let now = 50_000;
    assert_eq!(round(&mut table, now, &there).len(), 2);
    table.follow(&there[..1], false);
    // Somebody asks again and again for a host that isn't there.
    table.asked(OURS, Some(1), now + 1);
    let said = round(&mut table, now + 1, &there[..1]);
    assert_eq!(
        said.iter().map(|it| it.theirs).collect::<Vec<_>>(),
        [peer(11)]
    );
    table.asked(OURS, Some(1), now + 100);
    assert_eq!(round(&mut table, now + 1 + DELAY_MS, &there[..1]).len(), 1);
    // One that has another address, too.
    all_rounds(&mut table, now, &there[..1]);
    table.asked(OURS, Some(1), now + 90_000);
    table.readdressed(1);
    assert_eq!(round(&mut table, now + 90_000, &there[..1]).len(), 2);
}

#[test]
fn the_address_of_a_client_without_a_slave_is_kept() {
    let mut table = table();
    let there = slaves(&[1000]);
    table.speak(&reply(10), 0, &there, Some(1));
    table.follow(&[], false);
    assert_eq!(assigned(&table), [0]);
    table.speak(&request(10), 0, &there, Some(1));
    assert_eq!(table.clients().next().unwrap().their_mac, mac(10));
}

/// Something that happens.
#[derive(Clone, Debug)]
enum Event {
    Speak(Arp, u16),
    Hear(Arp),
    Slaves(Vec<u32>),
    Readdressed(u32),
    Pass(u64),
}

fn any_arp() -> impl Strategy<Value = Arp> {
    (
        prop::sample::select(&[Kind::Request, Kind::Reply, Kind::Other][..]),
        (0..3u8, 0..3u8),
        (0..12u8, 0..12u8),
    )
        .prop_map(|(kind, (sender, target), (from, to))| Arp {
            kind,
            sender_mac: mac(sender),
            sender: Ipv4Addr::new(10, 0, from & 1, from),
            target_mac: if target == 0 { [0; 6] } else { mac(target) },
            target: Ipv4Addr::new(10, 0, to & 1, to),
        })
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (any_arp(), 0..3u16).prop_map(|(arp, vlan)| Event::Speak(arp, vlan)),
        3 => any_arp().prop_map(Event::Hear),
        2 => prop::collection::vec(1..5u32, 0..4).prop_map(Event::Slaves),
        1 => (1..5u32).prop_map(Event::Readdressed),
        3 => (0..3000u64).prop_map(Event::Pass),
    ]
}

proptest! {
    #[test]
    fn clients_have_slaves_that_are_there(events in prop::collection::vec(any_event(), 0..60)) {
        let mut table = table();
        let mut there: Vec<Slave> = Vec::new();
        let mut now_ms = 0;
        let mut last_round = None;
        for event in events {
            match event {
                Event::Speak(arp, vlan) => {
                    let active = there.first().map(|slave| slave.id);
                    let before = table.clients().count();
                    let spoken = table.speak(&arp, vlan, &there, active);
                    // Nobody but the one whose place it is goes.
                    prop_assert!([before, before + 1].contains(&table.clients().count()));
                    if arp.kind == Kind::Request {
                        table.asked(arp.sender, active, now_ms);
                    }
                    prop_assert_eq!(spoken.is_some(), !there.is_empty());
                    if let Some(spoken) = spoken {
                        prop_assert!(there.iter().any(|slave| slave.id == spoken.slave));
                        prop_assert!(spoken.evicted.is_none_or(|it| Some(it.slave) == active));
                        let mut clients = table.clients();
                        let found = clients.find(|it| it.theirs == arp.target).unwrap();
                        prop_assert_eq!((found.slave, found.ours), (spoken.slave, arp.sender));
                    }
                }
                Event::Hear(arp) => table.heard(&arp),
                Event::Slaves(ids) => {
                    let ids: BTreeSet<_> = ids.into_iter().collect();
                    let new = ids.iter().any(|id| !there.iter().any(|slave| slave.id == *id));
                    there = ids.into_iter().map(|id| Slave { id, speed: 1000, fails: false }).collect();
                    table.follow(&there, new);
                    last_round = None;
                }
                Event::Readdressed(id) => {
                    table.readdressed(id);
                    last_round = None;
                }
                Event::Pass(ms) => now_ms += ms,
            }
            let due = table.due_ms().is_some_and(|due| due <= now_ms);
            let said = round(&mut table, now_ms, &there);
            if !said.is_empty() {
                prop_assert!(due);
                // Clients are not told all the time, unless slaves change.
                prop_assert!(last_round.is_none_or(|at| now_ms - at >= DELAY_MS));
                last_round = Some(now_ms);
            }
            for update in said {
                prop_assert!(there.iter().any(|slave| slave.id == update.slave));
                prop_assert!(update.their_mac != [0; 6]);
            }
            prop_assert!(table.due_ms().is_none_or(|due| due > now_ms));
            // The list ends, and names everybody once.
            let theirs: Vec<_> = table.clients().take(PLACES + 1).map(|it| it.theirs).collect();
            prop_assert_eq!(theirs.iter().collect::<BTreeSet<_>>().len(), theirs.len());
            for client in table.clients() {
                let has = there.iter().any(|slave| slave.id == client.slave);
                prop_assert!(has || client.slave == 0);
            }
        }
        all_rounds(&mut table, now_ms, &there);
    }

    #[test]
    fn any_frame_has_a_sender(frame in prop::collection::vec(any::<u8>(), 0..80), kind in 0..3usize) {
        let mut frame = frame;
        if let Some(place) = frame.get_mut(12..14) {
            place.copy_from_slice(&[[8, 0], [8, 6], [0x86, 0xdd]][kind]);
        }
        if let Some(network) = Network::of_frame(&frame) {
            let _ = sender(frame.as_slice(), network);
        }
    }
}
