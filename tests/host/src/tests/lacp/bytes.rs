// SPDX-License-Identifier: GPL-2.0

//! LACPDUs and Marker PDUs as bytes.

use super::{
    cases,
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
        FRAME_LEN,
        LEN, //
    },
    stats::Stats,
    system::{
        Received,
        Settings, //
    },
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

/// What a frame of a flood is made from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Base {
    /// A LACPDU of the partner.
    Partner,
    /// One of our own, come back.
    Own,
    /// A marker.
    Marker,
}

/// A frame of a flood, after the Ethernet header.
#[derive(Clone, Debug)]
pub(super) enum Thrown {
    /// Any bytes.
    Bytes(Vec<u8>),
    /// A PDU, bytes of which were changed before it got its length.
    Changed {
        of: Base,
        changes: Vec<(usize, u8)>,
        len: usize,
    },
}

impl Thrown {
    /// Returns the bytes, made from what `partner` would say, or ourselves.
    pub(super) fn bytes(&self, partner: &LacpPdu, own: &LacpPdu) -> Vec<u8> {
        let (of, changes, len) = match self {
            Thrown::Bytes(bytes) => return bytes.clone(),
            Thrown::Changed { of, changes, len } => (*of, changes, *len),
        };
        let frame = match of {
            Base::Partner => partner.frame(&[0; 6]),
            Base::Own => own.frame(&[0; 6]),
            Base::Marker => Marker { requester: [7; 12] }.response(&[0; 6]),
        };
        let mut bytes = frame[14..].to_vec();
        if matches!(of, Base::Marker) {
            bytes[2] = 1;
        }
        for &(at, value) in changes {
            bytes[at] = value;
        }
        bytes.resize(len, 0xa5);
        bytes
    }
}

/// Makes any frame of a flood: most are nearly, or quite, what a partner would send.
pub(super) fn any_thrown() -> impl Strategy<Value = Thrown> {
    let value = prop_oneof![
        any::<u8>(),
        prop::sample::select(&[0, 1, 2, 3, 20, 22, 0x05, 0x3d, 0x3f, 0xff][..]),
    ];
    let change = (prop_oneof![0..60usize, 0..LEN], value);
    let changed = (
        prop::sample::select(&[Base::Partner, Base::Partner, Base::Own, Base::Marker][..]),
        prop::collection::vec(change, 0..5),
        prop_oneof![4 => Just(LEN), 1 => 0..160usize],
    );
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..160).prop_map(Thrown::Bytes),
        4 => changed.prop_map(|(of, changes, len)| Thrown::Changed { of, changes, len }),
    ]
}

/// How many PDUs were received, of whatever kind.
fn received(stats: &Stats) -> u64 {
    [0, 2, 3, 4, 6, 8].iter().map(|&at| stats.all()[at]).sum()
}

proptest! {
    #![proptest_config(cases(2000))]

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

    /// Whatever arrives: nothing panics, timers go on, each frame is counted once, what can't be
    /// understood changes nothing, and all that is sent is in order.
    #[test]
    fn arbitrary_bytes_do_no_harm(
        (active, fast, strict, coupled) in any::<(bool, bool, bool, bool)>(),
        frames in prop::collection::vec((0..3usize, any_thrown(), 0..3_000u64), 0..40),
    ) {
        let own = Settings { active, fast, strict, coupled, ..settings(1) };
        let mut bond = Bond::new(own, 2);
        for port in &mut bond.ports {
            port.set_link(Some(GIGABIT));
        }
        let mut now = 1_000;
        bond.run(now);
        for (port, thrown, wait) in frames {
            now += wait;
            let us = *bond.ports[port.min(1)].actor();
            let bytes = thrown.bytes(
                &LacpPdu { actor: EXAMPLE.actor, partner: us },
                &LacpPdu { actor: us, partner: EXAMPLE.actor },
            );
            let state = |bond: &Bond| -> Vec<_> {
                bond.ports.iter().map(|p| (*p.actor(), *p.partner(), p.mux())).collect()
            };
            let before = state(&bond);
            let counted = received(&bond.system.totals);
            let outcome = bond.system.receive(&mut bond.ports, port, &bytes, now);
            prop_assert_eq!(received(&bond.system.totals) - counted, u64::from(port < 2));
            if outcome != Received::Lacpdu {
                prop_assert_eq!(before, state(&bond));
            }
            if let Received::Marker(marker) = outcome {
                let answer = marker.response(&[2, 0, 0, 0, 0, 1]);
                prop_assert_eq!(&answer[18..30], &bytes[4..16]);
                prop_assert_eq!(decode(&answer[14..]), Ok(Pdu::MarkerResponse));
            }
            for (_, pdu) in bond.run(now) {
                prop_assert_eq!(decode(&pdu.frame(&[0; 6])[14..]), Ok(Pdu::Lacp(pdu)));
            }
            let next = bond.deadline();
            prop_assert!(next.is_none_or(|at| at > now));
            prop_assert!(bond.senders().len() <= 2);
        }
    }
}
