// SPDX-License-Identifier: GPL-2.0

//! The transmit modes: which slave sends a packet.

pub(crate) mod alb;
pub(crate) mod hash;
pub(crate) mod lacp;
pub(crate) mod modulo;
pub(crate) mod neighbour;
pub(crate) mod rlb;
pub(crate) mod rr;
pub(crate) mod tlb;

mod active_backup;
mod balance_alb;
mod balance_rr;
mod balance_tlb;
mod balance_xor;
mod broadcast;
mod by_queue;
mod ieee8023ad;
mod policy;

use crate::{
    bond::{
        params::{
            Mode,
            Params,
            XmitPolicy, //
        },
        Bond, //
    },
    kapi::{
        ops::{
            DeviceOps,
            OpsOf, //
        },
        port::{
            LagHash,
            LagType, //
        },
    },
};

/// The device operations of a mode which hashes, made for the policy.
macro_rules! of_policy {
    ($mode:ty, $policy:expr) => {{
        type Of<P> = $mode;
        match $policy {
            XmitPolicy::Layer2 => &OpsOf::<Bond, Of<policy::Layer2>>::TABLE,
            XmitPolicy::Layer34 => &OpsOf::<Bond, Of<policy::Layer34>>::TABLE,
            XmitPolicy::Layer23 => &OpsOf::<Bond, Of<policy::Layer23>>::TABLE,
            XmitPolicy::Encap23 => &OpsOf::<Bond, Of<policy::Encap23>>::TABLE,
            XmitPolicy::Encap34 => &OpsOf::<Bond, Of<policy::Encap34>>::TABLE,
            XmitPolicy::VlanSrcMac => &OpsOf::<Bond, Of<policy::VlanSrcMac>>::TABLE,
        }
    }};
}

/// The device operations of a mode which heeds queues: if `queues`, some are bound to slaves.
macro_rules! of_queues {
    ($mode:ty, $queues:expr) => {
        match $queues {
            true => &OpsOf::<Bond, by_queue::ByQueue<$mode>>::TABLE,
            false => &OpsOf::<Bond, $mode>::TABLE,
        }
    };
}

/// The device operations of a bond with these settings, of which slaves have `queues` bound or not:
/// a packet pays no dispatch for its mode and hash policy.
pub(crate) fn device_ops(params: &Params, queues: bool) -> &'static DeviceOps<Bond> {
    match params.mode {
        Mode::RoundRobin => of_queues!(balance_rr::BalanceRr, queues),
        Mode::ActiveBackup => of_queues!(active_backup::ActiveBackup, queues),
        Mode::Xor => of_policy!(balance_xor::BalanceXor<P>, params.xmit_policy),
        Mode::Tlb => of_policy!(balance_tlb::BalanceTlb<P>, params.xmit_policy),
        Mode::Alb => of_policy!(balance_alb::BalanceAlb<P>, params.xmit_policy),
        Mode::Broadcast => &OpsOf::<Bond, broadcast::Broadcast>::TABLE,
        Mode::Lacp => of_policy!(ieee8023ad::Ieee8023ad<P>, params.xmit_policy),
    }
}

/// What drivers that offload a bond are told of it.
pub(crate) fn lag_type(params: &Params) -> LagType {
    match params.mode {
        Mode::RoundRobin => LagType::RoundRobin,
        Mode::ActiveBackup => LagType::ActiveBackup,
        Mode::Xor | Mode::Lacp => LagType::Hash(lag_hash(params.xmit_policy)),
        Mode::Broadcast => LagType::Broadcast,
        Mode::Tlb | Mode::Alb => LagType::Unknown,
    }
}

/// What they are told of the hash.
const fn lag_hash(policy: XmitPolicy) -> LagHash {
    match policy {
        XmitPolicy::Layer2 => LagHash::L2,
        XmitPolicy::Layer34 => LagHash::L34,
        XmitPolicy::Layer23 => LagHash::L23,
        XmitPolicy::Encap23 => LagHash::E23,
        XmitPolicy::Encap34 => LagHash::E34,
        XmitPolicy::VlanSrcMac => LagHash::VlanSrcMac,
    }
}
