// SPDX-License-Identifier: GPL-2.0

//! Tests of the pure code.

// A test is right to panic, and to count and index without ceremony.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_lossless,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]

mod addr;
mod arp;
mod counters;
mod defaults;
mod doc;
mod faces;
mod hash;
mod history;
mod hwaddr;
mod lacp;
mod link;
mod neighbour;
mod options;
mod params;
mod rlb;
mod select;
mod speed;
mod targets;
mod tlb;
mod transmit;

use crate::bond::params::{
    FailOverMac,
    Mode,
    Params,
    PrimaryReselect,
    INT_MAX, //
};
use proptest::prelude::*;

/// Every mode which is built.
const MODES: [Mode; 7] = [
    Mode::RoundRobin,
    Mode::ActiveBackup,
    Mode::Xor,
    Mode::Broadcast,
    Mode::Lacp,
    Mode::Tlb,
    Mode::Alb,
];

/// Makes any mode.
fn any_mode() -> impl Strategy<Value = Mode> {
    prop::sample::select(&MODES[..])
}

/// Makes any settings.
fn any_params() -> impl Strategy<Value = Params> {
    (
        any_mode(),
        0..3u8,
        0..3u8,
        any::<(bool, u8, u8, u16)>(),
        prop_oneof![Just(0), Just(INT_MAX), 1..2000u32, 0..=INT_MAX],
        prop::array::uniform3(prop_oneof![Just(0), 1..50u32, 0..=INT_MAX]),
        any::<u32>(),
    )
        .prop_map(
            |(mode, fom, reselect, (all, notif, igmp, packets), miimon, delays, links)| Params {
                mode,
                fail_over_mac: FailOverMac::from_u8(fom).unwrap(),
                primary_reselect: PrimaryReselect::from_u8(reselect).unwrap(),
                all_slaves_active: all,
                num_peer_notif: notif,
                resend_igmp: igmp,
                packets_per_slave: packets,
                miimon,
                updelay: delays[0],
                downdelay: delays[1],
                peer_notif_delay: delays[2],
                arp_interval: if miimon == 0 { links >> 1 } else { 0 },
                min_links: links,
                ..Params::DEFAULT
            },
        )
}

/// Makes text which is likely to come near what the parsers accept: digits, white space, signs,
/// words, and any byte.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(&b"0123456789+-:. \t\n\x0b\0/x\xa0\xff"[..]).prop_map(|b| vec![b]),
        prop::sample::select(
            &[
                "default",
                "off",
                "on",
                "maxval",
                "minval",
                "active-backup",
                "balance-rr",
                "none",
                "layer2",
                "eth0",
                "bond0",
                "a_rather_long_interface_name",
                "10.0.0.1",
                "65535",
                "65536",
                "2147483647",
                "2147483648",
                "18446744073709551615",
                "18446744073709551616",
            ][..]
        )
        .prop_map(|word| word.as_bytes().to_vec()),
        any::<u8>().prop_map(|b| vec![b]),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}
