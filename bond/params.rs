// SPDX-License-Identifier: GPL-2.0

//! The settings of one bond, and what applying an option changes in them.

#![forbid(unsafe_code)]

use core::fmt;

use crate::bond::options::{
    OptError,
    OptionId, //
};

/// Greatest value of the options which are an `int` in the C driver (`INT_MAX`).
pub(crate) const INT_MAX: u32 = 0x7fff_ffff;

/// Monitoring interval in ms of the modes which can't do without.
pub(crate) const DEFAULT_MIIMON: u32 = 100;

/// How a bond spreads its frames; the numbers are user-space ABI (`BOND_MODE_*` in
/// [`include/uapi/linux/if_bonding.h`](srctree/include/uapi/linux/if_bonding.h)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// `balance-rr`: frame after frame to the next slave.
    RoundRobin = 0,
    /// `active-backup`: one slave carries everything, the others wait.
    ActiveBackup = 1,
    /// `balance-xor`: a hash over addresses chooses the slave.
    Xor = 2,
    /// `broadcast`: every frame on every slave.
    Broadcast = 3,
    /// `802.3ad`: LACP says which slaves are used, a hash over addresses chooses among them.
    Lacp = 4,
    /// `balance-tlb`: flows go by load, and come in by the active slave.
    Tlb = 5,
    /// `balance-alb`: the same, and each peer is told a slave of its own to send to.
    Alb = 6,
}

impl Mode {
    /// Returns the mode with this number, if it is built.
    pub(crate) const fn from_u8(number: u8) -> Option<Mode> {
        match number {
            0 => Some(Mode::RoundRobin),
            1 => Some(Mode::ActiveBackup),
            2 => Some(Mode::Xor),
            3 => Some(Mode::Broadcast),
            4 => Some(Mode::Lacp),
            5 => Some(Mode::Tlb),
            6 => Some(Mode::Alb),
            _ => None,
        }
    }

    /// Returns the number of the mode.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word by which options name the mode.
    pub(crate) fn keyword(self) -> &'static str {
        OptionId::Mode.def().keyword_of(u64::from(self.as_u8()))
    }

    /// Returns the description which `/proc/net/bonding` and messages give.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Mode::RoundRobin => "load balancing (round-robin)",
            Mode::ActiveBackup => "fault-tolerance (active-backup)",
            Mode::Xor => "load balancing (xor)",
            Mode::Broadcast => "fault-tolerance (broadcast)",
            Mode::Lacp => "IEEE 802.3ad Dynamic link aggregation",
            Mode::Tlb => "transmit load balancing",
            Mode::Alb => "adaptive load balancing",
        }
    }

    /// Tells whether one slave is the active one and a primary can be given.
    pub(crate) const fn uses_primary(self) -> bool {
        match self {
            Mode::ActiveBackup | Mode::Tlb | Mode::Alb => true,
            Mode::RoundRobin | Mode::Xor | Mode::Broadcast | Mode::Lacp => false,
        }
    }

    /// Tells whether the transmit hash policy has a part in choosing the slave.
    pub(crate) const fn can_use_xmit_hash(self) -> bool {
        match self {
            Mode::Xor | Mode::Lacp | Mode::Tlb | Mode::Alb => true,
            Mode::RoundRobin | Mode::ActiveBackup | Mode::Broadcast => false,
        }
    }

    /// Tells whether ARP monitoring can be used; a mode without it needs the MII monitor.
    pub(crate) const fn uses_arp(self) -> bool {
        match self {
            Mode::RoundRobin | Mode::ActiveBackup | Mode::Xor | Mode::Broadcast => true,
            Mode::Lacp | Mode::Tlb | Mode::Alb => false,
        }
    }

    /// Tells whether a slave is of no use as long as its speed and duplex aren't known.
    pub(crate) const fn needs_speed(self) -> bool {
        match self {
            Mode::RoundRobin
            | Mode::ActiveBackup
            | Mode::Xor
            | Mode::Broadcast
            | Mode::Tlb
            | Mode::Alb => false,
            Mode::Lacp => true,
        }
    }

    /// Tells whether flows are balanced, and each slave has an address of its own.
    pub(crate) const fn is_balancing(self) -> bool {
        matches!(self, Mode::Tlb | Mode::Alb)
    }
}

/// What the transmit hash is made of (`BOND_XMIT_POLICY_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum XmitPolicy {
    /// `layer2`: Ethernet addresses and type.
    Layer2 = 0,
    /// `layer3+4`: addresses and ports of IP.
    Layer34 = 1,
    /// `layer2+3`: Ethernet addresses and type, addresses of IP.
    Layer23 = 2,
    /// `encap2+3`: as `layer2+3`, but of what is inside tunnels.
    Encap23 = 3,
    /// `encap3+4`: as `layer3+4`, but of what is inside tunnels.
    Encap34 = 4,
    /// `vlan+srcmac`: VLAN and Ethernet source address.
    VlanSrcMac = 5,
}

impl XmitPolicy {
    /// Returns the policy with this number.
    pub(crate) const fn from_u8(number: u8) -> Option<XmitPolicy> {
        match number {
            0 => Some(XmitPolicy::Layer2),
            1 => Some(XmitPolicy::Layer34),
            2 => Some(XmitPolicy::Layer23),
            3 => Some(XmitPolicy::Encap23),
            4 => Some(XmitPolicy::Encap34),
            5 => Some(XmitPolicy::VlanSrcMac),
            _ => None,
        }
    }

    /// Returns the number of the policy.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word by which options name the policy.
    pub(crate) fn keyword(self) -> &'static str {
        OptionId::XmitHashPolicy
            .def()
            .keyword_of(u64::from(self.as_u8()))
    }
}

impl Params {
    /// Tells whether an XDP program may run on the slaves: whether one of them can be chosen for a
    /// frame by what XDP sees of it.
    pub(crate) const fn supports_xdp(&self) -> bool {
        match self.mode {
            Mode::RoundRobin | Mode::ActiveBackup => true,
            // A frame of XDP has no tag beside its data.
            Mode::Xor | Mode::Lacp => !matches!(self.xmit_policy, XmitPolicy::VlanSrcMac),
            Mode::Broadcast | Mode::Tlb | Mode::Alb => false,
        }
    }

    /// Tells whether the transmit hash policy alone chooses the slave.
    pub(crate) const fn uses_xmit_hash(&self) -> bool {
        self.mode.can_use_xmit_hash() && !self.balances_by_load()
    }

    /// Tells whether switches are to learn now and then what address each slave has.
    pub(crate) const fn teaches_switches(&self) -> bool {
        self.balances_by_load() || matches!(self.mode, Mode::Alb)
    }

    /// Tells whether load decides which flows leave by which slave.
    pub(crate) const fn balances_by_load(&self) -> bool {
        self.mode.is_balancing() && self.tlb_dynamic_lb
    }
}

/// Whose hardware address the bond and its slaves use in active-backup mode (`BOND_FOM_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FailOverMac {
    /// `none`: every slave has the bond's address.
    None = 0,
    /// `active`: slaves keep theirs, the bond has that of the active one.
    Active = 1,
    /// `follow`: the bond's address moves to the slave which becomes active.
    Follow = 2,
}

impl FailOverMac {
    /// Returns the policy with this number.
    pub(crate) const fn from_u8(number: u8) -> Option<FailOverMac> {
        match number {
            0 => Some(FailOverMac::None),
            1 => Some(FailOverMac::Active),
            2 => Some(FailOverMac::Follow),
            _ => None,
        }
    }

    /// Returns the number of the policy.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word by which options name the policy.
    pub(crate) fn keyword(self) -> &'static str {
        OptionId::FailOverMac
            .def()
            .keyword_of(u64::from(self.as_u8()))
    }
}

/// When a primary slave which came up takes over (`BOND_PRI_RESELECT_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum PrimaryReselect {
    /// `always`: as soon as it is up.
    Always = 0,
    /// `better`: if it is faster than the active one, or as fast with the better duplex.
    Better = 1,
    /// `failure`: only when the active one fails.
    Failure = 2,
}

impl PrimaryReselect {
    /// Returns the policy with this number.
    pub(crate) const fn from_u8(number: u8) -> Option<PrimaryReselect> {
        match number {
            0 => Some(PrimaryReselect::Always),
            1 => Some(PrimaryReselect::Better),
            2 => Some(PrimaryReselect::Failure),
            _ => None,
        }
    }

    /// Returns the number of the policy.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word by which options name the policy.
    pub(crate) fn keyword(self) -> &'static str {
        OptionId::PrimaryReselect
            .def()
            .keyword_of(u64::from(self.as_u8()))
    }
}

/// Which aggregator an 802.3ad bond uses (`BOND_AD_*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum AdSelect {
    /// `stable`: the one in use until it has no ports.
    Stable = 0,
    /// `bandwidth`: the one with the greatest bandwidth.
    Bandwidth = 1,
    /// `count`: the one with the most ports.
    Count = 2,
    /// `actor_port_prio`: the one with the greatest sum of port priorities.
    PortPrio = 3,
}

impl AdSelect {
    /// Returns the policy with this number.
    pub(crate) const fn from_u8(number: u8) -> Option<AdSelect> {
        match number {
            0 => Some(AdSelect::Stable),
            1 => Some(AdSelect::Bandwidth),
            2 => Some(AdSelect::Count),
            3 => Some(AdSelect::PortPrio),
            _ => None,
        }
    }

    /// Returns the number of the policy.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }
}

/// When the kernel's reports of a slave's link are acted upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum EventMonitor {
    /// `off`: never; links are polled.
    Off = 0,
    /// `auto`: if links are polled, too.
    Auto = 1,
    /// `always`: even if nothing else watches the links.
    Always = 2,
}

impl EventMonitor {
    /// Returns the setting with this number.
    pub(crate) const fn from_u8(number: u8) -> Option<EventMonitor> {
        match number {
            0 => Some(EventMonitor::Off),
            1 => Some(EventMonitor::Auto),
            2 => Some(EventMonitor::Always),
            _ => None,
        }
    }

    /// Returns the number of the setting.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }
}

/// What counts as a sign of life of a slave that the ARP monitor watches (`BOND_ARP_VALIDATE_*`,
/// `BOND_ARP_FILTER*`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ArpValidate {
    /// `none`: any frame.
    None = 0,
    /// `active`: for active slaves, answers of targets alone.
    Active = 1,
    /// `backup`: for backups, ARP between bond and targets alone.
    Backup = 2,
    /// `all`: both.
    All = 3,
    /// `filter`: any ARP.
    Filter = 4,
    /// `filter_active`: as `active`, and any ARP for backups.
    FilterActive = 5,
    /// `filter_backup`: as `backup`, and any ARP for active slaves.
    FilterBackup = 6,
}

impl ArpValidate {
    /// Returns the rule with this number.
    pub(crate) const fn from_u8(number: u8) -> Option<ArpValidate> {
        match number {
            0 => Some(ArpValidate::None),
            1 => Some(ArpValidate::Active),
            2 => Some(ArpValidate::Backup),
            3 => Some(ArpValidate::All),
            4 => Some(ArpValidate::Filter),
            5 => Some(ArpValidate::FilterActive),
            6 => Some(ArpValidate::FilterBackup),
            _ => None,
        }
    }

    /// Returns the number of the rule.
    pub(crate) const fn as_u8(self) -> u8 {
        // CAST: The discriminant of a `repr(u8)` enum.
        self as u8
    }

    /// Returns the word by which options name the rule.
    pub(crate) fn keyword(self) -> &'static str {
        OptionId::ArpValidate
            .def()
            .keyword_of(u64::from(self.as_u8()))
    }

    /// Tells whether who sent a frame matters, for a backup or else for an active slave.
    pub(crate) const fn judges(self, backup: bool) -> bool {
        let bit = if backup { 2 } else { 1 };
        self.as_u8() & bit != 0
    }

    /// Tells whether nothing but ARP and neighbour discovery counts.
    pub(crate) const fn filters(self) -> bool {
        self.as_u8() & 4 != 0
    }
}

/// What watches the links of slaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Monitor {
    /// Nothing: every slave counts as up.
    None,
    /// The MII monitor: their carrier.
    Mii,
    /// The ARP monitor: whether hosts behind them answer.
    Arp,
}

/// All settings of a bond which are a number or a keyword.
///
/// The remembered name of the primary, the slaves and their queue ids are state of the bond and
/// live with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Params {
    /// Option `mode`.
    pub(crate) mode: Mode,
    /// Option `xmit_hash_policy`.
    pub(crate) xmit_policy: XmitPolicy,
    /// Option `fail_over_mac`.
    pub(crate) fail_over_mac: FailOverMac,
    /// Option `primary_reselect`.
    pub(crate) primary_reselect: PrimaryReselect,
    /// Option `all_slaves_active`.
    pub(crate) all_slaves_active: bool,
    /// Options `num_grat_arp` and `num_unsol_na`: peer notifications per failover, 0 to 255.
    pub(crate) num_peer_notif: u8,
    /// Option `resend_igmp`: membership reports per failover, 0 to 255.
    pub(crate) resend_igmp: u8,
    /// Option `packets_per_slave`: 0 is a random slave, otherwise frames before the next slave.
    pub(crate) packets_per_slave: u16,
    /// Option `miimon` in ms, 0 to [`INT_MAX`]; 0 is off.
    pub(crate) miimon: u32,
    /// Option `use_carrier`: whether the monitor looks at the carrier that the kernel knows of,
    /// and not at what the driver says.
    pub(crate) use_carrier: bool,
    /// Option `event_monitor`.
    pub(crate) event_monitor: EventMonitor,
    /// Option `updelay` as a count of `miimon` polls.
    pub(crate) updelay: u32,
    /// Option `downdelay` as a count of `miimon` polls.
    pub(crate) downdelay: u32,
    /// Option `peer_notif_delay` as a count of `miimon` polls.
    pub(crate) peer_notif_delay: u32,
    /// Option `arp_interval` in ms, 0 to [`INT_MAX`]; 0 is off. Not with `miimon`.
    pub(crate) arp_interval: u32,
    /// Option `arp_validate`.
    pub(crate) arp_validate: ArpValidate,
    /// Option `arp_all_targets`: whether all targets must be heard of, and not just any.
    pub(crate) arp_all_targets: bool,
    /// Option `arp_missed_max`: intervals of silence before a slave is down, 1 to 255.
    pub(crate) arp_missed_max: u8,
    /// Option `min_links`; any `u32`, since the module parameter is not checked.
    pub(crate) min_links: u32,
    /// Option `lp_interval` in s, at least 1; any `u32`, since the module parameter has no limit.
    pub(crate) lp_interval: u32,
    /// Option `tlb_dynamic_lb`.
    pub(crate) tlb_dynamic_lb: bool,
    /// Option `ad_select`.
    pub(crate) ad_select: AdSelect,
    /// Option `ad_actor_sys_prio`, 1 to 65535.
    pub(crate) ad_actor_sys_prio: u16,
    /// Option `ad_user_port_key`, 0 to 1023.
    pub(crate) ad_user_port_key: u16,
    /// Option `ad_actor_system`; zero is the bond's own address.
    pub(crate) ad_actor_system: [u8; 6],
    /// Option `lacp_active`.
    pub(crate) lacp_active: bool,
    /// Option `lacp_rate`: whether partners are asked to send every second.
    pub(crate) lacp_fast: bool,
    /// Option `lacp_strict`.
    pub(crate) lacp_strict: bool,
    /// Option `coupled_control`.
    pub(crate) coupled_control: bool,
    /// Option `broadcast_neighbor`.
    pub(crate) broadcast_neighbor: bool,
}

impl Params {
    /// What a bond has when neither module parameters nor options say otherwise.
    pub(crate) const DEFAULT: Params = Params {
        mode: Mode::RoundRobin,
        xmit_policy: XmitPolicy::Layer2,
        fail_over_mac: FailOverMac::None,
        primary_reselect: PrimaryReselect::Always,
        all_slaves_active: false,
        num_peer_notif: 1,
        resend_igmp: 1,
        packets_per_slave: 1,
        miimon: 0,
        use_carrier: true,
        event_monitor: EventMonitor::Auto,
        updelay: 0,
        downdelay: 0,
        peer_notif_delay: 0,
        arp_interval: 0,
        arp_validate: ArpValidate::None,
        arp_all_targets: false,
        arp_missed_max: 2,
        min_links: 0,
        lp_interval: 1,
        tlb_dynamic_lb: true,
        ad_select: AdSelect::Stable,
        ad_actor_sys_prio: u16::MAX,
        ad_user_port_key: 0,
        ad_actor_system: [0; 6],
        lacp_active: true,
        lacp_fast: false,
        lacp_strict: false,
        coupled_control: true,
        broadcast_neighbor: false,
    };

    /// Returns what watches the links.
    pub(crate) const fn monitor(&self) -> Monitor {
        if self.arp_interval != 0 {
            Monitor::Arp
        } else if self.miimon != 0 || matches!(self.event_monitor, EventMonitor::Always) {
            Monitor::Mii
        } else {
            Monitor::None
        }
    }

    /// Returns a delay of `polls` in ms, at most [`INT_MAX`].
    ///
    /// The C driver lets the product wrap around; a limit is what a reader can still understand.
    const fn polls_to_ms(&self, polls: u32) -> u32 {
        let ms = polls.saturating_mul(self.miimon);
        if ms > INT_MAX {
            INT_MAX
        } else {
            ms
        }
    }

    /// Returns the `updelay` in ms; 0 without MII monitor.
    pub(crate) const fn updelay_ms(&self) -> u32 {
        self.polls_to_ms(self.updelay)
    }

    /// Returns the `downdelay` in ms; 0 without MII monitor.
    pub(crate) const fn downdelay_ms(&self) -> u32 {
        self.polls_to_ms(self.downdelay)
    }

    /// Returns the `peer_notif_delay` in ms; 0 without MII monitor.
    pub(crate) const fn peer_notif_delay_ms(&self) -> u32 {
        self.polls_to_ms(self.peer_notif_delay)
    }

    /// Returns the value of a numeric option as its faces show it (delays in ms); `None` for the
    /// options which aren't a setting of this structure.
    pub(crate) fn get(&self, id: OptionId) -> Option<u64> {
        let number = match id {
            OptionId::Mode => u32::from(self.mode.as_u8()),
            OptionId::PacketsPerSlave => u32::from(self.packets_per_slave),
            OptionId::ArpValidate => u32::from(self.arp_validate.as_u8()),
            OptionId::ArpAllTargets => u32::from(self.arp_all_targets),
            OptionId::ArpInterval => self.arp_interval,
            OptionId::ArpMissedMax => u32::from(self.arp_missed_max),
            OptionId::XmitHashPolicy => u32::from(self.xmit_policy.as_u8()),
            OptionId::FailOverMac => u32::from(self.fail_over_mac.as_u8()),
            OptionId::DownDelay => self.downdelay_ms(),
            OptionId::UpDelay => self.updelay_ms(),
            OptionId::MinLinks => self.min_links,
            OptionId::NumUnsolNa | OptionId::NumGratArp => u32::from(self.num_peer_notif),
            OptionId::MiiMon => self.miimon,
            OptionId::PrimaryReselect => u32::from(self.primary_reselect.as_u8()),
            OptionId::UseCarrier => u32::from(self.use_carrier),
            OptionId::EventMonitor => u32::from(self.event_monitor.as_u8()),
            OptionId::AllSlavesActive => u32::from(self.all_slaves_active),
            OptionId::ResendIgmp => u32::from(self.resend_igmp),
            OptionId::PeerNotifDelay => self.peer_notif_delay_ms(),
            OptionId::LpInterval => self.lp_interval,
            OptionId::TlbDynamicLb => u32::from(self.tlb_dynamic_lb),
            OptionId::AdSelect => u32::from(self.ad_select.as_u8()),
            OptionId::AdActorSysPrio => u32::from(self.ad_actor_sys_prio),
            OptionId::AdUserPortKey => u32::from(self.ad_user_port_key),
            OptionId::LacpActive => u32::from(self.lacp_active),
            OptionId::LacpRate => u32::from(self.lacp_fast),
            OptionId::LacpStrict => u32::from(self.lacp_strict),
            OptionId::CoupledControl => u32::from(self.coupled_control),
            OptionId::BroadcastNeighbor => u32::from(self.broadcast_neighbor),
            OptionId::Primary
            | OptionId::ActiveSlave
            | OptionId::QueueId
            | OptionId::Slaves
            | OptionId::ArpIpTarget
            | OptionId::NsIp6Target
            | OptionId::AdActorSystem => return None,
        };
        Some(u64::from(number))
    }

    /// Applies the numeric option `id`, and says what the bond has to do about it.
    ///
    /// The value is checked once more, so a caller which skipped parsing gets an error and not a
    /// setting out of range. When an error is returned, nothing has changed.
    ///
    /// Whether the option may be set now is [`OptionDef::gate`]'s question; whether an XDP program
    /// forbids a mode or policy is the caller's.
    ///
    /// [`OptionDef::gate`]: crate::bond::options::OptionDef::gate
    pub(crate) fn apply(&mut self, id: OptionId, num: u64) -> Result<Applied, OptError> {
        id.def().parse_num(num)?;
        let byte = u8::try_from(num).map_err(|_| OptError::Invalid);
        let word = u32::try_from(num).map_err(|_| OptError::Invalid);
        let mut applied = Applied::NOTHING;

        match id {
            OptionId::Mode => {
                self.mode = Mode::from_u8(byte?).ok_or(OptError::Invalid)?;
                self.broadcast_neighbor = false;
                // As in the C driver, which balances by load there unless told otherwise then.
                self.tlb_dynamic_lb |= self.mode == Mode::Alb;
                // As in the C driver, the rule is not taken along.
                self.arp_validate = ArpValidate::None;
                if !self.mode.uses_arp() {
                    self.arp_interval = 0;
                    if self.miimon == 0 {
                        self.miimon = DEFAULT_MIIMON;
                    }
                }
                applied.effects = Effects::MODE_CHANGED.with(Effects::UPDATE_VIEW);
            }
            OptionId::PacketsPerSlave => {
                self.packets_per_slave = u16::try_from(num).map_err(|_| OptError::Invalid)?;
                applied.effects = Effects::UPDATE_VIEW;
            }
            OptionId::XmitHashPolicy => {
                self.xmit_policy = XmitPolicy::from_u8(byte?).ok_or(OptError::Invalid)?;
                applied.effects = Effects::POLICY_CHANGED;
            }
            OptionId::FailOverMac => {
                self.fail_over_mac = FailOverMac::from_u8(byte?).ok_or(OptError::Invalid)?;
            }
            OptionId::DownDelay => {
                (self.downdelay, applied.warning) = self.delay("down delay", word?)?;
                applied.effects = Effects::UPDATE_DELAYS;
            }
            OptionId::UpDelay => {
                (self.updelay, applied.warning) = self.delay("up delay", word?)?;
                applied.effects = Effects::UPDATE_DELAYS;
            }
            OptionId::PeerNotifDelay => {
                (self.peer_notif_delay, applied.warning) =
                    self.delay("peer notification delay", word?)?;
            }
            OptionId::MinLinks => {
                self.min_links = word?;
                applied.effects = Effects::UPDATE_CARRIER;
            }
            OptionId::NumUnsolNa | OptionId::NumGratArp => self.num_peer_notif = byte?,
            OptionId::MiiMon => {
                self.miimon = word?;
                if self.miimon != 0 && self.arp_interval != 0 {
                    self.arp_interval = 0;
                    self.arp_validate = ArpValidate::None;
                }
                applied.effects = Effects::RESTART_MONITOR.with(Effects::UPDATE_DELAYS);
            }
            OptionId::ArpInterval => {
                self.arp_interval = word?;
                if self.arp_interval != 0 {
                    self.miimon = 0;
                }
                applied.effects = Effects::RESTART_MONITOR.with(Effects::UPDATE_DELAYS);
            }
            OptionId::ArpValidate => {
                self.arp_validate = ArpValidate::from_u8(byte?).ok_or(OptError::Invalid)?;
            }
            OptionId::ArpAllTargets => self.arp_all_targets = num != 0,
            OptionId::ArpMissedMax => {
                self.arp_missed_max = byte?;
            }
            OptionId::PrimaryReselect => {
                self.primary_reselect = PrimaryReselect::from_u8(byte?).ok_or(OptError::Invalid)?;
                applied.effects = Effects::RESELECT;
            }
            OptionId::UseCarrier => {
                self.use_carrier = num != 0;
                applied.effects = Effects::RESTART_MONITOR;
            }
            OptionId::EventMonitor => {
                self.event_monitor = EventMonitor::from_u8(byte?).ok_or(OptError::Invalid)?;
                applied.effects = Effects::RESTART_MONITOR;
            }
            OptionId::AllSlavesActive => {
                let on = num != 0;
                if on != self.all_slaves_active {
                    self.all_slaves_active = on;
                    applied.effects = Effects::MARK_ALL_SLAVES;
                }
            }
            OptionId::ResendIgmp => self.resend_igmp = byte?,
            OptionId::LpInterval => {
                self.lp_interval = word?;
                applied.effects = Effects::RETEACH;
            }
            OptionId::TlbDynamicLb => self.tlb_dynamic_lb = num != 0,
            OptionId::AdSelect => {
                self.ad_select = AdSelect::from_u8(byte?).ok_or(OptError::Invalid)?;
            }
            OptionId::AdActorSysPrio => {
                self.ad_actor_sys_prio = u16::try_from(num).map_err(|_| OptError::Invalid)?;
            }
            OptionId::AdUserPortKey => {
                self.ad_user_port_key = u16::try_from(num).map_err(|_| OptError::Invalid)?;
            }
            OptionId::LacpActive => self.lacp_active = num != 0,
            OptionId::LacpRate => self.lacp_fast = num != 0,
            OptionId::LacpStrict => self.lacp_strict = num != 0,
            OptionId::CoupledControl => self.coupled_control = num != 0,
            OptionId::BroadcastNeighbor => self.broadcast_neighbor = num != 0,
            OptionId::Primary
            | OptionId::ActiveSlave
            | OptionId::QueueId
            | OptionId::Slaves
            | OptionId::ArpIpTarget
            | OptionId::NsIp6Target
            | OptionId::AdActorSystem => return Err(OptError::Invalid),
        }
        Ok(applied)
    }

    /// Turns a delay of `ms` into polls, with a warning if some of it is cut off.
    fn delay(&self, name: &'static str, ms: u32) -> Result<(u32, Option<DelayRounded>), OptError> {
        let polls = ms.checked_div(self.miimon).ok_or(OptError::MiiDisabled)?;
        let rounded = polls.saturating_mul(self.miimon);
        let warning = (rounded != ms).then_some(DelayRounded {
            name,
            value: ms,
            miimon: self.miimon,
            rounded,
        });
        Ok((polls, warning))
    }
}

/// A set of things the bond has to do after a setting has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effects(u16);

impl Effects {
    /// Nothing to do.
    pub(crate) const NONE: Effects = Effects(0);
    /// If the bond is up, stop the link monitors, and start the one which is set now.
    pub(crate) const RESTART_MONITOR: Effects = Effects(1 << 0);
    /// Run the choice of the active slave.
    pub(crate) const RESELECT: Effects = Effects(1 << 1);
    /// Compute the bond's carrier again.
    pub(crate) const UPDATE_CARRIER: Effects = Effects(1 << 2);
    /// Publish a new transmit view.
    pub(crate) const UPDATE_VIEW: Effects = Effects(1 << 3);
    /// Set (`all_slaves_active` off) or clear (on) the inactive mark of every backup slave.
    pub(crate) const MARK_ALL_SLAVES: Effects = Effects(1 << 4);
    /// Exchange the device operations and what else hangs on the mode; the bond is down and empty.
    pub(crate) const MODE_CHANGED: Effects = Effects(1 << 5);
    /// The up and down delay in ms may have changed; a delay which is running keeps its end.
    pub(crate) const UPDATE_DELAYS: Effects = Effects(1 << 6);
    /// Exchange the device operations; the bond may be up.
    pub(crate) const POLICY_CHANGED: Effects = Effects(1 << 7);
    /// If the bond is up, see when switches are to learn next (balance-tlb, balance-alb).
    pub(crate) const RETEACH: Effects = Effects(1 << 8);

    /// Returns the union of both sets.
    pub(crate) const fn with(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }

    /// Tells whether all of `other` is in this set.
    pub(crate) const fn contains(self, other: Effects) -> bool {
        self.0 & other.0 == other.0
    }
}

/// The outcome of applying an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Applied {
    /// What the bond has to do next.
    pub(crate) effects: Effects,
    /// A line for the log at level warning.
    pub(crate) warning: Option<DelayRounded>,
}

impl Applied {
    /// Set, and nothing else to do.
    const NOTHING: Applied = Applied {
        effects: Effects::NONE,
        warning: None,
    };

    /// Tells whether the bond has to do all of `effects`.
    pub(crate) const fn has(&self, effects: Effects) -> bool {
        self.effects.contains(effects)
    }
}

/// A delay which is no multiple of `miimon`; displays as the line for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DelayRounded {
    /// What kind of delay, in the words of the C driver.
    pub(crate) name: &'static str,
    /// What was asked for, in ms.
    pub(crate) value: u32,
    /// The polling interval, in ms.
    pub(crate) miimon: u32,
    /// What was set, in ms.
    pub(crate) rounded: u32,
}

impl fmt::Display for DelayRounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({}) is not a multiple of miimon ({}), value rounded to {} ms",
            self.name, self.value, self.miimon, self.rounded
        )
    }
}
