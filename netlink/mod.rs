// SPDX-License-Identifier: GPL-2.0

//! The face in rtnetlink: `ip link add … type bond`.
//!
//! Numbers, widths and both orders of the attributes are the option table's; here bytes become
//! calls to it, and the other way round.

mod ad_info;

use crate::{
    bond::{
        addr::{
            HwAddr,
            IfName,
            MAX_ADDR_LEN, //
        },
        options::{
            by_netlink,
            netlink_dump_order,
            netlink_u32,
            netlink_write_order,
            NetlinkDef,
            OptionDef,
            OptionId,
            Width,
            OPTIONS, //
        },
        params::Mode,
        slave::{
            Port,
            PortRef, //
        },
        snapshot::{
            BondSnapshot,
            SlaveSnapshot, //
        },
        Bond, //
    },
    kapi::{
        log::{
            bond_log,
            Level, //
        },
        net_device::ExtAck,
        netlink::{
            self,
            attr_size,
            Attrs,
            Link,
            LinkOps,
            Message,
            Nest,
            Policy,
            Range,
            Rule,
            BOND_MAX,
            SLAVE_MAX, //
        },
        rtnl::Rtnl, //
    },
    modes::lacp::stats,
    monitor::targets, //
};

use core::{
    fmt::{
        self,
        Write, //
    },
    net::{
        Ipv4Addr,
        Ipv6Addr, //
    },
};
use kernel::prelude::*;

/// The attribute of the 802.3ad state, which is dumped, and ignored when sent.
const AD_INFO: u16 = 23;

/// The attribute of option `ad_actor_system`.
const AD_ACTOR_SYSTEM: u16 = 26;

/// Attributes of extended statistics.
mod xstats {
    /// Those of bonds (`LINK_XSTATS_TYPE_BOND`).
    pub(super) const BOND: u16 = 2;
    /// Within these, those of 802.3ad (`BOND_XSTATS_3AD`).
    pub(super) const LACP: u16 = 1;
    /// Padding among the counters (`BOND_3AD_STAT_PAD`).
    pub(super) const PAD: u16 = 9;
}

/// Attributes of slaves (`IFLA_BOND_SLAVE_*`).
mod slave_attr {
    /// Whether it is a backup, one byte.
    pub(super) const STATE: u16 = 1;
    /// State of the link, one byte.
    pub(super) const MII_STATUS: u16 = 2;
    /// How often the link went down, four bytes.
    pub(super) const LINK_FAILURE_COUNT: u16 = 3;
    /// Its own hardware address.
    pub(super) const PERM_HWADDR: u16 = 4;
    /// Queue bound to it, two bytes; can be set.
    pub(super) const QUEUE_ID: u16 = 5;
    /// Number of its aggregator, two bytes.
    pub(super) const AD_AGGREGATOR_ID: u16 = 6;
    /// State of its port, one byte.
    pub(super) const AD_ACTOR_OPER_PORT_STATE: u16 = 7;
    /// State of its partner's port, two bytes.
    pub(super) const AD_PARTNER_OPER_PORT_STATE: u16 = 8;
    /// How much it is preferred as active slave, four bytes with sign; can be set.
    pub(super) const PRIO: u16 = 9;
    /// Its priority in 802.3ad mode, two bytes; can be set.
    pub(super) const ACTOR_PORT_PRIO: u16 = 10;
    /// Whether it was slow to get in sync, one byte.
    pub(super) const AD_CHURN_ACTOR_STATE: u16 = 11;
    /// Whether its partner was slow to get in sync, one byte.
    pub(super) const AD_CHURN_PARTNER_STATE: u16 = 12;
}

/// The ranges of the attributes that have one.
static RANGES: [Range; OPTIONS.len()] = {
    let mut ranges = [const { Range::up_to(0) }; OPTIONS.len()];
    let mut index = 0;
    while index < OPTIONS.len() {
        if let Some(NetlinkDef {
            policy_max: Some(max),
            ..
        }) = OPTIONS[index].netlink
        {
            ranges[index] = Range::up_to(max);
        }
        index += 1;
    }
    ranges
};

/// The rules for the attributes, from the table.
static POLICY: Policy<{ BOND_MAX + 1 }> = {
    let mut rules = [Rule::Any; BOND_MAX + 1];
    let mut index = 0;
    while index < OPTIONS.len() {
        if let Some(def) = OPTIONS[index].netlink {
            // CAST: Lossless; `From` is not usable in a constant.
            rules[def.attr as usize] = match (def.policy_max, def.width) {
                (Some(_), _) => Rule::Range(&RANGES[index]),
                (None, Width::U8) => Rule::U8,
                (None, Width::U16) => Rule::U16,
                (None, Width::Mac) => Rule::Bytes(6),
                (None, Width::Ip4List | Width::Ip6List) => Rule::Nested,
                (None, Width::U32 | Width::IfIndex) => Rule::U32,
            };
        }
        index += 1;
    }
    Policy::new(&rules)
};

/// The rules for the attributes of slaves.
static SLAVE_POLICY: Policy<{ SLAVE_MAX + 1 }> = {
    let mut rules = [Rule::Any; SLAVE_MAX + 1];
    // CAST: Lossless; `From` is not usable in a constant.
    rules[slave_attr::QUEUE_ID as usize] = Rule::U16;
    rules[slave_attr::PRIO as usize] = Rule::S32;
    rules[slave_attr::ACTOR_PORT_PRIO as usize] = Rule::U16;
    Policy::new(&rules)
};

/// The kind of link that bonds are.
pub(crate) static LINK: LinkOps = LinkOps::new::<Bond, Face>(c"bond", &POLICY, &SLAVE_POLICY);

/// The registered kind of link; dropping it deletes all bonds.
pub(crate) struct LinkType(#[expect(dead_code, reason = "kept to be dropped")] netlink::Registered);

impl LinkType {
    /// Makes `ip link add … type bond` work.
    pub(crate) fn register() -> Result<Self> {
        Ok(Self(LINK.register()?))
    }
}

/// Bytes of an attribute.
const fn width(def: &NetlinkDef) -> usize {
    match def.width {
        Width::U8 => 1,
        Width::U16 => 2,
        Width::U32 | Width::IfIndex => 4,
        Width::Mac => 6,
        Width::Ip4List => IP4_LIST,
        Width::Ip6List => IP6_LIST,
    }
}

/// Bytes of an attribute with all IPv4 addresses that there can be.
const IP4_LIST: usize = targets::MAX * attr_size(4);

/// Bytes of one with IPv6 addresses.
const IP6_LIST: usize = targets::MAX * attr_size(16);

/// Marks an attribute that consists of others (`NLA_F_NESTED`). As in the C driver, that of IPv4
/// addresses doesn't have it.
const NESTED: u16 = 1 << 15;

/// What requests and dumps of bonds mean.
struct Face;

impl Link<Bond> for Face {
    fn queues() -> u32 {
        crate::bond::defaults().tx_queues
    }

    fn validate(mac: Option<&[u8]>, attrs: Option<&Attrs<'_>>, extack: &ExtAck<'_>) -> Result {
        if let Some(mac) = mac {
            if mac.len() != 6 {
                return Err(EINVAL);
            }
            if !HwAddr::from_slice(mac).is_valid_ether() {
                return Err(EADDRNOTAVAIL);
            }
        }
        let Some(attrs) = attrs else { return Ok(()) };
        // What can't be done must not seem to have been done.
        for number in (1..=BOND_MAX).filter_map(|number| u16::try_from(number).ok()) {
            if attrs.get(number).is_some() && by_netlink(number).is_none() && number != AD_INFO {
                return Err(attrs.refuse(number, extack));
            }
        }
        Ok(())
    }

    fn change(rtnl: &Rtnl, bond: &Bond, attrs: &Attrs<'_>, extack: &ExtAck<'_>) -> Result {
        for (def, nl) in netlink_write_order() {
            if attrs.get(nl.attr).is_none() {
                continue;
            }
            let extack = &attrs.blame(nl.attr, extack);
            check_monitors(def.id, &nl, attrs, extack)?;
            match nl.width {
                Width::U8 => {
                    let value = attrs.get_u8(nl.attr).ok_or(EINVAL)?;
                    bond.set_number(rtnl, def, u64::from(value), extack)?;
                }
                Width::U16 => {
                    let value = attrs.get_u16(nl.attr).ok_or(EINVAL)?;
                    bond.set_number(rtnl, def, u64::from(value), extack)?;
                }
                Width::Mac => {
                    let value = attrs.get(nl.attr).filter(|mac| mac.len() == 6);
                    let text = ShortText::mac(value.ok_or(EINVAL)?)?;
                    bond.set_raw(rtnl, def, text.as_bytes(), extack)?;
                }
                Width::U32 => {
                    let value = attrs.get_u32(nl.attr).ok_or(EINVAL)?;
                    bond.set_number(rtnl, def, netlink_u32(value), extack)?;
                }
                Width::Ip4List => {
                    let addresses = attrs.nested(nl.attr).map(|bytes| {
                        let bytes = bytes.first_chunk().ok_or(EINVAL)?;
                        Ok(Ipv4Addr::from(*bytes))
                    });
                    bond.replace_arp_targets(rtnl, addresses, extack)?;
                }
                // As in the C driver: a kernel without IPv6 ignores it.
                Width::Ip6List if !cfg!(CONFIG_IPV6) => {}
                Width::Ip6List => {
                    let addresses = attrs.nested(nl.attr).map(|bytes| {
                        let bytes: &[u8; 16] = bytes.first_chunk().ok_or_else(|| {
                            extack.set(c"Invalid IPv6 address");
                            EINVAL
                        })?;
                        Ok(Ipv6Addr::from(*bytes))
                    });
                    bond.replace_ns_targets(rtnl, addresses, extack)?;
                }
                Width::IfIndex => {
                    let index = attrs.get_u32(nl.attr).ok_or(EINVAL)?;
                    let name = device_name(rtnl, bond, def, index)?;
                    bond.set_raw(rtnl, def, name.as_bytes(), extack)?;
                }
            }
        }
        Ok(())
    }

    fn size() -> usize {
        OPTIONS
            .iter()
            .filter_map(|def| def.netlink)
            .map(|nl| attr_size(width(&nl)))
            .sum::<usize>()
            .saturating_add(attr_size(ad_info::LEN))
    }

    fn fill(bond: &Bond, message: &mut Message<'_>) -> Result {
        bond.snapshot_alone(|bond| fill(bond, message))
    }

    fn change_slave(
        rtnl: &Rtnl,
        bond: &Bond,
        port: &PortRef,
        attrs: &Attrs<'_>,
        extack: &ExtAck<'_>,
    ) -> Result {
        if let Some(queue) = attrs.get_u16(slave_attr::QUEUE_ID) {
            let text = ShortText::queue(port.dev().name(), queue)?;
            let extack = &attrs.blame(slave_attr::QUEUE_ID, extack);
            bond.set_raw(rtnl, OptionId::QueueId.def(), text.as_bytes(), extack)?;
        }
        if let Some(prio) = attrs.get_u32(slave_attr::PRIO) {
            if !bond.params().mode.uses_primary() {
                let extack = &attrs.blame(slave_attr::PRIO, extack);
                return Err(wrong_mode(bond, "prio", extack));
            }
            // CAST: The attribute is a number with sign.
            bond.set_prio(rtnl, port, prio as i32)?;
        }
        if let Some(priority) = attrs.get_u16(slave_attr::ACTOR_PORT_PRIO) {
            if bond.params().mode != Mode::Lacp {
                let extack = &attrs.blame(slave_attr::ACTOR_PORT_PRIO, extack);
                return Err(wrong_mode(bond, "actor_port_prio", extack));
            }
            bond.set_port_priority(rtnl, port, priority)?;
        }
        Ok(())
    }

    fn xstats_size() -> usize {
        // Each number may need padding.
        let number = attr_size(size_of::<u64>()).saturating_add(attr_size(0));
        stats::COUNTERS
            .saturating_mul(number)
            .saturating_add(2 * attr_size(0))
    }

    fn fill_xstats(
        _rtnl: &Rtnl,
        bond: &Bond,
        port: Option<&Port>,
        message: &mut Message<'_>,
    ) -> Result {
        let stats = bond.lacp_stats(port);
        message.nest(xstats::BOND, |message| {
            let Some(stats) = stats else { return Ok(()) };
            message.nest(xstats::LACP, |message| {
                let mut counters = (0u16..).zip(stats.all());
                counters
                    .try_for_each(|(number, &count)| message.put_u64(number, count, xstats::PAD))
            })
        })
    }

    fn slave_size() -> usize {
        [1, 1, 4, MAX_ADDR_LEN, 2, 4, 2, 1, 2, 1, 1, 2]
            .map(attr_size)
            .iter()
            .sum()
    }

    fn fill_slave(_rtnl: &Rtnl, bond: &Bond, port: &Port, message: &mut Message<'_>) -> Result {
        bond.snapshot_of(port, |_, slave| fill_slave(slave, message))?
    }
}

/// Refuses a message that asks for both link monitors.
fn check_monitors(id: OptionId, nl: &NetlinkDef, attrs: &Attrs<'_>, extack: &ExtAck<'_>) -> Result {
    let why = match id {
        OptionId::ArpInterval => c"ARP monitoring cannot be used with MII monitoring",
        OptionId::ArpValidate => c"ARP validating cannot be used with MII monitoring",
        _ => return Ok(()),
    };
    let is_set = |attr| attrs.get_u32(attr).is_some_and(|value| value != 0);
    let miimon = OptionId::MiiMon.def().netlink;
    if is_set(nl.attr) && miimon.is_some_and(|miimon| is_set(miimon.attr)) {
        extack.set(why);
        return Err(EINVAL);
    }
    Ok(())
}

/// Says that a slave's option cannot be set in the mode of its bond.
fn wrong_mode(bond: &Bond, name: &str, extack: &ExtAck<'_>) -> Error {
    let mode = bond.params().mode;
    bond_log!(
        Level::Err,
        bond.dev(),
        "option {name}: mode dependency failed, not supported in mode {}({})",
        mode.keyword(),
        mode.as_u8()
    );
    extack.set(c"option not supported in mode");
    EACCES
}

/// The name of the device with this index, for an option which takes a name; empty clears it.
fn device_name(rtnl: &Rtnl, bond: &Bond, def: &OptionDef, index: u32) -> Result<IfName> {
    match bond.dev().sibling_by_index(rtnl, index) {
        Some(dev) => Ok(dev.name()),
        None if index == 0 || def.id == OptionId::Primary => Ok(IfName::EMPTY),
        None => Err(ENODEV),
    }
}

/// Writes the attributes of a bond.
fn fill(bond: &BondSnapshot<'_>, message: &mut Message<'_>) -> Result {
    for (def, nl) in netlink_dump_order() {
        match nl.width {
            Width::Ip4List => {
                let octets = bond.targets.ip4.iter().map(|address| address.octets());
                fill_list::<IP4_LIST, 4>(octets, nl.attr, message)?;
                continue;
            }
            Width::Ip6List => {
                let octets = bond.targets.ip6.iter().map(|address| address.octets());
                fill_list::<IP6_LIST, 16>(octets, nl.attr | NESTED, message)?;
                continue;
            }
            _ => {}
        }
        let Some(value) = def.get_num(bond) else {
            continue;
        };
        // CAST: As wide as the attribute, which holds every value of the option.
        match nl.width {
            Width::U8 => message.put(nl.attr, &[value as u8])?,
            Width::U16 => message.put(nl.attr, &(value as u16).to_ne_bytes())?,
            Width::U32 | Width::IfIndex => message.put(nl.attr, &(value as u32).to_ne_bytes())?,
            // No number, so `get_num` gave none.
            Width::Mac | Width::Ip4List | Width::Ip6List => {}
        }
    }
    if bond.for_admin().is_some() {
        message.put(AD_ACTOR_SYSTEM, &bond.params.ad_actor_system)?;
    }
    match bond.lacp.and_then(|lacp| lacp.active) {
        Some(active) => message.put(AD_INFO, &ad_info::bytes(&active)),
        None => Ok(()),
    }
}

/// Writes an attribute that consists of addresses, if there are any; their numbers are those of
/// their places.
fn fill_list<const SIZE: usize, const LEN: usize>(
    addresses: impl Iterator<Item = [u8; LEN]>,
    attr: u16,
    message: &mut Message<'_>,
) -> Result {
    let mut nest = Nest::<SIZE>::new();
    for (number, address) in (0u16..).zip(addresses) {
        nest.put(number, &address)?;
    }
    if nest.bytes().is_empty() {
        return Ok(());
    }
    message.put(attr, nest.bytes())
}

/// Writes the attributes of a slave.
fn fill_slave(slave: &SlaveSnapshot, message: &mut Message<'_>) -> Result {
    message.put(slave_attr::STATE, &[u8::from(slave.backup)])?;
    message.put(slave_attr::MII_STATUS, &[slave.link.as_u8()])?;
    message.put(
        slave_attr::LINK_FAILURE_COUNT,
        &slave.link_failures.to_ne_bytes(),
    )?;
    message.put(slave_attr::PERM_HWADDR, slave.perm_hwaddr.as_bytes())?;
    message.put(slave_attr::QUEUE_ID, &slave.queue_id.to_ne_bytes())?;
    message.put(slave_attr::PRIO, &slave.prio.to_ne_bytes())?;
    let Some(port) = &slave.lacp else {
        return Ok(());
    };
    if let Some(aggregator) = port.aggregator {
        message.put(slave_attr::AD_AGGREGATOR_ID, &aggregator.to_ne_bytes())?;
        message.put(slave_attr::AD_ACTOR_OPER_PORT_STATE, &[port.actor.state.0])?;
        let partner = u16::from(port.partner.state.0).to_ne_bytes();
        message.put(slave_attr::AD_PARTNER_OPER_PORT_STATE, &partner)?;
        let (actor_churn, _) = port.actor_churn;
        message.put(slave_attr::AD_CHURN_ACTOR_STATE, &[actor_churn.as_u8()])?;
        let (partner_churn, _) = port.partner_churn;
        message.put(slave_attr::AD_CHURN_PARTNER_STATE, &[partner_churn.as_u8()])?;
    }
    let priority = port.actor.port_priority.to_ne_bytes();
    message.put(slave_attr::ACTOR_PORT_PRIO, &priority)
}

/// A short text that an option takes.
struct ShortText {
    text: [u8; 24],
    len: usize,
}

impl ShortText {
    /// No text.
    const EMPTY: Self = Self {
        text: [0; 24],
        len: 0,
    };

    /// What binds `queue` to the slave called `name`, as option `queue_id` takes it.
    fn queue(name: IfName, queue: u16) -> Result<Self> {
        let mut text = Self::EMPTY;
        text.push(name.as_bytes())?;
        write!(text, ":{queue}")?;
        Ok(text)
    }

    /// A MAC address, as option `ad_actor_system` takes it.
    fn mac(mac: &[u8]) -> Result<Self> {
        let mut text = Self::EMPTY;
        write!(text, "{}", HwAddr::from_slice(mac))?;
        Ok(text)
    }

    /// Appends bytes.
    fn push(&mut self, bytes: &[u8]) -> fmt::Result {
        let end = self.len.saturating_add(bytes.len());
        let room = self.text.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }

    /// The text.
    fn as_bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Write for ShortText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text.as_bytes())
    }
}
