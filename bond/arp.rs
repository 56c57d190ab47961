// SPDX-License-Identifier: GPL-2.0

//! What the ARP monitor knows of a bond: for its rounds, and for packets that are received.

use crate::{
    bond::{
        params::{
            ArpValidate,
            Mode,
            Monitor,
            Params, //
        },
        slave::{
            Place,
            Port, //
        },
        state::State,
        Bond, //
    },
    kapi::{
        log::{
            slave_log,
            Level, //
        },
        probe,
        rcu::Reading,
        skb::ReceivedSkb,
        time::{
            ms_to_ticks,
            now_ms,
            ticks, //
        },
    },
    monitor::{
        arp::{
            self,
            Arp,
            Change,
            Hearing,
            Kind,
            Line,
            Observed,
            Pace,
            Situation,
            Slaves,
            Trust, //
        },
        link::LinkState,
        neighbour::{
            solicited_node,
            Discovery,
            ALL_NODES,
            DISCOVERY_SIZE, //
        },
        targets::{
            self,
            List,
            Target, //
        },
    },
};

use core::{
    iter,
    net::{
        Ipv4Addr,
        Ipv6Addr, //
    },
    sync::atomic::{
        AtomicBool,
        AtomicU32,
        AtomicU64,
        AtomicU8,
        Ordering, //
    },
};

/// Type of ARP frames (`ETH_P_ARP`).
const ETH_P_ARP: u16 = 0x0806;

/// Type of IPv6 frames (`ETH_P_IPV6`).
const ETH_P_IPV6: u16 = 0x86dd;

/// What packets see of the ARP monitor's settings: a copy, written under the bond's lock.
///
/// Each value is whole. Whoever reads while a target is removed may take the times of two targets
/// for one another, which the next interval puts right.
pub(crate) struct Watch {
    /// Option `arp_validate`.
    validate: AtomicU8,
    /// Whether all slaves ask, and not the active one alone.
    balanced: AtomicBool,
    /// Whether all targets are to be heard of.
    all: AtomicBool,
    /// Option `arp_interval`, in ticks.
    interval: AtomicU64,
    /// When the candidate last asked, in ticks; 0 if there is none.
    candidate_tx: AtomicU64,
    /// The IPv4 targets, and then 0.0.0.0, as in `struct in_addr`.
    ip4: [AtomicU32; targets::MAX],
    /// The IPv6 targets, and then `::`, in host order. What is read while one is replaced may be
    /// half of each, and is nobody's address.
    ip6: [[AtomicU64; 2]; targets::MAX],
}

impl Watch {
    /// Without settings.
    pub(crate) const fn new() -> Self {
        Self {
            validate: AtomicU8::new(0),
            balanced: AtomicBool::new(false),
            all: AtomicBool::new(false),
            interval: AtomicU64::new(0),
            candidate_tx: AtomicU64::new(0),
            ip4: [const { AtomicU32::new(0) }; targets::MAX],
            ip6: [const { [const { AtomicU64::new(0) }; 2] }; targets::MAX],
        }
    }

    /// Option `arp_validate`.
    fn validate(&self) -> ArpValidate {
        let number = self.validate.load(Ordering::Relaxed);
        ArpValidate::from_u8(number).unwrap_or(ArpValidate::None)
    }

    /// Whether the ARP monitor is set.
    pub(crate) fn is_on(&self) -> bool {
        self.interval.load(Ordering::Relaxed) != 0
    }

    /// The IPv4 targets.
    fn ip4(&self) -> impl Iterator<Item = Ipv4Addr> + '_ {
        let all = self.ip4.iter();
        let all = all.map(|place| Ipv4Addr::from(place.load(Ordering::Relaxed).to_ne_bytes()));
        all.take_while(|target| !target.is_unspecified())
    }

    /// The IPv6 targets.
    fn ip6(&self) -> impl Iterator<Item = Ipv6Addr> + '_ {
        let all = self.ip6.iter().map(|[high, low]| {
            let half = |place: &AtomicU64| u128::from(place.load(Ordering::Relaxed));
            Ipv6Addr::from(half(high) << 64 | half(low))
        });
        all.take_while(|target| !target.is_unspecified())
    }

    /// When a slave last heard what counts.
    fn last_rx(&self, port: &Port) -> u64 {
        let all = self.all.load(Ordering::Relaxed);
        port.signs
            .last_rx(all.then(|| (self.ip4().count(), self.ip6().count())))
    }

    /// Notes when the candidate last asked, or that there is none.
    pub(crate) fn note_candidate_tx(&self, at: Option<u64>) {
        self.candidate_tx.store(at.unwrap_or(0), Ordering::Relaxed);
    }
}

impl Params {
    /// How the ARP monitor goes.
    fn pace(&self) -> Pace {
        Pace {
            interval: ms_to_ticks(self.arp_interval),
            missed_max: self.arp_missed_max,
        }
    }
}

impl State {
    /// Whether the ARP monitor is at work.
    pub(crate) fn is_probing(&self) -> bool {
        self.running && self.params.monitor() == Monitor::Arp
    }

    /// The monitor was set, or the bond brought up or down: ends the search for a slave that hears,
    /// and gives those in use their time again to be heard. The others are up when they have been
    /// heard, as before.
    pub(crate) fn restart_probing(&mut self, bond: &Bond) {
        let interval = self.params.pace().interval;
        for member in &self.members {
            if member.link.state() == LinkState::Up {
                member.port.signs.restart(ticks(), interval);
            }
        }
        self.end_search(bond);
        self.probe_slaves();
        bond.publish_watch(self);
    }

    /// Ends the search for a slave that hears. The candidate is a backup again, unless it became
    /// the active slave.
    pub(crate) fn end_search(&mut self, bond: &Bond) {
        bond.watch.note_candidate_tx(None);
        let Some(candidate) = self.candidate.take() else {
            return;
        };
        let at = self.position(&candidate);
        if at != self.active_position() {
            self.demote(at);
        }
    }

    /// The IPv6 targets whose groups a slave is to listen to.
    pub(crate) fn wanted_groups(&self, port: &Port) -> List<Ipv6Addr> {
        let params = &self.params;
        let judged = params.arp_validate != ArpValidate::None;
        let active = self.active.get().is_some_and(|active| active.is(port));
        if params.mode == Mode::ActiveBackup && judged && !active && port.dev().has_ether_groups() {
            self.targets.ip6
        } else {
            List::EMPTY
        }
    }

    /// Makes the slave at a position a backup.
    fn demote(&mut self, at: Option<usize>) {
        let inactive = !self.params.all_slaves_active;
        if let Some(member) = at.and_then(|at| self.members.get_mut(at)) {
            member.set_role(true, inactive);
        }
    }
}

/// A round of the ARP monitor, under the bond's lock.
struct Round<'a> {
    bond: &'a Bond,
    state: &'a mut State,
}

impl Slaves for Round<'_> {
    fn count(&self) -> usize {
        self.state.members.len()
    }

    fn look(&self, at: usize) -> Option<Observed> {
        let port = &self.state.members.get(at)?.port;
        Some(Observed {
            link: self.state.members.get(at)?.link.state(),
            running: port.dev().is_running_with_carrier(),
            active: !port.is_backup(),
            last_rx: match self.state.params.mode {
                Mode::ActiveBackup => self.bond.watch.last_rx(port),
                _ => port.signs.last_rx(None),
            },
            last_tx: port.signs.last_tx(),
            last_up: port.signs.last_up(),
        })
    }

    fn active(&self) -> Option<usize> {
        self.state.active_position()
    }

    fn candidate(&self) -> Option<usize> {
        self.state.position(self.state.candidate.as_ref()?)
    }

    fn is_preferred(&self, at: usize) -> bool {
        let prio = |at: usize| Some(self.state.members.get(at)?.prio);
        let active = self.active().and_then(prio);
        self.state.primary_position() == Some(at) || prio(at) > active
    }

    fn set_link(&mut self, at: usize, change: Change) {
        let Some(member) = self.state.members.get_mut(at) else {
            return;
        };
        let Some(transition) = member.link.set(change.to, change.why) else {
            return;
        };
        member.untold = true;
        member.stale_speed |= change.to == LinkState::Up;
        member.publish_link();
        if change.line != Line::None {
            let dev = member.port.dev();
            slave_log!(Level::Info, self.bond.dev(), dev, "{}", change.line);
        }
        // A search goes on for as long as nobody answers: if all that it tries were noted, nothing
        // else would soon be remembered.
        let notable = match change.to {
            LinkState::Up | LinkState::Down => true,
            LinkState::Back => self.state.candidate.is_none(),
            LinkState::Fail => false,
        };
        if notable {
            self.state.note_link(at, transition);
        }
    }

    fn set_role(&mut self, at: usize, active: bool) {
        if self.state.params.mode == Mode::ActiveBackup && !active {
            return self.state.demote(Some(at));
        }
        if let Some(member) = self.state.members.get_mut(at) {
            let inactive = !active && member.port.is_inactive();
            member.set_role(!active, inactive);
        }
    }

    fn set_candidate(&mut self, at: Option<usize>) {
        let member = at.and_then(|at| self.state.members.get(at));
        if let Some(member) = member {
            member.port.signs.note_up(ticks());
        }
        let tried = member.map(|member| member.port.signs.last_tx());
        self.bond.watch.note_candidate_tx(tried);
        self.state.candidate = member.map(|member| member.port.clone());
    }

    fn choose(&mut self) {
        self.state.choose_active(self.bond.dev(), now_ms());
    }
}

impl Bond {
    /// Has packets see the settings of the ARP monitor.
    pub(crate) fn publish_watch(&self, state: &State) {
        let watch = &self.watch;
        let (params, pace) = (&state.params, state.params.pace());
        watch
            .validate
            .store(params.arp_validate.as_u8(), Ordering::Relaxed);
        let balanced = params.mode != Mode::ActiveBackup;
        watch.balanced.store(balanced, Ordering::Relaxed);
        watch.all.store(params.arp_all_targets, Ordering::Relaxed);
        watch.interval.store(pace.interval, Ordering::Relaxed);
        let targets = state.targets.ip4.iter().chain(iter::repeat(Target::NONE));
        for (place, target) in watch.ip4.iter().zip(targets) {
            place.store(u32::from_ne_bytes(target.octets()), Ordering::Relaxed);
        }
        let targets = state.targets.ip6.iter().chain(iter::repeat(Target::NONE));
        for ([high, low], target) in watch.ip6.iter().zip(targets) {
            let bits = u128::from(target);
            // CAST: The upper and the lower half.
            high.store((bits >> 64) as u64, Ordering::Relaxed);
            low.store(bits as u64, Ordering::Relaxed);
        }
    }

    /// Whether a round would change nothing: most often so, and then it costs neither memory nor
    /// work.
    pub(crate) fn is_round_quiet(&self, state: &mut State) -> bool {
        let (mode, pace, now) = (state.params.mode, state.params.pace(), ticks());
        let round = Round { bond: self, state };
        match mode {
            Mode::ActiveBackup => arp::is_quiet(&round, &pace, now),
            _ => arp::is_quiet_balanced(&round, &pace, now),
        }
    }

    /// Goes a round: looks at what slaves have heard, and changes what follows from it.
    pub(crate) fn go_round(&self, state: &mut State) {
        // Between two looks the bond may have been brought down.
        if !state.is_probing() {
            return;
        }
        let (mode, pace, now) = (state.params.mode, state.params.pace(), ticks());
        let mut round = Round { bond: self, state };
        match mode {
            Mode::ActiveBackup => arp::round(&mut round, &pace, now),
            _ => arp::round_balanced(&mut round, &pace, now),
        }
    }

    /// Notes what a packet that a watched slave received tells of the hosts behind it.
    pub(crate) fn hear(&self, port: &Port, packet: &ReceivedSkb, reading: Reading<'_>) {
        let (protocol, offset) = packet.protocol();
        let kind = match protocol {
            ETH_P_ARP => Kind::Arp,
            ETH_P_IPV6 => Kind::Ip6,
            _ => Kind::Other,
        };
        let heard = match arp::hear(self.watch.validate(), port.is_backup(), kind) {
            Hearing::Nothing => None,
            Hearing::Alive => Some(None),
            Hearing::Judge if kind == Kind::Arp => {
                self.judge(port, packet, offset, reading).map(Some)
            }
            Hearing::Judge => self.judge_ip6(port, packet, offset, reading).map(Some),
        };
        if let Some(target) = heard {
            port.signs.hear(ticks(), target);
        }
    }

    /// Judges an ARP packet, which begins at an offset: returns the target that it is a sign of.
    fn judge(
        &self,
        port: &Port,
        packet: &ReceivedSkb,
        offset: usize,
        reading: Reading<'_>,
    ) -> Option<Place> {
        let addr_len = self.dev().addr_len();
        let mut bytes = [0; arp::ARP_MAX];
        let bytes = bytes.get_mut(..Arp::size(addr_len))?;
        if !packet.is_for_us() || !packet.copy_from(offset, bytes) {
            return None;
        }
        let packet = Arp::parse(bytes, addr_len)?;
        let (host, own) = match self.situation(port, packet.is_reply, reading).trust() {
            Trust::Answer => (packet.sender, packet.target),
            Trust::Question => (packet.target, packet.sender),
            Trust::None => return None,
        };
        let index = self.watch.ip4().position(|target| target == host)?;
        probe::has_address(self.dev(), own, reading).then_some(Place::ip4(index))
    }

    /// Judges an IPv6 packet likewise. Neighbour discovery alone can be such a sign.
    fn judge_ip6(
        &self,
        port: &Port,
        packet: &ReceivedSkb,
        offset: usize,
        reading: Reading<'_>,
    ) -> Option<Place> {
        let mut bytes = [0; DISCOVERY_SIZE];
        if !packet.is_for_us() || !packet.copy_from(offset, &mut bytes) {
            return None;
        }
        let packet = Discovery::parse(&bytes)?;
        let (host, own) = match self.situation(port, true, reading).trust() {
            Trust::Answer => (packet.sender, packet.receiver),
            Trust::Question => (packet.receiver, packet.sender),
            Trust::None => return None,
        };
        let is_host = |target| host == target || host == solicited_node(target);
        let index = self.watch.ip6().position(is_host)?;
        let ours = own == ALL_NODES || probe::has_address6(self.dev(), own, reading);
        ours.then_some(Place::ip6(index))
    }

    /// What a packet is judged by, that a slave received.
    fn situation(&self, port: &Port, is_answer: bool, reading: Reading<'_>) -> Situation {
        let pace = Pace {
            interval: self.watch.interval.load(Ordering::Relaxed),
            missed_max: 1,
        };
        let active = self.dev().active(reading);
        let asked = self.watch.candidate_tx.load(Ordering::Relaxed);
        Situation {
            // Where all slaves ask, each has answers of its own.
            backup: port.is_backup() && !self.watch.balanced.load(Ordering::Relaxed),
            active_hears: active
                .is_some_and(|active| self.watch.last_rx(active) > active.signs.last_up()),
            candidate_asked: asked != 0 && pace.is_within(ticks(), asked, 1),
            is_answer,
        }
    }
}
