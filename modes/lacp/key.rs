// SPDX-License-Identifier: GPL-2.0

//! The operational key of a port (IEEE 802.1AX-2014, 6.3.5): ports which have the same can go
//! together.
//!
//! As in the C driver: option `ad_user_port_key` in the upper ten bits, then five bits that stand
//! for the speed, and one for full duplex.

#![forbid(unsafe_code)]

/// The speeds in Mb/s that have a number, which is their place from 1 on.
const SPEEDS: [u32; 19] = [
    1, 10, 100, 1_000, 2_500, 5_000, 10_000, 14_000, 20_000, 25_000, 40_000, 50_000, 56_000,
    80_000, 100_000, 200_000, 400_000, 800_000, 1_600_000,
];

/// What a link can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Capability {
    /// Speed in Mb/s; 0 if it isn't known.
    pub(crate) speed: u32,
    /// Whether it can send and receive at the same time, which LACP needs.
    pub(crate) full_duplex: bool,
}

/// Returns the number that stands for a speed in Mb/s, from 1 to 19; 0 for any other.
fn speed_code(speed: u32) -> u16 {
    let place = SPEEDS.iter().position(|&known| known == speed && known > 1);
    let code = place.and_then(|at| u16::try_from(at).ok());
    code.map_or(0, |at| at.saturating_add(1))
}

/// Returns the key of a port with this `ad_user_port_key` (0 to 1023); without a link only that
/// is in it.
pub(crate) fn key(user: u16, link: Option<Capability>) -> u16 {
    let user = (user & 0x3ff) << 6;
    match link {
        None => user,
        Some(link) => user | (speed_code(link.speed) << 1) | u16::from(link.full_duplex),
    }
}
