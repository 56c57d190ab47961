// SPDX-License-Identifier: GPL-2.0

//! Why an option was not set: error numbers, and the words for the log and for netlink.

#![forbid(unsafe_code)]

use core::{
    ffi::CStr,
    fmt, //
};

use super::{
    OptionDef,
    OptionId,
    Value, //
};
use crate::bond::params::Mode;

/// Numbers of the errors below, as in
/// [`include/uapi/asm-generic/errno-base.h`](srctree/include/uapi/asm-generic/errno-base.h).
mod errno {
    /// Operation not permitted.
    pub(super) const EPERM: i32 = 1;
    /// Out of memory.
    pub(super) const ENOMEM: i32 = 12;
    /// Permission denied.
    pub(super) const EACCES: i32 = 13;
    /// Device or resource busy.
    pub(super) const EBUSY: i32 = 16;
    /// No such device.
    pub(super) const ENODEV: i32 = 19;
    /// Invalid argument.
    pub(super) const EINVAL: i32 = 22;
    /// Directory not empty.
    pub(super) const ENOTEMPTY: i32 = 39;
    /// Operation not supported on transport endpoint.
    pub(super) const EOPNOTSUPP: i32 = 95;
}

/// Why an option was not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OptError {
    /// The value is not one of those allowed (`EINVAL`).
    Invalid,
    /// The mode of the bond refuses the option (`EACCES`).
    ModeDependency,
    /// The bond has slaves (`ENOTEMPTY`).
    HasSlaves,
    /// The bond is up (`EBUSY`).
    IsUp,
    /// There is no interface of that name (`ENODEV`).
    NoDevice,
    /// Not permitted, without explanation (`EPERM`).
    NotPermitted,
    /// A delay makes no sense without `miimon` (`EPERM`).
    MiiDisabled,
    /// The text is neither `+name` nor `-name` (`EPERM`).
    NoCommand,
    /// The text has no IPv4 address (`EPERM`).
    NoTarget,
    /// The text is neither `+address` nor `-address` (`EPERM`).
    NoTargetCommand,
    /// The bond or its devices can't do this (`EOPNOTSUPP`).
    NotSupported,
    /// Out of memory (`ENOMEM`).
    NoMemory,
    /// Another error, as a positive number.
    Errno(i32),
}

impl OptError {
    /// Returns the error for a number, which may be positive or negative.
    ///
    /// As in the C driver, an error from deeper down (`EBUSY` of an enslavement, say) is explained
    /// like the option's own.
    pub(crate) fn from_errno(errno: i32) -> OptError {
        match errno.saturating_abs() {
            errno::EINVAL => OptError::Invalid,
            errno::EACCES => OptError::ModeDependency,
            errno::ENOTEMPTY => OptError::HasSlaves,
            errno::EBUSY => OptError::IsUp,
            errno::ENODEV => OptError::NoDevice,
            errno::EPERM => OptError::NotPermitted,
            errno::EOPNOTSUPP => OptError::NotSupported,
            errno::ENOMEM => OptError::NoMemory,
            other => OptError::Errno(other),
        }
    }

    /// Returns the number of the error, positive.
    pub(crate) fn errno(&self) -> i32 {
        match self {
            OptError::Invalid => errno::EINVAL,
            OptError::ModeDependency => errno::EACCES,
            OptError::HasSlaves => errno::ENOTEMPTY,
            OptError::IsUp => errno::EBUSY,
            OptError::NoDevice => errno::ENODEV,
            OptError::NotPermitted
            | OptError::MiiDisabled
            | OptError::NoCommand
            | OptError::NoTarget
            | OptError::NoTargetCommand => errno::EPERM,
            OptError::NotSupported => errno::EOPNOTSUPP,
            OptError::NoMemory => errno::ENOMEM,
            OptError::Errno(errno) => errno.saturating_abs(),
        }
    }

    /// Returns the line for the log (level error, after `<bond>: `), if there is one.
    ///
    /// `value` is what was asked for: the text as written, or the number of a netlink attribute.
    pub(crate) fn explain<'a>(
        &self,
        def: &'static OptionDef,
        value: Option<Value<'a>>,
        mode: Mode,
    ) -> Option<Explain<'a>> {
        let normal = match self {
            OptError::Errno(errno) => OptError::from_errno(*errno),
            other => *other,
        };
        let has_line = match normal {
            OptError::Invalid => value.is_some(),
            OptError::ModeDependency => def.is_unsupported(mode),
            OptError::NoDevice => matches!(value, Some(Value::Raw(_))),
            OptError::MiiDisabled => delay_words(def.id).is_some(),
            OptError::HasSlaves
            | OptError::IsUp
            | OptError::NoCommand
            | OptError::NoTarget
            | OptError::NoTargetCommand => true,
            OptError::NotPermitted
            | OptError::NotSupported
            | OptError::NoMemory
            | OptError::Errno(_) => false,
        };
        has_line.then_some(Explain {
            error: normal,
            def,
            value: value.unwrap_or(Value::Raw(&[])),
            mode,
        })
    }

    /// Returns the second line for the log (level error), which says what would be accepted.
    ///
    /// For an option with a range it is the C driver's line; for one with keywords alone, where
    /// that driver says nothing, it lists them.
    pub(crate) fn allowed(&self, def: &'static OptionDef) -> Option<Allowed> {
        let invalid = self.errno() == errno::EINVAL;
        (invalid && !def.raw && !def.keywords.is_empty()).then_some(Allowed { def })
    }

    /// Returns the text for a netlink answer, if there is one.
    pub(crate) fn extack(&self, def: &OptionDef, mode: Mode) -> Option<&'static CStr> {
        match self.errno() {
            errno::EINVAL => Some(c"invalid option value"),
            errno::EACCES if def.is_unsupported(mode) => Some(c"option not supported in mode"),
            errno::ENOTEMPTY => Some(c"unable to set option because the bond device has slaves"),
            errno::EBUSY => Some(c"unable to set option because the bond is up"),
            errno::ENODEV => Some(c"interface does not exist"),
            _ => None,
        }
    }
}

/// Returns the words for a delay option in messages.
const fn delay_words(id: OptionId) -> Option<&'static str> {
    match id {
        OptionId::DownDelay => Some("down delay"),
        OptionId::UpDelay => Some("up delay"),
        OptionId::PeerNotifDelay => Some("peer notification delay"),
        _ => None,
    }
}

/// Displays why an option was not set.
#[derive(Clone, Copy)]
pub(crate) struct Explain<'a> {
    /// What went wrong; never [`OptError::Errno`] with a number which has a variant of its own.
    error: OptError,
    /// The option.
    def: &'static OptionDef,
    /// What it was given.
    value: Value<'a>,
    /// The mode of the bond.
    mode: Mode,
}

impl fmt::Display for Explain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.def.name;
        let value = &self.value;
        match self.error {
            OptError::Invalid => write!(f, "option {name}: invalid value ({value})"),
            OptError::ModeDependency => write!(
                f,
                "option {name}: mode dependency failed, not supported in mode {}({})",
                self.mode.keyword(),
                self.mode.as_u8()
            ),
            OptError::HasSlaves => write!(
                f,
                "option {name}: unable to set because the bond device has slaves"
            ),
            OptError::IsUp => write!(
                f,
                "option {name}: unable to set because the bond device is up"
            ),
            OptError::NoDevice => write!(f, "option {name}: interface {value} does not exist!"),
            OptError::MiiDisabled => write!(
                f,
                "Unable to set {} as MII monitoring is disabled",
                delay_words(self.def.id).unwrap_or(name)
            ),
            OptError::NoCommand => write!(
                f,
                "no command found in {name} file - use +ifname or -ifname"
            ),
            OptError::NoTarget => f.write_str("invalid ARP target specified"),
            OptError::NoTargetCommand => {
                f.write_str("no command found in arp_ip_targets file - use +<addr> or -<addr>")
            }
            OptError::NotPermitted
            | OptError::NotSupported
            | OptError::NoMemory
            | OptError::Errno(_) => {
                write!(f, "option {name}: error {}", self.error.errno())
            }
        }
    }
}

/// Displays which values an option takes.
#[derive(Clone, Copy)]
pub(crate) struct Allowed {
    /// The option.
    def: &'static OptionDef,
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let def = self.def;
        write!(f, "option {}: allowed values ", def.name)?;
        if let Some(max) = def.max {
            return write!(f, "{} - {max}", def.min);
        }
        for (index, keyword) in def.keywords.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} ({})", keyword.word, keyword.value)?;
        }
        Ok(())
    }
}
