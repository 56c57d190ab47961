// SPDX-License-Identifier: GPL-2.0

//! Transmit hashes.

#![forbid(unsafe_code)]

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
