// SPDX-License-Identifier: GPL-2.0

//! Questions to hosts behind a slave: the way to a host, and the packet that asks for it.
//!
//! C headers: [`include/net/arp.h`](srctree/include/net/arp.h),
//! [`include/net/route.h`](srctree/include/net/route.h)

use super::{
    bindings,
    net_device::NetDevice,
    rcu::Reading,
    skb::Skb, //
};
use crate::monitor::neighbour::{
    group_mac,
    Solicitation, //
};
use core::{
    marker::PhantomData,
    net::{
        Ipv4Addr,
        Ipv6Addr, //
    },
    ptr::{
        addr_of_mut,
        NonNull, //
    },
};

/// How deep devices can be stacked (`MAX_NEST_DEV`).
pub(super) const DEPTH: usize = 8;

/// A VLAN tag: protocol (`ETH_P_8021Q`, `ETH_P_8021AD`) and number.
pub(crate) type Tag = (u16, u16);

/// The VLAN tags of a packet, the outermost first.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tags([Option<Tag>; DEPTH]);

/// The way to a host, with the address `A` to ask from.
pub(crate) enum Way<A> {
    /// It leads through the bond.
    Through {
        /// The address to ask from; the unspecified one if the device has none that fits.
        source: A,
        /// The VLANs that it leads through.
        tags: Tags,
    },
    /// It does not lead through the bond.
    Elsewhere,
    /// There is none.
    None,
}

/// An address as the kernel's functions take it (`__be32`).
fn be32(address: Ipv4Addr) -> u32 {
    u32::from_ne_bytes(address.octets())
}

/// A route, of which a reference is held.
///
/// # Invariants
///
/// The pointer owns a reference to a valid route.
struct Route(NonNull<bindings::dst_entry>);

impl Route {
    /// The route to a host from the network of `dev`, by the interface that it is a neighbour on.
    fn to_neighbour(dev: &NetDevice, host: Ipv4Addr) -> Option<Self> {
        // SAFETY: The device is alive, and with it its network namespace.
        let route = unsafe {
            bindings::bonding_route4(bindings::bonding_dev_net(dev.as_ptr()), be32(host))
        };
        // INVARIANT: The function returns a reference, or null.
        NonNull::new(route).map(Self)
    }

    /// The route to an IPv6 host from the network of `dev`.
    fn to_host6(dev: &NetDevice, host: Ipv6Addr) -> Option<Self> {
        let host = host.octets();
        // SAFETY: The device is alive, and with it its network namespace; the address has 16 bytes.
        let route = unsafe {
            bindings::bonding_route6(bindings::bonding_dev_net(dev.as_ptr()), host.as_ptr())
        };
        // INVARIANT: The function returns a reference, or null.
        NonNull::new(route).map(Self)
    }

    /// The device that it leads to.
    fn dev<'g>(&self, _reading: Reading<'g>) -> &'g NetDevice {
        // SAFETY: The route is valid; its device, which always is there, is kept by the section.
        unsafe { NetDevice::from_raw(bindings::bonding_dst_dev(self.0.as_ptr())) }
    }
}

impl Drop for Route {
    fn drop(&mut self) {
        // SAFETY: The reference is ours, and given up here.
        unsafe { bindings::dst_release(self.0.as_ptr()) };
    }
}

/// Iterates over the devices right above one.
///
/// # Invariants
///
/// `dev` is a live device, and an RCU section spans `'g`; `at` is the head of its list of devices
/// above, or an entry of it.
pub(super) struct Uppers<'g> {
    dev: *mut bindings::net_device,
    at: *mut bindings::list_head,
    _section: PhantomData<&'g NetDevice>,
}

impl<'g> Uppers<'g> {
    /// Those above `dev`.
    pub(super) fn of(dev: &'g NetDevice, _reading: Reading<'g>) -> Self {
        // INVARIANT: The device is alive for the section; it begins at the head.
        Self {
            dev: dev.as_ptr(),
            // SAFETY: The device is alive; only the address of the list's head is taken.
            at: unsafe { addr_of_mut!((*dev.as_ptr()).adj_list.upper) },
            _section: PhantomData,
        }
    }
}

impl<'g> Iterator for Uppers<'g> {
    type Item = &'g NetDevice;

    fn next(&mut self) -> Option<Self::Item> {
        // SAFETY: By the type invariant; a device that was found lives as long as the section.
        // INVARIANT: The call moves `at` to the next entry.
        unsafe {
            let upper = bindings::netdev_upper_get_next_dev_rcu(self.dev, &mut self.at);
            upper.cast::<NetDevice>().as_ref()
        }
    }
}

/// The VLAN that `dev` is, if it is one.
pub(super) fn vlan_tag(dev: &NetDevice) -> Option<Tag> {
    let (mut proto, mut id) = (0, 0);
    // SAFETY: The device is alive, and both numbers are ours.
    let is_vlan = unsafe { bindings::bonding_vlan_tag(dev.as_ptr(), &mut proto, &mut id) };
    is_vlan.then_some((proto, id))
}

/// Whether `end` is `start` or above it; notes the VLANs between in `tags`, from `level` on.
fn leads_to<'g>(
    start: &'g NetDevice,
    end: &NetDevice,
    level: usize,
    tags: &mut Tags,
    reading: Reading<'g>,
) -> bool {
    if start.is(end) {
        return true;
    }
    if level >= DEPTH {
        return false;
    }
    for upper in Uppers::of(start, reading) {
        if leads_to(upper, end, level.saturating_add(1), tags, reading) {
            if let Some(tag) = tags.0.get_mut(level) {
                *tag = vlan_tag(upper);
            }
            return true;
        }
    }
    false
}

/// Whether `f` is true of `dev`, or of a device above it that is no more than `levels` higher.
fn any_above<'g>(
    dev: &'g NetDevice,
    levels: usize,
    f: &impl Fn(&NetDevice) -> bool,
    reading: Reading<'g>,
) -> bool {
    f(dev)
        || (levels > 0
            && Uppers::of(dev, reading)
                .any(|upper| any_above(upper, levels.saturating_sub(1), f, reading)))
}

/// An address of `dev` by which the host `to` knows it, or, if `local` is given, that one if it is
/// an address of `dev`; 0.0.0.0 if there is none.
fn confirm(dev: &NetDevice, to: Ipv4Addr, local: Ipv4Addr) -> Ipv4Addr {
    // SAFETY: The device is alive.
    let address = unsafe { bindings::bonding_confirm_addr(dev.as_ptr(), be32(to), be32(local)) };
    Ipv4Addr::from(address.to_ne_bytes())
}

/// Whether the bond, or a device above it, has the IPv6 address.
pub(crate) fn has_address6(bond: &NetDevice, address: Ipv6Addr, reading: Reading<'_>) -> bool {
    let octets = address.octets();
    let has = |dev: &NetDevice| {
        // SAFETY: The device is alive, and the address has its 16 bytes.
        unsafe { bindings::bonding_has_addr6(dev.as_ptr(), octets.as_ptr()) }
    };
    any_above(bond, DEPTH, &has, reading)
}

/// Whether the bond, or a device above it, has the address.
pub(crate) fn has_address(bond: &NetDevice, address: Ipv4Addr, reading: Reading<'_>) -> bool {
    let has = |dev: &NetDevice| confirm(dev, Ipv4Addr::UNSPECIFIED, address) == address;
    any_above(bond, DEPTH, &has, reading)
}

/// Finds the way from the bond to a host. Any context.
pub(crate) fn way_to(bond: &NetDevice, host: Ipv4Addr) -> Way<Ipv4Addr> {
    let source = |dev: &NetDevice| confirm(dev, host, Ipv4Addr::UNSPECIFIED);
    way_by(bond, Route::to_neighbour(bond, host), source)
}

/// Finds the way from the bond to an IPv6 host. Any context.
pub(crate) fn way_to6(bond: &NetDevice, host: Ipv6Addr) -> Way<Ipv6Addr> {
    let source = |dev: &NetDevice| {
        let mut source = [0; 16];
        // SAFETY: The device is alive, and both addresses have 16 bytes.
        unsafe {
            bindings::bonding_source6(dev.as_ptr(), host.octets().as_ptr(), source.as_mut_ptr())
        };
        Ipv6Addr::from(source)
    };
    way_by(bond, Route::to_host6(bond, host), source)
}

/// The way that a route is, if it leads through the bond; `source` chooses an address of a device.
fn way_by<A>(
    bond: &NetDevice,
    route: Option<Route>,
    source: impl FnOnce(&NetDevice) -> A,
) -> Way<A> {
    let Some(route) = route else {
        return Way::None;
    };
    Reading::with(|reading| {
        let dev = route.dev(reading);
        let mut tags = Tags::default();
        if !leads_to(bond, dev, 0, &mut tags, reading) {
            return Way::Elsewhere;
        }
        Way::Through {
            source: source(dev),
            tags,
        }
    })
}

/// Whether the kernel has IPv6, and it was not turned off when it was booted.
pub(crate) fn has_ip6() -> bool {
    // SAFETY: May be called from any context.
    unsafe { bindings::bonding_has_ip6() }
}

impl Skb {
    /// Puts VLAN tags on the packet; [`None`] if there is no room for them.
    fn tagged(self, tags: &Tags) -> Option<Self> {
        let mut tags = tags.0.iter().flatten();
        let outer = tags.next();
        let mut skb = self;
        for &(proto, id) in tags.rev() {
            let raw = core::mem::ManuallyDrop::new(skb).as_ptr();
            // SAFETY: The packet is ours, and given to the helper, which returns it or another one,
            // or frees it.
            let raw = unsafe { bindings::bonding_insert_tag(raw, proto, id) };
            // SAFETY: What the helper returns is ours.
            skb = unsafe { Skb::from_raw(NonNull::new(raw)?) };
        }
        if let Some(&(proto, id)) = outer {
            // SAFETY: The packet is ours.
            unsafe { bindings::bonding_put_tag(skb.as_ptr(), proto, id) };
        }
        Some(skb)
    }
}

/// Tells a host, by an ARP reply, that `slave` has the address `ours`, and by which VLAN (802.1Q) it is
/// reached, if any; it is lost without memory.
pub(crate) fn tell(
    slave: &NetDevice,
    host: Ipv4Addr,
    mac: &[u8; 6],
    ours: Ipv4Addr,
    vlan: Option<u16>,
) {
    const ETH_P_8021Q: u16 = 0x8100;
    // SAFETY: The device is alive, and the address has 6 bytes; without a packet if the device's have
    // another length.
    let raw = unsafe {
        bindings::bonding_arp_reply(slave.as_ptr(), be32(host), be32(ours), mac.as_ptr())
    };
    let mut tags = Tags::default();
    let [first, ..] = &mut tags.0;
    *first = vlan.map(|id| (ETH_P_8021Q, id));
    // SAFETY: A packet which was just made is ours.
    unsafe { send_arp(raw, &tags) };
}

/// Sends an ARP packet with these tags; without memory for them, or a packet, nothing is sent.
///
/// # Safety
///
/// `raw` must be null, or a packet that is the caller's, who gives it away.
unsafe fn send_arp(raw: *mut bindings::sk_buff, tags: &Tags) {
    // SAFETY: Required of the caller.
    let packet = NonNull::new(raw).map(|raw| unsafe { Skb::from_raw(raw) });
    if let Some(packet) = packet.and_then(|packet| packet.tagged(tags)) {
        // SAFETY: The packet is ours, and given away here.
        unsafe { bindings::arp_xmit(core::mem::ManuallyDrop::new(packet).as_ptr()) };
    }
}

/// Whether an address is that of a bridge in the network of `dev`. Any context.
pub(crate) fn is_bridges_address(dev: &NetDevice, address: Ipv4Addr) -> bool {
    // SAFETY: The device is alive, and with it its network namespace.
    unsafe { bindings::bonding_is_bridges_addr(dev.as_ptr(), be32(address)) }
}

/// Asks by `slave` who has the address `host` (an ARP request to all). Without
/// memory nobody is asked.
pub(crate) fn ask(slave: &NetDevice, host: Ipv4Addr, source: Ipv4Addr, tags: &Tags) {
    // SAFETY: The device is alive.
    let raw = unsafe { bindings::bonding_arp_request(slave.as_ptr(), be32(host), be32(source)) };
    // SAFETY: A packet which was just made is ours.
    unsafe { send_arp(raw, tags) };
}

/// Asks by `slave`, by IPv6, who has the address `host`, likewise; by Ethernet alone.
pub(crate) fn ask6(slave: &NetDevice, host: Ipv6Addr, source: Ipv6Addr, tags: &Tags) {
    let question = Solicitation::new(host, source, slave.ether_mac());
    let group = group_mac(host);
    let Ok(len) = u32::try_from(question.bytes().len()) else {
        return;
    };
    // SAFETY: The device is alive, the bytes are valid for their length, and the address has 6;
    // without a packet if the device's have another length.
    let raw = unsafe {
        bindings::bonding_ip6_packet(
            slave.as_ptr(),
            question.bytes().as_ptr(),
            len,
            group.as_ptr(),
        )
    };
    // SAFETY: A packet which was just made is ours.
    let packet = NonNull::new(raw).map(|raw| unsafe { Skb::from_raw(raw) });
    let Some(packet) = packet.and_then(|packet| packet.tagged(tags)) else {
        return;
    };
    // SAFETY: The packet is ours, and given away here.
    unsafe {
        bindings::__dev_queue_xmit(
            core::mem::ManuallyDrop::new(packet).as_ptr(),
            core::ptr::null_mut(),
        )
    };
}
