// SPDX-License-Identifier: GPL-2.0

//! LACP: the machines against the tables of the standard, two systems in a simulated network, and
//! arbitrary bytes.

mod bytes;
mod machines;
mod network;
mod selecting;

use crate::{
    bond::params::AdSelect,
    modes::lacp::{
        key::Capability,
        params::SystemId,
        pdu::LacpPdu,
        port::Port,
        system::{
            self,
            Received,
            Role,
            Settings,
            System, //
        }, //
    },
};
use proptest::prelude::*;

/// So many cases of a property, unless `PROPTEST_CASES` says how many.
fn cases(count: u32) -> ProptestConfig {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => config,
        None => ProptestConfig {
            cases: count,
            ..config
        },
    }
}

/// A gigabit link.
const GIGABIT: Capability = Capability {
    speed: 1000,
    full_duplex: true,
};

/// Settings of a bond as it comes, but fast, with this MAC address.
fn settings(mac: u8) -> Settings {
    Settings {
        system: SystemId {
            priority: 0xffff,
            mac: [2, 0, 0, 0, 0, mac],
        },
        active: true,
        fast: true,
        strict: false,
        coupled: true,
        min_links: 0,
        select: AdSelect::Stable,
        user_key: 0,
    }
}

/// A bond with its ports.
struct Bond {
    system: System,
    settings: Settings,
    ports: Vec<Port>,
}

impl Bond {
    /// One with `count` ports, all without link.
    fn new(settings: Settings, count: usize) -> Bond {
        let mut bond = Bond {
            system: System::new(),
            settings,
            ports: Vec::new(),
        };
        for _ in 0..count {
            let mut port = Port::new();
            bond.system.join(&bond.ports, &mut port);
            bond.ports.push(port);
        }
        bond.system.begin(&mut bond.ports, 0);
        bond
    }

    /// Runs the machines. Returns what is sent, with the port it is sent by.
    fn run(&mut self, now: u64) -> Vec<(usize, LacpPdu)> {
        self.system.run(&self.settings, &mut self.ports, now);
        let ports = self.ports.iter_mut().enumerate();
        ports
            .filter_map(|(at, port)| Some((at, port.take_due()?)))
            .collect()
    }

    /// Hears a LACPDU.
    fn hear(&mut self, port: usize, pdu: &LacpPdu, now: u64) -> Received {
        let frame = pdu.frame(&[2, 0, 0, 0, 0, 0xff]);
        self.system
            .receive(&mut self.ports, port, &frame[14..], now)
    }

    /// What a port does.
    fn role(&self, port: usize) -> Role {
        system::role(&self.settings, &self.ports, port)
    }

    /// Whether it has carrier.
    fn carrier(&self) -> bool {
        system::has_carrier(&self.settings, &self.ports)
    }

    /// When to run again.
    fn deadline(&self) -> Option<u64> {
        self.system.deadline(&self.ports)
    }

    /// The ports that send.
    fn senders(&self) -> Vec<usize> {
        let all = 0..self.ports.len();
        all.filter(|&at| self.role(at).distributes).collect()
    }
}
