// SPDX-License-Identifier: GPL-2.0

//! The option table and the grammar of values.

use super::{
    any_mode,
    any_text,
    MODES, //
};
use crate::bond::addr::{
    is_valid_ifname,
    IfName, //
};
use crate::bond::options::{
    by_netlink,
    netlink_dump_order,
    netlink_u32,
    netlink_write_order,
    parse_active_slave,
    parse_arp_target,
    parse_primary,
    parse_queue_id,
    parse_slaves_cmd,
    OptError,
    OptionDef,
    OptionId,
    ParamKind,
    Sign,
    Value,
    Width,
    OPTIONS, //
};
use crate::bond::params::Mode;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// The facts about each option which user space relies upon: number, name, range of its numbers,
/// module parameter, sysfs mode; netlink number, bytes and place.
type Fact = (
    u8,
    &'static str,
    Option<(u64, u64)>,
    Option<(&'static str, u16)>,
    Option<(u16, u16, u8)>,
);

/// The facts.
const FACTS: [Fact; 37] = [
    (0, "mode", None, Some(("charp", 0)), Some((1, 1, 1))),
    (
        1,
        "packets_per_slave",
        Some((0, 65535)),
        Some(("int", 0)),
        Some((20, 4, 22)),
    ),
    (
        2,
        "xmit_hash_policy",
        None,
        Some(("charp", 0)),
        Some((14, 1, 16)),
    ),
    (
        3,
        "arp_validate",
        None,
        Some(("charp", 0)),
        Some((9, 4, 11)),
    ),
    (
        4,
        "arp_all_targets",
        None,
        Some(("charp", 0)),
        Some((10, 4, 12)),
    ),
    (
        5,
        "fail_over_mac",
        None,
        Some(("charp", 0)),
        Some((13, 1, 15)),
    ),
    (
        6,
        "arp_interval",
        Some((0, 0x7fff_ffff)),
        Some(("int", 0)),
        Some((7, 4, 8)),
    ),
    (
        7,
        "arp_ip_target",
        None,
        Some(("charps", 0)),
        Some((8, 128, 9)),
    ),
    (
        8,
        "downdelay",
        Some((0, 0x7fff_ffff)),
        Some(("int", 0)),
        Some((5, 4, 5)),
    ),
    (
        9,
        "updelay",
        Some((0, 0x7fff_ffff)),
        Some(("int", 0)),
        Some((4, 4, 4)),
    ),
    (10, "lacp_rate", None, Some(("charp", 0)), Some((21, 1, 24))),
    (
        11,
        "min_links",
        Some((0, 0x7fff_ffff)),
        Some(("int", 0)),
        Some((18, 4, 20)),
    ),
    (12, "ad_select", None, Some(("charp", 0)), Some((22, 1, 25))),
    (
        13,
        "num_unsol_na",
        Some((0, 255)),
        Some(("int", 0o644)),
        Some((16, 1, 18)),
    ),
    (
        14,
        "miimon",
        Some((0, 0x7fff_ffff)),
        Some(("int", 0)),
        Some((3, 4, 3)),
    ),
    (15, "primary", None, Some(("charp", 0)), Some((11, 4, 13))),
    (
        16,
        "primary_reselect",
        None,
        Some(("charp", 0)),
        Some((12, 1, 14)),
    ),
    (17, "use_carrier", None, Some(("int", 0)), Some((6, 1, 7))),
    (18, "active_slave", None, None, Some((2, 4, 2))),
    (19, "queue_id", None, None, None),
    (
        20,
        "all_slaves_active",
        None,
        Some(("int", 0)),
        Some((17, 1, 19)),
    ),
    (
        21,
        "resend_igmp",
        Some((0, 255)),
        Some(("int", 0)),
        Some((15, 4, 17)),
    ),
    (
        22,
        "lp_interval",
        Some((1, 0x7fff_ffff)),
        Some(("uint", 0)),
        Some((19, 4, 21)),
    ),
    (23, "slaves", None, None, None),
    (24, "tlb_dynamic_lb", None, None, Some((27, 1, 29))),
    (
        25,
        "ad_actor_sys_prio",
        Some((1, 65535)),
        None,
        Some((24, 2, 26)),
    ),
    (26, "ad_actor_system", None, None, Some((26, 6, 28))),
    (
        27,
        "ad_user_port_key",
        Some((0, 1023)),
        None,
        Some((25, 2, 27)),
    ),
    (
        28,
        "num_grat_arp",
        Some((0, 255)),
        Some(("int", 0o644)),
        None,
    ),
    (
        29,
        "peer_notif_delay",
        Some((0, 300_000)),
        None,
        Some((28, 4, 6)),
    ),
    (30, "lacp_active", None, None, Some((29, 1, 23))),
    (
        31,
        "arp_missed_max",
        Some((1, 255)),
        None,
        Some((30, 1, 30)),
    ),
    (32, "ns_ip6_target", None, None, Some((31, 320, 10))),
    (34, "coupled_control", None, None, Some((32, 1, 31))),
    (35, "broadcast_neighbor", None, None, Some((33, 1, 32))),
    (37, "lacp_strict", None, None, Some((34, 1, 33))),
    (128, "event_monitor", None, Some(("charp", 0)), None),
];

/// The options without a file.
const WITHOUT_FILE: [&str; 4] = [
    "ns_ip6_target",
    "coupled_control",
    "broadcast_neighbor",
    "lacp_strict",
];

#[test]
fn table_holds_the_facts() {
    assert_eq!(OPTIONS.len(), FACTS.len());
    for (def, fact) in OPTIONS.iter().zip(&FACTS) {
        let (id, name, range, param, netlink) = *fact;
        assert_eq!((def.id as u8, def.name), (id, name));
        assert_eq!(def.max.map(|max| (def.min, max)), range, "{name}");
        let kind = def.param.map(|param| match param.kind {
            ParamKind::Int(_) => ("int", param.perm),
            ParamKind::Uint(_) => ("uint", param.perm),
            ParamKind::Charp => ("charp", param.perm),
            ParamKind::Charps => ("charps", param.perm),
        });
        assert_eq!(kind, param, "{name}");
        let attr = def.netlink.map(|nl| {
            let width = match nl.width {
                Width::U8 => 1,
                Width::U16 => 2,
                Width::U32 | Width::IfIndex => 4,
                Width::Mac => 6,
                Width::Ip4List => 128,
                Width::Ip6List => 320,
            };
            (nl.attr, width, nl.write_order)
        });
        assert_eq!(attr, netlink, "{name}");
        let file = (!WITHOUT_FILE.contains(&name)).then_some(0o644);
        assert_eq!(def.sysfs, file, "{name}");
        assert!(std::ptr::eq(def.id.def(), def));
        let manual = &def.manual;
        assert!(!manual.text.is_empty(), "{name}");
        assert!(!manual.default.is_empty(), "{name}");
    }
}

#[test]
fn numbers_and_names_are_unique() {
    let ids: BTreeSet<u8> = OPTIONS.iter().map(|def| def.id as u8).collect();
    let names: BTreeSet<&str> = OPTIONS.iter().map(|def| def.name).collect();
    assert_eq!((ids.len(), names.len()), (OPTIONS.len(), OPTIONS.len()));
    for def in &OPTIONS {
        let words: BTreeSet<&str> = def.keywords.iter().map(|kw| kw.word).collect();
        let values: BTreeSet<u64> = def.keywords.iter().map(|kw| kw.value).collect();
        assert_eq!(words.len(), def.keywords.len(), "{}", def.name);
        assert_eq!(values.len(), def.keywords.len(), "{}", def.name);
        assert!(def.keywords.iter().filter(|kw| kw.default).count() <= 1);
        assert_eq!(def.raw, def.keywords.is_empty(), "{}", def.name);
    }
}

#[test]
fn netlink_orders_are_strict() {
    let with_attr = OPTIONS.iter().filter(|def| def.netlink.is_some()).count();
    let write: Vec<u8> = netlink_write_order()
        .map(|(_, nl)| nl.write_order)
        .collect();
    let dump: Vec<u8> = netlink_dump_order().map(|(_, nl)| nl.dump_order).collect();
    assert_eq!((write.len(), dump.len()), (with_attr, with_attr));
    assert!(write.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(dump.windows(2).all(|pair| pair[0] < pair[1]));
    let attrs: BTreeSet<u16> = netlink_dump_order().map(|(_, nl)| nl.attr).collect();
    assert_eq!(attrs.len(), with_attr);
    for (def, nl) in netlink_write_order() {
        assert!(std::ptr::eq(by_netlink(nl.attr).unwrap(), def));
    }
    assert!(by_netlink(0).is_none());
    let names: Vec<&str> = netlink_dump_order().map(|(def, _)| def.name).collect();
    assert_eq!(
        names,
        [
            "mode",
            "active_slave",
            "miimon",
            "updelay",
            "downdelay",
            "peer_notif_delay",
            "use_carrier",
            "arp_interval",
            "arp_ip_target",
            "arp_validate",
            "arp_all_targets",
            "ns_ip6_target",
            "primary",
            "primary_reselect",
            "fail_over_mac",
            "xmit_hash_policy",
            "resend_igmp",
            "num_unsol_na",
            "all_slaves_active",
            "min_links",
            "lp_interval",
            "packets_per_slave",
            "lacp_active",
            "lacp_rate",
            "ad_select",
            "tlb_dynamic_lb",
            "arp_missed_max",
            "coupled_control",
            "broadcast_neighbor",
            "lacp_strict",
            "ad_actor_sys_prio",
            "ad_user_port_key",
            "ad_actor_system",
        ]
    );
}

#[test]
fn keywords_of_each_option() {
    let words = |id: OptionId| -> Vec<(&str, u64)> {
        id.def()
            .keywords
            .iter()
            .map(|kw| (kw.word, kw.value))
            .collect()
    };
    let off_on = vec![("off", 0), ("on", 1)];
    assert_eq!(
        words(OptionId::Mode),
        [
            ("balance-rr", 0),
            ("active-backup", 1),
            ("balance-xor", 2),
            ("broadcast", 3),
            ("802.3ad", 4),
            ("balance-tlb", 5),
            ("balance-alb", 6)
        ]
    );
    assert_eq!(
        words(OptionId::XmitHashPolicy),
        [
            ("layer2", 0),
            ("layer3+4", 1),
            ("layer2+3", 2),
            ("encap2+3", 3),
            ("encap3+4", 4),
            ("vlan+srcmac", 5)
        ]
    );
    assert_eq!(
        words(OptionId::FailOverMac),
        [("none", 0), ("active", 1), ("follow", 2)]
    );
    assert_eq!(
        words(OptionId::PrimaryReselect),
        [("always", 0), ("better", 1), ("failure", 2)]
    );
    assert_eq!(
        words(OptionId::ArpValidate),
        [
            ("none", 0),
            ("active", 1),
            ("backup", 2),
            ("all", 3),
            ("filter", 4),
            ("filter_active", 5),
            ("filter_backup", 6)
        ]
    );
    assert_eq!(words(OptionId::ArpAllTargets), [("any", 0), ("all", 1)]);
    assert_eq!(words(OptionId::UseCarrier), [("off", 0), ("on", 1)]);
    assert_eq!(words(OptionId::AllSlavesActive), off_on);
    assert_eq!(
        words(OptionId::MiiMon),
        [("off", 0), ("maxval", 0x7fff_ffff)]
    );
    assert_eq!(
        words(OptionId::PeerNotifDelay),
        [("off", 0), ("maxval", 300_000)]
    );

    // What `default` stands for; the delay between notifications has none.
    for (name, value) in [
        ("mode", Some(0)),
        ("packets_per_slave", Some(1)),
        ("xmit_hash_policy", Some(0)),
        ("fail_over_mac", Some(0)),
        ("downdelay", Some(0)),
        ("min_links", Some(0)),
        ("num_unsol_na", Some(1)),
        ("num_grat_arp", Some(1)),
        ("miimon", Some(0)),
        ("arp_interval", Some(0)),
        ("arp_validate", Some(0)),
        ("arp_all_targets", Some(0)),
        ("arp_missed_max", Some(2)),
        ("primary_reselect", Some(0)),
        ("use_carrier", Some(1)),
        ("all_slaves_active", Some(0)),
        ("resend_igmp", Some(1)),
        ("event_monitor", Some(1)),
        ("peer_notif_delay", None),
    ] {
        let def = OPTIONS.iter().find(|def| def.name == name).unwrap();
        let expected = value.map(Value::Num).ok_or(OptError::Invalid);
        assert_eq!(def.parse(b"default\n"), expected, "{name}");
    }
}

#[test]
fn values_by_example() {
    let mode = OptionId::Mode.def();
    for text in [
        "1",
        "1\n",
        " 1 ",
        "1 2",
        "active-backup",
        " active-backup \n",
        "active-backup x",
    ] {
        assert_eq!(mode.parse(text.as_bytes()), Ok(Value::Num(1)), "{text:?}");
    }
    assert_eq!(mode.parse(b"1\0garbage"), Ok(Value::Num(1)));
    assert_eq!(mode.parse(b"1\n4"), Ok(Value::Num(1)));
    for text in [
        "",
        "\n",
        " ",
        "-1",
        "+1",
        "0x1",
        "7",
        "Active-Backup",
        "active",
        "1 x",
        "802.3AD",
        "\nactive-backup",
        "active-backup,",
    ] {
        assert_eq!(
            mode.parse(text.as_bytes()),
            Err(OptError::Invalid),
            "{text:?}"
        );
    }

    let miimon = OptionId::MiiMon.def();
    assert_eq!(miimon.parse(b"2147483647"), Ok(Value::Num(2_147_483_647)));
    assert_eq!(miimon.parse(b"2147483648"), Err(OptError::Invalid));
    assert_eq!(
        miimon.parse(b"18446744073709551617"),
        Err(OptError::Invalid)
    );
    assert_eq!(miimon.parse(b"off"), Ok(Value::Num(0)));
    assert_eq!(miimon.parse(b"maxval"), Ok(Value::Num(2_147_483_647)));
    assert_eq!(miimon.parse(b"000100"), Ok(Value::Num(100)));

    assert_eq!(
        OptionId::UseCarrier.def().parse(b"2"),
        Err(OptError::Invalid)
    );
    assert_eq!(OptionId::UseCarrier.def().parse(b"1"), Ok(Value::Num(1)));
    assert_eq!(
        OptionId::Primary.def().parse(b"eth0\n\0x"),
        Ok(Value::Raw(b"eth0\n"))
    );
}

#[test]
fn netlink_numbers_pass_through_an_int() {
    let def = OptionId::MiiMon.def();
    assert_eq!(def.parse_num(netlink_u32(100)), Ok(Value::Num(100)));
    assert_eq!(
        def.parse_num(netlink_u32(0x8000_0000)),
        Err(OptError::Invalid)
    );
    assert_eq!(netlink_u32(u32::MAX), u64::MAX);
}

#[test]
fn gate_checks_in_order() {
    let mode = OptionId::Mode.def();
    assert_eq!(mode.gate(Mode::Xor, true, true), Err(OptError::HasSlaves));
    assert_eq!(mode.gate(Mode::Xor, false, true), Err(OptError::IsUp));
    assert_eq!(mode.gate(Mode::Xor, false, false), Ok(()));
    let policy = OptionId::FailOverMac.def();
    assert_eq!(
        policy.gate(Mode::RoundRobin, true, false),
        Err(OptError::HasSlaves)
    );
    assert_eq!(policy.gate(Mode::RoundRobin, false, true), Ok(()));

    let only_in = |id: OptionId| -> Vec<u8> {
        MODES
            .iter()
            .filter(|&&mode| id.def().gate(mode, false, false).is_ok())
            .map(|mode| mode.as_u8())
            .collect()
    };
    for def in &OPTIONS {
        let expected: &[u8] = match def.id {
            OptionId::PacketsPerSlave => &[0],
            OptionId::Primary | OptionId::ActiveSlave => &[1, 5, 6],
            OptionId::TlbDynamicLb => &[5, 6],
            OptionId::LacpRate
            | OptionId::LacpActive
            | OptionId::LacpStrict
            | OptionId::AdActorSysPrio
            | OptionId::AdActorSystem
            | OptionId::AdUserPortKey
            | OptionId::CoupledControl
            | OptionId::BroadcastNeighbor => &[4],
            OptionId::ArpInterval | OptionId::ArpValidate | OptionId::ArpMissedMax => &[0, 1, 2, 3],
            _ => &[0, 1, 2, 3, 4, 5, 6],
        };
        assert_eq!(only_in(def.id), expected, "{}", def.name);
    }
}

#[test]
fn words_for_each_error() {
    let line = |error: OptError, id: OptionId, value, mode| {
        error
            .explain(id.def(), value, mode)
            .map(|line| line.to_string())
    };
    let some = |text: &str| Some(text.to_string());
    let rr = Mode::RoundRobin;
    let raw = Some(Value::Raw(b"foo bar\n"));

    assert_eq!(
        line(OptError::Invalid, OptionId::MiiMon, raw, rr),
        some("option miimon: invalid value (foo bar)")
    );
    assert_eq!(
        line(
            OptError::Errno(22),
            OptionId::MiiMon,
            Some(Value::Num(7)),
            rr
        ),
        some("option miimon: invalid value (7)")
    );
    assert_eq!(
        line(OptError::ModeDependency, OptionId::Primary, raw, rr),
        some("option primary: mode dependency failed, not supported in mode balance-rr(0)")
    );
    assert_eq!(
        line(
            OptError::ModeDependency,
            OptionId::Primary,
            raw,
            Mode::ActiveBackup
        ),
        None
    );
    assert_eq!(
        line(OptError::HasSlaves, OptionId::Mode, raw, rr),
        some("option mode: unable to set because the bond device has slaves")
    );
    assert_eq!(
        line(OptError::IsUp, OptionId::Mode, raw, rr),
        some("option mode: unable to set because the bond device is up")
    );
    assert_eq!(
        line(OptError::from_errno(-16), OptionId::Slaves, raw, rr),
        some("option slaves: unable to set because the bond device is up")
    );
    assert_eq!(
        line(
            OptError::NoDevice,
            OptionId::ActiveSlave,
            Some(Value::Raw(b"eth9\n")),
            rr
        ),
        some("option active_slave: interface eth9 does not exist!")
    );
    assert_eq!(
        line(
            OptError::NoDevice,
            OptionId::ActiveSlave,
            Some(Value::Num(9)),
            rr
        ),
        None
    );
    for (id, words) in [
        (OptionId::UpDelay, "up delay"),
        (OptionId::DownDelay, "down delay"),
        (OptionId::PeerNotifDelay, "peer notification delay"),
    ] {
        assert_eq!(
            line(OptError::MiiDisabled, id, raw, rr),
            Some(format!(
                "Unable to set {words} as MII monitoring is disabled"
            ))
        );
    }
    assert_eq!(
        line(OptError::NoCommand, OptionId::Slaves, raw, rr),
        some("no command found in slaves file - use +ifname or -ifname")
    );
    for error in [
        OptError::NotPermitted,
        OptError::NotSupported,
        OptError::NoMemory,
        OptError::Errno(14),
    ] {
        assert_eq!(line(error, OptionId::QueueId, raw, rr), None);
        assert_eq!(error.extack(OptionId::QueueId.def(), rr), None);
    }

    let allowed = |id: OptionId| {
        OptError::Invalid
            .allowed(id.def())
            .map(|line| line.to_string())
    };
    assert_eq!(
        allowed(OptionId::MiiMon),
        some("option miimon: allowed values 0 - 2147483647")
    );
    assert_eq!(
        allowed(OptionId::FailOverMac),
        some("option fail_over_mac: allowed values none (0), active (1), follow (2)")
    );
    assert_eq!(allowed(OptionId::Slaves), None);
    assert!(OptError::IsUp.allowed(OptionId::MiiMon.def()).is_none());
}

#[test]
fn numbers_and_extack_of_each_error() {
    for (error, errno, extack) in [
        (OptError::Invalid, 22, Some(c"invalid option value")),
        (
            OptError::ModeDependency,
            13,
            Some(c"option not supported in mode"),
        ),
        (
            OptError::HasSlaves,
            39,
            Some(c"unable to set option because the bond device has slaves"),
        ),
        (
            OptError::IsUp,
            16,
            Some(c"unable to set option because the bond is up"),
        ),
        (OptError::NoDevice, 19, Some(c"interface does not exist")),
        (OptError::NotPermitted, 1, None),
        (OptError::MiiDisabled, 1, None),
        (OptError::NoCommand, 1, None),
        (OptError::NotSupported, 95, None),
        (OptError::NoMemory, 12, None),
        (OptError::Errno(5), 5, None),
    ] {
        assert_eq!(error.errno(), errno);
        assert_eq!(error.extack(OptionId::Primary.def(), Mode::Xor), extack);
        assert_eq!(OptError::from_errno(errno).errno(), errno);
        assert_eq!(OptError::from_errno(-errno).errno(), errno);
    }
    assert_eq!(OptError::from_errno(i32::MIN).errno(), i32::MAX);
}

#[test]
fn slave_commands_by_example() {
    let ok = |sign, name: &[u8]| Ok((sign, IfName::from_bytes(name)));
    assert_eq!(parse_slaves_cmd(b"+eth0\n"), ok(Sign::Plus, b"eth0"));
    assert_eq!(parse_slaves_cmd(b" -eth0 junk"), ok(Sign::Minus, b"eth0"));
    assert_eq!(parse_slaves_cmd(b"\n+eth0"), ok(Sign::Plus, b"eth0"));
    assert_eq!(
        parse_slaves_cmd(b"+0123456789abcdefgh"),
        ok(Sign::Plus, b"0123456789abcde")
    );
    assert_eq!(parse_slaves_cmd(b"+b%d"), ok(Sign::Plus, b"b%d"));
    assert_eq!(parse_slaves_cmd(b"++a"), ok(Sign::Plus, b"+a"));
    for text in [
        "", "\n", "eth0", "+", "-\n", "+ eth0", "+.", "+..", "+a/b", "+a:b", "*eth0",
    ] {
        assert_eq!(
            parse_slaves_cmd(text.as_bytes()),
            Err(OptError::NoCommand),
            "{text:?}"
        );
    }
}

#[test]
fn queue_ids_by_example() {
    let ok = |name: &[u8], queue| Ok((IfName::from_bytes(name), queue));
    assert_eq!(parse_queue_id(b"eth0:2\n"), ok(b"eth0", 2));
    assert_eq!(parse_queue_id(b"eth0: 2x"), ok(b"eth0", 2));
    assert_eq!(parse_queue_id(b"eth0:65535"), ok(b"eth0", 65535));
    for text in [
        "",
        "eth0",
        "eth0:",
        "eth0:x",
        "eth0:-1",
        "eth0:65536",
        ":1",
        " eth0:1",
        "a/b:1",
        "0123456789abcdef:1",
        "eth0::1",
    ] {
        assert_eq!(
            parse_queue_id(text.as_bytes()),
            Err(OptError::NotPermitted),
            "{text:?}"
        );
    }
}

#[test]
fn names_by_example() {
    let some = |name: &[u8]| Some(IfName::from_bytes(name));
    assert_eq!(parse_primary(b"eth0\n"), some(b"eth0"));
    assert_eq!(parse_primary(b"eth 0"), some(b"eth 0"));
    assert_eq!(parse_primary(b"\n"), None);
    assert_eq!(parse_primary(b""), None);
    assert_eq!(parse_active_slave(b" eth0 x"), some(b"eth0"));
    assert_eq!(parse_active_slave(b"\neth0"), None);
    assert_eq!(parse_active_slave(b"  \n"), None);
}

/// Reads a value as the C driver does, step by step over a C string; what it lets wrap around is
/// an error.
fn model(def: &OptionDef, text: &[u8]) -> Option<u64> {
    let space = |b: u8| b == b' ' || (9..=13).contains(&b) || b == 0xa0;
    let end = text.iter().position(|b| *b == 0).unwrap_or(text.len());
    let mut text = &text[..end];
    if let Some(at) = text.iter().position(|b| *b == b'\n') {
        text = &text[..at];
    }
    let mut start = 0;
    while start < text.len() && space(text[start]) {
        start += 1;
    }
    let numeric = text.iter().all(|&b| b.is_ascii_digit() || space(b));
    let mut end = start;
    while end < text.len() && !space(text[end]) && (numeric || end - start < 32) {
        end += 1;
    }
    let word = &text[start..end];
    if numeric {
        let number: u64 = std::str::from_utf8(word).ok()?.parse().ok()?;
        let exact = def.keywords.iter().any(|kw| kw.value == number);
        return (exact || def.max.is_some_and(|max| (def.min..=max).contains(&number)))
            .then_some(number);
    }
    for kw in def.keywords {
        if (word == b"default" && kw.default) || word == kw.word.as_bytes() {
            return Some(kw.value);
        }
    }
    None
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn parser_takes_exactly_the_grammar(
        row in 0..OPTIONS.len(),
        text in prop_oneof![any_text(), prop::collection::vec(any::<u8>(), 0..64)],
    ) {
        let def = &OPTIONS[row];
        let expected = if def.raw {
            Ok(Value::Raw(text.split(|b| *b == 0).next().unwrap()))
        } else {
            model(def, &text).map(Value::Num).ok_or(OptError::Invalid)
        };
        prop_assert_eq!(def.parse(&text), expected);
    }

    #[test]
    fn each_keyword_is_its_number(row in 0..OPTIONS.len(), tail in "[ \t][a-z ]{0,9}|\n?") {
        let def = &OPTIONS[row];
        for kw in def.keywords {
            let text = format!("{}{tail}", kw.word);
            prop_assert_eq!(def.parse(text.as_bytes()), Ok(Value::Num(kw.value)));
            let digits = kw.value.to_string();
            prop_assert_eq!(def.parse(digits.as_bytes()), Ok(Value::Num(kw.value)));
            prop_assert_eq!(def.keyword_of(kw.value), kw.word);
        }
    }

    #[test]
    fn commands_never_panic(text in prop_oneof![
        any_text(),
        prop::collection::vec(any::<u8>(), 0..64),
    ]) {
        if let Ok((_, name)) = parse_slaves_cmd(&text) {
            prop_assert!(is_valid_ifname(name.as_bytes()));
        }
        if let Ok((name, _)) = parse_queue_id(&text) {
            prop_assert!(is_valid_ifname(name.as_bytes()));
        }
        prop_assert!(parse_primary(&text).is_none_or(|name| !name.is_empty()));
        prop_assert!(parse_active_slave(&text).is_none_or(|name| !name.is_empty()));
    }

    #[test]
    fn commands_round_trip(name in "[a-z][a-z0-9.%_-]{0,14}", queue: u16, plus: bool) {
        let sign = if plus { '+' } else { '-' };
        let meant = if plus { Sign::Plus } else { Sign::Minus };
        let expected = (meant, IfName::from_bytes(name.as_bytes()));
        prop_assert_eq!(parse_slaves_cmd(format!("{sign}{name}\n").as_bytes()), Ok(expected));
        prop_assert_eq!(
            parse_queue_id(format!("{name}:{queue}\n").as_bytes()),
            Ok((expected.1, queue))
        );
        prop_assert_eq!(parse_primary(format!("{name}\n").as_bytes()), Some(expected.1));
        prop_assert_eq!(parse_active_slave(format!("{name}\n").as_bytes()), Some(expected.1));
    }

    #[test]
    fn errors_never_panic(
        errno: i32,
        row in 0..OPTIONS.len(),
        text in any_text(),
        mode in any_mode(),
    ) {
        let def = &OPTIONS[row];
        for error in [OptError::Errno(errno), OptError::from_errno(errno)] {
            if let Some(line) = error.explain(def, Some(Value::Raw(&text)), mode) {
                prop_assert!(!line.to_string().contains('\n'));
            }
            let _ = error.allowed(def).map(|line| line.to_string());
            let _ = error.extack(def, mode);
            prop_assert!(error.errno() >= 0);
        }
    }
}

#[test]
fn arp_targets_by_example() {
    let target = |text: &[u8]| parse_arp_target(text).map(|(sign, ip)| (sign, ip.to_string()));
    let host = |sign, ip: &str| Ok((sign, ip.to_string()));
    for text in [
        "+10.0.0.1",
        "+10.0.0.1\n",
        "+10.0.0.1 x",
        "+10.0.0.1:9",
        "+010.0.000.1",
    ] {
        assert_eq!(
            target(text.as_bytes()),
            host(Sign::Plus, "10.0.0.1"),
            "{text:?}"
        );
    }
    assert_eq!(target(b"-1.2.3.4"), host(Sign::Minus, "1.2.3.4"));
    assert_eq!(
        target(b"+255.255.255.255"),
        host(Sign::Plus, "255.255.255.255")
    );
    for text in [
        "",
        "+",
        "-",
        "+10.0.0",
        "+10.0.0.256",
        "+10.0.0.1.",
        "+10.0.0.1a",
        "+ 10.0.0.1",
        "+10..0.1",
        "+\n",
        "+a.b.c.d",
    ] {
        assert_eq!(target(text.as_bytes()), Err(OptError::NoTarget), "{text:?}");
    }
    // The first character is taken for a sign before it is looked at.
    assert_eq!(target(b"10.0.0.1"), Err(OptError::NoTargetCommand));
    assert_eq!(target(b"*10.0.0.1"), Err(OptError::NoTargetCommand));
}

proptest! {
    #[test]
    fn any_text_is_a_target_or_an_error(text in any_text()) {
        if let Ok((_, ip)) = parse_arp_target(&text) {
            let shown = format!("+{ip}\n");
            prop_assert_eq!(parse_arp_target(shown.as_bytes()).unwrap().1, ip);
        }
    }
}
