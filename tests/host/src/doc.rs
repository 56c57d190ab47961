// SPDX-License-Identifier: GPL-2.0

//! Makes `Documentation/options.md` from the option table.

// `+=` on text is no arithmetic.
#![allow(clippy::arithmetic_side_effects)]

use crate::bond::options::{
    OptionDef,
    ParamKind,
    Width,
    OPTIONS, //
};
use crate::bond::params::Mode;

/// Returns the page.
pub fn options_page() -> String {
    let mut page = String::from(
        "<!-- SPDX-License-Identifier: GPL-2.0 -->\n\
         <!-- Made by `cargo run --bin options-doc` in tests/host from bond/options/table.rs. -->\n\
         \n\
         # Options\n\
         \n\
         An option is a module parameter (the start of every bond), a file in\n\
         `/sys/class/net/<bond>/bonding/`, an attribute of `ip link … type bond`, or several of\n\
         these. A number is written in decimal. Where keywords are listed, either the word or its\n\
         number may be written, and `default` stands for the one marked as default.\n\
         \n\
         When an option can't be set, the first of these errors is returned and nothing changes:\n\
         `EACCES` in a mode which refuses it, `ENOTEMPTY` if the bond must not have slaves but\n\
         has, `EBUSY` if it must be down but is up, `EINVAL` for a value which is not allowed.\n\
         The kernel log says which, and what would be allowed.\n\
         \n\
         | Option | Default | Module parameter | sysfs | Netlink |\n\
         |---|---|---|---|---|\n",
    );
    for def in &OPTIONS {
        page += &format!(
            "| [{0}](#{0}) | {1} | {2} | {3} | {4} |\n",
            def.name,
            def.manual.default,
            param(def),
            sysfs(def),
            netlink(def)
        );
    }
    for def in &OPTIONS {
        page += &section(def);
    }
    page + OTHERS
}

/// What can be set but is no option of a bond.
const OTHERS: &str = "
## Of a slave

By `ip link set <slave> type bond_slave …`:

| Attribute | Netlink | Values | Modes |
|---|---|---|---|
| `queue_id` | 5, u16 | as above | all |
| `prio` | 9, s32 | any; the slave with the highest is preferred | active-backup, balance-tlb, balance-alb |
| `actor_port_prio` | 10, u16 | 0 to 65535, 255 at first; the lower, the better | 802.3ad |

## Of the module

| Parameter | Default | Values |
|---|---|---|
| `max_bonds` | 1 | how many bonds are made when the module is loaded; 0 to 2147483647 |
| `tx_queues` | 16 | transmit queues of a new bond; 1 to 255 |
";

/// Returns the words for a number in its unit.
fn unit(def: &OptionDef) -> String {
    if def.manual.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", def.manual.unit)
    }
}

/// Returns the cell about the module parameter.
fn param(def: &OptionDef) -> &'static str {
    match def.param.map(|param| param.kind) {
        Some(ParamKind::Int(_)) => "int",
        Some(ParamKind::Uint(_)) => "uint",
        Some(ParamKind::Charp) => "charp",
        Some(ParamKind::Charps) => "charps",
        None => "-",
    }
}

/// Returns the cell about the file.
fn sysfs(def: &OptionDef) -> String {
    def.sysfs
        .map_or(String::from("-"), |mode| format!("{mode:04o}"))
}

/// Returns the cell about the attribute.
fn netlink(def: &OptionDef) -> String {
    def.netlink.map_or(String::from("-"), |nl| {
        format!("{}, {}", nl.attr, width(nl.width))
    })
}

/// Returns the word for what an attribute holds.
fn width(width: Width) -> &'static str {
    match width {
        Width::U8 => "u8",
        Width::U16 => "u16",
        Width::U32 => "u32",
        Width::IfIndex => "ifindex",
        Width::Mac => "6 bytes",
        Width::Ip6List => "list of IPv6 addresses",
        Width::Ip4List => "list of IPv4 addresses",
    }
}

/// Returns the table for programs: a line for each option, its fields separated by tabs.
///
/// The fields are name; keywords as `word=value`, with a `*` after the default; least and greatest
/// number, `-` where only keywords are taken; `raw` if the value isn't parsed; modes which refuse
/// it, by number; type and file mode of the module parameter; mode of the file; number and type of
/// the attribute. `-` stands for what isn't there.
pub fn options_table() -> String {
    OPTIONS.iter().map(line).collect()
}

/// Returns the line about an option.
fn line(def: &OptionDef) -> String {
    let keywords: Vec<String> = def
        .keywords
        .iter()
        .map(|kw| {
            format!(
                "{}={}{}",
                kw.word,
                kw.value,
                if kw.default { "*" } else { "" }
            )
        })
        .collect();
    let refusing: Vec<String> = (0..=6u8)
        .filter(|&mode| def.unsupported.contains_number(mode))
        .map(|mode| mode.to_string())
        .collect();
    let range = def
        .max
        .map_or(String::from("-\t-"), |max| format!("{}\t{max}", def.min));
    let perm = def
        .param
        .map_or(String::from("-"), |param| format!("{:04o}", param.perm));
    let attribute = def.netlink.map_or(String::from("-\t-"), |nl| {
        format!("{}\t{}", nl.attr, width(nl.width))
    });
    [
        def.name,
        &or_dash(keywords.join(",")),
        &range,
        if def.raw { "raw" } else { "-" },
        &or_dash(refusing.join(",")),
        param(def),
        &perm,
        &sysfs(def),
        &attribute,
    ]
    .join("\t")
        + "\n"
}

/// Returns the text, or a dash if there is none.
fn or_dash(text: String) -> String {
    if text.is_empty() {
        String::from("-")
    } else {
        text
    }
}

/// Returns the section about an option.
fn section(def: &OptionDef) -> String {
    let mut text = format!("\n## {}\n\n", def.name);
    text += &wrap(def.manual.text);
    text += "\n";
    if let Some(max) = def.max {
        text += &format!("- Range: {} to {max}{}\n", def.min, unit(def));
    }
    if !def.keywords.is_empty() {
        let words: Vec<String> = def
            .keywords
            .iter()
            .map(|kw| {
                let mark = if kw.default && kw.word != "default" {
                    ", default"
                } else {
                    ""
                };
                format!("`{}` ({}{mark})", kw.word, kw.value)
            })
            .collect();
        text += &wrap(&format!("- Keywords: {}", words.join(", ")));
    }
    text += &format!("- In a new bond: {}\n", def.manual.default);
    let modes: Vec<&str> = (0..=u8::MAX)
        .filter_map(Mode::from_u8)
        .filter(|&mode| !def.is_unsupported(mode))
        .map(Mode::keyword)
        .collect();
    if modes.is_empty() {
        text += "- In none of the modes there are so far\n";
    } else if (0..=u8::MAX).filter_map(Mode::from_u8).count() != modes.len() {
        text += &format!("- Only in mode {}\n", modes.join(", "));
    }
    match (def.no_slaves, def.if_down) {
        (true, true) => text += "- Only while the bond is down and has no slaves\n",
        (true, false) => text += "- Only while the bond has no slaves\n",
        (false, true) => text += "- Only while the bond is down\n",
        (false, false) => {}
    }
    text
}

/// Wraps text at 100 columns; lines after the first of a list entry are indented.
fn wrap(text: &str) -> String {
    let indent = if text.starts_with("- ") { "  " } else { "" };
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let fits = line.chars().count().saturating_add(word.chars().count()) < 100;
        if !line.is_empty() && !fits {
            out += line.trim_end();
            out += "\n";
            line = String::from(indent);
        } else if !line.is_empty() {
            line += " ";
        }
        line += word;
    }
    out + &line + "\n"
}
