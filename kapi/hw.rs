// SPDX-License-Identifier: GPL-2.0

//! Hardware types and features by name.

use super::{
    bindings,
    net_device::Features, //
};

/// Ethernet (`ARPHRD_ETHER`).
pub(crate) const ETHER: u16 = bindings::ARPHRD_ETHER as u16;

/// Controller area network (`ARPHRD_CAN`).
pub(crate) const CAN: u16 = bindings::ARPHRD_CAN as u16;

/// InfiniBand (`ARPHRD_INFINIBAND`).
pub(crate) const INFINIBAND: u16 = bindings::ARPHRD_INFINIBAND as u16;

/// The device takes no VLAN tags (`NETIF_F_VLAN_CHALLENGED`).
pub(crate) const VLAN_CHALLENGED: Features = 1 << bindings::NETIF_F_VLAN_CHALLENGED_BIT as Features;

/// The device merges received packets (`NETIF_F_LRO`).
pub(crate) const LRO: Features = 1 << bindings::NETIF_F_LRO_BIT as Features;
