// SPDX-License-Identifier: GPL-2.0

//! Setting an option of a bond, whichever face it comes through.

use crate::{
    bond::{
        addr::IfName,
        history::{
            Seen,
            Setting, //
        },
        options::{
            self,
            Format,
            OptError,
            OptionDef,
            OptionId,
            Sign,
            Value, //
        },
        params::{
            Applied,
            Effects, //
        },
        release::{
            self,
            Reason, //
        },
        select::Why,
        slave::{
            Place,
            Port, //
        },
        Bond,
        Follow, //
    },
    kapi::{
        log::{
            bond_log,
            slave_log,
            Level, //
        },
        net_device::{
            Announce,
            ExtAck, //
        },
        rtnl::Rtnl,
        time::{
            now_ms,
            ticks, //
        },
    },
    modes,
    monitor::{
        link::LinkState,
        targets::{
            List,
            Refused,
            Target, //
        }, //
    }, //
};

use core::net::{
    Ipv4Addr,
    Ipv6Addr, //
};
use kernel::prelude::*;

/// The pure code's error as the kernel's.
pub(crate) fn to_error(error: OptError) -> Error {
    Error::from_errno(-error.errno())
}

/// The kernel's error as the pure code's.
fn from_error(error: Error) -> OptError {
    OptError::from_errno(error.to_errno())
}

/// An option that was set to the name of a slave, or to none.
const fn named(id: OptionId, name: Option<IfName>) -> Seen {
    Seen::Option {
        name: id.def().name,
        slave: None,
        value: Setting::Name(name),
    }
}

impl Bond {
    /// Sets an option from text, as sysfs does; the log tells why if that fails.
    pub(crate) fn set_text(&self, rtnl: &Rtnl, def: &'static OptionDef, text: &[u8]) -> Result {
        self.set(rtnl, def, Value::Raw(text), &ExtAck::none())?;
        // Nobody can refuse what has happened.
        let _ = self.dev().announce(rtnl, Announce::ChangeInfoData);
        Ok(())
    }

    /// Sets an option to a number, as netlink does.
    pub(crate) fn set_number(
        &self,
        rtnl: &Rtnl,
        def: &'static OptionDef,
        value: u64,
        extack: &ExtAck<'_>,
    ) -> Result {
        self.set(rtnl, def, Value::Num(value), extack)
    }

    /// Sets an option of the kind that takes names, as netlink does.
    pub(crate) fn set_raw(
        &self,
        rtnl: &Rtnl,
        def: &'static OptionDef,
        value: &[u8],
        extack: &ExtAck<'_>,
    ) -> Result {
        self.set(rtnl, def, Value::Raw(value), extack)
    }

    /// Sets an option, or says why not.
    fn set(
        &self,
        rtnl: &Rtnl,
        def: &'static OptionDef,
        value: Value<'_>,
        extack: &ExtAck<'_>,
    ) -> Result {
        let set = self.try_set(rtnl, def, value);
        set.map_err(|error| self.explain(error, def, value, extack))
    }

    /// Says why an option was not set.
    fn explain(
        &self,
        error: OptError,
        def: &'static OptionDef,
        value: Value<'_>,
        extack: &ExtAck<'_>,
    ) -> Error {
        let mode = self.params().mode;
        if let Some(line) = error.explain(def, Some(value), mode) {
            bond_log!(Level::Err, self.dev(), "{line}");
        }
        if let Some(line) = error.allowed(def) {
            bond_log!(Level::Err, self.dev(), "{line}");
        }
        if let Some(text) = error.extack(def, mode) {
            extack.set(text);
        }
        to_error(error)
    }

    /// Sets an option, if it may be set and the value is one it takes.
    fn try_set(
        &self,
        rtnl: &Rtnl,
        def: &'static OptionDef,
        value: Value<'_>,
    ) -> Result<(), OptError> {
        let mode = self.params().mode;
        def.gate(mode, self.has_slaves(), self.dev().is_up())?;
        let value = match value {
            Value::Raw(text) => def.parse(text)?,
            Value::Num(number) if def.id == OptionId::ArpIpTarget => Value::Num(number),
            Value::Num(number) => def.parse_num(number)?,
        };
        match (def.id, value) {
            (OptionId::Slaves, Value::Raw(text)) => self.set_slaves(rtnl, text),
            (OptionId::Primary, Value::Raw(text)) => {
                self.set_primary(rtnl, options::parse_primary(text));
                Ok(())
            }
            (OptionId::ActiveSlave, Value::Raw(text)) => {
                self.set_active(rtnl, options::parse_active_slave(text))
            }
            (OptionId::QueueId, Value::Raw(text)) => self.set_queue(rtnl, text),
            (OptionId::AdActorSystem, Value::Raw(text)) => self.set_actor_system(rtnl, text),
            (OptionId::ArpIpTarget, Value::Raw(text)) => self.set_arp_targets(text),
            (OptionId::ArpIpTarget, Value::Num(number)) => self.add_arp_target(number),
            (_, Value::Num(number)) => self.set_scalar(rtnl, def, number),
            (_, Value::Raw(_)) => Err(OptError::Invalid),
        }
    }

    /// Sets an option that is a number.
    fn set_scalar(
        &self,
        rtnl: &Rtnl,
        def: &'static OptionDef,
        number: u64,
    ) -> Result<(), OptError> {
        if self.xdp_program().is_some() {
            let mut next = self.params();
            next.apply(def.id, number)?;
            if !next.supports_xdp() {
                return Err(OptError::NotSupported);
            }
        }
        let value = match def.format {
            Format::KeywordNumber => Setting::Keyword(def.keyword_of(number)),
            _ => Setting::Number(i64::try_from(number).unwrap_or(i64::MAX)),
        };
        let seen = Seen::Option {
            name: def.name,
            slave: None,
            value,
        };
        let applied = self.decide(seen, Follow::Now(rtnl), |bond, state| {
            let interval = state.params.arp_interval;
            let applied = state.params.apply(def.id, number)?;
            if state.params.arp_interval != interval {
                state.restart_probing(bond);
            } else {
                bond.publish_watch(state);
            }
            if applied.has(Effects::MARK_ALL_SLAVES) {
                state.mark_backups();
            }
            if def.id == OptionId::AdActorSysPrio {
                state.tell_partners();
            }
            if applied.has(Effects::RESELECT) {
                state.choose_active(bond.dev(), now_ms());
            }
            Ok(applied)
        })?;
        if let Some(warning) = applied.warning {
            bond_log!(Level::Warn, self.dev(), "{warning}");
        }
        self.follow_setting(rtnl, &applied);
        Ok(())
    }

    /// What a new setting means beyond the bond's own state.
    fn follow_setting(&self, rtnl: &Rtnl, applied: &Applied) {
        let params = self.params();
        let mode_changed = applied.has(Effects::MODE_CHANGED);
        if mode_changed || applied.has(Effects::POLICY_CHANGED) {
            self.choose_ops(rtnl);
            super::xdp::update_features(self, rtnl);
        }
        if mode_changed {
            self.dev().set_mode(rtnl, params.mode.as_u8());
        }
        if applied.has(Effects::RETEACH) {
            self.start_balance();
        }
        if applied.has(Effects::RESTART_MONITOR) {
            self.stop_monitors();
            self.start_monitor();
        }
    }

    /// Option `slaves`: enslaves or releases a device.
    fn set_slaves(&self, rtnl: &Rtnl, text: &[u8]) -> Result<(), OptError> {
        let (sign, name) = options::parse_slaves_cmd(text)?;
        let dev = self.dev().sibling(rtnl, &name).ok_or(OptError::NoDevice)?;
        match sign {
            Sign::Plus => super::enslave::enslave(self, rtnl, &dev, &ExtAck::none()),
            Sign::Minus => release::release(self, rtnl, &dev, Reason::Asked),
        }
        .map_err(from_error)
    }

    /// Option `primary`: the slave that is preferred, [`None`] for no one.
    fn set_primary(&self, rtnl: &Rtnl, name: Option<IfName>) {
        let seen = named(OptionId::Primary, name);
        self.decide(seen, Follow::Now(rtnl), |bond, state| {
            let had = state.primary_slave.is_some();
            state.primary = name;
            state.find_primary();
            let has = state.primary_slave.is_some();
            if has {
                state.force_primary = true;
            }
            if had || has || name.is_none() {
                state.choose_active(bond.dev(), now_ms());
            }
        });
    }

    /// Option `active_slave`: makes a slave the active one, or has one chosen ([`None`]).
    fn set_active(&self, rtnl: &Rtnl, name: Option<IfName>) -> Result<(), OptError> {
        let seen = named(OptionId::ActiveSlave, name);
        let Some(name) = name else {
            self.decide(seen, Follow::Now(rtnl), |bond, state| {
                state.activate(bond.dev(), None, Why::Cleared);
                state.choose_active(bond.dev(), now_ms());
            });
            return Ok(());
        };
        let dev = self.dev().sibling(rtnl, &name).ok_or(OptError::NoDevice)?;
        self.decide(seen, Follow::Now(rtnl), |bond, state| {
            let Some(index) = state.position_of(&dev) else {
                let whose = if dev.is_slave() {
                    "our slave"
                } else {
                    "bonding slave"
                };
                slave_log!(Level::Err, bond.dev(), &dev, "Device is not {whose}");
                return Err(OptError::Invalid);
            };
            if state.active_position() == Some(index) {
                return Ok(());
            }
            let up = state
                .members
                .get(index)
                .is_some_and(|member| member.link.state() == LinkState::Up);
            if state.active.get().is_none() || !up || !dev.is_running_with_carrier() {
                slave_log!(
                    Level::Err,
                    bond.dev(),
                    &dev,
                    "Could not set as active slave; either {name} is down or the link is down"
                );
                return Err(OptError::Invalid);
            }
            slave_log!(
                Level::Info,
                bond.dev(),
                &dev,
                "making interface the new active one"
            );
            state.activate(bond.dev(), Some(index), Why::Asked);
            Ok(())
        })
    }

    /// Slave option `prio`: how much a slave is preferred as the active one, where there is no
    /// primary.
    pub(crate) fn set_prio(&self, rtnl: &Rtnl, port: &Port, prio: i32) -> Result {
        let seen = Seen::Option {
            name: "prio",
            slave: Some(port.dev().name()),
            value: Setting::Number(prio.into()),
        };
        self.decide(seen, Follow::Now(rtnl), |bond, state| {
            let at = state.position(port).ok_or(ENODEV)?;
            state.members.get_mut(at).ok_or(ENODEV)?.prio = prio;
            if state.primary_slave.is_none() {
                state.choose_active(bond.dev(), now_ms());
                return Ok(());
            }
            slave_log!(
                Level::Warn,
                bond.dev(),
                port.dev(),
                "prio updated, but will not affect failover re-selection as primary slave have \
                 been set"
            );
            Ok(())
        })
    }

    /// Option `ad_actor_system`: the MAC address that partners know the bond by; zero is its own.
    fn set_actor_system(&self, rtnl: &Rtnl, text: &[u8]) -> Result<(), OptError> {
        let mac = options::parse_mac(text).inspect_err(|_| {
            bond_log!(
                Level::Err,
                self.dev(),
                "Invalid ad_actor_system MAC address."
            );
        })?;
        let seen = Seen::Option {
            name: OptionId::AdActorSystem.def().name,
            slave: None,
            value: Setting::Keyword(if mac == [0; 6] { "own" } else { "set" }),
        };
        self.note_mac(rtnl);
        self.decide(seen, Follow::Now(rtnl), |_, state| {
            state.params.ad_actor_system = mac;
            state.tell_partners();
        });
        Ok(())
    }

    /// Slave option `actor_port_prio`: the priority of a slave's port, by which `ad_select` may go.
    pub(crate) fn set_port_priority(&self, rtnl: &Rtnl, port: &Port, priority: u16) -> Result {
        let seen = Seen::Option {
            name: "actor_port_prio",
            slave: Some(port.dev().name()),
            value: Setting::Number(priority.into()),
        };
        self.decide(seen, Follow::Now(rtnl), |_, state| {
            let at = state.position(port).ok_or(ENODEV)?;
            let member = state.members.get_mut(at).ok_or(ENODEV)?;
            member.lacp.set_priority(priority);
            Ok(())
        })
    }

    /// Option `arp_ip_target`: adds or removes a host that the ARP monitor asks for.
    fn set_arp_targets(&self, text: &[u8]) -> Result<(), OptError> {
        let (sign, target) = options::parse_arp_target(text)?;
        if sign == Sign::Plus {
            return self.add_arp_target(u32::from_ne_bytes(target.octets()).into());
        }
        let mut state = self.state.lock();
        let removed = state.targets.ip4.remove(target);
        let at = removed.map_err(|why| self.refuse_target(&why))?;
        for member in &state.members {
            member.port.signs.forget_ip4(at);
        }
        self.publish_watch(&state);
        let last = state.targets.ip4.is_empty() && state.params.arp_interval != 0;
        drop(state);
        if last {
            self.warn_of_no_target();
        }
        Ok(())
    }

    /// Adds a host that the ARP monitor asks for: the bytes of its IPv4 address, as a number of this
    /// machine.
    fn add_arp_target(&self, number: u64) -> Result<(), OptError> {
        // CAST: As in the C driver, what is more than an address is not looked at.
        let target = Ipv4Addr::from((number as u32).to_ne_bytes());
        let mut state = self.state.lock();
        let added = state.targets.ip4.add(target);
        let at = added.map_err(|why| self.refuse_target(&why))?;
        for member in &state.members {
            member.port.signs.begin(Place::ip4(at), ticks());
        }
        self.publish_watch(&state);
        Ok(())
    }

    /// Replaces the hosts that the ARP monitor asks for, as netlink does. Those before the first
    /// that is refused stay.
    pub(crate) fn replace_arp_targets(
        &self,
        rtnl: &Rtnl,
        targets: impl Iterator<Item = Result<Ipv4Addr>>,
        extack: &ExtAck<'_>,
    ) -> Result {
        {
            let mut state = self.state.lock();
            state.targets.ip4 = List::EMPTY;
            self.publish_watch(&state);
        }
        let (mut result, mut malformed) = (Ok(()), false);
        for target in targets {
            malformed = target.is_err();
            result = target.and_then(|target| {
                let number = u32::from_ne_bytes(target.octets()).into();
                let def = OptionId::ArpIpTarget.def();
                self.set(rtnl, def, Value::Num(number), extack)
            });
            if result.is_err() {
                break;
            }
        }
        let state = self.state.lock();
        let none = state.targets.ip4.is_empty() && state.params.arp_interval != 0;
        drop(state);
        if none && !malformed {
            self.warn_of_no_target();
        }
        result
    }

    /// Option `ns_ip6_target`: replaces the IPv6 hosts that the ARP monitor asks for. Those before
    /// the first that is refused stay.
    pub(crate) fn replace_ns_targets(
        &self,
        rtnl: &Rtnl,
        targets: impl Iterator<Item = Result<Ipv6Addr>>,
        extack: &ExtAck<'_>,
    ) -> Result {
        {
            let mut state = self.state.lock();
            state.targets.ip6 = List::EMPTY;
            self.publish_watch(&state);
        }
        let (mut result, mut malformed) = (Ok(()), false);
        for target in targets {
            malformed = target.is_err();
            result = target.and_then(|target| {
                self.add_ns_target(target).map_err(|error| {
                    // As in the C driver, the address is not said again.
                    let value = Value::Num(u64::MAX);
                    self.explain(error, OptionId::NsIp6Target.def(), value, extack)
                })
            });
            if result.is_err() {
                break;
            }
        }
        let state = self.state.lock();
        let none = state.targets.ip6.is_empty() && state.params.arp_interval != 0;
        drop(state);
        if none && !malformed {
            bond_log!(
                Level::Warn,
                self.dev(),
                "Removing last ns target with arp_interval on"
            );
        }
        self.settle(rtnl);
        result
    }

    /// Adds an IPv6 host that the ARP monitor asks for.
    fn add_ns_target(&self, target: Ipv6Addr) -> Result<(), OptError> {
        let mut state = self.state.lock();
        let added = state.targets.ip6.add(target);
        let at = added.map_err(|why| self.refuse_target(&why))?;
        for member in &state.members {
            member.port.signs.begin(Place::ip6(at), ticks());
        }
        self.publish_watch(&state);
        Ok(())
    }

    /// Says why a target was not added or removed.
    fn refuse_target<A: Target>(&self, why: &Refused<A>) -> OptError {
        bond_log!(Level::Err, self.dev(), "{why}");
        OptError::Invalid
    }

    /// Says that the ARP monitor has nobody to ask.
    fn warn_of_no_target(&self) {
        bond_log!(
            Level::Warn,
            self.dev(),
            "Removing last arp target with arp_interval on"
        );
    }

    /// Option `queue_id`: binds a queue to a slave.
    fn set_queue(&self, rtnl: &Rtnl, text: &[u8]) -> Result<(), OptError> {
        let (name, queue) = options::parse_queue_id(text)?;
        let refused = OptError::NotPermitted;
        if u32::from(queue) > self.dev().tx_queues() {
            return Err(refused);
        }
        let dev = self.dev().sibling(rtnl, &name).ok_or(refused)?;
        let mut state = self.state.lock();
        let index = state.position_of(&dev).ok_or(refused)?;
        if state.is_queue_taken(queue, index) {
            return Err(refused);
        }
        let member = state.members.get_mut(index).ok_or(refused)?;
        member.queue_id = queue;
        member.port.set_queue_id(queue);
        drop(state);
        self.choose_ops(rtnl);
        Ok(())
    }

    /// Has packets sent in the way that the settings say.
    pub(crate) fn choose_ops(&self, rtnl: &Rtnl) {
        let (params, queues) = {
            let state = self.state.lock();
            let queues = state.members.iter().any(|member| member.queue_id != 0);
            (state.params, queues)
        };
        self.dev().set_ops(rtnl, modes::device_ops(&params, queues));
    }
}
