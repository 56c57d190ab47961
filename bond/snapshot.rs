// SPDX-License-Identifier: GPL-2.0

//! What the faces read: the state of a bond at one moment, as plain values.

#![forbid(unsafe_code)]

use core::fmt;

use crate::{
    bond::{
        addr::{
            HwAddr,
            IfName, //
        },
        options::{
            Format,
            OptionDef,
            OptionId, //
        },
        params::Params,
    },
    modes::lacp::{
        churn, mux,
        params::{
            Participant,
            SystemId, //
        },
        system::ActiveAggregator,
    },
    monitor::{
        link::{
            Duplex,
            LinkState, //
        },
        targets::Targets, //
    },
    sysfs::format::write_list, //
};

/// A slave at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlaveSnapshot {
    /// Name of the device.
    pub(crate) name: IfName,
    /// State of the link.
    pub(crate) link: LinkState,
    /// Speed in Mb/s, if known.
    pub(crate) speed: Option<u32>,
    /// Duplex.
    pub(crate) duplex: Duplex,
    /// How often the link went down.
    pub(crate) link_failures: u32,
    /// Address which the device had before it was enslaved.
    pub(crate) perm_hwaddr: HwAddr,
    /// Queue bound to the slave; 0 is none.
    pub(crate) queue_id: u16,
    /// Whether it is a backup and not active.
    pub(crate) backup: bool,
    /// Slave option `prio`.
    pub(crate) prio: i32,
    /// Its port, in mode 802.3ad.
    pub(crate) lacp: Option<LacpPort>,
}

/// A slave's part in LACP at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LacpPort {
    /// Number of its aggregator.
    pub(crate) aggregator: Option<u16>,
    /// What its partner is told of it.
    pub(crate) actor: Participant,
    /// What is known of its partner.
    pub(crate) partner: Participant,
    /// Whether it was slow to get in sync, and how often.
    pub(crate) actor_churn: (churn::State, u32),
    /// Whether its partner was slow to get in sync, and how often.
    pub(crate) partner_churn: (churn::State, u32),
    /// State of its Mux machine.
    pub(crate) mux: mux::State,
}

/// A bond's part in LACP at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LacpBond {
    /// The system that partners are told of.
    pub(crate) system: SystemId,
    /// The active aggregator.
    pub(crate) active: Option<ActiveAggregator>,
}

/// A bond at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BondSnapshot<'a> {
    /// Its name.
    pub(crate) name: IfName,
    /// Its settings.
    pub(crate) params: Params,
    /// What it does in mode 802.3ad.
    pub(crate) lacp: Option<LacpBond>,
    /// Whether who reads may see what only administrators may (`CAP_NET_ADMIN`): asked for when it
    /// matters, since asking leaves traces.
    pub(crate) privileged: fn() -> bool,
    /// The hosts that its ARP monitor asks for.
    pub(crate) targets: Targets,
    /// Whether it has carrier.
    pub(crate) mii_up: bool,
    /// Name of the primary slave; `None` as long as a remembered name is no slave.
    pub(crate) primary: Option<IfName>,
    /// Index of the primary slave.
    pub(crate) primary_ifindex: Option<u32>,
    /// Name of the active slave.
    pub(crate) active: Option<IfName>,
    /// Index of the active slave.
    pub(crate) active_ifindex: Option<u32>,
    /// The slaves in the order in which they were enslaved.
    pub(crate) slaves: &'a [SlaveSnapshot],
    /// Release of the running kernel (`UTS_RELEASE`).
    pub(crate) kernel_release: &'a str,
}

impl BondSnapshot<'_> {
    /// Returns the active slave's name, in the modes which have one.
    fn shown_active(&self) -> Option<IfName> {
        self.active.filter(|_| self.params.mode.uses_primary())
    }

    /// Returns what it does in mode 802.3ad, if the reader may see all of it.
    pub(crate) fn for_admin(&self) -> Option<&LacpBond> {
        self.lacp.as_ref().filter(|_| (self.privileged)())
    }

    /// Returns the active aggregator, if there is one and the reader may see all of it.
    pub(crate) fn aggregator_for_admin(&self) -> Option<&ActiveAggregator> {
        self.for_admin()?.active.as_ref()
    }
}

impl OptionDef {
    /// Writes what the sysfs file of the option reads; that may be nothing at all.
    pub(crate) fn show(&self, bond: &BondSnapshot<'_>, w: &mut dyn fmt::Write) -> fmt::Result {
        match (self.format, self.id) {
            (Format::KeywordNumber, _) => {
                let number = self.get_num(bond).unwrap_or(0);
                writeln!(w, "{} {number}", self.keyword_of(number))
            }
            (Format::Number, _) => writeln!(w, "{}", self.get_num(bond).unwrap_or(0)),
            (Format::Name, id) => {
                let name = match id {
                    OptionId::Primary => bond.primary,
                    _ => bond.shown_active(),
                };
                match name {
                    Some(name) => writeln!(w, "{name}"),
                    None => Ok(()),
                }
            }
            (Format::AdOnly, _) if bond.for_admin().is_none() => Ok(()),
            (Format::AdOnly, OptionId::AdActorSystem) => {
                writeln!(w, "{}", HwAddr::ether(bond.params.ad_actor_system))
            }
            (Format::AdOnly, _) => writeln!(w, "{}", self.get_num(bond).unwrap_or(0)),
            (Format::Addresses, _) => write_list(w, bond.targets.ip4.iter()),
            (Format::List, OptionId::QueueId) => write_list(
                w,
                bond.slaves.iter().map(|slave| QueueEntry {
                    name: slave.name,
                    queue: slave.queue_id,
                }),
            ),
            (Format::List, _) => write_list(w, bond.slaves.iter().map(|slave| slave.name)),
        }
    }

    /// Returns the value as a number, as a netlink dump holds it; `None` if the option has none,
    /// or isn't dumped now.
    pub(crate) fn get_num(&self, bond: &BondSnapshot<'_>) -> Option<u64> {
        match self.id {
            OptionId::Primary => bond.primary_ifindex.map(u64::from),
            OptionId::ActiveSlave => bond
                .active_ifindex
                .filter(|&index| index != 0 && bond.params.mode.uses_primary())
                .map(u64::from),
            _ if self.format == Format::AdOnly && bond.for_admin().is_none() => None,
            id => bond.params.get(id),
        }
    }
}

/// An entry of the file `queue_id`.
#[derive(Clone, Copy)]
struct QueueEntry {
    /// Name of the slave.
    name: IfName,
    /// Its queue.
    queue: u16,
}

impl fmt::Display for QueueEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.queue)
    }
}
