// SPDX-License-Identifier: GPL-2.0

//! What a bond decides upon: its settings and what it knows of its slaves.
//!
//! All of it lies behind the bond's one lock. Events change it, the pure rules (`monitor::link`,
//! `bond::select`) decide, packets see the outcome at once through RCU, and what has to be done
//! about it under RTNL is left in marks that `bond::settle` works off. A mark says how things
//! differ from what the stack was told, so none is lost when RTNL is busy, and none done twice.

use crate::{
    bond::{
        addr::IfName,
        balance::Balance,
        clients::Cover,
        defaults::Defaults,
        history::{
            Decision,
            Done,
            History,
            DECISIONS, //
        },
        params::{
            Mode,
            Monitor,
            Params, //
        },
        select::{
            self,
            Candidate,
            Why,
            Wishes, //
        },
        slave::{
            Port,
            PortRef,
            Slave, //
        },
        view::TxView,
        Bond, //
    },
    kapi::{
        log::{
            bond_log,
            slave_log,
            Level, //
        },
        master::{
            ActiveCell,
            BondDev, //
        },
        net_device::NetDevice,
        port::UpperLink,
        rcu::Prepared,
        rx::RxHook,
        time::{
            boottime_ms,
            ticks, //
        },
    },
    modes::lacp,
    monitor::{
        link::{
            Delays,
            Duplex,
            LinkMachine,
            LinkState,
            Role,
            Transition, //
        },
        targets::{
            List,
            Targets, //
        },
    },
    sysfs::SlaveDir,
};

use core::net::Ipv6Addr;
use kernel::prelude::*;

/// What holds a slave in its place; undone one after the other when it is released.
pub(crate) struct Ties {
    /// Its packets are received by the bond.
    pub(crate) hook: RxHook<Slave>,
    /// The stack knows that the bond is above it.
    pub(crate) link: UpperLink<Slave>,
    /// `/sys/class/net/<slave>/bonding_slave`.
    pub(crate) dir: SlaveDir,
}

/// A slave, as the bond's decisions see it.
pub(crate) struct Member {
    /// The slave.
    pub(crate) port: PortRef,
    /// State of its link.
    pub(crate) link: LinkMachine,
    /// Speed (Mb/s) and duplex, as last read under RTNL.
    pub(crate) speed: Option<(u32, Duplex)>,
    /// Queue bound to the slave; 0 is none.
    pub(crate) queue_id: u16,
    /// Priority when the active slave is chosen: more is better.
    pub(crate) prio: i32,
    /// What its driver said of the link when last asked; true before (option `use_carrier`).
    pub(crate) driver_link: bool,
    /// The stack is to be told of its link or role.
    pub(crate) untold: bool,
    /// Speed and duplex are to be read again.
    pub(crate) stale_speed: bool,
    /// The log says that its speed can't be read, though the mode needs it.
    pub(crate) told_no_speed: bool,
    /// How often it was made the active slave, in modes which have one.
    pub(crate) failovers: u64,
    /// Its part in LACP, in mode 802.3ad.
    pub(crate) lacp: lacp::port::Port,
    /// Peers may send to it, in mode balance-alb.
    pub(crate) receives: bool,
    /// Its link goes down, but is not down yet.
    pub(crate) fails: bool,
    /// They no longer may, and the active slave is to receive for it.
    pub(crate) lost: bool,
    /// The IPv6 targets whose groups the slave listens to.
    pub(crate) groups: List<Ipv6Addr>,
    /// What holds it in place.
    pub(crate) ties: Option<Ties>,
}

impl Member {
    /// Its device.
    fn dev(&self) -> &NetDevice {
        self.port.dev()
    }

    /// Duplex, if known.
    pub(crate) fn duplex(&self) -> Duplex {
        self.speed.map_or(Duplex::Unknown, |(_, duplex)| duplex)
    }

    /// Whether the monitor sees a link: that which the kernel knows of, or else the driver. In modes
    /// that need its speed, there is none until that is known.
    pub(crate) fn has_link(&self, params: &Params) -> bool {
        let link = if params.use_carrier {
            self.dev().is_running_with_carrier()
        } else {
            self.dev().is_running() && self.driver_link
        };
        link && (self.speed.is_some() || !params.mode.needs_speed())
    }

    /// Whether packets may be sent by it.
    pub(crate) fn can_send(&self) -> bool {
        self.link.state() == LinkState::Up
            && !self.port.is_backup()
            && self.dev().is_running_with_carrier()
    }

    /// Tells C code and sysfs what the link is like.
    pub(crate) fn publish_link(&self) {
        self.port.set_link(
            self.link.state().as_u8(),
            self.link.failures(),
            self.speed.map(|(speed, duplex)| (speed, duplex.as_u8())),
        );
    }

    /// The slave is about to leave: it carries nothing any more, and is heard to the end.
    pub(crate) fn retire(&mut self) {
        self.set_role(true, self.port.is_inactive());
    }

    /// Sets what the slave does; the stack is told later if that is new.
    pub(crate) fn set_role(&mut self, backup: bool, inactive: bool) {
        self.untold |= self.port.is_backup() != backup;
        self.port.set_role(backup, inactive);
    }
}

/// Peers still to be told of a failover.
#[derive(Clone, Copy, Default)]
pub(crate) struct PeerNotifications {
    /// How many times.
    pub(crate) left: u32,
    /// When next, in ms of the clock.
    pub(crate) due: u64,
}

/// Everything behind the bond's lock.
pub(crate) struct State {
    /// The settings.
    pub(crate) params: Params,
    /// The hosts that the ARP monitor asks for.
    pub(crate) targets: Targets,
    /// Name of the slave that the user prefers, whether it is there or not.
    pub(crate) primary: Option<IfName>,
    /// The slave of that name, in modes which have a primary.
    pub(crate) primary_slave: Option<PortRef>,
    /// The primary is to take over at the next choice even where the policy would not have it.
    pub(crate) force_primary: bool,
    /// The slaves, in the order in which they were enslaved.
    pub(crate) members: KVec<Member>,
    /// The slave that is being enslaved, from when others hear of it until it is among `members`.
    pub(crate) joining: Option<Member>,
    /// Room for [`State::choose_active`], as large as `members`: it must not allocate.
    pub(crate) candidates: KVec<Candidate>,
    /// The active slave.
    pub(crate) active: ActiveCell<Bond>,
    /// The slave that has the bond's addresses and flags, in modes with an active slave. It
    /// follows `active` when RTNL is there.
    pub(crate) addressed: Option<PortRef>,
    /// The slave that asks in place of the active one, in active-backup mode with the ARP monitor,
    /// while there is none.
    pub(crate) candidate: Option<PortRef>,
    /// Peers to tell.
    pub(crate) peers: PeerNotifications,
    /// How many more times multicast memberships are to be reported.
    pub(crate) igmp_left: u8,
    /// What the slaves have in common in mode 802.3ad.
    pub(crate) lacp: lacp::system::System,
    /// The slave that last heard something new from its partner.
    pub(crate) heard: Option<IfName>,
    /// The speed of a slave changed, and LACP does not know yet.
    pub(crate) speed_changed: bool,
    /// The bond's MAC address, as last noted under RTNL.
    pub(crate) own_mac: [u8; 6],
    /// What load decides by, while the bond is up in a mode where it does.
    pub(crate) balance: Option<Balance>,
    /// The active slave receives for a slave that was lost, in mode balance-alb.
    pub(crate) cover: Option<Cover>,
    /// The bond is up.
    pub(crate) running: bool,
    /// The log has said that nothing watches the links.
    pub(crate) warned_unmonitored: bool,
    /// The active slave was chosen since the bond's carrier was last seen to.
    pub(crate) chose: bool,
    /// A slave has left since packets last got a view.
    pub(crate) left: bool,
    /// There was no memory for the view that packets ought to see.
    pub(crate) stale_view: bool,
    /// The bond's features are being computed.
    pub(crate) computing_features: bool,
    /// The active slave changed since its followers were told (see `bond::settle`).
    pub(crate) failed_over: bool,
    /// What was decided of late.
    pub(crate) history: History<KVec<Decision>>,
}

impl State {
    /// The state of a new bond. Process context.
    pub(crate) fn new(defaults: &Defaults, active: ActiveCell<Bond>) -> Result<Self> {
        let decisions = KVec::from_elem(Decision::NONE, DECISIONS, GFP_KERNEL)?;
        Ok(Self {
            params: defaults.params,
            targets: defaults.targets,
            primary: defaults.primary,
            primary_slave: None,
            force_primary: false,
            members: KVec::new(),
            joining: None,
            candidates: KVec::new(),
            active,
            addressed: None,
            candidate: None,
            peers: PeerNotifications::default(),
            igmp_left: 0,
            lacp: lacp::system::System::new(),
            heard: None,
            speed_changed: false,
            own_mac: [0; 6],
            balance: None,
            cover: None,
            running: false,
            warned_unmonitored: false,
            chose: false,
            left: false,
            stale_view: false,
            computing_features: false,
            failed_over: false,
            history: History::new(decisions),
        })
    }

    /// Notes what was decided now.
    pub(crate) fn note(&mut self, done: Done) {
        self.history.note(boottime_ms(), done);
    }

    /// Notes that the link of the slave at `index` changed.
    pub(super) fn note_link(&mut self, index: usize, change: Transition) {
        let Some(member) = self.members.get(index) else {
            return;
        };
        let slave = member.dev().name();
        self.note(Done::Link {
            slave,
            from: change.from,
            to: change.to,
            why: change.why,
        });
    }

    /// Adds a slave. `members` and `candidates` are empty and have room for all; they are given
    /// back with what the state had before.
    pub(crate) fn add(
        &mut self,
        member: Member,
        members: &mut KVec<Member>,
        candidates: &mut KVec<Candidate>,
    ) -> Result<(), Member> {
        if members.capacity() <= self.members.len() || candidates.capacity() <= self.members.len() {
            return Err(member);
        }
        core::mem::swap(&mut self.members, members);
        core::mem::swap(&mut self.candidates, candidates);
        for old in members.drain_all() {
            let _ = self.members.push_within_capacity(old);
        }
        self.members
            .push_within_capacity(member)
            .map_err(|full| full.0)
    }

    /// The position of a slave.
    pub(crate) fn position(&self, port: &Port) -> Option<usize> {
        self.members.iter().position(|member| member.port.is(port))
    }

    /// The position of the slave which is `dev`.
    pub(crate) fn position_of(&self, dev: &NetDevice) -> Option<usize> {
        self.members.iter().position(|member| member.dev().is(dev))
    }

    /// The position of the active slave.
    pub(crate) fn active_position(&self) -> Option<usize> {
        self.position(self.active.get()?)
    }

    /// The position of the primary slave, in modes which have one.
    pub(crate) fn primary_position(&self) -> Option<usize> {
        self.position(self.primary_slave.as_ref()?)
    }

    /// Looks for the slave that has the primary's name. Returns whether it is another one now.
    pub(crate) fn find_primary(&mut self) -> bool {
        let name = self.primary.filter(|_| self.params.mode.uses_primary());
        let found = self
            .members
            .iter()
            .find(|member| name == Some(member.dev().name()));
        let found = found.map(|member| member.port.clone());
        let same = match (&found, &self.primary_slave) {
            (Some(new), Some(old)) => new.is(old),
            (None, None) => true,
            _ => false,
        };
        self.primary_slave = found;
        !same
    }

    /// Whether carrier and delays decide on the links.
    pub(crate) fn is_monitored(&self) -> bool {
        self.params.monitor() == Monitor::Mii
    }

    /// Whether the first slave to come back must not wait for its up delay, since none can send.
    pub(crate) fn is_desperate(&self) -> bool {
        match self.params.mode {
            Mode::ActiveBackup => self.active.get().is_none(),
            Mode::Xor | Mode::Lacp | Mode::Tlb | Mode::Alb => {
                !self.members.iter().any(Member::can_send)
            }
            Mode::RoundRobin | Mode::Broadcast => false,
        }
    }

    /// The delays in force.
    fn delays(&self) -> Delays {
        Delays {
            updelay_ms: self.params.updelay_ms(),
            downdelay_ms: self.params.downdelay_ms(),
            ignore_updelay: self.is_desperate(),
        }
    }

    /// The link machine of a slave that is being added.
    pub(crate) fn new_link(&self, carrier: bool, now_ms: u64) -> LinkMachine {
        let monitored = self.params.monitor() != Monitor::None;
        LinkMachine::new(monitored, carrier, now_ms, &self.delays())
    }

    /// Looks at the links of the slaves at `indices`, and draws the conclusions.
    pub(crate) fn observe(
        &mut self,
        dev: &BondDev<Bond>,
        indices: core::ops::Range<usize>,
        now_ms: u64,
    ) {
        // As in the C driver, nobody watches the links of a bond that is down.
        if !self.running || !self.is_monitored() {
            return;
        }
        let mut reselect = false;
        let mut delays = self.delays();
        for index in indices {
            reselect |= self.observe_one(dev, index, now_ms, &mut delays);
        }
        if reselect {
            self.choose_active(dev, now_ms);
        }
    }

    /// Looks at the link of one slave. Returns whether the active slave is to be chosen anew.
    fn observe_one(
        &mut self,
        dev: &BondDev<Bond>,
        index: usize,
        now_ms: u64,
        delays: &mut Delays,
    ) -> bool {
        let active = self.active_position();
        let role = match (self.params.mode.uses_primary(), active == Some(index)) {
            (false, _) => Role::None,
            (true, true) => Role::Active,
            (true, false) => Role::Backup,
        };
        let Some(member) = self.members.get_mut(index) else {
            return false;
        };
        let carrier = member.has_link(&self.params);
        let Some(change) = member.link.observe(carrier, now_ms, delays) else {
            return false;
        };
        // Only the first to come back is in a hurry.
        delays.ignore_updelay &= change.to != LinkState::Up;
        if let Some(line) = change.notice(role) {
            slave_log!(Level::Info, dev, member.dev(), "{line}");
        }
        self.commit(dev, index, change)
    }

    /// Draws the conclusions from a change of a link. Returns whether the active slave is to be
    /// chosen anew.
    fn commit(&mut self, dev: &BondDev<Bond>, index: usize, change: Transition) -> bool {
        self.note_link(index, change);
        let mode = self.params.mode;
        let primary = self.primary_position();
        let active = self.active_position();
        let active_prio = active.and_then(|at| self.members.get(at)).map(|m| m.prio);
        let Some(member) = self.members.get_mut(index) else {
            return false;
        };
        member.untold = true;
        if let Some(line) = change.outcome(member.speed.map(|(speed, _)| speed), member.duplex()) {
            slave_log!(Level::Info, dev, member.dev(), "{line}");
        }
        member.publish_link();
        match change.to {
            LinkState::Up => {
                member.stale_speed = true;
                member.port.signs.note_up(ticks());
                if !matches!(mode, Mode::ActiveBackup | Mode::Lacp) {
                    // Where each has its own address, only the active one receives.
                    let inactive = mode.is_balancing() && member.port.is_inactive();
                    member.set_role(false, inactive);
                }
                active_prio.is_none_or(|prio| member.prio > prio) || primary == Some(index)
            }
            LinkState::Down => {
                if mode == Mode::ActiveBackup {
                    member.set_role(true, !self.params.all_slaves_active);
                }
                active == Some(index)
            }
            LinkState::Fail | LinkState::Back => false,
        }
    }

    /// Chooses the active slave anew.
    pub(crate) fn choose_active(&mut self, dev: &BondDev<Bond>, now_ms: u64) {
        let current = self.active_position();
        let wishes = Wishes {
            current,
            primary: self.primary_position(),
            force_primary: self.force_primary,
            reselect: self.params.primary_reselect,
            updelay_ms: self.params.updelay_ms(),
        };
        let candidate = |member: &Member| Candidate {
            link: member.link.state(),
            running_carrier: member.dev().is_running_with_carrier(),
            prio: member.prio,
            speed: member.speed.map(|(speed, _)| speed),
            duplex: member.duplex(),
            backlog_ms: member.link.backlog_ms(now_ms),
        };
        self.candidates.clear();
        for member in &self.members {
            // The room is there: `add` made it.
            let _ = self.candidates.push_within_capacity(candidate(member));
        }
        let choice = select::choose(&self.candidates, &wishes);
        if choice.clear_force {
            self.force_primary = false;
        }
        if !choice.changed {
            self.note_kept(choice.why);
            return;
        }
        let mut promoted = None;
        if let Some(member) = choice.index.and_then(|at| self.members.get_mut(at)) {
            if self.params.mode.uses_primary() {
                if let Some(line) = choice.log_line() {
                    slave_log!(Level::Info, dev, member.dev(), "{line}");
                }
            }
            if choice.promote_early.is_some() {
                promoted = member.link.promote();
            }
            if promoted.is_some() {
                member.untold = true;
                member.publish_link();
            }
        }
        if let (Some(index), Some(change)) = (choice.index, promoted) {
            self.note_link(index, change);
        }
        self.activate(dev, choice.index, choice.why);
        self.chose = true;
    }

    /// Notes the slave at `index` as the active one, which in modes without a primary says little:
    /// nobody is told.
    pub(crate) fn point_at(&mut self, dev: &BondDev<Bond>, index: Option<usize>) {
        let member = index.and_then(|at| self.members.get(at));
        self.active
            .set(dev, member.map(|member| member.port.clone()));
    }

    /// Notes that the choice of the active slave was made anew, and is the same.
    fn note_kept(&mut self, why: Why) {
        if self.params.mode.uses_primary() {
            let active = self.active.get().map(|port| port.dev().name());
            self.note(Done::Kept { active, why });
        }
    }

    /// Notes that the active slave is to change, and counts it.
    fn note_active(&mut self, from: Option<usize>, to: Option<usize>, why: Why) {
        if !self.params.mode.uses_primary() {
            return;
        }
        let from = from.and_then(|at| self.members.get(at));
        let from = from.map(|member| (member.dev().name(), member.link.state()));
        let to = to.and_then(|at| self.members.get_mut(at)).map(|member| {
            member.failovers = member.failovers.saturating_add(1);
            member.dev().name()
        });
        self.note(Done::Active { from, to, why });
    }

    /// Makes the slave at `index` the active one: packets use it from now on.
    pub(crate) fn activate(&mut self, dev: &BondDev<Bond>, index: Option<usize>, why: Why) {
        let old = self.active_position();
        if old == index {
            return;
        }
        self.note_active(old, index, why);
        let inactive = !self.params.all_slaves_active;
        let backup = self.params.mode == Mode::ActiveBackup;
        if self.params.mode.uses_primary() {
            // The new one listens before the old one stops.
            if let Some(member) = index.and_then(|at| self.members.get_mut(at)) {
                member.set_role(false, false);
            }
        }
        if let Some(member) = index.and_then(|at| self.members.get(at)) {
            member.port.signs.note_up(ticks());
        }
        self.point_at(dev, index);
        if self.params.mode.uses_primary() {
            if let Some(member) = old.and_then(|at| self.members.get_mut(at)) {
                member.set_role(backup, inactive);
            }
        }
        self.failed_over = true;
    }

    /// Gives every slave the role that the mode has for it, as when the bond is brought up.
    pub(crate) fn reset_roles(&mut self) {
        let active = self.active_position();
        let uses_primary = self.params.mode.uses_primary();
        let inactive = !self.params.all_slaves_active;
        let lacp = self.params.mode == Mode::Lacp;
        let backup = lacp || self.params.mode == Mode::ActiveBackup;
        for (index, member) in self.members.iter_mut().enumerate() {
            if lacp || (uses_primary && active != Some(index)) {
                member.set_role(backup, inactive);
            } else {
                member.set_role(false, false);
            }
        }
    }

    /// Whether the bond has carrier: some slave is up, or LACP says so.
    fn has_carrier(&self) -> bool {
        if self.params.mode == Mode::Lacp {
            return self.has_lacp_carrier();
        }
        self.members
            .iter()
            .any(|member| member.link.state() == LinkState::Up)
    }

    /// When the next delay ends, in ms of the clock.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.members
            .iter()
            .filter_map(|member| member.link.deadline())
            .min()
    }

    /// Whether something is left for RTNL to do.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.failed_over
            || self.stale_view
            || self.peers.left > 0
            || self
                .members
                .iter()
                .any(|member| member.untold || member.stale_speed || member.lost)
    }

    /// Publishes what was decided: the bond's carrier, and the slaves that packets may use.
    pub(crate) fn publish(&mut self, bond: &Bond, room: Option<Prepared<TxView>>) {
        let dev = bond.dev();
        let carrier = self.has_carrier();
        let chose = core::mem::take(&mut self.chose);
        let left = core::mem::take(&mut self.left);
        if carrier != dev.has_carrier() {
            dev.set_carrier(carrier);
            self.note(Done::Carrier(carrier));
            if chose {
                bond_log!(Level::Info, dev, "{}", select::carrier_line(carrier));
            }
        }
        self.stale_view = false;
        if self.params.mode == Mode::ActiveBackup {
            return;
        }
        let Some(mut room) = room else {
            self.stale_view = true;
            if left {
                // The old view has a slave which has left: better none until there is memory.
                bond.publish_view(None);
            }
            return;
        };
        let broadcast = self.params.mode == Mode::Broadcast;
        let usable = self
            .members
            .iter()
            .filter(|member| match broadcast {
                true => member.link.state() == LinkState::Up,
                false => member.can_send(),
            })
            .map(|member| member.port.clone());
        // More slaves than there were when the room was made: another view follows.
        self.stale_view = !room.value_mut().fill(&self.params, usable);
        let new = self.params.mode == Mode::Alb && self.note_receivers();
        if self.params.mode == Mode::Alb {
            room.value_mut().note_receivers(&self.members);
        }
        let by_load = self.params.balances_by_load();
        if let Some(balance) = self.balance.as_mut().filter(|_| by_load) {
            let active = self.active.get().map(|port| port.dev().ifindex());
            room.value_mut().balance(balance, &self.members, active);
        }
        bond.publish_view(Some(room));
        if self.params.mode == Mode::Alb {
            bond.follow_receivers(new);
        }
    }

    /// Marks all backups as silent, or lets them be heard (`all_slaves_active`).
    pub(crate) fn mark_backups(&mut self) {
        let inactive = !self.params.all_slaves_active;
        for member in self.members.iter_mut() {
            if member.port.is_backup() {
                member.port.set_role(true, inactive);
            }
        }
    }

    /// Whether `queue` is bound to another slave than that at `index`.
    pub(crate) fn is_queue_taken(&self, queue: u16, index: usize) -> bool {
        queue != 0
            && self
                .members
                .iter()
                .enumerate()
                .any(|(at, member)| at != index && member.queue_id == queue)
    }

    /// Notes that peers are to be told of a failover, from now on.
    pub(crate) fn arm_peer_notifications(&mut self, now_ms: u64) {
        self.peers = PeerNotifications {
            left: u32::from(self.params.num_peer_notif),
            due: now_ms,
        };
    }

    /// The time between two notifications of peers, in ms; [`None`] without a monitor, when there
    /// is only one.
    pub(crate) fn peer_interval_ms(&self) -> Option<u64> {
        let polls = u64::from(self.params.peer_notif_delay.max(1));
        let poll = match self.params.monitor() {
            Monitor::Arp => self.params.arp_interval,
            Monitor::Mii | Monitor::None => self.params.miimon,
        };
        let interval = polls.saturating_mul(poll.into());
        (interval != 0).then_some(interval)
    }
}
