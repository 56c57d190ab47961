// SPDX-License-Identifier: GPL-2.0

//! Names and addresses.

use super::any_text;
use crate::bond::addr::{
    first_word,
    is_valid_ifname,
    HwAddr,
    IfName,
    Text, //
};
use proptest::prelude::*;

#[test]
fn names_are_cut_at_15_bytes() {
    assert_eq!(
        IfName::from_bytes(b"0123456789abcdefgh").to_string(),
        "0123456789abcde"
    );
    assert_eq!(IfName::from_bytes(b"eth0\0junk").to_string(), "eth0");
    assert_eq!(IfName::from_bytes(b"eth0"), IfName::from_bytes(b"eth0\0x"));
    assert_ne!(IfName::from_bytes(b"eth0"), IfName::from_bytes(b"eth01"));
    assert_eq!(IfName::from_bytes(b""), IfName::EMPTY);
    assert!(IfName::EMPTY.is_empty());
    assert_eq!(IfName::EMPTY.as_bytes(), b"");
}

#[test]
fn valid_names() {
    for name in ["eth0", "a", "b%d", "0123456789abcde", "...", "b\u{f6}nd"] {
        assert!(is_valid_ifname(name.as_bytes()), "{name}");
        assert_eq!(IfName::from_bytes(name.as_bytes()).to_string(), name);
    }
    for name in [
        "",
        ".",
        "..",
        "a b",
        "a/b",
        "a:b",
        "a\tb",
        "0123456789abcdef",
    ] {
        assert!(!is_valid_ifname(name.as_bytes()), "{name}");
    }
}

#[test]
fn hardware_addresses() {
    let mac = HwAddr::ether([0x52, 0x54, 0, 0x12, 0x34, 0xff]);
    assert_eq!(mac.to_string(), "52:54:00:12:34:ff");
    assert_eq!(mac.as_bytes(), [0x52, 0x54, 0, 0x12, 0x34, 0xff]);
    assert!(mac.is_valid_ether());
    assert_eq!(mac, HwAddr::from_slice(mac.as_bytes()));
    assert!(!HwAddr::ether([0; 6]).is_valid_ether());
    assert!(HwAddr::ether([0; 6]).is_zero());
    assert!(!HwAddr::ether([0xff; 6]).is_valid_ether());
    assert!(HwAddr::ether([1, 0, 0x5e, 0, 0, 1]).is_multicast());
    assert_ne!(HwAddr::ether([0; 6]), HwAddr::EMPTY);

    let infiniband = HwAddr::from_slice(&[0x80; 20]);
    assert_eq!(infiniband.as_bytes(), [0x80; 20]);
    assert!(!infiniband.is_valid_ether());
    assert_eq!(infiniband.to_string(), ["80"; 20].join(":"));
    assert_eq!(HwAddr::from_slice(&[1; 40]).as_bytes(), [1; 32]);
    assert_eq!(HwAddr::EMPTY.to_string(), "");
}

#[test]
fn text_which_is_not_utf8() {
    assert_eq!(Text(b"a\xffb").to_string(), "a\\xffb");
    assert_eq!(Text("\u{e4}".as_bytes()).to_string(), "\u{e4}");
}

proptest! {
    #[test]
    fn names_never_grow(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let name = IfName::from_bytes(&bytes);
        prop_assert!(name.as_bytes().len() <= 15);
        prop_assert!(bytes.starts_with(name.as_bytes()));
        prop_assert_eq!(name.as_array()[15], 0);
        prop_assert_eq!(IfName::from_bytes(name.as_array()), name);
        let _ = name.to_string();
    }

    #[test]
    fn addresses_round_trip(bytes in prop::collection::vec(any::<u8>(), 0..=32)) {
        let addr = HwAddr::from_slice(&bytes);
        prop_assert_eq!(addr.as_bytes(), &bytes[..]);
        prop_assert_eq!(addr.to_string().len(), (bytes.len() * 3).saturating_sub(1));
    }

    #[test]
    fn words_are_short_and_without_space(text in any_text(), max in 0..40usize) {
        let word = first_word(&text, max);
        prop_assert!(word.len() <= max);
        prop_assert!(!word.iter().any(|b| matches!(b, 0 | 9..=13 | 32 | 0xa0)));
    }
}
