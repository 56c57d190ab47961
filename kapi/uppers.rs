// SPDX-License-Identifier: GPL-2.0

//! Devices above a bond, as far as others know it by their MAC addresses.
//!
//! C headers: [`include/linux/if_vlan.h`](srctree/include/linux/if_vlan.h),
//! [`include/linux/if_macvlan.h`](srctree/include/linux/if_macvlan.h)

use super::{
    bindings,
    net_device::NetDevice,
    probe::{
        vlan_tag,
        Tag,
        Uppers,
        DEPTH, //
    },
    rcu::Reading, //
};
use core::ptr;

/// A device with an address of its own.
pub(crate) enum Upper<'g> {
    /// A VLAN directly above the bond.
    Vlan {
        /// Its tag.
        tag: Tag,
        /// The device.
        dev: &'g NetDevice,
        /// Whether its address is that of the bond.
        stolen: bool,
    },
    /// A macvlan, at any height.
    MacVlan {
        /// The tag that its packets get at the bond, if any.
        tag: Option<Tag>,
        /// The device.
        dev: &'g NetDevice,
    },
}

impl NetDevice {
    /// Calls `f` for each such device above this one.
    pub(crate) fn for_each_upper<'g>(&'g self, reading: Reading<'g>, f: &mut dyn FnMut(Upper<'g>)) {
        for dev in Uppers::of(self, reading) {
            let tag = vlan_tag(dev);
            if let Some(tag) = tag {
                let stolen = dev.has_stolen_mac();
                f(Upper::Vlan { tag, dev, stolen });
            }
            dev.macvlans(reading, tag, DEPTH, f);
        }
    }

    /// Calls `f` for this device, if it is a macvlan, and each one above it.
    fn macvlans<'g>(
        &'g self,
        reading: Reading<'g>,
        tag: Option<Tag>,
        depth: usize,
        f: &mut dyn FnMut(Upper<'g>),
    ) {
        // SAFETY: The device is alive.
        let flags = unsafe { bindings::bonding_priv_flags(self.as_ptr()) };
        if flags & bindings::netdev_priv_flags_IFF_MACVLAN != 0 {
            f(Upper::MacVlan { tag, dev: self });
        }
        if let Some(depth) = depth.checked_sub(1) {
            for dev in Uppers::of(self, reading) {
                dev.macvlans(reading, tag, depth, f);
            }
        }
    }

    /// Whether the device has taken its address from another one (`NET_ADDR_STOLEN`).
    fn has_stolen_mac(&self) -> bool {
        // SAFETY: The device is alive; the field is a plain integer.
        let kind = unsafe { ptr::addr_of!((*self.as_ptr()).addr_assign_type).read_volatile() };
        u32::from(kind) == bindings::NET_ADDR_STOLEN
    }

    /// Sends an Ethernet frame by this device alone, at the priority of control traffic, with a tag
    /// or without; it is lost without memory. Any context but hard interrupts.
    pub(crate) fn send_tagged(&self, frame: &[u8], tag: Option<Tag>) {
        let (proto, vid) = tag.unwrap_or_default();
        let proto = proto.to_be();
        // SAFETY: The device is alive, the frame valid for its length; one that is down drops it.
        unsafe {
            bindings::bonding_send_control(self.as_ptr(), frame.as_ptr(), frame.len(), proto, vid)
        };
    }
}
