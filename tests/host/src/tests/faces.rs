// SPDX-License-Identifier: GPL-2.0

//! The text of sysfs and procfs.

use super::{
    any_params,
    any_text, //
};
use crate::bond::addr::{
    HwAddr,
    IfName, //
};
use crate::bond::options::{
    Format,
    OptionId,
    Value,
    OPTIONS, //
};
use crate::bond::params::{
    ArpValidate,
    FailOverMac,
    Mode,
    Params,
    PrimaryReselect, //
};
use crate::bond::snapshot::{
    BondSnapshot,
    SlaveSnapshot, //
};
use crate::monitor::link::{
    Duplex,
    LinkState, //
};
use crate::monitor::targets::Targets;
use crate::procfs;
use crate::sysfs::format::{
    bonding_masters,
    BOND_ATTRS,
    SLAVE_ATTRS, //
};
use proptest::prelude::*;

/// Returns the name made of `text`.
fn name(text: &str) -> IfName {
    IfName::from_bytes(text.as_bytes())
}

/// Returns two slaves, of which the second one is down.
fn slaves() -> [SlaveSnapshot; 2] {
    let eth0 = SlaveSnapshot {
        name: name("eth0"),
        link: LinkState::Up,
        speed: Some(1000),
        duplex: Duplex::Full,
        link_failures: 1,
        perm_hwaddr: HwAddr::ether([0x52, 0x54, 0, 0x12, 0x34, 0x56]),
        queue_id: 0,
        backup: false,
        prio: 0,
        lacp: None,
    };
    let eth1 = SlaveSnapshot {
        name: name("eth1"),
        link: LinkState::Down,
        speed: None,
        duplex: Duplex::Unknown,
        link_failures: 4_294_967_295,
        perm_hwaddr: HwAddr::ether([0x52, 0x54, 0, 0x12, 0x34, 0x57]),
        queue_id: 7,
        backup: true,
        prio: -3,
        lacp: None,
    };
    [eth0, eth1]
}

/// Returns an active-backup bond of these slaves.
fn bond(slaves: &[SlaveSnapshot]) -> BondSnapshot<'_> {
    BondSnapshot {
        name: name("bond0"),
        lacp: None,
        privileged: || true,
        params: Params {
            mode: Mode::ActiveBackup,
            miimon: 100,
            updelay: 2,
            downdelay: 3,
            ..Params::DEFAULT
        },
        targets: Targets::NONE,
        mii_up: true,
        primary: Some(name("eth0")),
        primary_ifindex: Some(2),
        active: Some(name("eth0")),
        active_ifindex: Some(2),
        slaves,
        kernel_release: "7.3.4",
    }
}

/// Returns the whole file of `/proc/net/bonding`.
fn proc_text(bond: &BondSnapshot<'_>) -> String {
    let mut text = String::new();
    procfs::format::header(bond, &mut text).unwrap();
    for slave in bond.slaves {
        procfs::format::slave(bond, slave, &mut text).unwrap();
    }
    text
}

/// Returns what the sysfs file of an option reads.
fn show(id: OptionId, bond: &BondSnapshot<'_>) -> String {
    let mut text = String::new();
    id.def().show(bond, &mut text).unwrap();
    text
}

/// `/proc/net/bonding/bond0` of an active-backup bond of two slaves.
const GOLDEN: &str = "\
Ethernet Channel Bonding Driver: v7.3.4

Bonding Mode: fault-tolerance (active-backup)
Primary Slave: eth0 (primary_reselect always)
Currently Active Slave: eth0
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 200
Down Delay (ms): 300
Peer Notification Delay (ms): 0

Slave Interface: eth0
MII Status: up
Speed: 1000 Mbps
Duplex: full
Link Failure Count: 1
Permanent HW addr: 52:54:00:12:34:56
Slave queue ID: 0

Slave Interface: eth1
MII Status: down
Speed: Unknown
Duplex: Unknown
Link Failure Count: 4294967295
Permanent HW addr: 52:54:00:12:34:57
Slave queue ID: 7
";

#[test]
fn proc_of_active_backup() {
    assert_eq!(proc_text(&bond(&slaves())), GOLDEN);
}

#[test]
fn proc_of_a_bond_with_nothing() {
    let mut bond = bond(&[]);
    bond.params.fail_over_mac = FailOverMac::Follow;
    bond.primary = None;
    bond.active = None;
    bond.mii_up = false;
    assert_eq!(
        proc_text(&bond),
        "Ethernet Channel Bonding Driver: v7.3.4\n\
         \n\
         Bonding Mode: fault-tolerance (active-backup) (fail_over_mac follow)\n\
         Primary Slave: None\n\
         Currently Active Slave: None\n\
         MII Status: down\n\
         MII Polling Interval (ms): 100\n\
         Up Delay (ms): 200\n\
         Down Delay (ms): 300\n\
         Peer Notification Delay (ms): 0\n"
    );
}

#[test]
fn proc_of_the_other_modes() {
    let tail = "MII Status: up\n\
                MII Polling Interval (ms): 0\n\
                Up Delay (ms): 0\n\
                Down Delay (ms): 0\n\
                Peer Notification Delay (ms): 0\n";
    for (mode, lines) in [
        (
            Mode::RoundRobin,
            "Bonding Mode: load balancing (round-robin)\n",
        ),
        (
            Mode::Xor,
            "Bonding Mode: load balancing (xor)\nTransmit Hash Policy: layer2 (0)\n",
        ),
        (
            Mode::Broadcast,
            "Bonding Mode: fault-tolerance (broadcast)\n",
        ),
    ] {
        let mut bond = bond(&[]);
        bond.params = Params {
            mode,
            // Of no interest outside of active-backup mode.
            fail_over_mac: FailOverMac::Active,
            ..Params::DEFAULT
        };
        let head = "Ethernet Channel Bonding Driver: v7.3.4\n\n";
        assert_eq!(proc_text(&bond), format!("{head}{lines}{tail}"));
    }
}

#[test]
fn proc_of_each_link_state() {
    let mut slave = slaves()[0];
    for (link, duplex, lines) in [
        (
            LinkState::Up,
            Duplex::Half,
            "MII Status: up\nSpeed: 1000 Mbps\nDuplex: half\n",
        ),
        (
            LinkState::Fail,
            Duplex::Full,
            "MII Status: going down\nSpeed: 1000 Mbps\nDuplex: full\n",
        ),
        (
            LinkState::Back,
            Duplex::Full,
            "MII Status: going back\nSpeed: 1000 Mbps\nDuplex: full\n",
        ),
    ] {
        slave.link = link;
        slave.duplex = duplex;
        let mut text = String::new();
        procfs::format::slave(&bond(&[]), &slave, &mut text).unwrap();
        assert!(text.starts_with("\nSlave Interface: eth0\n"));
        assert!(text.contains(lines), "{text}");
    }
}

#[test]
fn sysfs_files_of_the_bond() {
    let slaves = slaves();
    let bond = bond(&slaves);
    for (id, text) in [
        (OptionId::Mode, "active-backup 1\n"),
        (OptionId::PacketsPerSlave, "1\n"),
        (OptionId::XmitHashPolicy, "layer2 0\n"),
        (OptionId::FailOverMac, "none 0\n"),
        (OptionId::DownDelay, "300\n"),
        (OptionId::UpDelay, "200\n"),
        (OptionId::MinLinks, "0\n"),
        (OptionId::NumUnsolNa, "1\n"),
        (OptionId::MiiMon, "100\n"),
        (OptionId::Primary, "eth0\n"),
        (OptionId::PrimaryReselect, "always 0\n"),
        (OptionId::UseCarrier, "1\n"),
        (OptionId::ActiveSlave, "eth0\n"),
        (OptionId::QueueId, "eth0:0 eth1:7\n"),
        (OptionId::AllSlavesActive, "0\n"),
        (OptionId::ResendIgmp, "1\n"),
        (OptionId::Slaves, "eth0 eth1\n"),
        (OptionId::NumGratArp, "1\n"),
        (OptionId::PeerNotifDelay, "0\n"),
    ] {
        assert_eq!(show(id, &bond), text);
    }
}

#[test]
fn sysfs_files_which_are_empty() {
    let mut bond = bond(&[]);
    bond.primary = None;
    bond.active = None;
    for id in [
        OptionId::Slaves,
        OptionId::QueueId,
        OptionId::Primary,
        OptionId::ActiveSlave,
    ] {
        assert_eq!(show(id, &bond), "");
    }
    // The pick for IGMP of another mode is no active slave to the outside.
    bond.active = Some(name("eth0"));
    bond.params.mode = Mode::RoundRobin;
    assert_eq!(show(OptionId::ActiveSlave, &bond), "");
    bond.params.min_links = u32::MAX;
    assert_eq!(show(OptionId::MinLinks, &bond), "4294967295\n");
}

#[test]
fn netlink_numbers() {
    let slaves = slaves();
    let mut bond = bond(&slaves);
    let get = |id: OptionId, bond: &BondSnapshot<'_>| id.def().get_num(bond);
    assert_eq!(get(OptionId::ActiveSlave, &bond), Some(2));
    assert_eq!(get(OptionId::Primary, &bond), Some(2));
    assert_eq!(get(OptionId::UpDelay, &bond), Some(200));
    assert_eq!(get(OptionId::UseCarrier, &bond), Some(1));
    assert_eq!(get(OptionId::Slaves, &bond), None);
    assert_eq!(get(OptionId::QueueId, &bond), None);
    bond.params.mode = Mode::Xor;
    assert_eq!(get(OptionId::ActiveSlave, &bond), None);
    assert_eq!(get(OptionId::Primary, &bond), Some(2));
    bond.params.mode = Mode::ActiveBackup;
    bond.active_ifindex = None;
    bond.primary_ifindex = None;
    assert_eq!(get(OptionId::ActiveSlave, &bond), None);
    assert_eq!(get(OptionId::Primary, &bond), None);
}

#[test]
fn read_only_files_of_the_bond() {
    let mut bond = bond(&[]);
    let read = |bond: &BondSnapshot<'_>| -> Vec<(&str, String)> {
        BOND_ATTRS
            .iter()
            .map(|attr| {
                let mut text = String::new();
                (attr.show)(bond, &mut text).unwrap();
                assert_eq!(attr.mode, 0o444);
                assert!(OPTIONS.iter().all(|def| def.name != attr.name));
                (attr.name, text)
            })
            .collect()
    };
    assert_eq!(read(&bond)[0], ("mii_status", "up\n".to_string()));
    bond.mii_up = false;
    let files = read(&bond);
    assert_eq!(files[0], ("mii_status", "down\n".to_string()));
    assert!(files[1..]
        .iter()
        .all(|(name, text)| name.starts_with("ad_") && text.is_empty()));
}

#[test]
fn files_of_a_slave() {
    let slaves = slaves();
    let read = |slave: &SlaveSnapshot| -> Vec<(&str, String)> {
        SLAVE_ATTRS
            .iter()
            .map(|attr| {
                let mut text = String::new();
                (attr.show)(slave, &mut text).unwrap();
                (attr.name, text)
            })
            .collect()
    };
    let lines = |first: [&str; 5]| -> Vec<(&str, String)> {
        let names = [
            "state",
            "mii_status",
            "link_failure_count",
            "perm_hwaddr",
            "queue_id",
        ];
        let ad = [
            "ad_aggregator_id",
            "ad_actor_oper_port_state",
            "ad_partner_oper_port_state",
        ];
        let mut lines: Vec<_> = names
            .into_iter()
            .zip(first.map(|line| format!("{line}\n")))
            .collect();
        lines.extend(ad.map(|name| (name, "N/A\n".to_string())));
        lines
    };
    assert_eq!(
        read(&slaves[0]),
        lines(["active", "up", "1", "52:54:00:12:34:56", "0"])
    );
    assert_eq!(
        read(&slaves[1]),
        lines(["backup", "down", "-1", "52:54:00:12:34:57", "7"])
    );
}

#[test]
fn lists_end_before_the_page_does() {
    let masters = |count: usize| {
        let mut text = String::new();
        let names = (0..count).map(|number| name(&format!("{number:015}")));
        bonding_masters(&mut text, names).unwrap();
        text
    };
    assert_eq!(masters(0), "");
    assert_eq!(masters(1), "000000000000000\n");
    assert_eq!(masters(2), "000000000000000 000000000000001\n");
    assert_eq!(masters(255).len(), 4080);
    assert!(!masters(255).contains("more"));
    for count in [256, 257, 300, 1000] {
        let text = masters(count);
        assert!(
            text.len() <= 4095 && text.ends_with(" ++more++\n"),
            "{count}"
        );
        // 16 bytes each, and 9 for the last entry.
        assert_eq!(text.split_whitespace().count(), 256, "{count}");
    }
    let many: Vec<SlaveSnapshot> = (0..1000)
        .map(|number| SlaveSnapshot {
            name: name(&format!("eth{number}")),
            queue_id: 65535,
            ..slaves()[0]
        })
        .collect();
    for id in [OptionId::Slaves, OptionId::QueueId] {
        let text = show(id, &bond(&many));
        assert!(text.len() <= 4095, "{}", text.len());
        assert!(text.ends_with(" ++more++\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_shown_can_be_written(params in any_params()) {
        let mut bond = bond(&[]);
        bond.params = params;
        for def in OPTIONS.iter().filter(|def| !def.raw) {
            let text = show(def.id, &bond);
            if def.format == Format::AdOnly {
                prop_assert_eq!((text, def.get_num(&bond)), (String::new(), None));
                continue;
            }
            prop_assert!(text.ends_with('\n'));
            let number = def.get_num(&bond).unwrap();
            let range = def.max.unwrap_or(u64::MAX);
            if number > range {
                // A limit which only the module parameter can exceed, or a scaled delay.
                continue;
            }
            prop_assert_eq!(def.parse(text.as_bytes()), Ok(Value::Num(number)));
            if def.format == Format::KeywordNumber {
                let (word, digits) = text.trim_end().split_once(' ').unwrap();
                prop_assert_eq!(def.parse(word.as_bytes()), Ok(Value::Num(number)));
                prop_assert_eq!(digits.parse(), Ok(number));
            }
        }
    }

    #[test]
    fn any_snapshot_has_a_text(
        params in any_params(),
        bytes in any_text(),
        addr in prop::collection::vec(any::<u8>(), 0..40),
        numbers: (u32, u16, i32, Option<u32>, bool),
        link in prop::sample::select(&[
            LinkState::Up, LinkState::Fail, LinkState::Down, LinkState::Back,
        ][..]),
    ) {
        let slave = SlaveSnapshot {
            name: IfName::from_bytes(&bytes),
            link,
            speed: numbers.3,
            duplex: Duplex::from_u8(addr.len() as u8),
            link_failures: numbers.0,
            perm_hwaddr: HwAddr::from_slice(&addr),
            queue_id: numbers.1,
            backup: numbers.4,
            prio: numbers.2,
            lacp: None,
        };
        let slaves = [slave; 3];
        let mut bond = bond(&slaves);
        bond.params = params;
        let text = proc_text(&bond);
        prop_assert_eq!(text.matches("\nSlave Interface: ").count(), 3);
        for def in &OPTIONS {
            show(def.id, &bond);
        }
    }
}

#[test]
fn reselect_policy_is_shown() {
    let mut bond = bond(&[]);
    bond.params.primary_reselect = PrimaryReselect::Failure;
    assert!(proc_text(&bond).contains("Primary Slave: eth0 (primary_reselect failure)\n"));
}

#[test]
fn arp_monitoring_is_shown() {
    let mut bond = bond(&[]);
    bond.params.miimon = 0;
    bond.params.arp_interval = 250;
    bond.params.arp_missed_max = 3;
    bond.params.arp_validate = ArpValidate::FilterActive;
    let tail = |text: &str| {
        text.split_once("Peer Notification Delay (ms): 0\n")
            .unwrap()
            .1
            .to_string()
    };
    assert_eq!(show(OptionId::ArpIpTarget, &bond), "");
    assert_eq!(
        tail(&proc_text(&bond)),
        "ARP Polling Interval (ms): 250\n\
         ARP Missed Max: 3\n\
         ARP IP target/s (n.n.n.n form):\n\
         NS IPv6 target/s (xx::xx form):\n"
    );
    for ip in ["10.0.0.1", "192.168.200.254"] {
        bond.targets.ip4.add(ip.parse().unwrap()).unwrap();
    }
    assert_eq!(
        show(OptionId::ArpIpTarget, &bond),
        "10.0.0.1 192.168.200.254\n"
    );
    assert_eq!(show(OptionId::ArpInterval, &bond), "250\n");
    assert_eq!(show(OptionId::ArpMissedMax, &bond), "3\n");
    assert_eq!(show(OptionId::ArpValidate, &bond), "filter_active 5\n");
    assert_eq!(show(OptionId::ArpAllTargets, &bond), "any 0\n");
    assert!(
        proc_text(&bond).contains("ARP IP target/s (n.n.n.n form): 10.0.0.1, 192.168.200.254\n")
    );
    for ip in ["2001:db8::1", "fe80::1:2"] {
        bond.targets.ip6.add(ip.parse().unwrap()).unwrap();
    }
    assert!(proc_text(&bond).contains("NS IPv6 target/s (xx::xx form): 2001:db8::1, fe80::1:2\n"));
}
