// SPDX-License-Identifier: GPL-2.0

//! What a bond decided of late: when, upon what, what was done about it, and why.
//!
//! A decision is noted where it is made, under the bond's lock, in memory that is there already.
//! Only decisions cost anything; packets, and polls which find nothing new, know nothing of it.

#![forbid(unsafe_code)]

use core::ops::DerefMut;

use crate::{
    bond::{
        addr::IfName,
        select::Why, //
    },
    modes::lacp::mux,
    monitor::link::{
        LinkState,
        LinkWhy, //
    }, //
};

/// How many decisions are remembered.
pub(crate) const DECISIONS: usize = 64;

/// A value that an option was set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setting {
    /// A number.
    Number(i64),
    /// A word which stands for a number.
    Keyword(&'static str),
    /// The name of a slave, or none.
    Name(Option<IfName>),
}

/// What was seen: the event that a decision answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// A bond was made: nothing else has happened yet.
    Made,
    /// The bond was brought up.
    Up,
    /// The bond was brought down.
    Down,
    /// A slave's device told of its carrier, or was opened.
    Carrier(IfName),
    /// A slave's device was closed.
    Closed(IfName),
    /// The monitor's timer looked at the slaves.
    Poll,
    /// The ARP monitor's timer looked at what slaves have heard.
    ArpPoll,
    /// An option was set.
    Option {
        /// Its name.
        name: &'static str,
        /// The slave whose option it is, if it is one of a slave.
        slave: Option<IfName>,
        /// What it was set to.
        value: Setting,
    },
    /// A device was enslaved.
    Enslave(IfName),
    /// A slave was released.
    Release(IfName),
    /// A slave's device went away.
    Gone(IfName),
    /// A slave was renamed; the name is the new one.
    Renamed(IfName),
    /// The bond got another MAC address.
    Address,
    /// A slave heard something new from its partner (802.3ad).
    Lacpdu(IfName),
    /// A timer of LACP expired.
    LacpTimer,
    /// The speed or duplex of a slave changed (802.3ad).
    Speed,
    /// What was decided before could be carried out only now.
    Retry,
}

impl Seen {
    /// Returns the word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Seen::Made => "made",
            Seen::Up => "up",
            Seen::Down => "down",
            Seen::Carrier(_) => "carrier",
            Seen::Closed(_) => "closed",
            Seen::Poll => "poll",
            Seen::ArpPoll => "arp-poll",
            Seen::Option { .. } => "option",
            Seen::Enslave(_) => "enslave",
            Seen::Release(_) => "release",
            Seen::Gone(_) => "gone",
            Seen::Renamed(_) => "renamed",
            Seen::Address => "address",
            Seen::Lacpdu(_) => "lacpdu",
            Seen::LacpTimer => "lacp-timer",
            Seen::Speed => "speed",
            Seen::Retry => "retry",
        }
    }

    /// Returns the slave that it is about, by the name it had then.
    pub(crate) const fn slave(self) -> Option<IfName> {
        match self {
            Seen::Carrier(name)
            | Seen::Closed(name)
            | Seen::Enslave(name)
            | Seen::Release(name)
            | Seen::Gone(name)
            | Seen::Renamed(name)
            | Seen::Lacpdu(name) => Some(name),
            Seen::Option { slave, .. } => slave,
            Seen::Made
            | Seen::Up
            | Seen::Down
            | Seen::Poll
            | Seen::ArpPoll
            | Seen::Address
            | Seen::LacpTimer
            | Seen::Speed
            | Seen::Retry => None,
        }
    }
}

/// What was done, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Its slaves are watched and used from now on, or no longer.
    Running(bool),
    /// The bond has carrier from now on, or no longer: a slave is up, or none.
    Carrier(bool),
    /// A device became a slave, and takes part.
    Enslaved {
        /// The slave.
        slave: IfName,
        /// The state of its link.
        link: LinkState,
    },
    /// A slave takes part no more.
    Released {
        /// The slave.
        slave: IfName,
    },
    /// The link of a slave is in another state.
    Link {
        /// The slave.
        slave: IfName,
        /// The state before.
        from: LinkState,
        /// The state now.
        to: LinkState,
        /// Why.
        why: LinkWhy,
    },
    /// Another slave is active.
    Active {
        /// The one before, and the state of its link.
        from: Option<(IfName, LinkState)>,
        /// The one now.
        to: Option<IfName>,
        /// Why.
        why: Why,
    },
    /// Another aggregator is the active one (802.3ad).
    Aggregator {
        /// Number of the one before.
        from: Option<u16>,
        /// Number of the one now.
        to: Option<u16>,
    },
    /// The Mux machine of a slave is in another state (802.3ad).
    Mux {
        /// The slave.
        slave: IfName,
        /// The state before.
        from: mux::State,
        /// The state now.
        to: mux::State,
    },
    /// The choice was made anew, and nothing changed.
    Kept {
        /// The active slave.
        active: Option<IfName>,
        /// Why.
        why: Why,
    },
}

impl Done {
    /// Returns the word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Done::Running(_) => "running",
            Done::Carrier(_) => "carrier",
            Done::Enslaved { .. } => "enslaved",
            Done::Released { .. } => "released",
            Done::Link { .. } => "link",
            Done::Active { .. } => "active",
            Done::Aggregator { .. } => "aggregator",
            Done::Mux { .. } => "mux",
            Done::Kept { .. } => "kept",
        }
    }

    /// Returns the reason as a word for programs, where the event alone is not reason enough.
    pub(crate) const fn why(self) -> Option<&'static str> {
        match self {
            Done::Running(_)
            | Done::Enslaved { .. }
            | Done::Released { .. }
            | Done::Aggregator { .. }
            | Done::Mux { .. } => None,
            Done::Carrier(true) => Some("slave-up"),
            Done::Carrier(false) => Some("none-up"),
            Done::Link { why, .. } => Some(why.word()),
            Done::Active { why, .. } | Done::Kept { why, .. } => Some(why.word()),
        }
    }
}

/// A decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    /// When, in ms since boot, time asleep included (`CLOCK_BOOTTIME`).
    pub(crate) at_ms: u64,
    /// What was seen.
    pub(crate) seen: Seen,
    /// What was done.
    pub(crate) done: Done,
}

impl Decision {
    /// What fills memory which holds no decision yet.
    pub(crate) const NONE: Decision = Decision {
        at_ms: 0,
        seen: Seen::Made,
        done: Done::Running(false),
    };
}

/// The latest decisions, in `S`: as many as it has room for.
pub(crate) struct History<S> {
    /// The decisions, each at its number modulo the length.
    slots: S,
    /// How many decisions there were.
    total: u64,
    /// What is being answered.
    seen: Seen,
}

impl<S: DerefMut<Target = [Decision]>> History<S> {
    /// Makes an empty history; what is in `slots` is overwritten.
    pub(crate) const fn new(slots: S) -> Self {
        Self {
            slots,
            total: 0,
            seen: Seen::Made,
        }
    }

    /// Notes what the decisions to come answer.
    pub(crate) fn see(&mut self, seen: Seen) {
        self.seen = seen;
    }

    /// Notes a decision made at `at_ms`. The oldest one is forgotten for it.
    pub(crate) fn note(&mut self, at_ms: u64, done: Done) {
        let seen = self.seen;
        let at = self.slot(self.total);
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Decision { at_ms, seen, done };
        }
        self.total = self.total.saturating_add(1);
    }

    /// Returns how many decisions there were, those which are forgotten included.
    pub(crate) const fn total(&self) -> u64 {
        self.total
    }

    /// Iterates over the decisions that are remembered, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Decision> {
        let kept = self.total.min(self.slots.len() as u64);
        let first = self.total.saturating_sub(kept);
        (first..self.total).filter_map(|number| self.slots.get(self.slot(number)))
    }

    /// Returns where the decision with this number lies.
    fn slot(&self, number: u64) -> usize {
        let at = number.checked_rem(self.slots.len() as u64).unwrap_or(0);
        // CAST: Less than a length.
        at as usize
    }
}
