// SPDX-License-Identifier: GPL-2.0

//! The kernel's flow dissector, which looks for addresses and ports behind tunnels, tags and
//! extension headers.
//!
//! C header: [`include/net/flow_dissector.h`](srctree/include/net/flow_dissector.h)

use super::{
    bindings,
    net_device::NetDevice,
    skb::Skb, //
};
use crate::modes::hash::{
    Flow,
    Network, //
};
use core::{
    ptr,
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
};

/// Prepares the dissector; before, it finds nothing. To be called before there are bonds; further
/// calls do nothing.
pub(crate) fn init() {
    static DONE: AtomicBool = AtomicBool::new(false);
    if !DONE.swap(true, Ordering::Relaxed) {
        // SAFETY: This is the only call, so nobody else writes. Who reads meanwhile takes a
        // dissector with fewer keys, or without any.
        unsafe { bindings::bonding_flow_init() };
    }
}

/// The network that a device is in.
fn net_of(dev: &NetDevice) -> *const bindings::net {
    #[cfg(CONFIG_NET_NS)]
    // SAFETY: The device is alive.
    let net = unsafe { (*dev.as_ptr()).nd_net.net };
    #[cfg(not(CONFIG_NET_NS))]
    let net = {
        let _ = dev;
        ptr::addr_of!(bindings::init_net)
    };
    net
}

/// Whether packets of a device are dissected by the kernel's own code, and not by a BPF program
/// which was loaded in its stead, and may see anything in them.
#[inline]
pub(crate) fn is_kernels_own(dev: &NetDevice) -> bool {
    // CAST: The number of a constant.
    const DISSECTOR: usize = bindings::netns_bpf_attach_type_NETNS_BPF_FLOW_DISSECTOR as usize;
    // SAFETY: The device is alive, and so is its network; both networks' arrays have this place. The
    // pointers are only compared, and change at any time.
    unsafe {
        let first = ptr::addr_of!(bindings::init_net.bpf.run_array);
        let own = ptr::addr_of!((*net_of(dev)).bpf.run_array);
        first
            .cast::<*mut bindings::bpf_prog_array>()
            .add(DISSECTOR)
            .read_volatile()
            .is_null()
            && own
                .cast::<*mut bindings::bpf_prog_array>()
                .add(DISSECTOR)
                .read_volatile()
                .is_null()
    }
}

/// The flow of a packet that is sent by `dev`; [`None`] if the dissector doesn't know it, or finds it
/// too short. In an RCU section.
#[cold]
pub(crate) fn dissect(dev: &NetDevice, skb: &Skb) -> Option<Flow> {
    // SAFETY: The packet is valid, and begins with its linear part.
    unsafe { dissect_at(dev, skb.as_ptr(), skb.linear(), skb.network()) }
}

/// The flow of a frame which XDP sends by `dev`; [`None`] as for [`dissect`]. In an RCU section.
#[cold]
pub(crate) fn dissect_frame(dev: &NetDevice, frame: &[u8]) -> Option<Flow> {
    // SAFETY: There is no packet.
    unsafe { dissect_at(dev, ptr::null(), frame, Network::of_frame(frame)?) }
}

/// The flow of all packets of a connected socket.
///
/// # Safety
///
/// `socket` must be a valid socket of TCP or UDP over IP.
pub(super) unsafe fn of_socket(socket: *const bindings::sock) -> Flow {
    let mut flow = bindings::bonding_flow::default();
    // SAFETY: Required of the caller.
    unsafe { bindings::bonding_flow_of_socket(socket, &mut flow) };
    flow.into()
}

impl From<bindings::bonding_flow> for Flow {
    fn from(flow: bindings::bonding_flow) -> Flow {
        Flow {
            addresses: flow.addresses,
            ports: flow.ports,
        }
    }
}

/// Calls the dissector.
///
/// # Safety
///
/// `skb` must be null, or a valid packet with `linear` as its linear part.
unsafe fn dissect_at(
    dev: &NetDevice,
    skb: *const bindings::sk_buff,
    linear: &[u8],
    network: Network,
) -> Option<Flow> {
    let mut flow = bindings::bonding_flow::default();
    // A header that nobody has set lies beyond any end.
    let offset = i32::try_from(network.offset).ok()?;
    let len = i32::try_from(linear.len()).ok()?;
    // SAFETY: The device is alive, and so is its network. The bytes are valid; the packet is, or is
    // null, as required of the caller.
    let found = unsafe {
        bindings::bonding_flow_dissect(
            net_of(dev),
            skb,
            linear.as_ptr().cast(),
            network.protocol.to_be(),
            offset,
            len,
            &mut flow,
        )
    };
    found.then(|| flow.into())
}
