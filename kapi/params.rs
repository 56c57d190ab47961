// SPDX-License-Identifier: GPL-2.0

//! Module parameters, made from the option table at compile time.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)
//!
//! The `module!` macro's own parameters are integers without a file; an option may be a string, and
//! some have files. So the entries which the module loader looks for are made here.

use super::{
    bindings,
    name::{
        put,
        Name, //
    },
};
use crate::{
    bond::{
        defaults::{
            RawParams,
            MAX_BONDS,
            TX_QUEUES, //
        },
        options::{
            OptionId,
            ParamDef,
            ParamKind,
            OPTIONS, //
        },
    },
    monitor::targets, //
};
use core::{
    mem::MaybeUninit,
    ptr,
    sync::atomic::{
        AtomicI32,
        AtomicPtr,
        Ordering, //
    },
};
use kernel::{
    ffi::c_char,
    prelude::*, //
};

/// What stands before the name of a parameter on the kernel's command line.
const PREFIX: &str = if cfg!(MODULE) { "" } else { "bonding." };

/// Parameters which are no option.
const EXTRA: usize = 2;

/// How many parameters there are.
const COUNT: usize = {
    let mut count = EXTRA;
    let mut index = 0;
    while index < OPTIONS.len() {
        if OPTIONS[index].param.is_some() {
            count += 1;
        }
        index += 1;
    }
    count
};

/// A parameter.
#[derive(Clone, Copy)]
struct Row {
    /// Its name.
    name: &'static str,
    /// Type, default and text.
    def: ParamDef,
    /// Where its value lies: which row's place it is.
    place: usize,
}

/// All parameters: those of the options in their order, then the others.
const ROWS: [Row; COUNT] = {
    let mut rows = [Row {
        name: "",
        def: MAX_BONDS,
        place: 0,
    }; COUNT];
    let mut count = 0;
    let mut index = 0;
    let mut peer_notif = COUNT;
    while index < OPTIONS.len() {
        let option = &OPTIONS[index];
        if let Some(def) = option.param {
            // Two names, one value.
            let place = match option.id {
                OptionId::NumUnsolNa | OptionId::NumGratArp if peer_notif < count => peer_notif,
                OptionId::NumUnsolNa | OptionId::NumGratArp => {
                    peer_notif = count;
                    count
                }
                _ => count,
            };
            rows[count] = Row {
                name: option.name,
                def,
                place,
            };
            count += 1;
        }
        index += 1;
    }
    rows[count] = Row {
        name: "max_bonds",
        def: MAX_BONDS,
        place: count,
    };
    rows[count + 1] = Row {
        name: "tx_queues",
        def: TX_QUEUES,
        place: count + 1,
    };
    rows
};

/// Strings are only read while nobody can change them: without a file, after loading.
const _: () = {
    let mut index = 0;
    while index < COUNT {
        let def = ROWS[index].def;
        assert!(!matches!(def.kind, ParamKind::Charp | ParamKind::Charps) || def.perm == 0);
        index += 1;
    }
};

/// The names, as the module loader compares them.
static NAMES: [Name; COUNT] = {
    let mut names = [const { Name::EMPTY }; COUNT];
    let mut index = 0;
    while index < COUNT {
        names[index] = Name::joined(PREFIX, ROWS[index].name);
        index += 1;
    }
    names
};

/// The values of the integers, which the module loader and the files write.
static NUMBERS: [AtomicI32; COUNT] = {
    let mut numbers = [const { AtomicI32::new(0) }; COUNT];
    let mut index = 0;
    while index < COUNT {
        match ROWS[index].def.kind {
            ParamKind::Int(default) => numbers[index] = AtomicI32::new(default),
            // CAST: The same bits; `lp_interval` reads them as unsigned again.
            ParamKind::Uint(default) => numbers[index] = AtomicI32::new(default as i32),
            ParamKind::Charp | ParamKind::Charps => {}
        }
        index += 1;
    }
    numbers
};

/// The values of the strings, which the module loader writes: null if not given.
static STRINGS: [AtomicPtr<c_char>; COUNT] = [const { AtomicPtr::new(ptr::null_mut()) }; COUNT];

/// The values of the one list of strings, which the module loader writes: null if not given.
static LIST: [AtomicPtr<c_char>; targets::MAX] =
    [const { AtomicPtr::new(ptr::null_mut()) }; targets::MAX];

/// What the module loader knows of the list.
#[repr(transparent)]
struct Array(bindings::kparam_array);

// SAFETY: It is only read; what it points to is static, and may be used by any CPU.
unsafe impl Sync for Array {}

/// That of [`LIST`].
static ARRAY: Array = Array(bindings::kparam_array {
    // CAST: Small numbers.
    max: targets::MAX as u32,
    elemsize: size_of::<*mut c_char>() as u32,
    // Nobody asks for the number: behind the last one is null.
    num: ptr::null_mut(),
    ops: ptr::addr_of!(bindings::param_ops_charp),
    elem: LIST.as_ptr().cast_mut().cast(),
});

/// There is one list.
const _: () = {
    let mut lists = 0;
    let mut index = 0;
    while index < COUNT {
        if matches!(ROWS[index].def.kind, ParamKind::Charps) {
            lists += 1;
        }
        index += 1;
    }
    assert!(lists == 1);
};

/// The entries of the parameters.
#[repr(transparent)]
struct Entries([bindings::kernel_param; COUNT]);

// SAFETY: The entries are only read; what they point to is static, and may be used by any CPU.
unsafe impl Sync for Entries {}

/// What the module loader finds: one entry after the other, in the section of parameters.
#[link_section = "__param"]
#[used(compiler)]
static ENTRIES: Entries = {
    // SAFETY: All fields are integers, or pointers and function pointers that may be null.
    let empty: bindings::kernel_param = unsafe { MaybeUninit::zeroed().assume_init() };
    let mut entries = [empty; COUNT];
    let mut index = 0;
    while index < COUNT {
        let row = ROWS[index];
        let entry = &mut entries[index];
        entry.name = NAMES[index].as_ptr();
        #[cfg(MODULE)]
        {
            entry.mod_ = ptr::addr_of!(bindings::__this_module).cast_mut();
        }
        entry.perm = row.def.perm;
        entry.level = -1;
        match row.def.kind {
            ParamKind::Int(_) => {
                entry.ops = ptr::addr_of!(bindings::param_ops_int);
                entry.__bindgen_anon_1.arg = NUMBERS[row.place].as_ptr().cast();
            }
            ParamKind::Uint(_) => {
                entry.ops = ptr::addr_of!(bindings::param_ops_uint);
                entry.__bindgen_anon_1.arg = NUMBERS[row.place].as_ptr().cast();
            }
            ParamKind::Charp => {
                entry.ops = ptr::addr_of!(bindings::param_ops_charp);
                entry.__bindgen_anon_1.arg = STRINGS[row.place].as_ptr().cast();
            }
            ParamKind::Charps => {
                entry.ops = ptr::addr_of!(bindings::param_array_ops);
                entry.__bindgen_anon_1.arr = ptr::addr_of!(ARRAY.0);
            }
        }
        index += 1;
    }
    Entries(entries)
};

/// The pieces of text about a parameter, for `modinfo`.
const fn about(row: &Row) -> [&'static str; 11] {
    let kind = match row.def.kind {
        ParamKind::Int(_) => "int",
        ParamKind::Uint(_) => "uint",
        ParamKind::Charp => "charp",
        ParamKind::Charps => "array of charp",
    };
    [
        PREFIX,
        "parmtype=",
        row.name,
        ":",
        kind,
        "\0",
        PREFIX,
        "parm=",
        row.name,
        // With the next one, which is the last but the NUL.
        ":",
        row.def.desc,
    ]
}

/// Bytes of all that text.
const INFO_SIZE: usize = {
    let mut size = 0;
    let mut index = 0;
    while index < COUNT {
        let pieces = about(&ROWS[index]);
        let mut piece = 0;
        while piece < pieces.len() {
            size += pieces[piece].len();
            piece += 1;
        }
        size += 1;
        index += 1;
    }
    size
};

/// What `modinfo` shows.
#[link_section = ".modinfo"]
#[used(compiler)]
static INFO: [u8; INFO_SIZE] = {
    let mut info = [0; INFO_SIZE];
    let mut end = 0;
    let mut index = 0;
    while index < COUNT {
        let pieces = about(&ROWS[index]);
        let mut piece = 0;
        while piece < pieces.len() {
            end = put(&mut info, end, pieces[piece]);
            piece += 1;
        }
        end += 1;
        index += 1;
    }
    info
};

/// Where the value of the parameter of an option lies. At compile time only.
const fn place(option: OptionId) -> usize {
    let name = option.def().name.as_bytes();
    let mut index = 0;
    while index < COUNT {
        let row = ROWS[index].name.as_bytes();
        let mut equal = row.len() == name.len();
        let mut at = 0;
        while equal && at < row.len() {
            equal = row[at] == name[at];
            at += 1;
        }
        if equal {
            return ROWS[index].place;
        }
        index += 1;
    }
    panic!("the option has no parameter")
}

/// The integer in `place`.
fn number(place: usize) -> i32 {
    NUMBERS
        .get(place)
        .map_or(0, |number| number.load(Ordering::Relaxed))
}

/// The string in `place`, if it was given.
fn string(place: usize) -> Option<&'static [u8]> {
    text(STRINGS.get(place)?)
}

/// The string at a place of [`STRINGS`] or [`LIST`], if it was given.
fn text(place: &'static AtomicPtr<c_char>) -> Option<&'static [u8]> {
    let text = place.load(Ordering::Relaxed);
    if text.is_null() {
        return None;
    }
    // SAFETY: The module loader has put a C string there. It is freed when the module has gone,
    // and not changed before: parameters that are strings have no file, as asserted above.
    Some(unsafe { CStr::from_char_ptr(text) }.to_bytes())
}

/// The strings of the list.
fn list() -> [Option<&'static [u8]>; targets::MAX] {
    let mut texts = [None; targets::MAX];
    for (to, from) in texts.iter_mut().zip(&LIST) {
        *to = text(from);
    }
    texts
}

/// Has the files of `num_grat_arp` and `num_unsol_na` show the number that is used.
pub(crate) fn show_peer_notif(used: u8) {
    if let Some(number) = NUMBERS.get(const { place(OptionId::NumUnsolNa) }) {
        number.store(used.into(), Ordering::Relaxed);
    }
}

/// The parameters as the module was given them.
pub(crate) fn raw() -> RawParams<'static> {
    RawParams {
        max_bonds: number(COUNT - 2),
        tx_queues: number(COUNT - 1),
        num_peer_notif: number(const { place(OptionId::NumUnsolNa) }),
        miimon: number(const { place(OptionId::MiiMon) }),
        updelay: number(const { place(OptionId::UpDelay) }),
        downdelay: number(const { place(OptionId::DownDelay) }),
        use_carrier: number(const { place(OptionId::UseCarrier) }),
        min_links: number(const { place(OptionId::MinLinks) }),
        all_slaves_active: number(const { place(OptionId::AllSlavesActive) }),
        resend_igmp: number(const { place(OptionId::ResendIgmp) }),
        packets_per_slave: number(const { place(OptionId::PacketsPerSlave) }),
        // CAST: The same bits, which the kernel wrote as unsigned.
        lp_interval: number(const { place(OptionId::LpInterval) }) as u32,
        mode: string(const { place(OptionId::Mode) }),
        primary: string(const { place(OptionId::Primary) }),
        primary_reselect: string(const { place(OptionId::PrimaryReselect) }),
        xmit_hash_policy: string(const { place(OptionId::XmitHashPolicy) }),
        fail_over_mac: string(const { place(OptionId::FailOverMac) }),
        lacp_rate: string(const { place(OptionId::LacpRate) }),
        ad_select: string(const { place(OptionId::AdSelect) }),
        event_monitor: string(const { place(OptionId::EventMonitor) }),
        arp_interval: number(const { place(OptionId::ArpInterval) }),
        arp_ip_target: list(),
        arp_validate: string(const { place(OptionId::ArpValidate) }),
        arp_all_targets: string(const { place(OptionId::ArpAllTargets) }),
    }
}
