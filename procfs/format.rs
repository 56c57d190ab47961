// SPDX-License-Identifier: GPL-2.0

//! The text of `/proc/net/bonding/<bond>`, which many programs parse.

#![forbid(unsafe_code)]

use core::fmt;

use crate::{
    bond::{
        addr::HwAddr,
        options::OptionId,
        params::{
            FailOverMac,
            Mode, //
        },
        snapshot::{
            BondSnapshot,
            LacpPort,
            SlaveSnapshot, //
        },
    },
    modes::lacp::params::Participant,
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

    if params.uses_xmit_hash() {
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
    )?;
    if params.arp_interval > 0 {
        arp(bond, w)?;
    }
    if bond.lacp.is_some() {
        lacp_header(bond, w)?;
    }
    Ok(())
}

/// Writes what belongs to ARP monitoring.
fn arp(bond: &BondSnapshot<'_>, w: &mut dyn fmt::Write) -> fmt::Result {
    let params = &bond.params;
    writeln!(w, "ARP Polling Interval (ms): {}", params.arp_interval)?;
    writeln!(w, "ARP Missed Max: {}", params.arp_missed_max)?;
    w.write_str("ARP IP target/s (n.n.n.n form):")?;
    addresses(bond.targets.ip4.iter(), w)?;
    w.write_str("NS IPv6 target/s (xx::xx form):")?;
    addresses(bond.targets.ip6.iter(), w)
}

/// Writes addresses, each with a space before it and commas between, and a newline.
fn addresses(list: impl Iterator<Item = impl fmt::Display>, w: &mut dyn fmt::Write) -> fmt::Result {
    for (index, address) in list.enumerate() {
        let comma = if index > 0 { "," } else { "" };
        write!(w, "{comma} {address}")?;
    }
    w.write_str("\n")
}

/// Writes what there is to say of a bond in mode 802.3ad.
fn lacp_header(bond: &BondSnapshot<'_>, w: &mut dyn fmt::Write) -> fmt::Result {
    let params = &bond.params;
    let active = if params.lacp_active { "on" } else { "off" };
    let rate = if params.lacp_fast { "fast" } else { "slow" };
    writeln!(
        w,
        "\n802.3ad info\nLACP active: {active}\nLACP rate: {rate}"
    )?;
    // CAST: The C driver prints the number as an `int`.
    writeln!(w, "Min links: {}", params.min_links as i32)?;
    let select = OptionId::AdSelect.def();
    let select = select.keyword_of(u64::from(params.ad_select.as_u8()));
    writeln!(w, "Aggregator selection policy (ad_select): {select}")?;
    let Some(lacp) = bond.for_admin() else {
        return Ok(());
    };
    writeln!(w, "System priority: {}", lacp.system.priority)?;
    writeln!(w, "System MAC address: {}", HwAddr::ether(lacp.system.mac))?;
    let Some(active) = &lacp.active else {
        return writeln!(w, "bond {} has no active aggregator", bond.name);
    };
    writeln!(w, "Active Aggregator Info:\n\tAggregator ID: {}", active.id)?;
    writeln!(w, "\tNumber of ports: {}", active.ports)?;
    writeln!(w, "\tActor Key: {}", active.actor_key)?;
    writeln!(w, "\tPartner Key: {}", active.partner_key)?;
    writeln!(
        w,
        "\tPartner Mac Address: {}",
        HwAddr::ether(active.partner_mac)
    )
}

/// Writes the part about one slave, which starts with an empty line.
pub(crate) fn slave(
    bond: &BondSnapshot<'_>,
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
    writeln!(w, "Slave queue ID: {}", slave.queue_id)?;
    match &slave.lacp {
        Some(port) => lacp_port(bond, port, w),
        None => Ok(()),
    }
}

/// Writes what there is to say of a slave in mode 802.3ad.
fn lacp_port(bond: &BondSnapshot<'_>, port: &LacpPort, w: &mut dyn fmt::Write) -> fmt::Result {
    let Some(aggregator) = port.aggregator else {
        return w.write_str("Aggregator ID: N/A\n");
    };
    let (actor, actor_count) = port.actor_churn;
    let (partner, partner_count) = port.partner_churn;
    writeln!(w, "Aggregator ID: {aggregator}")?;
    writeln!(w, "Actor Churn State: {}", actor.name())?;
    writeln!(w, "Partner Churn State: {}", partner.name())?;
    writeln!(w, "Actor Churned Count: {actor_count}")?;
    writeln!(w, "Partner Churned Count: {partner_count}")?;
    if bond.for_admin().is_none() {
        return Ok(());
    }
    w.write_str("details actor lacp pdu:\n")?;
    participant(&port.actor, "port key", w)?;
    w.write_str("details partner lacp pdu:\n")?;
    participant(&port.partner, "oper key", w)
}

/// Writes what a LACPDU says of one end of a link.
fn participant(of: &Participant, key: &str, w: &mut dyn fmt::Write) -> fmt::Result {
    writeln!(w, "    system priority: {}", of.system.priority)?;
    writeln!(
        w,
        "    system mac address: {}",
        HwAddr::ether(of.system.mac)
    )?;
    writeln!(w, "    {key}: {}", of.key)?;
    writeln!(w, "    port priority: {}", of.port_priority)?;
    writeln!(w, "    port number: {}", of.port)?;
    writeln!(w, "    port state: {}", of.state.0)
}
