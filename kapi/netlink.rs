// SPDX-License-Identifier: GPL-2.0

//! The kind of link that `ip link add type …` makes (`struct rtnl_link_ops`).
//!
//! C header: [`include/net/rtnetlink.h`](srctree/include/net/rtnetlink.h)

use super::{
    bindings,
    master::{
        bond_of,
        port_of,
        Master,
        Private,
        LINK_OPS, //
    },
    net_device::{
        ExtAck,
        NetDevice, //
    },
    port::{
        Port,
        PortRef, //
    },
    rtnl::Rtnl, //
};
use core::{
    marker::PhantomData,
    mem::MaybeUninit,
    ptr::{
        self,
        NonNull, //
    },
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
};
use kernel::{
    error::{
        from_result,
        to_result, //
    },
    ffi::{
        c_int,
        c_uint, //
    },
    prelude::*,
    str::as_char_ptr_in_const_context,
    types::Opaque, //
};

/// Greatest number of a bond's attributes (`IFLA_BOND_MAX`).
pub(crate) const BOND_MAX: usize = bindings::__IFLA_BOND_MAX as usize - 1;

/// Greatest number of a slave's attributes (`IFLA_BOND_SLAVE_MAX`).
pub(crate) const SLAVE_MAX: usize = bindings::__IFLA_BOND_SLAVE_MAX as usize - 1;

/// Greatest number of any link's attributes (`IFLA_MAX`).
const LINK_MAX: usize = bindings::__IFLA_MAX as usize - 1;

/// The attributes of a message, by number.
///
/// # Invariants
///
/// The pointer is to `max + 1` pointers, each null or to an attribute, all valid for the lifetime.
pub(crate) struct Attrs<'a> {
    table: NonNull<*mut bindings::nlattr>,
    max: usize,
    _borrowed: PhantomData<&'a bindings::nlattr>,
}

impl<'a> Attrs<'a> {
    /// Borrows the attributes that the kernel has parsed; [`None`] if there are none.
    ///
    /// # Safety
    ///
    /// `table` must be null, or fulfil the type invariant with `max` for `'a`.
    unsafe fn from_raw(table: *mut *mut bindings::nlattr, max: usize) -> Option<Self> {
        // INVARIANT: Required of the caller.
        Some(Self {
            table: NonNull::new(table)?,
            max,
            _borrowed: PhantomData,
        })
    }

    /// The attribute with this number.
    fn raw(&self, number: u16) -> Option<NonNull<bindings::nlattr>> {
        let number = usize::from(number);
        if number > self.max {
            return None;
        }
        // SAFETY: By the type invariant there are more entries than `number`.
        NonNull::new(unsafe { *self.table.as_ptr().add(number) })
    }

    /// What the attribute with this number holds.
    pub(crate) fn get(&self, number: u16) -> Option<&'a [u8]> {
        let attr = self.raw(number)?;
        let header = size_of::<bindings::nlattr>();
        // SAFETY: By the type invariant the attribute is valid.
        let len = usize::from(unsafe { (*attr.as_ptr()).nla_len }).checked_sub(header)?;
        // SAFETY: The kernel has checked that the attribute lies in the message as a whole: after
        // its header come as many bytes as its length says less the header.
        Some(unsafe { core::slice::from_raw_parts(attr.as_ptr().cast::<u8>().add(header), len) })
    }

    /// The first four bytes of an attribute, as a number in the order of this machine.
    pub(crate) fn get_u32(&self, number: u16) -> Option<u32> {
        Some(u32::from_ne_bytes(*self.get(number)?.first_chunk()?))
    }

    /// The first two bytes of an attribute, likewise.
    pub(crate) fn get_u16(&self, number: u16) -> Option<u16> {
        Some(u16::from_ne_bytes(*self.get(number)?.first_chunk()?))
    }

    /// The first byte of an attribute.
    pub(crate) fn get_u8(&self, number: u16) -> Option<u8> {
        self.get(number)?.first().copied()
    }

    /// Iterates over what the attributes hold that an attribute consists of.
    pub(crate) fn nested(&self, number: u16) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = self.get(number).unwrap_or_default();
        core::iter::from_fn(move || {
            let len = usize::from(u16::from_ne_bytes(*rest.first_chunk()?));
            let value = rest.get(size_of::<bindings::nlattr>()..len)?;
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
            Some(value)
        })
    }

    /// A place for texts by which the sender sees, too, that this attribute was to blame.
    pub(crate) fn blame<'b>(&'b self, number: u16, extack: &'b ExtAck<'_>) -> ExtAck<'b> {
        let attr = self.raw(number);
        // SAFETY: What `extack` holds is valid for `'b`, and so is the attribute.
        unsafe { ExtAck::about(extack.as_ptr(), attr) }
    }

    /// Tells the sender that the attribute with this number is not supported.
    pub(crate) fn refuse(&self, number: u16, extack: &ExtAck<'_>) -> Error {
        if let Some(attr) = self.raw(number) {
            // SAFETY: The place for texts is null or valid, the attribute is valid.
            unsafe { bindings::bonding_extack_unsupported(extack.as_ptr(), attr.as_ptr()) };
        }
        EOPNOTSUPP
    }
}

/// A message being made.
///
/// # Invariants
///
/// The pointer is to a valid packet, which nobody else uses, for as long as the value.
pub(crate) struct Message<'a>(&'a mut bindings::sk_buff);

impl Message<'_> {
    /// Appends an attribute; `EMSGSIZE` if there is no room.
    pub(crate) fn put(&mut self, number: u16, bytes: &[u8]) -> Result {
        let len = c_int::try_from(bytes.len()).map_err(|_| EMSGSIZE)?;
        // SAFETY: The packet is valid by the type invariant, the bytes for their length.
        to_result(unsafe {
            bindings::nla_put(self.0, c_int::from(number), len, bytes.as_ptr().cast())
        })
    }

    /// Appends a number of 64 bits, with padding by an attribute `pad` where the machine needs it.
    pub(crate) fn put_u64(&mut self, number: u16, value: u64, pad: u16) -> Result {
        // SAFETY: The packet is valid by the type invariant.
        to_result(unsafe { bindings::bonding_put_u64(self.0, number, value, pad) })
    }

    /// Appends an attribute which holds those that `f` appends; all of it or nothing.
    pub(crate) fn nest(&mut self, number: u16, f: impl FnOnce(&mut Self) -> Result) -> Result {
        // SAFETY: The packet is valid by the type invariant.
        let start = unsafe { bindings::bonding_nest_start(self.0, number) };
        if start.is_null() {
            return Err(EMSGSIZE);
        }
        let result = f(self);
        // SAFETY: The attribute was begun above, in this packet, to which has only been appended.
        unsafe { bindings::bonding_nest_end(self.0, start, result.is_ok()) };
        result
    }
}

/// The room that an attribute of `len` bytes takes in a message.
pub(crate) const fn attr_size(len: usize) -> usize {
    (size_of::<bindings::nlattr>() + len).next_multiple_of(4)
}

/// Attributes that make up another one, gathered in memory of their own.
pub(crate) struct Nest<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Nest<N> {
    /// Without attributes.
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    /// Appends an attribute, whose bytes are a multiple of four; `EMSGSIZE` if there is no room.
    pub(crate) fn put(&mut self, number: u16, value: &[u8]) -> Result {
        let len = size_of::<bindings::nlattr>().saturating_add(value.len());
        let header = u16::try_from(len).map_err(|_| EMSGSIZE)?;
        let parts = [&header.to_ne_bytes(), &number.to_ne_bytes(), value];
        for part in parts {
            let end = self.len.saturating_add(part.len());
            let room = self.bytes.get_mut(self.len..end).ok_or(EMSGSIZE)?;
            room.copy_from_slice(part);
            self.len = end;
        }
        Ok(())
    }

    /// What the attribute that they make up holds.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// What an attribute must be like (`struct nla_policy`).
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// Nothing is known of it.
    Any,
    /// It holds one byte.
    U8,
    /// It holds two bytes.
    U16,
    /// It holds four bytes.
    U32,
    /// It holds four bytes, with a sign.
    S32,
    /// It holds at most so many bytes.
    Bytes(u16),
    /// It holds attributes.
    Nested,
    /// It holds four bytes, of a number in this range.
    Range(&'static Range),
}

/// A range of numbers.
#[repr(transparent)]
pub(crate) struct Range(bindings::netlink_range_validation);

impl Range {
    /// The numbers up to `max`.
    pub(crate) const fn up_to(max: u32) -> Self {
        // CAST: Lossless; `From` is not usable in a const fn.
        Self(bindings::netlink_range_validation {
            min: 0,
            max: max as u64,
        })
    }
}

/// The rules for the attributes from 0 to `N - 1`.
pub(crate) struct Policy<const N: usize>([bindings::nla_policy; N]);

// SAFETY: The rules are only read, and what they point to may be used by any CPU.
unsafe impl<const N: usize> Sync for Policy<N> {}

impl<const N: usize> Policy<N> {
    /// Makes the table. Evaluated at compile time.
    pub(crate) const fn new(rules: &[Rule; N]) -> Self {
        // SAFETY: All fields are integers, or pointers that may be null.
        let empty: bindings::nla_policy = unsafe { MaybeUninit::zeroed().assume_init() };
        let mut policy = [empty; N];
        let mut index = 0;
        while index < N {
            let entry = &mut policy[index];
            // CAST: Small numbers of enums.
            entry.type_ = match rules[index] {
                Rule::Any => bindings::NLA_UNSPEC,
                Rule::U8 => bindings::NLA_U8,
                Rule::U16 => bindings::NLA_U16,
                Rule::U32 | Rule::Range(_) => bindings::NLA_U32,
                Rule::S32 => bindings::NLA_S32,
                Rule::Bytes(_) => bindings::NLA_BINARY,
                Rule::Nested => bindings::NLA_NESTED,
            } as u8;
            if let Rule::Bytes(max) = rules[index] {
                entry.len = max;
            }
            if let Rule::Range(range) = rules[index] {
                entry.validation_type =
                    bindings::nla_policy_validation_NLA_VALIDATE_RANGE_PTR as u8;
                entry.__bindgen_anon_1.range = ptr::from_ref(&range.0);
            }
            index += 1;
        }
        Self(policy)
    }
}

/// What a kind of link does with messages.
pub(crate) trait Link<B: Master>: 'static {
    /// Queues of a new device.
    fn queues() -> u32;

    /// Checks a request before anything is done: the new link's MAC address, if given, and the
    /// attributes of its kind.
    fn validate(mac: Option<&[u8]>, attrs: Option<&Attrs<'_>>, extack: &ExtAck<'_>) -> Result;

    /// Applies the attributes to a registered bond.
    fn change(rtnl: &Rtnl, bond: &B, attrs: &Attrs<'_>, extack: &ExtAck<'_>) -> Result;

    /// The room that [`Self::fill`] needs.
    fn size() -> usize;

    /// Writes the attributes of a bond. `EMSGSIZE` without room. RTNL may be held or not.
    fn fill(bond: &B, message: &mut Message<'_>) -> Result;

    /// Applies the attributes to a slave.
    fn change_slave(
        rtnl: &Rtnl,
        bond: &B,
        port: &PortRef<B::Slave>,
        attrs: &Attrs<'_>,
        extack: &ExtAck<'_>,
    ) -> Result;

    /// The room that [`Self::fill_xstats`] needs.
    fn xstats_size() -> usize;

    /// Writes the extended statistics of a bond, or of one of its slaves. `EMSGSIZE` without room.
    fn fill_xstats(
        rtnl: &Rtnl,
        bond: &B,
        port: Option<&Port<B::Slave>>,
        message: &mut Message<'_>,
    ) -> Result;

    /// The room that [`Self::fill_slave`] needs.
    fn slave_size() -> usize;

    /// Writes the attributes of a slave. `EMSGSIZE` without room.
    fn fill_slave(
        rtnl: &Rtnl,
        bond: &B,
        port: &Port<B::Slave>,
        message: &mut Message<'_>,
    ) -> Result;
}

/// A kind of link, for a static item.
///
/// # Invariants
///
/// While `registered` is false, the kernel does not have `ops` in its list.
pub(crate) struct LinkOps {
    ops: Opaque<bindings::rtnl_link_ops>,
    registered: AtomicBool,
}

// SAFETY: Only the kernel changes the operations, under its own locks; `registered` sees to it that
// they are registered once.
unsafe impl Sync for LinkOps {}

impl LinkOps {
    /// Makes the kind called `kind`, with the rules for its attributes and those of its slaves.
    pub(crate) const fn new<B: Master, L: Link<B>>(
        kind: &'static CStr,
        policy: &'static Policy<{ BOND_MAX + 1 }>,
        slave_policy: &'static Policy<{ SLAVE_MAX + 1 }>,
    ) -> Self {
        Self {
            ops: Opaque::new(bindings::rtnl_link_ops {
                kind: as_char_ptr_in_const_context(kind),
                priv_size: Private::<B>::SIZE,
                setup: Some(Private::<B>::setup),
                maxtype: BOND_MAX as c_uint,
                policy: policy.0.as_ptr(),
                validate: Some(validate::<B, L>),
                newlink: Some(newlink::<B, L>),
                changelink: Some(changelink::<B, L>),
                get_size: Some(get_size::<B, L>),
                fill_info: Some(fill_info::<B, L>),
                get_num_tx_queues: Some(get_num_queues::<B, L>),
                get_num_rx_queues: Some(get_num_queues::<B, L>),
                get_linkxstats_size: Some(get_linkxstats_size::<B, L>),
                fill_linkxstats: Some(fill_linkxstats::<B, L>),
                slave_maxtype: SLAVE_MAX as c_uint,
                slave_policy: slave_policy.0.as_ptr(),
                slave_changelink: Some(slave_changelink::<B, L>),
                get_slave_size: Some(get_slave_size::<B, L>),
                fill_slave_info: Some(fill_slave_info::<B, L>),
                // SAFETY: Of all other fields zero is a valid value: pointers, function pointers,
                // integers, and structs of these which the kernel initialises itself.
                ..unsafe { MaybeUninit::zeroed().assume_init() }
            }),
            registered: AtomicBool::new(false),
        }
    }

    /// Makes this the kind of all bonds that are made from now on.
    ///
    /// It stays so when the kind is unregistered: a bond may still be made through its file before
    /// that goes, too, and must be known as ours in order to be deleted.
    pub(super) fn install(&'static self) {
        LINK_OPS.store(self.ops.get(), Ordering::Relaxed);
    }

    /// Registers the kind.
    pub(crate) fn register(&'static self) -> Result<Registered> {
        if self.registered.swap(true, Ordering::Relaxed) {
            return Err(EBUSY);
        }
        self.install();
        // SAFETY: The operations are static, and were not registered.
        let result = to_result(unsafe { bindings::rtnl_link_register(self.ops.get()) });
        if let Err(error) = result {
            self.registered.store(false, Ordering::Relaxed);
            return Err(error);
        }
        // INVARIANT: Just registered.
        Ok(Registered(self))
    }
}

/// A registered kind of link; dropping it deletes all links of that kind.
///
/// # Invariants
///
/// The operations are registered.
pub(crate) struct Registered(&'static LinkOps);

impl Drop for Registered {
    fn drop(&mut self) {
        // SAFETY: Registered, by the type invariant. The kernel waits for requests being handled.
        unsafe { bindings::rtnl_link_unregister(self.0.ops.get()) };
        self.0.registered.store(false, Ordering::Relaxed);
    }
}

// Each function below is an operation of a kind of link: the kernel calls it with devices of that
// kind, which are ours, under RTNL unless said otherwise. The tables of attributes have as many
// entries as the kind has said, or are null.

/// Checks a request (`rtnl_link_ops.validate`).
///
/// # Safety
///
/// Called by the kernel only. RTNL may not be held.
unsafe extern "C" fn validate<B: Master, L: Link<B>>(
    tb: *mut *mut bindings::nlattr,
    data: *mut *mut bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: The tables are null or valid for the call, as is the place for texts.
    let (tb, data, extack) = unsafe {
        (
            Attrs::from_raw(tb, LINK_MAX),
            Attrs::from_raw(data, BOND_MAX),
            ExtAck::from_raw(extack),
        )
    };
    let mac = tb.and_then(|tb| tb.get(bindings::IFLA_ADDRESS as u16));
    from_result(|| L::validate(mac, data.as_ref(), &extack).map(|()| 0))
}

/// Applies the attributes of a message to a device.
///
/// # Safety
///
/// `dev` must be a registered device of ours, `data` null or a table of its attributes, `extack`
/// null or valid, and RTNL held.
unsafe fn change<B: Master, L: Link<B>>(
    dev: *mut bindings::net_device,
    data: *mut *mut bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> Result {
    // SAFETY: Required of the caller.
    let (rtnl, dev, attrs, extack) = unsafe {
        (
            Rtnl::assume(),
            NetDevice::from_raw(dev),
            Attrs::from_raw(data, BOND_MAX),
            ExtAck::from_raw(extack),
        )
    };
    let bond = bond_of::<B>(&rtnl, dev).ok_or(ENODEV)?;
    match attrs {
        Some(attrs) => L::change(&rtnl, bond, &attrs, &extack),
        None => Ok(()),
    }
}

/// Registers a new device and applies its attributes, or leaves no trace (`newlink`).
///
/// # Safety
///
/// Called by the kernel only, with a device that [`Private::setup`] has prepared.
unsafe extern "C" fn newlink<B: Master, L: Link<B>>(
    dev: *mut bindings::net_device,
    params: *mut bindings::rtnl_newlink_params,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: The device is new and prepared, the parameters are valid, and RTNL is held. Once
    // registered, the device is ours and can be changed; if that fails, it is unregistered, and
    // freed by the kernel when RTNL is released.
    from_result(|| unsafe {
        to_result(bindings::register_netdevice(dev))?;
        bindings::netif_carrier_off(dev);
        let changed = change::<B, L>(dev, (*params).data, extack);
        if changed.is_err() {
            bindings::unregister_netdevice_queue(dev, ptr::null_mut());
        }
        changed.map(|()| 0)
    })
}

/// Applies attributes to a device (`changelink`).
///
/// # Safety
///
/// Called by the kernel only.
unsafe extern "C" fn changelink<B: Master, L: Link<B>>(
    dev: *mut bindings::net_device,
    _tb: *mut *mut bindings::nlattr,
    data: *mut *mut bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: The device is registered, the table null or valid, and RTNL held.
    from_result(|| unsafe { change::<B, L>(dev, data, extack) }.map(|()| 0))
}

/// Room for the attributes of a device (`get_size`).
///
/// # Safety
///
/// Called by the kernel only. RTNL may not be held.
unsafe extern "C" fn get_size<B: Master, L: Link<B>>(_dev: *const bindings::net_device) -> usize {
    L::size()
}

/// Queues of a new device (`get_num_tx_queues` and `get_num_rx_queues`).
///
/// # Safety
///
/// Called by the kernel only.
unsafe extern "C" fn get_num_queues<B: Master, L: Link<B>>() -> c_uint {
    L::queues()
}

/// What a callback returns which has written, or not.
///
/// Too little room is the one thing that may be reported, since the kernel takes any other error
/// for that, and warns. A message without the attributes is what is left then.
fn filled(result: Result) -> c_int {
    match result {
        Err(error) if error == EMSGSIZE => error.to_errno(),
        _ => 0,
    }
}

/// Writes the attributes of a device (`fill_info`).
///
/// # Safety
///
/// Called by the kernel only, with a message of its own. RTNL may not be held.
unsafe extern "C" fn fill_info<B: Master, L: Link<B>>(
    skb: *mut bindings::sk_buff,
    dev: *const bindings::net_device,
) -> c_int {
    // SAFETY: A device of which messages tell is initialised, and alive for the call; so is the
    // message, which is nobody else's.
    let (bond, skb) = unsafe { (Private::<B>::own(dev.cast_mut()), &mut *skb) };
    // INVARIANT: As said above.
    filled(L::fill(bond, &mut Message(skb)))
}

/// Room for the extended statistics of a device (`get_linkxstats_size`).
///
/// # Safety
///
/// Called by the kernel only.
unsafe extern "C" fn get_linkxstats_size<B: Master, L: Link<B>>(
    _dev: *const bindings::net_device,
    attr: c_int,
) -> usize {
    match u32::try_from(attr) {
        Ok(bindings::IFLA_STATS_LINK_XSTATS | bindings::IFLA_STATS_LINK_XSTATS_SLAVE) => {
            L::xstats_size()
        }
        _ => 0,
    }
}

/// Writes the extended statistics of a device of ours, or of a slave of one (`fill_linkxstats`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a message of its own.
unsafe extern "C" fn fill_linkxstats<B: Master, L: Link<B>>(
    skb: *mut bindings::sk_buff,
    dev: *const bindings::net_device,
    _prividx: *mut c_int,
    attr: c_int,
) -> c_int {
    // SAFETY: RTNL is held, the device is alive; the message is alive, and nobody else's.
    let (rtnl, dev, skb) = unsafe {
        (
            Rtnl::assume(),
            NetDevice::from_raw(dev.cast_mut()),
            &mut *skb,
        )
    };
    let slave = u32::try_from(attr) == Ok(bindings::IFLA_STATS_LINK_XSTATS_SLAVE);
    // INVARIANT: As said above.
    let mut message = Message(skb);
    filled(if slave {
        match port_of::<B>(&rtnl, dev) {
            Some((bond, port)) => L::fill_xstats(&rtnl, bond, Some(&port), &mut message),
            None => Ok(()),
        }
    } else {
        match bond_of::<B>(&rtnl, dev) {
            Some(bond) => L::fill_xstats(&rtnl, bond, None, &mut message),
            None => Ok(()),
        }
    })
}

/// The port between a device of ours and a device below it.
///
/// # Safety
///
/// Both must be alive, and RTNL held; the first must be one of our devices.
unsafe fn port_below<B: Master>(
    dev: *const bindings::net_device,
    slave: *const bindings::net_device,
) -> Option<PortRef<B::Slave>> {
    // SAFETY: RTNL keeps the devices linked, if they are. What lies between one of our devices and
    // a slave is a port, of which `UpperLink` keeps a count as long as they are linked.
    unsafe {
        let port = bindings::netdev_lower_dev_get_private(dev.cast_mut(), slave.cast_mut());
        Some(PortRef::from_ptr(NonNull::new(
            port.cast::<Port<B::Slave>>(),
        )?))
    }
}

/// Applies attributes to a slave (`slave_changelink`).
///
/// # Safety
///
/// Called by the kernel only, with a device and a slave below it.
unsafe extern "C" fn slave_changelink<B: Master, L: Link<B>>(
    dev: *mut bindings::net_device,
    slave: *mut bindings::net_device,
    _tb: *mut *mut bindings::nlattr,
    data: *mut *mut bindings::nlattr,
    extack: *mut bindings::netlink_ext_ack,
) -> c_int {
    // SAFETY: RTNL is held, both devices are alive, and the first is ours; the table is null or
    // valid for the call, as is the place for texts.
    let (rtnl, dev, port, attrs, extack) = unsafe {
        (
            Rtnl::assume(),
            NetDevice::from_raw(dev),
            port_below::<B>(dev, slave),
            Attrs::from_raw(data, SLAVE_MAX),
            ExtAck::from_raw(extack),
        )
    };
    from_result(|| {
        let Some(attrs) = attrs else { return Ok(0) };
        let bond = bond_of::<B>(&rtnl, dev).ok_or(ENODEV)?;
        let port = port.ok_or(ENODEV)?;
        L::change_slave(&rtnl, bond, &port, &attrs, &extack).map(|()| 0)
    })
}

/// Room for the attributes of a slave (`get_slave_size`).
///
/// # Safety
///
/// Called by the kernel only. RTNL may not be held.
unsafe extern "C" fn get_slave_size<B: Master, L: Link<B>>(
    _dev: *const bindings::net_device,
    _slave: *const bindings::net_device,
) -> usize {
    L::slave_size()
}

/// Writes the attributes of a slave (`fill_slave_info`).
///
/// # Safety
///
/// Called by the kernel only, with a device and a slave below it, and a message of its own.
unsafe extern "C" fn fill_slave_info<B: Master, L: Link<B>>(
    skb: *mut bindings::sk_buff,
    dev: *const bindings::net_device,
    slave: *const bindings::net_device,
) -> c_int {
    // SAFETY: RTNL is held, both devices are alive, and the first is ours; the message is alive,
    // and nobody else's.
    let (rtnl, dev, port, skb) = unsafe {
        (
            Rtnl::assume(),
            NetDevice::from_raw(dev.cast_mut()),
            port_below::<B>(dev, slave),
            &mut *skb,
        )
    };
    let Some((bond, port)) = bond_of::<B>(&rtnl, dev).zip(port) else {
        return 0;
    };
    // INVARIANT: As said above.
    filled(L::fill_slave(&rtnl, bond, &port, &mut Message(skb)))
}
