// SPDX-License-Identifier: GPL-2.0

//! Module parameters.

use super::any_text;
use crate::bond::addr::IfName;
use crate::bond::defaults::{
    check,
    Defaults,
    Level,
    RawParams,
    MAX_BONDS,
    TX_QUEUES, //
};
use crate::bond::options::{
    OptError,
    OptionDef,
    ParamKind,
    OPTIONS, //
};
use crate::bond::params::{
    AdSelect,
    ArpValidate,
    EventMonitor,
    FailOverMac,
    Mode,
    Params,
    PrimaryReselect, //
};
use crate::monitor::targets::Targets;
use proptest::prelude::*;

/// Checks parameters, and returns the outcome and the messages.
fn run(raw: RawParams<'_>) -> (Result<Defaults, OptError>, Vec<(Level, String)>) {
    let mut messages = Vec::new();
    let outcome = check(&raw, &mut |level, args| {
        messages.push((level, args.to_string()));
    });
    (outcome, messages)
}

/// Checks parameters which load with one warning, and returns both.
fn warned(raw: RawParams<'_>) -> (Defaults, String) {
    let (outcome, messages) = run(raw);
    let warnings: Vec<_> = messages
        .into_iter()
        .filter(|(level, _)| *level == Level::Warn)
        .collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    (outcome.unwrap(), warnings[0].1.clone())
}

/// The parameters when none is given.
const NONE: RawParams<'static> = RawParams {
    max_bonds: 1,
    tx_queues: 16,
    num_peer_notif: 1,
    miimon: 0,
    updelay: 0,
    downdelay: 0,
    use_carrier: 1,
    min_links: 0,
    all_slaves_active: 0,
    resend_igmp: 1,
    packets_per_slave: 1,
    lp_interval: 1,
    mode: None,
    primary: None,
    primary_reselect: None,
    xmit_hash_policy: None,
    fail_over_mac: None,
    lacp_rate: None,
    ad_select: None,
    event_monitor: None,
    arp_interval: 0,
    arp_ip_target: [None; 16],
    arp_validate: None,
    arp_all_targets: None,
};

#[test]
fn nothing_given() {
    let (outcome, messages) = run(NONE);
    assert_eq!(
        outcome,
        Ok(Defaults {
            params: Params::DEFAULT,
            primary: None,
            targets: Targets::NONE,
            max_bonds: 1,
            tx_queues: 16
        })
    );
    assert!(messages.iter().all(|(level, _)| *level == Level::Debug));
}

#[test]
fn table_and_raw_defaults_agree() {
    let int = |name: &str| {
        let param = |def: &OptionDef| def.param.map(|param| param.kind);
        match OPTIONS.iter().find(|def| def.name == name).and_then(param) {
            Some(ParamKind::Int(value)) => value,
            other => panic!("{name}: {other:?}"),
        }
    };
    assert_eq!(int("miimon"), NONE.miimon);
    assert_eq!(int("arp_interval"), NONE.arp_interval);
    assert_eq!(int("updelay"), NONE.updelay);
    assert_eq!(int("downdelay"), NONE.downdelay);
    assert_eq!(int("use_carrier"), NONE.use_carrier);
    assert_eq!(int("min_links"), NONE.min_links);
    assert_eq!(int("all_slaves_active"), NONE.all_slaves_active);
    assert_eq!(int("resend_igmp"), NONE.resend_igmp);
    assert_eq!(int("packets_per_slave"), NONE.packets_per_slave);
    assert_eq!(int("num_grat_arp"), NONE.num_peer_notif);
    assert_eq!(int("num_unsol_na"), NONE.num_peer_notif);
    assert_eq!(MAX_BONDS.kind, ParamKind::Int(NONE.max_bonds));
    assert_eq!(TX_QUEUES.kind, ParamKind::Int(NONE.tx_queues));
}

#[test]
fn what_a_user_types() {
    let (outcome, messages) = run(RawParams {
        mode: Some(b"1"),
        miimon: 100,
        updelay: 200,
        downdelay: 300,
        primary: Some(b"eth0"),
        primary_reselect: Some(b"better"),
        fail_over_mac: Some(b"follow"),
        max_bonds: 3,
        tx_queues: 8,
        ..NONE
    });
    let defaults = outcome.unwrap();
    assert_eq!(defaults.params.mode, Mode::ActiveBackup);
    assert_eq!(defaults.params.updelay_ms(), 200);
    assert_eq!(defaults.params.downdelay, 3);
    assert_eq!(defaults.params.primary_reselect, PrimaryReselect::Better);
    assert_eq!(defaults.params.fail_over_mac, FailOverMac::Follow);
    assert_eq!(defaults.primary, Some(IfName::from_bytes(b"eth0")));
    assert_eq!((defaults.max_bonds, defaults.tx_queues), (3, 8));
    assert_eq!(
        messages,
        [(Level::Info, "MII link monitoring set to 100 ms".to_string())]
    );
}

#[test]
fn balance_alb_warns_of_its_clients() {
    let (outcome, messages) = run(RawParams {
        mode: Some(b"balance-alb"),
        miimon: 100,
        updelay: 300,
        ..NONE
    });
    assert_eq!(outcome.unwrap().params.mode, Mode::Alb);
    let warned = |(level, text): &&(Level, String)| {
        *level == Level::Notice && text.contains("updelay parameter (300 msec)")
    };
    assert_eq!(messages.iter().filter(warned).count(), 1);
}

#[test]
fn out_of_range_is_replaced() {
    let (defaults, text) = warned(RawParams {
        max_bonds: -1,
        ..NONE
    });
    assert_eq!(defaults.max_bonds, 1);
    assert_eq!(
        text,
        "Warning: max_bonds (-1) is not in the range 0 - 2147483647, using 1"
    );
    for queues in [0, -1, 256] {
        assert_eq!(
            warned(RawParams {
                tx_queues: queues,
                ..NONE
            })
            .0
            .tx_queues,
            16
        );
    }
    for count in [-1, 256] {
        let (defaults, _) = warned(RawParams {
            num_peer_notif: count,
            ..NONE
        });
        assert_eq!(defaults.params.num_peer_notif, 1);
        let (defaults, _) = warned(RawParams {
            resend_igmp: count,
            ..NONE
        });
        assert_eq!(defaults.params.resend_igmp, 1);
    }
    for packets in [-1, 65536] {
        let (defaults, _) = warned(RawParams {
            packets_per_slave: packets,
            ..NONE
        });
        assert_eq!(defaults.params.packets_per_slave, 1);
    }
    for all in [-1, 2] {
        let (defaults, _) = warned(RawParams {
            all_slaves_active: all,
            ..NONE
        });
        assert!(!defaults.params.all_slaves_active);
    }
    assert_eq!(warned(RawParams { miimon: -5, ..NONE }).0.params.miimon, 0);
    assert_eq!(
        warned(RawParams {
            updelay: -5,
            ..NONE
        })
        .0
        .params
        .updelay,
        0
    );
    assert_eq!(
        warned(RawParams {
            downdelay: -5,
            ..NONE
        })
        .0
        .params
        .downdelay,
        0
    );
}

#[test]
fn bad_words_keep_the_module_out() {
    let fails = |raw: RawParams<'_>| {
        let (outcome, messages) = run(raw);
        assert_eq!(outcome, Err(OptError::Invalid));
        assert!(messages.iter().any(|(level, _)| *level == Level::Err));
        messages
    };
    let messages = fails(RawParams {
        mode: Some(b"fast"),
        ..NONE
    });
    assert_eq!(messages[0].1, "Error: invalid mode \"fast\"");
    assert!(messages[1].1.contains("balance-rr (0), active-backup (1)"));
    fails(RawParams {
        mode: Some(b""),
        ..NONE
    });
    fails(RawParams {
        mode: Some(b"7"),
        ..NONE
    });
    fails(RawParams {
        use_carrier: 2,
        ..NONE
    });
    fails(RawParams {
        fail_over_mac: Some(b"x"),
        ..NONE
    });
    fails(RawParams {
        mode: Some(b"balance-xor"),
        xmit_hash_policy: Some(b"layer9"),
        ..NONE
    });
    fails(RawParams {
        mode: Some(b"active-backup"),
        primary: Some(b"eth0"),
        primary_reselect: Some(b"x"),
        ..NONE
    });
}

#[test]
fn what_has_no_effect_is_not_looked_at() {
    for mode in [&b"0"[..], b"1", b"3"] {
        let (outcome, messages) = run(RawParams {
            mode: Some(mode),
            xmit_hash_policy: Some(b"nonsense"),
            ..NONE
        });
        assert!(outcome.is_ok());
        assert_eq!(messages[0].0, Level::Info);
    }
    // A primary in another mode is dropped, and then its policy doesn't matter.
    let (defaults, _) = warned(RawParams {
        primary: Some(b"eth0"),
        primary_reselect: Some(b"nonsense"),
        ..NONE
    });
    assert_eq!(defaults.primary, None);
    // Neither does the policy without a primary.
    let (outcome, _) = run(RawParams {
        mode: Some(b"1"),
        primary_reselect: Some(b"nonsense"),
        ..NONE
    });
    assert_eq!(
        outcome.unwrap().params.primary_reselect,
        PrimaryReselect::Always
    );
    // An address policy is stored in every mode.
    let (defaults, _) = warned(RawParams {
        fail_over_mac: Some(b"active"),
        ..NONE
    });
    assert_eq!(defaults.params.fail_over_mac, FailOverMac::Active);
}

#[test]
fn delays_at_load() {
    let (defaults, text) = warned(RawParams {
        miimon: 100,
        updelay: 250,
        ..NONE
    });
    assert_eq!(defaults.params.updelay_ms(), 200);
    assert!(
        text.contains("updelay (250)") && text.contains("200 ms"),
        "{text}"
    );
    let (defaults, _) = warned(RawParams {
        updelay: 250,
        ..NONE
    });
    assert_eq!(
        (defaults.params.updelay, defaults.params.updelay_ms()),
        (250, 0)
    );
    let (outcome, _) = run(RawParams {
        min_links: -1,
        ..NONE
    });
    assert_eq!(outcome.unwrap().params.min_links, u32::MAX);
}

#[test]
fn parameters_of_modes_not_used() {
    // Not even looked at.
    let (outcome, messages) = run(RawParams {
        lacp_rate: Some(b"nonsense"),
        ..NONE
    });
    assert_eq!(outcome.unwrap().params, Params::DEFAULT);
    assert!(messages.iter().any(|(_, text)| text.contains("lacp_rate")));
    let (defaults, text) = warned(RawParams {
        ad_select: Some(b"count"),
        ..NONE
    });
    assert_eq!(defaults.params.ad_select, AdSelect::Count);
    assert!(text.contains("ad_select"), "{text}");
    let (outcome, _) = run(RawParams {
        ad_select: Some(b"most"),
        ..NONE
    });
    assert_eq!(outcome, Err(OptError::Invalid));
    let (defaults, text) = warned(RawParams {
        lp_interval: 0,
        ..NONE
    });
    assert_eq!(defaults.params.lp_interval, 1);
    assert!(text.contains("lp_interval (0)"), "{text}");
    let (outcome, _) = run(RawParams {
        lp_interval: 7,
        ..NONE
    });
    assert_eq!(outcome.unwrap().params.lp_interval, 7);
}

#[test]
fn event_monitor() {
    for (word, wanted) in [
        (&b"off"[..], EventMonitor::Off),
        (b"1", EventMonitor::Auto),
        (b"always", EventMonitor::Always),
    ] {
        let (outcome, _) = run(RawParams {
            event_monitor: Some(word),
            ..NONE
        });
        assert_eq!(outcome.unwrap().params.event_monitor, wanted);
    }
    let (outcome, messages) = run(RawParams {
        event_monitor: Some(b"never"),
        ..NONE
    });
    assert_eq!(outcome, Err(OptError::Invalid));
    assert!(messages.iter().any(|(_, text)| text.contains("always")));
}

proptest! {
    #[test]
    fn never_panics(
        ints: [i32; 12],
        lp_interval: u32,
        words in prop::collection::vec(prop::option::of(any_text()), 10),
    ) {
        let raw = RawParams {
            max_bonds: ints[0],
            tx_queues: ints[1],
            num_peer_notif: ints[2],
            miimon: ints[3],
            updelay: ints[4],
            downdelay: ints[5],
            use_carrier: if ints[6] & 3 == 0 { ints[6] } else { ints[6] & 1 },
            min_links: ints[7],
            all_slaves_active: ints[8],
            resend_igmp: ints[9],
            packets_per_slave: ints[10],
            lp_interval,
            mode: words[0].as_deref(),
            primary: words[1].as_deref(),
            primary_reselect: words[2].as_deref(),
            xmit_hash_policy: words[3].as_deref(),
            fail_over_mac: words[4].as_deref(),
            lacp_rate: words[5].as_deref(),
            ad_select: words[6].as_deref(),
            event_monitor: words[7].as_deref(),
            arp_interval: ints[11],
            arp_ip_target: {
                let mut targets = [None; 16];
                targets[0] = words[9].as_deref();
                targets[1] = Some(b"10.0.0.1");
                targets
            },
            arp_validate: words[8].as_deref(),
            // A bad one leaves an error in the log, and the module loads all the same.
            arp_all_targets: None,
        };
        let (outcome, messages) = run(raw);
        match outcome {
            Ok(defaults) => {
                prop_assert!((1..=255).contains(&defaults.tx_queues));
                prop_assert!(defaults.params.miimon == 0 || defaults.params.arp_interval == 0);
                prop_assert!(defaults.params.mode.uses_primary() || defaults.primary.is_none());
                prop_assert!(messages.iter().all(|(level, _)| *level != Level::Err));
            }
            Err(error) => {
                prop_assert_eq!(error.errno(), 22);
                prop_assert!(messages.iter().any(|(level, _)| *level == Level::Err));
            }
        }
    }
}

/// The parameters of ARP monitoring with these targets.
fn with_targets(targets: &[&'static [u8]]) -> RawParams<'static> {
    let mut raw = RawParams {
        mode: Some(b"1"),
        arp_interval: 200,
        ..NONE
    };
    for (to, from) in raw.arp_ip_target.iter_mut().zip(targets) {
        *to = Some(from);
    }
    raw
}

/// The targets as text.
fn targets(defaults: &Defaults) -> Vec<String> {
    let ip4 = defaults.targets.ip4.iter();
    ip4.map(|ip| ip.to_string()).collect()
}

#[test]
fn arp_monitoring() {
    let (outcome, messages) = run(RawParams {
        arp_validate: Some(b"all"),
        arp_all_targets: Some(b"1"),
        ..with_targets(&[b"10.0.0.1", b"10.0.0.2"])
    });
    let defaults = outcome.unwrap();
    assert_eq!(defaults.params.arp_interval, 200);
    assert_eq!(defaults.params.arp_validate, ArpValidate::All);
    assert!(defaults.params.arp_all_targets);
    assert_eq!(targets(&defaults), ["10.0.0.1", "10.0.0.2"]);
    let line = "ARP monitoring set to 200 ms, validate all, with 2 target(s): 10.0.0.1 10.0.0.2";
    assert_eq!(messages, [(Level::Info, line.to_string())]);
}

#[test]
fn arp_monitoring_that_makes_no_sense() {
    let (defaults, text) = warned(with_targets(&[b"10.0.0.1", b"10.0.0.1"]));
    assert_eq!(
        text,
        "Warning: duplicate address 10.0.0.1 in arp_ip_target, skipping"
    );
    assert_eq!(
        (defaults.params.arp_interval, targets(&defaults).len()),
        (200, 1)
    );

    for bad in [&b"nonsense"[..], b"0.0.0.0", b"255.255.255.255", b"10.0.0"] {
        let (defaults, text) = warned(with_targets(&[b"10.0.0.1", bad, b"10.0.0.2"]));
        assert!(
            text.starts_with("Warning: bad arp_ip_target module parameter ("),
            "{text}"
        );
        assert_eq!(
            (defaults.params.arp_interval, targets(&defaults).len()),
            (0, 2)
        );
    }

    let (defaults, text) = warned(with_targets(&[]));
    assert!(text.contains("without arp_ip_target"), "{text}");
    assert_eq!(defaults.params.arp_interval, 0);

    let (defaults, text) = warned(RawParams {
        miimon: 100,
        ..with_targets(&[b"10.0.0.1"])
    });
    assert!(text.contains("can't be used simultaneously"), "{text}");
    assert_eq!(
        (defaults.params.miimon, defaults.params.arp_interval),
        (100, 0)
    );

    let (defaults, _) = warned(RawParams {
        arp_interval: -1,
        ..NONE
    });
    assert_eq!(defaults.params.arp_interval, 0);

    // A rule without a monitor, or one that isn't there, keeps the module from loading.
    for raw in [
        RawParams {
            arp_validate: Some(b"all"),
            ..NONE
        },
        RawParams {
            arp_validate: Some(b"nonsense"),
            ..with_targets(&[b"10.0.0.1"])
        },
    ] {
        assert_eq!(run(raw).0, Err(OptError::Invalid));
    }
    let (outcome, messages) = run(RawParams {
        arp_all_targets: Some(b"some"),
        ..NONE
    });
    assert!(!outcome.unwrap().params.arp_all_targets);
    assert!(messages.iter().any(|(level, _)| *level == Level::Err));
}
