// SPDX-License-Identifier: GPL-2.0

//! The Periodic Transmission machine (IEEE 802.1AX-2014, 6.4.13): how often the partner hears of us
//! though nothing has changed.
//!
//! | From | Condition | To |
//! |---|---|---|
//! | any | port or LACP disabled, or both ends passive | `NO_PERIODIC` |
//! | `NO_PERIODIC` | none of these | `FAST_PERIODIC` |
//! | `FAST_PERIODIC` | partner's timeout is long | `SLOW_PERIODIC` |
//! | `FAST_PERIODIC` | `periodic_timer` expired | `PERIODIC_TX` |
//! | `SLOW_PERIODIC` | `periodic_timer` expired, or partner's timeout is short | `PERIODIC_TX` |
//! | `PERIODIC_TX` | partner's timeout is short, long | `FAST_PERIODIC`, `SLOW_PERIODIC` |

#![forbid(unsafe_code)]

use super::{
    expired,
    params::PortState,
    port::Vars,
    FAST_PERIODIC_TIME,
    SLOW_PERIODIC_TIME, //
};

/// State of the machine. `PERIODIC_TX` is left as soon as it is entered, so there is no value for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// `NO_PERIODIC`: nothing is sent.
    No,
    /// `FAST_PERIODIC`: a LACPDU is sent every second.
    Fast,
    /// `SLOW_PERIODIC`: a LACPDU is sent every 30 seconds.
    Slow,
}

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Periodic {
    /// The state.
    state: State,
    /// When `periodic_timer` expires, in ms.
    timer: Option<u64>,
}

impl Periodic {
    /// Makes the machine.
    pub(crate) const fn new() -> Periodic {
        Periodic {
            state: State::No,
            timer: None,
        }
    }

    /// Returns the state.
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// Returns when the timer expires, in ms.
    pub(crate) const fn deadline(&self) -> Option<u64> {
        self.timer
    }

    /// Takes the transitions that are due.
    pub(crate) fn run(&mut self, vars: &mut Vars, now_ms: u64) {
        let active = vars.actor.state.has(PortState::ACTIVITY)
            || vars.partner.state.has(PortState::ACTIVITY);
        if !vars.port_enabled || !vars.lacp_enabled || !active {
            self.state = State::No;
            self.timer = None;
            return;
        }
        if self.state == State::No {
            self.enter(State::Fast, now_ms);
        }
        let short = vars.partner.state.has(PortState::TIMEOUT);
        let wanted = if short { State::Fast } else { State::Slow };
        if expired(self.timer, now_ms) || (self.state == State::Slow && short) {
            // `PERIODIC_TX`.
            vars.ntt = true;
            self.enter(wanted, now_ms);
        } else if self.state != wanted {
            self.enter(wanted, now_ms);
        }
    }

    /// Enters a state, and starts its timer.
    fn enter(&mut self, state: State, now_ms: u64) {
        let period = match state {
            State::Fast => FAST_PERIODIC_TIME,
            State::No | State::Slow => SLOW_PERIODIC_TIME,
        };
        self.state = state;
        self.timer = Some(now_ms.saturating_add(period));
    }
}
