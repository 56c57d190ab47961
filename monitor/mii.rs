// SPDX-License-Identifier: GPL-2.0

//! The MII monitor: a slave's carrier, by event and, as backstop, by timer.

use crate::{
    bond::{
        history::Seen,
        params::{
            EventMonitor,
            PrimaryReselect, //
        },
        slave::PortRef,
        Bond,
        Follow, //
    },
    kapi::{
        net_device::InstanceLock,
        rtnl::Rtnl,
        time::{
            msecs_to_jiffies,
            now_ms, //
        },
        work::Work, //
    },
    monitor::link::LinkState,
};

impl Bond {
    /// A slave's device has new link, speed or flags: acts on it at once.
    pub(crate) fn link_event(&self, port: &PortRef, lock: &InstanceLock<'_>) {
        self.note_speed(port, lock.speed_duplex());
        self.look_at(Seen::Carrier(port.dev().name()), port);
    }

    /// Looks at one slave, from within an event of its device.
    pub(crate) fn look_at(&self, seen: Seen, port: &PortRef) {
        if self.params().event_monitor == EventMonitor::Off {
            return;
        }
        self.decide(seen, Follow::Later, |bond, state| {
            if let Some(index) = state.position(port) {
                state.observe(bond.dev(), index..index.saturating_add(1), now_ms());
            }
        });
        if !self.params().use_carrier {
            // The driver can't be asked here.
            self.start_monitor();
        }
        self.watch_deadlines();
    }

    /// [`Work::Monitor`]: looks at all slaves, for devices which do not report, and ends delays.
    pub(crate) fn monitor(&self) {
        if !self.params().use_carrier && Rtnl::try_with(|rtnl| self.ask_drivers(rtnl)).is_none() {
            return self.dev().queue(Work::Monitor, 1);
        }
        if self.lacks_speeds() {
            // A slave whose speed isn't known is of no use, and might not tell when it is. The next
            // look is soon enough: the others don't wait for it.
            let _ = Rtnl::try_with(|rtnl| self.read_speeds(rtnl));
        }
        if !self.has_news() {
            return self.rearm_monitor();
        }
        if self.compares_speeds() {
            // Speeds are read under RTNL only, and what is up without one would seem the best. But
            // a failover does not wait for it: those that were up have theirs.
            let read = Rtnl::try_with(|rtnl| self.read_speeds(rtnl));
            if read.is_none() && !self.lost_active() {
                return self.dev().queue(Work::Monitor, 1);
            }
        }
        self.decide(Seen::Poll, Follow::Later, |bond, state| {
            state.observe(bond.dev(), 0..state.members.len(), now_ms());
        });
        self.rearm_monitor();
    }

    /// Asks the drivers of all slaves about their links; one that can't be asked says yes.
    fn ask_drivers(&self, rtnl: &Rtnl) {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            let link = port.dev().driver_link(rtnl).unwrap_or(true);
            let _ = self.find_slave(|member| {
                let found = member.port.is(&port);
                if found {
                    member.driver_link = link;
                }
                found
            });
            at = at.saturating_add(1);
        }
    }

    /// Whether the choice of the active slave depends on speeds.
    fn compares_speeds(&self) -> bool {
        let params = self.params();
        params.mode.uses_primary() && params.primary_reselect == PrimaryReselect::Better
    }

    /// Whether the mode needs the speed of a slave that has carrier, and it isn't known.
    fn lacks_speeds(&self) -> bool {
        let state = self.state.lock();
        state.params.mode.needs_speed()
            && state
                .members
                .iter()
                .any(|member| member.speed.is_none() && member.port.dev().is_running_with_carrier())
    }

    /// Whether there is no active slave, or it has lost its link.
    fn lost_active(&self) -> bool {
        let state = self.state.lock();
        let active = state.active_position().and_then(|at| state.members.get(at));
        active.is_none_or(|member| !member.has_link(&state.params))
    }

    /// Whether a look at the slaves would change anything: most often it would not, and then costs
    /// neither memory nor work.
    fn has_news(&self) -> bool {
        let state = self.state.lock();
        let now = now_ms();
        let late = state.next_deadline().is_some_and(|at| at <= now);
        let desperate = state.is_desperate();
        late || state.members.iter().any(|member| {
            let link = member.link.state();
            let up = matches!(link, LinkState::Up | LinkState::Back);
            up != member.has_link(&state.params) || (desperate && link == LinkState::Back)
        })
    }

    /// Sets the timer for the next look.
    fn rearm_monitor(&self) {
        let wait = {
            let state = self.state.lock();
            if !state.running || !state.is_monitored() {
                return;
            }
            let until_deadline = state
                .next_deadline()
                .map(|at| at.saturating_sub(now_ms()))
                .and_then(|wait| u32::try_from(wait).ok());
            let poll = Some(state.params.miimon).filter(|ms| *ms != 0);
            // By events alone: the next one comes by itself.
            let Some(wait) = until_deadline.into_iter().chain(poll).min() else {
                return;
            };
            wait
        };
        self.dev().queue(Work::Monitor, msecs_to_jiffies(wait));
    }

    /// Sets the timer for a delay that has just begun.
    fn watch_deadlines(&self) {
        let waits = self.state.lock().next_deadline().is_some();
        if waits {
            self.rearm_monitor();
        }
    }
}
