// SPDX-License-Identifier: GPL-2.0

//! Hash policies, against a model which was written from the description of their results and knows
//! nothing of the code.

use crate::modes::hash::{
    any_flow,
    layer2,
    layer23,
    layer34,
    plain_addresses,
    plain_flow,
    vlan_srcmac,
    Flow,
    Frame,
    Network, //
};
use proptest::prelude::*;

/// A frame of which only some of the bytes lie in its first part.
#[derive(Debug, Clone)]
struct Split {
    bytes: Vec<u8>,
    linear: usize,
}

impl Frame for Split {
    fn linear(&self) -> &[u8] {
        &self.bytes[..self.linear.min(self.bytes.len())]
    }

    fn beyond<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let end = at.checked_add(N)?;
        self.bytes.get(at..end)?.try_into().ok()
    }
}

// ---------------------------------------------------------------- the code under test

/// `layer2+3` as for a packet.
fn of_layer23<F: Frame + ?Sized>(frame: &F, network: Network) -> u32 {
    let plain = plain_addresses(frame.linear(), network);
    layer23(frame, plain.or_else(|| any_flow(frame, network)))
}

/// `layer3+4` as for a packet.
fn of_layer34<F: Frame + ?Sized>(frame: &F, network: Network) -> u32 {
    let plain = plain_flow(frame.linear(), network);
    layer34(frame, plain.or_else(|| any_flow(frame, network)))
}

// ---------------------------------------------------------------- the model

/// `frame[at..at + len]`, or nothing.
fn piece(frame: &[u8], at: usize, len: usize) -> Option<&[u8]> {
    (at + len <= frame.len()).then(|| &frame[at..at + len])
}

/// The words of some bytes, combined by exclusive or.
fn words(bytes: &[u8]) -> u32 {
    bytes
        .chunks(4)
        .map(|word| u32::from_ne_bytes(word.try_into().unwrap()))
        .fold(0, |all, word| all ^ word)
}

/// The hash of the Ethernet header.
fn model_layer2(frame: &[u8]) -> u32 {
    match piece(frame, 0, 14) {
        Some(header) => {
            let kind = u32::from(header[12]) * 256 + u32::from(header[13]);
            u32::from(header[5] ^ header[11]) ^ kind
        }
        None => 0,
    }
}

/// A header of IP: its addresses, the offset of what follows, and the protocol of that unless it
/// is a fragment of IPv4.
fn model_ip(frame: &[u8], kind: u16, at: usize) -> Option<(u32, usize, Option<u8>)> {
    match kind {
        0x0800 => {
            let header = piece(frame, at, 20)?;
            let more = header[6] & 0x20 != 0;
            let offset = (u32::from(header[6]) << 8 | u32::from(header[7])) & 0x1fff;
            let protocol = if more || offset != 0 {
                None
            } else {
                Some(header[9])
            };
            let length = usize::from(header[0] % 16) * 4;
            Some((words(&header[12..20]), at + length, protocol))
        }
        0x86dd => {
            let header = piece(frame, at, 40)?;
            Some((words(&header[8..40]), at + 40, Some(header[6])))
        }
        _ => None,
    }
}

/// Addresses and ports, or the word of ICMP.
fn model_flow(frame: &[u8], kind: u16, at: usize) -> Option<(u32, u32)> {
    let ports = |at: usize, protocol| {
        let at = match protocol {
            6 | 17 | 33 | 50 | 132 | 136 => at,
            51 => at + 4,
            _ => return 0,
        };
        piece(frame, at, 4).map_or(0, words)
    };
    let (addresses, next, protocol) = model_ip(frame, kind, at)?;
    match protocol {
        None => Some((addresses, 0)),
        Some(protocol @ (1 | 58)) => {
            let Some(icmp) = piece(frame, next, 8) else {
                return Some((addresses, 0));
            };
            let errors: &[u8] = match protocol {
                1 => &[3, 4, 5, 11, 12],
                _ => &[1, 2, 3, 4],
            };
            if errors.contains(&icmp[0]) {
                let (addresses, next, protocol) = model_ip(frame, kind, next + 8)?;
                return Some((addresses, protocol.map_or(0, |number| ports(next, number))));
            }
            if ![0, 8, 13, 14, 128, 129].contains(&icmp[0]) {
                return Some((addresses, 0));
            }
            let mut id = u32::from(icmp[4]) * 256 + u32::from(icmp[5]);
            if id == 0 {
                id = 1;
            }
            let word = if cfg!(target_endian = "little") {
                u32::from(icmp[0]) | u32::from(icmp[1]) << 8 | id << 16
            } else {
                u32::from(icmp[0]) << 24 | u32::from(icmp[1]) << 16 | id
            };
            Some((addresses, word))
        }
        Some(protocol) => Some((addresses, ports(next, protocol))),
    }
}

/// The end of the hashes of IP.
fn model_folded(mut hash: u32) -> u32 {
    hash ^= hash / 65536;
    hash ^= hash / 256;
    hash
}

fn model_layer23(frame: &[u8], kind: u16, at: usize) -> u32 {
    match model_flow(frame, kind, at) {
        Some((addresses, _)) => model_folded(model_layer2(frame) ^ addresses),
        None => model_layer2(frame),
    }
}

fn model_layer34(frame: &[u8], kind: u16, at: usize) -> u32 {
    match model_flow(frame, kind, at) {
        Some((addresses, ports)) => model_folded(ports ^ addresses) / 2,
        None => model_layer2(frame),
    }
}

// ---------------------------------------------------------------- frames

/// A header of IPv4, with what follows.
fn ipv4() -> impl Strategy<Value = Vec<u8>> {
    (
        prop_oneof![8 => Just(5u8), 2 => 6..16u8, 1 => 0..5u8],
        prop_oneof![6 => Just(0u16), 1 => Just(0x4000), 1 => any::<u16>(), 1 => 1..8u16],
        protocol(),
        any::<[u8; 8]>(),
    )
        .prop_map(|(words, fragment, protocol, addresses)| {
            let mut header = vec![0x40 | words, 0, 0, 60, 1, 2];
            header.extend(fragment.to_be_bytes());
            header.extend([64, protocol, 0, 0]);
            header.extend(addresses);
            header.resize(usize::from(words.max(5)) * 4, 7);
            header
        })
}

/// A header of IPv6.
fn ipv6() -> impl Strategy<Value = Vec<u8>> {
    (protocol(), any::<[u8; 32]>()).prop_map(|(next, addresses)| {
        let mut header = vec![0x60, 1, 2, 3, 0, 20, next, 64];
        header.extend(addresses);
        header
    })
}

/// Protocols which count, and others.
fn protocol() -> impl Strategy<Value = u8> {
    prop_oneof![
        4 => prop::sample::select(&[6u8, 17][..]),
        4 => prop::sample::select(&[1u8, 58][..]),
        2 => prop::sample::select(&[33u8, 50, 51, 132, 136, 0, 43, 44, 60, 4, 41, 47][..]),
        1 => any::<u8>(),
    ]
}

/// What follows: ports, or ICMP of any kind, perhaps with a packet in it.
fn payload(inner: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    (
        prop_oneof![
            3 => prop::sample::select(&[0u8, 1, 2, 3, 4, 5, 8, 11, 12, 13, 14, 128, 129][..]),
            1 => any::<u8>(),
        ],
        prop_oneof![Just([0, 0]), any::<[u8; 2]>()],
        any::<[u8; 5]>(),
        prop::collection::vec(any::<u8>(), 0..12),
    )
        .prop_map(move |(kind, id, rest, tail)| {
            let mut bytes = vec![kind, rest[0], rest[1], rest[2], id[0], id[1]];
            bytes.extend([rest[3], rest[4]]);
            bytes.extend(&inner);
            bytes.extend(tail);
            bytes
        })
}

/// A frame: its bytes, the type that the stack notes, and the offset of the header behind.
fn any_frame() -> impl Strategy<Value = (Vec<u8>, u16, usize)> {
    let network = prop_oneof![
        (ipv4(), ipv4()).prop_map(|(outer, inner)| (0x0800u16, outer, inner)),
        (ipv6(), ipv6()).prop_map(|(outer, inner)| (0x86dd, outer, inner)),
        (any::<u16>(), prop::collection::vec(any::<u8>(), 0..50)).prop_map(|(kind, bytes)| (
            kind,
            bytes,
            vec![]
        )),
    ];
    (
        any::<[u8; 12]>(),
        prop_oneof![4 => Just(vec![]), 1 => any::<[u8; 4]>().prop_map(|tag| tag.to_vec())],
        network,
    )
        .prop_flat_map(|(macs, tag, (kind, outer, inner))| {
            payload(inner).prop_map(move |payload| {
                let mut frame = macs.to_vec();
                frame.extend(&tag);
                frame.extend(kind.to_be_bytes());
                let at = frame.len();
                frame.extend(&outer);
                frame.extend(payload);
                (frame, kind, at)
            })
        })
}

/// The same, perhaps cut off, and in two parts.
fn any_split() -> impl Strategy<Value = (Split, Network)> {
    (any_frame(), any::<(bool, bool)>(), any::<[u16; 2]>()).prop_map(
        |((mut bytes, protocol, offset), (cut, split), [end, linear])| {
            if cut {
                bytes.truncate(usize::from(end) % (bytes.len() + 1));
            }
            let whole = bytes.len();
            let linear = match split {
                true => usize::from(linear) % (whole + 1),
                false => whole,
            };
            (Split { bytes, linear }, Network { protocol, offset })
        },
    )
}

// ---------------------------------------------------------------- examples

/// A frame of UDP from 10.0.0.1:4660 to 10.0.0.2:22136.
fn udp() -> Vec<u8> {
    let mut frame = vec![0x52, 0x54, 0, 1, 2, 0x03, 0x52, 0x54, 0, 4, 5, 0x86, 8, 0];
    frame.extend([0x45, 0, 0, 28, 0, 0, 0x40, 0, 64, 17, 0, 0]);
    frame.extend([10, 0, 0, 1, 10, 0, 0, 2, 0x12, 0x34, 0x56, 0x78]);
    frame
}

#[test]
#[cfg(target_endian = "little")]
fn by_example() {
    let frame = udp();
    let network = Network::of_frame(&frame).unwrap();
    assert_eq!((network.protocol, network.offset), (0x0800, 14));
    assert_eq!(layer2(frame.as_slice()), 0x0885);
    // 0x0100000a ^ 0x0200000a = 0x03000000; with 0x885: 0x03000885, folded 0x03000885 ^ 0x300 =
    // 0x03000b85, ^ 0x3000b = 0x03030b8e.
    assert_eq!(of_layer23(frame.as_slice(), network), 0x0303_0b8e);
    // 0x78563412 ^ 0x03000000 = 0x7b563412, ^ 0x7b56 = 0x7b564f44, ^ 0x7b564f = 0x7b2d190b.
    assert_eq!(of_layer34(frame.as_slice(), network), 0x7b2d_190b >> 1);
    assert_eq!(
        vlan_srcmac(frame.as_slice(), 0x6005),
        0x6005 ^ 0x52_5400 ^ 0x04_0586
    );
    let flow = Flow::v4([10, 0, 0, 1], [10, 0, 0, 2], [0x12, 0x34, 0x56, 0x78]);
    assert_eq!(flow.hash(), of_layer34(frame.as_slice(), network));
}

#[test]
fn fragments_have_no_ports() {
    let mut frame = udp();
    let network = Network::of_frame(&frame).unwrap();
    let whole = any_flow(frame.as_slice(), network).unwrap();
    for flags in [0x20, 0x00] {
        frame[20] = flags;
        frame[21] = u8::from(flags == 0);
        assert_eq!(plain_flow(&frame, network), None);
        let flow = any_flow(frame.as_slice(), network).unwrap();
        assert_eq!((flow.addresses, flow.ports), (whole.addresses, 0));
    }
}

#[test]
fn errors_of_icmp_follow_the_flow_they_are_about() {
    let about = udp();
    let network = Network::of_frame(&about).unwrap();
    let mut frame = udp();
    frame.truncate(34);
    frame[23] = 1;
    frame[26..34].copy_from_slice(&[192, 0, 2, 1, 10, 0, 0, 1]);
    frame.extend([3, 3, 0, 0, 0, 0, 0, 0]);
    frame.extend(&about[14..]);
    assert_eq!(
        any_flow(frame.as_slice(), network),
        any_flow(about.as_slice(), network)
    );
    // Without a whole header inside there is no flow.
    frame.truncate(34 + 8 + 19);
    assert_eq!(any_flow(frame.as_slice(), network), None);
    assert_eq!(
        of_layer34(frame.as_slice(), network),
        layer2(frame.as_slice())
    );
}

#[test]
fn short_and_strange_frames_hash_to_something() {
    let frame = udp();
    for end in 0..frame.len() {
        let short = &frame[..end];
        assert_eq!(layer2(short), model_layer2(short));
        assert_eq!(vlan_srcmac(short, 7) == 0, end < 14);
        assert_eq!(Network::of_frame(short).is_none(), end < 14);
    }
    for offset in [frame.len(), usize::MAX, usize::MAX - 20, 1 << 20] {
        for protocol in [0x0800, 0x86dd] {
            let network = Network { protocol, offset };
            assert_eq!(plain_flow(&frame, network), None);
            assert_eq!(plain_addresses(&frame, network), None);
            assert_eq!(any_flow(frame.as_slice(), network), None);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30_000))]

    #[test]
    fn hashes_are_those_of_the_model((frame, network) in any_split(), tag: u16) {
        let bytes = frame.bytes.as_slice();
        let (kind, at) = (network.protocol, network.offset);
        prop_assert_eq!(layer2(&frame), model_layer2(bytes));
        prop_assert_eq!(of_layer23(&frame, network), model_layer23(bytes, kind, at));
        prop_assert_eq!(of_layer34(&frame, network), model_layer34(bytes, kind, at));
        let source: u32 = match piece(bytes, 0, 14) {
            Some(header) => {
                let three = |at: usize| header[at..at + 3].iter().fold(0, |n, &b| n * 256 + u32::from(b));
                u32::from(tag) ^ three(6) ^ three(9)
            }
            None => 0,
        };
        prop_assert_eq!(vlan_srcmac(&frame, tag), source);
    }

    #[test]
    fn frames_of_xdp_are_hashed_like_packets((frame, _, _) in any_frame()) {
        let network = Network::of_frame(&frame).unwrap();
        let packet = Split { linear: 0, bytes: frame.clone() };
        prop_assert_eq!(of_layer23(frame.as_slice(), network), of_layer23(&packet, network));
        prop_assert_eq!(of_layer34(frame.as_slice(), network), of_layer34(&packet, network));
    }

    #[test]
    fn the_direct_way_sees_what_the_long_one_does((frame, network) in any_split()) {
        if let Some(flow) = plain_flow(frame.linear(), network) {
            prop_assert_eq!(any_flow(&frame, network), Some(flow));
        }
        if let Some(flow) = plain_addresses(frame.linear(), network) {
            let any = any_flow(&frame, network).unwrap();
            prop_assert_eq!(any.addresses, flow.addresses);
        }
    }

    #[test]
    fn any_bytes_at_all(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        protocol in prop_oneof![Just(0x0800u16), Just(0x86dd), any::<u16>()],
        offset in prop_oneof![0..130usize, any::<usize>()],
    ) {
        let network = Network { protocol, offset };
        let _ = of_layer34(bytes.as_slice(), network);
        let _ = of_layer23(bytes.as_slice(), network);
    }
}
