// SPDX-License-Identifier: GPL-2.0

//! The one table of options: what module parameters, sysfs, netlink and the documentation know.
//!
//! A face looks its option up here, asks [`OptionDef::gate`] whether it may be set now, turns the
//! bytes it got into a [`Value`] with [`OptionDef::parse`] or [`OptionDef::parse_num`], and has
//! the value applied by [`Params::apply`] (numbers) or by the bond (raw values, which the
//! functions at the end of this file take apart). [`OptError`] has the words for what went wrong.
//!
//! [`Params::apply`]: crate::bond::params::Params::apply

#![forbid(unsafe_code)]

use core::{
    ffi::CStr,
    fmt, //
};

use crate::bond::{
    addr::{
        first_word,
        is_space,
        is_valid_ifname,
        until_nul,
        IfName,
        Text, //
    },
    params::{
        Mode,
        INT_MAX, //
    },
};

/// Longest word compared with keywords, in bytes (`BOND_OPT_MAX_NAMELEN`).
const MAX_WORD: usize = 32;

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
    /// `fail_over_mac`.
    FailOverMac = 5,
    /// `downdelay`.
    DownDelay = 8,
    /// `updelay`.
    UpDelay = 9,
    /// `min_links`.
    MinLinks = 11,
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
    /// `slaves`.
    Slaves = 23,
    /// `num_grat_arp`, another name of `num_unsol_na`.
    NumGratArp = 28,
    /// `peer_notif_delay`.
    PeerNotifDelay = 29,
}

impl OptionId {
    /// Returns the row of the table; a `const` assertion below proves that it is the right one.
    pub(crate) const fn def(self) -> &'static OptionDef {
        match self {
            OptionId::Mode => &OPTIONS[0],
            OptionId::PacketsPerSlave => &OPTIONS[1],
            OptionId::XmitHashPolicy => &OPTIONS[2],
            OptionId::FailOverMac => &OPTIONS[3],
            OptionId::DownDelay => &OPTIONS[4],
            OptionId::UpDelay => &OPTIONS[5],
            OptionId::MinLinks => &OPTIONS[6],
            OptionId::NumUnsolNa => &OPTIONS[7],
            OptionId::MiiMon => &OPTIONS[8],
            OptionId::Primary => &OPTIONS[9],
            OptionId::PrimaryReselect => &OPTIONS[10],
            OptionId::UseCarrier => &OPTIONS[11],
            OptionId::ActiveSlave => &OPTIONS[12],
            OptionId::QueueId => &OPTIONS[13],
            OptionId::AllSlavesActive => &OPTIONS[14],
            OptionId::ResendIgmp => &OPTIONS[15],
            OptionId::Slaves => &OPTIONS[16],
            OptionId::NumGratArp => &OPTIONS[17],
            OptionId::PeerNotifDelay => &OPTIONS[18],
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

/// A set of modes by number; it covers the modes 0 to 6, also those not built yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ModeSet(u8);

impl ModeSet {
    /// No mode.
    pub(crate) const NONE: ModeSet = ModeSet(0);
    /// Every mode but balance-rr.
    const ALL_BUT_RR: ModeSet = ModeSet(0b111_1110);
    /// Every mode but the ones with a primary: active-backup (1), balance-tlb (5), balance-alb (6).
    const ALL_BUT_PRIMARY: ModeSet = ModeSet(0b001_1101);

    /// Tells whether `mode` is in the set.
    pub(crate) const fn contains(self, mode: Mode) -> bool {
        (self.0 >> mode.as_u8()) & 1 != 0
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
}

/// Type of a module parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamKind {
    /// `int`, with its default.
    Int(i32),
    /// `charp`, unset by default.
    Charp,
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

/// Makes a string parameter without file.
const fn charp_param(desc: &'static str) -> Option<ParamDef> {
    Some(ParamDef {
        kind: ParamKind::Charp,
        perm: 0,
        desc,
    })
}

/// What a netlink attribute holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    /// One byte.
    U8,
    /// Four bytes, taken as a signed `int` on the way in.
    U32,
    /// Four bytes, the index of an interface.
    IfIndex,
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

/// A row to build the others from.
const ROW: OptionDef = OptionDef {
    id: OptionId::Mode,
    name: "",
    keywords: &[],
    min: 0,
    max: None,
    raw: false,
    no_slaves: false,
    if_down: false,
    unsupported: ModeSet::NONE,
    param: None,
    sysfs: Some(0o644),
    format: Format::Number,
    netlink: None,
    manual: manual("", "", ""),
};

/// Words of the options which are any non-negative `int`, 0 being off.
const OFF_TO_INT_MAX: &[Keyword] = &[
    kw_default("off", 0),
    // CAST: Lossless; `From` is not usable in a constant.
    kw("maxval", INT_MAX as u64),
];

/// Greatest `int` as the range of an option.
// CAST: Lossless; `From` is not usable in a constant.
const MAX_INT: Option<u64> = Some(INT_MAX as u64);

/// Words of the options which count something from 0 to 255, once by default.
const OFF_TO_255: &[Keyword] = &[kw("off", 0), kw("maxval", 255), kw_default("default", 1)];

/// Row of `num_unsol_na`, which `num_grat_arp` repeats under its own name.
const PEER_NOTIF: OptionDef = OptionDef {
    id: OptionId::NumUnsolNa,
    name: "num_unsol_na",
    keywords: OFF_TO_255,
    max: Some(255),
    param: Some(ParamDef {
        kind: ParamKind::Int(1),
        perm: 0o644,
        desc: "Peer notifications per failover, 0 to 255 (same as num_grat_arp)",
    }),
    netlink: nl(16, Width::U8, 18),
    manual: manual(
        "notifications",
        "1",
        "How many times the peers are told of a failover, by unsolicited neighbour \
         advertisements (IPv6) and gratuitous ARPs (IPv4), for the bond and the VLANs on it. \
         `num_grat_arp` and `num_unsol_na` are two names of one setting.",
    ),
    ..ROW
};

/// Number of options.
pub(crate) const COUNT: usize = 19;

/// The table, sorted by [`OptionId`].
pub(crate) static OPTIONS: [OptionDef; COUNT] = [
    OptionDef {
        id: OptionId::Mode,
        name: "mode",
        keywords: &[
            kw_default("balance-rr", 0),
            kw("active-backup", 1),
            kw("balance-xor", 2),
            kw("broadcast", 3),
        ],
        no_slaves: true,
        if_down: true,
        param: charp_param(
            "Mode: balance-rr or 0 (default), active-backup or 1, balance-xor or 2, \
             broadcast or 3",
        ),
        format: Format::KeywordNumber,
        netlink: nl(1, Width::U8, 1),
        manual: manual(
            "",
            "balance-rr",
            "How frames are spread over the slaves: in turn (`balance-rr`), all through one \
             slave while the others wait (`active-backup`), by a hash over addresses \
             (`balance-xor`), or every frame on every slave (`broadcast`).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::PacketsPerSlave,
        name: "packets_per_slave",
        keywords: &[kw_default("default", 1), kw("maxval", 65535)],
        max: Some(65535),
        unsupported: ModeSet::ALL_BUT_RR,
        param: int_param(
            1,
            "balance-rr: packets before the next slave, 0 to 65535; 0 is a random slave",
        ),
        netlink: nl(20, Width::U32, 22),
        manual: manual(
            "frames",
            "1",
            "How many frames go through a slave before the next one's turn. With 0, each frame \
             goes through a slave chosen at random.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::XmitHashPolicy,
        name: "xmit_hash_policy",
        keywords: &[kw_default("layer2", 0)],
        param: charp_param("What balance-xor hashes: layer2 or 0 (default)"),
        format: Format::KeywordNumber,
        netlink: nl(14, Width::U8, 16),
        manual: manual(
            "",
            "layer2",
            "What the hash which chooses the slave is made of. `layer2`: the last byte of both \
             Ethernet addresses, and the Ethernet type; all frames between two stations take \
             the same slave. Used by `balance-xor`, kept in the other modes.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::FailOverMac,
        name: "fail_over_mac",
        keywords: &[kw_default("none", 0), kw("active", 1), kw("follow", 2)],
        no_slaves: true,
        param: charp_param(
            "Address policy of active-backup: none or 0 (default), active or 1, follow or 2",
        ),
        format: Format::KeywordNumber,
        netlink: nl(13, Width::U8, 15),
        manual: manual(
            "",
            "none",
            "Whose hardware address is used in `active-backup` mode. `none`: all slaves get the \
             bond's. `active`: slaves keep theirs, and the bond takes that of the active one, \
             for devices whose address can't be changed. `follow`: the bond's address moves to \
             the slave which becomes active, for devices which can't share one. The other modes \
             keep the setting without using it.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::DownDelay,
        name: "downdelay",
        keywords: OFF_TO_INT_MAX,
        max: MAX_INT,
        param: int_param(
            0,
            "Milliseconds a link must be down before it counts as down",
        ),
        netlink: nl(5, Width::U32, 5),
        manual: manual(
            "ms",
            "0",
            "How long a link must be down before its slave is disabled. It is a multiple of \
             `miimon`, is rounded down to one, scales when `miimon` is changed later, and is \
             refused (`EPERM`) while `miimon` is 0.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::UpDelay,
        name: "updelay",
        keywords: OFF_TO_INT_MAX,
        max: MAX_INT,
        param: int_param(0, "Milliseconds a link must be up before it counts as up"),
        netlink: nl(4, Width::U32, 4),
        manual: manual(
            "ms",
            "0",
            "How long a link must be up before its slave is used, for switches which need time \
             before they forward. It is skipped when no other slave is usable. As `downdelay`, \
             it is a multiple of `miimon`.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::MinLinks,
        name: "min_links",
        keywords: OFF_TO_INT_MAX,
        max: MAX_INT,
        param: int_param(
            0,
            "Least number of active links for the bond to have carrier",
        ),
        netlink: nl(18, Width::U32, 20),
        manual: manual(
            "links",
            "0",
            "How many links an 802.3ad bond needs for its carrier. The other modes keep the \
             setting without using it.",
        ),
        ..ROW
    },
    PEER_NOTIF,
    OptionDef {
        id: OptionId::MiiMon,
        name: "miimon",
        keywords: OFF_TO_INT_MAX,
        max: MAX_INT,
        param: int_param(
            0,
            "Link monitoring interval in milliseconds; 0 is no monitoring",
        ),
        netlink: nl(3, Width::U32, 3),
        manual: manual(
            "ms",
            "0",
            "Turns link monitoring on, and says how often the carrier of each slave is looked \
             at. A carrier change which the device reports is acted upon at once; the interval \
             is for those it doesn't report. With 0 a slave counts as up for ever, so there is \
             no failover: set it (100 is usual).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::Primary,
        name: "primary",
        raw: true,
        unsupported: ModeSet::ALL_BUT_PRIMARY,
        param: charp_param("Name of the slave to prefer as the active one"),
        format: Format::Name,
        netlink: nl(11, Width::IfIndex, 13),
        manual: manual(
            "",
            "none",
            "The slave which is the active one whenever it can be (see `primary_reselect`). A \
             name which is no slave yet is remembered for when it becomes one. An empty value \
             clears it.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::PrimaryReselect,
        name: "primary_reselect",
        keywords: &[kw_default("always", 0), kw("better", 1), kw("failure", 2)],
        param: charp_param(
            "When the primary takes over again: always or 0 (default), better or 1, \
             failure or 2",
        ),
        format: Format::KeywordNumber,
        netlink: nl(12, Width::U8, 14),
        manual: manual(
            "",
            "always",
            "When a primary slave which comes up takes over from the active one. `always`: at \
             once. `better`: if it is faster, or as fast with the better duplex. `failure`: not \
             before the active one fails.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::UseCarrier,
        name: "use_carrier",
        keywords: &[kw_default("on", 1)],
        param: int_param(1, "Obsolete; only 1 is accepted"),
        netlink: nl(6, Width::U8, 7),
        manual: manual(
            "",
            "1",
            "Obsolete. The carrier state of the device is always what is monitored.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::ActiveSlave,
        name: "active_slave",
        raw: true,
        unsupported: ModeSet::ALL_BUT_PRIMARY,
        format: Format::Name,
        netlink: nl(2, Width::IfIndex, 2),
        manual: manual(
            "",
            "chosen by the driver",
            "The slave which carries the traffic. Writing the name of a slave whose link is up \
             makes it the active one. An empty value has the driver choose anew.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::QueueId,
        name: "queue_id",
        raw: true,
        format: Format::List,
        manual: manual(
            "",
            "0 for each slave",
            "Binds a transmit queue of the bond to a slave, written as `slave:queue`. It is kept \
             and shown; frames do not follow it yet. 0 binds nothing; two slaves can't have the \
             same queue.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::AllSlavesActive,
        name: "all_slaves_active",
        keywords: &[kw_default("off", 0), kw("on", 1)],
        param: int_param(
            0,
            "Receive on inactive slaves, too: 0 is no (default), 1 is yes",
        ),
        netlink: nl(17, Width::U8, 19),
        manual: manual(
            "",
            "0",
            "Whether frames which arrive on inactive slaves are received (1) or dropped (0), \
             which avoids duplicates.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::ResendIgmp,
        name: "resend_igmp",
        keywords: OFF_TO_255,
        max: Some(255),
        param: int_param(1, "IGMP membership reports after a failover, 0 to 255"),
        netlink: nl(15, Width::U32, 17),
        manual: manual(
            "reports",
            "1",
            "How many times IGMP memberships are reported after a failover, the first at once, \
             the others 200 ms apart.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::Slaves,
        name: "slaves",
        raw: true,
        format: Format::List,
        manual: manual(
            "",
            "none",
            "The slaves. `+name` enslaves a device, which must be down; `-name` releases one.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::NumGratArp,
        name: "num_grat_arp",
        param: Some(ParamDef {
            kind: ParamKind::Int(1),
            perm: 0o644,
            desc: "Peer notifications per failover, 0 to 255 (same as num_unsol_na)",
        }),
        netlink: None,
        ..PEER_NOTIF
    },
    OptionDef {
        id: OptionId::PeerNotifDelay,
        name: "peer_notif_delay",
        keywords: &[kw("off", 0), kw("maxval", 300_000)],
        max: Some(300_000),
        netlink: Some(NetlinkDef {
            attr: 28,
            width: Width::U32,
            write_order: 6,
            dump_order: 6,
            policy_max: Some(300_000),
        }),
        manual: manual(
            "ms",
            "0",
            "How far apart the notifications of a failover are; 0 is one `miimon` interval. As \
             `downdelay`, it is a multiple of `miimon`.",
        ),
        ..ROW
    },
];

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
pub(crate) fn netlink_write_order() -> impl Iterator<Item = (&'static OptionDef, NetlinkDef)> {
    InOrder::new(|nl| nl.write_order)
}

/// Iterates over the options with a netlink attribute in the order of a dump.
pub(crate) fn netlink_dump_order() -> impl Iterator<Item = (&'static OptionDef, NetlinkDef)> {
    InOrder::new(|nl| nl.dump_order)
}

/// Iterator over the options with a netlink attribute, by ascending key.
struct InOrder {
    /// Key by which to order, unique and at least 1.
    key: fn(&NetlinkDef) -> u8,
    /// Key of the item returned last; 0 before the first.
    last: u8,
}

impl InOrder {
    /// Starts an iteration.
    fn new(key: fn(&NetlinkDef) -> u8) -> InOrder {
        InOrder { key, last: 0 }
    }
}

impl Iterator for InOrder {
    type Item = (&'static OptionDef, NetlinkDef);

    fn next(&mut self) -> Option<Self::Item> {
        let item = OPTIONS
            .iter()
            .filter_map(|def| Some((def, def.netlink?)))
            .filter(|(_, nl)| (self.key)(nl) > self.last)
            .min_by_key(|(_, nl)| (self.key)(nl))?;
        self.last = (self.key)(&item.1);
        Some(item)
    }
}

/// What an option was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A number.
    Num(u64),
    /// Text: of a raw option after parsing, or as it was written, for a message.
    Raw(&'a [u8]),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Num(num) => num.fmt(f),
            Value::Raw(text) => Text(cut(text)).fmt(f),
        }
    }
}

/// Returns `text` up to its first newline or NUL.
fn cut(text: &[u8]) -> &[u8] {
    until_nul(text).split(|&b| b == b'\n').next().unwrap_or(&[])
}

/// Reads the decimal number at the start of `text`, after white space; `None` without a digit,
/// and for a number beyond 64 bits.
fn decimal(text: &[u8]) -> Option<u64> {
    let mut number = None;
    for digit in text
        .iter()
        .skip_while(|&&b| is_space(b))
        .take_while(|b| b.is_ascii_digit())
    {
        let value = u64::from(digit.wrapping_sub(b'0'));
        number = Some(number.unwrap_or(0u64).checked_mul(10)?.checked_add(value)?);
    }
    number
}

/// Returns the number of a netlink attribute of four bytes, which passes through an `int`: above
/// `INT_MAX` it becomes a number that no option takes.
pub(crate) fn netlink_u32(attr: u32) -> u64 {
    // CAST: Sign extension, as the conversion from `int` to `u64` in C.
    i64::from(attr as i32) as u64
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

    /// Parses what was written to the option's file or module parameter.
    ///
    /// Text is cut at the first newline or NUL. If it consists of digits and white space alone,
    /// its first number counts. Otherwise its first word, cut at 32 bytes, must be a keyword, or
    /// `default` where there is one. A raw option takes anything; its text is returned up to the
    /// first NUL, with newlines.
    pub(crate) fn parse<'a>(&self, text: &'a [u8]) -> Result<Value<'a>, OptError> {
        if self.raw {
            return Ok(Value::Raw(until_nul(text)));
        }
        let text = cut(text);
        if text.iter().all(|&b| b.is_ascii_digit() || is_space(b)) {
            return self.parse_num(decimal(text).ok_or(OptError::Invalid)?);
        }
        let word = first_word(text, MAX_WORD);
        self.keywords
            .iter()
            .find(|kw| kw.word.as_bytes() == word || (kw.default && word == b"default"))
            .map(|kw| Value::Num(kw.value))
            .ok_or(OptError::Invalid)
    }

    /// Checks a number: it must be that of a keyword, or in the range if there is one.
    ///
    /// A raw option takes no number.
    pub(crate) fn parse_num<'a>(&self, num: u64) -> Result<Value<'a>, OptError> {
        let listed = self.keywords.iter().any(|kw| kw.value == num);
        let in_range = self.max.is_some_and(|max| self.min <= num && num <= max);
        if !self.raw && (listed || in_range) {
            Ok(Value::Num(num))
        } else {
            Err(OptError::Invalid)
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

/// Numbers of the errors below, as in
/// [`include/uapi/asm-generic/errno-base.h`](srctree/include/uapi/asm-generic/errno-base.h).
mod errno {
    /// Operation not permitted.
    pub(super) const EPERM: i32 = 1;
    /// Out of memory.
    pub(super) const ENOMEM: i32 = 12;
    /// Permission denied.
    pub(super) const EACCES: i32 = 13;
    /// Device or resource busy.
    pub(super) const EBUSY: i32 = 16;
    /// No such device.
    pub(super) const ENODEV: i32 = 19;
    /// Invalid argument.
    pub(super) const EINVAL: i32 = 22;
    /// Directory not empty.
    pub(super) const ENOTEMPTY: i32 = 39;
    /// Operation not supported on transport endpoint.
    pub(super) const EOPNOTSUPP: i32 = 95;
}

/// Why an option was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptError {
    /// The value is not one of those allowed (`EINVAL`).
    Invalid,
    /// The mode of the bond refuses the option (`EACCES`).
    ModeDependency,
    /// The bond has slaves (`ENOTEMPTY`).
    HasSlaves,
    /// The bond is up (`EBUSY`).
    IsUp,
    /// There is no interface of that name (`ENODEV`).
    NoDevice,
    /// Not permitted, without explanation (`EPERM`).
    NotPermitted,
    /// A delay makes no sense without `miimon` (`EPERM`).
    MiiDisabled,
    /// The text is neither `+name` nor `-name` (`EPERM`).
    NoCommand,
    /// The bond or its devices can't do this (`EOPNOTSUPP`).
    NotSupported,
    /// Out of memory (`ENOMEM`).
    NoMemory,
    /// Another error, as a positive number.
    Errno(i32),
}

impl OptError {
    /// Returns the error for a number, which may be positive or negative.
    ///
    /// As in the C driver, an error from deeper down (`EBUSY` of an enslavement, say) is explained
    /// like the option's own.
    pub(crate) fn from_errno(errno: i32) -> OptError {
        match errno.saturating_abs() {
            errno::EINVAL => OptError::Invalid,
            errno::EACCES => OptError::ModeDependency,
            errno::ENOTEMPTY => OptError::HasSlaves,
            errno::EBUSY => OptError::IsUp,
            errno::ENODEV => OptError::NoDevice,
            errno::EPERM => OptError::NotPermitted,
            errno::EOPNOTSUPP => OptError::NotSupported,
            errno::ENOMEM => OptError::NoMemory,
            other => OptError::Errno(other),
        }
    }

    /// Returns the number of the error, positive.
    pub(crate) fn errno(&self) -> i32 {
        match self {
            OptError::Invalid => errno::EINVAL,
            OptError::ModeDependency => errno::EACCES,
            OptError::HasSlaves => errno::ENOTEMPTY,
            OptError::IsUp => errno::EBUSY,
            OptError::NoDevice => errno::ENODEV,
            OptError::NotPermitted | OptError::MiiDisabled | OptError::NoCommand => errno::EPERM,
            OptError::NotSupported => errno::EOPNOTSUPP,
            OptError::NoMemory => errno::ENOMEM,
            OptError::Errno(errno) => errno.saturating_abs(),
        }
    }

    /// Returns the line for the log (level error, after `<bond>: `), if there is one.
    ///
    /// `value` is what was asked for: the text as written, or the number of a netlink attribute.
    pub(crate) fn explain<'a>(
        &self,
        def: &'static OptionDef,
        value: Option<Value<'a>>,
        mode: Mode,
    ) -> Option<Explain<'a>> {
        let normal = match self {
            OptError::Errno(errno) => OptError::from_errno(*errno),
            other => *other,
        };
        let has_line = match normal {
            OptError::Invalid => value.is_some(),
            OptError::ModeDependency => def.is_unsupported(mode),
            OptError::NoDevice => matches!(value, Some(Value::Raw(_))),
            OptError::MiiDisabled => delay_words(def.id).is_some(),
            OptError::HasSlaves | OptError::IsUp | OptError::NoCommand => true,
            OptError::NotPermitted
            | OptError::NotSupported
            | OptError::NoMemory
            | OptError::Errno(_) => false,
        };
        has_line.then_some(Explain {
            error: normal,
            def,
            value: value.unwrap_or(Value::Raw(&[])),
            mode,
        })
    }

    /// Returns the second line for the log (level error), which says what would be accepted.
    ///
    /// For an option with a range it is the C driver's line; for one with keywords alone, where
    /// that driver says nothing, it lists them.
    pub(crate) fn allowed(&self, def: &'static OptionDef) -> Option<Allowed> {
        let invalid = self.errno() == errno::EINVAL;
        (invalid && !def.raw && !def.keywords.is_empty()).then_some(Allowed { def })
    }

    /// Returns the text for a netlink answer, if there is one.
    pub(crate) fn extack(&self, def: &OptionDef, mode: Mode) -> Option<&'static CStr> {
        match self.errno() {
            errno::EINVAL => match def.id {
                OptionId::UseCarrier => Some(c"option obsolete, use_carrier cannot be disabled"),
                _ => Some(c"invalid option value"),
            },
            errno::EACCES if def.is_unsupported(mode) => Some(c"option not supported in mode"),
            errno::ENOTEMPTY => Some(c"unable to set option because the bond device has slaves"),
            errno::EBUSY => Some(c"unable to set option because the bond is up"),
            errno::ENODEV => Some(c"interface does not exist"),
            _ => None,
        }
    }
}

/// Returns the words for a delay option in messages.
const fn delay_words(id: OptionId) -> Option<&'static str> {
    match id {
        OptionId::DownDelay => Some("down delay"),
        OptionId::UpDelay => Some("up delay"),
        OptionId::PeerNotifDelay => Some("peer notification delay"),
        _ => None,
    }
}

/// Displays why an option was not set.
#[derive(Clone, Copy)]
pub(crate) struct Explain<'a> {
    /// What went wrong; never [`OptError::Errno`] with a number which has a variant of its own.
    error: OptError,
    /// The option.
    def: &'static OptionDef,
    /// What it was given.
    value: Value<'a>,
    /// The mode of the bond.
    mode: Mode,
}

impl fmt::Display for Explain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.def.name;
        let value = &self.value;
        match self.error {
            OptError::Invalid => write!(f, "option {name}: invalid value ({value})"),
            OptError::ModeDependency => write!(
                f,
                "option {name}: mode dependency failed, not supported in mode {}({})",
                self.mode.keyword(),
                self.mode.as_u8()
            ),
            OptError::HasSlaves => write!(
                f,
                "option {name}: unable to set because the bond device has slaves"
            ),
            OptError::IsUp => write!(
                f,
                "option {name}: unable to set because the bond device is up"
            ),
            OptError::NoDevice => write!(f, "option {name}: interface {value} does not exist!"),
            OptError::MiiDisabled => write!(
                f,
                "Unable to set {} as MII monitoring is disabled",
                delay_words(self.def.id).unwrap_or(name)
            ),
            OptError::NoCommand => write!(
                f,
                "no command found in {name} file - use +ifname or -ifname"
            ),
            OptError::NotPermitted
            | OptError::NotSupported
            | OptError::NoMemory
            | OptError::Errno(_) => {
                write!(f, "option {name}: error {}", self.error.errno())
            }
        }
    }
}

/// Displays which values an option takes.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    /// The option.
    def: &'static OptionDef,
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let def = self.def;
        write!(f, "option {}: allowed values ", def.name)?;
        if let Some(max) = def.max {
            return write!(f, "{} - {max}", def.min);
        }
        for (index, keyword) in def.keywords.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} ({})", keyword.word, keyword.value)?;
        }
        Ok(())
    }
}

/// Whether a device is to be added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `+`: add.
    Plus,
    /// `-`: remove.
    Minus,
}

/// Parses what is written to `slaves` and to `bonding_masters`: the first word, cut at 16 bytes,
/// is a sign and a name (so a longer name is cut at 15 bytes).
///
/// Anything else is [`OptError::NoCommand`].
pub(crate) fn parse_slaves_cmd(text: &[u8]) -> Result<(Sign, IfName), OptError> {
    let (sign, name) = match first_word(text, 16) {
        [b'+', name @ ..] => (Sign::Plus, name),
        [b'-', name @ ..] => (Sign::Minus, name),
        _ => return Err(OptError::NoCommand),
    };
    if !is_valid_ifname(name) {
        return Err(OptError::NoCommand);
    }
    Ok((sign, IfName::from_bytes(name)))
}

/// Parses what is written to `queue_id`: a name up to the colon, then a decimal number up to
/// 65535; what follows is ignored.
///
/// Whether the device is a slave and the queue exists and is free is for the bond to check; as
/// here, the error is [`OptError::NotPermitted`].
pub(crate) fn parse_queue_id(text: &[u8]) -> Result<(IfName, u16), OptError> {
    let text = until_nul(text);
    let colon = text.iter().position(|&b| b == b':');
    let (name, rest) = colon
        .and_then(|at| text.split_at_checked(at))
        .ok_or(OptError::NotPermitted)?;
    let number = rest.get(1..).and_then(decimal);
    let queue = number.and_then(|number| u16::try_from(number).ok());
    match queue {
        Some(queue) if is_valid_ifname(name) => Ok((IfName::from_bytes(name), queue)),
        _ => Err(OptError::NotPermitted),
    }
}

/// Parses what is written to `primary`: everything up to the newline is the name, cut at 15
/// bytes; `None` if that is empty, which clears it.
pub(crate) fn parse_primary(text: &[u8]) -> Option<IfName> {
    let name = IfName::from_bytes(cut(text));
    (!name.is_empty()).then_some(name)
}

/// Parses what is written to `active_slave`: the first word, cut at 15 bytes, is the name; `None`
/// if there is no word or the text starts with a newline, which has the driver choose anew.
pub(crate) fn parse_active_slave(text: &[u8]) -> Option<IfName> {
    if text.first() == Some(&b'\n') {
        return None;
    }
    let name = IfName::from_bytes(first_word(text, 15));
    (!name.is_empty()).then_some(name)
}
