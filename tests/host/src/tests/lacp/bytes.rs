// SPDX-License-Identifier: GPL-2.0

//! LACPDUs and Marker PDUs as bytes.

use super::{
    settings,
    Bond,
    GIGABIT, //
};
use crate::modes::lacp::{
    params::{
        Participant,
        PortState,
        SystemId, //
    },
    pdu::{
        decode,
        Illegal,
        LacpPdu,
        Marker,
        Pdu,
        FRAME_LEN, //
    },
    system::Received,
};
use proptest::prelude::*;

/// A LACPDU in which every byte says where it is.
const EXAMPLE: LacpPdu = LacpPdu {
    actor: Participant {
        system: SystemId {
            priority: 0x0102,
            mac: [0x10, 0x11, 0x12, 0x13, 0x14, 0x15],
        },
        key: 0x0304,
        port_priority: 0x0506,
        port: 0x0708,
        state: PortState(0x3f),
    },
    partner: Participant {
        system: SystemId {
            priority: 0x2122,
            mac: [0x30, 0x31, 0x32, 0x33, 0x34, 0x35],
        },
        key: 0x2324,
        port_priority: 0x2526,
        port: 0x2728,
        state: PortState(0x85),
    },
};

#[test]
fn a_lacpdu_byte_by_byte() {
    let frame = EXAMPLE.frame(&[2, 0, 0, 0, 0, 9]);
    let mut wanted = Vec::new();
    wanted.extend([0x01, 0x80, 0xc2, 0, 0, 2, 2, 0, 0, 0, 0, 9, 0x88, 0x09]);
    wanted.extend([1, 1]);
    wanted.extend([1, 20, 0x01, 0x02, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15]);
    wanted.extend([0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x3f, 0, 0, 0]);
    wanted.extend([2, 20, 0x21, 0x22, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35]);
    wanted.extend([0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x85, 0, 0, 0]);
    wanted.extend([3, 16]);
    wanted.resize(FRAME_LEN, 0);
    assert_eq!(frame[..], wanted[..]);
}

#[test]
fn a_marker_and_its_response_byte_by_byte() {
    let mut bytes = vec![2, 1, 1, 22];
    bytes.extend([0, 7, 2, 0, 0, 0, 0, 5, 0xaa, 0xbb, 0xcc, 0xdd]);
    bytes.resize(110, 0);
    let requester = [0, 7, 2, 0, 0, 0, 0, 5, 0xaa, 0xbb, 0xcc, 0xdd];
    let marker = Marker { requester };
    assert_eq!(decode(&bytes), Ok(Pdu::Marker(marker)));
    let response = marker.response(&[2, 0, 0, 0, 0, 9]);
    bytes[2] = 2;
    assert_eq!(response[14..], bytes[..]);
    assert_eq!(decode(&response[14..]), Ok(Pdu::MarkerResponse));
    bytes[2] = 7;
    assert_eq!(decode(&bytes), Ok(Pdu::MarkerUnknown));
    bytes[2] = 1;
    bytes[3] = 21;
    assert_eq!(decode(&bytes), Err(Illegal));
}

#[test]
fn what_is_looked_at_and_what_is_not() {
    let frame = EXAMPLE.frame(&[0; 6]);
    let with = |at: usize, value: u8| {
        let mut bytes = frame[14..].to_vec();
        bytes[at] = value;
        decode(&bytes)
    };
    let same = Ok(Pdu::Lacp(EXAMPLE));
    // Version, TLV types, reserved bytes, the collector, the terminator: never.
    for at in [1, 2, 19, 20, 21, 22, 39, 40, 41, 42, 43, 44, 58, 59, 109] {
        assert_eq!(with(at, 0x77), same, "byte {at}");
    }
    assert_eq!(with(3, 19), Err(Illegal));
    assert_eq!(with(23, 21), Err(Illegal));
    for subtype in [0, 3, 10, 255] {
        assert_eq!(with(0, subtype), Ok(Pdu::Unknown));
    }
    for short in 0..110 {
        assert_eq!(decode(&frame[14..14 + short]), Err(Illegal));
    }
    let mut padded = frame[14..].to_vec();
    padded.extend([9; 400]);
    assert_eq!(decode(&padded), same);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is sent is understood.
    #[test]
    fn all_values_go_there_and_back(
        words in any::<[u16; 8]>(),
        macs in any::<[[u8; 6]; 2]>(),
        states in any::<[u8; 2]>(),
    ) {
        let end = |at: usize| Participant {
            system: SystemId { priority: words[at], mac: macs[at / 4] },
            key: words[at + 1],
            port_priority: words[at + 2],
            port: words[at + 3],
            state: PortState(states[at / 4]),
        };
        let pdu = LacpPdu { actor: end(0), partner: end(4) };
        prop_assert_eq!(decode(&pdu.frame(&macs[0])[14..]), Ok(Pdu::Lacp(pdu)));
    }

    /// Whatever arrives: nothing panics, timers go on, and what can't be understood changes nothing.
    #[test]
    fn arbitrary_bytes_do_no_harm(
        frames in prop::collection::vec(
            (0..3usize, prop_oneof![
                prop::collection::vec(any::<u8>(), 0..160),
                (0..4u8, 0..4u8, prop::collection::vec(any::<u8>(), 108..130)).prop_map(|(a, b, mut rest)| {
                    let mut bytes = vec![a, b];
                    bytes.append(&mut rest);
                    bytes[3] = 20;
                    bytes[23] = 20;
                    bytes
                }),
            ], 0..3_000u64), 0..40),
    ) {
        let mut bond = Bond::new(settings(1), 2);
        for port in &mut bond.ports {
            port.set_link(Some(GIGABIT));
        }
        let mut now = 1_000;
        bond.run(now);
        for (port, bytes, wait) in frames {
            now += wait;
            let before: Vec<_> = bond.ports.iter().map(|p| (*p.actor(), *p.partner(), p.mux())).collect();
            let received = bond.system.receive(&mut bond.ports, port, &bytes, now);
            if received != Received::Lacpdu {
                let after: Vec<_> = bond.ports.iter().map(|p| (*p.actor(), *p.partner(), p.mux())).collect();
                prop_assert_eq!(before, after);
            }
            bond.run(now);
            let next = bond.deadline();
            prop_assert!(next.is_none_or(|at| at > now));
            prop_assert!(bond.senders().len() <= 2);
        }
    }
}
