// SPDX-License-Identifier: GPL-2.0

//! Link monitors.

pub(crate) mod link;
mod mii;
