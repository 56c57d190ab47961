// SPDX-License-Identifier: GPL-2.0

//! What the running kernel calls itself.

use super::bindings;
use kernel::str::{
    CStr,
    CStrExt as _, //
};

/// The release for which the module was built (`UTS_RELEASE`).
pub(crate) fn kernel() -> &'static str {
    // SAFETY: The helper returns a static NUL-terminated string.
    let release = unsafe { CStr::from_char_ptr(bindings::bonding_kernel_release().cast()) };
    release.to_str().unwrap_or("")
}
