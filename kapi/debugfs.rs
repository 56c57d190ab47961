// SPDX-License-Identifier: GPL-2.0

//! Files in debugfs whose text a bond writes.
//!
//! The kernel crate's own abstraction leaves the `owner` of its files unset, so that a file which
//! somebody holds open outlives the module, and is closed by functions found in memory that is
//! gone. These files keep the module there while they are open.
//!
//! C header: [`include/linux/debugfs.h`](srctree/include/linux/debugfs.h)

use super::{
    bindings,
    master::{
        bond_of,
        Master, //
    },
    net_device::NetDevice,
    procfs::{
        self,
        BondText, //
    },
    rtnl::Rtnl, //
};
use core::{
    fmt, ptr,
    sync::atomic::{
        AtomicPtr,
        AtomicUsize,
        Ordering, //
    },
};
use kernel::{
    error::from_err_ptr,
    prelude::*,
    str::{
        CStr,
        CString, //
    },
    sync::aref::ARef, //
};

/// The driver's directory, or null. Written under RTNL.
static ROOT: AtomicPtr<bindings::dentry> = AtomicPtr::new(ptr::null_mut());

/// How many [`BondDir`]s there are in it. Grows under RTNL only.
static DIRS: AtomicUsize = AtomicUsize::new(0);

/// The driver's directory; removed when dropped.
///
/// # Invariants
///
/// What [`ROOT`] points to is there as long as this value, and longer if there are [`BondDir`]s.
pub(crate) struct Root(());

impl Root {
    /// Makes the directory, if the kernel has debugfs and there is none of this name. Takes RTNL.
    pub(crate) fn create(name: &'static CStr) -> Self {
        // SAFETY: The name is a C string, and is copied.
        let dir = unsafe { bindings::bonding_debugfs_dir(name.as_char_ptr(), ptr::null_mut()) };
        if let Ok(dir) = from_err_ptr(dir) {
            Rtnl::with(|_rtnl| ROOT.store(dir, Ordering::Relaxed));
        }
        // INVARIANT: The directory is there until `drop` removes it.
        Self(())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        Rtnl::with(|_rtnl| {
            let dir = ROOT.swap(ptr::null_mut(), Ordering::Relaxed);
            // Rather leave it behind than let what is in it dangle. Bonds end before.
            if !dir.is_null() && DIRS.load(Ordering::Acquire) == 0 {
                // SAFETY: The directory is there, by the type invariant, and nothing of ours in
                // it; RTNL keeps it so.
                unsafe { bindings::bonding_debugfs_remove(dir) };
            }
        });
    }
}

/// A directory about a bond, with files; removed when dropped.
///
/// # Invariants
///
/// `dir` is in debugfs, in a directory which stays there; its files have the device that `_bond`
/// keeps as their data. The value is one of [`DIRS`].
pub(crate) struct BondDir {
    dir: *mut bindings::dentry,
    _bond: ARef<NetDevice>,
}

// SAFETY: The directory may be removed by any task.
unsafe impl Send for BondDir {}
// SAFETY: There is nothing to do with a shared reference.
unsafe impl Sync for BondDir {}

impl BondDir {
    /// Makes the directory `name` about `dev`, a registered bond of driver `B`, and two files in it,
    /// which root may read, with the texts `T` and `U`. There is one debugfs for all network
    /// namespaces.
    ///
    /// Returns `ENOENT` if there is no directory for it.
    pub(crate) fn create<B: Master, T: BondText<B>, U: BondText<B>>(
        rtnl: &Rtnl,
        dev: &NetDevice,
        name: fmt::Arguments<'_>,
        files: [&'static CStr; 2],
    ) -> Result<Self> {
        if bond_of::<B>(rtnl, dev).is_none() {
            return Err(ENODEV);
        }
        let root = ROOT.load(Ordering::Relaxed);
        if root.is_null() {
            return Err(ENOENT);
        }
        let dir = CString::try_from_fmt(name)?;
        // SAFETY: The name is NUL-terminated and copied. `root` was not null, so it is there, and
        // stays there while RTNL is held.
        let dir = unsafe { bindings::bonding_debugfs_dir(dir.as_char_ptr(), root) };
        let dir = from_err_ptr(dir)?;
        DIRS.fetch_add(1, Ordering::Relaxed);
        // INVARIANT: Just made and counted; `root` stays as long as it is counted.
        let this = Self {
            dir,
            _bond: ARef::from(dev),
        };
        let shows = [procfs::show::<B, T>, procfs::show::<B, U>];
        for (file, show) in files.into_iter().zip(shows) {
            // SAFETY: The directory is there, the name is a C string and copied. The data fits
            // `show`, which is called until the directory is removed, and the device is kept until
            // then. A file which could not be made is one less to read.
            unsafe {
                bindings::bonding_debugfs_file(
                    file.as_char_ptr(),
                    dir,
                    Some(show),
                    dev.as_ptr().cast(),
                )
            };
        }
        Ok(this)
    }
}

impl Drop for BondDir {
    fn drop(&mut self) {
        // SAFETY: The directory is in debugfs, by the type invariant. The call waits for readers;
        // for whoever has the file open then, it reads no more.
        unsafe { bindings::bonding_debugfs_remove(self.dir) };
        DIRS.fetch_sub(1, Ordering::Release);
    }
}
