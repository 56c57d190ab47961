// SPDX-License-Identifier: GPL-2.0

//! Transmit hashes.

#![forbid(unsafe_code)]

/// Bytes of an Ethernet header (`ETH_HLEN`).
pub(crate) const ETH_HLEN: usize = 14;

/// Hashes addresses and type of an Ethernet header; `ethertype` in host order.
#[inline]
pub(crate) const fn layer2(dst: &[u8; 6], src: &[u8; 6], ethertype: u16) -> u32 {
    // CAST: Widening.
    (dst[5] ^ src[5]) as u32 ^ ethertype as u32
}

/// Hashes the Ethernet header at the start of `frame`; 0 if the frame is shorter than that.
#[inline]
pub(crate) fn layer2_frame(frame: &[u8]) -> u32 {
    match frame {
        &[_, _, _, _, _, dst, _, _, _, _, _, src, high, low, ..] => {
            u32::from(dst ^ src) ^ u32::from(u16::from_be_bytes([high, low]))
        }
        _ => 0,
    }
}
