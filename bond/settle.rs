// SPDX-License-Identifier: GPL-2.0

//! What has to be done under RTNL about decisions that packets follow already.

use crate::{
    bond::{
        history::Seen,
        hwaddr::{
            self,
            MacStep,
            Old, //
        },
        params::Mode,
        slave::PortRef,
        state::State,
        Bond,
        Follow, //
    },
    kapi::{
        log::{
            slave_log,
            Level, //
        },
        net_device::{
            Announce,
            ExtAck,
            NetDevice, //
        },
        rtnl::Rtnl,
        time::{
            msecs_to_jiffies,
            now_ms, //
        },
        work::Work, //
    },
    monitor::{
        link::Duplex,
        neighbour::group_mac,
        targets::List, //
    },
};

use core::net::Ipv6Addr;

/// Has a device listen to the groups of `new`, and no longer to those of `old`.
pub(super) fn listen(rtnl: &Rtnl, dev: &NetDevice, old: &List<Ipv6Addr>, new: &List<Ipv6Addr>) {
    for host in new
        .iter()
        .filter(|&host| !old.iter().any(|other| other == host))
    {
        dev.listen(rtnl, &group_mac(host), true);
    }
    for host in old
        .iter()
        .filter(|&host| !new.iter().any(|other| other == host))
    {
        dev.listen(rtnl, &group_mac(host), false);
    }
}

impl Bond {
    /// Makes the stack follow what was decided.
    ///
    /// Called after every change that is made under RTNL, but not from within events of slaves,
    /// whose instance locks may be held: there, and without RTNL, [`Work::Settle`] does it.
    pub(crate) fn settle(&self, rtnl: &Rtnl) {
        let (from, to, failed_over) = {
            let mut state = self.state.lock();
            let failed_over = core::mem::take(&mut state.failed_over);
            let to = state.active.get().cloned();
            let addressed = to.clone().filter(|_| state.params.mode.uses_primary());
            (
                core::mem::replace(&mut state.addressed, addressed),
                to,
                failed_over,
            )
        };
        self.move_addresses(
            rtnl,
            from.as_ref(),
            to.as_ref().filter(|_| self.uses_primary()),
        );
        self.follow_targets(rtnl);
        self.announce_slaves(rtnl);
        if failed_over {
            self.end_cover(rtnl);
            self.move_associations(rtnl, to.as_ref());
            self.follow_failover(rtnl, from.as_ref(), to.as_ref());
        }
        self.cover_lost(rtnl);
        self.notify_peers(rtnl);
    }

    /// Has backups listen to the groups in which IPv6 targets are asked, so that they hear the
    /// questions, while `arp_validate` judges them; the active slave has the bond's own groups.
    fn follow_targets(&self, rtnl: &Rtnl) {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            let (old, new) = {
                let mut state = self.state.lock();
                let wanted = state.wanted_groups(&port);
                let member = state.position(&port);
                match member.and_then(|at| state.members.get_mut(at)) {
                    Some(member) => (core::mem::replace(&mut member.groups, wanted), wanted),
                    None => (List::EMPTY, List::EMPTY),
                }
            };
            listen(rtnl, port.dev(), &old, &new);
            at = at.saturating_add(1);
        }
    }

    /// Publishes the view that there was no memory for.
    fn republish(&self, rtnl: &Rtnl) {
        if self.state.lock().stale_view {
            self.decide(Seen::Retry, Follow::Now(rtnl), |_, _| ());
        }
    }

    /// Reads speed and duplex of the slaves that came up since they were last read.
    pub(crate) fn refresh_speeds(&self, rtnl: &Rtnl) {
        while let Some(port) = self.find_slave(|member| core::mem::take(&mut member.stale_speed)) {
            self.note_speed(&port, port.dev().speed_duplex(rtnl));
        }
    }

    /// Reads speed and duplex of all slaves.
    pub(crate) fn read_speeds(&self, rtnl: &Rtnl) {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            self.note_speed(&port, port.dev().speed_duplex(rtnl));
            at = at.saturating_add(1);
        }
    }

    /// Notes speed (Mb/s) and duplex (`DUPLEX_*`) of a slave.
    pub(crate) fn note_speed(&self, port: &PortRef, speed: Option<(u32, u8)>) {
        let speed = speed.map(|(speed, duplex)| (speed, Duplex::from_u8(duplex)));
        let mut state = self.state.lock();
        let needed = state.params.mode.needs_speed() && port.dev().is_running_with_carrier();
        let index = state.position(port);
        let Some(member) = index.and_then(|at| state.members.get_mut(at)) else {
            return;
        };
        let changed = member.speed != speed;
        member.speed = speed;
        member.publish_link();
        let lacks = needed && speed.is_none();
        let told = core::mem::replace(&mut member.told_no_speed, lacks);
        if changed {
            state.lacp_speed_changed(self);
            self.rethink_view(&mut state);
        }
        drop(state);
        if lacks && !told {
            slave_log!(
                Level::Warn,
                self.dev(),
                port.dev(),
                "failed to get link speed/duplex"
            );
        }
    }

    /// Has a new view published where slaves are chosen by their speeds.
    fn rethink_view(&self, state: &mut State) {
        if state.params.mode.is_balancing() && state.running {
            state.stale_view = true;
            self.dev().queue(Work::Settle, 1);
        }
    }

    /// Hands the bond's addresses and receive flags from one slave to another.
    fn move_addresses(&self, rtnl: &Rtnl, from: Option<&PortRef>, to: Option<&PortRef>) {
        let same = match (from, to) {
            (Some(from), Some(to)) => from.is(to),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        if let Some(from) = from {
            self.take_back_flags(rtnl, from.dev());
            if self.dev().is_up() {
                from.dev().unsync_addresses(rtnl, self.dev());
            }
        }
        if let Some(to) = to {
            self.hand_down_flags(rtnl, to.dev());
            if self.dev().is_up() {
                to.dev().sync_addresses(rtnl, self.dev(), false);
            }
        }
    }

    /// Has a slave receive what the bond does (promiscuous, all multicast). As in the C driver, a
    /// failover goes on when the device refuses.
    fn hand_down_flags(&self, rtnl: &Rtnl, dev: &NetDevice) {
        if self.dev().is_promiscuous() {
            let _ = dev.count_promiscuous(rtnl, true);
        }
        if self.dev().is_allmulti() {
            let _ = dev.count_allmulti(rtnl, true);
        }
    }

    /// Undoes [`Self::hand_down_flags`].
    fn take_back_flags(&self, rtnl: &Rtnl, dev: &NetDevice) {
        if self.dev().is_promiscuous() {
            let _ = dev.count_promiscuous(rtnl, false);
        }
        if self.dev().is_allmulti() {
            let _ = dev.count_allmulti(rtnl, false);
        }
    }

    /// Tells the stack of slaves whose link or role changed.
    pub(crate) fn announce_slaves(&self, rtnl: &Rtnl) {
        while let Some(port) = self.find_slave(|member| core::mem::take(&mut member.untold)) {
            let told = {
                let state = self.state.lock();
                let member = state.position(&port).and_then(|at| state.members.get(at));
                member.map(|member| {
                    let link_up = member.link.state().is_lower_up();
                    (link_up, state.params, state.members.len())
                })
            };
            let Some((link_up, params, slaves)) = told else {
                continue;
            };
            port.announce_state(rtnl, link_up, !port.is_backup());
            port.announce_info(rtnl, params.mode.as_u8(), slaves, params.miimon);
        }
    }

    /// Tells the stack that a slave sends no more, before it is told that it is no slave any more.
    /// In the balancing modes slaves are never backups.
    pub(crate) fn retire(&self, rtnl: &Rtnl, port: &PortRef) {
        if self.params().mode.is_balancing() {
            return;
        }
        let _ = self.find_slave(|member| {
            let found = member.port.is(port);
            if found {
                member.retire();
            }
            found
        });
        self.announce_slaves(rtnl);
    }

    /// Moves what slaves do of IPsec to the active one.
    fn move_associations(&self, rtnl: &Rtnl, to: Option<&PortRef>) {
        let to = to.filter(|_| self.params().mode == Mode::ActiveBackup);
        let to = to.map(|port| port.dev());
        self.associations.follow(rtnl, to, |why| {
            if let Some(dev) = to {
                slave_log!(Level::Warn, self.dev(), dev, "bond_ipsec_add_sa_all: {why}");
            }
        });
    }

    /// What follows a change of the active slave.
    fn follow_failover(&self, rtnl: &Rtnl, from: Option<&PortRef>, to: Option<&PortRef>) {
        let params = self.params();
        if params.mode.is_balancing() {
            if let Some(to) = to {
                let from = from.filter(|from| self.is_member(from));
                self.move_own_macs(rtnl, from, to);
            }
        } else if params.mode.uses_primary() {
            if let Some(to) = to {
                // A slave that was released has no part in it: it gets its own address back.
                let from = from.filter(|from| self.is_member(from));
                self.move_macs(rtnl, from, to);
                // Listeners to this event cannot refuse it.
                let _ = self.dev().announce(rtnl, Announce::BondingFailover);
                if self.dev().is_running() {
                    self.state.lock().arm_peer_notifications(now_ms());
                }
            }
        }
        let moved = match params.mode {
            Mode::RoundRobin => true,
            mode => mode.uses_primary() && to.is_some(),
        };
        let reports = moved && params.resend_igmp > 0;
        if reports && self.dev().is_running() {
            self.state.lock().igmp_left = params.resend_igmp;
            self.dev().queue(Work::ResendIgmp, 1);
        }
    }

    /// Moves MAC addresses at a failover, as `fail_over_mac` says.
    fn move_macs(&self, rtnl: &Rtnl, from: Option<&PortRef>, to: &PortRef) {
        let bond_mac = self.dev().mac(rtnl);
        let holder = match from {
            Some(from) => Some(from.clone()),
            None => self.find_slave(|member| {
                !member.port.is(to) && member.port.dev().mac(rtnl) == bond_mac
            }),
        };
        let old = match (from, &holder) {
            (Some(_), _) => Old::Active,
            (None, Some(_)) => Old::Holder,
            (None, None) => Old::None,
        };
        let new_mac = to.dev().mac(rtnl);
        for step in hwaddr::at_failover(&self.params(), true, old) {
            let none = ExtAck::none();
            let (dev, done) = match (step, &holder) {
                (MacStep::BondTakesNew, _) => (to.dev(), self.dev().take_mac_of(rtnl, to.dev())),
                (MacStep::NewTakesBond, _) => (to.dev(), to.dev().set_mac(rtnl, &bond_mac, &none)),
                (MacStep::NewTakesOld, Some(old)) => {
                    let mac = old.dev().mac(rtnl);
                    (to.dev(), to.dev().set_mac(rtnl, &mac, &none))
                }
                (MacStep::OldTakesNews, Some(old)) => {
                    (old.dev(), old.dev().set_mac(rtnl, &new_mac, &none))
                }
                (MacStep::NewTakesOld | MacStep::OldTakesNews, None) => continue,
            };
            if let Err(error) = done {
                let errno = -error.to_errno();
                slave_log!(
                    Level::Err,
                    self.dev(),
                    dev,
                    "Error {errno} {}",
                    step.failure()
                );
                return;
            }
        }
    }

    /// Tells peers of a failover, if that is due, and sees to it that the rest is done in time.
    fn notify_peers(&self, rtnl: &Rtnl) {
        let now = now_ms();
        let send = {
            let mut state = self.state.lock();
            if state.peers.left == 0 {
                return;
            }
            if !state.running {
                state.peers.left = 0;
                return;
            }
            // A bond or slave whose queue still throws packets away would lose the message.
            let ready = |port: &PortRef| !port.dev().has_link_event_pending();
            let sender = match state.params.mode {
                Mode::Lacp => {
                    let mut members = state.members.iter();
                    members.any(|member| member.can_send() && ready(&member.port))
                }
                _ => state.active.get().is_some_and(ready),
            };
            let ready = self.dev().has_carrier() && !self.dev().has_link_event_pending() && sender;
            let send = ready && now >= state.peers.due;
            if send {
                state.peers.left -= 1;
                match state.peer_interval_ms() {
                    Some(interval) => state.peers.due = now.saturating_add(interval),
                    None => state.peers.left = 0,
                }
            }
            send
        };
        if send {
            let _ = self.dev().announce(rtnl, Announce::NotifyPeers);
        }
        let state = self.state.lock();
        if state.peers.left > 0 && self.dev().has_carrier() {
            let wait = state.peers.due.saturating_sub(now_ms()).max(1);
            let wait = u32::try_from(wait).unwrap_or(u32::MAX);
            self.dev().queue(Work::Settle, msecs_to_jiffies(wait));
        }
    }

    /// [`Work::Settle`].
    pub(crate) fn settle_later(&self) {
        let done = Rtnl::try_with(|rtnl| {
            self.refresh_speeds(rtnl);
            self.republish(rtnl);
            self.settle(rtnl);
        });
        if done.is_none() {
            self.dev().queue(Work::Settle, 1);
        }
    }

    /// [`Work::ResendIgmp`]: asks the stack to report multicast memberships again.
    pub(crate) fn resend_igmp(&self) {
        let told = Rtnl::try_with(|rtnl| {
            // Listeners to this event cannot refuse it.
            let _ = self.dev().announce(rtnl, Announce::ResendIgmp);
            let mut state = self.state.lock();
            state.igmp_left = state.igmp_left.saturating_sub(1);
            state.igmp_left > 0
        });
        match told {
            None => self.dev().queue(Work::ResendIgmp, 1),
            Some(true) => self.dev().queue(Work::ResendIgmp, msecs_to_jiffies(200)),
            Some(false) => {}
        }
    }
}
