// SPDX-License-Identifier: GPL-2.0

//! Applying options.

use super::{
    any_params,
    MODES, //
};
use crate::bond::options::{
    OptError,
    OptionId,
    Value,
    OPTIONS, //
};
use crate::bond::params::{
    ArpValidate,
    Effects,
    Mode,
    Monitor,
    Params,
    XmitPolicy, //
};
use proptest::prelude::*;

/// The options which count polls.
const DELAYS: [OptionId; 3] = [
    OptionId::UpDelay,
    OptionId::DownDelay,
    OptionId::PeerNotifDelay,
];

#[test]
fn what_each_option_entails() {
    let params = Params {
        miimon: 100,
        ..Params::DEFAULT
    };
    for def in OPTIONS.iter().filter(|def| !def.raw) {
        let expected = match def.id {
            OptionId::Mode => Effects::MODE_CHANGED.with(Effects::UPDATE_VIEW),
            OptionId::PacketsPerSlave => Effects::UPDATE_VIEW,
            OptionId::XmitHashPolicy => Effects::POLICY_CHANGED,
            OptionId::MiiMon | OptionId::ArpInterval => {
                Effects::RESTART_MONITOR.with(Effects::UPDATE_DELAYS)
            }
            OptionId::UseCarrier | OptionId::EventMonitor => Effects::RESTART_MONITOR,
            OptionId::UpDelay | OptionId::DownDelay => Effects::UPDATE_DELAYS,
            OptionId::PrimaryReselect => Effects::RESELECT,
            OptionId::LpInterval => Effects::RETEACH,
            OptionId::MinLinks => Effects::UPDATE_CARRIER,
            OptionId::AllSlavesActive => Effects::MARK_ALL_SLAVES,
            _ => Effects::NONE,
        };
        let value = if def.id == OptionId::XmitHashPolicy {
            0
        } else {
            1
        };
        let mut changed = params;
        let applied = changed.apply(def.id, value).unwrap();
        assert_eq!(applied.effects, expected, "{}", def.name);
        assert!(applied.has(expected));
    }
    // Writing what is there already marks no slave.
    let applied = params.clone().apply(OptionId::AllSlavesActive, 0).unwrap();
    assert_eq!(applied.effects, Effects::NONE);
}

#[test]
fn delays_are_multiples_of_miimon() {
    let mut params = Params::DEFAULT;
    for id in DELAYS {
        assert_eq!(params.apply(id, 100), Err(OptError::MiiDisabled));
        assert_eq!(params.apply(id, 0), Err(OptError::MiiDisabled));
    }
    params.apply(OptionId::MiiMon, 100).unwrap();
    let applied = params.apply(OptionId::UpDelay, 250).unwrap();
    assert_eq!(
        applied.warning.unwrap().to_string(),
        "up delay (250) is not a multiple of miimon (100), value rounded to 200 ms"
    );
    let applied = params.apply(OptionId::DownDelay, 99).unwrap();
    assert_eq!(
        applied.warning.unwrap().to_string(),
        "down delay (99) is not a multiple of miimon (100), value rounded to 0 ms"
    );
    let applied = params.apply(OptionId::PeerNotifDelay, 1001).unwrap();
    assert_eq!(
        applied.warning.unwrap().to_string(),
        "peer notification delay (1001) is not a multiple of miimon (100), value rounded to \
         1000 ms"
    );
    assert_eq!(
        params.apply(OptionId::DownDelay, 300).unwrap().warning,
        None
    );
    assert_eq!((params.updelay, params.updelay_ms()), (2, 200));

    // They keep their number of polls when the interval changes.
    params.apply(OptionId::MiiMon, 50).unwrap();
    assert_eq!((params.updelay_ms(), params.downdelay_ms()), (100, 150));
    params.apply(OptionId::MiiMon, 0).unwrap();
    assert_eq!((params.updelay_ms(), params.downdelay_ms()), (0, 0));
}

#[test]
fn one_monitor_ends_the_other() {
    let mut params = Params::DEFAULT;
    assert_eq!(params.monitor(), Monitor::None);
    params.apply(OptionId::MiiMon, 100).unwrap();
    assert_eq!(params.monitor(), Monitor::Mii);
    params.apply(OptionId::ArpInterval, 0).unwrap();
    assert_eq!(params.monitor(), Monitor::Mii);
    params.apply(OptionId::ArpInterval, 200).unwrap();
    assert_eq!((params.monitor(), params.miimon), (Monitor::Arp, 0));
    params.apply(OptionId::ArpValidate, 3).unwrap();
    params.apply(OptionId::MiiMon, 0).unwrap();
    assert_eq!(params.arp_validate, ArpValidate::All);
    params.apply(OptionId::MiiMon, 100).unwrap();
    assert_eq!((params.monitor(), params.arp_interval), (Monitor::Mii, 0));
    assert_eq!(params.arp_validate, ArpValidate::None);

    // The rule stays when the monitor is turned off, and goes with the mode.
    params.apply(OptionId::ArpInterval, 200).unwrap();
    params.apply(OptionId::ArpValidate, 3).unwrap();
    params.apply(OptionId::ArpInterval, 0).unwrap();
    assert_eq!(params.arp_validate, ArpValidate::All);
    params.apply(OptionId::Mode, 1).unwrap();
    assert_eq!(params.arp_validate, ArpValidate::None);
}

#[test]
fn numbers_of_the_enums() {
    for (number, mode) in (0u8..).zip(MODES) {
        assert_eq!(mode.as_u8(), number);
        assert_eq!(Mode::from_u8(mode.as_u8()), Some(mode));
        assert_eq!(mode.uses_arp(), number < 4);
        assert_eq!(mode.uses_primary(), matches!(number, 1 | 5 | 6));
        assert_eq!(mode.can_use_xmit_hash(), matches!(number, 2 | 4 | 5 | 6));
        assert_eq!(mode.needs_speed(), number == 4);
        assert_eq!(mode.is_balancing(), number >= 5);
        for tlb_dynamic_lb in [true, false] {
            let params = Params {
                mode,
                tlb_dynamic_lb,
                ..Params::DEFAULT
            };
            let by_load = number >= 5 && tlb_dynamic_lb;
            assert_eq!(params.balances_by_load(), by_load);
            assert_eq!(params.teaches_switches(), by_load || number == 6);
            assert_eq!(
                params.uses_xmit_hash(),
                mode.can_use_xmit_hash() && !by_load
            );
        }
    }
    assert_eq!(Mode::from_u8(7), None);
    for (number, keyword) in [
        "layer2",
        "layer3+4",
        "layer2+3",
        "encap2+3",
        "encap3+4",
        "vlan+srcmac",
    ]
    .iter()
    .enumerate()
    {
        let policy = XmitPolicy::from_u8(u8::try_from(number).unwrap()).unwrap();
        assert_eq!(usize::from(policy.as_u8()), number);
        assert_eq!(policy.keyword(), *keyword);
    }
    assert_eq!(XmitPolicy::from_u8(6), None);
    assert_eq!(Mode::ActiveBackup.keyword(), "active-backup");
    assert_eq!(Mode::Broadcast.description(), "fault-tolerance (broadcast)");
}

#[test]
fn xdp_needs_a_hash_that_sees_its_frames() {
    for mode in MODES {
        for number in 0..6 {
            let params = Params {
                mode,
                xmit_policy: XmitPolicy::from_u8(number).unwrap(),
                ..Params::DEFAULT
            };
            let supported = match mode {
                Mode::RoundRobin | Mode::ActiveBackup => true,
                Mode::Xor | Mode::Lacp => number != 5,
                Mode::Broadcast | Mode::Tlb | Mode::Alb => false,
            };
            assert_eq!(params.supports_xdp(), supported, "{mode:?} {number}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn applied_is_what_reads_back(
        mut params in any_params(),
        row in 0..OPTIONS.len(),
        num in prop_oneof![0..10u64, 0..70_000u64, 0..0x1_0000_0000u64, any::<u64>()],
    ) {
        let def = &OPTIONS[row];
        let before = params;
        let accepted = def.parse_num(num);
        match params.apply(def.id, num) {
            Ok(applied) => {
                prop_assert_eq!(accepted, Ok(Value::Num(num)));
                let now = params.get(def.id).unwrap();
                if DELAYS.contains(&def.id) {
                    let miimon = u64::from(params.miimon);
                    prop_assert_eq!(now, num - num % miimon);
                    prop_assert_eq!(applied.warning.is_some(), now != num);
                } else {
                    prop_assert_eq!(now, num);
                    prop_assert_eq!(applied.warning, None);
                }
                prop_assert!(params.miimon == 0 || params.arp_interval == 0);
                // Nothing else moved, but what scales with the interval.
                for other in &OPTIONS {
                    let alias = matches!(
                        (def.id, other.id),
                        (OptionId::NumGratArp, OptionId::NumUnsolNa)
                            | (OptionId::NumUnsolNa, OptionId::NumGratArp)
                    );
                    let monitor = matches!(def.id, OptionId::MiiMon | OptionId::ArpInterval);
                    let interval = monitor || def.id == OptionId::Mode;
                    let scales = interval && DELAYS.contains(&other.id);
                    let follows = match other.id {
                        OptionId::MiiMon | OptionId::ArpInterval | OptionId::ArpValidate => interval,
                        _ => false,
                    };
                    if other.id != def.id && !alias && !scales && !follows {
                        prop_assert_eq!(params.get(other.id), before.get(other.id));
                    }
                }
            }
            Err(error) => {
                prop_assert_eq!(params, before);
                if accepted.is_ok() {
                    prop_assert_eq!(error, OptError::MiiDisabled);
                    prop_assert_eq!(params.miimon, 0);
                }
            }
        }
    }

    #[test]
    fn delays_never_exceed_an_int(params in any_params()) {
        for id in DELAYS {
            prop_assert!(params.get(id).unwrap() <= 0x7fff_ffff);
        }
    }
}
