// SPDX-License-Identifier: GPL-2.0

//! Speed and duplex of a bond.

use crate::{
    bond::speed::of_bond,
    monitor::link::Duplex::{
        Full,
        Half,
        Unknown, //
    },
};
use proptest::prelude::*;

#[test]
fn sums_or_takes_the_least() {
    let slaves = [Some((1000, Full)), None, Some((100, Half))];
    assert_eq!(of_bond(false, slaves.into_iter()), (Some(1100), Full));
    assert_eq!(of_bond(true, slaves.into_iter()), (Some(100), Full));
}

#[test]
fn nothing_known() {
    for broadcast in [false, true] {
        assert_eq!(of_bond(broadcast, [].into_iter()), (None, Unknown));
        assert_eq!(
            of_bond(broadcast, [None, None].into_iter()),
            (None, Unknown)
        );
    }
}

#[test]
fn first_known_duplex() {
    let slaves = [Some((10, Unknown)), Some((10, Half)), Some((10, Full))];
    assert_eq!(of_bond(false, slaves.into_iter()), (Some(30), Half));
}

proptest! {
    #[test]
    fn never_wraps(speeds in prop::collection::vec(any::<u32>(), 1..5)) {
        let slaves = || speeds.iter().map(|&speed| Some((speed, Full)));
        let (sum, _) = of_bond(false, slaves());
        let (least, _) = of_bond(true, slaves());
        prop_assert!(sum.unwrap_or(0) >= *speeds.iter().max().unwrap());
        prop_assert_eq!(least.unwrap_or(0), *speeds.iter().min().unwrap());
    }
}
