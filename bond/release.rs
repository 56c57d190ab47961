// SPDX-License-Identifier: GPL-2.0

//! A slave is released, and gets back what it had before.

use crate::{
    bond::{
        history::{
            Done,
            Seen, //
        },
        hwaddr,
        select::Why,
        settle::listen,
        slave::PortRef,
        state::{
            Member,
            Ties, //
        },
        xdp,
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
            ExtAck,
            NetDevice, //
        },
        rcu::{
            self,
            Reading, //
        },
        rtnl::Rtnl,
        time::now_ms, //
    },
    monitor::targets::List,
};

use kernel::prelude::*;

/// Why a slave is released.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// Somebody asked for it.
    Asked,
    /// Its device goes away.
    DeviceGone,
    /// The bond goes away.
    BondGone,
}

/// Takes a slave out of sending and out of the bond's decisions.
fn remove_member(bond: &Bond, rtnl: &Rtnl, port: &PortRef, reason: Reason) -> Option<Member> {
    let slave = port.dev().name();
    let seen = match reason {
        Reason::Asked | Reason::BondGone => Seen::Release(slave),
        Reason::DeviceGone => Seen::Gone(slave),
    };
    bond.decide(seen, Follow::Now(rtnl), |bond, state| {
        let was_active = state.active.get().is_some_and(|active| active.is(port));
        if was_active {
            state.activate(bond.dev(), None, Why::Released);
        }
        let index = state.position(port)?;
        state.leave_lacp(bond.dev(), index);
        port.set_probed(false);
        port.set_balanced(false);
        let member = state.members.remove(index).ok()?;
        state.left = true;
        state.end_search(bond);
        state.note(Done::Released { slave });
        state.find_primary();
        if was_active && reason != Reason::BondGone {
            state.choose_active(bond.dev(), now_ms());
        }
        Some(member)
    })
}

/// Warns if the device, once released, has the MAC address which the bond goes on using.
fn warn_of_shared_mac(bond: &Bond, rtnl: &Rtnl, port: &PortRef, reason: Reason) {
    let own = bond.dev();
    let due = hwaddr::warn_at_release(
        &bond.params(),
        &own.mac(rtnl),
        &port.perm_hwaddr,
        bond.has_slaves(),
        reason == Reason::BondGone,
    );
    if due {
        let still_in_use = hwaddr::StillInUse(port.perm_hwaddr);
        slave_log!(Level::Warn, own, port.dev(), "{still_in_use}");
    }
}

/// Releases the slave `dev` of `bond`.
pub(super) fn release(bond: &Bond, rtnl: &Rtnl, dev: &NetDevice, reason: Reason) -> Result {
    let own = bond.dev();
    let Some(port) = bond.find_slave(|member| member.port.dev().is(dev)) else {
        // As in the C driver: of a device that has nothing to do with the bond nothing is said.
        if dev.is_slave() && dev.is_below(rtnl, own) {
            slave_log!(Level::Info, own, dev, "interface not enslaved");
        }
        return Err(EINVAL);
    };
    // Toggling the bond's MAC address below may change its flags; the slave has what they are now.
    let (promiscuous, allmulti) = (own.is_promiscuous(), own.is_allmulti());
    let was_backup = port.is_backup();
    bond.say_farewell(&port);
    bond.retire(rtnl, &port);

    // Whoever reads the slave's files sees a slave of this bond to the end.
    let ties = bond.take_ties(&port);
    let Some(Ties { hook, link, dir }) = ties else {
        return Err(EINVAL);
    };
    drop(dir);
    Reading::with(|reading| bond.fold_stats(&port, reading));
    xdp::leave(bond, rtnl, dev);
    hook.remove(rtnl);
    link.unlink(rtnl);
    if bond.params().mode.is_balancing() {
        bond.give_back_mac(rtnl, &port);
        bond.cover_address(rtnl, &port);
        bond.restart_turns();
    }
    let member = remove_member(bond, rtnl, &port, reason);
    slave_log!(
        Level::Info,
        own,
        dev,
        "Releasing {} interface",
        if was_backup { "backup" } else { "active" }
    );
    warn_of_shared_mac(bond, rtnl, &port, reason);
    own.set_slave_count(rtnl, bond.slave_count());
    if member.as_ref().is_some_and(|member| member.queue_id != 0) {
        bond.choose_ops(rtnl);
    }
    if !bond.has_slaves() {
        own.randomize_mac(rtnl);
        bond.note_mac(rtnl);
    }
    // Packets that are on their way to the slave get there before it is closed.
    rcu::synchronize_net();
    if let Some(member) = member {
        listen(rtnl, dev, &member.groups, &List::EMPTY);
    }
    if !bond.has_slaves() {
        // Nobody can refuse what has happened.
        let _ = own.announce(rtnl, Announce::ChangeAddr);
        let _ = own.announce(rtnl, Announce::Release);
    }
    own.compute_features(rtnl);
    dev.remove_vlans_of(rtnl, own);
    if !bond.uses_primary() {
        bond.unshare_addresses(rtnl, dev, promiscuous, allmulti);
    }
    restore(bond, rtnl, &port, reason);
    xdp::update_features(bond, rtnl);
    Ok(())
}

/// Gives the device back what it had before it was enslaved.
fn restore(bond: &Bond, rtnl: &Rtnl, port: &PortRef, reason: Reason) {
    let dev = port.dev();
    #[cfg(CONFIG_NET_POLL_CONTROLLER)]
    port.disable_netpoll(rtnl);
    dev.close(rtnl);
    dev.set_no_addrconf(rtnl, false);
    if hwaddr::restore_at_release(&bond.params()) {
        // A device that refuses keeps the bond's address: there is nobody to tell.
        let _ = dev.set_mac(rtnl, &port.perm_hwaddr, &ExtAck::none());
    }
    if reason == Reason::Asked {
        let _ = dev.set_mtu(rtnl, port.original_mtu);
    } else {
        dev.restore_mtu_unregistering(rtnl, port.original_mtu);
    }
    if !dev.is_bond() {
        dev.set_in_bond(rtnl, false);
    }
}

/// Releases all slaves: the bond is being unregistered.
pub(super) fn release_all(bond: &Bond, rtnl: &Rtnl) {
    while let Some(port) = bond.find_slave(|_| true) {
        if release(bond, rtnl, port.dev(), Reason::BondGone).is_err() {
            break;
        }
    }
    bond.publish_view(None);
    bond_log!(Level::Info, bond.dev(), "Released all slaves");
}
