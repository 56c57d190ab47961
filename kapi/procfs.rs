// SPDX-License-Identifier: GPL-2.0

//! Files in `/proc` whose text a bond writes.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)

use super::{
    bindings,
    master::{
        bond_of,
        Master,
        Private, //
    },
    net_device::NetDevice,
    pernet,
    rtnl::Rtnl, //
};
use core::{
    fmt,
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    error::from_result,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    sync::aref::ARef, //
};

/// The text of a file being read (`struct seq_file`).
///
/// What does not fit is dropped; the kernel then asks for the whole text again, with more room.
///
/// # Invariants
///
/// The pointer is to a file being read by this task, which holds its lock, for the lifetime.
pub(crate) struct Text<'a>(NonNull<bindings::seq_file>, PhantomData<&'a mut ()>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: The file is being read, by the type invariant; the text is valid for its length.
        // The result tells only that there was no room, of which the kernel takes note itself.
        unsafe { bindings::seq_write(self.0.as_ptr(), text.as_ptr().cast(), text.len()) };
        Ok(())
    }
}

/// What a file says about a bond.
pub(crate) trait BondText<B: Master>: 'static {
    /// Writes the text. RTNL is not held, and must not be taken.
    fn write(bond: &B, text: &mut Text<'_>) -> Result;
}

/// A file about a bond; removed when dropped.
///
/// # Invariants
///
/// `entry` is in `/proc`, and has the device that `_bond` keeps as its data.
pub(crate) struct ProcFile {
    entry: NonNull<bindings::proc_dir_entry>,
    _bond: ARef<NetDevice>,
}

// SAFETY: The file may be removed by any task.
unsafe impl Send for ProcFile {}
// SAFETY: There is nothing to do with a shared reference.
unsafe impl Sync for ProcFile {}

impl ProcFile {
    /// Makes a file about `dev`, a registered bond of driver `B`, with its name, in the driver's
    /// directory of the bond's network namespace.
    ///
    /// Returns `ENOENT` if there is no such directory, and `ENOMEM` if the file can't be made.
    pub(crate) fn create<B: Master, T: BondText<B>>(rtnl: &Rtnl, dev: &NetDevice) -> Result<Self> {
        if bond_of::<B>(rtnl, dev).is_none() {
            return Err(ENODEV);
        }
        // SAFETY: The device is alive, and its namespace as long as the device is registered.
        let dir = unsafe { pernet::proc_dir(bindings::bonding_dev_net(dev.as_ptr())) };
        let dir = dir.ok_or(ENOENT)?;
        let name = dev.name();
        // SAFETY: The name is NUL-terminated and copied. The directory exists: it is removed only
        // after all bonds of its namespace. The data fits `show`.
        let entry = unsafe {
            bindings::bonding_proc_create(
                name.as_array().as_ptr().cast(),
                dir.as_ptr(),
                Some(show::<B, T>),
                dev.as_ptr().cast(),
            )
        };
        // INVARIANT: The entry was just made, with `dev` as its data.
        Ok(Self {
            entry: NonNull::new(entry).ok_or(ENOMEM)?,
            _bond: ARef::from(dev),
        })
    }
}

impl Drop for ProcFile {
    fn drop(&mut self) {
        // SAFETY: The entry is in `/proc`, by the type invariant. The call waits for readers, so
        // the device may go afterwards.
        unsafe { bindings::bonding_proc_remove(self.entry.as_ptr()) };
    }
}

/// Reads a file about a bond.
///
/// # Safety
///
/// Called by seq_file code only, for a file that [`ProcFile::create::<B, T>`] has made, or one
/// whose private pointer is likewise that of a registered bond's device of driver `B`, which stays
/// allocated as long as the file can have readers.
pub(super) unsafe extern "C" fn show<B: Master, T: BondText<B>>(
    file: *mut bindings::seq_file,
    _position: *mut c_void,
) -> c_int {
    // SAFETY: The file is valid, and ours for the call. Its private pointer is the data given when
    // it was made: a bond's device, which was registered and so initialised then, and stays
    // allocated as long as the file can have readers, by the requirement.
    let bond = unsafe { Private::<B>::own((*file).private.cast()) };
    // INVARIANT: The seq_file code calls this with the file's lock held.
    let text = NonNull::new(file).map(|file| Text(file, PhantomData));
    from_result(|| T::write(bond, &mut text.ok_or(EINVAL)?).map(|()| 0))
}
