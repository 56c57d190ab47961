// SPDX-License-Identifier: GPL-2.0

//! The list of targets.

use crate::monitor::targets::{
    List,
    Refused,
    MAX, //
};
use proptest::prelude::*;
use std::net::{
    Ipv4Addr,
    Ipv6Addr, //
};

/// The host of this number.
fn host(number: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, number)
}

#[test]
fn what_is_refused() {
    let mut list = List::EMPTY;
    for bad in [Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST] {
        let text = list.add(bad).unwrap_err().to_string();
        assert_eq!(
            text,
            format!("invalid ARP target {bad} specified for addition")
        );
        let text = list.remove(bad).unwrap_err().to_string();
        assert_eq!(
            text,
            format!("invalid ARP target {bad} specified for removal")
        );
    }
    assert_eq!(list.add(host(1)), Ok(0));
    let text = list.add(host(1)).unwrap_err().to_string();
    assert_eq!(text, "ARP target 10.0.0.1 is already present");
    let text = list.remove(host(2)).unwrap_err().to_string();
    assert_eq!(text, "unable to remove nonexistent ARP target 10.0.0.2");
    for number in 2..=16 {
        list.add(host(number)).unwrap();
    }
    assert_eq!(
        list.add(host(17)).unwrap_err().to_string(),
        "ARP target table is full!"
    );
    assert_eq!(list.len(), MAX);
}

#[test]
fn ip6_targets() {
    let mut list: List<Ipv6Addr> = List::EMPTY;
    for bad in ["::", "::1", "ff02::1"] {
        let refused = list.add(bad.parse().unwrap()).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("invalid NS target {bad} specified for addition")
        );
    }
    assert_eq!(list.add("fe80::1".parse().unwrap()), Ok(0));
    let refused = list.add("fe80::1".parse().unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "NS target fe80::1 is already present");
    for n in 2..=16 {
        list.add(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, n))
            .unwrap();
    }
    let refused = list.add("fe80::17".parse().unwrap()).unwrap_err();
    assert_eq!(refused.to_string(), "NS target table is full!");
}

proptest! {
    /// The list is a `Vec` with a limit and without duplicates.
    #[test]
    fn is_like_a_vec(steps in prop::collection::vec((any::<bool>(), 0..24u8), 0..200)) {
        let mut list = List::EMPTY;
        let mut model: Vec<Ipv4Addr> = Vec::new();
        for (add, number) in steps {
            let at = model.iter().position(|&other| other == host(number));
            if add {
                let expected = match at {
                    Some(_) => Err(Refused::Present(host(number))),
                    None if model.len() == MAX => Err(Refused::Full),
                    None => {
                        model.push(host(number));
                        Ok(model.len() - 1)
                    }
                };
                prop_assert_eq!(list.add(host(number)), expected);
            } else {
                let expected = at.ok_or(Refused::Absent(host(number)));
                if let Some(at) = at {
                    model.remove(at);
                }
                prop_assert_eq!(list.remove(host(number)), expected);
            }
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), model.clone());
            prop_assert_eq!((list.len(), list.is_empty()), (model.len(), model.is_empty()));
        }
    }
}
