// SPDX-License-Identifier: GPL-2.0

//! What `ethtool` is told about a bond.

use crate::{
    bond::{
        params::Mode,
        speed,
        Bond, //
    },
    kapi::{
        ethtool::Ethtool,
        net_device::NetDevice,
        rtnl::Rtnl, //
    },
};

use kernel::sync::aref::ARef;

impl Ethtool for Bond {
    fn link_settings(&self, rtnl: &Rtnl) -> (Option<u32>, u8) {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            let can_send = {
                let state = self.state.lock();
                state
                    .members
                    .get(at)
                    .is_some_and(|member| member.can_send())
            };
            if can_send {
                self.note_speed(&port, port.dev().speed_duplex(rtnl));
            }
            at = at.saturating_add(1);
        }
        let state = self.state.lock();
        let senders = state.members.iter().filter(|member| member.can_send());
        let broadcast = state.params.mode == Mode::Broadcast;
        let (speed, duplex) = speed::of_bond(broadcast, senders.map(|member| member.speed));
        (speed, duplex.as_u8())
    }

    fn clock_slave(&self) -> Option<ARef<NetDevice>> {
        let state = self.state.lock();
        let active = state.active.get()?;
        state
            .params
            .mode
            .uses_primary()
            .then(|| ARef::from(active.dev()))
    }

    fn visit_slaves(&self, mut f: impl FnMut(&NetDevice) -> bool) {
        let mut at = 0usize;
        while self.slave_at(at).is_some_and(|port| f(port.dev())) {
            at = at.saturating_add(1);
        }
    }
}
