// SPDX-License-Identifier: GPL-2.0

//! balance-alb: which frames any slave may send, and by what they are told apart.

#![forbid(unsafe_code)]

use crate::modes::{
    hash::{
        Frame,
        Network,
        IPV4,
        IPV6, //
    },
    tlb::is_neighbour_discovery, //
};

/// `ETH_P_ARP`.
const ARP: u16 = 0x0806;

/// Who may send a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// Any slave; flows are told apart by this hash of the destination.
    Any(u32),
    /// The slave that the receiving side chooses: it is ARP.
    ByClient,
    /// The active slave alone.
    Active,
}

/// The XOR of all bytes.
fn xor(bytes: &[u8]) -> u32 {
    u32::from(bytes.iter().fold(0, |hash, byte| hash ^ byte))
}

/// Tells who may send a frame. As in the C driver, groups may be sent to by any slave, but for those
/// that are all there are, and where it matters that an answer finds the one that asked.
#[inline]
pub(crate) fn sender<F: Frame + ?Sized>(frame: &F, network: Network) -> Sender {
    let hash = match network.protocol {
        ARP => return Sender::ByClient,
        IPV4 => ip4_hash(frame, network.offset),
        IPV6 => ip6_hash(frame, network.offset),
        _ => None,
    };
    hash.map_or(Sender::Active, Sender::Any)
}

/// The hash of a packet of IPv4; [`None`] of broadcasts and IGMP.
fn ip4_hash<F: Frame + ?Sized>(frame: &F, at: usize) -> Option<u32> {
    const IGMP: u8 = 2;
    const PROTOCOL: usize = 9;
    if frame.bytes::<6>(0)? == [0xff; 6] {
        return None;
    }
    let header = frame.bytes::<20>(at)?;
    let (_, to) = header.split_last_chunk::<4>()?;
    let is_igmp = header.get(PROTOCOL) == Some(&IGMP);
    (*to != [0xff; 4] && !is_igmp).then(|| xor(to))
}

/// The hash of a packet of IPv6; [`None`] of those to all nodes, of neighbour discovery, and from no
/// address, as are questions whether an address is used twice.
fn ip6_hash<F: Frame + ?Sized>(frame: &F, at: usize) -> Option<u32> {
    const ALL_NODES: [u8; 6] = [0x33, 0x33, 0, 0, 0, 1];
    let to = frame.bytes::<6>(0)?;
    if to == [0xff; 6] || to == ALL_NODES || is_neighbour_discovery(frame, at) {
        return None;
    }
    let from = frame.bytes::<16>(at.checked_add(8)?)?;
    let to = frame.bytes::<16>(at.checked_add(24)?)?;
    (from != [0; 16]).then(|| xor(&to))
}
