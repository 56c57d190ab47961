// SPDX-License-Identifier: GPL-2.0

//! 802.3ad in the kernel: the machines of `modes::lacp` are given the slaves, what they receive and
//! the clock; packets, the carrier and the partners follow what comes out.

use crate::{
    bond::{
        history::{
            Done,
            Seen, //
        },
        params::Mode,
        slave::{
            Port,
            PortRef, //
        },
        snapshot::{
            LacpBond,
            LacpPort, //
        },
        state::{
            Member,
            State, //
        },
        Bond,
        Follow, //
    },
    kapi::{
        log::{
            bond_log,
            slave_log,
            Level, //
        },
        master::BondDev,
        net_device::NetDevice,
        rtnl::Rtnl,
        rx::Receive,
        skb::ReceivedSkb,
        time::{
            msecs_to_jiffies,
            now_ms, //
        },
        work::Work, //
    },
    modes::lacp::{
        key::Capability,
        params::SystemId,
        pdu, port,
        stats::Stats,
        system::{
            self,
            Received,
            Settings, //
        },
    },
    monitor::link::{
        Duplex,
        LinkState, //
    }, //
};

impl AsRef<port::Port> for Member {
    fn as_ref(&self) -> &port::Port {
        &self.lacp
    }
}

impl AsMut<port::Port> for Member {
    fn as_mut(&mut self) -> &mut port::Port {
        &mut self.lacp
    }
}

impl Member {
    /// What the link can do; [`None`] if it is down. `monitored` says whether somebody watches it.
    fn capability(&self, monitored: bool) -> Option<Capability> {
        let up = match self.link.state() {
            LinkState::Up => monitored || self.port.dev().is_running_with_carrier(),
            // It is used until its down delay is over.
            LinkState::Fail => true,
            LinkState::Down | LinkState::Back => false,
        };
        let (speed, duplex) = self.speed.unwrap_or((0, Duplex::Unknown));
        up.then_some(Capability {
            speed,
            full_duplex: duplex == Duplex::Full,
        })
    }

    /// Its part in LACP at this moment.
    pub(super) fn lacp_port(&self) -> LacpPort {
        LacpPort {
            aggregator: self.lacp.aggregator(),
            actor: *self.lacp.actor(),
            partner: *self.lacp.partner(),
            actor_churn: self.lacp.actor_churn(),
            partner_churn: self.lacp.partner_churn(),
            mux: self.lacp.mux(),
        }
    }

    /// The MAC address from which the slave's PDUs are sent: its own.
    fn pdu_source(&self) -> [u8; 6] {
        source_of(&self.port)
    }
}

/// The MAC address from which a slave's PDUs are sent: its own.
fn source_of(port: &Port) -> [u8; 6] {
    let mac = port.perm_hwaddr;
    mac.as_bytes().first_chunk().copied().unwrap_or_default()
}

impl State {
    /// Whether LACP is at work.
    fn runs_lacp(&self) -> bool {
        self.running && self.params.mode == Mode::Lacp
    }

    /// The system that partners are told of.
    pub(crate) fn actor_system(&self) -> SystemId {
        let configured = self.params.ad_actor_system;
        SystemId {
            priority: self.params.ad_actor_sys_prio,
            mac: if configured == [0; 6] {
                self.own_mac
            } else {
                configured
            },
        }
    }

    /// The settings that LACP follows.
    fn lacp_settings(&self) -> Settings {
        Settings {
            system: self.actor_system(),
            active: self.params.lacp_active,
            fast: self.params.lacp_fast,
            strict: self.params.lacp_strict,
            coupled: self.params.coupled_control,
            min_links: self.params.min_links,
            select: self.params.ad_select,
            user_key: self.params.ad_user_port_key,
        }
    }

    /// The bond's part in LACP at this moment.
    pub(super) fn lacp_bond(&self) -> LacpBond {
        LacpBond {
            system: self.actor_system(),
            active: system::active(&self.members),
        }
    }

    /// Has the machines draw their conclusions, in mode 802.3ad.
    pub(crate) fn run_lacp(&mut self, dev: &BondDev<Bond>) {
        if !self.runs_lacp() {
            return;
        }
        let settings = self.lacp_settings();
        let monitored = self.is_monitored();
        for member in &mut self.members {
            let capability = member.capability(monitored);
            member.lacp.set_link(capability);
        }
        let before = system::active(&self.members).map(|active| active.id);
        self.lacp.run(&settings, &mut self.members, now_ms());
        let after = system::active(&self.members).map(|active| active.id);
        if before != after {
            self.note(Done::Aggregator {
                from: before,
                to: after,
            });
            if system::is_without_lacp(&self.members) {
                bond_log!(
                    Level::Warn,
                    dev,
                    "Warning: No 802.3ad response from the link partner for any adapters in the \
                     bond"
                );
            }
        }
        for index in 0..self.members.len() {
            self.follow_lacp(&settings, index);
        }
    }

    /// Gives the slave at `index` the role that LACP has for it.
    fn follow_lacp(&mut self, settings: &Settings, index: usize) {
        let role = system::role(settings, &self.members, index);
        let heard = self.params.all_slaves_active;
        let Some(member) = self.members.get_mut(index) else {
            return;
        };
        let begins = role.distributes && member.port.is_backup();
        member.set_role(!role.distributes, !role.collects && !heard);
        let slave = member.port.dev().name();
        if let Some((from, to)) = member.lacp.take_news() {
            self.note(Done::Mux { slave, from, to });
        }
        if begins && self.params.broadcast_neighbor {
            self.arm_peer_notifications(now_ms());
        }
    }

    /// The speed or duplex of a slave is another one: ports of different speed can't go together.
    pub(crate) fn lacp_speed_changed(&mut self, bond: &Bond) {
        if self.runs_lacp() {
            self.speed_changed = true;
            bond.dev().queue(Work::Lacp, 0);
        }
    }

    /// Whether the bond has carrier, in mode 802.3ad.
    pub(crate) fn has_lacp_carrier(&self) -> bool {
        system::has_carrier(&self.lacp_settings(), &self.members)
    }

    /// In how many ms the machines are to run again.
    pub(crate) fn lacp_wait(&self) -> Option<u32> {
        if !self.runs_lacp() {
            return None;
        }
        let deadline = self.lacp.deadline(&self.members)?;
        let wait = deadline.saturating_sub(now_ms());
        Some(u32::try_from(wait).unwrap_or(u32::MAX).max(1))
    }

    /// A slave that is to join gets its port.
    pub(crate) fn join_lacp(&mut self, port: &mut port::Port) {
        self.lacp.join(&self.members, port);
    }

    /// Has all slaves tell their partners who they are, whether that is new or not.
    pub(crate) fn tell_partners(&mut self) {
        for member in &mut self.members {
            member.lacp.request_transmission();
        }
    }

    /// All machines start anew, as the bond is brought up.
    pub(crate) fn begin_lacp(&mut self) {
        if self.runs_lacp() {
            self.lacp.begin(&mut self.members, now_ms());
        }
        self.probe_slaves();
    }

    /// Has what slaves receive be looked at, if LACP, the ARP monitor or balance-alb
    /// is at work, or no longer.
    pub(crate) fn probe_slaves(&self) {
        let on = self.runs_lacp() || self.is_probing();
        let balanced = self.running && self.params.mode == Mode::Alb;
        for member in &self.members {
            member.port.set_probed(on);
            member.port.set_balanced(balanced);
        }
    }

    /// The slave at `index` leaves its aggregator.
    pub(crate) fn leave_lacp(&mut self, dev: &BondDev<Bond>, index: usize) {
        let had = system::active(&self.members).is_some();
        self.lacp.leave(&mut self.members, index);
        let left = system::active(&self.members);
        if had && left.is_none_or(|active| active.ports == 0) {
            if let Some(member) = self.members.get(index) {
                slave_log!(
                    Level::Info,
                    dev,
                    member.port.dev(),
                    "Removing an active aggregator"
                );
            }
        }
    }

    /// Takes the next LACPDU that is to be sent.
    fn take_lacpdu(&mut self) -> Option<(PortRef, [u8; pdu::FRAME_LEN])> {
        let State { lacp, members, .. } = self;
        members.iter_mut().find_map(|member| {
            let pdu = member.lacp.take_due()?;
            lacp.count_sent(&mut member.lacp);
            Some((member.port.clone(), pdu.frame(&member.pdu_source())))
        })
    }
}

impl Bond {
    /// Sends the LACPDUs that are due, and sees to it that the machines run when the next timer
    /// expires, in `wait` ms.
    pub(crate) fn follow_lacp(&self, wait: u32) {
        let speech = self.speech.lock();
        loop {
            let due = self.state.lock().take_lacpdu();
            let Some((port, frame)) = due else { break };
            // Whoever gets no LACPDU for want of memory gets the next one.
            let _ = port.dev().send_control(&frame);
        }
        drop(speech);
        self.dev().queue(Work::Lacp, msecs_to_jiffies(wait));
    }

    /// [`Work::Lacp`]: a timer has expired, or a LACPDU told something new.
    pub(crate) fn lacp_work(&self) {
        let (seen, wait) = {
            let mut state = self.state.lock();
            let seen = match state.heard.take() {
                Some(slave) => Some(Seen::Lacpdu(slave)),
                None if core::mem::take(&mut state.speed_changed) => Some(Seen::Speed),
                None if state.lacp.is_late(&state.members, now_ms()) => Some(Seen::LacpTimer),
                None => None,
            };
            (seen, state.lacp_wait())
        };
        match (seen, wait) {
            (Some(seen), _) => self.decide(seen, Follow::Later, |_, _| ()),
            (None, Some(wait)) => self.dev().queue(Work::Lacp, msecs_to_jiffies(wait)),
            (None, None) => {}
        }
    }

    /// Looks at a packet that a port received in mode 802.3ad; [`None`] if it is no PDU of ours.
    #[cold]
    pub(crate) fn receive_slow(&self, port: &Port, packet: &ReceivedSkb) -> Option<Receive> {
        if !packet.is_slow_protocol(&pdu::MULTICAST) {
            return None;
        }
        let mut payload = [0; pdu::LEN];
        let payload = packet.copy(&mut payload);
        let received = {
            let mut state = self.state.lock();
            if !state.runs_lacp() {
                return None;
            }
            let index = state.position(port)?;
            let State { lacp, members, .. } = &mut *state;
            let received = lacp.receive(members, index, payload, now_ms());
            if received == Received::Lacpdu {
                state.heard = Some(port.dev().name());
            }
            received
        };
        match received {
            Received::Lacpdu => self.dev().queue(Work::Lacp, 0),
            Received::Loopback { first: true } => slave_log!(
                Level::Err,
                self.dev(),
                port.dev(),
                "An illegal loopback occurred on slave\nCheck the configuration to verify that all \
                 adapters are connected to 802.3ad compliant switch ports"
            ),
            Received::Marker(marker) => {
                // Who asked in vain asks again.
                let _ = port.dev().send_control(&marker.response(&source_of(port)));
            }
            Received::Loopback { first: false } | Received::Nothing => {}
            Received::NotOurs => return None,
        }
        Some(Receive::Consumed)
    }

    /// The counters of a slave, or of all so far; [`None`] in other modes, and for a slave that is
    /// leaving.
    pub(crate) fn lacp_stats(&self, port: Option<&Port>) -> Option<Stats> {
        let state = self.state.lock();
        if state.params.mode != Mode::Lacp {
            return None;
        }
        let Some(port) = port else {
            return Some(state.lacp.totals);
        };
        let member = state.position(port).and_then(|at| state.members.get(at))?;
        Some(member.lacp.stats)
    }

    /// Tells the partner of a slave that is about to leave that it is to be used no more.
    pub(crate) fn say_farewell(&self, port: &PortRef) {
        if !self.state.lock().runs_lacp() {
            return;
        }
        // What another processor is about to send goes out before it, not after.
        let _speech = self.speech.lock();
        let frame = {
            let mut state = self.state.lock();
            let running = state.runs_lacp();
            let State { lacp, members, .. } = &mut *state;
            let mut members = members.iter_mut();
            let member = members.find(|member| member.port.is(port));
            member.filter(|_| running).and_then(|member| {
                let pdu = member.lacp.retire()?;
                lacp.count_sent(&mut member.lacp);
                Some(pdu.frame(&member.pdu_source()))
            })
        };
        if let Some(frame) = frame {
            let _ = port.dev().send_control(&frame);
        }
    }

    /// [`Self::say_farewell`] for all slaves: the bond is brought down.
    pub(crate) fn say_farewells(&self) {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            self.say_farewell(&port);
            at = at.saturating_add(1);
        }
    }

    /// Notes the bond's MAC address, by which partners know it. Returns whether it is a new one.
    pub(crate) fn note_mac(&self, rtnl: &Rtnl) -> bool {
        let mac = self.dev().mac(rtnl);
        let mac = mac.as_bytes().first_chunk().copied().unwrap_or_default();
        let mut state = self.state.lock();
        core::mem::replace(&mut state.own_mac, mac) != mac
    }

    /// Has a slave receive what is sent to all that speak slow protocols, in mode 802.3ad.
    pub(crate) fn join_group(&self, rtnl: &Rtnl, dev: &NetDevice) {
        if self.params().mode == Mode::Lacp {
            dev.add_multicast(rtnl, &pdu::MULTICAST);
        }
    }

    /// Undoes [`Self::join_group`].
    pub(crate) fn leave_group(&self, rtnl: &Rtnl, dev: &NetDevice) {
        if self.params().mode == Mode::Lacp {
            dev.remove_multicast(rtnl, &pdu::MULTICAST);
        }
    }
}
