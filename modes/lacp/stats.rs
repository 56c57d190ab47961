// SPDX-License-Identifier: GPL-2.0

//! Counters of PDUs, of a port or of all ports of a bond so far.

#![forbid(unsafe_code)]

/// How many counters there are.
pub(crate) const COUNTERS: usize = 9;

/// A counter; the numbers are user-space ABI (`BOND_3AD_STAT_*` in
/// [`include/uapi/linux/if_bonding.h`](srctree/include/uapi/linux/if_bonding.h)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Counter {
    /// LACPDUs received.
    LacpduRx = 0,
    /// LACPDUs sent.
    LacpduTx = 1,
    /// PDUs of other slow protocols received.
    LacpduUnknownRx = 2,
    /// PDUs received that are too short, or have wrong lengths in them.
    LacpduIllegalRx = 3,
    /// Markers received.
    MarkerRx = 4,
    /// Answers to markers received.
    MarkerRespRx = 6,
    /// Answers to markers sent.
    MarkerRespTx = 7,
    /// Other PDUs of the Marker protocol received.
    MarkerUnknownRx = 8,
}

/// The counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stats([u64; COUNTERS]);

impl Stats {
    /// No PDU so far.
    pub(crate) const fn new() -> Stats {
        Stats([0; COUNTERS])
    }

    /// Counts one more.
    pub(crate) fn count(&mut self, counter: Counter) {
        // CAST: The discriminant of a `repr(u8)` enum.
        if let Some(count) = self.0.get_mut(usize::from(counter as u8)) {
            *count = count.saturating_add(1);
        }
    }

    /// Returns all of them, by number; no marker is ever sent, so that of `MARKER_TX` (5) is 0.
    pub(crate) const fn all(&self) -> &[u64; COUNTERS] {
        &self.0
    }
}
