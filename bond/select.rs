// SPDX-License-Identifier: GPL-2.0

//! The choice of the active slave, in the modes which have one.

#![forbid(unsafe_code)]

use core::fmt;

use crate::{
    bond::params::PrimaryReselect,
    monitor::link::{
        Duplex,
        LinkState, //
    }, //
};

/// What the choice has to know about a slave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// State of its link.
    pub(crate) link: LinkState,
    /// Whether the device is running and has carrier.
    pub(crate) running_carrier: bool,
    /// Slave option `prio`: more is better.
    pub(crate) prio: i32,
    /// Speed in Mb/s, if known.
    pub(crate) speed: Option<u32>,
    /// Duplex.
    pub(crate) duplex: Duplex,
    /// What is left of its up delay, in ms.
    pub(crate) backlog_ms: u32,
}

impl Candidate {
    /// Tells whether the link is up.
    fn is_up(&self) -> bool {
        self.link == LinkState::Up
    }

    /// Returns what `primary_reselect=better` compares.
    ///
    /// As in the C driver an unknown speed or duplex counts as more than any known one, its number
    /// being the greatest.
    fn quality(&self) -> (u32, Duplex) {
        (self.speed.unwrap_or(u32::MAX), self.duplex)
    }
}

/// The bond's side of the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wishes {
    /// Index of the active slave.
    pub(crate) current: Option<usize>,
    /// Index of the primary slave.
    pub(crate) primary: Option<usize>,
    /// Whether the primary, if it is up, takes over once in spite of `reselect`: it was named, or
    /// enslaved, since the last choice.
    pub(crate) force_primary: bool,
    /// Option `primary_reselect`.
    pub(crate) reselect: PrimaryReselect,
    /// Option `updelay` in ms.
    pub(crate) updelay_ms: u32,
}

/// The outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Index of the slave to be the active one from now on.
    pub(crate) index: Option<usize>,
    /// Whether that is another one than before; if not, there is nothing to do.
    pub(crate) changed: bool,
    /// The up delay of the new one has to end early: by how many ms.
    pub(crate) promote_early: Option<u32>,
    /// The force flag has been used up.
    pub(crate) clear_force: bool,
    /// Why it is that one.
    pub(crate) why: Why,
}

/// Why a slave is the active one, or none is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It is the primary, which was named or enslaved since the last choice.
    PrimaryNamed,
    /// It is the primary, and up.
    Primary,
    /// It is faster than the active one, which `primary_reselect=better` compares.
    Better,
    /// It has the highest priority of those that are up.
    Priority,
    /// No other slave is up.
    OnlyUp,
    /// It is the first of those that are up and have the highest priority.
    FirstUp,
    /// No slave is up, and it has least of its up delay left.
    Promoted,
    /// No slave is up, nor coming up.
    NoneUp,
    /// It is the active one already, and would be chosen again.
    StillBest,
    /// It is the active one and up: `primary_reselect` keeps it.
    Policy,
    /// Option `active_slave` named it.
    Asked,
    /// Option `active_slave` was emptied.
    Cleared,
    /// The active slave was released.
    Released,
}

impl Why {
    /// All of them.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) const ALL: [Why; 13] = [
        Why::PrimaryNamed,
        Why::Primary,
        Why::Better,
        Why::Priority,
        Why::OnlyUp,
        Why::FirstUp,
        Why::Promoted,
        Why::NoneUp,
        Why::StillBest,
        Why::Policy,
        Why::Asked,
        Why::Cleared,
        Why::Released,
    ];

    /// Returns the word for programs.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Why::PrimaryNamed => "primary-named",
            Why::Primary => "primary",
            Why::Better => "better",
            Why::Priority => "priority",
            Why::OnlyUp => "only-up",
            Why::FirstUp => "first-up",
            Why::Promoted => "promoted",
            Why::NoneUp => "none-up",
            Why::StillBest => "still-best",
            Why::Policy => "policy",
            Why::Asked => "asked",
            Why::Cleared => "cleared",
            Why::Released => "released",
        }
    }
}

impl Choice {
    /// Returns the line for the log (level info, about the new slave), if a slave is made active.
    pub(crate) fn log_line(&self) -> Option<MadeActive> {
        (self.changed && self.index.is_some()).then_some(MadeActive(self.promote_early))
    }
}

/// Displays the line about the new active slave.
#[derive(Clone, Copy)]
pub(crate) struct MadeActive(Option<u32>);

impl fmt::Display for MadeActive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("making interface the new active one")?;
        match self.0 {
            Some(ms) => write!(f, " {ms} ms earlier"),
            None => Ok(()),
        }
    }
}

/// Returns the line about the bond (level info) when its carrier changed along with the choice.
pub(crate) const fn carrier_line(up: bool) -> &'static str {
    if up {
        "active interface up!"
    } else {
        "now running without any active interface!"
    }
}

/// Chooses the active slave.
///
/// 1. A primary whose link is up: at once if forced, else as `primary_reselect` says.
/// 2. Otherwise the slave with the highest priority among those up (the first of equals) stands in
///    for it, by the same rule.
/// 3. Nothing is up: the slave which is coming back, has carrier, and has least of its delay left
///    (less than all of it) is promoted.
///
/// It is to be asked when something calls for it, not whenever a link changes: there is no active
/// slave or it went down, the primary or a slave of higher priority than the active one came up, a
/// slave was added or released, or `primary` or `primary_reselect` were set. For without a
/// primary, `always` returns to the first of equal priority each time.
pub(crate) fn choose(slaves: &[Candidate], wishes: &Wishes) -> Choice {
    let known = |index: Option<usize>| Some((index?, slaves.get(index?)?));
    let up = |index| known(index).filter(|(_, slave)| slave.is_up());

    let current = up(wishes.current);
    let primary = up(wishes.primary);
    let forced = wishes.force_primary && primary.is_some();

    let stand_in = || {
        let mut best: Option<(usize, &Candidate)> = None;
        for (index, slave) in slaves.iter().enumerate() {
            if slave.is_up() && best.is_none_or(|(_, than)| slave.prio > than.prio) {
                best = Some((index, slave));
            }
        }
        best
    };

    let reason = |index| match primary {
        Some(_) => Why::Primary,
        None => why_stand_in(slaves, index),
    };
    let (index, why) = match (primary.or_else(stand_in), current) {
        (None, _) => (None, Why::NoneUp),
        (Some((index, _)), Some((old_index, _))) if index == old_index => {
            (Some(index), Why::StillBest)
        }
        (Some((index, _)), _) if forced => (Some(index), Why::PrimaryNamed),
        (Some((index, _)), None) => (Some(index), reason(index)),
        (Some((index, slave)), Some((old_index, old))) => match wishes.reselect {
            PrimaryReselect::Always => (Some(index), reason(index)),
            PrimaryReselect::Better if slave.quality() > old.quality() => {
                (Some(index), Why::Better)
            }
            PrimaryReselect::Better | PrimaryReselect::Failure => (Some(old_index), Why::Policy),
        },
    };

    let coming = || {
        slaves
            .iter()
            .enumerate()
            .filter(|(_, slave)| {
                slave.link == LinkState::Back
                    && slave.running_carrier
                    && slave.backlog_ms < wishes.updelay_ms
            })
            .min_by_key(|(_, slave)| slave.backlog_ms)
            .map(|(index, _)| index)
    };
    let (index, why) = match index.or_else(coming) {
        Some(promoted) if index.is_none() => (Some(promoted), Why::Promoted),
        index => (index, why),
    };

    let changed = index != wishes.current;
    Choice {
        index,
        changed,
        promote_early: known(index)
            .filter(|(_, slave)| changed && slave.link == LinkState::Back)
            .map(|(_, slave)| slave.backlog_ms),
        clear_force: forced,
        why,
    }
}

/// Tells why the slave at `index`, which is up, stands in for a primary.
fn why_stand_in(slaves: &[Candidate], index: usize) -> Why {
    let prio = slaves.get(index).map_or(0, |slave| slave.prio);
    let others = slaves.iter().enumerate();
    let mut others = others.filter(|&(at, slave)| at != index && slave.is_up());
    match others.next() {
        None => Why::OnlyUp,
        Some((_, other)) if other.prio < prio && others.all(|(_, slave)| slave.prio < prio) => {
            Why::Priority
        }
        Some(_) => Why::FirstUp,
    }
}
