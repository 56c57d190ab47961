// SPDX-License-Identifier: GPL-2.0

//! LACPDUs and Marker PDUs as bytes (IEEE 802.1AX-2014, 6.4.2 and 6.5.3).
//!
//! As the standard has it (6.4.12), neither version nor TLV types nor reserved bytes of a LACPDU
//! are looked at, so that later versions are understood as far as this one goes. Lengths are, where
//! what is read depends on them.

#![forbid(unsafe_code)]

use super::params::{
    Participant,
    PortState,
    SystemId, //
};

/// The Ethernet type of slow protocols (annex of IEEE 802.3; `ETH_P_SLOW`).
pub(crate) const SLOW_PROTOCOLS: u16 = 0x8809;

/// The group address that slow protocols are sent to (`Slow_Protocols_Multicast`).
pub(crate) const MULTICAST: [u8; 6] = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02];

/// Bytes of a LACPDU or Marker PDU, after the Ethernet header.
pub(crate) const LEN: usize = 110;

/// Bytes of a frame with one.
pub(crate) const FRAME_LEN: usize = 14 + LEN;

/// Subtype of LACP.
const SUBTYPE_LACP: u8 = 1;
/// Subtype of the Marker protocol.
const SUBTYPE_MARKER: u8 = 2;
/// The version of both protocols which is sent.
const VERSION: u8 = 1;
/// TLV type and length of the actor's information.
const ACTOR_TLV: [u8; 2] = [1, 20];
/// TLV type and length of the partner's information.
const PARTNER_TLV: [u8; 2] = [2, 20];
/// TLV type and length of the collector's information.
const COLLECTOR_TLV: [u8; 2] = [3, 16];
/// TLV type of a marker.
const MARKER_INFORMATION: u8 = 1;
/// TLV type of the answer to a marker.
const MARKER_RESPONSE: u8 = 2;
/// Length of the TLV of either.
const MARKER_LEN: u8 = 22;

/// What a LACPDU says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LacpPdu {
    /// The sender, the Actor.
    pub(crate) actor: Participant,
    /// What the sender knows of the receiver, its Partner.
    pub(crate) partner: Participant,
}

/// What a marker says, which its response repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marker {
    /// Port, system and transaction of who asks.
    pub(crate) requester: [u8; 12],
}

/// A PDU of one of the two protocols.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pdu {
    /// A LACPDU.
    Lacp(LacpPdu),
    /// A marker, to be answered.
    Marker(Marker),
    /// The answer to a marker.
    MarkerResponse,
    /// A PDU of the Marker protocol that is neither.
    MarkerUnknown,
    /// A PDU of another slow protocol.
    Unknown,
}

/// It is too short, or lengths within it are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Illegal;

/// Takes bytes off the front of a PDU.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// The next `N` bytes.
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Illegal> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or(Illegal)?;
        self.0 = rest;
        Ok(*head)
    }

    /// The next number of 16 bits.
    fn u16(&mut self) -> Result<u16, Illegal> {
        Ok(u16::from_be_bytes(self.take()?))
    }

    /// The next end of a link, with its TLV's head, whose length must be that of `tlv`.
    fn participant(&mut self, tlv: [u8; 2]) -> Result<Participant, Illegal> {
        let [_, length] = self.take()?;
        if length != tlv[1] {
            return Err(Illegal);
        }
        let system = SystemId {
            priority: self.u16()?,
            mac: self.take()?,
        };
        let participant = Participant {
            system,
            key: self.u16()?,
            port_priority: self.u16()?,
            port: self.u16()?,
            state: PortState(self.take::<1>()?[0]),
        };
        let _reserved: [u8; 3] = self.take()?;
        Ok(participant)
    }
}

/// Reads what follows the Ethernet header of a frame of slow protocols; padding after it is ignored.
pub(crate) fn decode(payload: &[u8]) -> Result<Pdu, Illegal> {
    let payload = payload.get(..LEN).ok_or(Illegal)?;
    let mut reader = Reader(payload);
    let [subtype, _version] = reader.take()?;
    match subtype {
        SUBTYPE_LACP => Ok(Pdu::Lacp(LacpPdu {
            actor: reader.participant(ACTOR_TLV)?,
            partner: reader.participant(PARTNER_TLV)?,
        })),
        SUBTYPE_MARKER => decode_marker(&mut reader),
        _ => Ok(Pdu::Unknown),
    }
}

/// [`decode`] for the Marker protocol.
fn decode_marker(reader: &mut Reader<'_>) -> Result<Pdu, Illegal> {
    let [tlv, length] = reader.take()?;
    let requester = reader.take()?;
    match tlv {
        MARKER_INFORMATION | MARKER_RESPONSE if length != MARKER_LEN => Err(Illegal),
        MARKER_INFORMATION => Ok(Pdu::Marker(Marker { requester })),
        MARKER_RESPONSE => Ok(Pdu::MarkerResponse),
        _ => Ok(Pdu::MarkerUnknown),
    }
}

/// A frame being written, zero where nothing was.
struct Writer {
    frame: [u8; FRAME_LEN],
    at: usize,
}

impl Writer {
    /// Begins a frame from `source` of the protocol `subtype`.
    fn new(source: &[u8; 6], subtype: u8) -> Writer {
        let mut writer = Writer {
            frame: [0; FRAME_LEN],
            at: 0,
        };
        writer.put(&MULTICAST);
        writer.put(source);
        writer.put(&SLOW_PROTOCOLS.to_be_bytes());
        writer.put(&[subtype, VERSION]);
        writer
    }

    /// Appends bytes; what is beyond the end of the frame is left out.
    fn put(&mut self, bytes: &[u8]) {
        let room = self.frame.iter_mut().skip(self.at);
        for (to, from) in room.zip(bytes) {
            *to = *from;
        }
        self.at = self.at.saturating_add(bytes.len());
    }

    /// Appends an end of a link, with the head of its TLV.
    fn participant(&mut self, tlv: [u8; 2], of: &Participant) {
        self.put(&tlv);
        self.put(&of.system.priority.to_be_bytes());
        self.put(&of.system.mac);
        self.put(&of.key.to_be_bytes());
        self.put(&of.port_priority.to_be_bytes());
        self.put(&of.port.to_be_bytes());
        self.put(&[of.state.0, 0, 0, 0]);
    }
}

impl LacpPdu {
    /// Returns the frame that says so, from the MAC address `source`.
    pub(crate) fn frame(&self, source: &[u8; 6]) -> [u8; FRAME_LEN] {
        let mut writer = Writer::new(source, SUBTYPE_LACP);
        writer.participant(ACTOR_TLV, &self.actor);
        writer.participant(PARTNER_TLV, &self.partner);
        // CollectorMaxDelay is 0; the terminator and all else are zero, too.
        writer.put(&COLLECTOR_TLV);
        writer.frame
    }
}

impl Marker {
    /// Returns the frame that answers the marker, from the MAC address `source` (6.5.4.2).
    pub(crate) fn response(&self, source: &[u8; 6]) -> [u8; FRAME_LEN] {
        let mut writer = Writer::new(source, SUBTYPE_MARKER);
        writer.put(&[MARKER_RESPONSE, MARKER_LEN]);
        writer.put(&self.requester);
        writer.frame
    }
}
