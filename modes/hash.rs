// SPDX-License-Identifier: GPL-2.0

//! Transmit hashes: what option `xmit_hash_policy` makes of the headers of a frame.
//!
//! The numbers are those of the C driver, bit for bit, so that a switch or a capture that was set up
//! for it sees the same frames on the same links. Addresses and ports go in as they lie in the
//! frame; what comes out is reduced to the number of slaves by [`Divisor::rem`].
//!
//! [`Divisor::rem`]: crate::modes::modulo::Divisor::rem

#![forbid(unsafe_code)]

/// `ETH_P_IP`.
pub(crate) const IPV4: u16 = 0x0800;
/// `ETH_P_IPV6`.
pub(crate) const IPV6: u16 = 0x86dd;

/// Numbers of protocols over IP (`IPPROTO_*`).
mod proto {
    /// Control messages of IPv4.
    pub(super) const ICMP: u8 = 1;
    /// TCP.
    pub(super) const TCP: u8 = 6;
    /// UDP.
    pub(super) const UDP: u8 = 17;
    /// DCCP.
    pub(super) const DCCP: u8 = 33;
    /// Encrypted packets of IPsec.
    pub(super) const ESP: u8 = 50;
    /// Authenticated packets of IPsec.
    pub(super) const AH: u8 = 51;
    /// Control messages of IPv6.
    pub(super) const ICMPV6: u8 = 58;
    /// SCTP.
    pub(super) const SCTP: u8 = 132;
    /// UDP-Lite.
    pub(super) const UDP_LITE: u8 = 136;
}

/// Length of an Ethernet header.
const ETHERNET: usize = 14;

/// The bytes of a frame, from the Ethernet header on.
pub(crate) trait Frame {
    /// Its first part, which lies in one piece.
    fn linear(&self) -> &[u8];

    /// `N` bytes from offset `at` on, which aren't all in the first part; [`None`] beyond the end.
    fn beyond<const N: usize>(&self, at: usize) -> Option<[u8; N]>;

    /// `N` bytes from offset `at` on; [`None`] beyond the end.
    #[inline]
    fn bytes<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        match self.linear().get(at..).and_then(|rest| rest.first_chunk()) {
            Some(bytes) => Some(*bytes),
            None => self.beyond(at),
        }
    }
}

/// A frame of which there is only what lies in one piece, as XDP has it.
impl Frame for [u8] {
    #[inline]
    fn linear(&self) -> &[u8] {
        self
    }

    #[inline]
    fn beyond<const N: usize>(&self, _at: usize) -> Option<[u8; N]> {
        None
    }
}

/// What lies behind the link layer's headers, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Network {
    /// The Ethernet type.
    pub(crate) protocol: u16,
    /// Offset of the header in the frame; one which is beyond the end is that of no header.
    pub(crate) offset: usize,
}

impl Network {
    /// What an Ethernet frame without VLAN tag says itself; [`None`] if it is too short for that.
    pub(crate) fn of_frame(frame: &[u8]) -> Option<Network> {
        let &[.., high, low] = frame.first_chunk::<ETHERNET>()?;
        Some(Network {
            protocol: u16::from_be_bytes([high, low]),
            offset: ETHERNET,
        })
    }
}

/// What tells one flow from another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flow {
    /// Source and destination address, folded to 32 bits each, combined by exclusive or.
    pub(crate) addresses: u32,
    /// Both ports; type, code and identifier of an ICMP message that has one; 0 where there is
    /// neither.
    pub(crate) ports: u32,
}

impl Flow {
    /// A flow of IPv4.
    #[inline]
    pub(crate) const fn v4(source: [u8; 4], destination: [u8; 4], ports: [u8; 4]) -> Flow {
        Flow {
            addresses: u32::from_ne_bytes(source) ^ u32::from_ne_bytes(destination),
            ports: u32::from_ne_bytes(ports),
        }
    }

    /// A flow of IPv6.
    #[inline]
    pub(crate) const fn v6(source: [u8; 16], destination: [u8; 16], ports: [u8; 4]) -> Flow {
        let both = u128::from_ne_bytes(source) ^ u128::from_ne_bytes(destination);
        let both = both ^ (both >> 64);
        Flow {
            // CAST: The four words of each address, combined.
            addresses: (both ^ (both >> 32)) as u32,
            ports: u32::from_ne_bytes(ports),
        }
    }

    /// The hash of addresses and ports. The lowest bit is left out: many ports are even.
    #[inline]
    pub(crate) const fn hash(self) -> u32 {
        fold(self.ports ^ self.addresses) >> 1
    }
}

/// Spreads what differs in the upper bytes over the lower ones.
#[inline]
const fn fold(hash: u32) -> u32 {
    let hash = hash ^ (hash >> 16);
    hash ^ (hash >> 8)
}

/// `layer2`: the last bytes of both Ethernet addresses, and the type; 0 without a whole header.
#[inline]
pub(crate) fn layer2<F: Frame + ?Sized>(frame: &F) -> u32 {
    match frame.bytes::<ETHERNET>(0) {
        Some([_, _, _, _, _, dst, _, _, _, _, _, src, high, low]) => {
            u32::from(dst ^ src) ^ u32::from(u16::from_be_bytes([high, low]))
        }
        None => 0,
    }
}

/// `layer2+3`, `encap2+3`: [`layer2`], and the addresses of a flow.
#[inline]
pub(crate) fn layer23<F: Frame + ?Sized>(frame: &F, flow: Option<Flow>) -> u32 {
    match flow {
        Some(flow) => fold(layer2(frame) ^ flow.addresses),
        None => layer2(frame),
    }
}

/// `layer3+4`, `encap3+4`: addresses and ports of a flow, or [`layer2`] where there is none.
#[inline]
pub(crate) fn layer34<F: Frame + ?Sized>(frame: &F, flow: Option<Flow>) -> u32 {
    match flow {
        Some(flow) => flow.hash(),
        None => layer2(frame),
    }
}

/// `vlan+srcmac`: the tag of a VLAN (0 without), and the source address; 0 without a whole header.
#[inline]
pub(crate) fn vlan_srcmac<F: Frame + ?Sized>(frame: &F, tag: u16) -> u32 {
    match frame.bytes::<ETHERNET>(0) {
        Some([_, _, _, _, _, _, a, b, c, d, e, f, _, _]) => {
            let vendor = u32::from_be_bytes([0, a, b, c]);
            u32::from(tag) ^ vendor ^ u32::from_be_bytes([0, d, e, f])
        }
        None => 0,
    }
}

/// The flow of a frame which is TCP or UDP over IPv4 without options, or over IPv6 without extension
/// headers, no fragment, and in one piece as far as the ports; [`None`] for all others.
///
/// For these frames, [`any_flow`] and the kernel's flow dissector see the same.
#[inline]
pub(crate) fn plain_flow(linear: &[u8], network: Network) -> Option<Flow> {
    let rest = linear.get(network.offset..)?;
    if network.protocol == IPV4 {
        let &[0x45, _, _, _, _, _, frag, ment, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3, p0, p1, p2, p3] =
            rest.first_chunk()?
        else {
            return None;
        };
        if is_fragment(frag, ment) || !has_plain_ports(protocol) {
            return None;
        }
        return Some(Flow::v4(
            [s0, s1, s2, s3],
            [d0, d1, d2, d3],
            [p0, p1, p2, p3],
        ));
    }
    if network.protocol != IPV6 {
        return None;
    }
    let (&[_, _, _, _, _, _, next, _], rest) = rest.split_first_chunk()?;
    let (source, rest) = rest.split_first_chunk()?;
    let (destination, rest) = rest.split_first_chunk()?;
    let ports = rest.first_chunk()?;
    has_plain_ports(next).then(|| Flow::v6(*source, *destination, *ports))
}

/// The flow of a frame as far as `layer2+3` wants it, which asks for no ports: where no header but
/// that of IP counts, and lies in one piece. [`None`] for all others.
#[inline]
pub(crate) fn plain_addresses(linear: &[u8], network: Network) -> Option<Flow> {
    let rest = linear.get(network.offset..)?;
    if network.protocol == IPV4 {
        let &[_, _, _, _, _, _, _, _, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
            rest.first_chunk()?;
        let flow = || Flow::v4([s0, s1, s2, s3], [d0, d1, d2, d3], [0; 4]);
        return (!is_icmp(protocol)).then(flow);
    }
    if network.protocol != IPV6 {
        return None;
    }
    let (&[_, _, _, _, _, _, next, _], rest) = rest.split_first_chunk()?;
    let (source, rest) = rest.split_first_chunk()?;
    let destination = rest.first_chunk()?;
    (!is_icmp(next)).then(|| Flow::v6(*source, *destination, [0; 4]))
}

/// The flow of a frame over IP, without looking into tunnels; [`None`] for all other frames, and for
/// those that end before the header of IP does.
///
/// Headers of extensions are not passed: behind one there are no ports. An ICMP error belongs to
/// the flow that it is about.
#[cold]
#[inline(never)]
pub(crate) fn any_flow<F: Frame + ?Sized>(frame: &F, network: Network) -> Option<Flow> {
    let outer = Ip::parse(frame, network)?;
    // A fragment is one of the first; the others have no ports, so none counts.
    let Some(protocol) = outer.protocol else {
        return Some(outer.flow);
    };
    if !is_icmp(protocol) {
        return Some(outer.flow_with_ports(frame));
    }
    let Some([kind, code, _, _, id0, id1, _, _]) = frame.bytes::<8>(outer.next) else {
        return Some(outer.flow);
    };
    if is_icmp_error(protocol, kind) {
        let network = Network {
            offset: outer.next.saturating_add(8),
            ..network
        };
        return Some(Ip::parse(frame, network)?.flow_with_ports(frame));
    }
    let ports = match has_icmp_id(kind) {
        true => icmp_word(kind, code, u16::from_be_bytes([id0, id1])),
        false => 0,
    };
    Some(Flow {
        ports,
        ..outer.flow
    })
}

/// Type, code and identifier of an ICMP message, as the kernel's dissector notes them
/// (`struct flow_dissector_key_icmp`): no identifier counts as 0, so one that is 0 counts as 1.
fn icmp_word(kind: u8, code: u8, id: u16) -> u32 {
    let [low, high] = id.max(1).to_ne_bytes();
    u32::from_ne_bytes([kind, code, low, high])
}

/// What a header of IP says.
struct Ip {
    /// The addresses, no ports.
    flow: Flow,
    /// The offset of what follows.
    next: usize,
    /// What that is; [`None`] in a fragment of IPv4.
    protocol: Option<u8>,
}

impl Ip {
    /// Reads the header of IPv4 or IPv6.
    fn parse<F: Frame + ?Sized>(frame: &F, network: Network) -> Option<Ip> {
        match network.protocol {
            IPV4 => Self::parse_v4(frame, network.offset),
            IPV6 => Self::parse_v6(frame, network.offset),
            _ => None,
        }
    }

    /// Reads a header of IPv4 (RFC 791).
    fn parse_v4<F: Frame + ?Sized>(frame: &F, at: usize) -> Option<Ip> {
        let [first, _, _, _, _, _, frag, ment, _, protocol, _, _, s0, s1, s2, s3, d0, d1, d2, d3] =
            frame.bytes(at)?;
        let words = usize::from(first & 0xf);
        Some(Ip {
            flow: Flow::v4([s0, s1, s2, s3], [d0, d1, d2, d3], [0; 4]),
            next: at.saturating_add(words << 2),
            protocol: (!is_fragment(frag, ment)).then_some(protocol),
        })
    }

    /// Reads a header of IPv6 (RFC 8200).
    fn parse_v6<F: Frame + ?Sized>(frame: &F, at: usize) -> Option<Ip> {
        let [_, _, _, _, _, _, next, _] = frame.bytes(at)?;
        let source = frame.bytes(at.saturating_add(8))?;
        let destination = frame.bytes(at.saturating_add(24))?;
        Some(Ip {
            flow: Flow::v6(source, destination, [0; 4]),
            next: at.saturating_add(40),
            protocol: Some(next),
        })
    }

    /// The flow, with the first four bytes of what follows if these are ports, or as good as that.
    fn flow_with_ports<F: Frame + ?Sized>(&self, frame: &F) -> Flow {
        let skip: usize = match self.protocol {
            Some(
                proto::TCP
                | proto::UDP
                | proto::DCCP
                | proto::SCTP
                | proto::UDP_LITE
                // Its index of parameters.
                | proto::ESP,
            ) => 0,
            // The index comes second.
            Some(proto::AH) => 4,
            _ => return self.flow,
        };
        let ports = frame.bytes(self.next.saturating_add(skip));
        Flow {
            ports: ports.map_or(0, u32::from_ne_bytes),
            ..self.flow
        }
    }
}

/// Whether a header of IPv4 is that of a fragment: there are more, or it isn't the first.
#[inline]
const fn is_fragment(high: u8, low: u8) -> bool {
    (high & 0x3f) | low != 0
}

/// Whether a protocol is one of the two that most frames carry.
#[inline]
const fn has_plain_ports(protocol: u8) -> bool {
    matches!(protocol, proto::TCP | proto::UDP)
}

/// Whether a protocol is ICMP, of either version: which IP carries it isn't asked.
#[inline]
const fn is_icmp(protocol: u8) -> bool {
    matches!(protocol, proto::ICMP | proto::ICMPV6)
}

/// Whether an ICMP message tells of an error, and has the head of the packet which caused it
/// (RFC 792 and 4443).
const fn is_icmp_error(protocol: u8, kind: u8) -> bool {
    match protocol {
        proto::ICMP => matches!(kind, 3 | 4 | 5 | 11 | 12),
        _ => matches!(kind, 1..=4),
    }
}

/// Whether an ICMP message has an identifier: requests and replies of echo and of time stamps. As
/// in the kernel's dissector, one list serves both versions.
const fn has_icmp_id(kind: u8) -> bool {
    matches!(kind, 0 | 8 | 13 | 14 | 128 | 129)
}
