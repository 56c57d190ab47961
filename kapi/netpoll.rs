// SPDX-License-Identifier: GPL-2.0

//! Sending with interrupts off, as netconsole does (netpoll).
//!
//! A bond pays nothing for it until somebody sets netpoll up on it: only then it gets the table of
//! operations whose transmit hook looks whether interrupts are off.
//!
//! C header: [`include/linux/netpoll.h`](srctree/include/linux/netpoll.h)

use super::{
    bindings,
    net_device::NetDevice,
    port::Port,
    rcu::Reading,
    rtnl::Rtnl,
    skb::{
        Skb,
        Verdict, //
    },
};
use core::{
    mem::ManuallyDrop,
    ptr::{
        self,
        addr_of,
        addr_of_mut, //
    },
    sync::atomic::{
        AtomicPtr,
        Ordering, //
    },
};
use kernel::{
    error::to_result,
    prelude::*,
    str::as_char_ptr_in_const_context,
    types::Opaque, //
};

impl NetDevice {
    /// Whether somebody has set netpoll up on the device.
    pub(crate) fn has_netpoll(&self, _rtnl: &Rtnl) -> bool {
        // SAFETY: The device is alive, and RTNL guards the pointer.
        unsafe { !addr_of!((*self.as_ptr()).npinfo).read_volatile().is_null() }
    }

    /// Keeps netpoll off the device from now on.
    pub(crate) fn refuse_netpoll(&self, _rtnl: &Rtnl) {
        let flag = bindings::netdev_priv_flags_IFF_DISABLE_NETPOLL;
        // SAFETY: The device is alive, and RTNL guards the flags.
        unsafe { bindings::bonding_set_priv_flags(self.as_ptr(), flag, 0) };
    }

    /// Has the device look for packets that have been sent, and the like.
    ///
    /// # Safety
    ///
    /// Interrupts must be off.
    pub(super) unsafe fn poll(&self) {
        // SAFETY: The device is alive; interrupts are off, as required of the caller.
        unsafe { bindings::netpoll_poll_dev(self.as_ptr()) };
    }
}

impl<S> Port<S> {
    /// The slave's `struct netpoll`, null if there is none; freed a grace period after it is taken
    /// out.
    fn np(&self) -> &AtomicPtr<bindings::netpoll> {
        // SAFETY: The field lives as long as the port, and is accessed through this function only.
        unsafe { AtomicPtr::from_ptr(addr_of_mut!((*self.shared()).np)) }
    }

    /// Sets netpoll up on the slave, unless that was done.
    pub(crate) fn enable_netpoll(&self, rtnl: &Rtnl) -> Result {
        self.dev().need_registered(rtnl)?;
        if !self.np().load(Ordering::Relaxed).is_null() {
            return Ok(());
        }
        let np = KBox::new(Opaque::<bindings::netpoll>::zeroed(), GFP_KERNEL)?;
        // SAFETY: Zeroes are a valid `struct netpoll`, which nobody else has. RTNL is held, and the
        // device is registered.
        to_result(unsafe {
            (*np.get()).name = as_char_ptr_in_const_context(c"bonding");
            bindings::__netpoll_setup(np.get(), self.dev().as_ptr())
        })?;
        // The release half of the ordering makes its contents visible before it.
        let np = KBox::into_raw(np).cast();
        self.np().store(np, Ordering::Release);
        Ok(())
    }

    /// Ends that; returns when no packet is being sent by it any more.
    pub(crate) fn disable_netpoll(&self, _rtnl: &Rtnl) {
        let np = self.np().swap(ptr::null_mut(), Ordering::Relaxed);
        if !np.is_null() {
            // SAFETY: RTNL is held. It came from `enable_netpoll`, was set up there and taken out
            // just now; the call waits for a grace period and frees it.
            unsafe { bindings::__netpoll_free(np) };
        }
    }
}

impl Skb {
    /// As [`Self::send`], with interrupts off; dropped if netpoll isn't set up on the slave.
    pub(crate) fn send_polled<S>(self, port: &Port<S>, _reading: Reading<'_>) -> Verdict {
        let np = port.np().load(Ordering::Acquire);
        let skb = ManuallyDrop::new(self);
        skb.bind(port.dev());
        // SAFETY: The packet is ours, and given away here. `np` is null, or set up, and not freed
        // before this RCU section ends.
        Verdict(unsafe { bindings::netpoll_send_skb(np, skb.as_ptr()) })
    }
}

/// Whether interrupts are off on this CPU: a packet sent now comes from netpoll.
pub(super) fn is_sending() -> bool {
    // SAFETY: Only reads a flag.
    unsafe { bindings::bonding_irqs_disabled() }
}
