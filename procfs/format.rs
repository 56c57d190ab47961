// SPDX-License-Identifier: GPL-2.0

//! The text of `/proc/net/bonding/<bond>`, which many programs parse.

#![forbid(unsafe_code)]

use core::fmt;

use crate::{
    bond::{
        params::{
            FailOverMac,
            Mode, //
        },
        snapshot::{
            BondSnapshot,
            SlaveSnapshot, //
        },
    },
    monitor::link::Duplex, //
};

/// Writes the part about the bond.
pub(crate) fn header(bond: &BondSnapshot<'_>, w: &mut dyn fmt::Write) -> fmt::Result {
    let params = &bond.params;

    writeln!(
        w,
        "Ethernet Channel Bonding Driver: v{}\n",
        bond.kernel_release
    )?;

    write!(w, "Bonding Mode: {}", params.mode.description())?;
    if params.mode == Mode::ActiveBackup && params.fail_over_mac != FailOverMac::None {
        write!(w, " (fail_over_mac {})", params.fail_over_mac.keyword())?;
    }
    w.write_str("\n")?;

    if params.mode.uses_xmit_hash() {
        writeln!(
            w,
            "Transmit Hash Policy: {} ({})",
            params.xmit_policy.keyword(),
            params.xmit_policy.as_u8()
        )?;
    }

    if params.mode.uses_primary() {
        match bond.primary {
            Some(name) => writeln!(
                w,
                "Primary Slave: {name} (primary_reselect {})",
                params.primary_reselect.keyword()
            )?,
            None => w.write_str("Primary Slave: None\n")?,
        }
        match bond.active {
            Some(name) => writeln!(w, "Currently Active Slave: {name}")?,
            None => w.write_str("Currently Active Slave: None\n")?,
        }
    }

    let status = if bond.mii_up { "up" } else { "down" };
    writeln!(w, "MII Status: {status}")?;
    writeln!(w, "MII Polling Interval (ms): {}", params.miimon)?;
    writeln!(w, "Up Delay (ms): {}", params.updelay_ms())?;
    writeln!(w, "Down Delay (ms): {}", params.downdelay_ms())?;
    writeln!(
        w,
        "Peer Notification Delay (ms): {}",
        params.peer_notif_delay_ms()
    )
}

/// Writes the part about one slave, which starts with an empty line.
pub(crate) fn slave(
    _bond: &BondSnapshot<'_>,
    slave: &SlaveSnapshot,
    w: &mut dyn fmt::Write,
) -> fmt::Result {
    writeln!(w, "\nSlave Interface: {}", slave.name)?;
    writeln!(w, "MII Status: {}", slave.link.name())?;
    match slave.speed {
        Some(speed) => writeln!(w, "Speed: {speed} Mbps")?,
        None => w.write_str("Speed: Unknown\n")?,
    }
    let duplex = match slave.duplex {
        Duplex::Full => "full",
        Duplex::Half => "half",
        Duplex::Unknown => "Unknown",
    };
    writeln!(w, "Duplex: {duplex}")?;
    writeln!(w, "Link Failure Count: {}", slave.link_failures)?;
    writeln!(w, "Permanent HW addr: {}", slave.perm_hwaddr)?;
    writeln!(w, "Slave queue ID: {}", slave.queue_id)
}
