// SPDX-License-Identifier: GPL-2.0

//! Files in sysfs: those of a bond, and those of a slave.
//!
//! C header: [`include/linux/sysfs.h`](srctree/include/linux/sysfs.h)

use super::{
    bindings,
    master::{
        bond_of,
        Master,
        Private,
        SYSFS_GROUP, //
    },
    name::Name,
    net_device::NetDevice,
    port::{
        Port,
        PortRef, //
    },
    rtnl::Rtnl, //
};
use core::{
    fmt,
    mem::{
        offset_of,
        MaybeUninit, //
    },
    ptr::{
        self,
        addr_of_mut,
        NonNull, //
    },
    sync::atomic::Ordering, //
};
use kernel::{
    error::to_result,
    ffi::{
        c_char, //
    },
    page::PAGE_SIZE,
    prelude::*,
    str::as_char_ptr_in_const_context,
    sync::aref::ARef,
    types::Opaque, //
};

/// The page that takes what a file reads.
///
/// Text that does not fit is cut, and ends with a newline.
///
/// # Invariants
///
/// `used` is less than the length of `page`.
pub(crate) struct Page<'a> {
    page: &'a mut [u8; PAGE_SIZE],
    used: usize,
}

impl Page<'_> {
    /// Lets `write` fill the page, and returns what a `show` callback does: the number of bytes or
    /// the negative error.
    ///
    /// # Safety
    ///
    /// `page` must be valid for `PAGE_SIZE` initialised bytes, which nobody else uses meanwhile.
    pub(super) unsafe fn fill(
        page: *mut c_char,
        write: impl FnOnce(&mut Page<'_>) -> Result,
    ) -> isize {
        let mut page = Page {
            // SAFETY: Required of the caller.
            page: unsafe { &mut *page.cast() },
            // INVARIANT: A page has more than 0 bytes.
            used: 0,
        };
        match write(&mut page) {
            // CAST: At most the size of a page.
            Ok(()) => page.used as isize,
            Err(error) => error.to_errno() as isize,
        }
    }
}

impl fmt::Write for Page<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The kernel takes one byte less than a page.
        let (page, _) = self.page.split_at_mut(PAGE_SIZE - 1);
        let room = page.get_mut(self.used..).unwrap_or_default();
        let fits = text.len().min(room.len());
        for (to, from) in room.iter_mut().zip(text.as_bytes()) {
            *to = *from;
        }
        if fits < text.len() {
            if let Some(last) = page.last_mut() {
                *last = b'\n';
            }
        }
        // INVARIANT: `fits` is at most what is left of a page less one byte.
        self.used += fits;
        Ok(())
    }
}

/// What a file of a bond does.
pub(crate) trait BondFile<B: Master>: Sync + 'static {
    /// Writes what it reads. RTNL is not held, and must not be taken.
    fn show(&self, bond: &B, page: &mut Page<'_>) -> Result;

    /// Takes what was written to it.
    fn store(&self, rtnl: &Rtnl, bond: &B, text: &[u8]) -> Result;
}

/// A file of a bond, with what `F` says of it.
///
/// # Invariants
///
/// The callbacks of `attr` are [`show`] and [`store`] for this `F`, which take the address of
/// `attr` for that of the file; its name is static.
#[repr(C)]
pub(crate) struct File<F> {
    attr: bindings::device_attribute,
    own: F,
}

// SAFETY: The kernel only reads the attribute; the rest is `Sync`.
unsafe impl<F: Sync> Sync for File<F> {}

impl<F> File<F> {
    /// Makes a file called `name` of mode `mode` in the directory of the bonds of driver `B`.
    pub(crate) const fn new<B: Master>(name: &'static Name, mode: u16, own: F) -> Self
    where
        F: BondFile<B>,
    {
        // SAFETY: All fields are integers, or pointers and function pointers that may be null.
        let mut attr: bindings::device_attribute = unsafe { MaybeUninit::zeroed().assume_init() };
        // INVARIANT: These are the callbacks for `F`, and `attr` is the first field.
        attr.attr.name = name.as_ptr();
        attr.attr.mode = mode;
        attr.__bindgen_anon_1.show = Some(show::<B, F>);
        if mode & 0o222 != 0 {
            attr.__bindgen_anon_2.store = Some(store::<B, F>);
        }
        Self { attr, own }
    }
}

/// The bond that a device in sysfs is.
///
/// # Safety
///
/// `dev` must be the device of one of our bonds, and a file of its directory in use for `'a`.
unsafe fn bond_of_file<'a, B: Master>(dev: *mut bindings::device) -> &'a B {
    // SAFETY: The device is part of a `net_device`. The kernel makes the files after `ndo_init`,
    // and before the destructor it removes them and waits for their users.
    unsafe {
        let dev = dev.byte_sub(offset_of!(bindings::net_device, dev));
        Private::<B>::own(dev.cast())
    }
}

/// Reads a file of a bond.
///
/// # Safety
///
/// Called by sysfs only, for a [`File<F>`] in the directory of a bond, with a page for the text.
unsafe extern "C" fn show<B: Master, F: BondFile<B>>(
    dev: *mut bindings::device,
    attr: *mut bindings::device_attribute,
    page: *mut c_char,
) -> isize {
    // SAFETY: The attribute is the first field of the file, which is static. Its user is this call.
    let (file, bond) = unsafe { (&*attr.cast::<File<F>>(), bond_of_file::<B>(dev)) };
    // SAFETY: The page is ours for the call, and was cleared.
    unsafe { Page::fill(page, |page| file.own.show(bond, page)) }
}

/// Writes to a file of a bond.
///
/// # Safety
///
/// Called by sysfs only, for a [`File<F>`] in the directory of a bond, with `count` bytes of text.
unsafe extern "C" fn store<B: Master, F: BondFile<B>>(
    dev: *mut bindings::device,
    attr: *mut bindings::device_attribute,
    text: *const c_char,
    count: usize,
) -> isize {
    // SAFETY: The attribute is the first field of the file, which is static. Its user is this call.
    let (file, bond) = unsafe { (&*attr.cast::<File<F>>(), bond_of_file::<B>(dev)) };
    // SAFETY: The text is valid for `count` bytes, and nobody changes it.
    let text = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), count) };
    // Who unregisters the bond holds RTNL and waits for this call, so it must not wait for RTNL.
    match Rtnl::try_with(|rtnl| file.own.store(rtnl, bond, text)) {
        // SAFETY: The current task is inside a system call, which this lets it start again.
        None => unsafe { bindings::bonding_restart_syscall() as isize },
        // CAST: The kernel limits a write to less than a page.
        Some(Ok(())) => count as isize,
        Some(Err(error)) => error.to_errno() as isize,
    }
}

/// The attributes of `N - 1` files, as the kernel wants them: a list that ends with null.
pub(crate) struct FileList<const N: usize>([*const bindings::attribute; N]);

// SAFETY: The list is only read, and what it points to may be used by any CPU.
unsafe impl<const N: usize> Sync for FileList<N> {}

impl<const N: usize> FileList<N> {
    /// Makes the list of `files`. Evaluated at compile time.
    pub(crate) const fn new<F: Sync, const M: usize>(files: &'static [File<F>; M]) -> Self {
        // PANIC: At compile time only.
        assert!(N == M + 1);
        assert!(offset_of!(File<F>, attr) == 0);
        assert!(offset_of!(bindings::device_attribute, attr) == 0);
        let mut list = [ptr::null(); N];
        let mut index = 0;
        while index < M {
            // The file as a whole, which begins with its attribute: `show` and `store` go back.
            list[index] = ptr::from_ref(&files[index]).cast();
            index += 1;
        }
        Self(list)
    }
}

/// A directory of files which every bond has.
pub(crate) struct Directory(bindings::attribute_group);

// SAFETY: The directory is only read, and what it points to may be used by any CPU.
unsafe impl Sync for Directory {}

impl Directory {
    /// Makes a directory. Evaluated at compile time.
    pub(crate) const fn new<const N: usize>(
        name: &'static CStr,
        files: &'static FileList<N>,
    ) -> Self {
        // SAFETY: All fields are pointers or function pointers that may be null.
        let mut group: bindings::attribute_group = unsafe { MaybeUninit::zeroed().assume_init() };
        group.name = as_char_ptr_in_const_context(name);
        group.__bindgen_anon_2.attrs_const = files.0.as_ptr();
        Self(group)
    }

    /// Gives the directory to all bonds that are made from now on.
    pub(crate) fn install(&'static self) {
        SYSFS_GROUP.store(ptr::from_ref(&self.0).cast_mut(), Ordering::Relaxed);
    }
}

/// What a file of a slave does.
pub(crate) trait SlaveFile<B: Master>: Sync + 'static {
    /// Its name.
    fn name(&'static self) -> &'static Name;

    /// Writes what it reads. RTNL is not held, and must not be taken.
    fn show(&self, bond: &B, port: &Port<B::Slave>, page: &mut Page<'_>) -> Result;
}

/// A file in a [`SlaveDir`].
#[repr(C)]
struct Entry<F: 'static, S> {
    attr: Opaque<bindings::kobj_attribute>,
    own: &'static F,
    port: *const Port<S>,
}

/// A directory of files about a slave; removed when dropped.
///
/// The directory itself is an object of the kernel's own, without any callback of ours: when
/// someone keeps it longer than we do, or `CONFIG_DEBUG_KOBJECT_RELEASE` does, no code of this
/// module is called later, so unloading the module has nothing to wait for.
///
/// # Invariants
///
/// `dir` owns a count of an object that is in sysfs. The entries which have a file there point to
/// the port that `_port` keeps, whose bond `_bond` keeps.
pub(crate) struct SlaveDir<F: 'static, S> {
    dir: NonNull<bindings::kobject>,
    entries: KVec<Entry<F, S>>,
    _port: PortRef<S>,
    _bond: ARef<NetDevice>,
}

// SAFETY: The directory may be removed by any task; the entries are only read by sysfs.
unsafe impl<F: Sync, S: Send + Sync> Send for SlaveDir<F, S> {}
// SAFETY: There is nothing to do with a shared reference.
unsafe impl<F: Sync, S: Send + Sync> Sync for SlaveDir<F, S> {}

impl<F, S: Send + Sync + 'static> SlaveDir<F, S> {
    /// Makes a directory `name` with `files` below the device of `port`, a slave of a registered
    /// bond of driver `B`.
    pub(crate) fn new<B: Master<Slave = S>>(
        rtnl: &Rtnl,
        port: &PortRef<S>,
        name: &'static CStr,
        files: &'static [F],
    ) -> Result<Self>
    where
        F: SlaveFile<B>,
    {
        // SAFETY: The port was made for a bond which lives while it has slaves, as RTNL is held.
        let bond = unsafe { NetDevice::from_raw((*port.bonding()).dev) };
        if bond_of::<B>(rtnl, bond).is_none() || !port.dev().is_staying(rtnl) {
            return Err(ENODEV);
        }
        let mut entries = KVec::with_capacity(files.len(), GFP_KERNEL)?;
        for own in files {
            let entry = Entry {
                attr: Opaque::zeroed(),
                own,
                port: ptr::from_ref::<Port<S>>(port),
            };
            entries.push(entry, GFP_KERNEL)?;
        }
        // SAFETY: The slave's device is registered; the name is a C string.
        let dir = unsafe {
            let parent = addr_of_mut!((*port.dev().as_ptr()).dev.kobj);
            bindings::kobject_create_and_add(name.as_char_ptr(), parent)
        };
        // INVARIANT: The object was just put into sysfs, with a count for us; there are no files.
        let dir = Self {
            dir: NonNull::new(dir).ok_or(ENOMEM)?,
            entries,
            _port: port.clone(),
            _bond: ARef::from(bond),
        };
        for entry in &dir.entries {
            // The entry as a whole, which begins with its attribute: `show_slave` goes back.
            let attr = ptr::from_ref(entry)
                .cast_mut()
                .cast::<bindings::kobj_attribute>();
            // INVARIANT: The entry points to the port of which `_port` has a count.
            // SAFETY: The attribute is valid memory, which does not move: it lies in the vector's
            // memory until the directory is removed, as nothing is added to the vector any more.
            // Its name is static. No file is made of it yet.
            to_result(unsafe {
                bindings::bonding_kobj_attr_init(attr, entry.own.name().as_ptr(), 0o444);
                (*attr).__bindgen_anon_1.show = Some(show_slave::<B, F>);
                bindings::sysfs_create_file_ns(
                    dir.dir.as_ptr(),
                    addr_of_mut!((*attr).attr),
                    ptr::null(),
                )
            })?;
        }
        Ok(dir)
    }
}

impl<F, S> Drop for SlaveDir<F, S> {
    fn drop(&mut self) {
        // SAFETY: The object is in sysfs and a count is ours, by the type invariant. Removing it
        // removes the files and waits for their readers, so the entries and what they point to,
        // which are dropped after this, are used no more.
        unsafe {
            bindings::kobject_del(self.dir.as_ptr());
            bindings::kobject_put(self.dir.as_ptr());
        }
    }
}

/// Reads a file of a slave.
///
/// # Safety
///
/// Called by sysfs only, for an entry of a [`SlaveDir<F, B::Slave>`], with a page for the text.
unsafe extern "C" fn show_slave<B: Master, F: SlaveFile<B>>(
    _dir: *mut bindings::kobject,
    attr: *mut bindings::kobj_attribute,
    page: *mut c_char,
) -> isize {
    // SAFETY: The attribute is the first field of the entry, which lives as long as the file has
    // readers, as do its port and that port's bond, by the invariant of `SlaveDir`. The bond was
    // registered, and so initialised, when the file was made.
    let (own, port, bond) = unsafe {
        let entry = &*attr.cast::<Entry<F, B::Slave>>();
        let port = &*entry.port;
        (entry.own, port, Private::<B>::of_bonding(port.bonding()))
    };
    // SAFETY: The page is ours for the call, and was cleared.
    unsafe { Page::fill(page, |page| own.show(bond, port, page)) }
}
