// SPDX-License-Identifier: GPL-2.0

//! Work that a bond does later, in process context and one piece at a time.

use super::{
    bindings,
    master::{
        Master,
        Private, //
    },
};
use core::mem::offset_of;

/// The delayed works of a bond.
///
/// They live in the fields that `struct bonding` has for them, so they cost no memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Looks at the links of the slaves.
    Monitor,
    /// Asks hosts behind the slaves, and looks at what came of it.
    Probe,
    /// Carries out what was decided while RTNL was not to be had.
    Settle,
    /// Reports multicast memberships again.
    ResendIgmp,
    /// Runs the machines of LACP.
    Lacp,
    /// Thinks over which slave sends what, and has switches learn addresses.
    Balance,
}

impl Work {
    /// All of them.
    pub(super) const ALL: [Work; 6] = [
        Work::Monitor,
        Work::Probe,
        Work::Settle,
        Work::ResendIgmp,
        Work::Lacp,
        Work::Balance,
    ];

    /// Where in `struct bonding` the work lies.
    const fn offset(self) -> usize {
        match self {
            Work::Monitor => offset_of!(bindings::bonding, mii_work),
            Work::Probe => offset_of!(bindings::bonding, arp_work),
            Work::Settle => offset_of!(bindings::bonding, slave_arr_work),
            Work::ResendIgmp => offset_of!(bindings::bonding, mcast_work),
            Work::Lacp => offset_of!(bindings::bonding, ad_work),
            Work::Balance => offset_of!(bindings::bonding, alb_work),
        }
    }

    /// The work of the bond with this private area.
    ///
    /// # Safety
    ///
    /// `bonding` must be a bond's private area.
    pub(super) unsafe fn in_bonding(
        self,
        bonding: *mut bindings::bonding,
    ) -> *mut bindings::delayed_work {
        // SAFETY: The offset is that of a field of the type wanted.
        unsafe { bonding.byte_add(self.offset()).cast() }
    }

    /// The function that the workqueue calls.
    pub(super) fn function<B: Master>(self) -> unsafe extern "C" fn(*mut bindings::work_struct) {
        match self {
            Work::Monitor => run_monitor::<B>,
            Work::Probe => run_probe::<B>,
            Work::Settle => run_settle::<B>,
            Work::ResendIgmp => run_resend_igmp::<B>,
            Work::Lacp => run_lacp::<B>,
            Work::Balance => run_balance::<B>,
        }
    }

    /// Calls the bond whose work it is.
    ///
    /// # Safety
    ///
    /// `work` must be this work of a live bond, as initialised by `Private::<B>::init`.
    unsafe fn run<B: Master>(self, work: *mut bindings::work_struct) {
        // SAFETY: A delayed work begins with its work; that lies at the offset in the private area.
        // The area lives: its destructor waits for all works first.
        let bond = unsafe {
            Private::<B>::of_bonding(work.byte_sub(self.offset()).cast::<bindings::bonding>())
        };
        bond.work(self);
    }
}

/// Runs [`Work::Monitor`].
///
/// # Safety
///
/// As for [`Work::run`].
unsafe extern "C" fn run_monitor<B: Master>(work: *mut bindings::work_struct) {
    // SAFETY: Required of the caller.
    unsafe { Work::Monitor.run::<B>(work) }
}

/// Runs [`Work::Probe`].
///
/// # Safety
///
/// As for [`Work::run`].
unsafe extern "C" fn run_probe<B: Master>(work: *mut bindings::work_struct) {
    // SAFETY: Required of the caller.
    unsafe { Work::Probe.run::<B>(work) }
}

/// Runs [`Work::Settle`].
///
/// # Safety
///
/// As for [`Work::run`].
unsafe extern "C" fn run_settle<B: Master>(work: *mut bindings::work_struct) {
    // SAFETY: Required of the caller.
    unsafe { Work::Settle.run::<B>(work) }
}

/// Runs [`Work::ResendIgmp`].
///
/// # Safety
///
/// As for [`Work::run`].
unsafe extern "C" fn run_resend_igmp<B: Master>(work: *mut bindings::work_struct) {
    // SAFETY: Required of the caller.
    unsafe { Work::ResendIgmp.run::<B>(work) }
}

/// Runs [`Work::Lacp`].
///
/// # Safety
///
/// As for [`Work::run`].
unsafe extern "C" fn run_lacp<B: Master>(work: *mut bindings::work_struct) {
    // SAFETY: Required of the caller.
    unsafe { Work::Lacp.run::<B>(work) }
}

/// Runs [`Work::Balance`].
///
/// # Safety
///
/// As for [`Work::run`].
unsafe extern "C" fn run_balance<B: Master>(work: *mut bindings::work_struct) {
    // SAFETY: Required of the caller.
    unsafe { Work::Balance.run::<B>(work) }
}

const _: () = assert!(
    offset_of!(bindings::delayed_work, work) == 0,
    "`Work::run` takes the one's address for the other's"
);
