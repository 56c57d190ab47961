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
use core::mem::ManuallyDrop;
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

/// The hook.
///
/// # Safety
///
/// To be called by the kernel's receive path only, in an RCU read-side section, with `pskb`
/// pointing to a packet of a device on which [`RxHook::new`] has installed the hook.
unsafe extern "C" fn receive<B: Master>(
    pskb: *mut *mut bindings::sk_buff,
) -> bindings::rx_handler_result_t {
    // SAFETY: `pskb` and the packet are valid; the reference to a shared packet is exchanged for
    // one to a copy, or for null without memory.
    let skb = unsafe { bindings::bonding_skb_share_check(*pskb) };
    if skb.is_null() {
        return bindings::rx_handler_result_RX_HANDLER_CONSUMED;
    }
    // SAFETY: `pskb` is valid for writes. The packet's device has the hook, so its data pointer
    // is the port which the hook keeps alive until a grace period after its removal.
    let port = unsafe {
        *pskb = skb;
        let dev = (*skb)
            .__bindgen_anon_1
            .__bindgen_anon_1
            .__bindgen_anon_1
            .dev;
        &*(*dev).rx_handler_data.cast::<Port<B::Slave>>()
    };
    // SAFETY: The port keeps the bond's device, and with it the private area, which was initialised
    // when the hook was installed, by the invariant of `RxHook`, and stays so while it is kept.
    let bond = unsafe { Private::<B>::of_bonding(port.bonding()) };
    // SAFETY: The packet is ours, valid, and has its MAC header set by the receive path.
    let packet = unsafe { ReceivedSkb::from_raw(skb) };
    // SAFETY: The receive path holds the RCU section open around its hooks.
    match bond.receive(port, &packet, unsafe { Reading::assume() }) {
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
                    bindings::bonding_consume_skb(skb);
                    return bindings::rx_handler_result_RX_HANDLER_CONSUMED;
                }
                give_to_bond(skb, port);
            }
            bindings::rx_handler_result_RX_HANDLER_ANOTHER
        }
        Receive::Bond => {
            // SAFETY: The packet is valid, and the bond's device alive as said above.
            unsafe { give_to_bond(skb, port) };
            bindings::rx_handler_result_RX_HANDLER_ANOTHER
        }
    }
}

/// Makes the bond the device that has received a packet.
///
/// # Safety
///
/// The packet must be valid and ours, and the port's bond be alive.
#[inline(always)]
unsafe fn give_to_bond<S: Send + Sync + 'static>(skb: *mut bindings::sk_buff, port: &Port<S>) {
    // SAFETY: Required of the caller.
    unsafe {
        (*skb)
            .__bindgen_anon_1
            .__bindgen_anon_1
            .__bindgen_anon_1
            .dev = (*port.bonding()).dev;
    }
}
