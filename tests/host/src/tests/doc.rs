// SPDX-License-Identifier: GPL-2.0

//! The page about options.

#[test]
fn page_is_what_the_table_makes() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../Documentation/options.md"
    );
    let page = std::fs::read_to_string(path).unwrap();
    assert!(
        page == crate::doc::options_page(),
        "Documentation/options.md is out of date: \
         run `cargo run --bin options-doc > ../../Documentation/options.md` in tests/host"
    );
}
