// SPDX-License-Identifier: GPL-2.0

//! Writes JSON (RFC 8259). What is open gets closed, and texts are escaped, whatever is in them.

#![forbid(unsafe_code)]

use core::fmt;

use crate::bond::addr::IfName;

/// A value that has no parts.
pub(crate) trait Scalar {
    /// Writes it.
    fn write(&self, w: &mut dyn fmt::Write) -> fmt::Result;
}

/// Numbers, and what else is displayed as JSON has it.
macro_rules! displayed {
    ($($kind:ty),*) => {
        $(
            impl Scalar for $kind {
                fn write(&self, w: &mut dyn fmt::Write) -> fmt::Result {
                    write!(w, "{self}")
                }
            }
        )*
    };
}

displayed!(bool, i32, i64, u8, u16, u32, u64);

impl<T: Scalar> Scalar for Option<T> {
    fn write(&self, w: &mut dyn fmt::Write) -> fmt::Result {
        match self {
            Some(value) => value.write(w),
            None => w.write_str("null"),
        }
    }
}

impl Scalar for &str {
    fn write(&self, w: &mut dyn fmt::Write) -> fmt::Result {
        Text(self).write(w)
    }
}

impl Scalar for IfName {
    fn write(&self, w: &mut dyn fmt::Write) -> fmt::Result {
        Text(self).write(w)
    }
}

/// Anything that can be displayed, as a text.
pub(crate) struct Text<T>(pub(crate) T);

impl<T: fmt::Display> Scalar for Text<T> {
    fn write(&self, w: &mut dyn fmt::Write) -> fmt::Result {
        w.write_str("\"")?;
        fmt::Write::write_fmt(&mut Escaped(w), format_args!("{}", self.0))?;
        w.write_str("\"")
    }
}

/// Escapes what a text must not have as it is: quotes, backslashes, control characters.
struct Escaped<'w>(&'w mut dyn fmt::Write);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let special = |c: char| c < ' ' || c == '"' || c == '\\';
        for part in text.split_inclusive(special) {
            match part.chars().next_back().filter(|&c| special(c)) {
                Some(last) => {
                    self.0.write_str(part.strip_suffix(last).unwrap_or(part))?;
                    write!(self.0, "\\u{:04x}", u32::from(last))?;
                }
                None => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// An object which is being written.
pub(crate) struct Fields<'w> {
    w: &'w mut dyn fmt::Write,
    /// Nothing was written yet.
    empty: bool,
}

/// Writes an object with the fields that `fill` puts into it.
pub(crate) fn object(
    w: &mut dyn fmt::Write,
    fill: impl FnOnce(&mut Fields<'_>) -> fmt::Result,
) -> fmt::Result {
    w.write_str("{")?;
    fill(&mut Fields { w, empty: true })?;
    w.write_str("}")
}

impl Fields<'_> {
    /// Begins a field.
    fn begin(&mut self, name: &str) -> fmt::Result {
        if !core::mem::take(&mut self.empty) {
            self.w.write_str(", ")?;
        }
        name.write(self.w)?;
        self.w.write_str(": ")
    }

    /// Puts a value.
    pub(crate) fn put(&mut self, name: &str, value: impl Scalar) -> fmt::Result {
        self.begin(name)?;
        value.write(self.w)
    }

    /// Puts an object with the fields that `fill` puts into it.
    pub(crate) fn object(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut Fields<'_>) -> fmt::Result,
    ) -> fmt::Result {
        self.begin(name)?;
        object(self.w, fill)
    }

    /// Puts a list of objects, each on a line, with the fields that `fill` puts into it.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        items: impl Iterator<Item = T>,
        mut fill: impl FnMut(&mut Fields<'_>, T) -> fmt::Result,
    ) -> fmt::Result {
        self.begin(name)?;
        self.w.write_str("[")?;
        let mut between = "\n";
        for item in items {
            self.w.write_str(between)?;
            object(self.w, |fields| fill(fields, item))?;
            between = ",\n";
        }
        self.w.write_str("]")
    }
}
