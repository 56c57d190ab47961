// SPDX-License-Identifier: GPL-2.0

//! The Selection Logic (IEEE 802.1AX-2014, 6.4.14): which ports go together, and which aggregator
//! is used.
//!
//! Every port brings an aggregator along, so there is always one for each. As in the C driver one
//! of them is the active one: its ports are selected, those of the others stand by.

#![forbid(unsafe_code)]

use super::{
    params::{
        PortState,
        SystemId, //
    },
    port::{
        Port,
        Selection,
        Vars, //
    },
};
use crate::bond::params::AdSelect;

/// What ports must have in common to go together: the Link Aggregation Group Identifier (6.3.6), of
/// which our own system is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lag {
    /// The actor's key.
    pub(crate) key: u16,
    /// The partner's system.
    pub(crate) partner: SystemId,
    /// The partner's key.
    pub(crate) partner_key: u16,
    /// The link is full duplex.
    full_duplex: bool,
    /// The port goes with no other: one of the ends can't aggregate, or no partner is known.
    individual: bool,
}

impl Lag {
    /// That of a port.
    pub(super) fn of(vars: &Vars) -> Lag {
        let partner = &vars.partner;
        Lag {
            key: vars.actor.key,
            partner: partner.system,
            partner_key: partner.key,
            full_duplex: vars.lacp_enabled,
            individual: !vars.lacp_enabled
                || !partner.is_known()
                || !partner.state.has(PortState::AGGREGATION),
        }
    }

    /// Tells whether a partner answers.
    pub(crate) fn has_partner(&self) -> bool {
        self.partner.mac != [0; 6]
    }

    /// Tells whether the ports can't take part in LACP.
    pub(crate) const fn is_without_lacp(&self) -> bool {
        !self.full_duplex
    }
}

/// An aggregator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Aggregator {
    /// Its number.
    pub(super) id: u16,
    /// What its ports have in common; [`None`] while it has none.
    pub(super) lag: Option<Lag>,
    /// It is the one in use.
    pub(super) active: bool,
}

impl Aggregator {
    /// An aggregator without ports.
    pub(super) const fn new(id: u16) -> Aggregator {
        Aggregator {
            id,
            lag: None,
            active: false,
        }
    }

    /// Forgets what was in it.
    fn clear(&mut self) {
        *self = Aggregator::new(self.id);
    }
}

/// Iterates over the ports in the aggregator with this number.
pub(super) fn ports_of<T: AsRef<Port>>(ports: &[T], id: u16) -> impl Iterator<Item = &Port> {
    let ports = ports.iter().map(AsRef::as_ref);
    ports.filter(move |port| port.aggregator == Some(id))
}

/// The aggregator with this number.
fn aggregator<T: AsMut<Port>>(ports: &mut [T], id: u16) -> Option<&mut Aggregator> {
    let mut all = ports.iter_mut().map(|port| &mut port.as_mut().own);
    all.find(|aggregator| aggregator.id == id)
}

/// The active aggregator.
pub(super) fn active<T: AsRef<Port>>(ports: &[T]) -> Option<&Aggregator> {
    let mut all = ports.iter().map(|port| &port.as_ref().own);
    all.find(|aggregator| aggregator.active)
}

/// Takes the port at `index` out of its aggregator.
pub(super) fn leave<T: AsRef<Port> + AsMut<Port>>(ports: &mut [T], index: usize) {
    let Some(port) = ports.get_mut(index) else {
        return;
    };
    let Some(id) = port.as_mut().aggregator.take() else {
        return;
    };
    if ports_of(ports, id).next().is_none() {
        if let Some(aggregator) = aggregator(ports, id) {
            aggregator.clear();
        }
    }
}

/// Finds other room for the ports in the aggregator of the port at `index`, which leaves.
pub(super) fn rehome<T: AsRef<Port> + AsMut<Port>>(ports: &mut [T], index: usize) {
    leave(ports, index);
    let Some(old) = ports.get(index).map(|port| port.as_ref().own) else {
        return;
    };
    if old.lag.is_none() {
        return;
    }
    let mut others = ports.iter_mut().enumerate();
    let free = others.find_map(|(at, port)| {
        let own = &mut port.as_mut().own;
        (at != index && own.lag.is_none()).then_some(own)
    });
    let Some(free) = free else { return };
    (free.lag, free.active) = (old.lag, old.active);
    let id = free.id;
    for port in ports.iter_mut().map(AsMut::as_mut) {
        if port.aggregator == Some(old.id) {
            port.aggregator = Some(id);
        }
    }
    if let Some(port) = ports.get_mut(index) {
        port.as_mut().own.clear();
    }
}

/// Finds an aggregator for each port that needs one: that of ports with which it can go together,
/// or else the first that has none. The port must be detached.
pub(super) fn assign<T: AsRef<Port> + AsMut<Port>>(ports: &mut [T]) {
    for index in 0..ports.len() {
        let Some(port) = ports.get(index).map(AsRef::as_ref) else {
            return;
        };
        if port.vars.selected != Selection::Unselected {
            continue;
        }
        let lag = Lag::of(&port.vars);
        leave(ports, index);
        let all = || ports.iter().map(|port| &port.as_ref().own);
        let same = all().find(|own| !lag.individual && own.lag == Some(lag));
        let found = same.or_else(|| all().find(|own| own.lag.is_none()));
        let Some(id) = found.map(|own| own.id) else {
            continue;
        };
        if let Some(aggregator) = aggregator(ports, id) {
            aggregator.lag = Some(lag);
        }
        if let Some(port) = ports.get_mut(index).map(AsMut::as_mut) {
            port.aggregator = Some(id);
            port.vars.selected = Selection::Standby;
        }
    }
}

/// An aggregator with a link, as the choice of the active one sees it.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    /// Its number.
    id: u16,
    /// What its ports have in common.
    lag: Lag,
    /// It is the active one now.
    active: bool,
    /// How many of its ports have a link.
    ports: u64,
    /// Their speed in Mb/s, together.
    bandwidth: u64,
    /// Their priorities, together.
    priority: u64,
}

impl Candidate {
    /// The aggregator `own`, if it has a port with a link.
    fn of<T: AsRef<Port>>(own: &Aggregator, ports: &[T]) -> Option<Candidate> {
        let mut candidate = Candidate {
            id: own.id,
            lag: own.lag?,
            active: own.active,
            ports: 0,
            bandwidth: 0,
            priority: 0,
        };
        for port in ports_of(ports, own.id) {
            let Some(link) = port.link else { continue };
            let priority = u64::from(port.vars.actor.port_priority);
            candidate.ports = candidate.ports.saturating_add(1);
            candidate.bandwidth = candidate.bandwidth.saturating_add(u64::from(link.speed));
            candidate.priority = candidate.priority.saturating_add(priority);
        }
        (candidate.ports > 0).then_some(candidate)
    }

    /// What is compared before anything that the administrator has a say in: LACP, and a partner.
    fn rank(&self) -> (bool, bool) {
        (!self.lag.is_without_lacp(), self.lag.has_partner())
    }

    /// What `ad_select` has compared, the more the better.
    fn merit(&self, select: AdSelect) -> (u64, u64, u64) {
        match select {
            AdSelect::Stable | AdSelect::Bandwidth => (0, 0, self.bandwidth),
            AdSelect::Count => (0, self.ports, self.bandwidth),
            AdSelect::PortPrio => (self.priority, self.ports, self.bandwidth),
        }
    }
}

/// Chooses the aggregator to be the active one, by option `ad_select`; the one in use is kept among
/// equals. [`None`] if no port has a link.
pub(super) fn choose<T: AsRef<Port>>(select: AdSelect, ports: &[T]) -> Option<u16> {
    let all = ports.iter().map(|port| &port.as_ref().own);
    let all = all.filter_map(|own| Candidate::of(own, ports));
    let mut best: Option<Candidate> = None;
    let mut current = None;
    for candidate in all {
        if candidate.active {
            current = Some(candidate);
        }
        let value = |of: &Candidate| (of.rank(), of.merit(select));
        let better = best.is_none_or(|best| {
            value(&candidate) > value(&best)
                || (candidate.active && value(&candidate) == value(&best))
        });
        if better {
            best = Some(candidate);
        }
    }
    let best = best?;
    let stay = current.filter(|current| {
        let key_came = current.lag.key == 0 && best.lag.key != 0;
        select == AdSelect::Stable
            && (current.lag.has_partner() || !best.lag.has_partner())
            && !key_came
    });
    Some(stay.unwrap_or(best).id)
}

/// Makes the aggregator with this number the active one.
pub(super) fn activate<T: AsMut<Port>>(ports: &mut [T], id: Option<u16>) {
    for port in ports.iter_mut().map(AsMut::as_mut) {
        port.own.active = Some(port.own.id) == id;
        if port.vars.selected != Selection::Unselected {
            port.vars.selected = if id.is_some() && port.aggregator == id {
                Selection::Selected
            } else {
                Selection::Standby
            };
        }
    }
}

/// `Ready` (6.4.8): no port with a link still waits for others to join this aggregator.
pub(super) fn is_ready<T: AsRef<Port>>(ports: &[T], id: u16) -> bool {
    !ports_of(ports, id).any(|port| port.mux.is_waiting() && port.vars.port_enabled)
}
