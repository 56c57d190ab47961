// SPDX-License-Identifier: GPL-2.0

//! All ports of a bond: events in, the machines run until they rest.
//!
//! The ports themselves lie with the bond's slaves; each call is given all of them.

#![forbid(unsafe_code)]

use super::{
    expired, mux,
    params::SystemId,
    pdu::{
        self,
        LacpPdu,
        Marker,
        Pdu, //
    },
    port::{
        Port,
        Selection, //
    },
    receive, selection,
    stats::{
        Counter,
        Stats, //
    },
    AGGREGATE_WAIT_TIME,
};
use crate::bond::params::AdSelect;

/// Transitions that a Mux machine can take one after the other: from independent distribution out
/// of an aggregator, into another one and back, with some to spare.
const MUX_STEPS: usize = 12;

/// The settings of a bond which LACP follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// `Actor_System` and its priority: `ad_actor_sys_prio`, `ad_actor_system` or the bond's address.
    pub(crate) system: SystemId,
    /// Option `lacp_active`.
    pub(crate) active: bool,
    /// Option `lacp_rate`: partners are to send every second.
    pub(crate) fast: bool,
    /// Option `lacp_strict`.
    pub(crate) strict: bool,
    /// Option `coupled_control`.
    pub(crate) coupled: bool,
    /// Option `min_links`.
    pub(crate) min_links: u32,
    /// Option `ad_select`.
    pub(crate) select: AdSelect,
    /// Option `ad_user_port_key`, 0 to 1023.
    pub(crate) user_key: u16,
}

/// What a port does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    /// What it receives counts.
    pub(crate) collects: bool,
    /// It sends.
    pub(crate) distributes: bool,
}

/// The active aggregator at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ActiveAggregator {
    /// Its number.
    pub(crate) id: u16,
    /// How many of its ports have a link.
    pub(crate) ports: u16,
    /// The key of its ports.
    pub(crate) actor_key: u16,
    /// The partner's key.
    pub(crate) partner_key: u16,
    /// The partner's MAC address; zero without a partner.
    pub(crate) partner_mac: [u8; 6],
}

/// What became of a received frame of slow protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// It was a LACPDU which told something new: the machines are to run.
    Lacpdu,
    /// It was a LACPDU of our own. That is to be said in the log if it is the first in a while.
    Loopback {
        /// Whether it is the first.
        first: bool,
    },
    /// It was a marker, which is to be answered.
    Marker(Marker),
    /// It was for us, and there is nothing to do about it.
    Nothing,
    /// It is none of our protocols, or broken: whoever else wants it may have it.
    NotOurs,
}

/// What the ports of a bond have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System {
    /// Number of the aggregator that came last.
    last_aggregator: u16,
    /// Since when another aggregator would be chosen, in ms, had all ports found their partners.
    wanted_since: Option<u64>,
    /// The counters of all ports that there ever were.
    pub(crate) totals: Stats,
}

impl System {
    /// A bond without ports.
    pub(crate) const fn new() -> System {
        System {
            last_aggregator: 0,
            wanted_since: None,
            totals: Stats::new(),
        }
    }

    /// Makes a port for a slave that joins `ports`. As in the C driver ports are counted from the
    /// last one on, aggregators from when the bond had no slave.
    pub(crate) fn join<T: AsRef<Port>>(&mut self, ports: &[T], port: &mut Port) {
        if ports.is_empty() {
            self.last_aggregator = 0;
        }
        let last = ports.last().map_or(0, |last| last.as_ref().vars.actor.port);
        self.last_aggregator = self.last_aggregator.wrapping_add(1).max(1);
        port.join(last.wrapping_add(1).max(1), self.last_aggregator);
    }

    /// Takes the port at `index` out of the aggregators: it is about to be removed.
    pub(crate) fn leave<T: AsRef<Port> + AsMut<Port>>(&mut self, ports: &mut [T], index: usize) {
        selection::rehome(ports, index);
    }

    /// `BEGIN` for all ports.
    pub(crate) fn begin<T: AsMut<Port>>(&mut self, ports: &mut [T], now_ms: u64) {
        self.wanted_since = None;
        for port in ports.iter_mut().map(AsMut::as_mut) {
            port.begin(now_ms);
        }
    }

    /// Receives what follows the Ethernet header of a frame of slow protocols, on the port at
    /// `index`.
    pub(crate) fn receive<T: AsRef<Port> + AsMut<Port>>(
        &mut self,
        ports: &mut [T],
        index: usize,
        payload: &[u8],
        now_ms: u64,
    ) -> Received {
        let Some(port) = ports.get_mut(index).map(AsMut::as_mut) else {
            return Received::NotOurs;
        };
        let decoded = pdu::decode(payload);
        let counter = match decoded {
            Ok(Pdu::Lacp(_)) => Counter::LacpduRx,
            Ok(Pdu::Marker(_)) => Counter::MarkerRx,
            Ok(Pdu::MarkerResponse) => Counter::MarkerRespRx,
            Ok(Pdu::MarkerUnknown) => Counter::MarkerUnknownRx,
            Ok(Pdu::Unknown) => Counter::LacpduUnknownRx,
            Err(_) => Counter::LacpduIllegalRx,
        };
        port.stats.count(counter);
        self.totals.count(counter);
        match decoded {
            Ok(Pdu::Lacp(heard)) => receive_lacp(ports, index, &heard, now_ms),
            Ok(Pdu::Marker(_)) if !port.markers.admit(now_ms) => Received::Nothing,
            Ok(Pdu::Marker(marker)) => {
                port.stats.count(Counter::MarkerRespTx);
                self.totals.count(Counter::MarkerRespTx);
                Received::Marker(marker)
            }
            Ok(Pdu::MarkerResponse | Pdu::MarkerUnknown) => Received::Nothing,
            Ok(Pdu::Unknown) | Err(_) => Received::NotOurs,
        }
    }

    /// Runs all machines of all ports until they rest.
    pub(crate) fn run<T: AsRef<Port> + AsMut<Port>>(
        &mut self,
        settings: &Settings,
        ports: &mut [T],
        now_ms: u64,
    ) {
        for port in ports.iter_mut().map(AsMut::as_mut) {
            port.configure(settings);
            port.receive.run(&mut port.vars, now_ms);
            // Another aggregator may be selected once the port is detached from the one it is in.
            while port.vars.selected == Selection::Unselected
                && port
                    .mux
                    .step(&mut port.vars, false, settings.coupled, now_ms)
            {}
        }
        selection::assign(ports);
        let chosen = self.choose(settings.select, ports, now_ms);
        selection::activate(ports, chosen);
        run_mux(settings, ports, now_ms);
        for port in ports.iter_mut().map(AsMut::as_mut) {
            port.finish(now_ms);
        }
    }

    /// Chooses the active aggregator.
    ///
    /// While ports look for their partners, one that distributes already is kept, for the time that
    /// ports wait for each other: so the choice does not go back and forth as they come.
    fn choose<T: AsRef<Port>>(
        &mut self,
        select: AdSelect,
        ports: &[T],
        now_ms: u64,
    ) -> Option<u16> {
        let best = selection::choose(select, ports);
        let current = selection::active(ports).map(|aggregator| aggregator.id);
        let in_use = current.filter(|&id| {
            selection::ports_of(ports, id)
                .any(|port| port.vars.port_enabled && port.mux.state().is_distributing())
        });
        let mut all = ports.iter().map(AsRef::as_ref);
        let coming = all.any(|port| {
            let waits = port.mux.is_waiting() && port.vars.port_enabled;
            !port.is_settled() || waits
        });
        if best == current || in_use.is_none() || !coming {
            self.wanted_since = None;
            return best;
        }
        let since = *self.wanted_since.get_or_insert(now_ms);
        if now_ms.saturating_sub(since) < AGGREGATE_WAIT_TIME {
            return in_use;
        }
        self.wanted_since = None;
        best
    }

    /// When the machines are to run again if nothing happens before, in ms.
    pub(crate) fn deadline<T: AsRef<Port>>(&self, ports: &[T]) -> Option<u64> {
        let wanted = self.wanted_since;
        let wanted = wanted.map(|since| since.saturating_add(AGGREGATE_WAIT_TIME));
        let ports = ports.iter().filter_map(|port| port.as_ref().deadline());
        ports.chain(wanted).min()
    }

    /// Tells whether a timer has expired.
    pub(crate) fn is_late<T: AsRef<Port>>(&self, ports: &[T], now_ms: u64) -> bool {
        expired(self.deadline(ports), now_ms)
    }

    /// Counts a LACPDU that is being sent by `port`.
    pub(crate) fn count_sent(&mut self, port: &mut Port) {
        port.stats.count(Counter::LacpduTx);
        self.totals.count(Counter::LacpduTx);
    }
}

/// [`System::receive`] for a LACPDU.
fn receive_lacp<T: AsRef<Port> + AsMut<Port>>(
    ports: &mut [T],
    index: usize,
    heard: &LacpPdu,
    now_ms: u64,
) -> Received {
    let Some(port) = ports.get_mut(index).map(AsMut::as_mut) else {
        return Received::NotOurs;
    };
    if heard.actor.system.mac == port.vars.actor.system.mac {
        let first = !core::mem::replace(&mut port.looped, true);
        return Received::Loopback { first };
    }
    if !port.lacpdus.admit(now_ms) {
        return Received::Nothing;
    }
    let before = (port.vars, port.receive.state());
    if !port.receive.receive(&mut port.vars, heard, now_ms) {
        return Received::Nothing;
    }
    let mut news = before != (port.vars, port.receive.state());
    // `port_moved` (6.4.8): the partner's port was connected to another one of ours before.
    for (at, other) in ports.iter_mut().map(AsMut::as_mut).enumerate() {
        let moved = at != index
            && other.receive.state() == receive::State::PortDisabled
            && other.vars.partner.system == heard.actor.system
            && other.vars.partner.port == heard.actor.port;
        if moved {
            other.receive.initialize(&mut other.vars);
            news = true;
        }
    }
    if news {
        Received::Lacpdu
    } else {
        Received::Nothing
    }
}

/// Runs the Mux machines until they rest.
fn run_mux<T: AsRef<Port> + AsMut<Port>>(settings: &Settings, ports: &mut [T], now_ms: u64) {
    let none_to_come = ports.iter().all(|port| port.as_ref().is_settled());
    for _ in 0..MUX_STEPS {
        let mut moved = false;
        for port in ports.iter_mut().map(AsMut::as_mut) {
            port.mux.note_ready(none_to_come, now_ms);
        }
        for index in 0..ports.len() {
            let id = ports.get(index).and_then(|port| port.as_ref().aggregator);
            let ready = id.is_some_and(|id| selection::is_ready(ports, id));
            if let Some(port) = ports.get_mut(index).map(AsMut::as_mut) {
                moved |= port
                    .mux
                    .step(&mut port.vars, ready, settings.coupled, now_ms);
            }
        }
        if !moved {
            break;
        }
    }
}

/// What the port at `index` does. Without a partner that answers, the port of the active aggregator
/// is used as if there were no LACP, unless `lacp_strict` forbids it.
pub(crate) fn role<T: AsRef<Port>>(settings: &Settings, ports: &[T], index: usize) -> Role {
    let port = ports.get(index).map(AsRef::as_ref);
    let Some(port) = port.filter(|port| port.vars.port_enabled) else {
        return Role {
            collects: false,
            distributes: false,
        };
    };
    let alone = !settings.strict
        && selection::active(ports).is_some_and(|aggregator| {
            port.aggregator == Some(aggregator.id)
                && aggregator.lag.is_some_and(|lag| !lag.has_partner())
        });
    let state: mux::State = port.mux.state();
    Role {
        collects: alone || state.is_collecting(),
        distributes: alone || state.is_distributing(),
    }
}

/// Tells whether the bond has carrier: enough ports of the active aggregator have a link, or, with
/// `lacp_strict`, distribute, of which there must be one in any case.
pub(crate) fn has_carrier<T: AsRef<Port>>(settings: &Settings, ports: &[T]) -> bool {
    let Some(aggregator) = selection::active(ports) else {
        return false;
    };
    let ports = selection::ports_of(ports, aggregator.id).filter(|port| port.vars.port_enabled);
    let (count, least) = if settings.strict {
        let count = ports.filter(|port| port.mux.state().is_distributing());
        (count.count(), settings.min_links.max(1))
    } else {
        (ports.count(), settings.min_links)
    };
    u32::try_from(count).unwrap_or(u32::MAX) >= least
}

/// The active aggregator.
pub(crate) fn active<T: AsRef<Port>>(ports: &[T]) -> Option<ActiveAggregator> {
    let aggregator = selection::active(ports)?;
    let lag = aggregator.lag?;
    let with_link = selection::ports_of(ports, aggregator.id).filter(|port| port.vars.port_enabled);
    Some(ActiveAggregator {
        id: aggregator.id,
        ports: u16::try_from(with_link.count()).unwrap_or(u16::MAX),
        actor_key: lag.key,
        partner_key: lag.partner_key,
        partner_mac: lag.partner.mac,
    })
}

/// Tells whether no port of the active aggregator can take part in LACP.
pub(crate) fn is_without_lacp<T: AsRef<Port>>(ports: &[T]) -> bool {
    let lag = selection::active(ports).and_then(|aggregator| aggregator.lag);
    lag.is_some_and(|lag| lag.is_without_lacp())
}
