// SPDX-License-Identifier: GPL-2.0

//! Safe wrappers of the kernel's C API: the only room with `unsafe`.
//!
//! The kernel crate has no abstraction yet for network devices that stand above others. This is
//! one, for as much as a link aggregation driver needs: a device ([`master`]) made of others
//! ([`port`]), packets ([`skb`]), readers without locks ([`rcu`]) and RTNL as a type ([`rtnl`]).

pub(crate) mod capability;
pub(crate) mod debugfs;
pub(crate) mod ethtool;
pub(crate) mod flow;
pub(crate) mod hw;
pub(crate) mod ioctl;
mod link_layer;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod master;
pub(crate) mod name;
pub(crate) mod net;
pub(crate) mod net_device;
pub(crate) mod netlink;
#[cfg(CONFIG_NET_POLL_CONTROLLER)]
pub(crate) mod netpoll;
pub(crate) mod notifier;
pub(crate) mod ops;
pub(crate) mod params;
pub(crate) mod percpu;
pub(crate) mod pernet;
pub(crate) mod port;
pub(crate) mod probe;
pub(crate) mod procfs;
pub(crate) mod random;
pub(crate) mod rcu;
pub(crate) mod release;
pub(crate) mod rtnl;
pub(crate) mod rx;
pub(crate) mod skb;
pub(crate) mod sysfs;
pub(crate) mod time;
pub(crate) mod uppers;
pub(crate) mod work;
pub(crate) mod xdp;
#[cfg_attr(not(CONFIG_XFRM_OFFLOAD), path = "xfrm_none.rs")]
pub(crate) mod xfrm;

/// Bindings made by `bindgen` from `bindings_helper.h`; nothing outside this room sees them.
#[allow(
    warnings,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    clippy::undocumented_unsafe_blocks
)]
mod bindings {
    use kernel::ffi;
    include!(env!("BONDING_BINDINGS"));
}
