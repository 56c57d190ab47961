// SPDX-License-Identifier: GPL-2.0

//! The grammar of options: bytes to values.

#![forbid(unsafe_code)]

use core::{
    fmt,
    net::Ipv4Addr, //
};

use super::{
    OptError,
    OptionDef, //
};
use crate::{
    bond::addr::{
        first_word,
        is_space,
        is_valid_ifname,
        until_nul,
        IfName,
        Text, //
    },
    monitor::targets::parse_ip4, //
};

/// Longest word compared with keywords, in bytes (`BOND_OPT_MAX_NAMELEN`).
const MAX_WORD: usize = 32;

/// What an option was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A number.
    Num(u64),
    /// Text: of a raw option after parsing, or as it was written, for a message.
    Raw(&'a [u8]),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Num(num) => num.fmt(f),
            Value::Raw(text) => Text(cut(text)).fmt(f),
        }
    }
}

/// Returns `text` up to its first newline or NUL.
fn cut(text: &[u8]) -> &[u8] {
    until_nul(text).split(|&b| b == b'\n').next().unwrap_or(&[])
}

/// Reads the decimal number at the start of `text`, after white space; `None` without a digit,
/// and for a number beyond 64 bits.
fn decimal(text: &[u8]) -> Option<u64> {
    let mut number = None;
    for digit in text
        .iter()
        .skip_while(|&&b| is_space(b))
        .take_while(|b| b.is_ascii_digit())
    {
        let value = u64::from(digit.wrapping_sub(b'0'));
        number = Some(number.unwrap_or(0u64).checked_mul(10)?.checked_add(value)?);
    }
    number
}

/// Returns the number of a netlink attribute of four bytes, which passes through an `int`: above
/// `INT_MAX` it becomes a number that no option takes.
pub(crate) fn netlink_u32(attr: u32) -> u64 {
    // CAST: Sign extension, as the conversion from `int` to `u64` in C.
    i64::from(attr as i32) as u64
}

impl OptionDef {
    /// Parses what was written to the option's file or module parameter.
    ///
    /// Text is cut at the first newline or NUL. If it consists of digits and white space alone,
    /// its first number counts. Otherwise its first word, cut at 32 bytes, must be a keyword, or
    /// `default` where there is one. A raw option takes anything; its text is returned up to the
    /// first NUL, with newlines.
    pub(crate) fn parse<'a>(&self, text: &'a [u8]) -> Result<Value<'a>, OptError> {
        if self.raw {
            return Ok(Value::Raw(until_nul(text)));
        }
        let text = cut(text);
        if text.iter().all(|&b| b.is_ascii_digit() || is_space(b)) {
            return self.parse_num(decimal(text).ok_or(OptError::Invalid)?);
        }
        let word = first_word(text, MAX_WORD);
        self.keywords
            .iter()
            .find(|kw| kw.word.as_bytes() == word || (kw.default && word == b"default"))
            .map(|kw| Value::Num(kw.value))
            .ok_or(OptError::Invalid)
    }

    /// Checks a number: it must be that of a keyword, or in the range if there is one.
    ///
    /// A raw option takes no number.
    pub(crate) fn parse_num<'a>(&self, num: u64) -> Result<Value<'a>, OptError> {
        let listed = self.keywords.iter().any(|kw| kw.value == num);
        let in_range = self.max.is_some_and(|max| self.min <= num && num <= max);
        if !self.raw && (listed || in_range) {
            Ok(Value::Num(num))
        } else {
            Err(OptError::Invalid)
        }
    }
}

/// Whether a device is to be added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sign {
    /// `+`: add.
    Plus,
    /// `-`: remove.
    Minus,
}

/// Parses what is written to `slaves` and to `bonding_masters`: the first word, cut at 16 bytes,
/// is a sign and a name (so a longer name is cut at 15 bytes).
///
/// Anything else is [`OptError::NoCommand`].
pub(crate) fn parse_slaves_cmd(text: &[u8]) -> Result<(Sign, IfName), OptError> {
    let (sign, name) = match first_word(text, 16) {
        [b'+', name @ ..] => (Sign::Plus, name),
        [b'-', name @ ..] => (Sign::Minus, name),
        _ => return Err(OptError::NoCommand),
    };
    if !is_valid_ifname(name) {
        return Err(OptError::NoCommand);
    }
    Ok((sign, IfName::from_bytes(name)))
}

/// Parses what is written to `ad_actor_system`: six bytes in hexadecimal, two digits each, with
/// colons between; what follows is ignored (the rules of `mac_pton()`).
///
/// A group address is [`OptError::Invalid`], as is anything else.
pub(crate) fn parse_mac(text: &[u8]) -> Result<[u8; 6], OptError> {
    let mut mac = [0; 6];
    let mut groups = until_nul(text).chunks(3);
    for (at, byte) in mac.iter_mut().enumerate() {
        let (high, low) = match groups.next() {
            Some(&[high, low, b':']) => (high, low),
            Some(&[high, low, ..]) if at == 5 => (high, low),
            _ => return Err(OptError::Invalid),
        };
        let digit = |digit: u8| char::from(digit).to_digit(16);
        let value = digit(high).zip(digit(low));
        let value = value.and_then(|(high, low)| u8::try_from((high << 4) | low).ok());
        *byte = value.ok_or(OptError::Invalid)?;
    }
    let [first, ..] = mac;
    if first & 1 != 0 {
        return Err(OptError::Invalid);
    }
    Ok(mac)
}

/// Parses what is written to `arp_ip_target`: a sign and an IPv4 address; what follows is ignored,
/// unless it is a hexadecimal digit or a dot.
///
/// Without an address it is [`OptError::NoTarget`], with one but no sign
/// [`OptError::NoTargetCommand`].
pub(crate) fn parse_arp_target(text: &[u8]) -> Result<(Sign, Ipv4Addr), OptError> {
    let (sign, address) = until_nul(text).split_first().ok_or(OptError::NoTarget)?;
    let target = parse_ip4(address).ok_or(OptError::NoTarget)?;
    match sign {
        b'+' => Ok((Sign::Plus, target)),
        b'-' => Ok((Sign::Minus, target)),
        _ => Err(OptError::NoTargetCommand),
    }
}

/// Parses what is written to `queue_id`: a name up to the colon, then a decimal number up to
/// 65535; what follows is ignored.
///
/// Whether the device is a slave and the queue exists and is free is for the bond to check; as
/// here, the error is [`OptError::NotPermitted`].
pub(crate) fn parse_queue_id(text: &[u8]) -> Result<(IfName, u16), OptError> {
    let text = until_nul(text);
    let colon = text.iter().position(|&b| b == b':');
    let (name, rest) = colon
        .and_then(|at| text.split_at_checked(at))
        .ok_or(OptError::NotPermitted)?;
    let number = rest.get(1..).and_then(decimal);
    let queue = number.and_then(|number| u16::try_from(number).ok());
    match queue {
        Some(queue) if is_valid_ifname(name) => Ok((IfName::from_bytes(name), queue)),
        _ => Err(OptError::NotPermitted),
    }
}

/// Parses what is written to `primary`: everything up to the newline is the name, cut at 15
/// bytes; `None` if that is empty, which clears it.
pub(crate) fn parse_primary(text: &[u8]) -> Option<IfName> {
    let name = IfName::from_bytes(cut(text));
    (!name.is_empty()).then_some(name)
}

/// Parses what is written to `active_slave`: the first word, cut at 15 bytes, is the name; `None`
/// if there is no word or the text starts with a newline, which has the driver choose anew.
pub(crate) fn parse_active_slave(text: &[u8]) -> Option<IfName> {
    if text.first() == Some(&b'\n') {
        return None;
    }
    let name = IfName::from_bytes(first_word(text, 15));
    (!name.is_empty()).then_some(name)
}
