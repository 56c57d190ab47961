// SPDX-License-Identifier: GPL-2.0

//! The receive hook on a slave (`rx_handler`).

use super::{
    bindings,
    master::{
        Master,
        Private, //
    },
    port::{
        Port,
        PortRef, //
    },
    rcu::Reading,
    rtnl::Rtnl,
    skb::ReceivedSkb, //
};
use core::{
    mem::ManuallyDrop,
    ptr::addr_of_mut,
    sync::atomic::{
        AtomicI32,
        Ordering, //
    },
};
use kernel::{
    error::to_result,
    prelude::*, //
};

/// What becomes of a received packet.
pub(crate) enum Receive {
    /// The bond has received it.
    Bond,
    /// The bond has received it, at its own address, whichever slave's it was sent to.
    BondAt,
    /// The driver has received it: nobody else gets it.
    Consumed,
    /// Only who listens on the slave itself gets it.
    Exact,
    /// The slave receives it as if it were in no bond.
    Slave,
}

/// A receive hook in place.
///
/// It keeps the port, and so the bond's device, for as long as the hook may run. Dropped without
/// [`Self::remove`], it keeps them for ever rather than let the hook use freed memory.
///
/// # Invariants
///
/// The port's device has the hook, with a pointer to the port as its data. The port's bond was
/// initialised when the hook was installed.
pub(crate) struct RxHook<S>(ManuallyDrop<PortRef<S>>);

impl<S: Send + Sync + 'static> RxHook<S> {
    /// Installs the hook; `EBUSY` if the device has one.
    ///
    /// # Safety
    ///
    /// The port must have been made for a bond of driver `B` which is registered.
    pub(super) unsafe fn new<B: Master<Slave = S>>(
        _rtnl: &Rtnl,
        port: &PortRef<S>,
    ) -> Result<Self> {
        // SAFETY: RTNL is held and the device is alive. The data pointer is a `Port<B::Slave>`, as
        // `receive::<B>` expects, and stays valid: `Self` owns a reference until the hook is gone.
        to_result(unsafe {
            bindings::netdev_rx_handler_register(
                port.dev().as_ptr(),
                Some(receive::<B>),
                port.as_ptr().cast(),
            )
        })?;
        // INVARIANT: The hook was just installed; a registered bond is initialised.
        Ok(Self(ManuallyDrop::new(port.clone())))
    }

    /// Removes the hook; returns when no CPU is inside it any more.
    pub(crate) fn remove(self, _rtnl: &Rtnl) {
        // SAFETY: RTNL is held, the device is alive, and has the hook, by the type invariant. The
        // call waits for a grace period, after which the reference may go.
        unsafe { bindings::netdev_rx_handler_unregister(self.0.dev().as_ptr()) };
        drop(ManuallyDrop::into_inner(self.0));
    }
}

/// The port of the device that a packet was received by.
///
/// # Safety
///
/// `skb` must be a valid packet, in an RCU read-side section, of a device on which
/// [`RxHook::new`] has installed the hook for `B`; the reference must not outlive the section.
#[inline(always)]
unsafe fn port_of<'a, B: Master>(skb: *const bindings::sk_buff) -> &'a Port<B::Slave> {
    // SAFETY: The packet is valid. Its device has the hook, so the data pointer is the port which
    // the hook keeps alive until a grace period after its removal.
    unsafe {
        let dev = (*skb)
            .__bindgen_anon_1
            .__bindgen_anon_1
            .__bindgen_anon_1
            .dev;
        &*(*dev).rx_handler_data.cast::<Port<B::Slave>>()
    }
}

/// Whether others have a reference to the packet, too.
///
/// # Safety
///
/// `skb` must be a valid packet.
#[inline(always)]
unsafe fn is_shared(skb: *mut bindings::sk_buff) -> bool {
    // SAFETY: The packet is valid; references are counted by atomic operations, of which this is
    // one.
    let users = unsafe { AtomicI32::from_ptr(addr_of_mut!((*skb).users.refs.counter)) };
    users.load(Ordering::Relaxed) != 1
}

/// Gives a packet to the bond of `port`.
///
/// # Safety
///
/// `skb` must be a valid packet that nobody else has.
#[inline(always)]
unsafe fn hand_over<S>(
    skb: *mut bindings::sk_buff,
    port: &Port<S>,
) -> bindings::rx_handler_result_t {
    // SAFETY: The packet is valid and ours; the port keeps the bond's device.
    unsafe {
        (*skb)
            .__bindgen_anon_1
            .__bindgen_anon_1
            .__bindgen_anon_1
            .dev = (*port.bonding()).dev;
    }
    bindings::rx_handler_result_RX_HANDLER_ANOTHER
}

/// The hook.
///
/// # Safety
///
/// To be called by the kernel's receive path only, in an RCU read-side section, with `pskb`
/// pointing to a packet of a device on which [`RxHook::new`] has installed the hook.
unsafe extern "C" fn receive<B: Master>(
    pskb: *mut *mut bindings::sk_buff,
) -> bindings::rx_handler_result_t {
    // SAFETY: `pskb` is valid, and so is the packet.
    let (skb, shared) = unsafe { (*pskb, is_shared(*pskb)) };
    if shared {
        // SAFETY: Required of the caller.
        unsafe { receive_shared::<B>(pskb) }
    } else {
        // SAFETY: Required of the caller; nobody else has the packet.
        unsafe { receive_own::<B>(skb) }
    }
}

/// [`receive`] for a packet that others have, too.
///
/// # Safety
///
/// As for [`receive`].
#[cold]
unsafe fn receive_shared<B: Master>(
    pskb: *mut *mut bindings::sk_buff,
) -> bindings::rx_handler_result_t {
    // SAFETY: `pskb` is valid for writes. The reference to a shared packet is exchanged for one to a
    // copy, of the same device, or for null without memory.
    let skb = unsafe {
        *pskb = bindings::bonding_skb_share_check(*pskb);
        *pskb
    };
    if skb.is_null() {
        return bindings::rx_handler_result_RX_HANDLER_CONSUMED;
    }
    // SAFETY: As required of the caller, and nobody else has the copy.
    unsafe { receive_own::<B>(skb) }
}

/// Receives a packet. What there is nothing to decide about is the bond's without further ado.
///
/// # Safety
///
/// In the receive path's RCU read-side section, with a packet that nobody else has, of a device on
/// which [`RxHook::new`] has installed the hook for `B`.
#[inline(always)]
unsafe fn receive_own<B: Master>(skb: *mut bindings::sk_buff) -> bindings::rx_handler_result_t {
    // SAFETY: Required of the caller; the reference is used in this call only.
    let port = unsafe { port_of::<B>(skb) };
    if port.marks().plain() {
        // SAFETY: Required of the caller.
        unsafe { hand_over(skb, port) }
    } else {
        // SAFETY: Required of the caller; the port is that of the packet's device.
        unsafe { receive_marked::<B>(port, skb) }
    }
}

/// [`receive_own`] for a packet that the bond has to look at.
///
/// # Safety
///
/// As for [`receive_own`]; `port` must be that of the packet's device.
#[inline(never)]
unsafe fn receive_marked<B: Master>(
    port: &Port<B::Slave>,
    skb: *mut bindings::sk_buff,
) -> bindings::rx_handler_result_t {
    // SAFETY: The port keeps the bond's device, and with it the private area, which was initialised
    // when the hook was installed, by the invariant of `RxHook`, and stays so while it is kept.
    let bond = unsafe { Private::<B>::of_bonding(port.bonding()) };
    // SAFETY: The packet is ours, and valid.
    let packet = unsafe { ReceivedSkb::from_raw(skb) };
    // SAFETY: The receive path holds the RCU section open around its hooks.
    match bond.receive(port, packet, unsafe { Reading::assume() }) {
        Receive::Consumed => {
            // SAFETY: The packet is ours, and given up here.
            unsafe { bindings::bonding_consume_skb(skb) };
            bindings::rx_handler_result_RX_HANDLER_CONSUMED
        }
        Receive::Exact => bindings::rx_handler_result_RX_HANDLER_EXACT,
        Receive::Slave => bindings::rx_handler_result_RX_HANDLER_PASS,
        Receive::BondAt => {
            // SAFETY: The packet is ours and valid, and the bond's device alive as said above. One
            // that can't be written to, without memory, is given up.
            unsafe {
                if !bindings::bonding_readdress(skb, (*port.bonding()).dev) {
                    bindings::bonding_drop_skb(skb);
                    return bindings::rx_handler_result_RX_HANDLER_CONSUMED;
                }
                hand_over(skb, port)
            }
        }
        // SAFETY: The packet is valid and ours.
        Receive::Bond => unsafe { hand_over(skb, port) },
    }
}
