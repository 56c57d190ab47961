// SPDX-License-Identifier: GPL-2.0

//! XDP: programs that see packets before the stack does.
//!
//! C headers: [`include/net/xdp.h`](srctree/include/net/xdp.h),
//! [`include/linux/bpf.h`](srctree/include/linux/bpf.h)

use super::{
    bindings,
    master::{
        Master,
        Private, //
    },
    net_device::{
        ExtAck,
        NetDevice, //
    },
    ops::Transmit,
    rcu::Reading,
    rtnl::Rtnl, //
};
use core::{
    mem::ManuallyDrop,
    ptr::{
        self,
        addr_of,
        NonNull, //
    },
};
use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi::c_int,
    prelude::*, //
};

/// What XDP can do on a device (`enum netdev_xdp_act`).
pub(crate) type XdpFeatures = u32;

/// All that a bond can offer: what its slaves do, but for memory of user space, which belongs to
/// one device's queue.
pub(crate) const XDP_FEATURES: XdpFeatures = bindings::netdev_xdp_act_NETDEV_XDP_ACT_MASK
    & !bindings::netdev_xdp_act_NETDEV_XDP_ACT_XSK_ZEROCOPY;

/// A counted reference to a program.
///
/// # Invariants
///
/// The pointer owns one count of a live program.
pub(crate) struct Program(NonNull<bindings::bpf_prog>);

// SAFETY: Programs are immutable, and may be used and put anywhere.
unsafe impl Send for Program {}
// SAFETY: As above.
unsafe impl Sync for Program {}

impl Clone for Program {
    fn clone(&self) -> Self {
        // SAFETY: The program is alive by the type invariant.
        unsafe { bindings::bonding_prog_inc(self.0.as_ptr()) };
        // INVARIANT: The count was just added.
        Self(self.0)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: The count is ours and given up here.
        unsafe { bindings::bonding_prog_put(self.0.as_ptr()) };
    }
}

impl NetDevice {
    /// Whether native programs run on the device, and frames can be redirected to it.
    pub(crate) fn supports_xdp(&self) -> bool {
        // SAFETY: The device is alive, and its operations are valid for as long.
        let ops = unsafe { &*(*self.as_ptr()).netdev_ops };
        ops.ndo_bpf.is_some() && ops.ndo_xdp_xmit.is_some()
    }

    /// Whether somebody loaded a program on this very device.
    pub(crate) fn has_own_xdp(&self, _rtnl: &Rtnl) -> bool {
        // SAFETY: RTNL is held and the device is alive.
        unsafe { bindings::dev_xdp_prog_count(self.as_ptr()) > 0 }
    }

    /// Has the device run `program` in the name of the one above it, or none.
    pub(crate) fn set_xdp(
        &self,
        rtnl: &Rtnl,
        program: Option<&Program>,
        extack: &ExtAck<'_>,
    ) -> Result {
        self.need_registered(rtnl)?;
        // What the driver is given it keeps, and puts when it gets another one.
        let given = program.map(|program| ManuallyDrop::new(program.clone()));
        let mut command = bindings::netdev_bpf {
            command: bindings::bpf_netdev_command_XDP_SETUP_PROG,
            ..Default::default()
        };
        // SAFETY: All bytes of the union are initialised; these are the fields of this command.
        let fields = unsafe { &mut command.__bindgen_anon_1.__bindgen_anon_1 };
        fields.prog = given.as_ref().map_or(ptr::null_mut(), |it| it.0.as_ptr());
        fields.extack = extack.as_ptr();
        // SAFETY: RTNL is held and the device is registered; the call fails where there is no
        // `ndo_bpf`. The command is valid for it.
        let done = to_result(unsafe { bindings::dev_xdp_propagate(self.as_ptr(), &mut command) });
        if done.is_err() {
            drop(given.map(ManuallyDrop::into_inner));
        }
        done
    }

    /// What XDP can do on the device.
    pub(crate) fn xdp_features(&self) -> XdpFeatures {
        // SAFETY: The device is alive; the field is a plain integer.
        unsafe { addr_of!((*self.as_ptr()).xdp_features).read_volatile() }
    }

    /// Says what XDP can do on our device. Takes its instance lock.
    pub(super) fn store_xdp_features(&self, features: XdpFeatures) {
        // SAFETY: The device is alive; RTNL is held by the caller.
        unsafe { bindings::xdp_set_features_flag(self.as_ptr(), features) };
    }
}

/// Counts the bonds that have a program: while there are some, what programs send back
/// (`XDP_TX`) is sent by the slave that the bond chooses. Process context.
pub(crate) fn count_masters(_rtnl: &Rtnl, more: bool) {
    // SAFETY: May be called from any process context.
    unsafe { bindings::bonding_xdp_master_redirect(more) };
}

/// Loads or unloads a program (`ndo_bpf`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a valid command.
pub(super) unsafe extern "C" fn bpf<B: Master>(
    dev: *mut bindings::net_device,
    command: *mut bindings::netdev_bpf,
) -> c_int {
    // SAFETY: The command is valid, and initialised as far as its number says.
    let fields = unsafe {
        if (*command).command != bindings::bpf_netdev_command_XDP_SETUP_PROG {
            return EINVAL.to_errno();
        }
        &(*command).__bindgen_anon_1.__bindgen_anon_1
    };
    // The count that comes with the program is ours only if we take it.
    // INVARIANT: The caller has a count.
    let program = NonNull::new(fields.prog).map(|it| ManuallyDrop::new(Program(it)));
    // SAFETY: The device is initialised, the place for texts null or valid; RTNL is held.
    let done = unsafe {
        let extack = ExtAck::from_raw(fields.extack);
        Private::<B>::own(dev).set_xdp(&Rtnl::assume(), program.as_deref(), &extack)
    };
    if done.is_ok() {
        // The driver has made its own reference.
        drop(program.map(ManuallyDrop::into_inner));
    }
    from_result(|| done.map(|()| 0))
}

/// Says which slave sends a frame back (`ndo_xdp_get_xmit_slave`).
///
/// # Safety
///
/// Called by the kernel only, in an RCU section, with a valid frame, for a device that is up.
pub(super) unsafe extern "C" fn get_xmit_slave<B: Master, T: Transmit<B>>(
    dev: *mut bindings::net_device,
    xdp: *mut bindings::xdp_buff,
) -> *mut bindings::net_device {
    // SAFETY: The frame is valid: its first part lies between the two pointers.
    let frame = unsafe {
        let start = (*xdp).data.cast::<u8>();
        let len = ((*xdp).data_end as usize).saturating_sub(start as usize);
        core::slice::from_raw_parts(start, len)
    };
    // SAFETY: The device is one of ours, and initialised; the kernel holds the RCU section open.
    let port = unsafe { T::choose_frame(Private::<B>::own(dev), frame, Reading::assume()) };
    port.map_or(ptr::null_mut(), |port| port.dev().as_ptr())
}

/// Sends frames that were redirected to the bond (`ndo_xdp_xmit`); how many were sent.
///
/// # Safety
///
/// Called by the kernel only, in softirq, with `count` valid frames, of which it keeps those that
/// aren't sent.
pub(super) unsafe extern "C" fn xmit<B: Master, T: Transmit<B>>(
    dev: *mut bindings::net_device,
    count: c_int,
    frames: *mut *mut bindings::xdp_frame,
    flags: u32,
) -> c_int {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: Required of the caller.
    let frames = unsafe { core::slice::from_raw_parts_mut(frames, count) };
    Reading::with(|reading| {
        let mut sent: c_int = 0;
        for frame in frames {
            // SAFETY: The frame is valid; its first part is `len` bytes from `data` on.
            let bytes = unsafe {
                core::slice::from_raw_parts((**frame).data.cast::<u8>(), (**frame).len as usize)
            };
            // SAFETY: The device is one of ours, and initialised.
            let port = unsafe { T::choose_frame(Private::<B>::own(dev), bytes, reading) };
            let Some(slave) = port.map(|port| port.dev().as_ptr()) else {
                return if sent > 0 { sent } else { ENXIO.to_errno() };
            };
            // SAFETY: The slave and its operations are alive; the frame is the caller's, who gives
            // it away if it is sent.
            let done = unsafe {
                match (*(*slave).netdev_ops).ndo_xdp_xmit {
                    Some(xmit) => xmit(slave, 1, frame, flags),
                    None => ENXIO.to_errno(),
                }
            };
            if done < 1 {
                return if sent > 0 { sent } else { done };
            }
            sent = sent.saturating_add(1);
        }
        sent
    })
}
