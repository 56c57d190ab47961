// SPDX-License-Identifier: GPL-2.0

//! Exact division and remainder by a number which is known beforehand, without a division.
//!
//! For a 32-bit `x` and a divisor `n`, with `m = ceil(2^64 / n)`: the quotient is the upper half of
//! the 96-bit product `m * x`, the remainder the upper part of `(m * x mod 2^64) * n`. Both are
//! exact for every `x` and `n` (Lemire, Kaser and Kurz, "Faster remainder by direct computation",
//! 2019).

#![forbid(unsafe_code)]

/// A divisor from 1 to `u32::MAX`, ready for use.
///
/// # Invariants
///
/// `n` is not 0, and `magic` is `ceil(2^64 / n)` modulo 2^64 (so 0 for 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Divisor {
    /// The reciprocal.
    magic: u64,
    /// The divisor.
    n: u32,
}

impl Divisor {
    /// The divisor 1.
    pub(crate) const ONE: Divisor = Divisor { magic: 0, n: 1 };

    /// Prepares a division by `n`; `None` for 0. This divides, so it belongs into control paths.
    pub(crate) const fn new(n: u32) -> Option<Divisor> {
        // CAST: Lossless; `From` is not usable in a const fn.
        match u64::MAX.checked_div(n as u64) {
            // INVARIANT: floor((2^64 - 1) / n) + 1 is ceil(2^64 / n) for every n.
            Some(quotient) => Some(Divisor {
                magic: quotient.wrapping_add(1),
                n,
            }),
            None => None,
        }
    }

    /// Returns `x % n`.
    #[inline]
    pub(crate) const fn rem(&self, x: u32) -> u32 {
        // CAST: Widening, and truncation to the upper 32 of 96 bits, which are less than `n`.
        mul_high(self.magic.wrapping_mul(x as u64), self.n) as u32
    }

    /// Returns `x / n`.
    #[inline]
    pub(crate) const fn div(&self, x: u32) -> u32 {
        if self.n == 1 {
            return x;
        }
        // CAST: The upper 32 of 96 bits.
        mul_high(self.magic, x) as u32
    }
}

/// Returns the upper 32 bits of the 96-bit product of `a` and `b`, with 64-bit multiplications.
#[inline]
const fn mul_high(a: u64, b: u32) -> u64 {
    // CAST: Widening.
    let b = b as u64;
    // Neither of these can wrap: (2^32 - 1)^2 + 2^32 - 1 is less than 2^64.
    let low = (a & 0xffff_ffff).wrapping_mul(b) >> 32;
    (a >> 32).wrapping_mul(b).wrapping_add(low) >> 32
}
