// SPDX-License-Identifier: GPL-2.0

//! The link state of one slave: carrier in, state and log lines out.
//!
//! | From | Carrier | Delay over | To | Log |
//! |---|---|---|---|---|
//! | up | off | no delay set | down | definitely down |
//! | up | off | | fail | down, disabling it in |
//! | fail | on | | up | up again after; definitely up |
//! | fail | off | yes | down | definitely down |
//! | down | on | no delay set | up | definitely up |
//! | down | on | `ignore_updelay` | up | up, enabling it in 0 ms; definitely up |
//! | down | on | | back | up, enabling it in |
//! | back | off | | down | down again after; definitely down |
//! | back | on | yes, or `ignore_updelay` | up | definitely up |
//!
//! The ARP monitor sets states by rules of its own (`monitor::arp`).
//!
//! The C driver counts polls. This machine notes when a delay ends, so a carrier event starts it
//! at once, and a timer set to [`LinkMachine::deadline`] ends it to the millisecond.

#![forbid(unsafe_code)]

use core::fmt;

/// State of a slave's link; the numbers are user-space ABI (`BOND_LINK_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LinkState {
    /// Up and used.
    Up = 0,
    /// Lost its carrier, still used until the down delay is over.
    Fail = 1,
    /// Down.
    Down = 2,
    /// Has its carrier back, not used until the up delay is over.
    Back = 3,
}

impl LinkState {
    /// Returns the number of the state.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word for `/proc` and sysfs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            LinkState::Up => "up",
            LinkState::Fail => "going down",
            LinkState::Down => "down",
            LinkState::Back => "going back",
        }
    }

    /// Tells whether upper layers are told that the link is up (`link_up` of lower state info).
    pub(crate) const fn is_lower_up(self) -> bool {
        matches!(self, LinkState::Up | LinkState::Fail)
    }
}

/// Duplex of a link; the order and the numbers are those of ethtool, which the comparison of
/// primary candidates relies upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Duplex {
    /// Half duplex.
    Half = 0,
    /// Full duplex.
    Full = 1,
    /// Not known.
    Unknown = 255,
}

impl Duplex {
    /// Returns the duplex with ethtool's number; any other number is unknown.
    pub(crate) const fn from_u8(number: u8) -> Duplex {
        match number {
            0 => Duplex::Half,
            1 => Duplex::Full,
            _ => Duplex::Unknown,
        }
    }

    /// Returns ethtool's number.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }
}

/// The delays in force at an observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delays {
    /// Option `updelay` in ms.
    pub(crate) updelay_ms: u32,
    /// Option `downdelay` in ms.
    pub(crate) downdelay_ms: u32,
    /// Whether the up delay is skipped because no slave is usable.
    ///
    /// The caller sets it while nothing is active (active-backup) or the usable array exists and
    /// is empty (hashing modes, never modes 0 and 3), and clears it once a slave came up by it.
    pub(crate) ignore_updelay: bool,
}

/// What a slave is in active-backup mode, for a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The active slave.
    Active,
    /// A backup slave.
    Backup,
    /// Another mode: no word is said.
    None,
}

impl Role {
    /// Returns the word with a space, or nothing.
    const fn words(self) -> &'static str {
        match self {
            Role::Active => "active ",
            Role::Backup => "backup ",
            Role::None => "",
        }
    }
}

/// A line for the log, at level info, about the slave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLine {
    /// The down delay begins.
    GoingDown {
        /// What the slave is.
        role: Role,
        /// The whole delay in ms.
        delay_ms: u32,
    },
    /// The carrier came back during the down delay.
    UpAgain {
        /// How long it was away, in ms.
        after_ms: u32,
    },
    /// The up delay begins.
    GoingUp {
        /// The whole delay in ms, 0 if it is skipped.
        delay_ms: u32,
    },
    /// The carrier was lost during the up delay.
    DownAgain {
        /// How long it was there, in ms.
        after_ms: u32,
    },
    /// The link is up.
    DefinitelyUp {
        /// Speed in Mb/s, if known.
        speed: Option<u32>,
        /// Duplex.
        duplex: Duplex,
    },
    /// The link is down.
    DefinitelyDown,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            LogLine::GoingDown { role, delay_ms } => write!(
                f,
                "link status down for {}interface, disabling it in {delay_ms} ms",
                role.words()
            ),
            LogLine::UpAgain { after_ms } => {
                write!(f, "link status up again after {after_ms} ms")
            }
            LogLine::GoingUp { delay_ms } => {
                write!(f, "link status up, enabling it in {delay_ms} ms")
            }
            LogLine::DownAgain { after_ms } => {
                write!(f, "link status down again after {after_ms} ms")
            }
            LogLine::DefinitelyUp { speed, duplex } => write!(
                f,
                "link status definitely up, {} Mbps {} duplex",
                speed.unwrap_or(0),
                // The C driver says so for an unknown duplex, too.
                if duplex == Duplex::Half {
                    "half"
                } else {
                    "full"
                }
            ),
            LogLine::DefinitelyDown => f.write_str("link status definitely down, disabling slave"),
        }
    }
}

/// What began or broke off a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Note {
    /// Nothing worth a line.
    None,
    /// The down delay of that many ms began.
    GoingDown(u32),
    /// The down delay broke off after that many ms.
    UpAgain(u32),
    /// The up delay of that many ms began, or was skipped (0).
    GoingUp(u32),
    /// The up delay broke off after that many ms.
    DownAgain(u32),
}

/// Why a link changed its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkWhy {
    /// The device lost its carrier, or no longer runs.
    CarrierLost,
    /// The device runs, and has its carrier.
    CarrierFound,
    /// A delay is over.
    DelayOver,
    /// The up delay is not waited for, as no slave is usable.
    DelaySkipped,
    /// The up delay ended early: the slave was made the active one.
    Promoted,
    /// Something was heard of a target of the ARP monitor.
    Heard,
    /// Nothing was heard of any target for too long.
    Silent,
    /// It is the slave's turn to ask the targets, as no slave is active.
    Tried,
}

impl LinkWhy {
    /// All of them.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) const ALL: [LinkWhy; 8] = [
        LinkWhy::CarrierLost,
        LinkWhy::CarrierFound,
        LinkWhy::DelayOver,
        LinkWhy::DelaySkipped,
        LinkWhy::Promoted,
        LinkWhy::Heard,
        LinkWhy::Silent,
        LinkWhy::Tried,
    ];

    /// Returns the word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            LinkWhy::CarrierLost => "carrier-lost",
            LinkWhy::CarrierFound => "carrier-found",
            LinkWhy::DelayOver => "delay-over",
            LinkWhy::DelaySkipped => "delay-skipped",
            LinkWhy::Promoted => "promoted",
            LinkWhy::Heard => "heard",
            LinkWhy::Silent => "silent",
            LinkWhy::Tried => "tried",
        }
    }
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Transition {
    /// The state before.
    pub(crate) from: LinkState,
    /// The state now.
    pub(crate) to: LinkState,
    /// Why.
    pub(crate) why: LinkWhy,
    /// What the first log line says.
    note: Note,
}

impl Transition {
    /// Returns the line about the delay, which comes first; the C driver limits its rate.
    pub(crate) fn notice(&self, role: Role) -> Option<LogLine> {
        match self.note {
            Note::None => None,
            Note::GoingDown(delay_ms) => Some(LogLine::GoingDown { role, delay_ms }),
            Note::UpAgain(after_ms) => Some(LogLine::UpAgain { after_ms }),
            Note::GoingUp(delay_ms) => Some(LogLine::GoingUp { delay_ms }),
            Note::DownAgain(after_ms) => Some(LogLine::DownAgain { after_ms }),
        }
    }

    /// Returns the line about the new state, for which speed and duplex must have been read again;
    /// none while a delay is running.
    pub(crate) fn outcome(&self, speed: Option<u32>, duplex: Duplex) -> Option<LogLine> {
        match self.to {
            LinkState::Up => Some(LogLine::DefinitelyUp { speed, duplex }),
            LinkState::Down => Some(LogLine::DefinitelyDown),
            LinkState::Fail | LinkState::Back => None,
        }
    }
}

/// A delay which is running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wait {
    /// When it began, in ms.
    since: u64,
    /// When it ends, in ms.
    until: u64,
}

/// The machine.
///
/// # Invariants
///
/// `wait` is there in no other states than [`LinkState::Fail`] and [`LinkState::Back`]. It isn't
/// there if the ARP monitor set the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LinkMachine {
    /// The state.
    state: LinkState,
    /// The delay which is running.
    wait: Option<Wait>,
    /// How often the link went down, without wrapping around.
    failures: u32,
}

impl LinkMachine {
    /// Makes the machine of a new slave: without monitoring it is up; otherwise down without
    /// carrier, and with it up or, if there is an up delay, coming back.
    ///
    /// Here, as in the C driver, `ignore_updelay` does not count: the next observation sees to it.
    pub(crate) fn new(monitored: bool, carrier: bool, now_ms: u64, delays: &Delays) -> LinkMachine {
        let (state, wait) = if !monitored {
            (LinkState::Up, None)
        } else if !carrier {
            (LinkState::Down, None)
        } else if delays.updelay_ms == 0 {
            (LinkState::Up, None)
        } else {
            (LinkState::Back, Some(Wait::new(now_ms, delays.updelay_ms)))
        };
        // INVARIANT: A wait came with `Back` alone.
        LinkMachine {
            state,
            wait,
            failures: 0,
        }
    }

    /// Returns the state.
    pub(crate) const fn state(&self) -> LinkState {
        self.state
    }

    /// Returns how often the link went down.
    pub(crate) const fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns when the delay which is running ends, in ms; [`LinkMachine::observe`] is due then.
    pub(crate) fn deadline(&self) -> Option<u64> {
        self.wait.map(|wait| wait.until)
    }

    /// Returns how much of the up delay is left, in ms; 0 in every state but
    /// [`LinkState::Back`].
    pub(crate) fn backlog_ms(&self, now_ms: u64) -> u32 {
        match (self.state, self.wait) {
            (LinkState::Back, Some(wait)) => to_u32(wait.until.saturating_sub(now_ms)),
            _ => 0,
        }
    }

    /// Takes a look at the link: `carrier` is whether the device is running and has carrier,
    /// `now_ms` a clock which doesn't go back.
    ///
    /// Returns the change, if there is one. A delay of 0 passes straight through, so afterwards
    /// the machine rests until carrier, delays, or the clock reaching [`LinkMachine::deadline`]
    /// call for another look.
    pub(crate) fn observe(
        &mut self,
        carrier: bool,
        now_ms: u64,
        delays: &Delays,
    ) -> Option<Transition> {
        let from = self.state;
        let elapsed = self
            .wait
            .map_or(0, |wait| to_u32(now_ms.saturating_sub(wait.since)));
        let over = self.wait.is_none_or(|wait| now_ms >= wait.until);

        let (to, wait, note) = match (from, carrier) {
            (LinkState::Up, true) | (LinkState::Down, false) => return None,
            (LinkState::Up, false) if delays.downdelay_ms == 0 => {
                (LinkState::Down, None, Note::None)
            }
            (LinkState::Up, false) => (
                LinkState::Fail,
                Some(Wait::new(now_ms, delays.downdelay_ms)),
                Note::GoingDown(delays.downdelay_ms),
            ),
            (LinkState::Fail, true) => (LinkState::Up, None, Note::UpAgain(elapsed)),
            (LinkState::Fail, false) if over => (LinkState::Down, None, Note::None),
            (LinkState::Down, true) if delays.updelay_ms == 0 => (LinkState::Up, None, Note::None),
            (LinkState::Down, true) if delays.ignore_updelay => {
                (LinkState::Up, None, Note::GoingUp(0))
            }
            (LinkState::Down, true) => (
                LinkState::Back,
                Some(Wait::new(now_ms, delays.updelay_ms)),
                Note::GoingUp(delays.updelay_ms),
            ),
            (LinkState::Back, false) => (LinkState::Down, None, Note::DownAgain(elapsed)),
            (LinkState::Back, true) if over || delays.ignore_updelay => {
                (LinkState::Up, None, Note::None)
            }
            (LinkState::Fail, false) | (LinkState::Back, true) => return None,
        };

        let why = match (from, to) {
            (LinkState::Fail, LinkState::Down) => LinkWhy::DelayOver,
            (LinkState::Back, LinkState::Up) if over => LinkWhy::DelayOver,
            (LinkState::Back, LinkState::Up) => LinkWhy::DelaySkipped,
            (LinkState::Down, LinkState::Up) if delays.updelay_ms != 0 => LinkWhy::DelaySkipped,
            _ if carrier => LinkWhy::CarrierFound,
            _ => LinkWhy::CarrierLost,
        };

        // INVARIANT: Each arm gives a wait to `Fail` and `Back`, and to no other state.
        self.state = to;
        self.wait = wait;
        if to == LinkState::Down {
            self.failures = self.failures.saturating_add(1);
        }
        Some(Transition {
            from,
            to,
            why,
            note,
        })
    }

    /// Sets the state, as the ARP monitor decided, which knows no delays.
    ///
    /// Returns the change, or `None` if the link is in that state already.
    pub(crate) fn set(&mut self, to: LinkState, why: LinkWhy) -> Option<Transition> {
        let from = self.state;
        // INVARIANT: No wait.
        self.wait = None;
        self.state = to;
        if from == to {
            return None;
        }
        if to == LinkState::Down {
            self.failures = self.failures.saturating_add(1);
        }
        Some(Transition {
            from,
            to,
            why,
            note: Note::None,
        })
    }

    /// Ends the up delay early because the slave is needed as the active one.
    ///
    /// Returns the change, or `None` if the link is not coming back.
    pub(crate) fn promote(&mut self) -> Option<Transition> {
        if self.state != LinkState::Back {
            return None;
        }
        // INVARIANT: `Up` has no wait.
        self.state = LinkState::Up;
        self.wait = None;
        Some(Transition {
            from: LinkState::Back,
            to: LinkState::Up,
            why: LinkWhy::Promoted,
            note: Note::None,
        })
    }
}

impl Wait {
    /// Starts a delay of `ms`.
    fn new(now_ms: u64, ms: u32) -> Wait {
        Wait {
            since: now_ms,
            until: now_ms.saturating_add(u64::from(ms)),
        }
    }
}

/// Narrows a duration to 32 bits.
fn to_u32(ms: u64) -> u32 {
    u32::try_from(ms).unwrap_or(u32::MAX)
}
