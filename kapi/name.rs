// SPDX-License-Identifier: GPL-2.0

//! Names as C wants them, made at compile time.

use kernel::ffi::c_char;

/// Bytes of a name with the NUL that ends it.
const SIZE: usize = 32;

/// The name of a file or parameter.
///
/// # Invariants
///
/// The last byte is NUL.
pub(crate) struct Name([u8; SIZE]);

impl Name {
    /// The empty name.
    pub(crate) const EMPTY: Name = Name::joined("", "");

    /// Makes a name. Evaluated at compile time, which fails if the text is too long.
    pub(crate) const fn new(text: &str) -> Name {
        Name::joined("", text)
    }

    /// Makes a name of two parts.
    pub(super) const fn joined(first: &str, second: &str) -> Name {
        let mut bytes = [0; SIZE];
        let end = put(&mut bytes, 0, first);
        let end = put(&mut bytes, end, second);
        // PANIC: At compile time only.
        assert!(end < SIZE);
        // INVARIANT: `end` is less than the size, and nothing from there on was written.
        Name(bytes)
    }

    /// The name as a C string, NUL-terminated, which lives as long as `self`.
    pub(super) const fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }
}

/// Writes `text` into `bytes` from `at` on, and returns where it ends. At compile time only.
pub(super) const fn put(bytes: &mut [u8], at: usize, text: &str) -> usize {
    let text = text.as_bytes();
    let mut index = 0;
    while index < text.len() {
        // PANIC: At compile time only.
        bytes[at + index] = text[index];
        index += 1;
    }
    at + index
}
