// SPDX-License-Identifier: GPL-2.0

//! The ARP monitor at work: its timer, and the questions it asks.

use crate::{
    bond::{
        history::Seen,
        params::{
            ArpValidate,
            Mode, //
        },
        slave::PortRef,
        Bond,
        Follow, //
    },
    kapi::{
        log::{
            self,
            Level, //
        },
        probe::{
            ask,
            ask6,
            has_ip6,
            way_to,
            way_to6,
            Tags,
            Way, //
        },
        time::{
            msecs_to_jiffies,
            ticks, //
        },
        work::Work, //
    },
    monitor::targets::Targets, //
};

use core::{
    fmt,
    net::{
        Ipv4Addr,
        Ipv6Addr, //
    },
    sync::atomic::{
        AtomicBool,
        Ordering, //
    },
};

/// Somebody was told that a target can't be reached.
static TOLD: AtomicBool = AtomicBool::new(false);

impl Bond {
    /// [`Work::Probe`]: looks at what slaves have heard, and has them ask again.
    pub(crate) fn probe(&self) {
        let quiet = {
            let mut state = self.state.lock();
            if !state.is_probing() {
                return;
            }
            self.is_round_quiet(&mut state)
        };
        if !quiet {
            self.decide(Seen::ArpPoll, Follow::Later, Bond::go_round);
        }
        self.ask_targets();

        let state = self.state.lock();
        if state.is_probing() {
            let wait = msecs_to_jiffies(state.params.arp_interval);
            self.dev().queue(Work::Probe, wait);
        }
    }

    /// Has the slaves whose turn it is ask all targets.
    fn ask_targets(&self) {
        let (params, targets, one) = {
            let state = self.state.lock();
            let one = state.active.get().or(state.candidate.as_ref());
            (state.params, state.targets, one.cloned())
        };
        let warn = params.arp_validate != ArpValidate::None;
        if params.mode == Mode::ActiveBackup {
            if let Some(port) = one {
                self.ask_by(&port, &targets, warn);
            }
            return;
        }
        let mut at = 0usize;
        while let Some(port) = self.slave_at(at) {
            if port.dev().is_running_with_carrier() {
                self.ask_by(&port, &targets, warn);
            }
            at = at.saturating_add(1);
        }
    }

    /// Has a slave ask all targets. It asks even those to which there is no route, from no address:
    /// where any frame counts, some will answer.
    fn ask_by(&self, port: &PortRef, targets: &Targets, warn: bool) {
        for target in targets.ip4.iter() {
            let (source, tags) = match way_to(self.dev(), target) {
                Way::Through { source, tags } => (source, tags),
                Way::Elsewhere => continue,
                Way::None => {
                    self.tell_of_no_route(warn, "arp_ip_target", &target);
                    (Ipv4Addr::UNSPECIFIED, Tags::default())
                }
            };
            // Before the answer can be there.
            self.note_asked(port);
            ask(port.dev(), target, source, &tags);
        }
        if targets.ip6.is_empty() || !has_ip6() {
            return;
        }
        for target in targets.ip6.iter() {
            let (source, tags) = match way_to6(self.dev(), target) {
                Way::Through { source, tags } => (source, tags),
                Way::Elsewhere => continue,
                Way::None => {
                    self.tell_of_no_route(warn, "ns_ip6_target", &target);
                    (Ipv6Addr::UNSPECIFIED, Tags::default())
                }
            };
            // Before the answer can be there.
            self.note_asked(port);
            ask6(port.dev(), target, source, &tags);
        }
    }

    /// Says, once, that there is no route to a target, if that matters.
    fn tell_of_no_route(&self, matters: bool, option: &str, target: &dyn fmt::Display) {
        if matters && !TOLD.swap(true, Ordering::Relaxed) {
            let name = self.dev().name();
            log::module(
                Level::Warn,
                format_args!("{name}: no route to {option} {target} and arp_validate is set"),
            );
        }
    }

    /// Notes that a slave asked.
    fn note_asked(&self, port: &PortRef) {
        let now = ticks();
        port.signs.note_tx(now);
        let state = self.state.lock();
        if state.candidate.as_ref().is_some_and(|other| other.is(port)) {
            self.watch.note_candidate_tx(Some(now));
        }
    }
}
