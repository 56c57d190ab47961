// SPDX-License-Identifier: GPL-2.0

//! Neighbour discovery.

use crate::monitor::neighbour::{
    group_mac,
    solicited_node,
    Discovery,
    Solicitation,
    DISCOVERY_SIZE, //
};
use proptest::prelude::*;
use std::net::Ipv6Addr;

/// The address that `text` is.
fn ip(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

#[test]
fn groups_of_a_host() {
    let host = ip("2001:db8::12:3456");
    assert_eq!(solicited_node(host), ip("ff02::1:ff12:3456"));
    assert_eq!(group_mac(host), [0x33, 0x33, 0xff, 0x12, 0x34, 0x56]);
}

/// Sums up a packet as a receiver does; 0xffff is right.
fn sum(packet: &[u8]) -> u16 {
    let mut words: Vec<u8> = packet[8..40].to_vec();
    words.extend([0, 0, packet[4], packet[5], 0, 0, 0, packet[6]]);
    words.extend(&packet[40..]);
    let sum: u64 = words
        .chunks(2)
        .map(|word| u64::from(word[0]) << 8 | u64::from(word[1]))
        .sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    ((folded & 0xffff) + (folded >> 16)) as u16
}

#[test]
fn a_question_by_example() {
    // As the kernel sends it.
    let mac = [2, 0, 0, 0, 0, 1];
    let question = Solicitation::new(ip("2001:db8::2"), ip("2001:db8::1"), Some(mac));
    let bytes = question.bytes();
    assert_eq!(bytes.len(), 72);
    assert_eq!(bytes[..8], [0x60, 0, 0, 0, 0, 32, 58, 255]);
    assert_eq!(bytes[8..24], ip("2001:db8::1").octets());
    assert_eq!(bytes[24..40], ip("ff02::1:ff00:2").octets());
    assert_eq!(bytes[40..42], [135, 0]);
    assert_eq!(bytes[44..48], [0; 4]);
    assert_eq!(bytes[48..64], ip("2001:db8::2").octets());
    assert_eq!(bytes[64..], [1, 1, 2, 0, 0, 0, 0, 1]);
    assert_eq!(sum(bytes), 0xffff);

    // Who has no address tells none.
    let question = Solicitation::new(ip("2001:db8::2"), ip("::"), Some(mac));
    assert_eq!(question.bytes().len(), 64);
    assert_eq!(question.bytes()[5], 24);
}

#[test]
fn what_is_discovery() {
    let question = Solicitation::new(ip("2001:db8::2"), ip("2001:db8::1"), None);
    let packet: [u8; DISCOVERY_SIZE] = question.bytes()[..DISCOVERY_SIZE].try_into().unwrap();
    let discovery = Discovery {
        sender: ip("2001:db8::1"),
        receiver: ip("ff02::1:ff00:2"),
    };
    assert_eq!(Discovery::parse(&packet), Some(discovery));
    let with = |at: usize, value| {
        let mut packet = packet;
        packet[at] = value;
        Discovery::parse(&packet)
    };
    assert_eq!(with(40, 136), Some(discovery));
    assert_eq!(with(40, 134), None);
    assert_eq!(with(40, 128), None);
    assert_eq!(with(6, 6), None);
}

proptest! {
    #[test]
    fn checksums_are_right(host: [u8; 16], source: [u8; 16], mac: Option<[u8; 6]>) {
        let question = Solicitation::new(host.into(), source.into(), mac);
        prop_assert_eq!(sum(question.bytes()), 0xffff);
    }
}
