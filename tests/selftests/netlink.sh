#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same through netlink: `ip link add type bond` loads the module, attributes in
# and out, master and nomaster, changes, errors with their reasons, events.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds jq

# data BOND FILTER: of the bond's attributes
data() { ip -d -j link show dev "$1" | jq -r ".[0].linkinfo.info_data | $2"; }
refused() {
	local name=$1 reason=$2 output
	shift 2
	if output=$("$@" 2>&1); then fail "$name" "accepted: $*"; else like "$name" "$output" "$reason"; fi
}

modprobe -r bonding 2>/dev/null
echo "options bonding max_bonds=0" >/etc/modprobe.d/systemd.conf # as Debian has it
holds "the module isn't loaded" '[[ ! -e $MASTERS ]]'
ok "ip link add type bond loads it" ip link add bond1 type bond mode active-backup miimon 100 updelay 200 \
	downdelay 300 primary_reselect better fail_over_mac active num_grat_arp 3 resend_igmp 5 min_links 2 \
	all_slaves_active 1 peer_notify_delay 400 xmit_hash_policy layer2
is "no other bond came" "$(<$MASTERS)" bond1
is "attributes come back" "$(data bond1 '[.mode, .miimon, .updelay, .downdelay, .primary_reselect, .fail_over_mac,
	.num_peer_notif, .resend_igmp, .min_links, .all_slaves_active, .peer_notify_delay, .xmit_hash_policy, .use_carrier] | map(tostring) | join(" ")')" \
	"active-backup 100 200 300 better active 3 5 2 1 400 layer2 1"
is "and are the same in sysfs" "$(get bond1 updelay) $(get bond1 primary_reselect) $(get bond1 peer_notif_delay)" "200 better 1 400"
ip link add bond2 type bond
is "defaults" "$(data bond2 '[.mode, .miimon, .updelay, .primary_reselect, .fail_over_mac, .num_peer_notif, .resend_igmp,
	.packets_per_slave, .all_slaves_active] | map(tostring) | join(" ")')" "balance-rr 0 0 always none 1 1 1 0"
is "defaults of the modes to come" "$(data bond2 '[.lp_interval, .ad_lacp_active, .ad_lacp_rate, .ad_select,
	.tlb_dynamic_lb, .coupled_control, .broadcast_neighbor, .lacp_strict] | map(tostring) | join(" ")')" \
	"1 on slow stable 1 true false false"
ok "settings that wait for another mode" ip link set bond2 type bond lp_interval 7 ad_select count
is "are kept" "$(get bond2 lp_interval) $(get bond2 ad_select)" "7 count 2"
for option in "lacp_rate fast" "lacp_active off" "ad_actor_sys_prio 7" "ad_actor_system 02:00:00:00:00:07" \
	"ad_user_port_key 7" "tlb_dynamic_lb 0" "coupled_control off"; do
	# shellcheck disable=SC2086 # words
	refused "not in balance-rr: $option" 'not supported in mode' ip link set bond2 type bond $option
done
for option in lacp_rate:fast lacp_active:off ad_actor_sys_prio:7 ad_actor_system:02:00:00:00:00:07 \
	ad_user_port_key:7 tlb_dynamic_lb:0; do
	writes "nor by its file: $option" "$(opt bond2 "${option%%:*}")" "${option#*:}" EACCES
done
is "files" "$(get bond2 lacp_rate), $(get bond2 lacp_active), $(get bond2 tlb_dynamic_lb), $(get bond2 ad_actor_sys_prio)" \
	"slow 0, on 1, 1, "
ip link del bond2
holds "deleted" "[[ ! -e $NET/bond2 ]]"

mk_veth s1 s2
ip link set bond1 type bond fail_over_mac none min_links 0 updelay 0 downdelay 0
is "changed" "$(get bond1 fail_over_mac) $(get bond1 min_links)" "none 0 0"
ip link set bond1 up
is "up without slaves: no carrier" "$(<$NET/bond1/carrier) $(<$NET/bond1/operstate)" "0 down"
ok "master" ip link set s1 master bond1
ok "the same master again" ip link set s1 master bond1
ok "a second one" ip link set s2 master bond1
becomes "carrier" "[[ \$(<$NET/bond1/carrier) == 1 ]]"
becomes "operational" "[[ \$(<$NET/bond1/operstate) == up ]]"
is "slave attributes" "$(ip -d -j link show s2 | jq -r '.[0] | [.master, .linkinfo.info_slave_kind,
	(.linkinfo.info_slave_data | .state, .mii_status, .link_failure_count, .perm_hwaddr, .queue_id)] | map(tostring) | join(" ")')" \
	"bond1 bond BACKUP UP 0 02:aa:00:00:02:01 0"
like "slave flags" "$(ip link show s2)" 'SLAVE'
like "bond flags" "$(ip link show bond1)" 'MASTER'
is "active slave" "$(data bond1 .active_slave)" s1
ok "active_slave by netlink" ip link set bond1 type bond active_slave s2
is "is active" "$(active bond1)" s2
ok "primary by netlink" ip link set bond1 type bond primary s1
is "is primary" "$(data bond1 .primary)" s1
ok "queue_id by netlink" ip link set s1 type bond_slave queue_id 2
is "is there" "$(get bond1 queue_id)" "s1:2 s2:0"

# --- errors, and nothing changed by them
before=$(snapshot_bond bond1)
refused "mode with slaves" 'has slaves' ip link set bond1 type bond mode balance-rr
refused "updelay isn't for ever" 'nvalid' ip link set bond1 type bond updelay 4000000000
refused "num_grat_arp over 255" '.' ip link set bond1 type bond num_grat_arp 300
refused "use_carrier 2" '.' ip link set bond1 type bond use_carrier 2
refused "peer_notify_delay over its range" 'out of range|esult' ip link set bond1 type bond peer_notify_delay 300001
refused "packets_per_slave in active-backup" 'not supported in mode' ip link set bond1 type bond packets_per_slave 4
refused "an active slave from elsewhere" '.' ip link set bond1 type bond active_slave far-s1
refused "miimon and arp_interval together" 'ARP monitoring cannot be used with MII monitoring' \
	ip link set bond1 type bond miimon 100 arp_interval 100
same "nothing changed" "$before" "$(snapshot_bond bond1)"
refused "a bad address" '.' ip link add bond9 address 01:00:00:00:00:01 type bond
refused "a bad value for a new bond" '.' ip link add bond9 type bond miimon 100 peer_notify_delay 300001
holds "no bond is left of it" "[[ ! -e $NET/bond9 ]]"
refused "a name that is taken" 'File exists' ip link add bond1 type bond
refused "the namespace is immutable" 'immutable' bash -c 'ip netns add elsewhere && ip link set bond1 netns elsewhere'
ip netns del elsewhere

# --- events
ip link set bond1 type bond primary_reselect failure active_slave s1
ip monitor link >"$WORK/monitor" &
BACKGROUND+=($!)
wait_for "ip link set lo txqueuelen 1001; ip link set lo txqueuelen 1000; [[ -s $WORK/monitor ]]" 20
: >"$WORK/monitor"
ip link set far-s1 down
becomes "failover" '[[ $(active bond1) == s2 ]]'
becomes "listeners hear of the bond" "grep -aq 'bond1: ' $WORK/monitor"
becomes "of the failover" "grep -aq 'BONDING FAILOVER' $WORK/monitor"
becomes "of the slave" "grep -aq 's1@far-s1: ' $WORK/monitor"
becomes "and that peers are told" "grep -aq 'NOTIFY PEERS' $WORK/monitor"
note "$(grep -ao '^[^ ]*: [^ ]*\|event.*' "$WORK/monitor" | tr '\n' ' ')"
stop_background
ip link set far-s1 up

# what is heard of a slave that comes and goes
ip link add bond4 type bond mode balance-rr miimon 100 resend_igmp 3
ip link set bond4 up
mk_veth s4
ip -d -o monitor link >"$WORK/monitor" &
BACKGROUND+=($!)
wait_for "ip link set lo txqueuelen 1001; ip link set lo txqueuelen 1000; [[ -s $WORK/monitor ]]" 20
: >"$WORK/monitor"
ip link set s4 master bond4
becomes "carrier" "[[ \$(<$NET/bond4/carrier) == 1 ]]"
ip link set bond4 alias released
ip link set s4 nomaster
becomes "listeners hear that the slave has left" "grep -a 's4@far-s4: ' $WORK/monitor | tail -n 1 | grep -qv master"
grep -a 's4@far-s4: .* master bond4 ' "$WORK/monitor" >"$WORK/slave"
unlike "every message of a slave says what it is as one" "$(grep -av 'bond_slave state' "$WORK/slave")" .
like "the last, that it sends no more" "$(tail -n 1 "$WORK/slave")" 'bond_slave state BACKUP'
unlike "memberships aren't reported again for the first slave" \
	"$(sed '/alias released/,$d' "$WORK/monitor" | grep -a 'RESEND IGMP')" .
stop_background
ip link del bond4

ok "nomaster" ip link set s1 nomaster
is "one left" "$(get bond1 slaves)" s2
holds "it is nobody's slave" "[[ ! -e $NET/s1/master ]]"
ok "straight to another master" bash -c 'ip link add bond3 type bond && ip link set s2 down && ip link set s2 master bond3'
is "out of one" "$(get bond1 slaves)" ""
is "into the other" "$(get bond3 slaves)" s2
becomes "no slaves, no carrier" "[[ \$(<$NET/bond1/carrier) == 0 ]]"
finish
