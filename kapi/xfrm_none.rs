// SPDX-License-Identifier: GPL-2.0

//! IPsec done by slaves, in a kernel without that (`CONFIG_XFRM_OFFLOAD`): nobody has associations.

use super::{
    net_device::NetDevice,
    rtnl::Rtnl, //
};
use kernel::prelude::*;

/// The associations that slaves of a bond keep for it: none.
pub(crate) struct Associations;

impl Associations {
    /// An empty list.
    pub(crate) fn new() -> impl PinInit<Self> {
        Self
    }

    /// There is nothing to move.
    pub(crate) fn follow(&self, _rtnl: &Rtnl, _active: Option<&NetDevice>, _failed: impl Fn(&str)) {
    }
}
