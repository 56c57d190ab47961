// SPDX-License-Identifier: GPL-2.0

//! Options: what module parameters, sysfs, netlink and the documentation know of them.
//!
//! A face looks its option up here, asks [`OptionDef::gate`] whether it may be set now, turns the
//! bytes it got into a [`Value`] with [`OptionDef::parse`] or [`OptionDef::parse_num`], and has
//! the value applied by [`Params::apply`] (numbers) or by the bond (raw values, which functions
//! like [`parse_queue_id`] take apart). [`OptError`] has the words for what went wrong.
//!
//! This file says what an option is and how to find one. The options themselves are the rows of
//! [`OPTIONS`].
//!
//! [`Params::apply`]: crate::bond::params::Params::apply

#![forbid(unsafe_code)]

mod error;
mod parse;
mod table;

use crate::bond::params::Mode;

pub(crate) use self::{
    error::OptError,
    parse::{
        netlink_u32,
        parse_active_slave,
        parse_arp_target,
        parse_mac,
        parse_primary,
        parse_queue_id,
        parse_slaves_cmd,
        Sign,
        Value, //
    },
    table::OPTIONS, //
};

/// The options, with the numbers of the C driver (`BOND_OPT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum OptionId {
    /// `mode`.
    Mode = 0,
    /// `packets_per_slave`.
    PacketsPerSlave = 1,
    /// `xmit_hash_policy`.
    XmitHashPolicy = 2,
    /// `arp_validate`.
    ArpValidate = 3,
    /// `arp_all_targets`.
    ArpAllTargets = 4,
    /// `fail_over_mac`.
    FailOverMac = 5,
    /// `arp_interval`.
    ArpInterval = 6,
    /// `arp_ip_target`.
    ArpIpTarget = 7,
    /// `downdelay`.
    DownDelay = 8,
    /// `updelay`.
    UpDelay = 9,
    /// `lacp_rate`.
    LacpRate = 10,
    /// `min_links`.
    MinLinks = 11,
    /// `ad_select`.
    AdSelect = 12,
    /// `num_unsol_na`.
    NumUnsolNa = 13,
    /// `miimon`.
    MiiMon = 14,
    /// `primary`.
    Primary = 15,
    /// `primary_reselect`.
    PrimaryReselect = 16,
    /// `use_carrier`.
    UseCarrier = 17,
    /// `active_slave`.
    ActiveSlave = 18,
    /// `queue_id`.
    QueueId = 19,
    /// `all_slaves_active`.
    AllSlavesActive = 20,
    /// `resend_igmp`.
    ResendIgmp = 21,
    /// `lp_interval`.
    LpInterval = 22,
    /// `slaves`.
    Slaves = 23,
    /// `tlb_dynamic_lb`.
    TlbDynamicLb = 24,
    /// `ad_actor_sys_prio`.
    AdActorSysPrio = 25,
    /// `ad_actor_system`.
    AdActorSystem = 26,
    /// `ad_user_port_key`.
    AdUserPortKey = 27,
    /// `num_grat_arp`, another name of `num_unsol_na`.
    NumGratArp = 28,
    /// `peer_notif_delay`.
    PeerNotifDelay = 29,
    /// `lacp_active`.
    LacpActive = 30,
    /// `arp_missed_max`.
    ArpMissedMax = 31,
    /// `ns_ip6_target`.
    NsIp6Target = 32,
    /// `coupled_control`.
    CoupledControl = 34,
    /// `broadcast_neighbor`.
    BroadcastNeighbor = 35,
    /// `lacp_strict`.
    LacpStrict = 37,
    /// `event_monitor`, which the C driver doesn't have.
    EventMonitor = 128,
}

impl OptionId {
    /// Returns the row of the table; a `const` assertion below proves that it is the right one.
    pub(crate) const fn def(self) -> &'static OptionDef {
        match self {
            OptionId::Mode => &OPTIONS[0],
            OptionId::PacketsPerSlave => &OPTIONS[1],
            OptionId::XmitHashPolicy => &OPTIONS[2],
            OptionId::ArpValidate => &OPTIONS[3],
            OptionId::ArpAllTargets => &OPTIONS[4],
            OptionId::FailOverMac => &OPTIONS[5],
            OptionId::ArpInterval => &OPTIONS[6],
            OptionId::ArpIpTarget => &OPTIONS[7],
            OptionId::DownDelay => &OPTIONS[8],
            OptionId::UpDelay => &OPTIONS[9],
            OptionId::LacpRate => &OPTIONS[10],
            OptionId::MinLinks => &OPTIONS[11],
            OptionId::AdSelect => &OPTIONS[12],
            OptionId::NumUnsolNa => &OPTIONS[13],
            OptionId::MiiMon => &OPTIONS[14],
            OptionId::Primary => &OPTIONS[15],
            OptionId::PrimaryReselect => &OPTIONS[16],
            OptionId::UseCarrier => &OPTIONS[17],
            OptionId::ActiveSlave => &OPTIONS[18],
            OptionId::QueueId => &OPTIONS[19],
            OptionId::AllSlavesActive => &OPTIONS[20],
            OptionId::ResendIgmp => &OPTIONS[21],
            OptionId::LpInterval => &OPTIONS[22],
            OptionId::Slaves => &OPTIONS[23],
            OptionId::TlbDynamicLb => &OPTIONS[24],
            OptionId::AdActorSysPrio => &OPTIONS[25],
            OptionId::AdActorSystem => &OPTIONS[26],
            OptionId::AdUserPortKey => &OPTIONS[27],
            OptionId::NumGratArp => &OPTIONS[28],
            OptionId::PeerNotifDelay => &OPTIONS[29],
            OptionId::LacpActive => &OPTIONS[30],
            OptionId::ArpMissedMax => &OPTIONS[31],
            OptionId::NsIp6Target => &OPTIONS[32],
            OptionId::CoupledControl => &OPTIONS[33],
            OptionId::BroadcastNeighbor => &OPTIONS[34],
            OptionId::LacpStrict => &OPTIONS[35],
            OptionId::EventMonitor => &OPTIONS[36],
        }
    }
}

/// A word which stands for a value of an option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keyword {
    /// The word, compared byte by byte.
    pub(crate) word: &'static str,
    /// The value it stands for.
    pub(crate) value: u64,
    /// Whether the word `default` means this value, too.
    pub(crate) default: bool,
}

/// Makes a keyword.
const fn kw(word: &'static str, value: u64) -> Keyword {
    Keyword {
        word,
        value,
        default: false,
    }
}

/// Makes the keyword for which `default` stands.
const fn kw_default(word: &'static str, value: u64) -> Keyword {
    Keyword {
        word,
        value,
        default: true,
    }
}

/// A set of modes by number, 0 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModeSet(u8);

impl ModeSet {
    /// No mode.
    pub(crate) const NONE: ModeSet = ModeSet(0);
    /// Every mode but balance-rr.
    const ALL_BUT_RR: ModeSet = ModeSet(0b111_1110);
    /// Every mode but 802.3ad (4).
    const ALL_BUT_AD: ModeSet = ModeSet(0b110_1111);
    /// Every mode but balance-tlb (5) and balance-alb (6).
    const ALL_BUT_LB: ModeSet = ModeSet(0b001_1111);
    /// 802.3ad (4), balance-tlb (5), balance-alb (6): the modes without ARP monitoring.
    const WITHOUT_ARP: ModeSet = ModeSet(0b111_0000);
    /// Every mode but the ones with a primary: active-backup (1), balance-tlb (5), balance-alb (6).
    const ALL_BUT_PRIMARY: ModeSet = ModeSet(0b001_1101);

    /// Tells whether `mode` is in the set.
    pub(crate) const fn contains(self, mode: Mode) -> bool {
        (self.0 >> mode.as_u8()) & 1 != 0
    }

    /// Tells whether the mode of this number, from 0 to 6, is in the set; it needn't be built.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) const fn contains_number(self, mode: u8) -> bool {
        self.0 & (1 << mode) != 0
    }
}

/// How the sysfs file of an option reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Keyword and number: `active-backup 1`.
    KeywordNumber,
    /// A decimal number.
    Number,
    /// The name of a slave; nothing at all without one.
    Name,
    /// A list with an entry for each slave; nothing at all without slaves.
    List,
    /// A list of addresses; nothing at all without any.
    Addresses,
    /// Nothing at all outside of 802.3ad mode.
    AdOnly,
}

/// Type of a module parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamKind {
    /// `int`, with its default.
    Int(i32),
    /// `unsigned int`, with its default.
    Uint(u32),
    /// `charp`, unset by default.
    Charp,
    /// Up to [`targets::MAX`] times `charp`, with commas between; none by default.
    ///
    /// [`targets::MAX`]: crate::monitor::targets::MAX
    Charps,
}

/// The module parameter of an option; it has the option's name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParamDef {
    /// Type and default.
    pub(crate) kind: ParamKind,
    /// Mode of the file in `/sys/module/bonding/parameters`; 0 is no file.
    pub(crate) perm: u16,
    /// Its line in `modinfo`.
    pub(crate) desc: &'static str,
}

/// Makes an integer parameter without file.
const fn int_param(default: i32, desc: &'static str) -> Option<ParamDef> {
    Some(ParamDef {
        kind: ParamKind::Int(default),
        perm: 0,
        desc,
    })
}

/// Makes a parameter without file that has no sign.
const fn uint_param(default: u32, desc: &'static str) -> Option<ParamDef> {
    Some(ParamDef {
        kind: ParamKind::Uint(default),
        perm: 0,
        desc,
    })
}

/// Makes a string parameter without file.
const fn charp_param(desc: &'static str) -> Option<ParamDef> {
    Some(ParamDef {
        kind: ParamKind::Charp,
        perm: 0,
        desc,
    })
}

/// Makes a parameter without file that is a list of strings.
const fn charps_param(desc: &'static str) -> Option<ParamDef> {
    Some(ParamDef {
        kind: ParamKind::Charps,
        perm: 0,
        desc,
    })
}

/// What a netlink attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// One byte.
    U8,
    /// Two bytes.
    U16,
    /// Four bytes, taken as a signed `int` on the way in.
    U32,
    /// Four bytes, the index of an interface.
    IfIndex,
    /// Six bytes, a MAC address.
    Mac,
    /// Up to 16 attributes with an IPv4 address each.
    Ip4List,
    /// Up to 16 attributes with an IPv6 address each.
    Ip6List,
}

/// The `IFLA_BOND_*` attribute of an option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NetlinkDef {
    /// Number of the attribute.
    pub(crate) attr: u16,
    /// What it holds.
    pub(crate) width: Width,
    /// Place in the order in which the attributes of a message are applied, from 1.
    pub(crate) write_order: u8,
    /// Place in the order of a dump, from 1.
    pub(crate) dump_order: u8,
    /// Greatest value which the attribute policy lets pass; above it `ERANGE`.
    pub(crate) policy_max: Option<u32>,
}

/// Makes an attribute whose places in both orders are the same.
const fn nl(attr: u16, width: Width, order: u8) -> Option<NetlinkDef> {
    Some(NetlinkDef {
        attr,
        width,
        write_order: order,
        dump_order: order,
        policy_max: None,
    })
}

/// Makes an attribute whose places in the two orders differ.
const fn nl_orders(attr: u16, width: Width, write_order: u8, dump_order: u8) -> Option<NetlinkDef> {
    Some(NetlinkDef {
        attr,
        width,
        write_order,
        dump_order,
        policy_max: None,
    })
}

/// What only the documentation says of an option; nothing is left of it in the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manual {
    /// Unit of the number.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) unit: &'static str,
    /// What a new bond has.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) default: &'static str,
    /// What it is for, as Markdown.
    #[cfg(not(CONFIG_RUST))]
    pub(crate) text: &'static str,
}

/// Makes the words for the documentation: the unit, what a new bond has, and what it is for.
#[cfg(not(CONFIG_RUST))]
const fn manual(unit: &'static str, default: &'static str, text: &'static str) -> Manual {
    Manual {
        unit,
        default,
        text,
    }
}

/// Forgets the words for the documentation.
#[cfg(CONFIG_RUST)]
const fn manual(_unit: &str, _default: &str, _text: &str) -> Manual {
    Manual {}
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OptionDef {
    /// Which one it is.
    pub(crate) id: OptionId,
    /// Its name, also that of its module parameter and sysfs file.
    pub(crate) name: &'static str,
    /// Words it takes.
    pub(crate) keywords: &'static [Keyword],
    /// Smallest number, where there is a greatest one.
    pub(crate) min: u64,
    /// Greatest number; `None`: only the numbers of the keywords.
    pub(crate) max: Option<u64>,
    /// Whether the value is passed on unparsed.
    pub(crate) raw: bool,
    /// Whether the bond must not have slaves.
    pub(crate) no_slaves: bool,
    /// Whether the bond must be down.
    pub(crate) if_down: bool,
    /// Modes which refuse it.
    pub(crate) unsupported: ModeSet,
    /// Its module parameter.
    pub(crate) param: Option<ParamDef>,
    /// Mode of its sysfs file.
    pub(crate) sysfs: Option<u16>,
    /// How that file reads.
    pub(crate) format: Format,
    /// Its netlink attribute.
    pub(crate) netlink: Option<NetlinkDef>,
    /// What only the documentation says of it.
    #[cfg_attr(CONFIG_RUST, expect(dead_code))]
    pub(crate) manual: Manual,
}

/// Proves that [`OptionId::def`] returns the row of that option, for each row.
const _: () = {
    let mut rest: &[OptionDef] = &OPTIONS;
    while let [row, tail @ ..] = rest {
        // CAST: The discriminants of a `repr(u8)` enum, as `==` is no const fn.
        assert!(row.id.def().id as u8 == row.id as u8);
        if let [next, ..] = tail {
            assert!((row.id as u8) < next.id as u8);
        }
        rest = tail;
    }
};

/// Returns the option which has this netlink attribute.
pub(crate) fn by_netlink(attr: u16) -> Option<&'static OptionDef> {
    OPTIONS
        .iter()
        .find(|def| def.netlink.is_some_and(|nl| nl.attr == attr))
}

/// Iterates over the options with a netlink attribute in the order in which a message is applied.
pub(crate) fn netlink_write_order() -> impl Iterator<Item = NetlinkOption> {
    static ORDER: NetlinkOrder = in_order(false);
    ORDER.iter().flatten().copied()
}

/// Iterates over the options with a netlink attribute in the order of a dump.
pub(crate) fn netlink_dump_order() -> impl Iterator<Item = NetlinkOption> {
    static ORDER: NetlinkOrder = in_order(true);
    ORDER.iter().flatten().copied()
}

/// An option with its netlink attribute.
type NetlinkOption = (&'static OptionDef, NetlinkDef);

/// Such options, in some order.
type NetlinkOrder = [Option<NetlinkOption>; OPTIONS.len()];

/// Puts the options in the order of a dump, or of writing. The compiler does it, and refuses a place that is taken.
const fn in_order(of_dump: bool) -> NetlinkOrder {
    let mut order = [const { None }; OPTIONS.len()];
    let mut rest: &[OptionDef] = &OPTIONS;
    while let [def, tail @ ..] = rest {
        if let Some(nl) = def.netlink {
            // CAST: Widening, which `From` doesn't do in a const fn.
            let place = if of_dump {
                nl.dump_order
            } else {
                nl.write_order
            } as usize;
            assert!(order[place].is_none());
            order[place] = Some((def, nl));
        }
        rest = tail;
    }
    order
}

impl OptionDef {
    /// Tells whether the option can't be set in `mode`.
    pub(crate) const fn is_unsupported(&self, mode: Mode) -> bool {
        self.unsupported.contains(mode)
    }

    /// Checks whether the option may be set now, in the order of the C driver.
    pub(crate) fn gate(&self, mode: Mode, has_slaves: bool, is_up: bool) -> Result<(), OptError> {
        if self.is_unsupported(mode) {
            Err(OptError::ModeDependency)
        } else if self.no_slaves && has_slaves {
            Err(OptError::HasSlaves)
        } else if self.if_down && is_up {
            Err(OptError::IsUp)
        } else {
            Ok(())
        }
    }

    /// Returns the word for `value`; `unknown` if there is none.
    pub(crate) fn keyword_of(&self, value: u64) -> &'static str {
        self.keywords
            .iter()
            .find(|kw| kw.value == value)
            .map_or("unknown", |kw| kw.word)
    }
}
