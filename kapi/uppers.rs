// SPDX-License-Identifier: GPL-2.0

//! Devices above a bond, as far as others know it by their MAC addresses.
//!
//! C headers: [`include/linux/if_vlan.h`](srctree/include/linux/if_vlan.h),
//! [`include/linux/if_macvlan.h`](srctree/include/linux/if_macvlan.h)

use super::{
    bindings,
    net_device::NetDevice,
    rcu::Reading, //
};
use core::ptr;

/// The tag of a VLAN.
#[derive(Clone, Copy)]
pub(crate) struct Tag {
    /// Its Ethernet type, in network byte order.
    proto: u16,
    /// Its number.
    vid: u16,
}

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

/// Devices can't be nested deeper than that (`MAX_NEST_DEV`).
const DEEPEST: u8 = 8;

impl NetDevice {
    /// Calls `f` for each such device above this one.
    pub(crate) fn for_each_upper<'g>(&'g self, reading: Reading<'g>, f: &mut dyn FnMut(Upper<'g>)) {
        self.each_above(reading, |dev| {
            let tag = dev.vlan_tag();
            if let Some(tag) = tag {
                let stolen = dev.has_stolen_mac();
                f(Upper::Vlan { tag, dev, stolen });
            }
            dev.macvlans(reading, tag, DEEPEST, f);
        });
    }

    /// Calls `f` for this device, if it is a macvlan, and each one above it.
    fn macvlans<'g>(
        &'g self,
        reading: Reading<'g>,
        tag: Option<Tag>,
        depth: u8,
        f: &mut dyn FnMut(Upper<'g>),
    ) {
        // SAFETY: The device is alive.
        let flags = unsafe { bindings::bonding_priv_flags(self.as_ptr()) };
        if flags & bindings::netdev_priv_flags_IFF_MACVLAN != 0 {
            f(Upper::MacVlan { tag, dev: self });
        }
        if let Some(depth) = depth.checked_sub(1) {
            self.each_above(reading, |dev| dev.macvlans(reading, tag, depth, f));
        }
    }

    /// Calls `f` for each device directly above this one.
    fn each_above<'g>(&'g self, _reading: Reading<'g>, mut f: impl FnMut(&'g NetDevice)) {
        // SAFETY: The device is alive; the position is where its list begins, then what the call
        // below has made of it.
        let mut at = unsafe { ptr::addr_of_mut!((*self.as_ptr()).adj_list.upper) };
        loop {
            // SAFETY: As above; the section keeps the list's entries.
            let dev = unsafe { bindings::netdev_upper_get_next_dev_rcu(self.as_ptr(), &mut at) };
            if dev.is_null() {
                return;
            }
            // SAFETY: A device that is linked above another is alive for the section.
            f(unsafe { NetDevice::from_raw(dev) });
        }
    }

    /// The tag that the device gives to its packets, if it is a VLAN.
    fn vlan_tag(&self) -> Option<Tag> {
        let (mut proto, mut vid) = (0, 0);
        // SAFETY: The device is alive, both places are valid.
        let is_vlan = unsafe { bindings::bonding_tag_of(self.as_ptr(), &mut proto, &mut vid) };
        is_vlan.then_some(Tag { proto, vid })
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
        let Tag { proto, vid } = tag.unwrap_or(Tag { proto: 0, vid: 0 });
        // SAFETY: The device is alive, the frame valid for its length; one that is down drops it.
        unsafe {
            bindings::bonding_send_control(self.as_ptr(), frame.as_ptr(), frame.len(), proto, vid)
        };
    }
}
