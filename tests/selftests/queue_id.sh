#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# queue_id: in active-backup and balance-rr, frames that tc puts on the queue of a slave leave by that
# slave while its link is up, and otherwise as all others do.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds python3 taskset tc

FAR=(far-s1 far-s2)
# sent DESTINATION: how many of ten frames came at each far end
sent() {
	local far counts=()
	capture_start "${FAR[@]}"
	taskset -c 0 "$FRAMES" send bond0 --count 10 --dst "$1" >/dev/null
	capture_stop
	for far in "${FAR[@]}"; do counts+=("$(captured "$far")"); done
	echo "${counts[*]}"
}
# queued NAME COUNTS: where ten frames to a station went that has the queue, and ten to another
queued() { is "$1" "$(sent 02:bb:00:00:00:07), $(sent 02:bb:00:00:00:01)" "$2"; }

load max_bonds=0
mk_veth s1 s2
for mode in active-backup balance-rr; do
	case $mode in active-backup) others="10 0" ;; *) others="5 5" ;; esac
	mk_bond sysfs bond0 "$mode" miimon 100
	enslave sysfs bond0 s1 s2
	ip link set bond0 up
	quiet bond0
	wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status | sort -u) == up ]]' 10
	ok "$mode: a queue for one station" tc qdisc add dev bond0 clsact
	ok "$mode: by its address" tc filter add dev bond0 egress protocol all flower \
		dst_mac 02:bb:00:00:00:07 action skbedit queue_mapping 2
	queued "$mode: a queue which no slave has" "$others, $others"
	set_opt bond0 queue_id s2:2
	queued "$mode: frames on a slave's queue leave by it" "0 10, $others"
	ip link set far-s2 down
	becomes "$mode: its link is lost" '[[ $(cat $NET/s2/bonding_slave/mii_status) == down ]]'
	queued "$mode: they leave as the others do" "10 0, 10 0"
	ip link set far-s2 up
	wait_for '[[ $(cat $NET/s2/bonding_slave/mii_status) == up ]]' 10
	set_opt bond0 queue_id s2:0
	queued "$mode: the queue is free again" "$others, $others"
	echo -bond0 >"$MASTERS"
done
finish
