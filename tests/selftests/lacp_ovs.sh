#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 802.3ad against Open vSwitch, its datapath in user space, over two veth pairs: both ports aggregate
# in fast and slow rate, active and passive; a port without carrier leaves at once, both after three
# periods when the switch hangs; rates, keys and ports change.
# vm: --kernel debug --smp 2 --timeout 500
. "$(dirname "$0")/lib.sh"
need_cmds ovs-vswitchd ovs-vsctl ip

# How many ports of the trunk the switch sends by.
# shellcheck disable=SC2317 # called by expressions
switch_uses() { ovs-appctl lacp/show trunk | grep -c '^  actor state:.*synchronized collecting distributing'; }

both_carry() {
	becomes "$1: both ports carry" "carry s1 s2" 20
	becomes "$1: the switch uses both" '(($(switch_uses) == 2))' 20
}

# The partner's state, as the port has it, is this one: 1 active, 2 fast.
# shellcheck disable=SC2317 # called by expressions
partner() { slurp "$NET/$1/bonding_slave/ad_partner_oper_port_state"; (((TEXT & 3) == $2)); }

SENT=0
frames_pass() {
	local mine="\$6 >= $SENT && \$6 < $((SENT + 40))"
	send_frames bond0 --count 40 --start "$SENT" --interval 0.01 --dst 02:bb:00:00:00:01,02:bb:00:00:00:02 >/dev/null
	wait_for "((\$(captured ovs0 '$mine') >= 40))" 5
	is "$1: frames arrive once" "$(captured ovs0 "$mine")" 40
	SENT=$((SENT + 40))
}

load max_bonds=0
mk_veth s1 s2
mk_bond sysfs bond0 802.3ad miimon 100 lacp_rate fast
quiet bond0
enslave sysfs bond0 s1 s2
pdus_start s1 s2
ovs_start
ovs-vsctl add-br ovs0 -- set bridge ovs0 datapath_type=netdev -- \
	add-bond ovs0 trunk far-s1 far-s2 bond_mode=balance-tcp lacp=active other_config:lacp-time=fast
quiet ovs0
link_up ovs0
capture_start ovs0

# --- both ends active and fast
link_up bond0
both_carry "active and fast"
is "one aggregator" "$(get bond0 ad_num_ports)" 2
show=$(ovs-appctl lacp/show trunk)
like "the partner is the switch" "$show" "sys_id: $(get bond0 ad_partner_mac)"
like "which knows the bond" "$show" "partner sys_id: $(<$NET/bond0/address)"
like "and its key" "$show" "partner key: $(get bond0 ad_actor_key)"
frames_pass "two ports"

# --- carrier
link_down far-s1
becomes "a port without carrier leaves" "idle s1" 5
ok "the other goes on" carry s2
is "the aggregator has one port" "$(get bond0 ad_num_ports)" 1
ok "the bond keeps its carrier" eval "[[ \$(<$NET/bond0/carrier) == 1 ]]"
becomes "the switch uses the other" '(($(switch_uses) == 1))' 10
frames_pass "one port"
link_up far-s1
both_carry "the link is back"

# --- a switch that hangs
pdus_mark
kill -STOP "$VSWITCHD"
becomes "a switch that hangs is left" "idle s1 s2" 15
between "ms of silence until s1 leaves" "$(left_after s1)" 2800 4500
between "ms of silence until s2 leaves" "$(left_after s2)" 2800 4500
becomes "at last it is forgotten" 'port s1; ((TEXT & 0x40))' 10
kill -CONT "$VSWITCHD"
both_carry "found again"

# --- other rates, keys, and who speaks first
ovs-vsctl set port trunk lacp=passive other_config:lacp-time=slow -- \
	set interface far-s1 other_config:lacp-aggregation-key=7 -- \
	set interface far-s2 other_config:lacp-aggregation-key=7
becomes "the switch is passive and slow" "partner s1 0" 10
becomes "with another key" '(($(get bond0 ad_partner_key) == 7))'
both_carry "the switch passive and slow"
ovs-vsctl set port trunk lacp=active
reset_opts bond0 lacp_rate slow lacp_active off
both_carry "all slow, the bond passive"
port s1
is "passive and slow it is" $((TEXT & 3)) 0
ovs-vsctl set port trunk other_config:lacp-time=fast
becomes "the switch is fast" "partner s1 3" 40
both_carry "slow and passive, the switch fast"
reset_opts bond0 lacp_active on
both_carry "both active again"

# --- ports that leave and come
ovs-vsctl set port trunk other_config:lacp-time=slow
becomes "the switch is slow" "partner s1 1" 40
if [[ $DRIVER == rust ]]; then
	echo -s1 >"$(opt bond0 slaves)"
	link_up s1
	becomes "a released port: the switch leaves it at once, at the slow rate, too" '(($(switch_uses) == 1))' 5
	ok "the other goes on" carry s2
	enslave sysfs bond0 s1
	both_carry "enslaved again"
fi
reset_opts bond0 lacp_rate fast
both_carry "fast again"
ovs-vsctl del-bond-iface trunk far-s2 -- add-port ovs0 far-s2
becomes "a port that left the trunk is left" "idle s2" 15
becomes "the other goes on by itself" "carry s1" 20
ovs-vsctl del-port ovs0 far-s2 -- add-bond-iface trunk far-s2
both_carry "the port is back"
frames_pass "at last"
finish
