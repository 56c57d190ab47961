// SPDX-License-Identifier: GPL-2.0

//! The file `state` of a bond: all that it is and what it decided of late, as JSON.
//!
//! `Documentation/observability.md` says what the fields mean.

#![forbid(unsafe_code)]

use core::fmt;

use super::json::{
    self,
    Fields,
    Text, //
};
use crate::{
    bond::{
        addr::{
            HwAddr,
            IfName, //
        },
        history::{
            Decision,
            Done,
            Seen,
            Setting, //
        },
        options::{
            Format,
            OptionDef,
            OPTIONS, //
        },
        snapshot::{
            BondSnapshot,
            LacpPort,
            SlaveSnapshot, //
        },
    },
    monitor::link::{
        Duplex,
        LinkState, //
    }, //
};

/// The number of the format: it changes when a field goes or means something else.
const VERSION: u32 = 1;

/// What only this file tells of a slave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlaveDetail {
    /// Index of the device.
    pub(crate) ifindex: u32,
    /// Whether the device is running and has carrier at this moment.
    pub(crate) carrier: bool,
    /// What is left of its up or down delay, in ms.
    pub(crate) delay_left_ms: Option<u64>,
    /// How often it was made the active slave.
    pub(crate) failovers: u64,
    /// Frames which it was to send and was not given.
    pub(crate) drops: u64,
}

/// What only this file tells of a bond.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BondDetail {
    /// Name of the device.
    pub(crate) name: IfName,
    /// Index of the device.
    pub(crate) ifindex: u32,
    /// Inode of its network namespace, by which `/proc/<pid>/ns/net` names it.
    pub(crate) netns: u32,
    /// Whether the bond is up.
    pub(crate) running: bool,
    /// Name of the slave that is to be the primary, whether there is one or not.
    pub(crate) wanted_primary: Option<IfName>,
    /// Frames that the bond has dropped for want of a slave, and its slaves otherwise.
    pub(crate) tx_dropped: u64,
    /// This moment, in ms since boot (`CLOCK_BOOTTIME`), the clock of [`Decision::at_ms`].
    pub(crate) boottime_ms: u64,
    /// This moment, in ms since 1970 (`CLOCK_REALTIME`).
    pub(crate) realtime_ms: u64,
}

/// A bond at one moment.
pub(crate) struct Report<'a> {
    /// What all faces show.
    pub(crate) bond: &'a BondSnapshot<'a>,
    /// What this one adds.
    pub(crate) detail: BondDetail,
    /// And of the slaves, in the same order.
    pub(crate) slaves: &'a [SlaveDetail],
    /// The latest decisions, the oldest first.
    pub(crate) decisions: &'a [Decision],
    /// How many there were, those which are forgotten included.
    pub(crate) total: u64,
}

/// Writes the file.
pub(crate) fn state(report: &Report<'_>, w: &mut dyn fmt::Write) -> fmt::Result {
    json::object(w, |fields| {
        about_bond(report, fields)?;
        fields.object("options", |fields| {
            OPTIONS
                .iter()
                .filter(|def| def.sysfs.is_some())
                .try_for_each(|def| option(report.bond, def, fields))
        })?;
        let slaves = report.bond.slaves.iter().zip(report.slaves);
        fields.list("slaves", slaves, |fields, (slave, detail)| {
            about_slave(report.bond, slave, detail, fields)
        })?;
        fields.put("decisions_total", report.total)?;
        fields.list("decisions", report.decisions.iter(), decision)
    })?;
    w.write_str("\n")
}

/// Puts what is said of the bond itself.
fn about_bond(report: &Report<'_>, fields: &mut Fields<'_>) -> fmt::Result {
    let (bond, detail) = (report.bond, &report.detail);
    let uses_primary = bond.params.mode.uses_primary();
    fields.put("version", VERSION)?;
    fields.put("name", detail.name)?;
    fields.put("ifindex", detail.ifindex)?;
    fields.put("netns", detail.netns)?;
    fields.put("boottime_ms", detail.boottime_ms)?;
    fields.put("realtime_ms", detail.realtime_ms)?;
    fields.put("up", detail.running)?;
    fields.put("carrier", bond.mii_up)?;
    fields.put("mode", bond.params.mode.keyword())?;
    fields.put("active", bond.active.filter(|_| uses_primary))?;
    fields.put("primary", bond.primary)?;
    fields.put("wanted_primary", detail.wanted_primary)?;
    fields.put("tx_dropped", detail.tx_dropped)
}

/// Puts the value of an option: numbers as such, words without their numbers, all else as sysfs
/// has it.
fn option(
    bond: &BondSnapshot<'_>,
    def: &'static OptionDef,
    fields: &mut Fields<'_>,
) -> fmt::Result {
    match def.format {
        Format::Number | Format::AdOnly => fields.put(def.name, def.get_num(bond)),
        Format::KeywordNumber => {
            let word = def.get_num(bond).map(|number| def.keyword_of(number));
            fields.put(def.name, word)
        }
        Format::Name | Format::List | Format::Addresses => {
            fields.put(def.name, Text(Shown { bond, def }))
        }
    }
}

/// An option as its file in sysfs reads, without the newline.
struct Shown<'a> {
    bond: &'a BondSnapshot<'a>,
    def: &'static OptionDef,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.def.show(self.bond, &mut OneLine(f))
    }
}

/// Passes on a text without newlines.
struct OneLine<'w>(&'w mut dyn fmt::Write);

impl fmt::Write for OneLine<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.split('\n').try_for_each(|part| self.0.write_str(part))
    }
}

/// Puts what is said of a slave.
fn about_slave(
    bond: &BondSnapshot<'_>,
    slave: &SlaveSnapshot,
    detail: &SlaveDetail,
    fields: &mut Fields<'_>,
) -> fmt::Result {
    let duplex = match slave.duplex {
        Duplex::Full => Some("full"),
        Duplex::Half => Some("half"),
        Duplex::Unknown => None,
    };
    fields.put("name", slave.name)?;
    fields.put("ifindex", detail.ifindex)?;
    fields.put("role", if slave.backup { "backup" } else { "active" })?;
    fields.put("link", slave.link.name())?;
    fields.put("carrier", detail.carrier)?;
    fields.put("delay_left_ms", detail.delay_left_ms)?;
    fields.put("speed_mbps", slave.speed)?;
    fields.put("duplex", duplex)?;
    fields.put("prio", slave.prio)?;
    fields.put("queue_id", slave.queue_id)?;
    fields.put("permanent_address", Text(slave.perm_hwaddr))?;
    fields.put("link_failures", slave.link_failures)?;
    if bond.params.mode.uses_primary() {
        fields.put("failovers", detail.failovers)?;
    }
    fields.put("drops", detail.drops)?;
    match &slave.lacp {
        Some(port) => fields.object("lacp", |fields| lacp_port(port, fields)),
        None => Ok(()),
    }
}

/// Puts what is said of a slave in mode 802.3ad.
fn lacp_port(port: &LacpPort, fields: &mut Fields<'_>) -> fmt::Result {
    fields.put("aggregator", port.aggregator)?;
    fields.put("mux", port.mux.word())?;
    fields.put("key", port.actor.key)?;
    fields.put("port", port.actor.port)?;
    fields.put("port_state", port.actor.state.0)?;
    fields.put(
        "partner_system",
        Text(HwAddr::ether(port.partner.system.mac)),
    )?;
    fields.put("partner_key", port.partner.key)?;
    fields.put("partner_port", port.partner.port)?;
    fields.put("partner_port_state", port.partner.state.0)
}

/// Puts a decision.
fn decision(fields: &mut Fields<'_>, decision: &Decision) -> fmt::Result {
    fields.put("time_ms", decision.at_ms)?;
    fields.object("seen", |fields| seen(decision.seen, fields))?;
    fields.object("done", |fields| done(decision.done, fields))?;
    fields.put("why", decision.done.why())
}

/// Puts what was seen.
fn seen(seen: Seen, fields: &mut Fields<'_>) -> fmt::Result {
    fields.put("event", seen.word())?;
    if let Some(slave) = seen.slave() {
        fields.put("slave", slave)?;
    }
    let Seen::Option { name, value, .. } = seen else {
        return Ok(());
    };
    fields.put("option", name)?;
    match value {
        Setting::Number(number) => fields.put("value", number),
        Setting::Keyword(word) => fields.put("value", word),
        Setting::Name(name) => fields.put("value", name),
    }
}

/// Puts what was done.
fn done(done: Done, fields: &mut Fields<'_>) -> fmt::Result {
    fields.put("what", done.word())?;
    match done {
        Done::Running(on) | Done::Carrier(on) => fields.put("on", on),
        Done::Enslaved { slave, link } => {
            fields.put("slave", slave)?;
            fields.put("link", link.name())
        }
        Done::Released { slave } => fields.put("slave", slave),
        Done::Link {
            slave, from, to, ..
        } => {
            fields.put("slave", slave)?;
            fields.put("from", from.name())?;
            fields.put("to", to.name())
        }
        Done::Active { from, to, .. } => {
            fields.put("from", from.map(|(name, _)| name))?;
            fields.put("from_link", from.map(|(_, link)| LinkState::name(link)))?;
            fields.put("to", to)
        }
        Done::Aggregator { from, to } => {
            fields.put("from", from)?;
            fields.put("to", to)
        }
        Done::Mux { slave, from, to } => {
            fields.put("slave", slave)?;
            fields.put("from", from.word())?;
            fields.put("to", to.word())
        }
        Done::Kept { active, .. } => fields.put("active", active),
    }
}
