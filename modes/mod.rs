// SPDX-License-Identifier: GPL-2.0

//! The transmit modes: which slave sends a packet.

pub(crate) mod hash;
pub(crate) mod lacp;
pub(crate) mod modulo;
pub(crate) mod neighbour;
pub(crate) mod rr;

mod active_backup;
mod balance_rr;
mod balance_xor;
mod broadcast;
mod ieee8023ad;

use crate::{
    bond::{
        params::Mode,
        Bond, //
    },
    kapi::{
        ops::{
            DeviceOps,
            OpsOf, //
        },
        port::LagType, //
    },
};

/// The device operations of a bond in `mode`: a packet pays no dispatch for it.
pub(crate) fn device_ops(mode: Mode) -> &'static DeviceOps<Bond> {
    match mode {
        Mode::RoundRobin => &OpsOf::<Bond, balance_rr::BalanceRr>::TABLE,
        Mode::ActiveBackup => &OpsOf::<Bond, active_backup::ActiveBackup>::TABLE,
        Mode::Xor => &OpsOf::<Bond, balance_xor::BalanceXor>::TABLE,
        Mode::Broadcast => &OpsOf::<Bond, broadcast::Broadcast>::TABLE,
        Mode::Lacp => &OpsOf::<Bond, ieee8023ad::Ieee8023ad>::TABLE,
    }
}

/// What drivers that offload a bond are told of `mode`.
pub(crate) fn lag_type(mode: Mode) -> LagType {
    match mode {
        Mode::RoundRobin => LagType::RoundRobin,
        Mode::ActiveBackup => LagType::ActiveBackup,
        Mode::Xor | Mode::Lacp => LagType::HashL2,
        Mode::Broadcast => LagType::Broadcast,
    }
}
