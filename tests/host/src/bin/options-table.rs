// SPDX-License-Identifier: GPL-2.0

//! Prints the option table for programs: `cargo run --bin options-table`.

fn main() {
    print!("{}", bonding_host::doc::options_table());
}
