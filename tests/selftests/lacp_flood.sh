#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 802.3ad: a flood of slow-protocol frames on one port, most of them nearly what a partner would
# send. If they say nothing, nothing changes but counters, in which each is found once; whatever
# they say, the other port goes on, and when it stops both aggregate again within six seconds.
#
#   lacp_flood.sh [FRAMES]     so many in each of both parts (20000)
# vm: --kernel debug --smp 2 --timeout 400 --module tests/lacp_flood
. "$(dirname "$0")/lib.sh"
need_cmds jq ip
[[ $DRIVER == rust ]] || skip_all "the C driver believes LACPDUs with wrong lengths in them"

FRAMES=${1:-20000}
MODULE=/usr/local/lib/lab/lacp_flood.ko
FLOOD=/sys/module/lacp_flood/parameters/flood
DEBUGFS=/sys/kernel/debug
declare -A THROWN COUNTS
[[ -e $MODULE ]] || skip_all "no $MODULE: tools/vm wants --module tests/lacp_flood"

# All of these slaves collect and distribute.
carry() {
	local dev
	for dev; do
		slurp "$NET/$dev/bonding_slave/ad_actor_oper_port_state"
		((TEXT != 0 && (TEXT & 0x30) == 0x30)) || return 1
	done
}

# All that can be read of both bonds and their slaves but for counters of packets.
snapshot() {
	local dev file
	snapshot_bond bond0
	snapshot_bond bond1
	for dev in s1 s2 far-s1 far-s2; do
		nic_state "$dev"
		echo "$STATE"
		for file in "$NET/$dev"/bonding_slave/*; do
			slurp "$file"
			echo "$dev ${file##*/} $TEXT"
		done
	done
	cat /proc/net/bonding/bond0 /proc/net/bonding/bond1
}

# The last decision of each bond.
decisions() { jq -c '.decisions[-1]' "$DEBUGFS"/bonding/bond[01]@*/state; }

# count WHEN DEVICE [bond]: notes the counters of PDUs of a slave (a bond), named as by ip.
count() {
	local line
	while read -r line; do
		[[ ! $line =~ ^(.*[a-zA-Z])\ ([0-9]+)$ ]] || COUNTS[$1 $2 ${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
	done < <(ip link xstats type "${3:-bond_slave}" dev "$2")
}

# more DEVICE COUNTER: how much greater it is now, in MORE.
more() { MORE=$((${COUNTS[after $1 $2]} - ${COUNTS[before $1 $2]})); }

# What s1 has counted, but for LACPDUs, is what was thrown.
# shellcheck disable=SC2317 # called by wait_for
counted() {
	local name
	count after s1
	GOT='' WANTED=''
	for name in 'Marker Rx:marker' 'Marker response Rx:response' 'Marker unknown type Rx:marker_unknown' \
		'LACPDU Unknown type Rx:unknown' 'LACPDU Illegal Rx:illegal'; do
		more s1 "${name%:*}"
		GOT+="${name#*:} $MORE "
		WANTED+="${name#*:} ${THROWN[${name#*:}]} "
	done
	[[ $GOT == "$WANTED" ]]
}

# throw broken|any SEED SLAVE…: a flood on s1. Tells how often one of these slaves didn't carry
# meanwhile, in LAPSES.
throw() {
	local writer words at dev looks=0
	LAPSES=0
	for dev in s1 s2 far-s1; do count before "$dev"; done
	(echo "$1 $FRAMES $2" >"$FLOOD") &
	writer=$!
	while kill -0 "$writer" 2>/dev/null; do
		carry "${@:3}" || LAPSES=$((LAPSES + 1))
		looks=$((looks + 1))
		nap 0.05
	done
	holds "$1: all were thrown" 'wait "$writer"'
	read -ra words <"$FLOOD"
	for ((at = 0; at < ${#words[@]}; at += 2)); do THROWN[${words[at]}]=${words[at + 1]}; done
	note "${words[*]}: $((THROWN[frames] * 1000 / (THROWN[ms] + 1))) in a second; looked $looks times"
}

# account WHICH: what is true of the counters after any flood.
account() {
	local key wanted odd=''
	wait_for counted 5
	is "$1: each frame is counted once, as what it is" "$GOT" "$WANTED"
	count after far-s1
	more far-s1 'LACPDU Tx'
	wanted=$((THROWN[lacpdu] + MORE))
	more s1 'LACPDU Rx'
	between "$1: LACPDUs are, too, with those of the partner" "$MORE" $((wanted - 3)) $((wanted + 3))
	more s1 'Marker response Tx'
	between "$1: of the markers 16 in 100 ms are answered" "$MORE" 1 $((16 * (THROWN[ms] / 100 + 2)))
	wanted=$MORE
	more far-s1 'Marker response Rx'
	is "$1: the answers arrive" "$MORE" "$wanted"
	count after s2
	for key in "${!COUNTS[@]}"; do
		[[ $key != 'after s2 '* || $key == *' LACPDU '[RT]x ]] && continue
		more s2 "${key#after s2 }"
		((MORE == 0)) || odd+="$key "
	done
	is "$1: the other port counts none of it" "$odd" ''
	count after bond0 bond
	is "$1: the bond counts what its ports do" "${COUNTS[after bond0 LACPDU Illegal Rx]}" \
		"${COUNTS[after s1 LACPDU Illegal Rx]}"
}

load max_bonds=0
[[ -e $DEBUGFS/bonding ]] || mount -t debugfs none "$DEBUGFS" 2>/dev/null
mk_veth s1 s2
mk_bond netlink bond0 802.3ad miimon 100 lacp_rate fast
mk_bond netlink bond1 802.3ad miimon 100 lacp_rate fast
quiet bond0 bond1
enslave sysfs bond0 s1 s2
enslave sysfs bond1 far-s1 far-s2
link_up bond0
link_up bond1
becomes "both bonds aggregate" "carry s1 s2 far-s1 far-s2" 20
is "in one aggregator" "$(get bond0 ad_num_ports)" 2
ok "the module for the flood" insmod "$MODULE" device=s1 partner="$(<$NET/bond1/address)" key="$(get bond0 ad_partner_key)"
becomes "nobody watches out for churn any more" "! grep -q monitoring /proc/net/bonding/bond[01]"

# --- nothing that is news
before=$(snapshot)
decided=$(decisions)
throw broken 1 s1 s2 far-s1 far-s2
is "broken: all ports carry all the time" "$LAPSES" 0
same "broken: nothing has changed" "$before" "$(snapshot)"
is "broken: nothing was decided" "$(decisions)" "$decided"
account broken

# --- whatever there may be
slurp "$NET/bond0/carrier_changes"
changes=$TEXT
throw any 2 s2 far-s2
is "any: the other port carries all the time" "$LAPSES" 0
becomes "any: all ports carry again" "carry s1 s2 far-s1 far-s2" 6
back=$(jq '.decisions[] | select(.done.what == "mux" and .done.to == "collecting-distributing").time_ms' \
	"$DEBUGFS"/bonding/bond[01]@*/state | sort -n | tail -n 1)
between "any: ms from its end until they do" $((back - THROWN[ended])) -100000 6500
unlike "any: it has been felt" "$(decisions)" "^$decided\$"
becomes "any: nobody watches out for churn any more" "! grep -q monitoring /proc/net/bonding/bond[01]"
churned='/Churned Count/d'
same "any: all is as before" "$(sed "$churned" <<<"$before")" "$(snapshot | sed "$churned")"
slurp "$NET/bond0/carrier_changes"
is "any: the bond never lost its carrier" "$TEXT" "$changes"
account any
ok "the module unloads" rmmod lacp_flood
finish
