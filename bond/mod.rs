// SPDX-License-Identifier: GPL-2.0

//! The bond and its slaves.

pub(crate) mod addr;
mod arp;
pub(crate) mod counters;
pub(crate) mod defaults;
pub(crate) mod history;
pub(crate) mod hwaddr;
pub(crate) mod options;
pub(crate) mod params;
pub(crate) mod select;
pub(crate) mod snapshot;
pub(crate) mod speed;

pub(crate) mod balance;
mod clients;
mod enslave;
mod ethtool;
mod ioctl;
mod lacp;
#[cfg(CONFIG_NET_POLL_CONTROLLER)]
mod netpoll;
mod reading;
mod release;
mod report;
mod settings;
mod settle;
pub(crate) mod slave;
mod state;
mod stats;
pub(crate) mod view;
mod xdp;

use crate::{
    bond::{
        arp::Watch,
        defaults::Defaults,
        history::{
            Done,
            Seen, //
        },
        hwaddr::BondMac,
        release::Reason,
        slave::{
            Port,
            PortRef,
            Slave, //
        },
        state::{
            Member,
            State,
            Ties, //
        },
        view::TxView, //
    },
    debugfs::StateFile,
    kapi::{
        lock::{
            new_bh_lock,
            BhLock, //
        },
        log::{
            self,
            bond_log,
            Level, //
        },
        master::{
            create_bond,
            ActiveCell,
            BondDev,
            BondEvent,
            Master,
            SlaveEvent, //
        },
        net::Net,
        net_device::{
            AddressLock,
            Announce,
            ExtAck,
            Features,
            NetDevice,
            Stats, //
        },
        ops::{
            self,
            DeviceOps, //
        },
        params as params_of_module,
        rcu::{
            self,
            Prepared,
            Rcu,
            Reading, //
        },
        rtnl::Rtnl,
        rx::Receive,
        skb::ReceivedSkb,
        time::now_ms,
        work::Work,
        xdp::Program,
        xfrm::Associations, //
    },
    modes::{
        self,
        lacp::pdu, //
    },
    monitor::targets::Targets,
    procfs::ProcFile, //
};

use self::{
    addr::HwAddr,
    clients::Clients,
    params::{
        Mode,
        Monitor,
        Params, //
    },
};
use kernel::{
    prelude::*,
    sync::SetOnce, //
};

/// What new bonds begin with: the module's parameters.
static DEFAULTS: SetOnce<Defaults> = SetOnce::new();

/// What they begin with where no parameters were noted.
static FALLBACK: Defaults = Defaults {
    params: Params::DEFAULT,
    primary: None,
    targets: Targets::NONE,
    max_bonds: defaults::DEFAULT_MAX_BONDS,
    tx_queues: defaults::DEFAULT_TX_QUEUES,
};

/// Checks the module's parameters, and notes them for all bonds to come.
pub(crate) fn load_defaults() -> Result {
    let mut log = |level, text: core::fmt::Arguments<'_>| {
        let level = match level {
            defaults::Level::Err => Level::Err,
            defaults::Level::Warn => Level::Warn,
            defaults::Level::Notice => Level::Notice,
            defaults::Level::Info => Level::Info,
            defaults::Level::Debug => return,
        };
        log::module(level, text);
    };
    let defaults = defaults::check(&params_of_module::raw(), &mut log);
    let defaults = defaults.map_err(settings::to_error)?;
    params_of_module::show_peer_notif(defaults.params.num_peer_notif);
    DEFAULTS.populate(defaults);
    Ok(())
}

/// Makes the bonds that parameter `max_bonds` asks for.
pub(crate) fn create_first_bonds() -> Result {
    let name = addr::IfName::from_bytes(b"bond%d");
    for _ in 0..defaults().max_bonds {
        Rtnl::with(|rtnl| create_bond::<Bond>(rtnl, Net::init(), &name, defaults().tx_queues))?;
    }
    Ok(())
}

/// What new bonds begin with.
pub(crate) fn defaults() -> &'static Defaults {
    DEFAULTS.as_ref().unwrap_or(&FALLBACK)
}

/// The files about a bond which have its name; removed when dropped.
struct Files {
    /// `/proc/net/bonding/<bond>`.
    _proc: Option<ProcFile>,
    /// That in debugfs.
    _state: Option<StateFile>,
}

/// When the stack follows what was decided. Packets do so at once.
#[derive(Clone, Copy)]
pub(crate) enum Follow<'a> {
    /// Now: RTNL is held, and no instance lock of a slave.
    Now(&'a Rtnl),
    /// As soon as [`Work::Settle`] has RTNL.
    Later,
}

/// A bond.
///
/// Lock order: RTNL, then the address lock of a device, then `speech`, then `state`, then `clients`, then
/// `totals`, then a slave's `baseline`. Nothing that sleeps is called under any of them but RTNL,
/// and nothing is sent but under `speech`.
#[pin_data]
pub(crate) struct Bond {
    /// The device, and what C code reads of the bond.
    dev: BondDev<Bond>,
    /// What packets see, in the modes with several slaves in use.
    view: Rcu<TxView>,
    /// What packets see of the ARP monitor.
    pub(crate) watch: Watch,
    /// What is decided upon.
    #[pin]
    pub(crate) state: BhLock<State>,
    /// LACPDUs leave in the order in which they were made: who takes one from the state has this lock
    /// until it is sent. Taken before that of `state`.
    #[pin]
    speech: BhLock<()>,
    /// The peers of balance-alb, while the bond is up.
    #[pin]
    clients: BhLock<Option<Clients>>,
    /// The IPsec associations that the active slave keeps.
    #[pin]
    associations: Associations,
    /// The XDP program that slaves run; changed under RTNL.
    #[pin]
    program: BhLock<Option<Program>>,
    /// The counters so far.
    #[pin]
    totals: BhLock<Stats>,
    /// The files which have its name; changed under RTNL.
    #[pin]
    files: BhLock<Option<Files>>,
}

impl Bond {
    /// The device.
    #[inline]
    pub(crate) fn dev(&self) -> &BondDev<Bond> {
        &self.dev
    }

    /// What packets see.
    #[inline]
    pub(crate) fn view<'g>(&'g self, reading: Reading<'g>) -> Option<&'g TxView> {
        self.view.load(reading)
    }

    /// Publishes another view for packets.
    fn publish_view(&self, view: Option<Prepared<TxView>>) {
        self.view.publish(view);
    }

    /// The settings at this moment.
    pub(crate) fn params(&self) -> Params {
        self.state.lock().params
    }

    /// Whether the mode has one active slave.
    fn uses_primary(&self) -> bool {
        self.params().mode.uses_primary()
    }

    /// How many slaves there are. RTNL keeps the number.
    fn slave_count(&self) -> usize {
        self.state.lock().members.len()
    }

    /// Whether there are slaves. RTNL keeps it so.
    pub(crate) fn has_slaves(&self) -> bool {
        self.slave_count() > 0
    }

    /// The slave at a position.
    pub(crate) fn slave_at(&self, index: usize) -> Option<PortRef> {
        let state = self.state.lock();
        state.members.get(index).map(|member| member.port.clone())
    }

    /// The first slave of which `matches` is true. It is called under the bond's lock.
    pub(crate) fn find_slave(
        &self,
        mut matches: impl FnMut(&mut Member) -> bool,
    ) -> Option<PortRef> {
        let mut state = self.state.lock();
        let found = state
            .members
            .iter_mut()
            .find_map(|member| matches(member).then_some(member));
        found.map(|member| member.port.clone())
    }

    /// Whether `port` is a slave of the bond. RTNL keeps it so.
    fn is_member(&self, port: &Port) -> bool {
        self.state.lock().position(port).is_some()
    }

    /// Calls `f` for each slave, under RTNL, which keeps them; stops at the first error.
    fn for_each_slave(&self, _rtnl: &Rtnl, mut f: impl FnMut(&NetDevice) -> Result) -> Result {
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            f(port.dev())?;
            at = at.saturating_add(1);
        }
        Ok(())
    }

    /// Does `set` for each slave; if one refuses, does `undo` for those before it.
    fn set_all(
        &self,
        rtnl: &Rtnl,
        set: impl Fn(&NetDevice) -> Result,
        undo: impl Fn(&NetDevice),
    ) -> Result {
        let mut done = 0usize;
        let result = self.for_each_slave(rtnl, |dev| {
            set(dev)?;
            done = done.saturating_add(1);
            Ok(())
        });
        if result.is_err() {
            for port in (0..done).map_while(|at| self.slave_at(at)) {
                undo(port.dev());
            }
        }
        result
    }

    /// Takes away what holds a slave in place, to undo it.
    fn take_ties(&self, port: &PortRef) -> Option<Ties> {
        let mut state = self.state.lock();
        let index = state.position(port)?;
        state.members.get_mut(index)?.ties.take()
    }

    /// Changes the bond's state upon what was `seen`, and makes everybody follow: packets at once,
    /// the stack as `follow` says. Process context.
    pub(crate) fn decide<R>(
        &self,
        seen: Seen,
        follow: Follow<'_>,
        f: impl FnOnce(&Bond, &mut State) -> R,
    ) -> R {
        let room = self.room_for_view();
        let mut state = self.state.lock();
        state.history.see(seen);
        let result = f(self, &mut state);
        state.run_lacp(&self.dev);
        state.publish(self, room);
        let unsettled = state.is_unsettled();
        let stale = state.stale_view;
        let lacp_wait = state.lacp_wait();
        drop(state);
        if let Some(wait) = lacp_wait {
            self.follow_lacp(wait);
        }
        match follow {
            Follow::Now(rtnl) => self.settle(rtnl),
            Follow::Later if unsettled => self.dev.queue(Work::Settle, 0),
            Follow::Later => {}
        }
        if stale {
            self.dev.queue(Work::Settle, 1);
        }
        result
    }

    /// Memory for a view of all slaves and one more; [`None`] where packets need none.
    fn room_for_view(&self) -> Option<Prepared<TxView>> {
        if self.params().mode == Mode::ActiveBackup {
            return None;
        }
        let slaves = self.slave_count().saturating_add(1);
        let view = TxView::with_capacity(slaves, &self.params()).ok()?;
        Prepared::new(view, GFP_KERNEL).ok()
    }

    /// Takes the bond's addresses and receive flags back from a slave of a mode where all receive.
    fn unshare_addresses(&self, rtnl: &Rtnl, dev: &NetDevice, promiscuous: bool, allmulti: bool) {
        // A device that refuses to receive less goes on receiving: there is nobody to tell.
        if promiscuous {
            let _ = dev.count_promiscuous(rtnl, false);
        }
        if allmulti {
            let _ = dev.count_allmulti(rtnl, false);
        }
        if self.dev.is_up() {
            dev.unsync_addresses(rtnl, &self.dev);
            self.leave_group(rtnl, dev);
        }
    }

    /// Starts the timer of the link monitor, if one is set and the bond is up.
    pub(crate) fn start_monitor(&self) {
        let state = self.state.lock();
        match state.params.monitor() {
            _ if !state.running => {}
            Monitor::Mii => self.dev.queue(Work::Monitor, 0),
            Monitor::Arp => self.dev.queue(Work::Probe, 0),
            Monitor::None => {}
        }
    }

    /// Stops the timers of the link monitors.
    fn stop_monitors(&self) {
        self.dev.cancel(Work::Monitor);
        self.dev.cancel(Work::Probe);
    }
}

impl Master for Bond {
    type Slave = Slave;

    fn create(dev: BondDev<Self>, active: ActiveCell<Self>) -> impl PinInit<Self, Error> {
        let defaults = defaults();
        try_pin_init!(Self {
            view: Rcu::empty(),
            watch: Watch::new(),
            state <- new_bh_lock!(
                State::new(defaults, active)?,
                "bonding_state"
            ),
            speech <- new_bh_lock!((), "bonding_speech"),
            clients <- new_bh_lock!(None, "bonding_clients"),
            associations <- Associations::new(),
            program <- new_bh_lock!(None, "bonding_program"),
            totals <- new_bh_lock!(Stats::default(), "bonding_stats"),
            files <- new_bh_lock!(None, "bonding_files"),
            dev,
        }? Error)
    }

    fn initial_mode() -> (u8, &'static DeviceOps<Self>) {
        let params = &defaults().params;
        (params.mode.as_u8(), modes::device_ops(params, false))
    }

    fn uninit(&self, rtnl: &Rtnl) {
        // While the module is unloaded no event tells of the bond's end.
        self.drop_files();
        release::release_all(self, rtnl);
    }

    fn open(&self, rtnl: &Rtnl) -> Result {
        self.dev.need_ticket_counter(rtnl)?;
        self.begin_balance()?;
        self.note_mac(rtnl);
        let _ = self.for_each_slave(rtnl, |dev| {
            self.join_group(rtnl, dev);
            Ok(())
        });
        self.decide(Seen::Up, Follow::Now(rtnl), |bond, state| {
            state.running = true;
            state.note(Done::Running(true));
            state.reset_roles();
            state.begin_lacp();
            state.restart_probing(bond);
        });
        self.start_monitor();
        self.start_balance();
        Ok(())
    }

    fn stop(&self, rtnl: &Rtnl) {
        self.say_farewells();
        {
            let mut state = self.state.lock();
            state.running = false;
            state.history.see(Seen::Down);
            state.note(Done::Running(false));
            state.peers.left = 0;
            state.igmp_left = 0;
            state.restart_probing(self);
        }
        self.stop_monitors();
        for work in [Work::Settle, Work::ResendIgmp, Work::Lacp, Work::Balance] {
            self.dev.cancel(work);
        }
        self.end_cover(rtnl);
        self.end_balance();
        // What was left to do under RTNL is done now, so that nothing is lost by the cancelling.
        self.refresh_speeds(rtnl);
        self.settle(rtnl);
        rcu::synchronize_net();
        if self.uses_primary() {
            let addressed = self.state.lock().addressed.clone();
            if let Some(port) = addressed {
                port.dev().unsync_addresses(rtnl, &self.dev);
            }
        } else {
            let _ = self.for_each_slave(rtnl, |dev| {
                dev.unsync_addresses(rtnl, &self.dev);
                self.leave_group(rtnl, dev);
                Ok(())
            });
        }
    }

    #[inline]
    fn receive(&self, port: &Port, packet: &ReceivedSkb, reading: Reading<'_>) -> Receive {
        let marks = port.marks();
        if marks.probed() {
            if self.watch.is_on() || packet.is_slow_protocol(&pdu::MULTICAST) {
                if let Some(received) = self.receive_probed(port, packet, reading) {
                    return received;
                }
            }
        } else if marks.balanced() {
            return self.receive_balanced(port, packet);
        }
        if !marks.inactive() {
            return Receive::Bond;
        }
        // Link-local protocols (LLDP, say) are the slave's own affair.
        if packet.is_link_local() {
            return Receive::Slave;
        }
        Receive::Exact
    }

    fn work(&self, which: Work) {
        match which {
            Work::Monitor => self.monitor(),
            Work::Probe => self.probe(),
            Work::Settle => self.settle_later(),
            Work::ResendIgmp => self.resend_igmp(),
            Work::Lacp => self.lacp_work(),
            Work::Balance => self.balance(),
        }
    }

    fn set_rx_mode(&self, lock: &AddressLock<'_>) {
        let (one, addressed) = {
            let state = self.state.lock();
            (state.params.mode.uses_primary(), state.addressed.clone())
        };
        if one {
            if let Some(port) = addressed {
                port.dev().sync_addresses_locked(lock, false);
            }
            return;
        }
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            port.dev().sync_addresses_locked(lock, true);
            at = at.saturating_add(1);
        }
    }

    fn change_rx_flags(&self, rtnl: &Rtnl, promiscuous: bool, allmulti: bool) {
        let change = |dev: &NetDevice| {
            // As in the C driver, the bond keeps the flag where a slave refuses it.
            if promiscuous {
                let _ = dev.count_promiscuous(rtnl, self.dev.is_promiscuous());
            }
            if allmulti {
                let _ = dev.count_allmulti(rtnl, self.dev.is_allmulti());
            }
        };
        if self.uses_primary() {
            let addressed = self.state.lock().addressed.clone();
            if let Some(port) = addressed {
                change(port.dev());
            }
            return;
        }
        let _ = self.for_each_slave(rtnl, |dev| {
            change(dev);
            Ok(())
        });
    }

    fn change_mtu(&self, rtnl: &Rtnl, mtu: u32) -> Result {
        let old = self.dev.mtu();
        self.set_all(
            rtnl,
            |dev| dev.set_mtu(rtnl, mtu),
            |dev| {
                let _ = dev.set_mtu(rtnl, old);
            },
        )?;
        self.dev.set_own_mtu(rtnl, mtu);
        Ok(())
    }

    fn set_mac(&self, rtnl: &Rtnl, mac: &HwAddr) -> Result {
        match hwaddr::at_set_bond(&self.params(), mac) {
            BondMac::Ignore => return Ok(()),
            BondMac::Invalid => return Err(EADDRNOTAVAIL),
            BondMac::SetActive => {
                self.set_own_mac(rtnl, mac);
                return Ok(());
            }
            BondMac::SetAll => {}
        }
        let old = self.dev.mac(rtnl);
        self.set_all(
            rtnl,
            |dev| dev.set_mac(rtnl, mac, &ExtAck::none()),
            |dev| {
                let _ = dev.set_mac(rtnl, &old, &ExtAck::none());
            },
        )?;
        self.dev.store_mac(rtnl, mac);
        if self.note_mac(rtnl) && self.params().mode == Mode::Lacp {
            self.decide(Seen::Address, Follow::Now(rtnl), |_, _| ());
        }
        Ok(())
    }

    fn stats(&self, stats: &mut Stats, reading: Reading<'_>) {
        self.read_stats(stats, reading);
    }

    fn add_vlan(&self, rtnl: &Rtnl, proto: u16, vid: u16) -> Result {
        self.set_all(
            rtnl,
            |dev| dev.add_vlan(rtnl, proto, vid),
            |dev| dev.remove_vlan(rtnl, proto, vid),
        )
    }

    fn remove_vlan(&self, rtnl: &Rtnl, proto: u16, vid: u16) {
        let _ = self.for_each_slave(rtnl, |dev| {
            dev.remove_vlan(rtnl, proto, vid);
            Ok(())
        });
        self.forget_vlan(vid);
    }

    fn fix_features(&self, rtnl: &Rtnl, wanted: Features) -> Features {
        let mut features = ops::base_features(wanted);
        let _ = self.for_each_slave(rtnl, |dev| {
            features = ops::increment_features(features, dev.features(), wanted);
            Ok(())
        });
        ops::add_tso_features(features, wanted)
    }

    #[cfg(CONFIG_XFRM_OFFLOAD)]
    fn associations(&self) -> &Associations {
        &self.associations
    }

    fn set_xdp(&self, rtnl: &Rtnl, program: Option<&Program>, extack: &ExtAck<'_>) -> Result {
        xdp::set(self, rtnl, program, extack)
    }

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn enable_netpoll(&self, rtnl: &Rtnl) -> Result {
        netpoll::enable(self, rtnl)
    }

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    fn disable_netpoll(&self, rtnl: &Rtnl) {
        netpoll::disable(self, rtnl);
    }

    fn add_slave(&self, rtnl: &Rtnl, dev: &NetDevice, extack: &ExtAck<'_>) -> Result {
        enslave::enslave(self, rtnl, dev, extack)
    }

    fn remove_slave(&self, rtnl: &Rtnl, dev: &NetDevice) -> Result {
        release::release(self, rtnl, dev, Reason::Asked)
    }

    fn slave_event(&self, port: &PortRef, event: SlaveEvent<'_>) {
        match event {
            SlaveEvent::Link(lock) => self.link_event(port, &lock),
            SlaveEvent::Down => self.look_at(Seen::Closed(port.dev().name()), port),
            SlaveEvent::Renamed => self.slave_renamed(port),
            SlaveEvent::Features(rtnl) => self.slave_features_changed(rtnl),
            SlaveEvent::XdpFeatures(rtnl) => xdp::update_features(self, rtnl),
            SlaveEvent::ResendIgmp(rtnl) => {
                // Listeners to this event cannot refuse it.
                let _ = self.dev.announce(rtnl, Announce::ResendIgmp);
            }
            SlaveEvent::Gone(rtnl) => self.slave_gone(rtnl, port),
        }
    }

    fn bond_event(&self, rtnl: &Rtnl, event: BondEvent) {
        self.drop_files();
        self.note_mac(rtnl);
        match event {
            BondEvent::Registered | BondEvent::Renamed => {
                let files = Files {
                    _proc: ProcFile::create(rtnl, &self.dev),
                    _state: StateFile::create(rtnl, &self.dev),
                };
                *self.files.lock() = Some(files);
            }
            BondEvent::Gone => {}
        }
    }
}

impl Bond {
    /// [`Master::receive`] for what the ARP monitor or LACP may want to know of; [`None`] if others
    /// are to have it, too.
    fn receive_probed(
        &self,
        port: &Port,
        packet: &ReceivedSkb,
        reading: Reading<'_>,
    ) -> Option<Receive> {
        if self.watch.is_on() {
            self.hear(port, packet, reading);
            return None;
        }
        self.receive_slow(port, packet)
    }

    /// A slave was renamed: it may have become the primary, or have been it.
    fn slave_renamed(&self, port: &Port) {
        let seen = Seen::Renamed(port.dev().name());
        self.decide(seen, Follow::Later, |bond, state| {
            if !state.find_primary() {
                return;
            }
            match &state.primary_slave {
                Some(primary) => bond_log!(
                    Level::Info,
                    bond.dev(),
                    "Primary slave changed to {}, reselecting active slave",
                    primary.dev().name()
                ),
                None => bond_log!(
                    Level::Info,
                    bond.dev(),
                    "Primary slave changed to none, reselecting active slave"
                ),
            }
            state.choose_active(bond.dev(), now_ms());
        });
    }

    /// A slave's features changed: the bond's may, too.
    fn slave_features_changed(&self, rtnl: &Rtnl) {
        // Computing features may change those of slaves again, and end up here again.
        let busy = core::mem::replace(&mut self.state.lock().computing_features, true);
        if !busy {
            self.dev.compute_features(rtnl);
            self.state.lock().computing_features = false;
        }
    }

    /// Removes the files which have the bond's name, waiting for their readers.
    fn drop_files(&self) {
        let files = self.files.lock().take();
        drop(files);
    }

    /// A slave's device goes away.
    fn slave_gone(&self, rtnl: &Rtnl, port: &PortRef) {
        let was_ethernet = self.dev.hw_type() == crate::kapi::hw::ETHER;
        if release::release(self, rtnl, port.dev(), Reason::DeviceGone).is_err() {
            return;
        }
        if !was_ethernet && !self.has_slaves() && self.dev.is_staying(rtnl) {
            #[cfg(CONFIG_NET_POLL_CONTROLLER)]
            self.dev.refuse_netpoll(rtnl);
            bond_log!(Level::Info, &*self.dev, "Destroying bond");
            self.dev.destroy(rtnl);
        }
    }
}
