// SPDX-License-Identifier: GPL-2.0

//! Who gets which hardware address, and when.

#![forbid(unsafe_code)]

use core::fmt;

use crate::bond::{
    addr::HwAddr,
    params::{
        FailOverMac,
        Mode,
        Params, //
    },
};

/// Returns the policy in force: `fail_over_mac` counts in active-backup mode alone.
pub(crate) fn policy(params: &Params) -> FailOverMac {
    if params.mode == Mode::ActiveBackup {
        params.fail_over_mac
    } else {
        FailOverMac::None
    }
}

/// What happens to the address of a new slave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlaveMac {
    /// It keeps its own.
    Keep,
    /// It gets the bond's.
    SetBond,
    /// It gets a random one, since two slaves can't share one in this setting.
    SetRandom,
}

/// What the decision at enslavement has to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewSlave {
    /// Whether the bond has other slaves already.
    pub(crate) has_slaves: bool,
    /// Whether the device can change its address: it has the operation, and is not InfiniBand.
    pub(crate) can_set_mac: bool,
    /// Whether the bond's address is a random one (`NET_ADDR_RANDOM`).
    pub(crate) bond_addr_random: bool,
    /// The device's address.
    pub(crate) addr: HwAddr,
    /// The bond's address.
    pub(crate) bond_addr: HwAddr,
}

/// The decision at enslavement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EnslaveMac {
    /// Warn that the device can't change its address ([`CANNOT_SET_MAC`]).
    pub(crate) warn_cannot_set: bool,
    /// Set `fail_over_mac` to `active` first, with a warning ([`FORCED_ACTIVE`]).
    pub(crate) force_active: bool,
    /// The bond takes over the device's address before the slave's is looked at.
    pub(crate) bond_takes: bool,
    /// What happens to the slave's address.
    pub(crate) slave: SlaveMac,
}

/// Slave warning for a device which can't change its address.
pub(crate) const CANNOT_SET_MAC: &str =
    "The slave device specified does not support setting the MAC address";

/// Slave warning when `fail_over_mac` is set by the driver.
pub(crate) const FORCED_ACTIVE: &str = "Setting fail_over_mac to active for active-backup mode";

/// The device can't change its address, and slaves are there already: `EOPNOTSUPP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CannotSetMac;

impl CannotSetMac {
    /// Text for netlink and the log.
    pub(crate) const EXTACK: &'static core::ffi::CStr =
        c"Slave device does not support setting the MAC address, but fail_over_mac is not set \
          to active";
}

/// Decides about addresses at enslavement.
pub(crate) fn at_enslave(params: &Params, new: &NewSlave) -> Result<EnslaveMac, CannotSetMac> {
    let mut policy = policy(params);
    let stuck =
        params.mode == Mode::ActiveBackup && policy != FailOverMac::Active && !new.can_set_mac;
    if stuck {
        if new.has_slaves {
            return Err(CannotSetMac);
        }
        policy = FailOverMac::Active;
    }
    let slave = match policy {
        FailOverMac::None => SlaveMac::SetBond,
        FailOverMac::Follow if new.has_slaves && new.addr == new.bond_addr => SlaveMac::SetRandom,
        FailOverMac::Follow | FailOverMac::Active => SlaveMac::Keep,
    };
    Ok(EnslaveMac {
        warn_cannot_set: !new.can_set_mac,
        force_active: stuck,
        bond_takes: !new.has_slaves && new.bond_addr_random,
        slave,
    })
}

/// Tells whether a released slave gets the address back which it had before it was enslaved.
pub(crate) fn restore_at_release(params: &Params) -> bool {
    policy(params) != FailOverMac::Active
}

/// Tells whether the log gets a [`StillInUse`] warning when a slave is released: its permanent
/// address stays in use by a bond which has other slaves and is not being deleted.
///
/// `has_slaves` is whether slaves remain.
pub(crate) fn warn_at_release(
    params: &Params,
    bond_addr: &HwAddr,
    perm_addr: &HwAddr,
    has_slaves: bool,
    deleting: bool,
) -> bool {
    !deleting && has_slaves && restore_at_release(params) && bond_addr == perm_addr
}

/// Displays the slave warning about a permanent address in use.
#[derive(Clone, Copy)]
pub(crate) struct StillInUse(pub(crate) HwAddr);

impl fmt::Display for StillInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the permanent HWaddr of slave - {} - is still in use by bond - set the HWaddr of \
             slave to a different address to avoid conflicts",
            self.0
        )
    }
}

/// A change of address at failover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MacStep {
    /// The bond takes the new slave's address, and tells so (`NETDEV_CHANGEADDR`).
    BondTakesNew,
    /// The new slave gets the old one's address; what the new one had is kept for the next step.
    NewTakesOld,
    /// The old slave gets the address which the new one had.
    OldTakesNews,
    /// The new slave gets the bond's address.
    NewTakesBond,
}

impl MacStep {
    /// Returns the start of the error line (level error, about the slave which was changed, or the
    /// new one if it is the bond); after `Error %d ` with the positive errno.
    pub(crate) const fn failure(self) -> &'static str {
        match self {
            MacStep::BondTakesNew => "setting bond MAC from slave",
            MacStep::NewTakesOld | MacStep::NewTakesBond => "setting MAC of new active slave",
            MacStep::OldTakesNews => "setting MAC of old active slave",
        }
    }
}

/// Which slave is the old one of [`MacStep`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Old {
    /// There is none.
    None,
    /// The slave which was active until now.
    Active,
    /// Another slave which has the bond's address.
    Holder,
}

/// Returns the changes of address when another slave becomes active, in order; when one fails,
/// the rest is skipped.
///
/// `has_new` is whether there is a new active slave.
pub(crate) fn at_failover(params: &Params, has_new: bool, old: Old) -> &'static [MacStep] {
    match (policy(params), has_new, old) {
        (FailOverMac::None, _, _) | (_, false, _) => &[],
        (FailOverMac::Active, true, _) => &[MacStep::BondTakesNew],
        (FailOverMac::Follow, true, Old::None) => &[MacStep::NewTakesBond],
        (FailOverMac::Follow, true, Old::Active | Old::Holder) => {
            &[MacStep::NewTakesOld, MacStep::OldTakesNews]
        }
    }
}

/// A slave, as the rules about addresses of balance-tlb and balance-alb see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Station {
    /// The address that it had before it was enslaved.
    pub(crate) permanent: HwAddr,
    /// The one that it has now.
    pub(crate) current: HwAddr,
}

/// The address of a new slave where each has one of its own (balance-tlb, balance-alb).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    /// Its permanent one.
    Own,
    /// The bond's, which nobody else has.
    Bond,
    /// The permanent address of the slave at this position, which that one doesn't use.
    Of(usize),
    /// None is left.
    Nothing,
}

/// Decides about the address of a new slave whose permanent address is `own`, of a bond with the
/// address `bond` and these other slaves; `has_active` is whether one of them is the active one.
pub(crate) fn at_join(own: &HwAddr, bond: &HwAddr, others: &[Station], has_active: bool) -> Join {
    let in_use = |addr: &HwAddr| others.iter().any(|other| other.current == *addr);
    if others.is_empty() || (own != bond && !in_use(own)) {
        return Join::Own;
    }
    match others.iter().position(|other| !in_use(&other.permanent)) {
        Some(index) => Join::Of(index),
        None if has_active || in_use(bond) => Join::Nothing,
        None => Join::Bond,
    }
}

/// What setting the bond's address does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BondMac {
    /// Nothing, and that is no error.
    Ignore,
    /// It is refused with `EADDRNOTAVAIL`.
    Invalid,
    /// The slaves get it, all or none, then the bond.
    SetAll,
    /// The bond gets it, then the active slave; whichever slave had it gets what that one had.
    SetActive,
}

/// Decides about setting the bond's address to `addr`.
pub(crate) fn at_set_bond(params: &Params, addr: &HwAddr) -> BondMac {
    if policy(params) != FailOverMac::None {
        BondMac::Ignore
    } else if !addr.is_valid_ether() {
        BondMac::Invalid
    } else if params.mode == Mode::Alb {
        BondMac::SetActive
    } else {
        BondMac::SetAll
    }
}
