// SPDX-License-Identifier: GPL-2.0

//! Systems joined by cables that lose, delay, repeat and reorder LACPDUs.

use super::{
    bytes::{
        any_thrown,
        Base,
        Thrown, //
    },
    cases,
    settings,
    Bond,
    GIGABIT, //
};
use crate::{
    bond::params::AdSelect,
    modes::lacp::{
        key::Capability,
        mux,
        params::PortState,
        pdu::LacpPdu,
        system::Received, //
    },
};
use proptest::prelude::*;

/// A port: of which bond, and which.
type End = (usize, usize);

/// A LACPDU on its way.
struct Flight {
    at: u64,
    to: End,
    pdu: LacpPdu,
}

/// How bad the cables are.
#[derive(Clone, Copy, Debug)]
struct Weather {
    /// Percentage of LACPDUs lost.
    loss: u8,
    /// Percentage that arrive twice.
    repeat: u8,
    /// Greatest delay in ms.
    delay: u64,
}

const FAIR: Weather = Weather {
    loss: 0,
    repeat: 0,
    // A cable keeps the order.
    delay: 1,
};

/// The whole.
struct World {
    now: u64,
    bonds: Vec<Bond>,
    /// What each port of each bond is connected to.
    cables: Vec<Vec<Option<End>>>,
    flights: Vec<Flight>,
    weather: Weather,
    dice: u64,
    /// How often each bond changed its active aggregator.
    switches: Vec<usize>,
}

impl World {
    fn new(bonds: Vec<Bond>, seed: u64) -> World {
        let cables = bonds.iter().map(|b| vec![None; b.ports.len()]).collect();
        let switches = vec![0; bonds.len()];
        World {
            now: 1_000,
            bonds,
            cables,
            flights: Vec::new(),
            weather: FAIR,
            dice: seed | 1,
            switches,
        }
    }

    /// A random number below `below`.
    fn roll(&mut self, below: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % below
    }

    fn connect(&mut self, a: End, b: End) {
        self.cables[a.0][a.1] = Some(b);
        self.cables[b.0][b.1] = Some(a);
    }

    fn link(&mut self, end: End, link: Option<Capability>) {
        self.bonds[end.0].ports[end.1].set_link(link);
        self.run(end.0);
    }

    /// Sets both ends of the cable at a port.
    fn cable(&mut self, end: End, link: Option<Capability>) {
        self.link(end, link);
        if let Some(other) = self.cables[end.0][end.1] {
            self.link(other, link);
        }
    }

    /// Runs a bond's machines, and throws what it sends into the cables.
    fn run(&mut self, bond: usize) {
        let before = crate::modes::lacp::system::active(&self.bonds[bond].ports);
        let sent = self.bonds[bond].run(self.now);
        let after = crate::modes::lacp::system::active(&self.bonds[bond].ports);
        if before.map(|a| (a.id, a.partner_mac)) != after.map(|a| (a.id, a.partner_mac)) {
            self.switches[bond] += 1;
        }
        for (port, pdu) in sent {
            let Some(to) = self.cables[bond][port] else {
                continue;
            };
            if self.roll(100) < self.weather.loss as u64 {
                continue;
            }
            let copies = if self.roll(100) < self.weather.repeat as u64 {
                2
            } else {
                1
            };
            for _ in 0..copies {
                let at = self.now + 1 + self.roll(self.weather.delay);
                self.flights.push(Flight { at, to, pdu });
            }
        }
        self.check(bond);
    }

    /// What must be true at every moment.
    fn check(&self, at: usize) {
        let bond = &self.bonds[at];
        let mut group = None;
        for port in &bond.ports {
            let (actor, partner) = (port.actor(), port.partner());
            if !port.mux().is_collecting() {
                continue;
            }
            assert!(
                partner.state.has(PortState::SYNC),
                "in use while the partner is not in sync"
            );
            assert!(
                port.mux() != mux::State::Distributing || partner.state.has(PortState::COLLECTING),
                "sends to a partner that does not collect"
            );
            assert_ne!(
                partner.system.mac, bond.settings.system.mac,
                "goes with itself"
            );
            let this = (actor.key, partner.system, partner.key, port.aggregator());
            assert_eq!(
                *group.get_or_insert(this),
                this,
                "ports that do not go together"
            );
        }
    }

    /// What the port at an end would say if it sent a LACPDU now.
    fn pdu(&self, (bond, port): End) -> LacpPdu {
        let port = &self.bonds[bond].ports[port];
        LacpPdu {
            actor: *port.actor(),
            partner: *port.partner(),
        }
    }

    /// Has a port receive a frame of a flood, made from what its partner, or it, would say. As in
    /// the kernel, the machines run if it told something new.
    fn throw(&mut self, to: End, what: &Thrown) {
        let partner = self.cables[to.0][to.1].map_or(to, |partner| partner);
        let bytes = what.bytes(&self.pdu(partner), &self.pdu(to));
        let Bond { system, ports, .. } = &mut self.bonds[to.0];
        if system.receive(ports, to.1, &bytes, self.now) == Received::Lacpdu {
            self.run(to.0);
        }
    }

    /// Lets `ms` go by.
    fn pass(&mut self, ms: u64) {
        let end = self.now + ms;
        loop {
            let timers = self.bonds.iter().filter_map(Bond::deadline);
            let next = self.flights.iter().map(|f| f.at).chain(timers).min();
            let Some(next) = next.filter(|&next| next <= end) else {
                break;
            };
            assert!(next + 120_000 > self.now, "a timer is never served");
            self.now = self.now.max(next);
            let now = self.now;
            let (due, rest) = self.flights.drain(..).partition(|f| f.at <= now);
            self.flights = rest;
            let due: Vec<Flight> = due;
            for flight in due {
                let (bond, port) = flight.to;
                self.bonds[bond].hear(port, &flight.pdu, now);
                self.run(bond);
            }
            for bond in 0..self.bonds.len() {
                let late = self.bonds[bond].deadline().is_some_and(|at| at <= now);
                if late {
                    self.run(bond);
                    let next = self.bonds[bond].deadline();
                    assert!(
                        next.is_none_or(|at| at > now),
                        "a timer that expires again at once"
                    );
                }
            }
        }
        self.now = end;
    }
}

/// Two bonds, each port of the one connected to the same one of the other, all links up at `now`.
fn pair(a: super::Settings, b: super::Settings, ports: usize) -> World {
    let mut world = World::new(vec![Bond::new(a, ports), Bond::new(b, ports)], 7);
    for port in 0..ports {
        world.connect((0, port), (1, port));
    }
    for port in 0..ports {
        world.cable((0, port), Some(GIGABIT));
    }
    world
}

#[test]
fn two_active_systems_aggregate_within_a_tenth_of_the_c_drivers_time() {
    for fast in [true, false] {
        let mut a = settings(1);
        let mut b = settings(2);
        (a.fast, b.fast) = (fast, fast);
        let mut world = pair(a, b, 4);
        world.pass(800);
        for bond in &world.bonds {
            assert_eq!(bond.senders(), [0, 1, 2, 3], "fast: {fast}");
            assert!(bond.carrier());
        }
    }
}

#[test]
fn a_passive_system_answers_an_active_one_and_two_passive_ones_stay_silent() {
    let mut passive = settings(2);
    passive.active = false;
    let mut world = pair(settings(1), passive, 2);
    world.pass(5_000);
    assert_eq!(world.bonds[0].senders(), [0, 1]);
    assert_eq!(world.bonds[1].senders(), [0, 1]);

    let mut other = settings(1);
    other.active = false;
    let mut world = pair(other, passive, 2);
    world.pass(120_000);
    for bond in &world.bonds {
        assert_eq!(bond.system.totals.all()[1], 0, "sent");
    }
}

#[test]
fn a_pulled_cable_takes_its_port_out_at_once() {
    let mut world = pair(settings(1), settings(2), 2);
    world.pass(1_000);
    world.link((0, 0), None);
    assert_eq!(world.bonds[0].senders(), [1]);
    world.cable((0, 0), Some(GIGABIT));
    world.pass(3_000);
    assert_eq!(world.bonds[0].senders(), [0, 1]);
    assert_eq!(world.bonds[1].senders(), [0, 1]);
}

#[test]
fn a_silent_partner_is_left_after_three_periods() {
    for (fast, periods) in [(true, 3_000), (false, 90_000)] {
        let mut a = settings(1);
        a.fast = fast;
        let mut world = pair(a, settings(2), 2);
        world.pass(1_500);
        world.cables[1][0] = None;
        world.pass(periods - 1_000 * u64::from(fast) - 29_000 * u64::from(!fast) - 1_000);
        assert!(
            world.bonds[0].senders().contains(&0),
            "too early, fast: {fast}"
        );
        world.pass(32_000 * u64::from(!fast) + 2_500);
        assert_eq!(world.bonds[0].senders(), [1], "fast: {fast}");
    }
}

#[test]
fn the_aggregator_in_use_does_not_change_while_ports_join() {
    // Three ports to one switch, two to another, in the worst order; the first two count most.
    for select in [AdSelect::Stable, AdSelect::Bandwidth, AdSelect::Count] {
        let mut own = settings(1);
        own.select = select;
        let bonds = vec![
            Bond::new(own, 5),
            Bond::new(settings(2), 2),
            Bond::new(settings(3), 3),
        ];
        let mut world = World::new(bonds, 3);
        for (port, end) in [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]
            .into_iter()
            .enumerate()
        {
            world.connect((0, port), end);
        }
        for port in [0, 2, 1, 3, 4] {
            world.cable((0, port), Some(GIGABIT));
            world.pass(50);
        }
        world.switches[0] = 0;
        world.pass(10_000);
        let used = world.bonds[0].senders();
        match select {
            AdSelect::Stable => {}
            _ => assert_eq!(used, [2, 3, 4], "{select:?}"),
        }
        assert!(world.switches[0] <= 1, "{select:?}: {}", world.switches[0]);
    }
}

#[test]
fn cables_that_lead_back_or_elsewhere_never_go_together() {
    // 0 and 1 are connected to each other, 2 to one switch, 3 and 4 to another.
    let bonds = vec![
        Bond::new(settings(1), 5),
        Bond::new(settings(2), 1),
        Bond::new(settings(3), 2),
    ];
    let mut world = World::new(bonds, 9);
    world.connect((0, 0), (0, 1));
    world.connect((0, 2), (1, 0));
    world.connect((0, 3), (2, 0));
    world.connect((0, 4), (2, 1));
    for port in 0..5 {
        world.cable((0, port), Some(GIGABIT));
    }
    world.pass(20_000);
    let senders = world.bonds[0].senders();
    assert!(senders == [2] || senders == [3, 4], "{senders:?}");
}

#[test]
fn what_says_nothing_does_not_displace_the_partner() {
    let mut world = pair(settings(1), settings(2), 2);
    world.pass(1_000);
    let like = |of, changes| Thrown::Changed {
        of,
        changes,
        len: 110,
    };
    let flood = [
        like(Base::Marker, vec![]),
        like(Base::Marker, vec![(2, 2)]),
        like(Base::Own, vec![]),
        like(Base::Partner, vec![(3, 19)]),
        like(Base::Partner, vec![(0, 10)]),
    ];
    // Not in step with what the partner sends.
    for _ in 0..1_500 {
        for _ in 0..20 {
            for what in &flood {
                world.throw((0, 0), what);
            }
        }
        world.pass(7);
        for bond in &world.bonds {
            assert_eq!(bond.senders(), [0, 1]);
        }
    }
    let counted = world.bonds[0].ports[0].stats;
    assert_eq!(counted.all()[4], 30_000, "markers");
    let answered = counted.all()[7];
    assert!((1_600..=1_616).contains(&answered), "{answered} answered");
}

/// What happens to a world before it is left in peace.
#[derive(Clone, Debug)]
enum Disturbance {
    Cable(usize, bool),
    OneEnd(usize, usize, bool),
    Speed(usize, u32),
    Key(usize, u16),
    Priority(usize, usize, u16),
    Mac(usize, u8),
    Coupled(usize, bool),
    Wait(u64),
}

fn any_disturbance() -> impl Strategy<Value = Disturbance> {
    prop_oneof![
        (0..8usize, any::<bool>()).prop_map(|(p, up)| Disturbance::Cable(p, up)),
        (0..2usize, 0..8usize, any::<bool>()).prop_map(|(b, p, up)| Disturbance::OneEnd(b, p, up)),
        (0..8usize, prop::sample::select(&[100u32, 1000][..]))
            .prop_map(|(p, s)| Disturbance::Speed(p, s)),
        (0..2usize, 0..3u16).prop_map(|(b, k)| Disturbance::Key(b, k)),
        (0..2usize, 0..8usize, any::<u16>()).prop_map(|(b, p, v)| Disturbance::Priority(b, p, v)),
        (0..2usize, 0..4u8).prop_map(|(b, m)| Disturbance::Mac(b, m)),
        (0..2usize, any::<bool>()).prop_map(|(b, on)| Disturbance::Coupled(b, on)),
        (0..4_000u64).prop_map(Disturbance::Wait),
    ]
}

fn disturb(world: &mut World, what: &Disturbance, ports: usize) {
    let link = |up: bool| up.then_some(GIGABIT);
    match *what {
        Disturbance::Cable(port, up) => world.cable((0, port % ports), link(up)),
        Disturbance::OneEnd(bond, port, up) => world.link((bond, port % ports), link(up)),
        Disturbance::Speed(port, speed) => world.cable(
            (0, port % ports),
            Some(Capability {
                speed,
                full_duplex: true,
            }),
        ),
        Disturbance::Key(bond, key) => world.bonds[bond].settings.user_key = key,
        Disturbance::Priority(bond, port, value) => {
            world.bonds[bond].ports[port % ports].set_priority(value);
        }
        Disturbance::Mac(bond, mac) => {
            world.bonds[bond].settings.system.mac[5] = 10 * (bond as u8 + 1) + mac;
        }
        Disturbance::Coupled(bond, on) => world.bonds[bond].settings.coupled = on,
        Disturbance::Wait(ms) => world.pass(ms),
    }
    for bond in 0..world.bonds.len() {
        world.run(bond);
    }
    world.pass(17);
}

proptest! {
    #![proptest_config(cases(192))]

    /// Once the disturbance stops, all ports of the same speed go together, on both sides the same.
    #[test]
    fn two_systems_always_converge(
        ports in 1..=8usize,
        seed in any::<u64>(),
        passive in any::<bool>(),
        fast in any::<[bool; 2]>(),
        coupled in any::<[bool; 2]>(),
        select in 0..4u8,
        (loss, repeat, delay) in (0..60u8, 0..30u8, 1..1_500u64),
        disturbances in prop::collection::vec(any_disturbance(), 0..24),
    ) {
        let mut own = settings(1);
        let mut other = settings(2);
        other.active = !passive;
        (own.fast, other.fast) = (fast[0], fast[1]);
        (own.coupled, other.coupled) = (coupled[0], coupled[1]);
        own.select = AdSelect::from_u8(select).unwrap();
        let mut world = pair(own, other, ports);
        world.dice = seed | 1;
        world.weather = Weather { loss, repeat, delay };
        for what in &disturbances {
            disturb(&mut world, what, ports);
        }
        world.weather = FAIR;
        for port in 0..ports {
            world.cable((0, port), Some(GIGABIT));
        }
        // What is under way arrives (1.5 s), what was said wrongly is forgotten or said anew within
        // one period (30 s), and ports wait for each other (2 s, and once more for the choice).
        world.pass(36_000);
        let all: Vec<usize> = (0..ports).collect();
        prop_assert_eq!(world.bonds[0].senders(), all.clone());
        prop_assert_eq!(world.bonds[1].senders(), all);
        for bond in &world.bonds {
            prop_assert!(bond.carrier());
            let id = bond.ports[0].aggregator();
            prop_assert!(bond.ports.iter().all(|port| port.aggregator() == id));
        }
    }

    /// Whatever is thrown at a port, the others go on as if nothing were, and when it stops the port
    /// is back.
    #[test]
    fn a_flood_is_the_affair_of_the_port_it_hits(
        ports in 2..=4usize,
        passive in any::<bool>(),
        fast in any::<[bool; 2]>(),
        coupled in any::<[bool; 2]>(),
        select in 0..4u8,
        flood in prop::collection::vec(
            (any_thrown(), prop_oneof![3 => 0..5u64, 1 => 0..2_500u64]), 0..200),
    ) {
        let mut own = settings(1);
        let mut other = settings(2);
        other.active = !passive;
        (own.fast, other.fast) = (fast[0], fast[1]);
        (own.coupled, other.coupled) = (coupled[0], coupled[1]);
        own.select = AdSelect::from_u8(select).unwrap();
        let mut world = pair(own, other, ports);
        world.pass(3_000);
        let all: Vec<usize> = (0..ports).collect();
        prop_assert_eq!(world.bonds[0].senders(), all.clone());
        for (what, wait) in &flood {
            world.throw((0, 0), what);
            world.pass(*wait);
            for bond in &world.bonds {
                let senders = bond.senders();
                prop_assert!(all[1..].iter().all(|port| senders.contains(port)), "{senders:?}");
                prop_assert!(bond.carrier());
            }
        }
        // The partner says who it is within the period that it was asked for, and ports wait for each
        // other (2 s, and once more for the choice).
        world.pass(if fast[0] { 6_000 } else { 36_000 });
        for bond in &world.bonds {
            prop_assert_eq!(bond.senders(), all.clone());
            let id = bond.ports[0].aggregator();
            prop_assert!(bond.ports.iter().all(|port| port.aggregator() == id));
        }
    }
}
