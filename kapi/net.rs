// SPDX-License-Identifier: GPL-2.0

//! Network namespaces.
//!
//! C header: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h)

use super::bindings;
use core::ptr;
use kernel::types::Opaque;

/// A network namespace (`struct net`).
#[repr(transparent)]
pub(crate) struct Net(Opaque<bindings::net>);

// SAFETY: The kernel shares namespaces between CPUs.
unsafe impl Sync for Net {}

impl Net {
    /// The first network namespace, which always exists.
    pub(crate) fn init() -> &'static Net {
        // SAFETY: `init_net` is static and valid; the wrapper has its layout.
        unsafe { &*ptr::addr_of_mut!(bindings::init_net).cast() }
    }

    /// Borrows a namespace.
    ///
    /// # Safety
    ///
    /// `raw` must be valid for `'a`.
    pub(super) unsafe fn from_raw<'a>(raw: *mut bindings::net) -> &'a Net {
        // SAFETY: Required of the caller; the wrapper has the layout of the namespace.
        unsafe { &*raw.cast() }
    }

    /// The raw pointer, for calls into the kernel.
    pub(super) fn as_ptr(&self) -> *mut bindings::net {
        self.0.get()
    }
}
