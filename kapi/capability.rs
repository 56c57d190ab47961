// SPDX-License-Identifier: GPL-2.0

//! What the current task may do.
//!
//! C header: [`include/linux/capability.h`](srctree/include/linux/capability.h)

use super::bindings;

/// Whether the current task may administrate networks of the whole system (`CAP_NET_ADMIN` in the
/// initial user namespace).
pub(crate) fn is_net_admin() -> bool {
    // SAFETY: A capability that there is, asked for in a task or on its behalf.
    unsafe { bindings::capable(bindings::CAP_NET_ADMIN as kernel::ffi::c_int) }
}
