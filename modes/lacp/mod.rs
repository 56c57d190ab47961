// SPDX-License-Identifier: GPL-2.0

//! The Link Aggregation Control Protocol of mode 4, 802.3ad (IEEE 802.1AX-2014, clause 6).
//!
//! Links, received LACPDUs and a clock go in; which ports send and receive, the LACPDUs that are
//! due, and when to look again come out. The machines, their states, variables and constants have
//! the standard's names, and each file gives the clause it is made from.
//!
//! | File | What is in it |
//! |---|---|
//! | `params.rs` | what the two ends of a link tell each other of themselves |
//! | `pdu.rs` | LACPDUs and Marker PDUs as bytes |
//! | `key.rs` | the key of a port, from its speed and duplex |
//! | `receive.rs`, `periodic.rs`, `mux.rs`, `transmit.rs`, `churn.rs` | the machines of a port |
//! | `selection.rs` | which ports can go together, and which group is used |
//! | `port.rs` | a port: its machines, and the variables they share |
//! | `stats.rs` | the counters |
//! | `system.rs` | all ports of a bond: events in, the machines run until they rest |

#![forbid(unsafe_code)]

pub(crate) mod churn;
pub(crate) mod key;
pub(crate) mod mux;
pub(crate) mod params;
pub(crate) mod pdu;
pub(crate) mod periodic;
pub(crate) mod port;
pub(crate) mod receive;
pub(crate) mod selection;
pub(crate) mod stats;
pub(crate) mod system;
pub(crate) mod transmit;

/// Time between periodic transmissions to a partner with a short timeout, in ms (6.4.4).
pub(crate) const FAST_PERIODIC_TIME: u64 = 1_000;
/// Time between periodic transmissions to a partner with a long timeout, in ms (6.4.4).
pub(crate) const SLOW_PERIODIC_TIME: u64 = 30_000;
/// After which silence what a partner said is old, if it was asked to send fast, in ms (6.4.4).
pub(crate) const SHORT_TIMEOUT_TIME: u64 = 3 * FAST_PERIODIC_TIME;
/// The same for a partner that was asked to send slowly, in ms (6.4.4).
pub(crate) const LONG_TIMEOUT_TIME: u64 = 3 * SLOW_PERIODIC_TIME;
/// How long actor and partner may be out of sync before that is called churn, in ms (6.4.4).
pub(crate) const CHURN_DETECTION_TIME: u64 = 60_000;
/// How long a port waits for others to join its aggregator at the same time, in ms (6.4.4).
pub(crate) const AGGREGATE_WAIT_TIME: u64 = 2_000;

/// Tells whether a timer that is to end at `at` has expired; one that isn't running has not.
pub(crate) fn expired(at: Option<u64>, now_ms: u64) -> bool {
    at.is_some_and(|at| at <= now_ms)
}
