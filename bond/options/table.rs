// SPDX-License-Identifier: GPL-2.0

//! The one table of options: each is described here, once, and nowhere else.

#![forbid(unsafe_code)]

use super::{
    charp_param,
    charps_param,
    int_param,
    kw,
    kw_default,
    manual,
    nl,
    nl_orders,
    uint_param,
    Format,
    Keyword,
    ModeSet,
    NetlinkDef,
    OptionDef,
    OptionId,
    ParamDef,
    ParamKind,
    Width, //
};
use crate::bond::params::INT_MAX;

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
const COUNT: usize = 37;

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
            kw("802.3ad", 4),
            kw("balance-tlb", 5),
            kw("balance-alb", 6),
        ],
        no_slaves: true,
        if_down: true,
        param: charp_param(
            "Mode: balance-rr or 0 (default), active-backup or 1, balance-xor or 2, \
             broadcast or 3, 802.3ad or 4, balance-tlb or 5, balance-alb or 6",
        ),
        format: Format::KeywordNumber,
        netlink: nl(1, Width::U8, 1),
        manual: manual(
            "",
            "balance-rr",
            "How frames are spread over the slaves: in turn (`balance-rr`), all through one \
             slave while the others wait (`active-backup`), by a hash over addresses \
             (`balance-xor`), every frame on every slave (`broadcast`), by the same hash over \
             those slaves which LACP has negotiated with the partner (`802.3ad`), by the load of \
             slaves and flows, each slave with an address of its own, while one of them receives \
             (`balance-tlb`), or so that all receive, too: by ARP each peer is told the address of \
             one of them (`balance-alb`).",
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
        keywords: &[
            kw_default("layer2", 0),
            kw("layer3+4", 1),
            kw("layer2+3", 2),
            kw("encap2+3", 3),
            kw("encap3+4", 4),
            kw("vlan+srcmac", 5),
        ],
        param: charp_param(
            "What balance-xor, 802.3ad, balance-tlb and balance-alb hash: layer2 or 0 (default), \
             layer3+4 or 1, \
             layer2+3 or 2, \
             encap2+3 or 3, encap3+4 or 4, vlan+srcmac or 5",
        ),
        format: Format::KeywordNumber,
        netlink: nl(14, Width::U8, 16),
        manual: manual(
            "",
            "layer2",
            "What the hash which chooses the slave is made of. `layer2`: the last byte of both \
             Ethernet addresses, and the Ethernet type; all frames between two stations take \
             the same slave. `layer2+3`: that, and the addresses of IP. `layer3+4`: the addresses \
             and ports of IP (the identifier of an ICMP echo), so that connections are spread; \
             fragments have no ports, so they may take another slave than the whole packets of \
             their flow. `encap2+3`, `encap3+4`: the same of what is inside tunnels and VLAN tags. \
             `vlan+srcmac`: the VLAN (its whole tag), and the Ethernet source address; frames of \
             XDP don't tell it. Frames which lack what a policy wants are hashed by `layer2`. May \
             be changed at any time. Used by `balance-xor`, `802.3ad`, `balance-tlb` and, \
             unless load decides, `balance-alb`, kept in the other modes.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::ArpValidate,
        name: "arp_validate",
        keywords: &[
            kw_default("none", 0),
            kw("active", 1),
            kw("backup", 2),
            kw("all", 3),
            kw("filter", 4),
            kw("filter_active", 5),
            kw("filter_backup", 6),
        ],
        unsupported: ModeSet::WITHOUT_ARP,
        param: charp_param(
            "What counts as a sign of life for arp_interval: none or 0 (default), active or 1, \
             backup or 2, all or 3, filter or 4, filter_active or 5, filter_backup or 6",
        ),
        format: Format::KeywordNumber,
        netlink: nl_orders(9, Width::U32, 11, 10),
        manual: manual(
            "",
            "none",
            "What counts as a sign of life when `arp_interval` is set. `none`: any frame that a \
             slave receives, so that a busy network hides dead targets. `active`: on active \
             slaves, answers of a target to the bond. `backup`: on backups, the bond's own \
             questions, which switches bring there while the active slave gets answers. `all`: \
             both. `filter`: any ARP, and nothing else; `filter_active` and `filter_backup` \
             judge active slaves or backups as above, and filter for the others. Changing `mode` \
             or setting `miimon` resets it.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::ArpAllTargets,
        name: "arp_all_targets",
        keywords: &[kw_default("any", 0), kw("all", 1)],
        param: charp_param(
            "Which targets of arp_ip_target a slave must hear of: any or 0 (default), all or 1",
        ),
        format: Format::KeywordNumber,
        netlink: nl_orders(10, Width::U32, 12, 11),
        manual: manual(
            "",
            "any",
            "Whether a slave is up while it hears of `any` target, or only while it hears of \
             `all`. It matters in `active-backup` mode, where `arp_validate` judges frames.",
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
        id: OptionId::ArpInterval,
        name: "arp_interval",
        keywords: OFF_TO_INT_MAX,
        max: MAX_INT,
        unsupported: ModeSet::WITHOUT_ARP,
        param: int_param(
            0,
            "ARP monitoring interval in milliseconds; 0 is no monitoring",
        ),
        netlink: nl(7, Width::U32, 8),
        manual: manual(
            "ms",
            "0",
            "Turns ARP monitoring on, and says how often the hosts of `arp_ip_target` are asked. A \
             slave is up while it hears from them, so that a path which is dead without loss of \
             carrier is noticed. In `active-backup` mode the active slave asks, or, while there is \
             none, one slave after the other; in the other modes all do. Setting it turns `miimon` \
             off, and the other way round.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::ArpIpTarget,
        name: "arp_ip_target",
        raw: true,
        param: charps_param("Hosts to ask for arp_interval, up to 16 as a.b.c.d"),
        format: Format::Addresses,
        netlink: nl(8, Width::Ip4List, 9),
        manual: manual(
            "",
            "none",
            "The hosts that ARP monitoring asks for, up to 16. In sysfs `+a.b.c.d` adds one and \
             `-a.b.c.d` removes one; by netlink the list is replaced.",
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
        id: OptionId::LacpRate,
        name: "lacp_rate",
        keywords: &[kw("slow", 0), kw("fast", 1)],
        if_down: true,
        unsupported: ModeSet::ALL_BUT_AD,
        param: charp_param("802.3ad: how often partners are to send, slow or 0 (default), fast or 1"),
        format: Format::KeywordNumber,
        netlink: nl(21, Width::U8, 24),
        manual: manual(
            "",
            "slow",
            "How often an 802.3ad bond asks its partner to send LACPDUs: every 30 seconds (`slow`) \
             or every second (`fast`).",
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
    OptionDef {
        id: OptionId::AdSelect,
        name: "ad_select",
        keywords: &[
            kw_default("stable", 0),
            kw("bandwidth", 1),
            kw("count", 2),
            kw("actor_port_prio", 3),
        ],
        if_down: true,
        param: charp_param(
            "802.3ad: which aggregator is used, stable or 0 (default), bandwidth or 1, count or 2, \
             actor_port_prio or 3",
        ),
        format: Format::KeywordNumber,
        netlink: nl(22, Width::U8, 25),
        manual: manual(
            "",
            "stable",
            "Which aggregator an 802.3ad bond uses. `stable`: the one in use until it has no ports. \
             `bandwidth`, `count`, `actor_port_prio`: that with the greatest bandwidth, number of \
             ports, or sum of port priorities, at every change. The other modes keep the setting \
             without using it.",
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
             is for those it doesn't report; 100 is usual. With 0, and neither arp_interval nor \
             event_monitor=always, a slave counts as up for ever, so there is no failover.",
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
        keywords: &[kw("off", 0), kw_default("on", 1)],
        param: int_param(
            1,
            "What miimon looks at: 1 is the carrier that the kernel knows of (default), 0 asks the \
             driver by ethtool or MII registers",
        ),
        netlink: nl(6, Width::U8, 7),
        manual: manual(
            "",
            "1",
            "What `miimon` looks at. `on`: the carrier which a slave's driver has reported to the \
             kernel. `off`: what the driver says when it is asked, by ethtool or else by the MII \
             registers, for drivers which don't report. Asking takes the kernel's RTNL at each \
             interval; a slave that can't be asked counts as up.",
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
            "Binds a transmit queue of the bond to a slave, written as `slave:queue`. In `balance-rr` \
             and `active-backup` modes, frames on that queue (`tc`'s skbedit chooses one, say) leave \
             by that slave while its link is up, and by the mode's choice otherwise. 0 binds \
             nothing; two slaves can't have the same queue.",
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
        id: OptionId::LpInterval,
        name: "lp_interval",
        keywords: &[
            kw_default("minval", 1),
            // CAST: Lossless; `From` is not usable in a constant.
            kw("maxval", INT_MAX as u64),
        ],
        min: 1,
        max: MAX_INT,
        param: uint_param(
            1,
            "Seconds between the learning packets of balance-tlb and balance-alb",
        ),
        netlink: nl(19, Width::U32, 21),
        manual: manual(
            "s",
            "1",
            "How often the balance-tlb and balance-alb modes send learning packets to the switches. \
             The other modes keep the setting without using it.",
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
        id: OptionId::TlbDynamicLb,
        name: "tlb_dynamic_lb",
        keywords: &[kw("off", 0), kw_default("on", 1)],
        if_down: true,
        unsupported: ModeSet::ALL_BUT_LB,
        netlink: nl(27, Width::U8, 29),
        manual: manual(
            "",
            "1",
            "Whether the balance-tlb and balance-alb modes move flows by load (1), or spread them by \
             hash alone (0).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::AdActorSysPrio,
        name: "ad_actor_sys_prio",
        keywords: &[kw("minval", 1), kw_default("maxval", 65535)],
        min: 1,
        max: Some(65535),
        unsupported: ModeSet::ALL_BUT_AD,
        format: Format::AdOnly,
        netlink: nl_orders(24, Width::U16, 26, 34),
        manual: manual(
            "",
            "65535",
            "The bond's system priority in 802.3ad mode; the lower number counts more.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::AdActorSystem,
        name: "ad_actor_system",
        raw: true,
        unsupported: ModeSet::ALL_BUT_AD,
        format: Format::AdOnly,
        netlink: nl_orders(26, Width::Mac, 28, 36),
        manual: manual(
            "",
            "the bond's MAC address",
            "The MAC address by which an 802.3ad bond calls itself in LACPDUs.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::AdUserPortKey,
        name: "ad_user_port_key",
        keywords: &[kw_default("minval", 0), kw("maxval", 1023)],
        max: Some(1023),
        if_down: true,
        unsupported: ModeSet::ALL_BUT_AD,
        format: Format::AdOnly,
        netlink: nl_orders(25, Width::U16, 27, 35),
        manual: manual(
            "",
            "0",
            "The upper ten bits of the key of an 802.3ad bond's ports.",
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
    OptionDef {
        id: OptionId::LacpActive,
        name: "lacp_active",
        keywords: &[kw("off", 0), kw_default("on", 1)],
        if_down: true,
        unsupported: ModeSet::ALL_BUT_AD,
        format: Format::KeywordNumber,
        netlink: nl(29, Width::U8, 23),
        manual: manual(
            "",
            "on",
            "Whether an 802.3ad bond sends LACPDUs unasked (`on`), or only to a partner which does \
             (`off`).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::ArpMissedMax,
        name: "arp_missed_max",
        keywords: &[kw("minval", 1), kw("maxval", 255), kw_default("default", 2)],
        min: 1,
        max: Some(255),
        unsupported: ModeSet::WITHOUT_ARP,
        netlink: nl(30, Width::U8, 30),
        manual: manual(
            "intervals",
            "2",
            "After how many intervals of `arp_interval` without a sign of life a slave is down; \
             backups have one more.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::NsIp6Target,
        name: "ns_ip6_target",
        raw: true,
        sysfs: None,
        format: Format::Addresses,
        netlink: nl_orders(31, Width::Ip6List, 10, 12),
        manual: manual(
            "",
            "none",
            "The IPv6 hosts that ARP monitoring asks for by neighbour solicitations, up to 16, \
             beside those of `arp_ip_target`. The list is replaced by netlink.",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::CoupledControl,
        name: "coupled_control",
        keywords: &[kw_default("on", 1), kw("off", 0)],
        if_down: true,
        unsupported: ModeSet::ALL_BUT_AD,
        sysfs: None,
        netlink: nl(32, Width::U8, 31),
        manual: manual(
            "",
            "on",
            "Whether the ports of an 802.3ad bond begin to collect and to distribute at once (`on`), \
             or one after the other (`off`).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::BroadcastNeighbor,
        name: "broadcast_neighbor",
        keywords: &[kw_default("off", 0), kw("on", 1)],
        unsupported: ModeSet::ALL_BUT_AD,
        sysfs: None,
        netlink: nl(33, Width::U8, 32),
        manual: manual(
            "",
            "off",
            "Whether an 802.3ad bond sends ARP and neighbour discovery by every port (`on`).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::LacpStrict,
        name: "lacp_strict",
        keywords: &[kw_default("off", 0), kw("on", 1)],
        unsupported: ModeSet::ALL_BUT_AD,
        sysfs: None,
        netlink: nl(34, Width::U8, 33),
        manual: manual(
            "",
            "off",
            "Whether an 802.3ad bond has carrier only while a port has negotiated with a partner \
             (`on`).",
        ),
        ..ROW
    },
    OptionDef {
        id: OptionId::EventMonitor,
        name: "event_monitor",
        keywords: &[kw("off", 0), kw_default("auto", 1), kw("always", 2)],
        param: charp_param(
            "When the kernel reports a link: off or 0, auto or 1 (default), always or 2",
        ),
        format: Format::KeywordNumber,
        manual: manual(
            "",
            "auto",
            "What a slave's link is worth that the kernel reports. `auto`: with `miimon` set, it is \
             acted upon at once, and `miimon` is for devices which don't report. `always`: it is \
             acted upon even if `miimon` is 0, where slaves would count as up for ever. `off`: \
             it is not; links are looked at every `miimon`, as in the C driver, which doesn't \
             have this option.",
        ),
        ..ROW
    },
];
