// SPDX-License-Identifier: GPL-2.0

//! What the two ends of a link tell each other of themselves (IEEE 802.1AX-2014, 6.3 and 6.4.6).

#![forbid(unsafe_code)]

/// A System Identifier (6.3.2): the lower priority number counts more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SystemId {
    /// System priority.
    pub(crate) priority: u16,
    /// MAC address; zero where no system is known.
    pub(crate) mac: [u8; 6],
}

/// The state of one end of a link, one byte of flags (6.4.2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PortState(pub(crate) u8);

impl PortState {
    /// `LACP_Activity`: sends without being asked (active), not only to those who do (passive).
    pub(crate) const ACTIVITY: PortState = PortState(1 << 0);
    /// `LACP_Timeout`: wants to hear from the other end every second (short), not every 30 (long).
    pub(crate) const TIMEOUT: PortState = PortState(1 << 1);
    /// `Aggregation`: can go together with other links; if clear, it is individual.
    pub(crate) const AGGREGATION: PortState = PortState(1 << 2);
    /// `Synchronization`: is in the right aggregator.
    pub(crate) const SYNC: PortState = PortState(1 << 3);
    /// `Collecting`: what arrives is received.
    pub(crate) const COLLECTING: PortState = PortState(1 << 4);
    /// `Distributing`: sends.
    pub(crate) const DISTRIBUTING: PortState = PortState(1 << 5);
    /// `Defaulted`: knows of no partner, and goes by what the administrator says of one.
    pub(crate) const DEFAULTED: PortState = PortState(1 << 6);
    /// `Expired`: has not heard from its partner for too long.
    pub(crate) const EXPIRED: PortState = PortState(1 << 7);

    /// Tells whether all of `flags` are set.
    pub(crate) const fn has(self, flags: PortState) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Sets `flags`, or clears them.
    pub(crate) fn set(&mut self, flags: PortState, on: bool) {
        if on {
            self.0 |= flags.0;
        } else {
            self.0 &= !flags.0;
        }
    }

    /// Returns both sets of flags together.
    pub(crate) const fn with(self, other: PortState) -> PortState {
        PortState(self.0 | other.0)
    }

    /// Tells whether both agree on every one of `flags`.
    pub(crate) const fn agrees(self, other: PortState, flags: PortState) -> bool {
        (self.0 ^ other.0) & flags.0 == 0
    }
}

/// One end of a link, as a LACPDU tells of it: the actor's or the partner's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Participant {
    /// The system that the port belongs to.
    pub(crate) system: SystemId,
    /// The operational key: ports of a system that have the same can go together.
    pub(crate) key: u16,
    /// Port priority; the lower number counts more.
    pub(crate) port_priority: u16,
    /// Port number.
    pub(crate) port: u16,
    /// State.
    pub(crate) state: PortState,
}

impl Participant {
    /// The administrative values of a partner (6.4.6): what is assumed of one that doesn't answer.
    /// As in the C driver it is individual, and not in sync.
    pub(crate) const PARTNER_ADMIN: Participant = Participant {
        system: SystemId {
            priority: 0xffff,
            mac: [0; 6],
        },
        key: 1,
        port_priority: 0xff,
        port: 1,
        state: PortState(0),
    };

    /// Tells whether both are the same end of a link, able to aggregate or not: what the functions
    /// of the Receive machine compare (6.4.9).
    pub(crate) fn is_same(&self, other: &Participant) -> bool {
        self.system == other.system
            && self.key == other.key
            && self.port_priority == other.port_priority
            && self.port == other.port
            && self.state.agrees(other.state, PortState::AGGREGATION)
    }

    /// Tells whether a system is known at all.
    pub(crate) fn is_known(&self) -> bool {
        self.system.mac != [0; 6]
    }
}
