// SPDX-License-Identifier: GPL-2.0

//! What the ARP monitor asks IPv6 hosts, and hears of them: neighbour discovery (RFC 4861).

#![forbid(unsafe_code)]

use core::net::Ipv6Addr;

/// Next header: ICMPv6.
const ICMPV6: u8 = 58;

/// ICMPv6: neighbour solicitation.
const SOLICITATION: u8 = 135;

/// ICMPv6: neighbour advertisement.
const ADVERTISEMENT: u8 = 136;

/// Bytes of the IPv6 header.
const HEADER: usize = 40;

/// Bytes of a solicitation without options.
const MESSAGE: usize = 24;

/// Bytes of the option that tells the sender's Ethernet address.
const OPTION: usize = 8;

/// The address by which all nodes of a link are reached.
pub(crate) const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// Returns the multicast address by which a host is asked (RFC 4291, section 2.7.1).
pub(crate) fn solicited_node(host: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = host.octets();
    let mut octets = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 1, 0xff00, 0).octets();
    let [.., x, y, z] = &mut octets;
    (*x, *y, *z) = (a, b, c);
    Ipv6Addr::from(octets)
}

/// Returns the Ethernet address of that group (RFC 2464, section 7).
pub(crate) fn group_mac(host: Ipv6Addr) -> [u8; 6] {
    let [.., a, b, c] = host.octets();
    [0x33, 0x33, 0xff, a, b, c]
}

/// A neighbour solicitation, from the IPv6 header on.
pub(crate) struct Solicitation {
    bytes: [u8; HEADER + MESSAGE + OPTION],
    len: usize,
}

impl Solicitation {
    /// Asks who has the address `host`, from `source`, by a device with the Ethernet address `mac`.
    pub(crate) fn new(host: Ipv6Addr, source: Ipv6Addr, mac: Option<[u8; 6]>) -> Self {
        // Who has no address yet tells none (section 4.3).
        let mac = mac.filter(|_| !source.is_unspecified());
        let payload = if mac.is_some() {
            MESSAGE + OPTION
        } else {
            MESSAGE
        };
        let mut bytes = [0; HEADER + MESSAGE + OPTION];
        let group = solicited_node(host);
        let mut put = |at: usize, part: &[u8]| {
            for (to, from) in bytes.iter_mut().skip(at).zip(part) {
                *to = *from;
            }
        };
        // CAST: A small constant.
        put(0, &[0x60, 0, 0, 0, 0, payload as u8, ICMPV6, 255]);
        put(8, &source.octets());
        put(24, &group.octets());
        put(HEADER, &[SOLICITATION]);
        put(HEADER + 8, &host.octets());
        if let Some(mac) = mac {
            // Source link-layer address, in units of 8 bytes.
            put(HEADER + MESSAGE, &[1, 1]);
            put(HEADER + MESSAGE + 2, &mac);
        }
        let len = HEADER + payload;
        let sum = checksum(bytes.get(8..len).unwrap_or_default(), payload);
        if let Some(place) = bytes.get_mut(HEADER + 2..HEADER + 4) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
        Self { bytes, len }
    }

    /// The bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The checksum (RFC 1071) of an ICMPv6 message of `payload` bytes; `bytes` are the addresses of its
/// IPv6 header and the message, an even number, with zero in the checksum's place.
fn checksum(bytes: &[u8], payload: usize) -> u16 {
    // CAST: The length of a small message.
    let start = payload as u64 + u64::from(ICMPV6);
    let words = bytes.chunks_exact(2);
    let sum = words.fold(start, |sum, word| match *word {
        [high, low] => sum.wrapping_add(u64::from(u16::from_be_bytes([high, low]))),
        _ => sum,
    });
    let folded = (sum & 0xffff).wrapping_add(sum >> 16);
    let folded = (folded & 0xffff).wrapping_add(folded >> 16);
    // CAST: Folded to 16 bits.
    !(folded as u16)
}

/// Bytes that [`Discovery::parse`] looks at.
pub(crate) const DISCOVERY_SIZE: usize = HEADER + 8;

/// Who speaks to whom in a packet of neighbour discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Discovery {
    /// Address of the sender.
    pub(crate) sender: Ipv6Addr,
    /// Address that it is sent to.
    pub(crate) receiver: Ipv6Addr,
}

impl Discovery {
    /// Reads an IPv6 packet; [`None`] if it is no solicitation or advertisement of a neighbour.
    pub(crate) fn parse(packet: &[u8; DISCOVERY_SIZE]) -> Option<Discovery> {
        let (head, rest) = packet.split_first_chunk::<8>()?;
        let (sender, rest) = rest.split_first_chunk::<16>()?;
        let (receiver, rest) = rest.split_first_chunk::<16>()?;
        let [_, _, _, _, _, _, next, _] = *head;
        let discovery = matches!(rest.first(), Some(&(SOLICITATION | ADVERTISEMENT)));
        (next == ICMPV6 && discovery).then_some(Discovery {
            sender: Ipv6Addr::from(*sender),
            receiver: Ipv6Addr::from(*receiver),
        })
    }
}
