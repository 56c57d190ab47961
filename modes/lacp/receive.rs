// SPDX-License-Identifier: GPL-2.0

//! The Receive machine (IEEE 802.1AX-2014, 6.4.12): what is known of the partner, and for how long.
//!
//! | From | Condition | To |
//! |---|---|---|
//! | any | `BEGIN` | `INITIALIZE`, and at once `PORT_DISABLED` |
//! | any | port disabled | `PORT_DISABLED` |
//! | `PORT_DISABLED` | `port_moved` | `INITIALIZE` |
//! | `PORT_DISABLED` | port enabled, LACP enabled | `EXPIRED` |
//! | `PORT_DISABLED` | port enabled, LACP not | `LACP_DISABLED` |
//! | `EXPIRED` | `current_while_timer` expired | `DEFAULTED` |
//! | `CURRENT` | `current_while_timer` expired | `EXPIRED` |
//! | `EXPIRED`, `DEFAULTED`, `CURRENT` | LACPDU | `CURRENT` |
//! | `EXPIRED`, `DEFAULTED`, `CURRENT` | LACP disabled | `PORT_DISABLED`, as in 6.4.8 |
//! | `LACP_DISABLED` | LACP enabled | `PORT_DISABLED`, likewise |

#![forbid(unsafe_code)]

use super::{
    expired,
    params::{
        Participant,
        PortState, //
    },
    pdu::LacpPdu,
    port::{
        Selection,
        Vars, //
    },
    LONG_TIMEOUT_TIME,
    SHORT_TIMEOUT_TIME, //
};

/// State of the machine. `INITIALIZE` is left as soon as it is entered, so there is no value for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The port has no link.
    PortDisabled,
    /// The link is half duplex, so LACP has no part in it.
    LacpDisabled,
    /// The partner was not heard of in time, or not yet.
    Expired,
    /// The partner does not answer: what the administrator says of it holds.
    Defaulted,
    /// The partner was heard.
    Current,
}

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receive {
    /// The state.
    state: State,
    /// When `current_while_timer` expires, in ms.
    current_while: Option<u64>,
}

impl Receive {
    /// Makes the machine; the port is to begin by [`Self::initialize`].
    pub(crate) const fn new() -> Receive {
        Receive {
            state: State::PortDisabled,
            current_while: None,
        }
    }

    /// Returns the state.
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// Returns when the timer expires, in ms.
    pub(crate) const fn deadline(&self) -> Option<u64> {
        self.current_while
    }

    /// Enters `INITIALIZE`, and with that `PORT_DISABLED`.
    pub(crate) fn initialize(&mut self, vars: &mut Vars) {
        vars.selected = Selection::Unselected;
        record_default(vars);
        vars.actor.state.set(PortState::EXPIRED, false);
        self.enter_port_disabled(vars);
    }

    /// Takes the transitions that need no LACPDU.
    pub(crate) fn run(&mut self, vars: &mut Vars, now_ms: u64) {
        let lacp_disabled = self.state == State::LacpDisabled;
        if !vars.port_enabled || lacp_disabled == vars.lacp_enabled {
            if self.state != State::PortDisabled {
                self.enter_port_disabled(vars);
            }
            if !vars.port_enabled {
                return;
            }
        }
        match self.state {
            State::PortDisabled if vars.lacp_enabled => self.enter_expired(vars, now_ms),
            State::PortDisabled => self.enter_lacp_disabled(vars),
            State::Current if expired(self.current_while, now_ms) => {
                self.enter_expired(vars, now_ms);
            }
            State::Expired if expired(self.current_while, now_ms) => self.enter_defaulted(vars),
            _ => {}
        }
    }

    /// Receives a LACPDU. Returns whether the state of the machine let it count.
    pub(crate) fn receive(&mut self, vars: &mut Vars, pdu: &LacpPdu, now_ms: u64) -> bool {
        if !matches!(
            self.state,
            State::Expired | State::Defaulted | State::Current
        ) {
            return false;
        }
        update_selected(vars, &pdu.actor);
        update_ntt(vars, &pdu.partner);
        record_pdu(vars, pdu);
        let timeout = if vars.actor.state.has(PortState::TIMEOUT) {
            SHORT_TIMEOUT_TIME
        } else {
            LONG_TIMEOUT_TIME
        };
        self.current_while = Some(now_ms.saturating_add(timeout));
        vars.actor.state.set(PortState::EXPIRED, false);
        self.state = State::Current;
        true
    }

    /// Enters `PORT_DISABLED`. What is known of the partner stays, for when the link comes back.
    fn enter_port_disabled(&mut self, vars: &mut Vars) {
        self.state = State::PortDisabled;
        self.current_while = None;
        vars.partner.state.set(PortState::SYNC, false);
    }

    /// Enters `EXPIRED`: the partner is asked to send every second until it is heard.
    fn enter_expired(&mut self, vars: &mut Vars, now_ms: u64) {
        self.state = State::Expired;
        self.current_while = Some(now_ms.saturating_add(SHORT_TIMEOUT_TIME));
        vars.partner.state.set(PortState::SYNC, false);
        vars.partner.state.set(PortState::TIMEOUT, true);
        vars.actor.state.set(PortState::EXPIRED, true);
        // The state has changed: whoever is there need not wait for the periodic transmission.
        vars.ntt = true;
    }

    /// Enters `DEFAULTED`.
    fn enter_defaulted(&mut self, vars: &mut Vars) {
        self.state = State::Defaulted;
        self.current_while = None;
        // update_Default_Selected.
        update_selected(vars, &Participant::PARTNER_ADMIN);
        record_default(vars);
        vars.actor.state.set(PortState::EXPIRED, false);
    }

    /// Enters `LACP_DISABLED`.
    fn enter_lacp_disabled(&mut self, vars: &mut Vars) {
        self.state = State::LacpDisabled;
        self.current_while = None;
        vars.selected = Selection::Unselected;
        record_default(vars);
        vars.partner.state.set(PortState::AGGREGATION, false);
        vars.actor.state.set(PortState::EXPIRED, false);
    }
}

/// `recordDefault` (6.4.9).
fn record_default(vars: &mut Vars) {
    vars.partner = Participant::PARTNER_ADMIN;
    vars.actor.state.set(PortState::DEFAULTED, true);
}

/// `update_Selected` (6.4.9): another partner needs another aggregator.
fn update_selected(vars: &mut Vars, heard: &Participant) {
    if !vars.partner.is_same(heard) {
        vars.selected = Selection::Unselected;
    }
}

/// `update_NTT` (6.4.9): the partner is told if what it knows of us is old.
fn update_ntt(vars: &mut Vars, its_partner: &Participant) {
    let flags = PortState::ACTIVITY
        .with(PortState::TIMEOUT)
        .with(PortState::SYNC)
        .with(PortState::AGGREGATION);
    let knows =
        vars.actor.is_same(its_partner) && vars.actor.state.agrees(its_partner.state, flags);
    vars.ntt |= !knows;
}

/// `recordPDU` (6.4.9). The partner is in sync if it says so, means this very port, or says that it
/// is individual, and the link is maintained: at least one of both ends sends without being asked.
fn record_pdu(vars: &mut Vars, pdu: &LacpPdu) {
    vars.partner = pdu.actor;
    vars.actor.state.set(PortState::DEFAULTED, false);
    let said = pdu.actor.state;
    let matched = vars.actor.is_same(&pdu.partner) || !said.has(PortState::AGGREGATION);
    let maintained = said.has(PortState::ACTIVITY)
        || (vars.actor.state.has(PortState::ACTIVITY)
            && pdu.partner.state.has(PortState::ACTIVITY));
    let sync = matched && maintained && said.has(PortState::SYNC);
    vars.partner.state.set(PortState::SYNC, sync);
}
