// SPDX-License-Identifier: GPL-2.0

//! The Churn Detection machines (IEEE 802.1AX-2014, 6.4.17): whether an end of the link takes too
//! long to get in sync. One machine watches the actor, one the partner.
//!
//! | From | Condition | To |
//! |---|---|---|
//! | any | `BEGIN`, or port disabled | monitoring |
//! | monitoring | in sync | none |
//! | monitoring | timer expired | churned |
//! | none | not in sync | monitoring |
//! | churned | in sync | none |

#![forbid(unsafe_code)]

use super::{
    expired,
    CHURN_DETECTION_TIME, //
};

/// State of a machine; the numbers are user-space ABI (netlink).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// `ACTOR_CHURN_MONITOR`, `PARTNER_CHURN_MONITOR`: not in sync yet.
    Monitoring = 0,
    /// `ACTOR_CHURN`, `PARTNER_CHURN`: not in sync for too long.
    Churned = 1,
    /// `NO_ACTOR_CHURN`, `NO_PARTNER_CHURN`: in sync.
    None = 2,
}

impl State {
    /// Returns the number of the state.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word for `/proc`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            State::Monitoring => "monitoring",
            State::Churned => "churned",
            State::None => "none",
        }
    }
}

/// A machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Churn {
    /// The state.
    state: State,
    /// When the timer expires, in ms.
    timer: Option<u64>,
    /// How often it was churned.
    count: u32,
}

impl Churn {
    /// Makes a machine.
    pub(crate) const fn new() -> Churn {
        Churn {
            state: State::Monitoring,
            timer: None,
            count: 0,
        }
    }

    /// Returns the state.
    pub(crate) const fn state(&self) -> State {
        self.state
    }

    /// Returns how often it was churned, without wrapping around.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    /// Returns when the timer expires, in ms.
    pub(crate) const fn deadline(&self) -> Option<u64> {
        self.timer
    }

    /// Begins anew; what was counted stays.
    pub(crate) fn begin(&mut self) {
        self.state = State::Monitoring;
        self.timer = None;
    }

    /// Takes the transitions that are due; `sync` is whether the end that it watches is in sync.
    pub(crate) fn run(&mut self, port_enabled: bool, sync: bool, now_ms: u64) {
        if !port_enabled {
            self.begin();
            return;
        }
        match (self.state, sync) {
            (_, true) => {
                self.state = State::None;
                self.timer = None;
            }
            (State::None, false) => self.monitor(now_ms),
            (State::Monitoring, false) if self.timer.is_none() => self.monitor(now_ms),
            (State::Monitoring, false) if expired(self.timer, now_ms) => {
                self.state = State::Churned;
                self.timer = None;
                self.count = self.count.saturating_add(1);
            }
            (State::Monitoring | State::Churned, false) => {}
        }
    }

    /// Enters the state that waits for the end to get in sync.
    fn monitor(&mut self, now_ms: u64) {
        self.state = State::Monitoring;
        self.timer = Some(now_ms.saturating_add(CHURN_DETECTION_TIME));
    }
}
