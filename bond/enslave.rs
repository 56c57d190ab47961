// SPDX-License-Identifier: GPL-2.0

//! A device becomes a slave, wholly or not at all.
//!
//! Each step that has succeeded leaves a guard; an error on the way drops the guards, latest
//! first, and with them undoes the steps. Only when nothing can fail any more are they dismissed.

use crate::{
    bond::{
        history::{
            Done,
            Seen, //
        },
        hwaddr::{
            self,
            CannotSetMac,
            NewSlave,
            SlaveMac, //
        },
        params::{
            FailOverMac,
            Mode,
            Monitor, //
        },
        slave::{
            PortRef,
            Slave, //
        },
        state::{
            Member,
            Ties, //
        },
        xdp,
        Bond,
        Follow, //
    },
    kapi::{
        hw,
        log::{
            bond_log,
            slave_log,
            Level, //
        },
        net_device::{
            Announce,
            ExtAck,
            NetDevice, //
        },
        random,
        rtnl::Rtnl,
        time::{
            ms_to_ticks,
            now_ms,
            ticks, //
        },
    },
    modes::{
        self,
        lacp, //
    },
    monitor::{
        link::{
            Duplex,
            LinkState, //
        },
        targets::List, //
    },
    sysfs::SlaveDir,
};

use kernel::{
    prelude::*,
    str::CStr,
    types::ScopeGuard, //
};

/// Refuses a device: tells the caller why, or the log if nobody would read it.
pub(super) fn refuse(
    bond: &Bond,
    dev: Option<&NetDevice>,
    extack: &ExtAck<'_>,
    why: &'static CStr,
    errno: Error,
) -> Error {
    if !extack.set(why) {
        let why = why.to_str().unwrap_or("");
        match dev {
            Some(dev) => slave_log!(Level::Err, bond.dev(), dev, "Error: {why}"),
            None => bond_log!(Level::Err, bond.dev(), "Error: {why}"),
        }
    }
    errno
}

/// Whether the device may be enslaved at all; the checks in the C driver's order.
fn check(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice, extack: &ExtAck<'_>) -> Result {
    let of_bond = |why, errno| Err(refuse(bond, None, extack, why, errno));
    let of_slave = |why, errno| Err(refuse(bond, Some(dev), extack, why, errno));

    if dev.hw_type() == hw::CAN {
        return of_bond(c"CAN devices cannot be enslaved", EPERM);
    }
    if dev.is_master() && !dev.is_bond() {
        return of_bond(c"Device type (master device) cannot be enslaved", EPERM);
    }
    if dev.is_rx_handler_busy(rtnl) {
        return of_slave(c"Device is in use and cannot be enslaved", EBUSY);
    }
    if dev.is(bond.dev()) {
        return of_bond(c"Cannot enslave bond to itself.", EPERM);
    }
    if dev.features() & hw::VLAN_CHALLENGED != 0 {
        if bond.dev().has_vlans(rtnl) {
            return of_slave(
                c"Can not enslave VLAN challenged device to VLAN enabled bond",
                EPERM,
            );
        }
        slave_log!(
            Level::Warn,
            bond.dev(),
            dev,
            "enslaved VLAN challenged slave. Adding VLANs will be blocked as long as it is part \
             of bond."
        );
    }
    if dev.is_up() {
        return of_slave(c"Device can not be enslaved while up", EPERM);
    }
    if bond.has_slaves() && dev.hw_type() != bond.dev().hw_type() {
        return of_slave(c"Device type is different from other slaves", EINVAL);
    }
    if dev.hw_type() == hw::INFINIBAND && !bond.uses_primary() {
        return of_slave(
            c"Only active-backup mode is supported for infiniband slaves",
            EOPNOTSUPP,
        );
    }
    Ok(())
}

/// Makes the bond a device of the type of its first slave.
fn adopt_type(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice) -> Result {
    let own = bond.dev();
    if own.announce(rtnl, Announce::PreTypeChange).is_err() {
        slave_log!(Level::Err, own, dev, "refused to change device type");
        return Err(EBUSY);
    }
    own.flush_addresses(rtnl);
    if dev.hw_type() == hw::ETHER {
        own.become_ethernet(rtnl);
    } else {
        let was_up = own.is_up();
        own.close(rtnl);
        own.become_like(rtnl, dev);
        if was_up {
            // As in the C driver: a bond which does not come up again stays down.
            let _ = own.open(rtnl, &ExtAck::none());
        }
    }
    // Nobody can refuse what has happened.
    let _ = own.announce(rtnl, Announce::PostTypeChange);
    Ok(())
}

/// Undoes, for a bond that has no slaves after all, what its first slave made of it.
pub(super) fn forget_first_slave(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice) {
    let own = bond.dev();
    if own.mac(rtnl) == dev.mac(rtnl) {
        own.randomize_mac(rtnl);
    }
    if own.hw_type() != hw::ETHER {
        own.close(rtnl);
        own.become_ethernet(rtnl);
    }
}

/// Decides on the MAC addresses of bond and slave, and warns where that has consequences.
fn plan_macs(
    bond: &Bond,
    rtnl: &Rtnl,
    dev: &NetDevice,
    extack: &ExtAck<'_>,
) -> Result<hwaddr::EnslaveMac> {
    let new = NewSlave {
        has_slaves: bond.has_slaves(),
        can_set_mac: dev.can_set_mac() && dev.hw_type() != hw::INFINIBAND,
        bond_addr_random: bond.dev().has_random_mac(),
        addr: dev.mac(rtnl),
        bond_addr: bond.dev().mac(rtnl),
    };
    let plan = hwaddr::at_enslave(&bond.params(), &new);
    if !new.can_set_mac {
        slave_log!(Level::Warn, bond.dev(), dev, "{}", hwaddr::CANNOT_SET_MAC);
    }
    let plan =
        plan.map_err(|_| refuse(bond, Some(dev), extack, CannotSetMac::EXTACK, EOPNOTSUPP))?;
    if plan.force_active {
        slave_log!(Level::Warn, bond.dev(), dev, "{}", hwaddr::FORCED_ACTIVE);
    }
    Ok(plan)
}

/// Gives the new slave the MAC address that the plan has for it.
fn set_slave_mac(
    bond: &Bond,
    rtnl: &Rtnl,
    dev: &NetDevice,
    plan: SlaveMac,
    extack: &ExtAck<'_>,
) -> Result {
    let mac = match plan {
        SlaveMac::Keep => return Ok(()),
        SlaveMac::SetBond => bond.dev().mac(rtnl),
        SlaveMac::SetRandom => random::ether_address(),
    };
    dev.set_mac(rtnl, &mac, extack).inspect_err(|error| {
        let errno = error.to_errno();
        slave_log!(
            Level::Err,
            bond.dev(),
            dev,
            "Error {errno} calling set_mac_address"
        );
    })
}

/// What the driver of a new slave says of its link, if the bond asks drivers.
fn ask_driver(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice) -> Option<bool> {
    let params = bond.params();
    if params.use_carrier {
        return None;
    }
    let link = dev.driver_link(rtnl);
    if link.is_none() && params.miimon != 0 {
        slave_log!(
            Level::Warn,
            bond.dev(),
            dev,
            "neither ethtool nor MII registers tell of its link, so it counts as up: use_carrier=1 \
             looks at the carrier which the kernel knows of"
        );
    }
    Some(link.unwrap_or(true))
}

/// Says, once per bond, that its slaves count as up for ever, and what to do about it.
fn warn_unmonitored(bond: &Bond) {
    let warns = {
        let mut state = bond.state.lock();
        state.params.monitor() == Monitor::None
            && !core::mem::replace(&mut state.warned_unmonitored, true)
    };
    if warns {
        bond_log!(
            Level::Warn,
            bond.dev(),
            "nothing watches the links, so slaves count as up for ever: set miimon (100, say), \
             arp_interval with arp_ip_target, or event_monitor=always"
        );
    }
}

/// Notes what the new slave is like, for those who hear of it when it is linked to the bond.
fn present_member(bond: &Bond, rtnl: &Rtnl, port: &PortRef) {
    let dev = port.dev();
    let speed = dev.speed_duplex(rtnl);
    let speed = speed.map(|(speed, duplex)| (speed, Duplex::from_u8(duplex)));
    let driver_link = ask_driver(bond, rtnl, dev);
    bond.note_mac(rtnl);
    warn_unmonitored(bond);
    let mut state = bond.state.lock();
    let link = match driver_link {
        Some(link) => dev.is_running() && link,
        None => dev.is_running_with_carrier(),
    };
    let link = link && (speed.is_some() || !state.params.mode.needs_speed());
    let mut lacp = lacp::port::Port::new();
    if state.params.mode == Mode::Lacp {
        state.join_lacp(&mut lacp);
    }
    let member = Member {
        port: port.clone(),
        link: state.new_link(link, now_ms()),
        driver_link: driver_link.unwrap_or(true),
        speed,
        queue_id: 0,
        prio: 0,
        untold: true,
        stale_speed: false,
        told_no_speed: false,
        failovers: 0,
        lacp,
        receives: false,
        fails: false,
        lost: false,
        groups: List::EMPTY,
        ties: None,
    };
    member.publish_link();
    let interval = ms_to_ticks(state.params.arp_interval);
    port.signs.restart(ticks(), interval);
    state.joining = Some(member);
}

/// Puts the new slave among the others, where decisions see it; it takes no part in sending yet.
fn add_member(bond: &Bond) -> Result {
    let count = bond.slave_count();
    let mut members = KVec::with_capacity(count + 1, GFP_KERNEL)?;
    let mut candidates = KVec::with_capacity(count + 1, GFP_KERNEL)?;

    let mut state = bond.state.lock();
    let member = state.joining.take().ok_or(EINVAL)?;
    let added = state.add(member, &mut members, &mut candidates);
    if state.find_primary() {
        state.force_primary = true;
    }
    drop(state);
    added.map_err(|_| ENOMEM)
}

/// Hands the bond's receive flags and addresses down to a slave of a mode where all receive.
fn share_addresses(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice) -> Result {
    let own = bond.dev();
    if own.is_promiscuous() {
        dev.count_promiscuous(rtnl, true)?;
    }
    if own.is_allmulti() {
        dev.count_allmulti(rtnl, true).inspect_err(|_| {
            if own.is_promiscuous() {
                let _ = dev.count_promiscuous(rtnl, false);
            }
        })?;
    }
    if own.is_up() {
        dev.sync_addresses(rtnl, own, true);
        bond.join_group(rtnl, dev);
    }
    Ok(())
}

/// Makes `dev` a slave of `bond`; on failure everything is as before.
pub(super) fn enslave(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice, extack: &ExtAck<'_>) -> Result {
    let own = bond.dev();
    check(bond, rtnl, dev, extack)?;

    let first = !bond.has_slaves();
    if first && dev.hw_type() != own.hw_type() {
        if dev.hw_type() != hw::ETHER && bond.params().mode == Mode::Lacp {
            let why = c"8023AD mode requires Ethernet devices";
            return Err(refuse(bond, Some(dev), extack, why, EINVAL));
        }
        adopt_type(bond, rtnl, dev)?;
    }
    let as_first = ScopeGuard::new(|| {
        if first {
            forget_first_slave(bond, rtnl, dev);
        }
    });
    let plan = plan_macs(bond, rtnl, dev, extack)?;
    let policy = bond.params().fail_over_mac;
    if plan.force_active {
        bond.state.lock().params.fail_over_mac = FailOverMac::Active;
    }
    let forced = ScopeGuard::new(|| bond.state.lock().params.fail_over_mac = policy);

    // Whoever listens is told, and cannot refuse.
    let _ = dev.announce(rtnl, Announce::Join);
    if plan.bond_takes {
        own.take_mac_of(rtnl, dev)?;
    }

    let perm_hwaddr = dev.mac(rtnl);
    let mtu = dev.mtu();
    let port = own.new_port(rtnl, dev, Slave::new(perm_hwaddr, mtu)?)?;
    let params = bond.params();
    // In balancing modes all slaves send, and the active one receives.
    let backup = matches!(params.mode, Mode::ActiveBackup | Mode::Lacp);
    let silent = backup || params.mode.is_balancing();
    port.set_role(backup, silent && !params.all_slaves_active);

    dev.set_mtu(rtnl, own.mtu()).inspect_err(|error| {
        let errno = error.to_errno();
        slave_log!(Level::Err, own, dev, "Error {errno} calling dev_set_mtu");
    })?;
    let with_mtu = ScopeGuard::new(|| {
        let _ = dev.set_mtu(rtnl, mtu);
    });

    set_slave_mac(bond, rtnl, dev, plan.slave, extack)?;
    let with_mac = ScopeGuard::new(|| {
        if plan.slave != SlaveMac::Keep {
            let _ = dev.set_mac(rtnl, &perm_hwaddr, &ExtAck::none());
        }
    });

    dev.set_no_addrconf(rtnl, true);
    let without_addrconf = ScopeGuard::new(|| dev.set_no_addrconf(rtnl, false));
    dev.open(rtnl, extack)
        .inspect_err(|_| slave_log!(Level::Err, own, dev, "Opening slave failed"))?;
    let opened = ScopeGuard::new(|| dev.close(rtnl));
    dev.set_in_bond(rtnl, true);
    let marked = ScopeGuard::new(|| {
        if !dev.is_bond() {
            dev.set_in_bond(rtnl, false);
        }
    });
    bond.note_baseline(&port);
    if params.mode.is_balancing() {
        bond.distinguish(rtnl, dev, &perm_hwaddr)?;
    }

    dev.add_vlans_of(rtnl, own)
        .inspect_err(|_| slave_log!(Level::Err, own, dev, "Couldn't add bond vlan ids"))?;
    let with_vlans = ScopeGuard::new(|| dev.remove_vlans_of(rtnl, own));

    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    super::netpoll::join(bond, rtnl, &port)?;
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    let polled = ScopeGuard::new(|| port.disable_netpoll(rtnl));
    if own.features() & hw::LRO == 0 {
        dev.disable_lro(rtnl);
    }
    present_member(bond, rtnl, &port);
    let presented = ScopeGuard::new(|| {
        let member = bond.state.lock().joining.take();
        drop(member);
    });
    let hook = own.hook(rtnl, &port)?;
    let hook = ScopeGuard::new_with_data(hook, |hook| hook.remove(rtnl));
    let link = own.link(rtnl, &port, modes::lag_type(&bond.params()), extack)?;
    let link = ScopeGuard::new_with_data(link, |link| link.unlink(rtnl));
    let dir = SlaveDir::add(rtnl, &port)?;
    if !bond.uses_primary() {
        share_addresses(bond, rtnl, dev)?;
    }
    let shared = ScopeGuard::new(|| {
        if !bond.uses_primary() {
            bond.unshare_addresses(rtnl, dev, own.is_promiscuous(), own.is_allmulti());
        }
    });
    let loaded = xdp::join(bond, rtnl, &port, extack)?;
    let with_program = ScopeGuard::new(|| {
        if loaded {
            xdp::leave(bond, rtnl, dev);
        }
    });
    add_member(bond)?;

    // Nothing can fail from here on.
    with_program.dismiss();
    presented.dismiss();
    shared.dismiss();
    let ties = Ties {
        hook: hook.dismiss(),
        link: link.dismiss(),
        dir,
    };
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    polled.dismiss();
    with_vlans.dismiss();
    marked.dismiss();
    opened.dismiss();
    without_addrconf.dismiss();
    with_mac.dismiss();
    with_mtu.dismiss();
    forced.dismiss();
    as_first.dismiss();
    start(bond, rtnl, &port, ties);
    Ok(())
}

/// Lets the new slave take part.
fn start(bond: &Bond, rtnl: &Rtnl, port: &PortRef, ties: Ties) {
    let own = bond.dev();
    own.set_slave_count(rtnl, bond.slave_count());
    // That it is a slave is heard before what follows for the bond.
    bond.announce_slaves(rtnl);
    own.compute_features(rtnl);

    let mut ties = Some(ties);
    let slave = port.dev().name();
    bond.decide(Seen::Enslave(slave), Follow::Now(rtnl), |bond, state| {
        let index = state.position(port);
        let Some(member) = index.and_then(|at| state.members.get_mut(at)) else {
            return;
        };
        member.ties = ties.take();
        let link = member.link.state();
        state.probe_slaves();
        state.note(Done::Enslaved { slave, link });
        if state.params.mode.uses_primary() {
            state.choose_active(bond.dev(), now_ms());
            // The bond's carrier is that of its slaves, chosen or not: nothing to tell of.
            state.chose = false;
        } else if state.params.mode != Mode::Lacp
            && link == LinkState::Up
            && state.active.get().is_none()
        {
            state.point_at(bond.dev(), index);
        }
    });
    xdp::update_features(bond, rtnl);
    bond.start_monitor();
    let down =
        bond.find_slave(|member| member.port.is(port) && member.link.state() == LinkState::Down);
    slave_log!(
        Level::Info,
        own,
        port.dev(),
        "Enslaving as {} interface with {} link",
        if port.is_backup() {
            "a backup"
        } else {
            "an active"
        },
        if down.is_some() { "a down" } else { "an up" }
    );
}
