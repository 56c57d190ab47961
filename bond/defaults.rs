// SPDX-License-Identifier: GPL-2.0

//! Module parameters: checked once when the module is loaded, then the start of every bond.

#![forbid(unsafe_code)]

use core::fmt;

use crate::{
    bond::{
        addr::{
            IfName,
            Text, //
        },
        options::{
            OptError,
            OptionId,
            ParamDef,
            ParamKind,
            Value, //
        },
        params::{
            AdSelect,
            ArpValidate,
            EventMonitor,
            FailOverMac,
            Mode,
            Params,
            PrimaryReselect,
            XmitPolicy,
            DEFAULT_MIIMON,
            INT_MAX, //
        },
    },
    monitor::targets::{
        self,
        parse_ip4,
        Refused,
        Targets, //
    }, //
};

/// Bonds made when the module is loaded, unless told otherwise.
pub(crate) const DEFAULT_MAX_BONDS: u32 = 1;

/// Transmit and receive queues of a bond, unless told otherwise.
pub(crate) const DEFAULT_TX_QUEUES: u32 = 16;

/// The module parameter `max_bonds`, which is no option of a bond.
pub(crate) const MAX_BONDS: ParamDef = ParamDef {
    kind: ParamKind::Int(1),
    perm: 0,
    desc: "Bonds to make when the module is loaded",
};

/// The module parameter `tx_queues`, which is no option of a bond.
pub(crate) const TX_QUEUES: ParamDef = ParamDef {
    kind: ParamKind::Int(16),
    perm: 0,
    desc: "Transmit queues of each bond, 1 to 255 (default 16)",
};

/// Severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Loading fails.
    Err,
    /// Something was changed or has no effect.
    Warn,
    /// A setting needs care.
    Notice,
    /// Worth knowing.
    Info,
    /// For developers.
    Debug,
}

/// The module parameters as the kernel left them. Strings end at the first NUL or newline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawParams<'a> {
    /// `max_bonds`.
    pub(crate) max_bonds: i32,
    /// `tx_queues`.
    pub(crate) tx_queues: i32,
    /// `num_grat_arp` and `num_unsol_na`, which are one variable.
    pub(crate) num_peer_notif: i32,
    /// `miimon` in ms.
    pub(crate) miimon: i32,
    /// `updelay` in ms.
    pub(crate) updelay: i32,
    /// `downdelay` in ms.
    pub(crate) downdelay: i32,
    /// `use_carrier`.
    pub(crate) use_carrier: i32,
    /// `min_links`.
    pub(crate) min_links: i32,
    /// `all_slaves_active`.
    pub(crate) all_slaves_active: i32,
    /// `resend_igmp`.
    pub(crate) resend_igmp: i32,
    /// `packets_per_slave`.
    pub(crate) packets_per_slave: i32,
    /// `lp_interval` in s.
    pub(crate) lp_interval: u32,
    /// `mode`, if set.
    pub(crate) mode: Option<&'a [u8]>,
    /// `primary`, if set.
    pub(crate) primary: Option<&'a [u8]>,
    /// `primary_reselect`, if set.
    pub(crate) primary_reselect: Option<&'a [u8]>,
    /// `xmit_hash_policy`, if set.
    pub(crate) xmit_hash_policy: Option<&'a [u8]>,
    /// `fail_over_mac`, if set.
    pub(crate) fail_over_mac: Option<&'a [u8]>,
    /// `lacp_rate`, if set.
    pub(crate) lacp_rate: Option<&'a [u8]>,
    /// `ad_select`, if set.
    pub(crate) ad_select: Option<&'a [u8]>,
    /// `event_monitor`, if set.
    pub(crate) event_monitor: Option<&'a [u8]>,
    /// `arp_interval` in ms.
    pub(crate) arp_interval: i32,
    /// `arp_ip_target`, as many as are set.
    pub(crate) arp_ip_target: [Option<&'a [u8]>; targets::MAX],
    /// `arp_validate`, if set.
    pub(crate) arp_validate: Option<&'a [u8]>,
    /// `arp_all_targets`, if set.
    pub(crate) arp_all_targets: Option<&'a [u8]>,
}

/// What every new bond starts with, and what the module itself needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Defaults {
    /// Settings of a new bond.
    pub(crate) params: Params,
    /// Name of its primary slave.
    pub(crate) primary: Option<IfName>,
    /// Hosts that its ARP monitor asks for.
    pub(crate) targets: Targets,
    /// Bonds to make when the module is loaded.
    pub(crate) max_bonds: u32,
    /// Transmit queues of a bond, 1 to 255.
    pub(crate) tx_queues: u32,
}

/// Receives messages, without a newline at the end.
pub(crate) type Log<'a> = dyn FnMut(Level, fmt::Arguments<'_>) + 'a;

/// Checks an integer parameter, and replaces one which is out of range, with a warning.
fn number(log: &mut Log<'_>, name: &str, value: i32, min: u32, max: u32, instead: u32) -> u32 {
    match u32::try_from(value) {
        Ok(number) if min <= number && number <= max => number,
        _ => {
            log(
                Level::Warn,
                format_args!(
                    "Warning: {name} ({value}) is not in the range {min} - {max}, using {instead}"
                ),
            );
            instead
        }
    }
}

/// Parses a string parameter by the grammar of the option `id`, into a number which fits a byte.
fn keyword(log: &mut Log<'_>, id: OptionId, text: &[u8]) -> Result<u8, OptError> {
    let def = id.def();
    if let Ok(Value::Num(number)) = def.parse(text) {
        if let Ok(number) = u8::try_from(number) {
            return Ok(number);
        }
    }
    log(
        Level::Err,
        format_args!("Error: invalid {} \"{}\"", def.name, Text(text)),
    );
    if let Some(allowed) = OptError::Invalid.allowed(def) {
        log(Level::Err, format_args!("{allowed}"));
    }
    Err(OptError::Invalid)
}

/// Turns a delay in ms into polls, with a warning if some of it is cut off.
///
/// Without a monitor the number stays as it is, as in the C driver: it shows as 0, and when
/// `miimon` is set later it counts polls of that length.
fn delay(log: &mut Log<'_>, name: &str, ms: u32, miimon: u32) -> u32 {
    let Some(polls) = ms.checked_div(miimon) else {
        return ms;
    };
    let rounded = polls.saturating_mul(miimon);
    if rounded != ms {
        log(
            Level::Warn,
            format_args!(
                "Warning: {name} ({ms}) is not a multiple of miimon ({miimon}), \
                 {name} rounded to {rounded} ms"
            ),
        );
    }
    polls
}

/// Parses the targets of ARP monitoring, and checks what goes with them; without a valid target,
/// or with one that isn't, it is turned off.
fn arp(raw: &RawParams<'_>, params: &mut Params, log: &mut Log<'_>) -> Result<Targets, OptError> {
    let mut list = Targets::NONE;
    for &text in raw.arp_ip_target.iter().flatten() {
        match parse_ip4(text).map(|target| list.ip4.add(target)) {
            Some(Ok(_)) => {}
            Some(Err(Refused::Present(target))) => log(
                Level::Warn,
                format_args!("Warning: duplicate address {target} in arp_ip_target, skipping"),
            ),
            _ => {
                log(
                    Level::Warn,
                    format_args!(
                        "Warning: bad arp_ip_target module parameter ({}), ARP monitoring will \
                         not be performed",
                        Text(text)
                    ),
                );
                params.arp_interval = 0;
            }
        }
    }
    if params.arp_interval != 0 && list.ip4.is_empty() {
        log(
            Level::Warn,
            format_args!(
                "Warning: arp_interval ({}) has no effect without arp_ip_target",
                params.arp_interval
            ),
        );
        params.arp_interval = 0;
    }
    if let Some(text) = raw.arp_validate {
        if params.arp_interval == 0 {
            log(
                Level::Err,
                format_args!("arp_validate requires arp_interval"),
            );
            return Err(OptError::Invalid);
        }
        let number = keyword(log, OptionId::ArpValidate, text)?;
        params.arp_validate = ArpValidate::from_u8(number).ok_or(OptError::Invalid)?;
    }
    if let Some(text) = raw.arp_all_targets {
        // As in the C driver, a word that is wrong doesn't keep the module from loading.
        params.arp_all_targets =
            keyword(log, OptionId::ArpAllTargets, text).is_ok_and(|number| number != 0);
    }
    Ok(list)
}

/// The parameters `arp_ip_target` as they were given, each with a space before it.
struct Given<'a>(&'a RawParams<'a>);

impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut texts = self.0.arp_ip_target.iter().flatten();
        texts.try_for_each(|text| write!(f, " {}", Text(text)))
    }
}

/// Checks the module parameters, in the order of the C driver.
///
/// An error means that the module can't be loaded; the reason has been logged.
pub(crate) fn check(raw: &RawParams<'_>, log: &mut Log<'_>) -> Result<Defaults, OptError> {
    let mut params = Params::DEFAULT;

    if let Some(text) = raw.mode {
        let number = keyword(log, OptionId::Mode, text)?;
        params.mode = Mode::from_u8(number).ok_or(OptError::Invalid)?;
    }
    let mode = params.mode;

    if let Some(text) = raw.xmit_hash_policy {
        if mode.can_use_xmit_hash() {
            let number = keyword(log, OptionId::XmitHashPolicy, text)?;
            params.xmit_policy = XmitPolicy::from_u8(number).ok_or(OptError::Invalid)?;
        } else {
            log(
                Level::Info,
                format_args!(
                    "xmit_hash_policy has no effect in mode {}",
                    mode.description()
                ),
            );
        }
    }

    if let Some(text) = raw.lacp_rate {
        if mode == Mode::Lacp {
            params.lacp_fast = keyword(log, OptionId::LacpRate, text)? != 0;
        } else {
            // Not checked, as in the C driver.
            log(
                Level::Info,
                format_args!("lacp_rate has no effect in mode {}", mode.description()),
            );
        }
    }
    if let Some(text) = raw.ad_select {
        let number = keyword(log, OptionId::AdSelect, text)?;
        params.ad_select = AdSelect::from_u8(number).ok_or(OptError::Invalid)?;
        if mode != Mode::Lacp {
            log(
                Level::Warn,
                format_args!("Warning: ad_select only affects 802.3ad mode"),
            );
        }
    }

    let max_bonds = number(
        log,
        "max_bonds",
        raw.max_bonds,
        0,
        INT_MAX,
        DEFAULT_MAX_BONDS,
    );
    params.miimon = number(log, "miimon", raw.miimon, 0, INT_MAX, 0);
    let updelay = number(log, "updelay", raw.updelay, 0, INT_MAX, 0);
    let downdelay = number(log, "downdelay", raw.downdelay, 0, INT_MAX, 0);

    if !matches!(raw.use_carrier, 0 | 1) {
        log(
            Level::Err,
            format_args!(
                "Error: use_carrier ({}) can only be 0 or 1",
                raw.use_carrier
            ),
        );
        return Err(OptError::Invalid);
    }
    params.use_carrier = raw.use_carrier != 0;

    if let Some(text) = raw.event_monitor {
        let number = keyword(log, OptionId::EventMonitor, text)?;
        params.event_monitor = EventMonitor::from_u8(number).ok_or(OptError::Invalid)?;
    }

    params.num_peer_notif = byte(number(
        log,
        "num_grat_arp/num_unsol_na",
        raw.num_peer_notif,
        0,
        255,
        1,
    ));

    if !mode.uses_arp() && params.miimon == 0 {
        log(
            Level::Warn,
            format_args!(
                "Warning: mode {} needs miimon to detect link failure, speed and duplex, \
                 using {DEFAULT_MIIMON} ms",
                mode.keyword()
            ),
        );
        params.miimon = DEFAULT_MIIMON;
    }

    let tx_queues = number(log, "tx_queues", raw.tx_queues, 1, 255, DEFAULT_TX_QUEUES);
    params.all_slaves_active =
        number(log, "all_slaves_active", raw.all_slaves_active, 0, 1, 0) != 0;
    params.resend_igmp = byte(number(log, "resend_igmp", raw.resend_igmp, 0, 255, 1));
    let packets = number(log, "packets_per_slave", raw.packets_per_slave, 0, 65535, 1);
    params.packets_per_slave = u16::try_from(packets).unwrap_or(u16::MAX);

    params.lp_interval = raw.lp_interval;
    if raw.lp_interval == 0 {
        log(
            Level::Warn,
            format_args!("Warning: lp_interval (0) is not in the range 1 - {INT_MAX}, using 1"),
        );
        params.lp_interval = 1;
    }

    if mode == Mode::Alb {
        log(
            Level::Notice,
            format_args!(
                "In ALB mode you might experience client disconnections upon reconnection of a \
                 link if the bonding module updelay parameter ({updelay} msec) is incompatible \
                 with the forwarding delay time of the switch"
            ),
        );
    }
    if params.miimon == 0 && (updelay != 0 || downdelay != 0) {
        log(
            Level::Warn,
            format_args!(
                "Warning: updelay ({updelay}) and downdelay ({downdelay}) have no effect \
                 unless miimon is set"
            ),
        );
    }
    params.arp_interval = number(log, "arp_interval", raw.arp_interval, 0, INT_MAX, 0);
    if params.miimon != 0 && params.arp_interval != 0 {
        log(
            Level::Warn,
            format_args!(
                "Warning: miimon ({}) and arp_interval ({}) can't be used simultaneously, \
                 disabling ARP monitoring",
                params.miimon, params.arp_interval
            ),
        );
        params.arp_interval = 0;
    }
    params.updelay = delay(log, "updelay", updelay, params.miimon);
    params.downdelay = delay(log, "downdelay", downdelay, params.miimon);

    let targets = arp(raw, &mut params, log)?;
    if params.miimon != 0 {
        log(
            Level::Info,
            format_args!("MII link monitoring set to {} ms", params.miimon),
        );
    } else if params.arp_interval != 0 {
        log(
            Level::Info,
            format_args!(
                "ARP monitoring set to {} ms, validate {}, with {} target(s):{}",
                params.arp_interval,
                params.arp_validate.keyword(),
                targets.ip4.len(),
                Given(raw)
            ),
        );
    } else if max_bonds != 0 {
        log(
            Level::Debug,
            format_args!("Warning: without miimon or arp_interval link failures are not detected"),
        );
    }

    let mut primary = raw.primary;
    if let Some(name) = primary {
        if !mode.uses_primary() {
            log(
                Level::Warn,
                format_args!(
                    "Warning: primary {} has no effect in mode {}",
                    Text(name),
                    mode.description()
                ),
            );
            primary = None;
        }
    }
    if let (Some(_), Some(text)) = (primary, raw.primary_reselect) {
        let number = keyword(log, OptionId::PrimaryReselect, text)?;
        params.primary_reselect = PrimaryReselect::from_u8(number).ok_or(OptError::Invalid)?;
    }

    if let Some(text) = raw.fail_over_mac {
        let number = keyword(log, OptionId::FailOverMac, text)?;
        params.fail_over_mac = FailOverMac::from_u8(number).ok_or(OptError::Invalid)?;
        if mode != Mode::ActiveBackup {
            log(
                Level::Warn,
                format_args!("Warning: fail_over_mac only affects active-backup mode"),
            );
        }
    }

    // CAST: A negative number is stored as it is, as in the C driver, and reads as unsigned.
    params.min_links = raw.min_links as u32;

    Ok(Defaults {
        params,
        primary: primary
            .map(IfName::from_bytes)
            .filter(|name| !name.is_empty()),
        targets,
        max_bonds,
        tx_queues,
    })
}

/// Narrows a number which was checked to be at most 255.
fn byte(number: u32) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}
