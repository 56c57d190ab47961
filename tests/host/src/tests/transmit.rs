// SPDX-License-Identifier: GPL-2.0

//! Exact modulo, and whose turn it is.

use crate::modes::modulo::Divisor;
use crate::modes::neighbour::is_discovery;
use crate::modes::rr::{
    is_igmp,
    RoundRobin,
    Ticket, //
};
use proptest::prelude::*;

/// Numbers near which arithmetic goes wrong, if it does.
fn edges() -> Vec<u32> {
    let mut edges: Vec<u32> = (0..=300).collect();
    for shift in 8..32 {
        let power = 1u32 << shift;
        edges.extend([power - 1, power, power + 1]);
    }
    edges.extend((0..300).map(|back| u32::MAX - back));
    edges
}

#[test]
fn igmp_is_known_by_its_headers() {
    let mut frame = [0u8; 34];
    frame[12..14].copy_from_slice(&[0x08, 0x00]);
    frame[23] = 2;
    assert!(is_igmp(&frame));
    for short in 0..frame.len() {
        assert!(!is_igmp(&frame[..short]));
    }
    for (at, other) in [(12, 0x86), (13, 0x06), (23, 17)] {
        let mut frame = frame;
        frame[at] = other;
        assert!(!is_igmp(&frame));
    }
}

#[test]
fn divisor_by_zero_is_none() {
    assert_eq!(Divisor::new(0), None);
    assert_eq!(Divisor::new(1), Some(Divisor::ONE));
    assert_eq!(Divisor::new(u32::MAX).unwrap().rem(u32::MAX), 0);
}

#[test]
fn every_divisor_up_to_65536_at_its_edges() {
    for n in 1..=65536u32 {
        let divisor = Divisor::new(n).unwrap();
        let top = u32::MAX / n * n;
        for x in [
            0,
            1,
            n - 1,
            n,
            n + 1,
            top - 1,
            top,
            u32::MAX - 1,
            u32::MAX,
            0x8000_0000,
        ] {
            assert_eq!(divisor.rem(x), x % n, "{x} % {n}");
            assert_eq!(divisor.div(x), x / n, "{x} / {n}");
        }
    }
}

#[test]
fn edges_by_edges() {
    let edges = edges();
    for &n in edges.iter().filter(|&&n| n > 0) {
        let divisor = Divisor::new(n).unwrap();
        for &x in &edges {
            assert_eq!(divisor.rem(x), x % n, "{x} % {n}");
            assert_eq!(divisor.div(x), x / n, "{x} / {n}");
        }
    }
}

#[test]
fn one_packet_per_slave_goes_round() {
    let rr = RoundRobin::new(1);
    let three = Divisor::new(3).unwrap();
    assert_eq!(rr.ticket(), Ticket::Counter);
    let slots: Vec<u32> = (1..=6).map(|ticket| rr.slot(ticket, &three)).collect();
    assert_eq!(slots, [1, 2, 0, 1, 2, 0]);
    assert_eq!(RoundRobin::new(0).ticket(), Ticket::Random);
    assert_eq!(RoundRobin::new(0).slot(8, &three), 2);
    let slots: Vec<u32> = (1..=8)
        .map(|ticket| RoundRobin::new(3).slot(ticket, &three))
        .collect();
    assert_eq!(slots, [0, 0, 1, 1, 1, 2, 2, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn division_is_exact(x: u32, n in prop_oneof![1..300u32, 1..=u32::MAX]) {
        let divisor = Divisor::new(n).unwrap();
        prop_assert_eq!((divisor.div(x), divisor.rem(x)), (x / n, x % n));
        prop_assert!(divisor.rem(x) < n);
    }

    #[test]
    fn turns_are_those_of_division(ticket: u32, packets: u16, slaves in 1..=70_000u32) {
        let slot = RoundRobin::new(packets).slot(ticket, &Divisor::new(slaves).unwrap());
        let turn = ticket.checked_div(u32::from(packets)).unwrap_or(ticket);
        prop_assert_eq!(slot, turn % slaves);
        prop_assert!(slot < slaves);
    }
}

#[test]
fn packets_that_look_for_neighbours() {
    let frame = |kind: [u8; 2], next: u8, icmp: u8| {
        let mut frame = vec![0; 60];
        frame[12..14].copy_from_slice(&kind);
        frame[20] = next;
        frame[54] = icmp;
        frame
    };
    assert!(is_discovery(&frame([0x08, 0x06], 0, 0)));
    for (icmp, yes) in [
        (133, false),
        (134, false),
        (135, true),
        (136, true),
        (137, false),
    ] {
        assert_eq!(is_discovery(&frame([0x86, 0xdd], 58, icmp)), yes, "{icmp}");
    }
    assert!(!is_discovery(&frame([0x86, 0xdd], 17, 135)));
    assert!(!is_discovery(&frame([0x08, 0x00], 58, 135)));
    for short in 0..14 {
        assert!(!is_discovery(&frame([0x08, 0x06], 0, 0)[..short]));
    }
    assert!(!is_discovery(&frame([0x86, 0xdd], 58, 135)[..54]));
}
