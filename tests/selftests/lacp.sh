#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 802.3ad: two bonds aggregate over veth pairs, in fast and slow rate, active and passive; a port
# without carrier leaves at once, one whose partner is silent after three periods; partners don't
# mix; carrier follows min_links and lacp_strict; who leaves says so; every face tells of it.
# teamd's LACP over the team driver is a partner like any other.
# vm: --kernel debug --smp 2 --timeout 400
. "$(dirname "$0")/lib.sh"
need_cmds jq tc ip

DEBUGFS=/sys/kernel/debug

# shellcheck disable=SC2317 # called by expressions
carrier() { slurp "$NET/$1/carrier"; [[ $TEXT == "$2" ]]; }
# shellcheck disable=SC2317 # called by expressions
same_file() { slurp "$1"; [[ $TEXT == "$2" ]]; }

# up BOND…, down BOND…
up() { local b; for b; do link_up "$b"; done; }
down() { local b; for b; do link_down "$b"; done; }

load max_bonds=0
[[ -e $DEBUGFS/bonding ]] || mount -t debugfs none "$DEBUGFS" 2>/dev/null
mk_veth s1 s2 s3
mk_bond netlink bond0 802.3ad miimon 100 lacp_rate fast
mk_bond netlink bond1 802.3ad miimon 100 lacp_rate fast
mk_bond netlink bond2 802.3ad miimon 100 lacp_rate fast
quiet bond0 bond1 bond2
enslave sysfs bond0 s1 s2
enslave sysfs bond1 far-s1 far-s2
is "before it is up a slave has no aggregator" "$(<$NET/s1/bonding_slave/ad_aggregator_id)" N/A
like "and receives nothing for the bond" "$(<$NET/s1/bonding_slave/state)" backup

# --- both ends active and fast
up bond0 bond1
becomes "both ports of both bonds carry" "carry s1 s2 far-s1 far-s2" 20
is "one aggregator" "$(<$NET/s1/bonding_slave/ad_aggregator_id)" "$(<$NET/s2/bonding_slave/ad_aggregator_id)"
is "the active one" "$(get bond0 ad_aggregator)" "$(<$NET/s1/bonding_slave/ad_aggregator_id)"
is "of two ports" "$(get bond0 ad_num_ports)" 2
is "the partner is the other bond" "$(get bond0 ad_partner_mac)" "$(<$NET/bond1/address)"
is "its key is ours" "$(get bond0 ad_actor_key)" "$(get bond1 ad_partner_key)"
ok "carrier" carrier bond0 1
is "the slaves are active" "$(<$NET/s1/bonding_slave/state)" active
like "/proc tells all of it" "$(</proc/net/bonding/bond0)" $'802.3ad info\nLACP active: on\nLACP rate: fast\nMin links: 0\nAggregator selection policy \(ad_select\): stable\nSystem priority: 65535\nSystem MAC address: '"$(<$NET/bond0/address)"$'\nActive Aggregator Info:\n\tAggregator ID: [12]\n\tNumber of ports: 2\n\tActor Key: [0-9]+\n\tPartner Key: [0-9]+\n\tPartner Mac Address: '"$(<$NET/bond1/address)"
like "/proc tells of ports" "$(</proc/net/bonding/bond0)" $'Aggregator ID: [12]\nActor Churn State: (none|monitoring)\nPartner Churn State: (none|monitoring)\nActor Churned Count: 0\nPartner Churned Count: 0\ndetails actor lacp pdu:\n    system priority: 65535\n    system mac address: .*\n    port key: [0-9]+\n    port priority: 255\n    port number: 1\n    port state: 63\ndetails partner lacp pdu:\n    system priority: 65535\n    system mac address: .*\n    oper key: [0-9]+\n    port priority: 255\n    port number: 1\n    port state: 63'
info=$(ip -d -j link show dev bond0 | jq -c '.[0].linkinfo.info_data.ad_info')
like "netlink has the aggregator" "$info" '"num_ports":2,.*"partner_mac":"'"$(<$NET/bond1/address)"
like "and the port" "$(ip -d -j link show dev s1 | jq -c '.[0].linkinfo.info_slave_data')" '"ad_actor_oper_port_state":63,.*"ad_partner_oper_port_state":63'
like "the slaves receive the group address" "$(ip maddr show dev s1)" 01:80:c2:00:00:02
if [[ $DRIVER == rust ]]; then
	state=$(echo "$DEBUGFS"/bonding/bond1@*/state)
	ms=$(jq '[.decisions[] | select(.done.what == "mux" and .done.to == "collecting-distributing").time_ms][0:2] | max' "$state")
	begin=$(jq '[.decisions[] | select(.done.what == "running").time_ms] | max' "$state")
	between "ms from up to distributing on all ports" $((ms - begin)) 0 800
fi

capture_start bond1
send_frames bond0 --count 20 --interval 0.01
wait_for '(($(wc -l <"$WORK/frames") >= 20))' 5
capture_stop
is "frames arrive once" "$(captured bond1)" 20

# --- carrier
link_down far-s1
becomes "a port without carrier leaves" "idle s1" 5
ok "the other goes on" carry s2
is "the aggregator has one port" "$(get bond0 ad_num_ports)" 1
ok "the bond keeps its carrier" carrier bond0 1
if [[ $DRIVER == rust ]]; then
	state=$(echo "$DEBUGFS"/bonding/bond0@*/state)
	gap=$(jq '([.decisions[] | select(.done.what == "mux" and .done.slave == "s1").time_ms] | max)
		- ([.decisions[] | select(.done.what == "link" and .done.slave == "s1" and .done.to == "down").time_ms] | max)' "$state")
	between "ms from the loss of its carrier until it is out of use" "$gap" 0 20
fi
set_opt bond0 min_links 2
becomes "too few links: no carrier" "carrier bond0 0"
link_up far-s1
becomes "the link is back: carrier" "carrier bond0 1" 10
becomes "and the port carries again" "carry s1 s2 far-s1 far-s2" 20
set_opt bond0 min_links 0

# --- a partner gone silent, a partner unheard
tc qdisc add dev far-s1 clsact
tc filter add dev far-s1 egress protocol 0x8809 matchall action drop
becomes "a port whose partner is silent leaves" "idle s1" 10
ok "the other goes on" carry s2
ok "carrier stays" carrier bond0 1
becomes "at last the partner is forgotten" 'port s1; ((TEXT & 0x40))' 10
tc filter del dev far-s1 egress
becomes "heard again it carries" "carry s1 s2 far-s1 far-s2" 20

# --- who we are
ip link set bond0 address 02:00:00:00:00:77
becomes "the partner knows the new address" "same_file $(opt bond1 ad_partner_mac) 02:00:00:00:00:77"
becomes "and all ports carry again" "carry s1 s2 far-s1 far-s2" 20
set_opt bond0 ad_actor_system 02:00:00:00:00:99
is "ad_actor_system" "$(get bond0 ad_actor_system)" 02:00:00:00:00:99
becomes "the partner knows that, too" "same_file $(opt bond1 ad_partner_mac) 02:00:00:00:00:99"
writes "a group address" "$(opt bond0 ad_actor_system)" 03:00:00:00:00:99 EINVAL
set_opt bond0 ad_actor_system 00:00:00:00:00:00
set_opt bond0 ad_actor_sys_prio 7
becomes "ad_actor_sys_prio" "grep -q 'system priority: 7' /proc/net/bonding/bond1"
becomes "all ports carry" "carry s1 s2 far-s1 far-s2" 20
ok "actor_port_prio" ip link set s1 type bond_slave actor_port_prio 1000
becomes "the partner knows it" "grep -q 'port priority: 1000' /proc/net/bonding/bond1"
expect_errno "lacp_rate while it is up" EBUSY bash -c "echo slow >$(opt bond0 lacp_rate)"

# --- bytes of no use
before=$(<$NET/s1/bonding_slave/ad_partner_oper_port_state)
python3 - far-s1 <<'PY'
import random, socket, sys
random.seed(5)
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind((sys.argv[1], 0))
head = bytes.fromhex("0180c2000002" "02aa00000102" "8809")
marker = bytes([2, 1, 1, 22]) + bytes(range(12)) + bytes(94)
sock.send(head + marker)
for turn in range(3000):
    size = random.choice((0, 1, 2, 20, 60, 109, 110, 111, 500))
    body = bytes([random.choice((0, 2, 3, 4, 255)), 1]) + random.randbytes(size)
    # A LACPDU as such would be believed: broken ones only.
    if turn % 3 == 0:
        body = bytes([1, 1, 1, random.choice((0, 19, 21, 255))]) + random.randbytes(size)
    sock.send(head + body)
PY
becomes "markers, unknown and broken PDUs are counted" \
	"ip link xstats type bond_slave dev s1 >$WORK/xstats 2>&1 || ip link xstats type bond dev bond0 >$WORK/xstats; grep -A4 -i 'marker' $WORK/xstats | grep -q 'Rx:\|RX\|[1-9]'"
ok "and change nothing" carry s1 s2 far-s1 far-s2
is "of what is known of the partner" "$(<$NET/s1/bonding_slave/ad_partner_oper_port_state)" "$before"
note "$(<"$WORK/xstats")"

# --- who leaves says so, even at the slow rate
down bond0 bond1
set_opt bond0 lacp_rate slow
set_opt bond1 lacp_rate slow
set_opt bond1 lacp_active off
up bond0 bond1
becomes "slow, and the partner passive: all carry" "carry s1 s2 far-s1 far-s2" 20
port s1
is "long timeout" $((TEXT & 2)) 0
port far-s1
is "passive" $((TEXT & 1)) 0
echo -s1 >"$(opt bond0 slaves)"
link_up s1
becomes "a released port: its partner leaves at once" "idle far-s1" 5
ok "the other goes on" carry s2 far-s2

# --- two partners
down bond0
set_opt bond1 lacp_active on 2>/dev/null
enslave sysfs bond2 far-s3
enslave sysfs bond0 s3
up bond2 bond0
becomes "one of two partners is in use" "carry s2 || carry s3" 20
unlike "ports with different partners do not mix" "$(<$NET/s2/bonding_slave/ad_aggregator_id)" "^$(<$NET/s3/bonding_slave/ad_aggregator_id)\$"
is "one port is" "$(get bond0 ad_num_ports)" 1

# --- no partner at all
down bond0 bond1 bond2
ip link set bond0 type bond lacp_strict off
up bond0
becomes "without a partner one port is used all the same" "carrier bond0 1" 15
is "one" "$(cat $NET/s[23]/bonding_slave/state | grep -c active)" 1
ok "lacp_strict" ip link set bond0 type bond lacp_strict on
if [[ $DRIVER == rust ]]; then
	becomes "forbids that, whatever min_links says" "carrier bond0 0"
	is "no port is used" "$(cat $NET/s[23]/bonding_slave/state | grep -c active)" 0
fi
up bond1
becomes "with a partner there is carrier" "carrier bond0 1" 20

# --- neighbours are looked for by every port
echo -far-s3 >"$(opt bond2 slaves)"
enslave sysfs bond1 far-s3
becomes "two ports again" "carry s2 s3 far-s2 far-s3" 20
# shellcheck disable=SC2317
arps() { python3 - bond0 <<'PY'
import socket, struct, sys
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind((sys.argv[1], 0))
head = b"\xff" * 6 + bytes.fromhex("020000000077")
for _ in range(10):
    sock.send(head + bytes.fromhex("0806") + bytes(46))
PY
}
# received DEVICE…: how many packets each has received, in RX.
received() { RX=; for d; do slurp "$NET/$d/statistics/rx_packets"; RX+="$TEXT "; done; }
ok "broadcast_neighbor on" ip link set bond0 type bond broadcast_neighbor on
received far-s2 far-s3
read -r rx2 rx3 <<<"$RX"
arps
received far-s2 far-s3
holds "ARP goes by both ports" "read -r a b <<<\"$RX\"; ((a - $rx2 >= 10 && b - $rx3 >= 10))"
ok "broadcast_neighbor off" ip link set bond0 type bond broadcast_neighbor off
received far-s2 far-s3
read -r rx2 rx3 <<<"$RX"
arps
received far-s2 far-s3
holds "or by one" "read -r a b <<<\"$RX\"; ((a - $rx2 >= 10 && b - $rx3 < 10 || a - $rx2 < 10 && b - $rx3 >= 10))"

# --- independent control
down bond0
ip link set bond0 type bond coupled_control off
up bond0
becomes "independent control carries, too" "carry s2 far-s2" 20

# --- a slave whose speed nobody tells
log_mark
ip link add mute type dummy
echo +mute >"$(opt bond2 slaves)"
up bond2
becomes "the log says that a speed can't be read" \
	"log_since | grep -q 'bond2: (slave mute): failed to get link speed/duplex'" 10
is "and its link is down" "$(<$NET/mute/bonding_slave/mii_status)" down
ip link del mute
down bond2

# --- the kernel's other implementation of LACP: teamd's, over the team driver
if modprobe team_mode_loadbalance 2>/dev/null && command -v teamd >/dev/null; then
	down bond1
	for dev in far-s2 far-s3; do
		echo "-$dev" >"$(opt bond1 slaves)"
		link_down "$dev"
	done
	background teamd -t team0 -c '{"runner": {"name": "lacp", "active": true, "fast_rate": true},
		"link_watch": {"name": "ethtool"}, "ports": {"far-s2": {}, "far-s3": {}}}' >"$WORK/teamd" 2>&1
	becomes "teamd has its device" "[[ -e $NET/team0 ]]" 10
	link_up team0
	becomes "with teamd as the partner both ports carry" "carry s2 s3" 30
	is "in one aggregator" "$(get bond0 ad_num_ports)" 2
	is "teamd's" "$(get bond0 ad_partner_mac)" "$(<$NET/team0/address)"
	becomes "and teamd uses both" "((\$(teamdctl team0 state dump | jq '[.ports[].runner | select(.selected and .aggregator.selected)] | length') == 2))" 20
	link_down far-s2
	becomes "a port without carrier leaves" "idle s2 && carry s3" 10
	link_up far-s2
	becomes "and comes back" "carry s2 s3" 20
	kill -STOP "${BACKGROUND[-1]}"
	becomes "a teamd that hangs is left" "idle s2 s3" 15
	kill -CONT "${BACKGROUND[-1]}"
	becomes "and found again" "carry s2 s3" 30
	stop_background
else
	skip "teamd" "no team driver, or no teamd"
fi
finish
