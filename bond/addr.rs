// SPDX-License-Identifier: GPL-2.0

//! Names and hardware addresses of network devices, as plain values.

#![forbid(unsafe_code)]

use core::fmt;

/// Bytes of an interface name with its terminating NUL (`IFNAMSIZ`).
pub(crate) const IFNAMSIZ: usize = 16;

/// Longest hardware address in bytes (`MAX_ADDR_LEN`).
pub(crate) const MAX_ADDR_LEN: usize = 32;

/// Tells whether the kernel's `isspace()` holds for `byte`: tab to carriage return, space, and the
/// no-break space of Latin-1.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, 9..=13 | b' ' | 0xa0)
}

/// Returns `text` up to its first NUL or the end, as a C string function sees it.
pub(crate) fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|&b| b == 0).next().unwrap_or(&[])
}

/// Returns the first word of `text` after skipping white space, cut at `max` bytes: what the
/// `sscanf()` conversion `%<max>s` stores; empty when there is no word.
pub(crate) fn first_word(text: &[u8], max: usize) -> &[u8] {
    until_nul(text)
        .split(|&b| is_space(b))
        .find(|word| !word.is_empty())
        .map_or(&[], |word| word.get(..max).unwrap_or(word))
}

/// Bytes from user space, for messages and text files.
///
/// UTF-8 is written as it is; a byte which is not part of valid UTF-8 is written as `\xNN`, since
/// the formatting machinery can't carry it.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            f.write_str(chunk.valid())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// The name of a network device: at most 15 bytes, none of them NUL.
///
/// # Invariants
///
/// All bytes from the first NUL on are NUL, and the last one is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct IfName {
    /// The name, padded with NUL.
    bytes: [u8; IFNAMSIZ],
}

impl IfName {
    /// The empty name, which no device has.
    pub(crate) const EMPTY: IfName = IfName {
        bytes: [0; IFNAMSIZ],
    };

    /// Makes a name of the bytes before the first NUL, cut at 15 bytes as the C driver does.
    pub(crate) fn from_bytes(name: &[u8]) -> IfName {
        let mut bytes = [0; IFNAMSIZ];
        let source = until_nul(name).iter();
        for (to, from) in bytes.iter_mut().take(IFNAMSIZ - 1).zip(source) {
            *to = *from;
        }
        // INVARIANT: At most the first 15 bytes were written, without a gap and none of them NUL.
        IfName { bytes }
    }

    /// Returns the name without the padding.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        until_nul(&self.bytes)
    }

    /// Returns all 16 bytes, the last of which is NUL: fit for a C function.
    pub(crate) const fn as_array(&self) -> &[u8; IFNAMSIZ] {
        &self.bytes
    }

    /// Tells whether the name is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

/// Tells whether a device may be called `name`: 1 to 15 bytes, neither `.` nor `..`, without `/`,
/// `:` and white space (the rules of `dev_valid_name()`).
pub(crate) fn is_valid_ifname(name: &[u8]) -> bool {
    !name.is_empty()
        && name.len() < IFNAMSIZ
        && name != b"."
        && name != b".."
        && !name
            .iter()
            .any(|&b| b == 0 || b == b'/' || b == b':' || is_space(b))
}

impl fmt::Display for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Text(self.as_bytes()).fmt(f)
    }
}

impl fmt::Debug for IfName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IfName({self})")
    }
}

/// The hardware address of a device: 0 to 32 bytes.
///
/// # Invariants
///
/// `len` is at most [`MAX_ADDR_LEN`], and the bytes from `len` on are zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct HwAddr {
    /// Number of valid bytes (`addr_len`).
    len: u8,
    /// The address, padded with zeros.
    bytes: [u8; MAX_ADDR_LEN],
}

impl HwAddr {
    /// The address without a byte.
    pub(crate) const EMPTY: HwAddr = HwAddr {
        len: 0,
        bytes: [0; MAX_ADDR_LEN],
    };

    /// Makes an address of `source`, cut at 32 bytes.
    pub(crate) fn from_slice(source: &[u8]) -> HwAddr {
        let mut addr = HwAddr::EMPTY;
        for (to, from) in addr.bytes.iter_mut().zip(source) {
            *to = *from;
            // INVARIANT: One more per byte written, of which there are at most 32.
            addr.len = addr.len.saturating_add(1);
        }
        addr
    }

    /// Makes an Ethernet address.
    pub(crate) const fn ether(mac: [u8; 6]) -> HwAddr {
        let mut bytes = [0; MAX_ADDR_LEN];
        [bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5]] = mac;
        // INVARIANT: Six bytes were written.
        HwAddr { len: 6, bytes }
    }

    /// Returns the valid bytes.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Tells whether every byte is zero.
    pub(crate) fn is_zero(&self) -> bool {
        self.bytes.iter().all(|&b| b == 0)
    }

    /// Tells whether the group bit is set (multicast and broadcast).
    pub(crate) fn is_multicast(&self) -> bool {
        self.as_bytes().first().is_some_and(|b| b & 1 != 0)
    }

    /// Tells whether this can be the address of an Ethernet station: 6 bytes, neither a group
    /// address nor all zero (`is_valid_ether_addr()`).
    pub(crate) fn is_valid_ether(&self) -> bool {
        self.len == 6 && !self.is_multicast() && !self.is_zero()
    }
}

impl fmt::Display for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.as_bytes().iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for HwAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HwAddr({self})")
    }
}
