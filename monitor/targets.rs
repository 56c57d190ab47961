// SPDX-License-Identifier: GPL-2.0

//! The hosts that the ARP monitor asks for: a list of IPv4 and one of IPv6 addresses.

#![forbid(unsafe_code)]

use core::{
    fmt,
    net::{
        Ipv4Addr,
        Ipv6Addr, //
    },
};

/// Most targets of a kind (`BOND_MAX_ARP_TARGETS`, `BOND_MAX_NS_TARGETS`).
pub(crate) const MAX: usize = 16;

/// An address that can be a target.
pub(crate) trait Target: Copy + PartialEq + fmt::Display {
    /// What fills places that hold no target.
    const NONE: Self;
    /// The kind of question that it is asked, for messages.
    const KIND: &'static str;

    /// Whether it is the address of one host that can be asked.
    fn is_allowed(&self) -> bool;
}

impl Target for Ipv4Addr {
    const NONE: Self = Ipv4Addr::UNSPECIFIED;
    const KIND: &'static str = "ARP";

    fn is_allowed(&self) -> bool {
        !self.is_unspecified() && !self.is_broadcast()
    }
}

impl Target for Ipv6Addr {
    const NONE: Self = Ipv6Addr::UNSPECIFIED;
    const KIND: &'static str = "NS";

    fn is_allowed(&self) -> bool {
        !self.is_unspecified() && !self.is_loopback() && !self.is_multicast()
    }
}

/// Up to [`MAX`] different targets, in the order in which they were added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List<A> {
    /// The targets, and then nothing but [`Target::NONE`].
    slots: [A; MAX],
}

impl<A: Target> List<A> {
    /// No targets.
    pub(crate) const EMPTY: Self = Self {
        slots: [A::NONE; MAX],
    };

    /// Iterates over the targets; the n-th is that of index n.
    pub(crate) fn iter(&self) -> impl Iterator<Item = A> + '_ {
        let targets = self.slots.iter().copied();
        targets.take_while(|&target| target != A::NONE)
    }

    /// Whether there is no target.
    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// How many targets there are.
    pub(crate) fn len(&self) -> usize {
        self.iter().count()
    }

    /// Adds a target behind the others, and returns its index.
    pub(crate) fn add(&mut self, target: A) -> Result<usize, Refused<A>> {
        if !target.is_allowed() {
            return Err(Refused::Invalid(target, "addition"));
        }
        if self.iter().any(|other| other == target) {
            return Err(Refused::Present(target));
        }
        let at = self.len();
        *self.slots.get_mut(at).ok_or(Refused::Full)? = target;
        Ok(at)
    }

    /// Removes a target, and returns the index it had; those behind it move up by one.
    pub(crate) fn remove(&mut self, target: A) -> Result<usize, Refused<A>> {
        if !target.is_allowed() {
            return Err(Refused::Invalid(target, "removal"));
        }
        let found = self.iter().position(|other| other == target);
        let at = found.ok_or(Refused::Absent(target))?;
        if let Some(rest) = self.slots.get_mut(at..) {
            rest.rotate_left(1);
            if let Some(last) = rest.last_mut() {
                *last = A::NONE;
            }
        }
        Ok(at)
    }
}

/// Why a target was not added or removed; displays as the line for the log (level error).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused<A> {
    /// No host can have the address; with the word for what was to be done.
    Invalid(A, &'static str),
    /// It is a target already.
    Present(A),
    /// There are as many as there can be.
    Full,
    /// It is no target.
    Absent(A),
}

impl<A: Target> fmt::Display for Refused<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = A::KIND;
        match self {
            Refused::Invalid(target, what) => {
                write!(f, "invalid {kind} target {target} specified for {what}")
            }
            Refused::Present(target) => write!(f, "{kind} target {target} is already present"),
            Refused::Full => write!(f, "{kind} target table is full!"),
            Refused::Absent(target) => {
                write!(f, "unable to remove nonexistent {kind} target {target}")
            }
        }
    }
}

/// The targets of a bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Targets {
    /// Option `arp_ip_target`.
    pub(crate) ip4: List<Ipv4Addr>,
    /// Option `ns_ip6_target`.
    pub(crate) ip6: List<Ipv6Addr>,
}

impl Targets {
    /// None at all.
    pub(crate) const NONE: Targets = Targets {
        ip4: List::EMPTY,
        ip6: List::EMPTY,
    };
}

/// Reads the IPv4 address at the start of `text`: four decimal numbers with dots between. What
/// follows is ignored, unless it is a hexadecimal digit or a dot.
///
/// The grammar is that of the kernel's `in4_pton()` without an end
/// ([`net/core/utils.c`](srctree/net/core/utils.c)).
pub(crate) fn parse_ip4(text: &[u8]) -> Option<Ipv4Addr> {
    let mut octets = [0u8; 4];
    let mut rest = text;
    for (index, octet) in octets.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b".")?;
        }
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let (number, after) = rest.split_at_checked(digits)?;
        rest = after;
        let number = core::str::from_utf8(number).ok()?;
        *octet = number.parse().ok()?;
    }
    match rest.first() {
        Some(b'.') => None,
        Some(b) if b.is_ascii_hexdigit() => None,
        _ => Some(Ipv4Addr::from(octets)),
    }
}
