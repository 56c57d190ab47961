// SPDX-License-Identifier: GPL-2.0

//! The hash policies as types: what a mode that hashes is made for, so that a packet pays nothing
//! for there being several.

use crate::{
    bond::Bond,
    kapi::{
        flow,
        skb::Skb, //
    },
    modes::hash::{
        self,
        Flow,
        Network, //
    },
};

/// What is hashed.
pub(super) trait Policy: 'static {
    /// The hash of a packet that the bond is to send. In an RCU section.
    fn of_packet(bond: &Bond, skb: &Skb) -> u32;

    /// The hash of an Ethernet frame of XDP, of which `frame` is the first part. In an RCU section.
    fn of_frame(bond: &Bond, frame: &[u8]) -> u32;

    /// The hash of all packets of a connected socket; [`None`] where sockets don't tell it.
    fn of_socket(_flow: Flow) -> Option<u32> {
        None
    }
}

/// `layer2`.
pub(super) struct Layer2;

impl Policy for Layer2 {
    #[inline(always)]
    fn of_packet(_bond: &Bond, skb: &Skb) -> u32 {
        hash::layer2(skb)
    }

    fn of_frame(_bond: &Bond, frame: &[u8]) -> u32 {
        hash::layer2(frame)
    }
}

/// `layer2+3`.
pub(super) struct Layer23;

impl Policy for Layer23 {
    #[inline(always)]
    fn of_packet(_bond: &Bond, skb: &Skb) -> u32 {
        let network = skb.network();
        let flow = hash::plain_addresses(skb.linear(), network);
        hash::layer23(skb, flow.or_else(|| hash::any_flow(skb, network)))
    }

    fn of_frame(_bond: &Bond, frame: &[u8]) -> u32 {
        let flow = Network::of_frame(frame).and_then(|network| hash::any_flow(frame, network));
        hash::layer23(frame, flow)
    }
}

/// `layer3+4`.
pub(super) struct Layer34;

impl Policy for Layer34 {
    #[inline(always)]
    fn of_packet(_bond: &Bond, skb: &Skb) -> u32 {
        let network = skb.network();
        let flow = hash::plain_flow(skb.linear(), network);
        hash::layer34(skb, flow.or_else(|| hash::any_flow(skb, network)))
    }

    fn of_frame(_bond: &Bond, frame: &[u8]) -> u32 {
        let flow = Network::of_frame(frame).and_then(|network| hash::any_flow(frame, network));
        hash::layer34(frame, flow)
    }

    fn of_socket(flow: Flow) -> Option<u32> {
        Some(flow.hash())
    }
}

/// The flow of a packet, inside its tunnels.
#[inline(always)]
fn inner_flow(bond: &Bond, skb: &Skb) -> Option<Flow> {
    if flow::is_kernels_own(bond.dev()) {
        let linear = skb.linear();
        // The dissector gives up on headers further away.
        let near = linear.get(..usize::from(u16::MAX)).unwrap_or(linear);
        let plain = hash::plain_flow(near, skb.network());
        if plain.is_some() {
            return plain;
        }
    }
    flow::dissect(bond.dev(), skb)
}

/// `encap2+3`.
pub(super) struct Encap23;

impl Policy for Encap23 {
    #[inline(always)]
    fn of_packet(bond: &Bond, skb: &Skb) -> u32 {
        hash::layer23(skb, inner_flow(bond, skb))
    }

    fn of_frame(bond: &Bond, frame: &[u8]) -> u32 {
        hash::layer23(frame, flow::dissect_frame(bond.dev(), frame))
    }
}

/// `encap3+4`.
pub(super) struct Encap34;

impl Policy for Encap34 {
    #[inline(always)]
    fn of_packet(bond: &Bond, skb: &Skb) -> u32 {
        match skb.l4_hash() {
            Some(hash) => hash,
            None => hash::layer34(skb, inner_flow(bond, skb)),
        }
    }

    fn of_frame(bond: &Bond, frame: &[u8]) -> u32 {
        hash::layer34(frame, flow::dissect_frame(bond.dev(), frame))
    }
}

/// `vlan+srcmac`.
pub(super) struct VlanSrcMac;

impl Policy for VlanSrcMac {
    #[inline(always)]
    fn of_packet(_bond: &Bond, skb: &Skb) -> u32 {
        hash::vlan_srcmac(skb, skb.vlan_tci())
    }

    /// A frame of XDP has no tag beside its data; a bond with this policy takes no programs.
    fn of_frame(_bond: &Bond, frame: &[u8]) -> u32 {
        hash::vlan_srcmac(frame, 0)
    }
}
