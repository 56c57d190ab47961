// SPDX-License-Identifier: GPL-2.0

//! Link monitors.

pub(crate) mod arp;
pub(crate) mod link;
pub(crate) mod neighbour;
pub(crate) mod targets;

mod mii;
mod prober;
