// SPDX-License-Identifier: GPL-2.0

//! Packets by which neighbours are found, or make themselves known.

#![forbid(unsafe_code)]

/// Tells whether an Ethernet frame, of which `frame` is the first part, is an ARP packet (RFC 826),
/// or a neighbour solicitation or advertisement (RFC 4861, 4.3 and 4.4) without extension headers.
pub(crate) fn is_discovery(frame: &[u8]) -> bool {
    let at = |index: usize| frame.get(index).copied();
    match (at(12), at(13)) {
        (Some(0x08), Some(0x06)) => true,
        // Next header ICMPv6, and the type.
        (Some(0x86), Some(0xdd)) => at(20) == Some(58) && matches!(at(54), Some(135 | 136)),
        _ => false,
    }
}
