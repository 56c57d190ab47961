#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Eight TCP transfers, four each way, while one slave after the other is lost and comes back: none of
# them breaks, in any mode. The peer is a bond of the same mode, or a bridge where the mode asks nothing
# of the switch. The clock goes by instructions, and transfers have a rate, so that a busy machine breaks none.
# on request
# vm: --kernel debug --smp 1 --icount --timeout 900
. "$(dirname "$0")/lib.sh"
need_cmds ip jq iperf3

OUT=$WORK/transfers
far() { ip netns exec peer "$@"; }
# shellcheck disable=SC2317 # called by expressions
link_is() { slurp "$NET/$1/bonding_slave/mii_status"; [[ $TEXT == "$2" ]]; }
# shellcheck disable=SC2317 # called by expressions
carries() { [[ $MODE != 802.3ad ]] || carry "$1"; }

# mk_peer: the other end of both cables, 10.0.0.2.
mk_peer() {
	local dev
	case $MODE in
	active-backup | balance-tlb | balance-alb) far ip link add lan type bridge ;;
	802.3ad) far ip link add lan type bond mode "$MODE" miimon 100 lacp_rate fast ;;
	*) far ip link add lan type bond mode "$MODE" miimon 100 ;;
	esac
	for dev in far-s1 far-s2; do far ip link set "$dev" down master lan; done
	far ip link set lan up
	for dev in far-s1 far-s2; do far ip link set "$dev" up; done
	far ip addr add 10.0.0.2/24 dev lan
}

# all_move: in a second that began after now, each of the eight moves something.
# shellcheck disable=SC2317 # called by becomes
each_moved() {
	tail -n "+$((SEEN + 2))" "$OUT" |
		jq -se 'any(.event == "interval" and ([.data.streams[].bytes] | length == 8 and min > 0))' >/dev/null
}
all_move() {
	SEEN=$(wc -l <"$OUT")
	becomes "$MODE: $1" each_moved 30
}

ip netns add peer
far ip link set lo up
mk_veth s1 s2
for dev in far-s1 far-s2; do ip link set "$dev" netns peer; done
load max_bonds=0
for MODE in balance-rr active-backup balance-xor broadcast 802.3ad balance-tlb balance-alb; do
	mk_bond sysfs bond0 "$MODE" miimon 100
	[[ $MODE != 802.3ad ]] || set_opt bond0 lacp_rate fast
	ip link set bond0 up
	enslave sysfs bond0 s1 s2
	ip addr add 10.0.0.1/24 dev bond0
	mk_peer
	becomes "$MODE: both slaves carry" "link_is s1 up && link_is s2 up && carries s1 && carries s2" 20
	background ip netns exec peer iperf3 -s -1 --logfile /dev/null
	# The port, 5201, in state LISTEN
	wait_for "far grep -q ':1451 .* 0A ' /proc/net/tcp6" 20
	: >"$OUT"
	iperf3 -c 10.0.0.2 --bidir -P 4 -b 2M -t 600 --json-stream --forceflush >"$OUT" 2>&1 &
	CLIENT=$!
	all_move "eight transfers"
	for dev in s1 s2; do
		far ip link set far-$dev down
		becomes "$MODE: $dev is lost" "link_is $dev down"
		all_move "all go on without it"
		far ip link set far-$dev up
		becomes "$MODE: $dev comes back" "link_is $dev up && carries $dev" 20
		all_move "all go on with it"
	done
	kill -INT "$CLIENT"
	wait "$CLIENT"
	is "$MODE: nothing but the test ended them" "$(jq -r 'select(.event == "error") | .data' "$OUT")" \
		"interrupt - the client has terminated"
	stop_background
	echo -bond0 >"$MASTERS"
	far ip link del lan
done
finish
