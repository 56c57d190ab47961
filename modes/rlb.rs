// SPDX-License-Identifier: GPL-2.0

//! The receiving side of balance-alb: which peer is told which slave's address by ARP, and when.
//!
//! A peer ("client") sends to the address that the bond's answer names. So each is assigned a slave,
//! and when that changes, it is sent an ARP reply which says so. The capacity is that of the C
//! driver: one client for each value of the XOR of its address's bytes; another one with the same
//! value takes its place.

#![forbid(unsafe_code)]

use core::{
    net::Ipv4Addr,
    ops::DerefMut, //
};

/// Number of places for clients (`RLB_HASH_TABLE_SIZE`).
pub(crate) const PLACES: usize = 256;

/// Time between two rounds of telling clients, and after the bond itself asked, whose question
/// leaves all that hear it with the bond's own address; in ms (`RLB_UPDATE_DELAY`).
pub(crate) const DELAY_MS: u64 = 2_000;

/// How many more rounds follow the first one when a slave was lost (`RLB_UPDATE_RETRY`).
const RETRIES: u8 = 3;

/// The part of a tag that is the number of the VLAN (IEEE 802.1Q-2022 9.6).
const VLAN_MASK: u16 = 0xfff;

/// How many replies a client is sent in a round (`RLB_ARP_BURST_SIZE`).
pub(crate) const BURST: u8 = 2;

/// How long the active slave receives what is addressed to a slave that was lost, in ms
/// (`RLB_PROMISC_TIMEOUT`).
pub(crate) const COVER_MS: u64 = 10_000;

/// An Ethernet address.
pub(crate) type Mac = [u8; 6];

/// Whether an address is that of one station.
fn is_station(mac: &Mac) -> bool {
    let [first, ..] = mac;
    first & 1 == 0 && *mac != [0; 6]
}

/// Length of an ARP packet of Ethernet and IPv4 (RFC 826).
pub(crate) const ARP_LEN: usize = 28;

/// Offset of the sender's Ethernet address in it.
pub(crate) const ARP_SENDER: usize = 8;

/// What an ARP packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A question.
    Request,
    /// An answer.
    Reply,
    /// Something else.
    Other,
}

/// What an ARP packet says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arp {
    /// What it is.
    pub(crate) kind: Kind,
    /// The sender's Ethernet address.
    pub(crate) sender_mac: Mac,
    /// The sender's address.
    pub(crate) sender: Ipv4Addr,
    /// The Ethernet address of the one who is told; in a question usually 0.
    pub(crate) target_mac: Mac,
    /// The address of the one who is asked or told.
    pub(crate) target: Ipv4Addr,
}

impl Arp {
    /// Reads a packet; [`None`] if it isn't about Ethernet and IPv4.
    pub(crate) fn parse(packet: &[u8; ARP_LEN]) -> Option<Arp> {
        let [0, 1, 8, 0, 6, 4, op0, op1, rest @ ..] = *packet else {
            return None;
        };
        let [s0, s1, s2, s3, s4, s5, a0, a1, a2, a3, t0, t1, t2, t3, t4, t5, b0, b1, b2, b3] = rest;
        Some(Arp {
            kind: match [op0, op1] {
                [0, 1] => Kind::Request,
                [0, 2] => Kind::Reply,
                _ => Kind::Other,
            },
            sender_mac: [s0, s1, s2, s3, s4, s5],
            sender: Ipv4Addr::new(a0, a1, a2, a3),
            target_mac: [t0, t1, t2, t3, t4, t5],
            target: Ipv4Addr::new(b0, b1, b2, b3),
        })
    }
}

/// A slave that can receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slave {
    /// What tells it from all others; not 0.
    pub(crate) id: u32,
    /// The speed in Mb/s by which it counts.
    pub(crate) speed: u32,
    /// It keeps its clients, and is given no new ones.
    pub(crate) fails: bool,
}

/// A peer of the bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// The address by which it knows us.
    pub(crate) ours: Ipv4Addr,
    /// The Ethernet address which we said to have.
    our_mac: Mac,
    /// Its address.
    pub(crate) theirs: Ipv4Addr,
    /// Its Ethernet address, or 0 as long as it isn't known.
    pub(crate) their_mac: Mac,
    /// The slave that it is to send to; 0 is none.
    pub(crate) slave: u32,
    /// The tag of what is sent to it, with VLAN and priority; 0 is none.
    tag: u16,
    /// It is to be told of its slave.
    tell: bool,
    /// The place of the one that came before it; [`PLACES`] is none.
    older: usize,
}

/// An ARP reply that is to be sent, [`BURST`] times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Update {
    /// The slave by which it is sent, and whose address it names.
    pub(crate) slave: u32,
    /// The address that this slave has.
    pub(crate) ours: Ipv4Addr,
    /// Who is told.
    pub(crate) theirs: Ipv4Addr,
    /// The Ethernet address of that.
    pub(crate) their_mac: Mac,
    /// The tag that it has, with VLAN and priority; 0 is none.
    pub(crate) tag: u16,
}

impl Client {
    /// The reply that tells it of its slave; [`None`] without a slave, or an address to send it to.
    fn update(&self) -> Option<Update> {
        (self.slave != 0 && is_station(&self.their_mac)).then_some(Update {
            slave: self.slave,
            ours: self.ours,
            theirs: self.theirs,
            their_mac: self.their_mac,
            tag: self.tag,
        })
    }

    /// Notes that it is to be told of its slave. Returns whether it can be.
    fn want_telling(&mut self) -> bool {
        let can = is_station(&self.their_mac);
        self.tell |= can;
        can
    }
}

/// The place of a peer.
fn place_of(addr: Ipv4Addr) -> usize {
    usize::from(addr.octets().iter().fold(0, |hash, byte| hash ^ byte))
}

/// The first of the fastest that can be given clients.
fn fastest(slaves: &[Slave]) -> Option<Slave> {
    let able = slaves.iter().rev().filter(|slave| !slave.fails);
    able.max_by_key(|slave| slave.speed).copied()
}

/// The slave whose turn it is after `last`: the fastest of those behind it, unless there is a faster
/// one before.
fn turn(slaves: &[Slave], last: &mut u32) -> Option<u32> {
    // As in the C driver, one that is given no clients does not keep the place of the turn, either.
    let at = slaves
        .iter()
        .position(|slave| slave.id == *last && !slave.fails);
    let split = at.map_or(slaves.len(), |at| at.saturating_add(1));
    let (before, after) = slaves.split_at_checked(split)?;
    let slave = match (fastest(before), fastest(after)) {
        (Some(before), Some(after)) if after.speed < before.speed => before,
        (before, after) => after.or(before)?,
    };
    *last = slave.id;
    Some(slave.id)
}

/// What became of an ARP packet of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spoken {
    /// The slave that sends it, and whose address a reply names.
    pub(crate) slave: u32,
    /// What the client is to be told that had the place before.
    pub(crate) evicted: Option<Update>,
}

/// The clients, of which `C` is an array of [`PLACES`].
///
/// # Invariants
///
/// From `newest` on, `older` leads once to each place that has a client, and then to [`PLACES`].
#[derive(Debug)]
pub(crate) struct Table<C> {
    clients: C,
    /// The place of the one that came last; [`PLACES`] is none. Clients are dealt out from there on, as
    /// by the C driver.
    newest: usize,
    /// The slave that was last assigned.
    last: u32,
    /// There are clients to be told.
    news: bool,
    /// How many more rounds of telling are to follow the next one.
    retries: u8,
    /// When the next round may be, in ms.
    not_before_ms: u64,
    /// The clients are to be dealt out anew.
    deal: bool,
}

impl<C: DerefMut<Target = [Option<Client>]>> Table<C> {
    /// A table without clients.
    pub(crate) const fn new(clients: C) -> Self {
        Table {
            clients,
            newest: PLACES,
            last: 0,
            news: false,
            retries: 0,
            not_before_ms: 0,
            deal: false,
        }
    }

    /// All clients, the newest first.
    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        let at = |place: usize| self.clients.get(place).and_then(Option::as_ref);
        core::iter::successors(at(self.newest), move |client| at(client.older))
    }

    /// Calls `change` for all clients, the newest first.
    fn for_each(&mut self, mut change: impl FnMut(&mut Client)) {
        let mut place = self.newest;
        while let Some(client) = self.clients.get_mut(place).and_then(Option::as_mut) {
            place = client.older;
            change(client);
        }
    }

    /// Forgets those clients for which `stays` is false.
    fn retain(&mut self, stays: impl Fn(&Client) -> bool) {
        // The place whose client comes last of those that stay.
        let mut newer = PLACES;
        let mut place = self.newest;
        while let Some(client) = self.clients.get(place).copied().flatten() {
            if stays(&client) {
                newer = place;
            } else {
                // INVARIANT: What led here leads to the next one, below.
                if let Some(slot) = self.clients.get_mut(place) {
                    *slot = None;
                }
                match self.clients.get_mut(newer).and_then(Option::as_mut) {
                    Some(newer) => newer.older = client.older,
                    None => self.newest = client.older,
                }
            }
            place = client.older;
        }
    }

    /// The bond sends an ARP packet to a peer, with the tag of a VLAN or none (0): returns by which
    /// slave, of those given. Without slaves nobody does.
    pub(crate) fn speak(
        &mut self,
        arp: &Arp,
        tag: u16,
        slaves: &[Slave],
        active: Option<u32>,
    ) -> Option<Spoken> {
        let place = place_of(arp.target);
        let old = *self.clients.get(place)?;
        let mut their_mac = arp.target_mac;
        let mut evicted = None;
        match old {
            Some(mut client) if client.ours == arp.sender && client.theirs == arp.target => {
                if arp.target_mac != [0xff; 6] && arp.target_mac != [0; 6] {
                    client.their_mac = arp.target_mac;
                }
                client.our_mac = arp.sender_mac;
                their_mac = client.their_mac;
                self.put(place, client);
                if client.slave != 0 {
                    return Some(Spoken {
                        slave: client.slave,
                        evicted,
                    });
                }
            }
            Some(mut client) => {
                if let Some(active) = active.filter(|active| *active != client.slave) {
                    client.slave = active;
                    evicted = client.update();
                }
            }
            None => {}
        }
        let slave = turn(slaves, &mut self.last)?;
        let mut client = Client {
            ours: arp.sender,
            our_mac: arp.sender_mac,
            theirs: arp.target,
            their_mac,
            slave,
            tag,
            tell: false,
            older: old.map_or(self.newest, |old| old.older),
        };
        self.news |= client.want_telling();
        // INVARIANT: Who takes over a place leads on to where the other one led; who takes an empty
        // one comes first, and leads to who was first.
        if old.is_none() {
            self.newest = place;
        }
        self.put(place, client);
        Some(Spoken { slave, evicted })
    }

    /// Puts a client in its place.
    fn put(&mut self, place: usize, client: Client) {
        if let Some(slot) = self.clients.get_mut(place) {
            *slot = Some(client);
        }
    }

    /// The bond has sent a question by its address `ours`: who heard it has the bond's own address
    /// now, and is told again of that of its slave.
    pub(crate) fn asked(&mut self, ours: Ipv4Addr, active: Option<u32>, now_ms: u64) {
        if self.retries == 0 {
            // Those of a lost slave don't wait for one who is asked for again and again.
            self.not_before_ms = now_ms.saturating_add(DELAY_MS);
        }
        let mut news = false;
        self.for_each(|client| {
            if client.ours == ours && client.slave != 0 && Some(client.slave) != active {
                news |= client.want_telling();
            }
        });
        self.news |= news;
    }

    /// A slave has received an ARP packet.
    pub(crate) fn heard(&mut self, arp: &Arp) {
        // Somebody else has an address of ours now: nobody may be told that we have it.
        self.retain(|client| client.ours != arp.sender || client.our_mac == arp.sender_mac);
        if arp.kind != Kind::Reply {
            return;
        }
        let client = self.clients.get_mut(place_of(arp.sender));
        if let Some(client) = client.and_then(Option::as_mut) {
            let same = client.ours == arp.target && client.theirs == arp.sender;
            if same && client.their_mac != arp.sender_mac {
                client.their_mac = arp.sender_mac;
                self.news |= client.want_telling();
            }
        }
    }

    /// The slaves that can receive are these now; if there are `new` ones among them, clients are to
    /// be dealt out anew. Those of slaves that are lost go to others at once.
    pub(crate) fn follow(&mut self, slaves: &[Slave], new: bool) {
        self.deal |= new;
        let mut last = self.last;
        let mut concerned = false;
        self.for_each(|client| {
            if client.slave != 0 && !slaves.iter().any(|slave| slave.id == client.slave) {
                client.slave = turn(slaves, &mut last).unwrap_or(0);
                concerned |= client.slave != 0 && client.want_telling();
            }
        });
        self.last = last;
        if concerned {
            self.tell_at_once();
        }
    }

    /// Clients are to be told whose slave doesn't receive any more: at once, and more than once.
    fn tell_at_once(&mut self) {
        self.news = true;
        self.retries = RETRIES;
        self.not_before_ms = 0;
    }

    /// A slave has another Ethernet address now.
    pub(crate) fn readdressed(&mut self, slave: u32) {
        let mut concerned = false;
        self.for_each(|client| concerned |= client.slave == slave && client.want_telling());
        if concerned {
            self.tell_at_once();
        }
    }

    /// A slave is released: the first of the fastest has its turn next, as with the C driver.
    pub(crate) fn restart_turns(&mut self) {
        self.last = 0;
    }

    /// Forgets the clients in a VLAN.
    pub(crate) fn forget_vlan(&mut self, vlan: u16) {
        self.retain(|client| client.tag & VLAN_MASK != vlan);
    }

    /// When [`Self::round`] is to be called, in ms; [`None`] if there is nothing to do.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        if self.deal {
            return Some(0);
        }
        self.news.then_some(self.not_before_ms)
    }

    /// Deals the clients out anew.
    fn deal(&mut self, slaves: &[Slave]) {
        let mut last = self.last;
        let mut news = false;
        self.for_each(|client| {
            if let Some(slave) = turn(slaves, &mut last) {
                let moved = client.slave != slave;
                client.slave = slave;
                news |= moved && client.want_telling();
            }
        });
        self.last = last;
        self.news |= news;
    }

    /// Does what is due: calls `send` for each client that is to be told.
    pub(crate) fn round(&mut self, now_ms: u64, slaves: &[Slave], mut send: impl FnMut(Update)) {
        if core::mem::take(&mut self.deal) {
            self.deal(slaves);
        }
        if !self.news || now_ms < self.not_before_ms {
            return;
        }
        let again = self.retries > 0;
        self.for_each(|client| {
            let update = client.tell.then(|| client.update());
            client.tell &= again;
            if let Some(update) = update.flatten() {
                send(update);
            }
        });
        self.not_before_ms = now_ms.saturating_add(DELAY_MS);
        match self.retries.checked_sub(1) {
            Some(left) => self.retries = left,
            None => self.news = false,
        }
    }
}
