// SPDX-License-Identifier: GPL-2.0

//! The face in sysfs: `bonding_masters`, a bond's directory `bonding`, a slave's `bonding_slave`.
//!
//! Which files a bond has, how they read and what may be written to them is the option table's
//! business; here bytes become calls to it, and the other way round.

pub(crate) mod format;

use crate::{
    bond::{
        addr::IfName,

        options::{
            parse_slaves_cmd,
            OptionDef,
            Sign,
            OPTIONS, //
        },
        slave::{
            Port,
            PortRef,
            Slave, //
        },
        Bond, //
    },
    kapi::{
        log::{
            self,
            Level, //
        },
        master::{
            create_bond,
            destroy_bond, //
        },
        name::Name,
        net::Net,
        pernet::{
            self,
            bonds,
            bonds_now,
            MastersFile,
            Namespaces, //
        },
        rcu::Reading,
        rtnl::Rtnl,
        sysfs::{
            self,
            BondFile,
            Directory,
            File,
            FileList,
            Page,
            SlaveFile, //
        }, //
    },
    netlink::LINK, //
};

use self::format::{
    BondAttr,
    SlaveAttr,
    BOND_ATTRS,
    SLAVE_ATTRS, //
};
use kernel::prelude::*;

/// A file in a bond's directory.
#[derive(Clone, Copy)]
enum Entry {
    /// That of an option.
    Option(&'static OptionDef),
    /// One that is only read.
    ReadOnly(&'static BondAttr),
}

impl Entry {
    /// Its name.
    const fn name(&self) -> &'static str {
        match self {
            Entry::Option(def) => def.name,
            Entry::ReadOnly(attr) => attr.name,
        }
    }

    /// Its mode; [`None`] if there is no such file.
    const fn mode(&self) -> Option<u16> {
        match self {
            Entry::Option(def) => def.sysfs,
            Entry::ReadOnly(attr) => Some(attr.mode),
        }
    }

    /// The entry at a place among the options and then the other files. At compile time only.
    const fn at(index: usize) -> Entry {
        if index < OPTIONS.len() {
            Entry::Option(&OPTIONS[index])
        } else {
            Entry::ReadOnly(&BOND_ATTRS[index - OPTIONS.len()])
        }
    }
}

impl BondFile<Bond> for Entry {
    fn show(&self, bond: &Bond, page: &mut Page<'_>) -> Result {
        bond.snapshot(|bond| match self {
            Entry::Option(def) => def.show(bond, page),
            Entry::ReadOnly(attr) => (attr.show)(bond, page),
        })??;
        Ok(())
    }

    fn store(&self, rtnl: &Rtnl, bond: &Bond, text: &[u8]) -> Result {
        match self {
            Entry::Option(def) => bond.set_text(rtnl, def, text),
            Entry::ReadOnly(_) => Err(EIO),
        }
    }
}

/// Entries that there may be.
const ENTRIES: usize = OPTIONS.len() + BOND_ATTRS.len();

/// Files in a bond's directory.
const COUNT: usize = {
    let mut count = 0;
    let mut index = 0;
    while index < ENTRIES {
        if Entry::at(index).mode().is_some() {
            count += 1;
        }
        index += 1;
    }
    count
};

/// The names of these files.
static NAMES: [Name; COUNT] = {
    let mut names = [const { Name::EMPTY }; COUNT];
    let mut count = 0;
    let mut index = 0;
    while index < ENTRIES {
        let entry = Entry::at(index);
        if entry.mode().is_some() {
            names[count] = Name::new(entry.name());
            count += 1;
        }
        index += 1;
    }
    names
};

/// The files.
static FILES: [File<Entry>; COUNT] = {
    let mut files = [const { File::new::<Bond>(&NAMES[0], 0, Entry::at(0)) }; COUNT];
    let mut count = 0;
    let mut index = 0;
    while index < ENTRIES {
        let entry = Entry::at(index);
        if let Some(mode) = entry.mode() {
            files[count] = File::new::<Bond>(&NAMES[count], mode, entry);
            count += 1;
        }
        index += 1;
    }
    files
};

/// The files, as a list.
static LIST: FileList<{ COUNT + 1 }> = FileList::new(&FILES);

/// The directory `/sys/class/net/<bond>/bonding`.
static DIRECTORY: Directory = Directory::new(c"bonding", &LIST);

/// Gives all bonds that are made from now on their directory.
pub(crate) fn init() {
    DIRECTORY.install();
}

/// The file `/sys/class/net/bonding_masters`.
struct MastersOf;

impl MastersFile for MastersOf {
    fn show(reading: Reading<'_>, net: &Net, page: &mut Page<'_>) -> Result {
        format::bonding_masters(page, bonds_now(reading, net).map(|dev| dev.name()))?;
        Ok(())
    }

    fn store(net: &Net, text: &[u8]) -> Result {
        match parse_slaves_cmd(text) {
            Ok((Sign::Plus, name)) => create(net, &name),
            Ok((Sign::Minus, name)) => delete(net, &name),
            Err(_) => {
                log::module(
                    Level::Err,
                    format_args!("no command found in bonding_masters - use +ifname or -ifname"),
                );
                Err(EPERM)
            }
        }
    }
}

/// Makes a bond.
fn create(net: &Net, name: &IfName) -> Result {
    log::module(Level::Info, format_args!("{name} is being created..."));
    let queues = crate::bond::defaults().tx_queues;
    Rtnl::with(|rtnl| create_bond::<Bond>(rtnl, net, name, queues)).inspect_err(|&error| {
        let text = if error == EEXIST {
            "already exists"
        } else {
            "creation failed"
        };
        log::module(Level::Info, format_args!("{name} {text}"));
    })
}

/// Deletes a bond.
fn delete(net: &Net, name: &IfName) -> Result {
    Rtnl::with(|rtnl| {
        let Some(dev) = bonds(rtnl, net).find(|dev| dev.name() == *name) else {
            log::module(
                Level::Err,
                format_args!("unable to delete non-existent {name}"),
            );
            return Err(ENODEV);
        };
        log::module(Level::Info, format_args!("{name} is being deleted..."));
        destroy_bond(rtnl, dev);
        Ok(())
    })
}

/// What the kernel calls for each network namespace.
static NAMESPACES: Namespaces = Namespaces::new::<MastersOf>();

/// The files of all network namespaces.
///
/// Dropping it deletes the bonds that are left, and then the files.
pub(crate) struct Masters(#[expect(dead_code, reason = "kept to be dropped")] pernet::Registered);

impl Masters {
    /// Makes `bonding_masters` and `/proc/net/bonding` in every network namespace.
    pub(crate) fn register() -> Result<Self> {
        Ok(Self(NAMESPACES.register(&LINK)?))
    }
}

/// A file in a slave's directory.
struct SlaveEntry {
    name: Name,
    attr: &'static SlaveAttr,
}

impl SlaveFile<Bond> for SlaveEntry {
    fn name(&'static self) -> &'static Name {
        &self.name
    }

    fn show(&self, bond: &Bond, port: &Port, page: &mut Page<'_>) -> Result {
        bond.snapshot_of(port, |_, slave| (self.attr.show)(slave, page))??;
        Ok(())
    }
}

/// The files in a slave's directory.
static SLAVE_FILES: [SlaveEntry; SLAVE_ATTRS.len()] = {
    let mut files = [const {
        SlaveEntry {
            name: Name::EMPTY,
            attr: &SLAVE_ATTRS[0],
        }
    }; SLAVE_ATTRS.len()];
    let mut index = 0;
    while index < SLAVE_ATTRS.len() {
        files[index] = SlaveEntry {
            name: Name::new(SLAVE_ATTRS[index].name),
            attr: &SLAVE_ATTRS[index],
        };
        index += 1;
    }
    files
};

/// The directory `/sys/class/net/<slave>/bonding_slave`; removed when dropped.
pub(crate) struct SlaveDir(
    #[expect(dead_code, reason = "kept to be dropped")] sysfs::SlaveDir<SlaveEntry, Slave>,
);

impl SlaveDir {
    /// Makes the directory of a slave.
    pub(crate) fn add(rtnl: &Rtnl, port: &PortRef) -> Result<Self> {
        let dir = sysfs::SlaveDir::new::<Bond>(rtnl, port, c"bonding_slave", &SLAVE_FILES)?;
        Ok(Self(dir))
    }
}
