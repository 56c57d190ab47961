// SPDX-License-Identifier: GPL-2.0

//! The receiving side of balance-alb in the kernel: `modes::rlb` is given the slaves, the ARP packets
//! that are sent and received, and the clock; peers are told of what comes out.

use crate::{
    bond::{
        params::Mode,
        slave::{
            Port,
            PortRef, //
        },
        state::State,
        view::TxView,
        Bond, //
    },
    kapi::{
        probe,
        procfs::Text,
        rcu::Reading,
        rtnl::Rtnl,
        rx::Receive,
        skb::{
            ReceivedSkb,
            Skb, //
        },
        time::{
            msecs_to_jiffies,
            now_ms, //
        },
        work::Work, //
    },
    modes::{
        hash::Frame,
        rlb::{
            self,
            Arp,
            Client,
            Kind,
            Update,
            ARP_LEN,
            ARP_SENDER, //
        },
    },
    monitor::link::LinkState,
};

use core::fmt::Write;
use kernel::prelude::*;

/// `ETH_P_ARP`.
const ETH_P_ARP: u16 = 0x0806;

/// The clients of a bond.
pub(crate) type Clients = rlb::Table<KVec<Option<Client>>>;

/// A table without clients. Process context.
pub(super) fn new() -> Result<Clients> {
    Ok(Clients::new(KVec::from_elem(
        None,
        rlb::PLACES,
        GFP_KERNEL,
    )?))
}

/// The active slave receives what is addressed to a slave that was lost.
pub(crate) struct Cover {
    /// That slave.
    port: PortRef,
    /// Until when, in ms.
    until_ms: u64,
}

impl State {
    /// Notes which slaves can receive from now on; one whose link goes down, but not yet is, keeps
    /// its clients (`downdelay`), but gets no new ones. Returns whether there are some to which clients
    /// are to be dealt again.
    pub(crate) fn note_receivers(&mut self) -> bool {
        let mut new = false;
        for member in &mut self.members {
            let fails = member.receives && member.link.state() == LinkState::Fail;
            let receives = fails || member.can_send();
            new |= receives && (!member.receives || (member.fails && !fails));
            member.lost |= member.receives && !receives;
            member.receives = receives;
            member.fails = fails;
        }
        new
    }

    /// When the active slave need not receive for others any more, in ms.
    pub(super) fn cover_due_ms(&self) -> Option<u64> {
        self.cover.as_ref().map(|cover| cover.until_ms)
    }
}

impl Bond {
    /// Does something with the clients, if there is a table of them, and sees to it that what is due
    /// then is done. Any context with bottom halves, and without the bond's lock, or under it.
    fn with_clients<R>(&self, f: impl FnOnce(&mut Clients) -> R) -> Option<R> {
        let mut clients = self.clients.lock();
        let clients = clients.as_mut()?;
        let before = clients.due_ms();
        let result = f(clients);
        let due = clients.due_ms();
        if let Some(due) = due.filter(|_| due != before) {
            let wait = u32::try_from(due.saturating_sub(now_ms())).unwrap_or(u32::MAX);
            self.dev()
                .queue(Work::Balance, msecs_to_jiffies(wait.max(1)));
        }
        Some(result)
    }

    /// When clients are to be told next, in ms.
    pub(super) fn clients_due_ms(&self) -> Option<u64> {
        self.clients.lock().as_ref().and_then(Clients::due_ms)
    }

    /// The slaves are those of the view which was just published. Whoever assigns slaves reads the
    /// view under the lock of the clients, so that nobody is given one which is gone by then.
    pub(crate) fn follow_receivers(&self, new: bool) {
        Reading::with(|reading| {
            self.with_clients(|clients| {
                clients.follow(self.view(reading).map_or(&[], TxView::receivers), new);
            })
        });
    }

    /// The address of a slave has changed.
    pub(super) fn readdressed(&self, port: &Port) {
        self.with_clients(|clients| clients.readdressed(port.dev().ifindex()));
    }

    /// A slave is about to be released.
    pub(super) fn restart_turns(&self) {
        self.with_clients(|clients| clients.restart_turns());
    }

    /// A VLAN above the bond is gone.
    pub(super) fn forget_vlan(&self, vid: u16) {
        self.with_clients(|clients| clients.forget_vlan(vid));
    }

    /// Tells clients of their slaves, as far as that is due. In [`Work::Balance`].
    pub(super) fn tell_clients(&self) {
        // Addresses are about to change places: what is said now would be wrong in a moment.
        if self.state.lock().failed_over {
            return;
        }
        let Ok(mut updates) = KVec::with_capacity(rlb::PLACES, GFP_KERNEL) else {
            return;
        };
        Reading::with(|reading| {
            if let Some(clients) = self.clients.lock().as_mut() {
                let slaves = self.view(reading).map_or(&[][..], TxView::receivers);
                clients.round(now_ms(), slaves, |update| {
                    // There is room for all.
                    let _ = updates.push_within_capacity(update);
                });
            }
            for update in &updates {
                self.tell(update, reading);
            }
        });
    }

    /// Tells one of them.
    fn tell(&self, update: &Update, reading: Reading<'_>) {
        let view = self.view(reading);
        let Some(port) = view.and_then(|view| view.by_id(update.slave)) else {
            return;
        };
        let tag = (update.tag != 0).then_some(update.tag);
        for _ in 0..rlb::BURST {
            probe::tell(
                port.dev(),
                update.theirs,
                &update.their_mac,
                update.ours,
                tag,
            );
        }
    }

    /// The slave that is to send an ARP packet, which is changed to name that slave's address if it
    /// is a reply; [`None`] if it is the active one as for anything else. Only what the bond itself
    /// says, or a VLAN above it, is looked at, and not what a bridge does: that speaks for others.
    #[cold]
    pub(crate) fn sender_of_arp<'g>(
        &'g self,
        skb: &mut Skb,
        reading: Reading<'g>,
    ) -> Option<&'g Port> {
        let at = skb.network().offset;
        let arp = Arp::parse(&skb.bytes::<ARP_LEN>(at)?)?;
        let mut ports = self.dev().ports(reading);
        let is_ours = ports.any(|port| port.dev().ether_mac() == Some(arp.sender_mac));
        if !is_ours || arp.kind == Kind::Other || probe::is_bridges_address(self.dev(), arp.sender)
        {
            return None;
        }
        let active = self.dev().active(reading).map(|port| port.dev().ifindex());
        let tag = skb.vlan_tci();
        let spoken = self.with_clients(|clients| {
            let slaves = self.view(reading).map_or(&[][..], TxView::receivers);
            let spoken = clients.speak(&arp, tag, slaves, active);
            if arp.kind == Kind::Request {
                clients.asked(arp.sender, active, now_ms());
            }
            spoken
        });
        let spoken = spoken.flatten()?;
        if let Some(update) = spoken.evicted {
            self.tell(&update, reading);
        }
        let port = self.view(reading)?.by_id(spoken.slave)?;
        // What goes by the active slave names that one.
        if !port.dev().is_running_with_carrier() {
            return None;
        }
        let differs = port.dev().ether_mac() != Some(arp.sender_mac);
        if arp.kind == Kind::Reply
            && differs
            && !skb.set_mac_at(at.checked_add(ARP_SENDER)?, port.dev())
        {
            return None;
        }
        Some(port)
    }

    /// [`kapi::master::Master::receive`](crate::kapi::master::Master::receive) for a slave of
    /// balance-alb: all receive what is sent to them, and the active one what is sent to many.
    pub(super) fn receive_balanced(&self, port: &Port, packet: &ReceivedSkb) -> Receive {
        if let (ETH_P_ARP, at) = packet.protocol() {
            let mut bytes = [0; ARP_LEN];
            let arp = packet.copy_from(at, &mut bytes).then(|| Arp::parse(&bytes));
            if let Some(arp) = arp.flatten() {
                self.with_clients(|clients| clients.heard(&arp));
            }
        }
        if port.is_inactive() && packet.is_to_many() {
            if packet.is_link_local() {
                return Receive::Slave;
            }
            return Receive::Exact;
        }
        // A bridge knows the bond by the bond's address alone.
        if self.dev().is_bridge_port() && packet.is_to_host() {
            return Receive::BondAt;
        }
        Receive::Bond
    }

    /// Has the active slave receive for those that were lost.
    pub(super) fn cover_lost(&self, rtnl: &Rtnl) {
        if self.params().mode != Mode::Alb {
            return;
        }
        while let Some(port) = self.find_slave(|member| core::mem::take(&mut member.lost)) {
            self.cover(rtnl, &port);
        }
    }

    /// Has the active slave, if that is another one, receive what is sent to a slave's address, for
    /// as long as it takes to tell everybody; switches learn that.
    pub(super) fn cover(&self, rtnl: &Rtnl, lost: &PortRef) {
        let active = {
            let state = self.state.lock();
            let active = state.active.get().filter(|active| !active.is(lost));
            active.filter(|_| state.running).cloned()
        };
        let Some(active) = active else {
            return;
        };
        let until_ms = now_ms().saturating_add(rlb::COVER_MS);
        let covers = match self.state.lock().cover.as_mut() {
            Some(cover) => {
                cover.until_ms = until_ms;
                true
            }
            None => false,
        };
        if !covers && active.dev().count_promiscuous(rtnl, true).is_ok() {
            self.state.lock().cover = Some(Cover {
                port: active.clone(),
                until_ms,
            });
            let wait = rlb::COVER_MS.saturating_add(1);
            let wait = u32::try_from(wait).unwrap_or(u32::MAX);
            self.dev().queue(Work::Balance, msecs_to_jiffies(wait));
        }
        if let Some(mac) = lost.dev().ether_mac() {
            self.teach(&active, mac, true);
        }
    }

    /// Ends that.
    pub(super) fn end_cover(&self, rtnl: &Rtnl) {
        let cover = self.state.lock().cover.take();
        if let Some(cover) = cover {
            // A device that refuses goes on receiving: there is nobody to tell.
            let _ = cover.port.dev().count_promiscuous(rtnl, false);
        }
    }

    /// Writes the table of clients.
    pub(crate) fn report_clients(&self, text: &mut Text<'_>) -> Result {
        if self.params().mode != Mode::Alb {
            return Ok(());
        }
        writeln!(
            text,
            "SourceIP        DestinationIP   Destination MAC   DEV"
        )?;
        let mut clients = KVec::with_capacity(rlb::PLACES, GFP_KERNEL)?;
        if let Some(table) = self.clients.lock().as_ref() {
            for client in table.clients() {
                // There is room for all.
                let _ = clients.push_within_capacity(*client);
            }
        }
        for client in &clients {
            let id = client.slave;
            let port = self.find_slave(|member| member.port.dev().ifindex() == id);
            write!(text, "{:<15} {:<15} ", client.ours, client.theirs)?;
            let [a, b, c, d, e, f] = client.their_mac;
            write!(text, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x} ")?;
            match port {
                Some(port) => writeln!(text, "{}", port.dev().name())?,
                None => writeln!(text, "(none)")?,
            }
        }
        Ok(())
    }
}
