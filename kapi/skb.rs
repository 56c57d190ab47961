// SPDX-License-Identifier: GPL-2.0

//! Packets.
//!
//! C header: [`include/linux/skbuff.h`](srctree/include/linux/skbuff.h)

use super::{
    bindings,
    net_device::NetDevice, //
};
use crate::modes::hash::{
    Frame,
    Network, //
};
use core::{
    mem::ManuallyDrop,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::types::Opaque;

/// What became of a packet: what the transmit hook returns (`netdev_tx_t`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict(pub(super) kernel::ffi::c_int);

impl Verdict {
    /// Whether a slave's queue took it.
    pub(crate) fn is_sent(self) -> bool {
        self.0 == 0
    }
}

/// A packet that we own: sending consumes it, dropping frees it.
///
/// # Invariants
///
/// The pointer is to a valid `sk_buff` which nobody else changes. It owns a reference to it, unless
/// the value is never dropped nor given away, and lent by `&` to what only reads the packet.
pub(crate) struct Skb(NonNull<bindings::sk_buff>);

impl Skb {
    /// Takes ownership of a packet.
    ///
    /// # Safety
    ///
    /// The caller must own a reference to the unshared packet, and give it up; or the packet must stay
    /// valid and unchanged while the result is used, which is never dropped nor given away, and lent
    /// by `&` only, not to [`Self::bind`].
    #[inline]
    pub(super) unsafe fn from_raw(raw: NonNull<bindings::sk_buff>) -> Self {
        // INVARIANT: Required of the caller.
        Self(raw)
    }

    /// A second packet with the same contents, or [`None`] without memory. Any context.
    pub(crate) fn try_clone(&self) -> Option<Self> {
        // SAFETY: The packet is valid; the helper allocates with `GFP_ATOMIC`.
        let copy = unsafe { bindings::bonding_skb_clone(self.0.as_ptr()) };
        // INVARIANT: A clone is a new packet, and ours.
        NonNull::new(copy).map(Self)
    }

    /// The linear part of the packet, from the Ethernet header on when it is being sent.
    #[inline]
    pub(crate) fn linear(&self) -> &[u8] {
        // SAFETY: The packet is valid and not changed while borrowed; `len - data_len` bytes from
        // `data` on are its linear part.
        unsafe {
            let skb = self.0.as_ptr();
            let len = (*skb).len.wrapping_sub((*skb).data_len) as usize;
            core::slice::from_raw_parts((*skb).data, len)
        }
    }

    /// The fields that the kernel copies from packet to packet.
    #[inline]
    fn headers(&self) -> &bindings::sk_buff__bindgen_ty_4__bindgen_ty_2 {
        // SAFETY: The packet is valid, and nobody else changes it; the union has all its bytes
        // initialised, and this form of it has only plain integers.
        unsafe { (*self.0.as_ptr()).__bindgen_anon_4.headers.as_ref() }
    }

    /// What lies behind the link layer's headers: its Ethernet type, and its offset in
    /// [`Self::linear`], which is beyond any end where nobody has set it.
    #[inline]
    pub(crate) fn network(&self) -> Network {
        let headers = self.headers();
        // SAFETY: The packet is valid: both pointers are into its buffer.
        let (head, data) = unsafe { ((*self.0.as_ptr()).head, (*self.0.as_ptr()).data) };
        let headroom = (data as usize).wrapping_sub(head as usize);
        Network {
            protocol: u16::from_be(headers.protocol),
            offset: usize::from(headers.network_header).wrapping_sub(headroom),
        }
    }

    /// A hash of addresses and ports which the kernel or a device has made already.
    #[inline]
    pub(crate) fn l4_hash(&self) -> Option<u32> {
        let headers = self.headers();
        (headers.l4_hash() != 0).then_some(headers.hash)
    }

    /// The tag of the packet's VLAN as far as it is kept beside its data; 0 without.
    #[inline]
    pub(crate) fn vlan_tci(&self) -> u16 {
        // SAFETY: All bytes of the union are initialised; both forms of it are plain integers.
        unsafe { self.headers().__bindgen_anon_2.__bindgen_anon_1.vlan_tci }
    }

    /// Length in bytes.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        // SAFETY: The packet is valid, and nobody else changes it.
        unsafe { (*self.0.as_ptr()).len }
    }

    /// Makes the address of `dev` the source of an Ethernet frame. Without memory for that the
    /// packet stays as it is, and is of no use.
    #[must_use]
    pub(crate) fn set_source(&mut self, dev: &NetDevice) -> bool {
        // SAFETY: The packet is ours; the device is alive.
        unsafe { bindings::bonding_set_source(self.0.as_ptr(), dev.as_ptr()) }
    }

    /// Puts the address of `dev` at an offset of [`Self::linear`]. Without memory for that the packet
    /// stays as it is.
    #[must_use]
    pub(crate) fn set_mac_at(&mut self, offset: usize, dev: &NetDevice) -> bool {
        let Ok(offset) = u16::try_from(offset) else {
            return false;
        };
        // SAFETY: The packet is ours; the device is alive. The call fails if the packet is shorter.
        unsafe { bindings::bonding_set_mac_at(self.0.as_ptr(), i32::from(offset), dev.as_ptr()) }
    }

    /// The queue of the bond that the packet is on.
    pub(crate) fn queue(&self) -> u16 {
        // SAFETY: The packet is valid, and nobody else changes it.
        unsafe { (*self.0.as_ptr()).queue_mapping }
    }

    /// Copies `N` bytes from offset `at` of the packet's data, wherever they lie; [`None`] beyond
    /// its end.
    #[cold]
    pub(crate) fn copy<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        let at = i32::try_from(at).ok()?;
        let len = i32::try_from(N).ok()?;
        let mut bytes = [0; N];
        // SAFETY: The packet is valid; the call writes at most `len` bytes, and fails beyond the end.
        let error =
            unsafe { bindings::skb_copy_bits(self.0.as_ptr(), at, bytes.as_mut_ptr().cast(), len) };
        (error == 0).then_some(bytes)
    }

    /// Whether this is an IGMP packet over IPv4.
    pub(crate) fn is_igmp(&self) -> bool {
        // SAFETY: The packet is valid, and only read.
        unsafe { bindings::bonding_is_igmp(self.0.as_ptr()) }
    }

    /// Sends the packet by `dev`, on the queue that the stack chose before the bond did.
    ///
    /// To be called with bottom halves off, as in every transmit hook.
    #[inline]
    pub(crate) fn send(self, dev: &NetDevice) -> Verdict {
        let skb = ManuallyDrop::new(self);
        skb.bind(dev);
        // SAFETY: The packet is ours, and given away here.
        Verdict(unsafe { bindings::__dev_queue_xmit(skb.as_ptr(), ptr::null_mut()) })
    }

    /// The raw pointer, for calls into the kernel.
    #[inline]
    pub(super) fn as_ptr(&self) -> *mut bindings::sk_buff {
        self.0.as_ptr()
    }

    /// Makes `dev` the device that the packet leaves by, and its queue the one that the stack chose
    /// before the bond did.
    #[inline]
    pub(super) fn bind(&self, dev: &NetDevice) {
        let skb = self.0.as_ptr();
        // SAFETY: The packet is ours; the device is alive. The control block holds what
        // `bonding_select_queue()` has put there, or, where the stack did not ask for a queue, some
        // number, which the stack then checks against the device's queues.
        unsafe {
            (*skb)
                .__bindgen_anon_1
                .__bindgen_anon_1
                .__bindgen_anon_1
                .dev = dev.as_ptr();
            let queue = (*ptr::addr_of!((*skb).cb).cast::<bindings::qdisc_skb_cb>())
                .slave_dev_queue_mapping;
            (*skb).queue_mapping = queue;
        }
    }
}

impl Frame for Skb {
    #[inline]
    fn linear(&self) -> &[u8] {
        Self::linear(self)
    }

    #[inline]
    fn beyond<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.copy(at)
    }
}

impl Drop for Skb {
    #[cold]
    fn drop(&mut self) {
        // SAFETY: The reference is ours and given up here. The call may be made with interrupts
        // off, as they are when netpoll sends.
        unsafe {
            bindings::dev_kfree_skb_any_reason(
                self.0.as_ptr(),
                bindings::skb_drop_reason_SKB_DROP_REASON_NOT_SPECIFIED,
            )
        };
    }
}

/// As many VLAN tags are looked behind: the stack doesn't nest VLANs deeper (`MAX_NEST_DEV`).
const MAX_TAGS: usize = 8;

/// Type of frames of slow protocols, of which LACP is one.
const ETH_P_SLOW: u16 = 0x8809;

/// Returns an Ethernet address as an integer, in the order of its bytes in memory.
#[inline]
const fn as_integer([a, b, c, d, e, f]: [u8; 6]) -> u64 {
    u64::from_ne_bytes([a, b, c, d, e, f, 0, 0])
}

/// Whether frames of this type begin with a VLAN tag (`ETH_P_8021Q`, `ETH_P_8021AD`).
fn is_vlan(protocol: u16) -> bool {
    matches!(protocol, 0x8100 | 0x88a8)
}

/// A packet being received, lent to us by the kernel.
///
/// # Invariants
///
/// It is a valid packet, and nobody else's while it is lent.
#[repr(transparent)]
pub(crate) struct ReceivedSkb(Opaque<bindings::sk_buff>);

impl ReceivedSkb {
    /// Borrows a packet.
    ///
    /// # Safety
    ///
    /// `raw` must be valid for `'a`, and unshared.
    pub(super) unsafe fn from_raw<'a>(raw: *mut bindings::sk_buff) -> &'a Self {
        // INVARIANT: Required of the caller.
        // SAFETY: Required of the caller; the type is transparent.
        unsafe { &*raw.cast() }
    }

    /// What it is (`ETH_P_*`) behind its VLAN tags, and how many bytes behind the link-layer header
    /// that begins.
    pub(crate) fn protocol(&self) -> (u16, usize) {
        let mut protocol = self.link_type();
        let mut offset = 0usize;
        for _ in 0..MAX_TAGS {
            let mut tag = [0; 4];
            if !is_vlan(protocol) || !self.copy_from(offset, &mut tag) {
                break;
            }
            let [_, _, high, low] = tag;
            protocol = u16::from_be_bytes([high, low]);
            offset = offset.saturating_add(tag.len());
        }
        (protocol, offset)
    }

    /// Whether it was sent to this host, or to many, and by another.
    pub(crate) fn is_for_us(&self) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::bonding_skb_is_for_us(self.0.get()) }
    }

    /// Copies bytes from an offset behind the link-layer header on; false if there are not so many.
    #[must_use]
    pub(crate) fn copy_from(&self, offset: usize, bytes: &mut [u8]) -> bool {
        let (Ok(offset), Ok(len)) = (i32::try_from(offset), i32::try_from(bytes.len())) else {
            return false;
        };
        let to = bytes.as_mut_ptr().cast();
        // SAFETY: The packet is valid, and the bytes for their length. The call fails if the packet
        // is shorter.
        unsafe { bindings::skb_copy_bits(self.0.get(), offset, to, len) == 0 }
    }

    /// Whether it is addressed to a link-local multicast address (01:80:c2:00:00:0x).
    #[inline]
    pub(crate) fn is_link_local(&self) -> bool {
        const GROUPS: u64 = as_integer([0x01, 0x80, 0xc2, 0, 0, 0]);
        const FIXED: u64 = as_integer([0xff, 0xff, 0xff, 0xff, 0xff, 0xf0]);
        self.destination() & FIXED == GROUPS
    }

    /// Whether it was sent to all, or to a group.
    pub(crate) fn is_to_many(&self) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::bonding_is_to_many(self.0.get()) }
    }

    /// Whether it was sent to the address of the slave.
    pub(crate) fn is_to_host(&self) -> bool {
        // SAFETY: The packet is valid.
        unsafe { bindings::bonding_is_to_host(self.0.get()) }
    }

    /// Whether it is of a slow protocol (LACP, say), and addressed to `group`.
    #[inline]
    pub(crate) fn is_slow_protocol(&self, group: &[u8; 6]) -> bool {
        self.link_type() == ETH_P_SLOW && self.destination() == as_integer(*group)
    }

    /// What the link layer says that it is (`ETH_P_*`); its VLAN tags are not looked behind.
    #[inline]
    fn link_type(&self) -> u16 {
        // SAFETY: The packet is valid. All bytes of the union are initialised, and this form of it
        // has only plain integers.
        u16::from_be(unsafe { (*self.0.get()).__bindgen_anon_4.headers.as_ref() }.protocol)
    }

    /// The Ethernet address that it is sent to, [as an integer](as_integer), which takes half the
    /// instructions of bytes; 0 from a driver that tells of none.
    #[inline]
    fn destination(&self) -> u64 {
        // SAFETY: As in `link_type()`.
        let header = unsafe { (*self.0.get()).__bindgen_anon_4.headers.as_ref() }.mac_header;
        if header == u16::MAX {
            return 0;
        }
        // SAFETY: A header that is set is an offset into the buffer, and six bytes further is still
        // within its memory: `skb_shared_info` follows what is for the packet.
        let (first, last) = unsafe {
            let address = (*self.0.get()).head.add(usize::from(header));
            let last = address.add(size_of::<u32>()).cast::<u16>();
            (
                address.cast::<u32>().read_unaligned(),
                last.read_unaligned(),
            )
        };
        if cfg!(target_endian = "little") {
            u64::from(first) | u64::from(last) << 32
        } else {
            u64::from(first) << 32 | u64::from(last) << 16
        }
    }

    /// Copies what follows the Ethernet header, as far as there is room, and returns that.
    pub(crate) fn copy<'b>(&self, room: &'b mut [u8]) -> &'b [u8] {
        // SAFETY: The packet is valid, the room for its length; no more than that is written.
        let copied =
            unsafe { bindings::bonding_skb_copy(self.0.get(), room.as_mut_ptr(), room.len()) };
        room.get(..copied).unwrap_or_default()
    }
}
