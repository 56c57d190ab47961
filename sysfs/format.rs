// SPDX-License-Identifier: GPL-2.0

//! The sysfs files which aren't options, and how lists are written.

#![forbid(unsafe_code)]

use core::fmt;

use crate::{
    bond::{
        addr::{
            HwAddr,
            IfName, //
        },
        snapshot::{
            BondSnapshot,
            LacpBond,
            LacpPort,
            SlaveSnapshot, //
        },
    },
    modes::lacp::system::ActiveAggregator, //
};

/// Bytes which a sysfs file can hold: the kernel takes one less than a page.
const ROOM: usize = 4095;

/// Last entry of a list which does not fit.
const MORE: &str = "++more++";

/// Writes entries with a space between and a newline at the end; nothing without an entry.
///
/// What doesn't fit into the file is left out, and `++more++` written in its place.
pub(crate) fn write_list<T: fmt::Display>(
    w: &mut dyn fmt::Write,
    entries: impl Iterator<Item = T>,
) -> fmt::Result {
    // Bytes written.
    let mut used = 0usize;
    let mut entries = entries.peekable();
    while let Some(entry) = entries.next() {
        let mut length = Length(0);
        fmt::Write::write_fmt(&mut length, format_args!("{entry}"))?;
        // With the space or newline after it.
        used = used.saturating_add(length.0).saturating_add(1);
        let reserve = match entries.peek() {
            Some(_) => MORE.len().saturating_add(1),
            None => 0,
        };
        if used.saturating_add(reserve) > ROOM {
            return writeln!(w, "{MORE}");
        }
        let end = if reserve > 0 { ' ' } else { '\n' };
        write!(w, "{entry}{end}")?;
    }
    Ok(())
}

/// Writes what `bonding_masters` reads.
pub(crate) fn bonding_masters(
    w: &mut dyn fmt::Write,
    bonds: impl Iterator<Item = IfName>,
) -> fmt::Result {
    write_list(w, bonds)
}

/// Counts the bytes of a text.
struct Length(usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.saturating_add(text.len());
        Ok(())
    }
}

/// A file of a bond's `bonding` directory which is only read.
#[derive(Clone, Copy)]
pub(crate) struct BondAttr {
    /// Name of the file.
    pub(crate) name: &'static str,
    /// Its mode.
    pub(crate) mode: u16,
    /// Writes what it reads.
    pub(crate) show: fn(&BondSnapshot<'_>, &mut dyn fmt::Write) -> fmt::Result,
}

/// Writes a number of the active aggregator, 0 without one; nothing if there is no 802.3ad to tell of.
fn lacp_number(
    lacp: Option<&LacpBond>,
    w: &mut dyn fmt::Write,
    number: fn(&ActiveAggregator) -> u16,
) -> fmt::Result {
    match lacp {
        Some(lacp) => writeln!(w, "{}", lacp.active.as_ref().map_or(0, number)),
        None => Ok(()),
    }
}

/// The files of a bond's `bonding` directory beside the options.
pub(crate) static BOND_ATTRS: [BondAttr; 6] = [
    BondAttr {
        name: "mii_status",
        mode: 0o444,
        show: |bond, w| w.write_str(if bond.mii_up { "up\n" } else { "down\n" }),
    },
    BondAttr {
        name: "ad_aggregator",
        mode: 0o444,
        show: |bond, w| lacp_number(bond.lacp.as_ref(), w, |active| active.id),
    },
    BondAttr {
        name: "ad_num_ports",
        mode: 0o444,
        show: |bond, w| lacp_number(bond.lacp.as_ref(), w, |active| active.ports),
    },
    BondAttr {
        name: "ad_actor_key",
        mode: 0o444,
        show: |bond, w| lacp_number(bond.for_admin(), w, |active| active.actor_key),
    },
    BondAttr {
        name: "ad_partner_key",
        mode: 0o444,
        show: |bond, w| lacp_number(bond.for_admin(), w, |active| active.partner_key),
    },
    BondAttr {
        name: "ad_partner_mac",
        mode: 0o444,
        show: |bond, w| match bond.aggregator_for_admin() {
            Some(active) => writeln!(w, "{}", HwAddr::ether(active.partner_mac)),
            None => Ok(()),
        },
    },
];

/// A file of a slave's `bonding_slave` directory; all are mode 0444.
#[derive(Clone, Copy)]
pub(crate) struct SlaveAttr {
    /// Name of the file.
    pub(crate) name: &'static str,
    /// Writes what it reads.
    pub(crate) show: fn(&SlaveSnapshot, &mut dyn fmt::Write) -> fmt::Result,
}

/// Writes a number of a slave that is in an aggregator, `N/A` of any other.
fn port_number(
    slave: &SlaveSnapshot,
    w: &mut dyn fmt::Write,
    number: fn(&LacpPort) -> u16,
) -> fmt::Result {
    match slave.lacp.filter(|port| port.aggregator.is_some()) {
        Some(port) => writeln!(w, "{}", number(&port)),
        None => w.write_str("N/A\n"),
    }
}

/// The files of a slave's `bonding_slave` directory.
pub(crate) static SLAVE_ATTRS: [SlaveAttr; 8] = [
    SlaveAttr {
        name: "state",
        show: |slave, w| w.write_str(if slave.backup { "backup\n" } else { "active\n" }),
    },
    SlaveAttr {
        name: "mii_status",
        show: |slave, w| writeln!(w, "{}", slave.link.name()),
    },
    SlaveAttr {
        name: "link_failure_count",
        // CAST: The C driver prints the counter as an `int`.
        show: |slave, w| writeln!(w, "{}", slave.link_failures as i32),
    },
    SlaveAttr {
        name: "perm_hwaddr",
        show: |slave, w| writeln!(w, "{}", slave.perm_hwaddr),
    },
    SlaveAttr {
        name: "queue_id",
        show: |slave, w| writeln!(w, "{}", slave.queue_id),
    },
    SlaveAttr {
        name: "ad_aggregator_id",
        show: |slave, w| port_number(slave, w, |port| port.aggregator.unwrap_or(0)),
    },
    SlaveAttr {
        name: "ad_actor_oper_port_state",
        show: |slave, w| port_number(slave, w, |port| port.actor.state.0.into()),
    },
    SlaveAttr {
        name: "ad_partner_oper_port_state",
        show: |slave, w| port_number(slave, w, |port| port.partner.state.0.into()),
    },
];
