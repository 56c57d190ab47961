// SPDX-License-Identifier: GPL-2.0

//! The Mux machine (IEEE 802.1AX-2014, 6.4.15): whether a port receives and sends for its
//! aggregator.
//!
//! | From | Condition | To |
//! |---|---|---|
//! | `DETACHED` | selected, or standby | `WAITING` |
//! | `WAITING` | unselected | `DETACHED` |
//! | `WAITING` | selected, `Ready` | `ATTACHED` |
//! | `ATTACHED` | unselected, or standby | `DETACHED` |
//! | `ATTACHED` | selected, partner in sync | `COLLECTING`, or `COLLECTING_DISTRIBUTING` |
//! | `COLLECTING`, `COLLECTING_DISTRIBUTING` | unselected, standby, or partner not in sync | `ATTACHED` |
//! | `COLLECTING` | selected, partner in sync and collecting | `DISTRIBUTING` |
//! | `DISTRIBUTING` | unselected, standby, or partner not in sync or not collecting | `COLLECTING` |
//!
//! `COLLECTING_DISTRIBUTING` is that of coupled control; the other two are those of independent
//! control. Where that setting changes, a port goes over to the states of the other.

#![forbid(unsafe_code)]

use super::{
    expired,
    params::PortState,
    port::{
        Selection,
        Vars, //
    },
    AGGREGATE_WAIT_TIME,
};

/// State of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// In no aggregator.
    Detached,
    /// Waits for others that may join the aggregator, or stands by.
    Waiting,
    /// In the aggregator; the partner isn't.
    Attached,
    /// Receives.
    Collecting,
    /// Receives and sends (independent control).
    Distributing,
    /// Receives and sends (coupled control).
    CollectingDistributing,
}

impl State {
    /// All of them.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) const ALL: [State; 6] = [
        State::Detached,
        State::Waiting,
        State::Attached,
        State::Collecting,
        State::Distributing,
        State::CollectingDistributing,
    ];

    /// Returns the word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            State::Detached => "detached",
            State::Waiting => "waiting",
            State::Attached => "attached",
            State::Collecting => "collecting",
            State::Distributing => "distributing",
            State::CollectingDistributing => "collecting-distributing",
        }
    }

    /// Tells whether what the port receives counts.
    pub(crate) const fn is_collecting(self) -> bool {
        matches!(
            self,
            State::Collecting | State::Distributing | State::CollectingDistributing
        )
    }

    /// Tells whether the port sends.
    pub(crate) const fn is_distributing(self) -> bool {
        matches!(self, State::Distributing | State::CollectingDistributing)
    }
}

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mux {
    /// The state.
    state: State,
    /// When `wait_while_timer` expires, in ms.
    wait_while: Option<u64>,
}

impl Mux {
    /// Makes the machine.
    pub(crate) const fn new() -> Mux {
        Mux {
            state: State::Detached,
            wait_while: None,
        }
    }

    /// Returns the state.
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// Returns when the timer expires, in ms.
    pub(crate) const fn deadline(&self) -> Option<u64> {
        self.wait_while
    }

    /// Tells whether the port waits, and is done with it: `Ready_N` (6.4.8).
    ///
    /// The timer is for others to join at the same time (6.4.10). Where `none_to_come`, as the
    /// partner of every port with a link is known, there is nothing to wait for.
    pub(crate) fn note_ready(&mut self, none_to_come: bool, now_ms: u64) {
        if none_to_come || expired(self.wait_while, now_ms) {
            self.wait_while = None;
        }
    }

    /// Tells whether the port still waits for others.
    pub(crate) const fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting) && self.wait_while.is_some()
    }

    /// Takes the next transition, `ready` being `Ready` of its aggregator. Returns whether there was
    /// one.
    pub(crate) fn step(
        &mut self,
        vars: &mut Vars,
        ready: bool,
        coupled: bool,
        now_ms: u64,
    ) -> bool {
        let selected = vars.selected == Selection::Selected;
        let sync = selected && vars.partner.state.has(PortState::SYNC);
        let its_collecting = vars.partner.state.has(PortState::COLLECTING);
        let next = match self.state {
            State::Detached if vars.selected != Selection::Unselected => State::Waiting,
            State::Waiting if vars.selected == Selection::Unselected => State::Detached,
            State::Waiting if selected && ready => State::Attached,
            State::Attached if !selected => State::Detached,
            State::Attached if sync && coupled => State::CollectingDistributing,
            State::Attached if sync => State::Collecting,
            State::Distributing if !sync || !its_collecting => State::Collecting,
            State::Collecting | State::CollectingDistributing if !sync => State::Attached,
            State::Collecting | State::Distributing if coupled => State::CollectingDistributing,
            State::Collecting if its_collecting => State::Distributing,
            State::CollectingDistributing if !coupled => State::Collecting,
            _ => return false,
        };
        self.enter(next, vars, now_ms);
        true
    }

    /// Enters a state.
    fn enter(&mut self, state: State, vars: &mut Vars, now_ms: u64) {
        self.state = state;
        self.wait_while =
            (state == State::Waiting).then(|| now_ms.saturating_add(AGGREGATE_WAIT_TIME));
        let actor = &mut vars.actor.state;
        match state {
            State::Waiting => return,
            State::Detached => actor.set(PortState::SYNC, false),
            _ => actor.set(PortState::SYNC, true),
        }
        actor.set(PortState::COLLECTING, state.is_collecting());
        actor.set(PortState::DISTRIBUTING, state.is_distributing());
        vars.ntt = true;
    }
}
