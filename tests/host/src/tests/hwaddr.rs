// SPDX-License-Identifier: GPL-2.0

//! Decisions about hardware addresses.

use super::MODES;
use crate::bond::addr::HwAddr;
use crate::bond::hwaddr::{
    at_enslave,
    at_failover,
    at_join,
    at_set_bond,
    restore_at_release,
    warn_at_release,
    BondMac,
    CannotSetMac,
    EnslaveMac,
    Join,
    MacStep,
    NewSlave,
    Old,
    SlaveMac,
    Station,
    StillInUse, //
};
use crate::bond::params::{
    FailOverMac,
    Mode,
    Params, //
};

/// An address.
const A: HwAddr = HwAddr::ether([2, 0, 0, 0, 0, 0xa]);

/// Another one.
const B: HwAddr = HwAddr::ether([2, 0, 0, 0, 0, 0xb]);

/// The address policies.
const POLICIES: [FailOverMac; 3] = [FailOverMac::None, FailOverMac::Active, FailOverMac::Follow];

/// A device like any other, for a bond which has slaves.
const DEVICE: NewSlave = NewSlave {
    has_slaves: true,
    can_set_mac: true,
    bond_addr_random: false,
    addr: A,
    bond_addr: B,
};

/// Returns settings with this mode and policy.
fn params(mode: Mode, fail_over_mac: FailOverMac) -> Params {
    Params {
        mode,
        fail_over_mac,
        ..Params::DEFAULT
    }
}

/// Returns settings of active-backup mode.
fn backup(policy: FailOverMac) -> Params {
    params(Mode::ActiveBackup, policy)
}

#[test]
fn each_slave_of_balance_tlb_has_its_own() {
    let [bond, a, b, c] = [1, 2, 3, 4].map(|last| HwAddr::ether([2, 0, 0, 0, 0, last]));
    let other = |permanent, current| Station { permanent, current };
    // The first keeps its own, even the bond's.
    assert_eq!(at_join(&bond, &bond, &[], false), Join::Own);
    // Nobody uses its address.
    let first = [other(bond, bond)];
    assert_eq!(at_join(&a, &bond, &first, true), Join::Own);
    // The bond's, or that of another: what somebody has given up is free.
    let swapped = [other(a, bond), other(b, b)];
    assert_eq!(at_join(&bond, &bond, &swapped, true), Join::Of(0));
    assert_eq!(at_join(&b, &bond, &swapped, true), Join::Of(0));
    assert_eq!(at_join(&c, &bond, &swapped, true), Join::Own);
    // Nothing is free.
    assert_eq!(at_join(&bond, &bond, &first, true), Join::Nothing);
    assert_eq!(at_join(&bond, &bond, &first, false), Join::Nothing);
    assert_eq!(at_join(&a, &bond, &[other(a, a)], false), Join::Bond);
}

#[test]
fn enslaving_an_ordinary_device() {
    let slave = |params: &Params, new: &NewSlave| at_enslave(params, new).unwrap().slave;
    for policy in POLICIES {
        // The policy counts in active-backup mode only.
        for mode in MODES.into_iter().filter(|mode| *mode != Mode::ActiveBackup) {
            assert_eq!(slave(&params(mode, policy), &DEVICE), SlaveMac::SetBond);
        }
        for has_slaves in [false, true] {
            for bond_addr in [A, B] {
                let new = NewSlave {
                    has_slaves,
                    bond_addr,
                    ..DEVICE
                };
                let expected = match policy {
                    FailOverMac::None => SlaveMac::SetBond,
                    FailOverMac::Follow if has_slaves && bond_addr == A => SlaveMac::SetRandom,
                    _ => SlaveMac::Keep,
                };
                assert_eq!(slave(&backup(policy), &new), expected);
            }
        }
    }
}

#[test]
fn first_slave_lends_its_address() {
    for (has_slaves, bond_addr_random, takes) in [
        (false, true, true),
        (false, false, false),
        (true, true, false),
        (true, false, false),
    ] {
        let new = NewSlave {
            has_slaves,
            bond_addr_random,
            ..DEVICE
        };
        for mode in MODES {
            let decision = at_enslave(&params(mode, FailOverMac::None), &new).unwrap();
            assert_eq!(decision.bond_takes, takes);
            assert!(!decision.warn_cannot_set && !decision.force_active);
        }
    }
}

#[test]
fn device_which_cannot_change_its_address() {
    let stuck = NewSlave {
        can_set_mac: false,
        ..DEVICE
    };
    let first = NewSlave {
        has_slaves: false,
        ..stuck
    };
    for policy in [FailOverMac::None, FailOverMac::Follow] {
        assert_eq!(at_enslave(&backup(policy), &stuck), Err(CannotSetMac));
        assert_eq!(
            at_enslave(&backup(policy), &first),
            Ok(EnslaveMac {
                warn_cannot_set: true,
                force_active: true,
                bond_takes: false,
                slave: SlaveMac::Keep,
            })
        );
    }
    let active = at_enslave(&backup(FailOverMac::Active), &stuck).unwrap();
    assert!(active.warn_cannot_set && !active.force_active);
    assert_eq!(active.slave, SlaveMac::Keep);
    // Elsewhere setting it is tried, and fails then.
    let xor = at_enslave(&params(Mode::Xor, FailOverMac::None), &stuck).unwrap();
    assert!(xor.warn_cannot_set && !xor.force_active);
    assert_eq!(xor.slave, SlaveMac::SetBond);
    assert_eq!(
        CannotSetMac::EXTACK.to_str().unwrap(),
        "Slave device does not support setting the MAC address, but fail_over_mac is not set to \
         active"
    );
}

#[test]
fn failover() {
    let steps = |policy, has_new, old| at_failover(&backup(policy), has_new, old).to_vec();
    for old in [Old::None, Old::Active, Old::Holder] {
        assert_eq!(steps(FailOverMac::None, true, old), []);
        assert_eq!(
            steps(FailOverMac::Active, true, old),
            [MacStep::BondTakesNew]
        );
        for policy in POLICIES {
            assert_eq!(steps(policy, false, old), []);
            assert!(at_failover(&params(Mode::Xor, policy), true, old).is_empty());
        }
    }
    let swap = [MacStep::NewTakesOld, MacStep::OldTakesNews];
    assert_eq!(steps(FailOverMac::Follow, true, Old::Active), swap);
    assert_eq!(steps(FailOverMac::Follow, true, Old::Holder), swap);
    assert_eq!(
        steps(FailOverMac::Follow, true, Old::None),
        [MacStep::NewTakesBond]
    );
    for (step, words) in [
        (MacStep::BondTakesNew, "setting bond MAC from slave"),
        (MacStep::NewTakesOld, "setting MAC of new active slave"),
        (MacStep::NewTakesBond, "setting MAC of new active slave"),
        (MacStep::OldTakesNews, "setting MAC of old active slave"),
    ] {
        assert_eq!(step.failure(), words);
    }
}

#[test]
fn release() {
    let none = backup(FailOverMac::None);
    assert!(restore_at_release(&none));
    assert!(restore_at_release(&backup(FailOverMac::Follow)));
    assert!(!restore_at_release(&backup(FailOverMac::Active)));
    assert!(restore_at_release(&params(Mode::Xor, FailOverMac::Active)));

    assert!(warn_at_release(&none, &A, &A, true, false));
    assert!(!warn_at_release(&none, &A, &B, true, false));
    assert!(!warn_at_release(&none, &A, &A, false, false));
    assert!(!warn_at_release(&none, &A, &A, true, true));
    assert!(!warn_at_release(
        &backup(FailOverMac::Active),
        &A,
        &A,
        true,
        false
    ));
    assert!(warn_at_release(
        &backup(FailOverMac::Follow),
        &A,
        &A,
        true,
        false
    ));
    assert_eq!(
        StillInUse(A).to_string(),
        "the permanent HWaddr of slave - 02:00:00:00:00:0a - is still in use by bond - set the \
         HWaddr of slave to a different address to avoid conflicts"
    );
}

#[test]
fn setting_the_address_of_the_bond() {
    let group = HwAddr::ether([1, 0, 0x5e, 0, 0, 1]);
    for mode in MODES {
        for policy in POLICIES {
            let params = params(mode, policy);
            let ignored = mode == Mode::ActiveBackup && policy != FailOverMac::None;
            let unless = |outcome| if ignored { BondMac::Ignore } else { outcome };
            let taken = match mode {
                Mode::Alb => BondMac::SetActive,
                _ => BondMac::SetAll,
            };
            assert_eq!(at_set_bond(&params, &A), unless(taken));
            assert_eq!(at_set_bond(&params, &group), unless(BondMac::Invalid));
            assert_eq!(
                at_set_bond(&params, &HwAddr::ether([0; 6])),
                unless(BondMac::Invalid)
            );
        }
    }
}
