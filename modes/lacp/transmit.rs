// SPDX-License-Identifier: GPL-2.0

//! The Transmit machine (IEEE 802.1AX-2014, 6.4.16): a LACPDU is sent when `NTT` asks for it, but no
//! more than three in any `Fast_Periodic_Time`.

#![forbid(unsafe_code)]

use super::{
    periodic,
    port::Vars,
    FAST_PERIODIC_TIME, //
};

/// How many LACPDUs are sent at most in a `Fast_Periodic_Time`.
const LIMIT: usize = 3;

/// The machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transmit {
    /// When the latest LACPDUs were sent, in ms, the oldest first.
    sent: [Option<u64>; LIMIT],
}

impl Transmit {
    /// Makes the machine.
    pub(crate) const fn new() -> Transmit {
        Transmit {
            sent: [None; LIMIT],
        }
    }

    /// Returns from when on one more may be sent, in ms.
    pub(crate) fn next_slot(&self) -> u64 {
        let [oldest, ..] = self.sent;
        oldest.map_or(0, |at| at.saturating_add(FAST_PERIODIC_TIME))
    }

    /// Tells whether a LACPDU is to be sent now, and counts it.
    ///
    /// Without periodic transmission nothing is sent, and what asked for it is forgotten: so a
    /// passive port stays silent until it hears an active one.
    pub(crate) fn run(&mut self, vars: &mut Vars, periodic: periodic::State, now_ms: u64) -> bool {
        if !vars.lacp_enabled || periodic == periodic::State::No {
            vars.ntt = false;
        }
        if !vars.ntt || now_ms < self.next_slot() {
            return false;
        }
        vars.ntt = false;
        let [_, second, third] = self.sent;
        self.sent = [second, third, Some(now_ms)];
        true
    }
}
