// SPDX-License-Identifier: GPL-2.0

//! Prints `Documentation/options.md`:
//! `cargo run --bin options-doc > ../../Documentation/options.md`.

fn main() {
    print!("{}", bonding_host::doc::options_page());
}
