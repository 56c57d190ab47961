// SPDX-License-Identifier: GPL-2.0

//! A port: its machines, and the variables they share.

#![forbid(unsafe_code)]

use super::{
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
    receive::{
        self,
        Receive, //
    },
    selection::Aggregator,
    stats::Stats,
    system::Settings,
    transmit::Transmit,
};

/// How many PDUs of a kind are looked at by a port in each [`FLOOD_WINDOW`]. A partner that keeps to
/// the standard sends three LACPDUs a second.
const FLOOD_LIMIT: u8 = 16;

/// Length of the window in which received PDUs are counted, in ms.
const FLOOD_WINDOW: u64 = 100;

/// Priority of a port unless told otherwise (`actor_port_prio`).
pub(crate) const DEFAULT_PRIORITY: u16 = 0xff;

/// What the Selection Logic says of a port (`Selected`, 6.4.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// It has no aggregator, or needs another one.
    Unselected,
    /// Its aggregator is the active one.
    Selected,
    /// Its aggregator isn't the active one.
    Standby,
}

/// The variables that the machines of a port share (6.4.6 to 6.4.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Vars {
    /// `Actor_*`: what the partner is told of this end, operational values.
    pub(crate) actor: Participant,
    /// `Partner_Oper_*`: what is known of the other end.
    pub(crate) partner: Participant,
    /// `port_enabled`: there is a link.
    pub(crate) port_enabled: bool,
    /// `LACP_Enabled`: the link is full duplex.
    pub(crate) lacp_enabled: bool,
    /// `Selected`.
    pub(crate) selected: Selection,
    /// `NTT`: a LACPDU is to be sent.
    pub(crate) ntt: bool,
}

/// How many PDUs of a kind were received of late: a flood must not keep a CPU busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Intake {
    /// When the window began in which they are counted, in ms.
    began: u64,
    /// How many there were in it.
    count: u8,
}

impl Intake {
    /// None so far.
    const fn new() -> Intake {
        Intake { began: 0, count: 0 }
    }

    /// Counts one more. Returns whether it may be looked at.
    pub(super) fn admit(&mut self, now_ms: u64) -> bool {
        if now_ms.saturating_sub(self.began) >= FLOOD_WINDOW {
            (self.began, self.count) = (now_ms, 0);
        }
        let may = self.count < FLOOD_LIMIT;
        self.count = self.count.saturating_add(1);
        may
    }
}

/// A port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Port {
    /// What the machines share.
    pub(super) vars: Vars,
    /// The Receive machine.
    pub(super) receive: Receive,
    /// The Periodic Transmission machine.
    pub(super) periodic: Periodic,
    /// The Mux machine.
    pub(super) mux: Mux,
    /// The Transmit machine.
    pub(super) transmit: Transmit,
    /// The machine that watches the actor.
    pub(super) actor_churn: Churn,
    /// The machine that watches the partner.
    pub(super) partner_churn: Churn,
    /// The aggregator that came with the port; any port may be in it.
    pub(super) own: Aggregator,
    /// Number of the aggregator that the port is in.
    pub(super) aggregator: Option<u16>,
    /// What the link can do; [`None`] without a link.
    pub(super) link: Option<Capability>,
    /// The LACPDU that is to be sent now.
    due: Option<LacpPdu>,
    /// What the Mux machine's state was when last asked for news.
    told: mux::State,
    /// LACPDUs of others received of late.
    pub(super) lacpdus: Intake,
    /// Markers received of late. They are counted apart, so that they displace no LACPDU.
    pub(super) markers: Intake,
    /// A LACPDU of our own has come back since the link came up.
    pub(super) looped: bool,
    /// The port is about to leave: it takes no part any more until all begins anew.
    retired: bool,
    /// The counters.
    pub(crate) stats: Stats,
}

impl Port {
    /// A port in no bond of this mode.
    pub(crate) const fn new() -> Port {
        Port {
            vars: Vars {
                actor: Participant {
                    system: SystemId {
                        priority: 0xffff,
                        mac: [0; 6],
                    },
                    key: 0,
                    port_priority: DEFAULT_PRIORITY,
                    port: 0,
                    state: PortState::AGGREGATION.with(PortState::DEFAULTED),
                },
                partner: Participant::PARTNER_ADMIN,
                port_enabled: false,
                lacp_enabled: false,
                selected: Selection::Unselected,
                ntt: false,
            },
            receive: Receive::new(),
            periodic: Periodic::new(),
            mux: Mux::new(),
            transmit: Transmit::new(),
            actor_churn: Churn::new(),
            partner_churn: Churn::new(),
            own: Aggregator::new(0),
            aggregator: None,
            link: None,
            due: None,
            told: mux::State::Detached,
            lacpdus: Intake::new(),
            markers: Intake::new(),
            looped: false,
            retired: false,
            stats: Stats::new(),
        }
    }

    /// Gives a port that joins a bond its number, and that of its aggregator.
    pub(super) fn join(&mut self, port: u16, aggregator: u16) {
        self.vars.actor.port = port;
        self.own = Aggregator::new(aggregator);
    }

    /// `BEGIN`: all machines start anew. What was counted stays, as does the limit on sending.
    pub(super) fn begin(&mut self, now_ms: u64) {
        self.receive.initialize(&mut self.vars);
        self.periodic = Periodic::new();
        while self.mux.step(&mut self.vars, false, true, now_ms) {}
        self.actor_churn.begin();
        self.partner_churn.begin();
        self.due = None;
        self.looped = false;
        self.retired = false;
    }

    /// Follows the bond's settings.
    pub(super) fn configure(&mut self, settings: &Settings) {
        let actor = &mut self.vars.actor;
        let before = *actor;
        actor.system = settings.system;
        actor.state.set(PortState::ACTIVITY, settings.active);
        actor.state.set(PortState::TIMEOUT, settings.fast);
        actor.key = key(settings.user_key, self.link);
        if *actor == before {
            return;
        }
        self.vars.ntt = true;
        // Without a link nothing is decided by the key, so the port keeps its place until it is back.
        let moved = self.link.is_some() && actor.key != before.key;
        if moved || actor.system != before.system {
            self.vars.selected = Selection::Unselected;
        }
    }

    /// Follows the link; [`None`] if it is down.
    pub(crate) fn set_link(&mut self, link: Option<Capability>) {
        let link = link.filter(|_| !self.retired);
        self.link = link;
        self.vars.port_enabled = link.is_some();
        self.vars.lacp_enabled = link.is_some_and(|link| link.full_duplex);
        if link.is_none() {
            self.looped = false;
        }
    }

    /// Sets the port's priority (`actor_port_prio`).
    pub(crate) fn set_priority(&mut self, priority: u16) {
        if self.vars.actor.port_priority != priority {
            self.vars.actor.port_priority = priority;
            self.vars.ntt = true;
        }
    }

    /// Sets `NTT`.
    pub(crate) fn request_transmission(&mut self) {
        self.vars.ntt = true;
    }

    /// Whether it is known who is at the other end of the link, or that nobody answers; so it is
    /// for a port without a link.
    pub(super) fn is_settled(&self) -> bool {
        self.receive.state() != receive::State::Expired
    }

    /// Runs the machines that have no part in the selection.
    pub(super) fn finish(&mut self, now_ms: u64) {
        self.periodic.run(&mut self.vars, now_ms);
        let (enabled, actor, partner) = (
            self.vars.port_enabled,
            self.vars.actor.state.has(PortState::SYNC),
            self.vars.partner.state.has(PortState::SYNC),
        );
        self.actor_churn.run(enabled, actor, now_ms);
        self.partner_churn.run(enabled, partner, now_ms);
        let periodic = self.periodic.state();
        if self.transmit.run(&mut self.vars, periodic, now_ms) {
            self.due = Some(self.pdu());
        }
    }

    /// When a timer of the port expires, or what waits to be sent may be, in ms.
    pub(super) fn deadline(&self) -> Option<u64> {
        let send = self.vars.ntt.then(|| self.transmit.next_slot());
        [
            self.receive.deadline(),
            self.periodic.deadline(),
            self.mux.deadline(),
            self.actor_churn.deadline(),
            self.partner_churn.deadline(),
            send,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What a LACPDU says now.
    fn pdu(&self) -> LacpPdu {
        LacpPdu {
            actor: self.vars.actor,
            partner: self.vars.partner,
        }
    }

    /// Takes the LACPDU that is to be sent now.
    pub(crate) fn take_due(&mut self) -> Option<LacpPdu> {
        self.due.take()
    }

    /// Ends the port's part, and returns its last LACPDU: its partner need not wait for a timeout to
    /// use it no more. [`None`] if the partner is not to hear anything.
    pub(crate) fn retire(&mut self) -> Option<LacpPdu> {
        self.retired = true;
        self.due = None;
        if self.periodic.state() == periodic::State::No {
            return None;
        }
        let mut pdu = self.pdu();
        let flags = PortState::AGGREGATION
            .with(PortState::SYNC)
            .with(PortState::COLLECTING)
            .with(PortState::DISTRIBUTING);
        pdu.actor.state.set(flags, false);
        Some(pdu)
    }

    /// The states of the Mux machine when last asked, and now, if they differ.
    pub(crate) fn take_news(&mut self) -> Option<(mux::State, mux::State)> {
        let before = core::mem::replace(&mut self.told, self.mux.state());
        (before != self.told).then_some((before, self.told))
    }

    /// What the partner is told of this end.
    pub(crate) const fn actor(&self) -> &Participant {
        &self.vars.actor
    }

    /// What is known of the other end.
    pub(crate) const fn partner(&self) -> &Participant {
        &self.vars.partner
    }

    /// Number of the aggregator that the port is in.
    pub(crate) const fn aggregator(&self) -> Option<u16> {
        self.aggregator
    }

    /// The state of the Mux machine.
    pub(crate) const fn mux(&self) -> mux::State {
        self.mux.state()
    }

    /// State and count of the machine that watches the actor.
    pub(crate) const fn actor_churn(&self) -> (churn::State, u32) {
        (self.actor_churn.state(), self.actor_churn.count())
    }

    /// State and count of the machine that watches the partner.
    pub(crate) const fn partner_churn(&self) -> (churn::State, u32) {
        (self.partner_churn.state(), self.partner_churn.count())
    }
}

impl AsRef<Port> for Port {
    fn as_ref(&self) -> &Port {
        self
    }
}

impl AsMut<Port> for Port {
    fn as_mut(&mut self) -> &mut Port {
        self
    }
}
