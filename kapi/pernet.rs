// SPDX-License-Identifier: GPL-2.0

//! What the driver has in each network namespace: a file that lists, makes and deletes bonds, and
//! a directory in `/proc`.
//!
//! C header: [`include/net/net_namespace.h`](srctree/include/net/net_namespace.h)

use super::{
    bindings,
    log,
    master::is_ours,
    net::Net,
    net_device::NetDevice,
    netlink::LinkOps,
    rcu::Reading,
    rtnl::Rtnl,
    sysfs::Page, //
};
use core::{
    mem::{
        offset_of,
        MaybeUninit, //
    },
    ptr::{
        self,
        addr_of,
        addr_of_mut,
        NonNull, //
    },
    sync::atomic::{
        AtomicBool,
        AtomicU32,
        Ordering, //
    },
};
use kernel::{
    error::to_result,
    ffi::{
        c_char,
        c_int, //
    },
    prelude::*,
    types::Opaque, //
};

/// The file of each network namespace, `/sys/class/net/bonding_masters`.
const FILE: &CStr = c"bonding_masters";

/// The directory of each network namespace, `/proc/net/bonding`.
const DIRECTORY: &CStr = c"bonding";

/// What the file of a network namespace does.
pub(crate) trait MastersFile: 'static {
    /// Writes what it reads.
    fn show(reading: Reading<'_>, net: &Net, page: &mut Page<'_>) -> Result;

    /// Takes what was written to it. RTNL is not held.
    fn store(net: &Net, text: &[u8]) -> Result;
}

/// What there is in a network namespace; the kernel allocates it, zeroed.
#[repr(C)]
struct State {
    file: bindings::class_attribute,
    has_file: bool,
    net: *mut bindings::net,
    directory: *mut bindings::proc_dir_entry,
}

/// By which number the kernel finds the state; it sets it when the namespaces are registered.
static STATE_ID: AtomicU32 = AtomicU32::new(0);

/// The state of a network namespace.
///
/// # Safety
///
/// `net` must be a namespace for which `init` has been called, and `exit` has not returned.
unsafe fn state_of(net: *mut bindings::net) -> *mut State {
    // SAFETY: Required of the caller: the kernel has allocated the state, and set the number.
    unsafe { bindings::bonding_net_generic(net, STATE_ID.load(Ordering::Relaxed)).cast() }
}

/// The driver's directory in `/proc` in a network namespace.
///
/// # Safety
///
/// `net` must be the namespace of a registered bond.
pub(super) unsafe fn proc_dir(
    net: *mut bindings::net,
) -> Option<NonNull<bindings::proc_dir_entry>> {
    if STATE_ID.load(Ordering::Relaxed) == 0 {
        return None;
    }
    // SAFETY: Bonds exist only between `init` and `exit`, of which the latter comes after all
    // bonds have gone. The field does not change between.
    NonNull::new(unsafe { (*state_of(net)).directory })
}

/// The bonds in a network namespace, in the order in which they were made.
pub(crate) fn bonds<'a>(_rtnl: &'a Rtnl, net: &'a Net) -> impl Iterator<Item = &'a NetDevice> {
    let next = move |last: *mut bindings::net_device| {
        // SAFETY: RTNL is held for `'a`, so no device is freed, and the list is not changed but by
        // this task; a device taken out of it by this task still knows the next one.
        unsafe {
            bindings::bonding_next_device(net.as_ptr(), last)
                .cast::<NetDevice>()
                .as_ref()
        }
    };
    core::iter::successors(next(ptr::null_mut()), move |last| next(last.as_ptr()))
        .filter(|dev| is_ours(dev))
}

/// As [`bonds`], for readers who have no RTNL: bonds that come or go meanwhile may be missed.
pub(crate) fn bonds_now<'g>(
    _reading: Reading<'g>,
    net: &'g Net,
) -> impl Iterator<Item = &'g NetDevice> {
    let next = move |last: *mut bindings::net_device| {
        // SAFETY: The RCU read-side critical section spans `'g`: no device that was in the list
        // since it began is freed, and each still knows a next one.
        unsafe {
            bindings::bonding_next_device_rcu(net.as_ptr(), last)
                .cast::<NetDevice>()
                .as_ref()
        }
    };
    core::iter::successors(next(ptr::null_mut()), move |last| next(last.as_ptr()))
        .filter(|dev| is_ours(dev))
}

/// Whether some [`Namespaces`] are registered: there is one number of the state.
static REGISTERED: AtomicBool = AtomicBool::new(false);

/// What the kernel calls for each network namespace.
///
/// # Invariants
///
/// While [`REGISTERED`] is false, the kernel does not know `0`.
pub(crate) struct Namespaces(Opaque<bindings::pernet_operations>);

// SAFETY: While they are registered, only the kernel uses the operations; `REGISTERED` sees to it
// that they are registered once.
unsafe impl Sync for Namespaces {}

impl Namespaces {
    /// Makes the operations, for a static item.
    pub(crate) const fn new<M: MastersFile>() -> Self {
        // INVARIANT: Nobody knows them yet.
        Self(Opaque::new(bindings::pernet_operations {
            init: Some(init::<M>),
            pre_exit: Some(pre_exit),
            exit: Some(exit),
            exit_rtnl: Some(exit_rtnl),
            id: STATE_ID.as_ptr(),
            size: size_of::<State>(),
            // SAFETY: All other fields are pointers or function pointers that may be null.
            ..unsafe { MaybeUninit::zeroed().assume_init() }
        }))
    }

    /// Registers the operations; the kernel calls them for each namespace, those which exist and
    /// those to come. Bonds made through the files are of the kind `link`.
    pub(crate) fn register(&'static self, link: &'static LinkOps) -> Result<Registered> {
        if REGISTERED.swap(true, Ordering::Relaxed) {
            return Err(EBUSY);
        }
        link.install();
        // SAFETY: The operations are static, and were not registered. They fit the state.
        let result = to_result(unsafe { bindings::register_pernet_subsys(self.0.get()) });
        if let Err(error) = result {
            REGISTERED.store(false, Ordering::Relaxed);
            return Err(error);
        }
        // INVARIANT: Just registered.
        Ok(Registered(self))
    }
}

/// Registered [`Namespaces`]; dropping it deletes all bonds, and the files of all namespaces.
///
/// # Invariants
///
/// The operations are registered.
pub(crate) struct Registered(&'static Namespaces);

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: Registered, by the type invariant.
        unsafe { bindings::unregister_pernet_subsys(self.0 .0.get()) };
        REGISTERED.store(false, Ordering::Relaxed);
    }
}

/// Makes the directory and the file of a namespace.
///
/// Neither is worth refusing a namespace.
///
/// # Safety
///
/// Called by the kernel only, with a namespace whose state is zeroed and known to nobody else.
unsafe extern "C" fn init<M: MastersFile>(net: *mut bindings::net) -> c_int {
    // SAFETY: This is `init`, so the state exists.
    let state = unsafe { state_of(net) };
    // SAFETY: The state is ours alone so far; the namespace is alive; the name is a C string.
    let directory = unsafe {
        (*state).net = net;
        (*state).directory = bindings::bonding_proc_mkdir(net, DIRECTORY.as_char_ptr());
        (*state).directory
    };
    if cfg!(CONFIG_PROC_FS) && directory.is_null() {
        log::module(
            log::Level::Warn,
            format_args!("Warning: Cannot create /proc/net/bonding"),
        );
    }

    // SAFETY: The attribute is ours, and stays valid until `pre_exit` has removed the file. The
    // functions fit, as it is the first field of the state. `has_file` is read by `pre_exit` only.
    let err = unsafe {
        let file = addr_of_mut!((*state).file);
        (*file).show = Some(show::<M>);
        (*file).store = Some(store::<M>);
        bindings::bonding_class_attr_init(file, FILE.as_char_ptr(), 0o644);
        let err = bindings::bonding_class_create_file(file, net);
        (*state).has_file = err == 0;
        err
    };
    // SAFETY: The namespace is alive; the name is a C string.
    let name_in_use = || unsafe { bindings::netdev_name_in_use(net, FILE.as_char_ptr()) };
    if err == EEXIST.to_errno() && name_in_use() {
        log::module(
            log::Level::Err,
            format_args!("network device named bonding_masters already exists in sysfs"),
        );
    }
    0
}

/// Removes the file of a namespace, so that no bonds are made any more.
///
/// # Safety
///
/// Called by the kernel only, after `init`.
unsafe extern "C" fn pre_exit(net: *mut bindings::net) {
    // SAFETY: The state exists until `exit`. The call waits for users of the file.
    unsafe {
        let state = state_of(net);
        if (*state).has_file {
            bindings::bonding_class_remove_file(addr_of!((*state).file), net);
        }
    }
}

/// Deletes the bonds of a namespace that are left.
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a list of devices to be unregistered.
unsafe extern "C" fn exit_rtnl(net: *mut bindings::net, list: *mut bindings::list_head) {
    // SAFETY: RTNL is held, and the namespace alive.
    let (rtnl, net) = unsafe { (Rtnl::assume(), Net::from_raw(net)) };
    for dev in bonds(&rtnl, net) {
        // SAFETY: RTNL is held, the device is registered, and the caller unregisters the list.
        unsafe { bindings::unregister_netdevice_queue(dev.as_ptr(), list) };
    }
}

/// Removes the directory of a namespace, in which there are no bonds any more.
///
/// # Safety
///
/// Called by the kernel only, as the last of these functions.
unsafe extern "C" fn exit(net: *mut bindings::net) {
    // SAFETY: The state exists. The entry is null, of which the call takes no notice, or our
    // directory, which nobody uses any more.
    unsafe { bindings::bonding_proc_remove((*state_of(net)).directory) };
}

/// The namespace that a file belongs to.
///
/// # Safety
///
/// `file` must be the file of a namespace, in use for `'a`.
unsafe fn net_of<'a>(file: *const bindings::class_attribute) -> &'a Net {
    const {
        assert!(offset_of!(State, file) == 0);
    }
    // SAFETY: The file is the first field of the state, in which the namespace was written before.
    // It lives until `pre_exit` has removed the file and waited for its users.
    unsafe { Net::from_raw((*file.cast::<State>()).net) }
}

/// Reads the file of a namespace.
///
/// # Safety
///
/// Called by sysfs only, for the file of a state, with a page for the text.
unsafe extern "C" fn show<M: MastersFile>(
    _class: *const bindings::class,
    file: *const bindings::class_attribute,
    page: *mut c_char,
) -> isize {
    // SAFETY: The user of the file is this call.
    let net = unsafe { net_of(file) };
    // SAFETY: The page is ours for the call, and was cleared.
    unsafe {
        Page::fill(page, |page| {
            Reading::with(|reading| M::show(reading, net, page))
        })
    }
}

/// Writes to the file of a namespace.
///
/// # Safety
///
/// Called by sysfs only, for the file of a state, with `count` bytes of text.
unsafe extern "C" fn store<M: MastersFile>(
    _class: *const bindings::class,
    file: *const bindings::class_attribute,
    text: *const c_char,
    count: usize,
) -> isize {
    // SAFETY: The user of the file is this call.
    let net = unsafe { net_of(file) };
    // SAFETY: The text is valid for `count` bytes, and nobody changes it.
    let text = unsafe { core::slice::from_raw_parts(text.cast::<u8>(), count) };
    match M::store(net, text) {
        // CAST: The kernel limits a write to less than a page.
        Ok(()) => count as isize,
        Err(error) => error.to_errno() as isize,
    }
}
