// SPDX-License-Identifier: GPL-2.0

//! The state of a bond at one moment, for those who show it.

use crate::{
    bond::{
        params::{
            Mode,
            Params, //
        },
        slave::Port,
        snapshot::{
            BondSnapshot,
            SlaveSnapshot, //
        },
        state::{
            Member,
            State, //
        },
        Bond, //
    },
    kapi::{
        capability,
        release, //
    }, //
};

use kernel::prelude::*;

impl Member {
    /// The slave at this moment.
    /// Its port is only of interest if the bond's mode is 802.3ad (`lacp`).
    pub(super) fn snapshot(&self, lacp: bool) -> SlaveSnapshot {
        let dev = self.port.dev();
        SlaveSnapshot {
            name: dev.name(),
            link: self.link.state(),
            speed: self.speed.map(|(speed, _)| speed),
            duplex: self.duplex(),
            link_failures: self.link.failures(),
            perm_hwaddr: self.port.perm_hwaddr,
            queue_id: self.queue_id,
            backup: self.port.is_backup(),
            prio: self.prio,
            lacp: lacp.then(|| self.lacp_port()),
        }
    }
}

impl State {
    /// Whether the mode is 802.3ad.
    pub(super) fn is_lacp(&self) -> bool {
        self.params.mode == Mode::Lacp
    }

    /// The bond at this moment, with these slaves.
    pub(super) fn snapshot<'a>(
        &self,
        bond: &Bond,
        slaves: &'a [SlaveSnapshot],
    ) -> BondSnapshot<'a> {
        let dev = bond.dev();
        let primary = self.primary_position().and_then(|at| self.members.get(at));
        let active = self.active.get();
        BondSnapshot {
            name: dev.name(),
            params: self.params,
            lacp: self.is_lacp().then(|| self.lacp_bond()),
            privileged: capability::is_net_admin,
            targets: self.targets,
            mii_up: dev.has_carrier(),
            primary: primary.map(|member| member.port.dev().name()),
            primary_ifindex: primary.map(|member| member.port.dev().ifindex()),
            active: active.map(|port| port.dev().name()),
            active_ifindex: active.map(|port| port.dev().ifindex()),
            slaves,
            kernel_release: release::kernel(),
        }
    }
}

impl Bond {
    /// Calls `f` with the bond at this moment. Process context.
    pub(crate) fn snapshot<R>(&self, f: impl FnOnce(&BondSnapshot<'_>) -> R) -> Result<R> {
        loop {
            let mut slaves = KVec::with_capacity(self.slave_count(), GFP_KERNEL)?;
            let state = self.state.lock();
            if state.members.len() > slaves.capacity() {
                continue;
            }
            for member in &state.members {
                // There is room for it: that was just asked.
                let _ = slaves.push_within_capacity(member.snapshot(state.is_lacp()));
            }
            let bond = state.snapshot(self, &slaves);
            drop(state);
            return Ok(f(&bond));
        }
    }

    /// Calls `f` with the bond at this moment, but without its slaves. Any context.
    pub(crate) fn snapshot_alone<R>(&self, f: impl FnOnce(&BondSnapshot<'_>) -> R) -> R {
        let bond = self.state.lock().snapshot(self, &[]);
        f(&bond)
    }

    /// Calls `f` with the bond, and the slave `port` of it, at this moment. Any context.
    ///
    /// `ENOENT` if `port` is no slave of the bond and isn't becoming one.
    pub(crate) fn snapshot_of<R>(
        &self,
        port: &Port,
        f: impl FnOnce(&BondSnapshot<'_>, &SlaveSnapshot) -> R,
    ) -> Result<R> {
        let (params, slave) = {
            let state = self.state.lock();
            let member = state.position(port).and_then(|at| state.members.get(at));
            let joining = state.joining.as_ref().filter(|member| member.port.is(port));
            (
                state.params,
                member.or(joining).ok_or(ENOENT)?.snapshot(state.is_lacp()),
            )
        };
        let slaves = [slave];
        let bond = self.brief(params, &slaves);
        Ok(f(&bond, &slave))
    }

    /// The bond with only some of its slaves.
    fn brief<'a>(&self, params: Params, slaves: &'a [SlaveSnapshot]) -> BondSnapshot<'a> {
        BondSnapshot {
            params,
            ..self.state.lock().snapshot(self, slaves)
        }
    }
}
