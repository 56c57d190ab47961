// SPDX-License-Identifier: GPL-2.0

//! balance-tlb and balance-alb: when load is thought over, who has which MAC address, and how switches learn that.

use crate::{
    bond::{
        addr::HwAddr,
        clients,
        history::Seen,
        hwaddr::{
            self,
            Station, //
        },
        params::{
            Mode,
            Params, //
        },
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
            ExtAck,
            NetDevice, //
        },
        percpu::Counters,
        rcu::Reading,
        rtnl::Rtnl,
        time::{
            msecs_to_jiffies,
            now_ms, //
        },
        uppers::Upper,
        work::Work, //
    },
    modes::tlb::{
        self,
        Bucket,
        Table, //
    },
};

use kernel::{
    prelude::*,
    sync::Arc, //
};

/// What a bond in a balancing mode keeps while it is up.
pub(crate) struct Balance {
    /// Who has which bucket of flows.
    pub(crate) table: Table<KVec<Bucket>, KVec<u64>>,
    /// Bytes sent, by bucket.
    pub(crate) sent: Arc<Counters>,
    /// The buckets are to be evened out when slaves are next published.
    pub(crate) even_out: bool,
    /// When switches last learnt, in ms.
    learnt_ms: Option<u64>,
}

impl Balance {
    /// A new table. Process context.
    fn new() -> Result<Self> {
        let buckets = KVec::from_elem(Bucket::NEW, tlb::BUCKETS, GFP_KERNEL)?;
        let seen = KVec::from_elem(0u64, tlb::COUNTERS, GFP_KERNEL)?;
        let now = now_ms();
        Ok(Self {
            table: Table::new(buckets, seen, now),
            sent: Arc::new(Counters::new(tlb::COUNTERS)?, GFP_KERNEL)?,
            even_out: false,
            learnt_ms: None,
        })
    }

    /// When switches are to learn next, in ms.
    fn learn_ms(&self, interval_ms: u64) -> u64 {
        self.learnt_ms
            .map_or(0, |at| at.saturating_add(interval_ms))
    }
}

impl Params {
    /// Option `lp_interval`, in ms.
    fn lp_interval_ms(&self) -> u64 {
        u64::from(self.lp_interval).saturating_mul(1000)
    }
}

impl State {
    /// Thinks over which slave sends what, if that is due.
    fn rebalance(&mut self, now: u64) {
        let Some(balance) = self.balance.as_mut() else {
            return;
        };
        if now >= balance.table.due_ms() {
            let sent = &balance.sent;
            balance.table.measure(now, |index| sent.sum(index));
            balance.even_out = true;
        }
    }
}

impl Bond {
    /// Makes what the mode needs while the bond is up: all of it, or nothing.
    pub(super) fn begin_balance(&self) -> Result {
        let params = self.params();
        let balance = params.teaches_switches().then(Balance::new).transpose()?;
        let clients = (params.mode == Mode::Alb).then(clients::new).transpose()?;
        self.state.lock().balance = balance;
        *self.clients.lock() = clients;
        Ok(())
    }

    /// Has [`Self::balance`] called, which sees what is due; it does nothing while the bond is down.
    pub(super) fn start_balance(&self) {
        if self.params().teaches_switches() {
            self.dev().queue(Work::Balance, 1);
        }
    }

    /// Ends that; the bond is being closed.
    pub(super) fn end_balance(&self) {
        let balance = self.state.lock().balance.take();
        drop(balance);
        let clients = self.clients.lock().take();
        drop(clients);
    }

    /// [`Work::Balance`].
    pub(super) fn balance(&self) {
        let now = now_ms();
        let (learn, due, uncover) = {
            let mut state = self.state.lock();
            let interval = state.params.lp_interval_ms();
            let by_load = state.params.balances_by_load();
            let uncover = state.cover_due_ms().is_some_and(|until| now >= until);
            let Some(balance) = state.balance.as_mut() else {
                return;
            };
            let learn = now >= balance.learn_ms(interval);
            if learn {
                balance.learnt_ms = Some(now);
            }
            (learn, by_load && now >= balance.table.due_ms(), uncover)
        };
        if due {
            self.decide(Seen::Poll, Follow::Later, |_, state| state.rebalance(now));
        }
        if learn {
            self.teach_all();
        }
        if uncover {
            // Without RTNL it is tried again.
            let _ = Rtnl::try_with(|rtnl| self.end_cover(rtnl));
        }
        self.tell_clients();
        let clients = self.clients_due_ms();
        let state = self.state.lock();
        if let Some(balance) = state.balance.as_ref() {
            let by_load = state.params.balances_by_load();
            let due = by_load.then(|| balance.table.due_ms());
            let others = [due, clients, state.cover_due_ms()];
            let learn = balance.learn_ms(state.params.lp_interval_ms());
            let next = others.into_iter().flatten().fold(learn, u64::min);
            let wait = u32::try_from(next.saturating_sub(now_ms())).unwrap_or(u32::MAX);
            self.dev()
                .queue(Work::Balance, msecs_to_jiffies(wait.max(1)));
        }
    }

    /// Has switches learn the addresses of all slaves.
    fn teach_all(&self) {
        // Peers of balance-alb may know a device above the bond by any slave's address.
        let strictly = self.params().mode == Mode::Alb;
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            let active = self.state.lock().active.get().cloned();
            let is_active = active.is_some_and(|active| active.is(&port));
            self.teach_of(&port, strictly || !is_active);
            at = at.saturating_add(1);
        }
    }

    /// Has switches learn that a slave's address, and those of devices above the bond, are reached
    /// by it; if `strictly`, only its own.
    fn teach_of(&self, port: &PortRef, strictly: bool) {
        if let Some(mac) = port.dev().ether_mac() {
            self.teach(port, mac, strictly);
        }
    }

    /// The same of any address.
    pub(super) fn teach(&self, port: &PortRef, mac: [u8; 6], strictly: bool) {
        let send = |mac: Option<[u8; 6]>, tag| {
            if let Some(mac) = mac {
                port.dev().send_tagged(&tlb::learning_packet(mac), tag);
            }
        };
        send(Some(mac), None);
        Reading::with(|reading| {
            self.dev()
                .for_each_upper(reading, &mut |upper| match upper {
                    Upper::Vlan { tag, stolen, .. } if stolen => send(Some(mac), Some(tag)),
                    Upper::Vlan { tag, dev, .. } => send(dev.ether_mac(), Some(tag)),
                    Upper::MacVlan { tag, dev } if !strictly => send(dev.ether_mac(), tag),
                    Upper::MacVlan { .. } => {}
                });
        });
    }

    /// Has everybody learn a slave's address, if it can send. Returns whether it can.
    fn teach_own(&self, port: &PortRef) -> bool {
        let usable = self.find_slave(|member| member.port.is(port) && member.can_send());
        if usable.is_some() {
            self.teach_of(port, false);
            self.readdressed(port);
        }
        usable.is_some()
    }

    /// Gives a slave another address: where only the active one receives, the others' drivers needn't
    /// know.
    fn give_mac(&self, rtnl: &Rtnl, dev: &NetDevice, mac: &HwAddr) -> Result {
        if self.params().mode != Mode::Alb {
            dev.show_mac(rtnl, mac);
            return Ok(());
        }
        dev.set_mac(rtnl, mac, &ExtAck::none()).map_err(|_| {
            slave_log!(
                Level::Err,
                self.dev(),
                dev,
                "dev_set_mac_address on slave failed! ALB mode requires that the base driver \
                 support setting the hw address also when the network device's interface is open"
            );
            EOPNOTSUPP
        })
    }

    /// The addresses of all slaves, in their order.
    fn stations(&self, rtnl: &Rtnl) -> Result<KVec<Station>> {
        let mut stations = KVec::with_capacity(self.slave_count(), GFP_KERNEL)?;
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            let station = Station {
                permanent: port.perm_hwaddr,
                current: port.dev().mac(rtnl),
            };
            stations.push(station, GFP_KERNEL)?;
            at = at.saturating_add(1);
        }
        Ok(stations)
    }

    /// Gives a new slave an address of its own again: its driver has been given the bond's.
    pub(super) fn distinguish(&self, rtnl: &Rtnl, dev: &NetDevice, own: &HwAddr) -> Result {
        let bond = self.dev().mac(rtnl);
        let has_active = self.state.lock().active.get().is_some();
        let plan = hwaddr::at_join(own, &bond, &self.stations(rtnl)?, has_active);
        match plan {
            hwaddr::Join::Own => self.give_mac(rtnl, dev, own)?,
            hwaddr::Join::Bond => self.give_mac(rtnl, dev, &bond)?,
            hwaddr::Join::Of(index) => {
                let Some(other) = self.slave_at(index) else {
                    return Err(EFAULT);
                };
                self.give_mac(rtnl, dev, &other.perm_hwaddr)?;
                slave_log!(
                    Level::Warn,
                    self.dev(),
                    dev,
                    "the slave hw address is in use by the bond; giving it the hw address of {}",
                    other.dev().name()
                );
            }
            hwaddr::Join::Nothing => {
                slave_log!(
                    Level::Err,
                    self.dev(),
                    dev,
                    "the slave hw address is in use by the bond; couldn't find a slave with a free \
                     hw address to give it (this should not have happened)"
                );
                return Err(EFAULT);
            }
        }
        Ok(())
    }

    /// A slave leaves: whoever has its permanent address gets the one that it had instead.
    pub(super) fn give_back_mac(&self, rtnl: &Rtnl, port: &PortRef) {
        let own = port.dev().mac(rtnl);
        let permanent = port.perm_hwaddr;
        if permanent == own || permanent == self.dev().mac(rtnl) {
            return;
        }
        let other = self
            .find_slave(|member| !member.port.is(port) && member.port.dev().mac(rtnl) == permanent);
        if let Some(other) = other {
            self.swap_macs(rtnl, port, &other);
        }
    }

    /// Exchanges the addresses of two slaves, and has everybody learn it. As in the C driver, that
    /// goes on where a device refuses.
    fn swap_macs(&self, rtnl: &Rtnl, one: &PortRef, other: &PortRef) {
        let (mac, others) = (one.dev().mac(rtnl), other.dev().mac(rtnl));
        let _ = self.give_mac(rtnl, one.dev(), &others);
        let _ = self.give_mac(rtnl, other.dev(), &mac);
        match (self.teach_own(one), self.teach_own(other)) {
            (true, false) => self.cover_address(rtnl, other),
            (false, true) => self.cover_address(rtnl, one),
            _ => {}
        }
    }

    /// A slave that can't be reached has another address now, which peers may know.
    pub(super) fn cover_address(&self, rtnl: &Rtnl, port: &PortRef) {
        if self.params().mode == Mode::Alb {
            self.cover(rtnl, port);
        }
    }

    /// Gives the new active slave the bond's address, and the old one's holder what that had.
    pub(super) fn move_own_macs(&self, rtnl: &Rtnl, from: Option<&PortRef>, to: &PortRef) {
        let bond = self.dev().mac(rtnl);
        let holder = match from {
            Some(from) => Some(from.clone()),
            None => self.find_slave(|member| member.port.dev().mac(rtnl) == bond),
        };
        if self.params().mode == Mode::Tlb {
            // Its driver listens to the bond's address; one that can't be told goes on as it was.
            let own = to.dev().mac(rtnl);
            let _ = to.dev().set_mac(rtnl, &bond, &ExtAck::none());
            to.dev().show_mac(rtnl, &own);
        }
        match holder {
            Some(holder) if holder.is(to) => {
                self.teach_own(to);
            }
            Some(holder) => self.swap_macs(rtnl, &holder, to),
            None => {
                let _ = self.give_mac(rtnl, to.dev(), &bond);
                self.teach_of(to, false);
                self.readdressed(to);
            }
        }
    }

    /// Gives the bond of mode balance-alb another address, and its active slave, too.
    pub(super) fn set_own_mac(&self, rtnl: &Rtnl, mac: &HwAddr) {
        // A failover whose addresses have not changed places yet would put them back later.
        self.settle(rtnl);
        self.dev().store_mac(rtnl, mac);
        self.note_mac(rtnl);
        let active = self.state.lock().active.get().cloned();
        if let Some(active) = active {
            self.move_own_macs(rtnl, None, &active);
        }
    }
}
