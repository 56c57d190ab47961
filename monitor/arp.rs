// SPDX-License-Identifier: GPL-2.0

//! The ARP monitor: a slave is up as long as hosts behind it answer.
//!
//! At each interval a round looks at what slaves have sent and heard, changes link states, and says
//! which slaves ask the targets next. *Heard in k* means: not longer ago than `k` and a half
//! intervals.
//!
//! In active-backup mode the active slave alone asks. While there is none, one slave after the
//! other is the candidate, asks, and has an interval to hear an answer:
//!
//! | From | What | To | Log |
//! |---|---|---|---|
//! | any but up | heard in 1 | up | definitely up |
//! | back | not heard in 1 | fail | |
//! | up, active | not heard, or nothing sent, in `missed_max` | down | definitely down |
//! | up, backup | no candidate, not heard in `missed_max` + 1 | down | definitely down |
//! | up | there is no active slave, and the device doesn't run | down | backup is now down |
//! | any | its turn as candidate | back | |
//!
//! A slave which came up or was made active has two intervals before it can be found silent.
//!
//! In the other modes all slaves ask:
//!
//! | From | What | To | Log |
//! |---|---|---|---|
//! | any but up | sent and heard in 1 | up | (definitely) up |
//! | up | not heard, or nothing sent, in `missed_max` | down | now down |
//!
//! Times are counted in ticks of any clock which doesn't go back.

#![forbid(unsafe_code)]

use core::{
    fmt,
    net::Ipv4Addr, //
};

use crate::{
    bond::params::ArpValidate,
    monitor::link::{
        LinkState,
        LinkWhy, //
    }, //
};

/// The monitor's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Option `arp_interval`, in ticks.
    pub(crate) interval: u64,
    /// Option `arp_missed_max`, 1 to 255.
    pub(crate) missed_max: u8,
}

impl Pace {
    /// Whether `then` is no longer ago than `count` and a half intervals.
    pub(crate) fn is_within(&self, now: u64, then: u64, count: u64) -> bool {
        let grace = count
            .saturating_mul(self.interval)
            .saturating_add(self.interval / 2);
        now <= then.saturating_add(grace)
    }
}

/// A slave, as a round sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    /// State of its link.
    pub(crate) link: LinkState,
    /// Whether the device runs and has carrier.
    pub(crate) running: bool,
    /// Whether it has the role of the active slave, be it as candidate.
    pub(crate) active: bool,
    /// When it last heard what counts, by `arp_all_targets`.
    pub(crate) last_rx: u64,
    /// When it last asked a target.
    pub(crate) last_tx: u64,
    /// When it last came up, or was made the active slave.
    pub(crate) last_up: u64,
}

/// A line for the log, at level info, about the slave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The link is up.
    DefinitelyUp,
    /// The link is down.
    DefinitelyDown,
    /// The link of a slave which doesn't run is down.
    BackupDown,
    /// The link is up, of a slave among others in use.
    Up,
    /// The link is down, of a slave among others in use.
    Down,
    /// Nothing is said.
    None,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Line::DefinitelyUp => "link status definitely up",
            Line::DefinitelyDown => "link status definitely down, disabling slave",
            Line::BackupDown => "backup interface is now down",
            Line::Up => "interface is now up",
            Line::Down => "interface is now down",
            Line::None => "",
        })
    }
}

/// A change of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The state from now on.
    pub(crate) to: LinkState,
    /// Why.
    pub(crate) why: LinkWhy,
    /// What the log says.
    pub(crate) line: Line,
}

/// The bond that a round looks at and changes. Slaves go by their position.
pub(crate) trait Slaves {
    /// How many there are.
    fn count(&self) -> usize;

    /// The slave at a position.
    fn look(&self, at: usize) -> Option<Observed>;

    /// The active slave.
    fn active(&self) -> Option<usize>;

    /// The candidate.
    fn candidate(&self) -> Option<usize>;

    /// Whether the slave is to be preferred to the active one: the primary, or of higher priority.
    fn is_preferred(&self, at: usize) -> bool;

    /// Changes the state of a link.
    fn set_link(&mut self, at: usize, change: Change);

    /// Gives a slave the role of the active one, or that of a backup.
    fn set_role(&mut self, at: usize, active: bool);

    /// Makes a slave the candidate, or none.
    fn set_candidate(&mut self, at: Option<usize>);

    /// Chooses the active slave anew.
    fn choose(&mut self);
}

/// What becomes of a slave's link in active-backup mode; `searching` is whether there is a
/// candidate.
pub(crate) fn inspect(pace: &Pace, now: u64, slave: &Observed, searching: bool) -> Option<Change> {
    let missed = u64::from(pace.missed_max);
    let heard_in = |count| pace.is_within(now, slave.last_rx, count);
    if slave.link != LinkState::Up {
        return match slave.link {
            _ if heard_in(1) => Some(Change {
                to: LinkState::Up,
                why: LinkWhy::Heard,
                line: Line::DefinitelyUp,
            }),
            LinkState::Back => Some(Change {
                to: LinkState::Fail,
                why: LinkWhy::Silent,
                line: Line::None,
            }),
            _ => None,
        };
    }
    if pace.is_within(now, slave.last_up, 2) {
        return None;
    }
    let silent = if slave.active {
        !heard_in(missed) || !pace.is_within(now, slave.last_tx, missed)
    } else {
        !searching && !heard_in(missed.saturating_add(1))
    };
    silent.then_some(Change {
        to: LinkState::Down,
        why: LinkWhy::Silent,
        line: Line::DefinitelyDown,
    })
}

/// What becomes of a slave's link in the other modes; `first` is whether no slave is in use.
pub(crate) fn inspect_balanced(
    pace: &Pace,
    now: u64,
    slave: &Observed,
    first: bool,
) -> Option<Change> {
    let alive = |count| {
        pace.is_within(now, slave.last_tx, count) && pace.is_within(now, slave.last_rx, count)
    };
    match slave.link {
        LinkState::Up => (!alive(u64::from(pace.missed_max))).then_some(Change {
            to: LinkState::Down,
            why: LinkWhy::Silent,
            line: Line::Down,
        }),
        _ => alive(1).then_some(Change {
            to: LinkState::Up,
            why: LinkWhy::Heard,
            line: if first { Line::DefinitelyUp } else { Line::Up },
        }),
    }
}

/// Whether a round in active-backup mode would change nothing, and the active slave just asks.
pub(crate) fn is_quiet(slaves: &impl Slaves, pace: &Pace, now: u64) -> bool {
    let searching = slaves.candidate().is_some();
    slaves.active().is_some()
        && !observed(slaves).any(|slave| inspect(pace, now, &slave, searching).is_some())
}

/// Whether a round in the other modes would change nothing, and the slaves just ask.
pub(crate) fn is_quiet_balanced(slaves: &impl Slaves, pace: &Pace, now: u64) -> bool {
    !observed(slaves).any(|slave| inspect_balanced(pace, now, &slave, false).is_some())
}

/// Iterates over the slaves.
fn observed(slaves: &impl Slaves) -> impl Iterator<Item = Observed> + '_ {
    (0..slaves.count()).filter_map(|at| slaves.look(at))
}

/// A round in active-backup mode. Afterwards the active slave asks, or else the candidate.
pub(crate) fn round(slaves: &mut impl Slaves, pace: &Pace, now: u64) {
    let searching = slaves.candidate().is_some();
    let mut choose = false;
    for at in 0..slaves.count() {
        let seen = slaves.look(at);
        let change = seen.and_then(|slave| inspect(pace, now, &slave, searching));
        if let Some(change) = change {
            choose |= commit(slaves, at, change);
        }
    }
    if choose {
        slaves.choose();
    }
    if slaves.active().is_none() {
        search(slaves);
    }
}

/// Carries out a change in active-backup mode. Returns whether the active slave is to be chosen
/// anew.
fn commit(slaves: &mut impl Slaves, at: usize, change: Change) -> bool {
    let active = slaves.active();
    if change.to == LinkState::Up {
        if active == Some(at) {
            // It is in use for want of a better one; what it hears is no news.
            return false;
        }
        slaves.set_link(at, change);
        dismiss(slaves);
        return active.is_none() || slaves.is_preferred(at);
    }
    slaves.set_link(at, change);
    slaves.set_role(at, false);
    let ended = match change.to {
        LinkState::Down => active == Some(at),
        _ => active.is_some(),
    };
    if ended {
        slaves.set_candidate(None);
    }
    change.to == LinkState::Down && active == Some(at)
}

/// Ends the search: there is no candidate any more.
fn dismiss(slaves: &mut impl Slaves) {
    if let Some(candidate) = slaves.candidate() {
        slaves.set_role(candidate, false);
        slaves.set_candidate(None);
    }
}

/// Makes the next slave the candidate.
fn search(slaves: &mut impl Slaves) {
    let count = slaves.count();
    for at in 0..count {
        let seen = slaves.look(at);
        if seen.is_some_and(|slave| !slave.running && slave.link == LinkState::Up) {
            let change = Change {
                to: LinkState::Down,
                why: LinkWhy::CarrierLost,
                line: Line::BackupDown,
            };
            slaves.set_link(at, change);
            slaves.set_role(at, false);
        }
    }
    let runs = |at: &usize| slaves.look(*at).is_some_and(|slave| slave.running);
    let last = slaves.candidate().unwrap_or(0);
    let after = (last.saturating_add(1)..count).find(runs);
    let next = after.or_else(|| (0..count).find(runs));
    let Some(next) = next else {
        return;
    };
    let change = Change {
        to: LinkState::Back,
        why: LinkWhy::Tried,
        line: Line::None,
    };
    slaves.set_link(next, change);
    slaves.set_role(next, true);
    slaves.set_candidate(Some(next));
}

/// A round in the other modes. Afterwards every slave that runs asks.
pub(crate) fn round_balanced(slaves: &mut impl Slaves, pace: &Pace, now: u64) {
    let active = slaves.active();
    let mut choose = false;
    for at in 0..slaves.count() {
        let seen = slaves.look(at);
        let change = seen.and_then(|slave| inspect_balanced(pace, now, &slave, active.is_none()));
        let Some(change) = change else { continue };
        let up = change.to == LinkState::Up;
        slaves.set_link(at, change);
        slaves.set_role(at, up);
        choose |= if up {
            active.is_none()
        } else {
            active == Some(at)
        };
    }
    if choose {
        slaves.choose();
    }
}

/// What a received frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// ARP.
    Arp,
    /// IPv6.
    Ip6,
    /// Anything else.
    Other,
}

/// What a received frame means for the slave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// Nothing.
    Nothing,
    /// That somebody is there.
    Alive,
    /// That depends on who sent it.
    Judge,
}

/// Tells what a frame received by an active slave, or by a backup, means.
pub(crate) fn hear(validate: ArpValidate, backup: bool, kind: Kind) -> Hearing {
    match (validate.judges(backup), kind) {
        (true, Kind::Other) => Hearing::Nothing,
        (true, _) => Hearing::Judge,
        (false, Kind::Other) if validate.filters() => Hearing::Nothing,
        (false, _) => Hearing::Alive,
    }
}

/// Whose words a frame is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The frame is an answer: a target to the bond.
    Answer,
    /// The frame is a question which came round to a backup: the bond to a target.
    Question,
    /// It means nothing.
    None,
}

/// What is known when a frame is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Situation {
    /// Whether the slave that received it is a backup.
    pub(crate) backup: bool,
    /// Whether there is an active slave that has heard something since it came up.
    pub(crate) active_hears: bool,
    /// Whether there is a candidate, which asked in the last interval.
    pub(crate) candidate_asked: bool,
    /// Whether the frame can be an answer.
    pub(crate) is_answer: bool,
}

impl Situation {
    /// Tells how to judge the frame.
    ///
    /// An active slave hears answers. A backup hears the questions that the active one broadcasts,
    /// which count only while that one gets answers, lest the bond is fooled by itself. While one
    /// slave after the other is tried, an answer counts wherever a switch delivers it.
    pub(crate) fn trust(&self) -> Trust {
        if !self.backup {
            Trust::Answer
        } else if self.active_hears {
            Trust::Question
        } else if self.candidate_asked && self.is_answer {
            Trust::Answer
        } else {
            Trust::None
        }
    }
}

/// Most bytes that [`Arp::parse`] looks at.
pub(crate) const ARP_MAX: usize = 8 + 2 * (32 + 4);

/// What an ARP packet over IPv4 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arp {
    /// Whether it is a reply.
    pub(crate) is_reply: bool,
    /// Address of the sender.
    pub(crate) sender: Ipv4Addr,
    /// Address of the one who is asked for or told.
    pub(crate) target: Ipv4Addr,
}

impl Arp {
    /// Returns the bytes that an ARP packet has on a device whose addresses have `addr_len` bytes.
    pub(crate) fn size(addr_len: u8) -> usize {
        let addr_len = usize::from(addr_len.min(32));
        ARP_MAX.saturating_sub(2usize.saturating_mul(32usize.saturating_sub(addr_len)))
    }

    /// Reads an ARP packet (RFC 826) of a device whose addresses have `addr_len` bytes; [`None`] if
    /// it is not about Ethernet and IPv4.
    pub(crate) fn parse(packet: &[u8], addr_len: u8) -> Option<Arp> {
        let (header, rest) = packet.split_first_chunk::<8>()?;
        let [hw0, hw1, proto0, proto1, hw_len, proto_len, op0, op1] = *header;
        let known = [hw0, hw1] == [0, 1] && [proto0, proto1] == [8, 0] && proto_len == 4;
        if !known || hw_len != addr_len {
            return None;
        }
        let hw_len = usize::from(hw_len);
        let (sender, rest) = rest.get(hw_len..)?.split_first_chunk::<4>()?;
        let target = rest.get(hw_len..)?.first_chunk::<4>()?;
        Some(Arp {
            is_reply: [op0, op1] == [0, 2],
            sender: Ipv4Addr::from(*sender),
            target: Ipv4Addr::from(*target),
        })
    }
}
