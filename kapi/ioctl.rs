// SPDX-License-Identifier: GPL-2.0

//! The ioctls of a bond: those of its own (`ifenslave` of old), under their present and their
//! legacy numbers, and the two that ask for a register of an MII.
//!
//! C headers: [`include/uapi/linux/if_bonding.h`](srctree/include/uapi/linux/if_bonding.h),
//! [`include/uapi/linux/mii.h`](srctree/include/uapi/linux/mii.h)

use super::{
    bindings,
    master::{
        Master,
        Private, //
    },
    net_device::NetDevice,
    rtnl::Rtnl, //
};
use crate::bond::addr::IfName;
use core::{
    mem::offset_of,
    ptr::addr_of_mut, //
};
use kernel::{
    error::from_result,
    ffi::{
        c_int,
        c_void, //
    },
    prelude::*,
    uaccess::{
        UserPtr,
        UserSlice, //
    },
};

/// What can be done to a bond and a device.
#[derive(Clone, Copy)]
pub(crate) enum Command {
    /// The device becomes a slave.
    Enslave,
    /// The device, a slave, is released.
    Release,
    /// The bond gets the device's MAC address.
    TakeMac,
    /// The device, a slave, becomes the active one.
    Activate,
}

/// What can be asked about a bond (`struct ifbond`).
pub(crate) struct BondInfo {
    /// The mode's number.
    pub(crate) mode: u8,
    /// How many slaves there are.
    pub(crate) slaves: usize,
    /// Option `miimon` in ms.
    pub(crate) miimon: u32,
}

/// What can be asked about a slave (`struct ifslave`).
pub(crate) struct SlaveInfo {
    /// Name of the device.
    pub(crate) name: IfName,
    /// State of the link (`BOND_LINK_*`).
    pub(crate) link: u8,
    /// Whether it is a backup and not active.
    pub(crate) backup: bool,
    /// How often the link went down.
    pub(crate) failures: u32,
}

/// A bond that can be controlled by ioctls.
pub(crate) trait Ioctl {
    /// Obeys a command. The caller may configure the network.
    fn command(&self, rtnl: &Rtnl, command: Command, dev: &NetDevice) -> Result;

    /// Tells about the bond.
    fn bond_info(&self) -> BondInfo;

    /// Tells about the slave at a position, counted from 0; [`None`] if there is none.
    fn slave_info(&self, position: usize) -> Option<SlaveInfo>;
}

/// What an ioctl wants.
#[derive(Clone, Copy)]
enum Request {
    /// Something is to be done.
    Command(Command),
    /// The answer is a `struct ifbond`.
    BondInfo,
    /// The answer is a `struct ifslave`.
    SlaveInfo,
}

impl Request {
    /// What the ioctl with this number, present or legacy, wants; [`None`] if it isn't ours.
    fn of(number: c_int) -> Option<Self> {
        Some(match u32::try_from(number).ok()? {
            bindings::SIOCBONDENSLAVE | bindings::BOND_ENSLAVE_OLD => {
                Self::Command(Command::Enslave)
            }
            bindings::SIOCBONDRELEASE | bindings::BOND_RELEASE_OLD => {
                Self::Command(Command::Release)
            }
            bindings::SIOCBONDSETHWADDR | bindings::BOND_SETHWADDR_OLD => {
                Self::Command(Command::TakeMac)
            }
            bindings::SIOCBONDCHANGEACTIVE | bindings::BOND_CHANGE_ACTIVE_OLD => {
                Self::Command(Command::Activate)
            }
            bindings::SIOCBONDINFOQUERY | bindings::BOND_INFO_QUERY_OLD => Self::BondInfo,
            bindings::SIOCBONDSLAVEINFOQUERY | bindings::BOND_SLAVE_INFO_QUERY_OLD => {
                Self::SlaveInfo
            }
            _ => return None,
        })
    }
}

/// Reads `N` bytes of the calling program, has `f` change them, and writes them back unless it
/// fails.
pub(super) fn exchange<const N: usize>(
    data: UserPtr,
    f: impl FnOnce(&mut [u8; N]) -> Result,
) -> Result {
    let mut bytes = [0; N];
    let (mut reader, mut writer) = UserSlice::new(data, N).reader_writer();
    reader.read_slice(&mut bytes)?;
    f(&mut bytes)?;
    writer.write_slice(&bytes)
}

/// Writes `value` into `bytes` from `at` on.
fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    for (to, from) in bytes.iter_mut().skip(at).zip(value) {
        *to = *from;
    }
}

/// Answers with a `struct ifbond` at `data`.
fn tell_bond(bond: &impl Ioctl, data: UserPtr) -> Result {
    exchange::<{ size_of::<bindings::ifbond>() }>(data, |bytes| {
        let info = bond.bond_info();
        let slaves = i32::try_from(info.slaves).unwrap_or(i32::MAX);
        let miimon = i32::try_from(info.miimon).unwrap_or(i32::MAX);
        for (at, value) in [
            (
                offset_of!(bindings::ifbond, bond_mode),
                i32::from(info.mode),
            ),
            (offset_of!(bindings::ifbond, num_slaves), slaves),
            (offset_of!(bindings::ifbond, miimon), miimon),
        ] {
            put(bytes, at, &value.to_ne_bytes());
        }
        Ok(())
    })
}

/// Completes the `struct ifslave` at `data`, which names a slave by its position. `ENODEV` if there
/// is none.
fn tell_slave(bond: &impl Ioctl, data: UserPtr) -> Result {
    exchange::<{ size_of::<bindings::ifslave>() }>(data, |bytes| {
        const { assert!(offset_of!(bindings::ifslave, slave_id) == 0) };
        let id = bytes.first_chunk().copied().map(i32::from_ne_bytes);
        let position = id.and_then(|id| usize::try_from(id).ok());
        let info = position.and_then(|at| bond.slave_info(at)).ok_or(ENODEV)?;
        let name = info.name.as_array();
        put(bytes, offset_of!(bindings::ifslave, slave_name), name);
        put(bytes, offset_of!(bindings::ifslave, link), &[info.link]);
        let state = u8::from(info.backup);
        put(bytes, offset_of!(bindings::ifslave, state), &[state]);
        let failures = info.failures.to_ne_bytes();
        let at = offset_of!(bindings::ifslave, link_failure_count);
        put(bytes, at, &failures);
        Ok(())
    })
}

/// Finds the device that a command names, and has the bond obey: `EPERM` if the caller may not
/// configure the network of the bond, `ENODEV` if there is no such device.
fn obey<B: Ioctl>(
    rtnl: &Rtnl,
    bond: &B,
    dev: &NetDevice,
    command: Command,
    name: [kernel::ffi::c_char; 16],
) -> Result {
    // SAFETY: The device is alive.
    if !unsafe { bindings::bonding_net_admin(dev.as_ptr()) } {
        return Err(EPERM);
    }
    // A name that fills its field is too long to be one.
    if !name.contains(&0) {
        return Err(ENODEV);
    }
    let name = IfName::from_bytes(&name);
    let slave = dev.sibling(rtnl, &name).ok_or(ENODEV)?;
    bond.command(rtnl, command, &slave)
}

/// Does what an ioctl wants; `data` is the program's memory that it names.
///
/// # Safety
///
/// `dev` must be one of our devices, registered, `ifr` valid; RTNL must be held.
unsafe fn serve<B: Master>(
    dev: *mut bindings::net_device,
    ifr: *const bindings::ifreq,
    data: UserPtr,
    number: c_int,
) -> Result {
    let request = Request::of(number).ok_or(EOPNOTSUPP)?;
    // SAFETY: Required of the caller.
    let (rtnl, bond, dev) = unsafe {
        (
            Rtnl::assume(),
            Private::<B>::own(dev),
            NetDevice::from_raw(dev),
        )
    };
    match request {
        Request::BondInfo => tell_bond(bond, data),
        Request::SlaveInfo => tell_slave(bond, data),
        Request::Command(command) => {
            // SAFETY: The request is valid, and all of it was initialised by the kernel.
            let name = unsafe { (*ifr).ifr_ifru.ifru_slave };
            obey(&rtnl, bond, dev, command, name)
        }
    }
}

/// An ioctl of bonds (`ndo_siocbond`).
///
/// # Safety
///
/// Called by the kernel only, under RTNL, with a request in its own memory.
pub(super) unsafe extern "C" fn siocbond<B: Master>(
    dev: *mut bindings::net_device,
    ifr: *mut bindings::ifreq,
    number: c_int,
) -> c_int {
    // SAFETY: By the requirement.
    from_result(|| unsafe {
        let data = UserPtr::from_ptr((*ifr).ifr_ifru.ifru_data);
        serve::<B>(dev, ifr, data, number).map(|()| 0)
    })
}

/// An ioctl of bonds under its legacy number (`ndo_siocdevprivate`). A 32-bit program's pointer
/// comes as `data`, fit for us.
///
/// # Safety
///
/// As for [`siocbond`].
pub(super) unsafe extern "C" fn siocdevprivate<B: Master>(
    dev: *mut bindings::net_device,
    ifr: *mut bindings::ifreq,
    data: *mut c_void,
    number: c_int,
) -> c_int {
    // SAFETY: By the requirement.
    from_result(|| unsafe { serve::<B>(dev, ifr, UserPtr::from_ptr(data), number).map(|()| 0) })
}

/// Answers as the MII that a bond hasn't got would (`ndo_eth_ioctl`): its one register says
/// whether the bond has carrier.
///
/// # Safety
///
/// As for [`siocbond`].
pub(super) unsafe extern "C" fn eth_ioctl(
    dev: *mut bindings::net_device,
    ifr: *mut bindings::ifreq,
    number: c_int,
) -> c_int {
    let asks_address = match u32::try_from(number) {
        Ok(bindings::SIOCGMIIPHY) => true,
        Ok(bindings::SIOCGMIIREG) => false,
        _ => return EOPNOTSUPP.to_errno(),
    };
    // SAFETY: The request is valid, and for these ioctls holds this struct (`if_mii()`), which has
    // a place in the union. The device is alive.
    unsafe {
        let mii = addr_of_mut!((*ifr).ifr_ifru).cast::<bindings::mii_ioctl_data>();
        if asks_address {
            (*mii).phy_id = 0;
        }
        if u32::from((*mii).reg_num) == bindings::MII_BMSR {
            let carrier = NetDevice::from_raw(dev).has_carrier();
            (*mii).val_out = if carrier {
                bindings::BMSR_LSTATUS as u16
            } else {
                0
            };
        }
    }
    0
}
