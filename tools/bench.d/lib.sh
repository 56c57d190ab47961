# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the guests' parts of the benchmarks share.
export LC_ALL=C

PKTGEN=/proc/net/pktgen
# shellcheck disable=SC2034 # used by who reads this
BOND=/sys/class/net/bond0/bonding
NAME=$(basename "$0")

say() { echo "$NAME: $*, ${SECONDS} s"; }
die() { echo "$NAME: $*" >&2; exit 1; }

# wait_for EXPRESSION SECONDS
wait_for() {
	local end=$((SECONDS + $2))
	until eval "$1"; do
		((SECONDS < end)) || die "waited $2 s in vain for: $1"
		sleep 0.05
	done
}

# pktgen FILE TEXT…
pktgen() {
	local line file=$1
	shift
	for line; do
		echo "$line" >"$PKTGEN/$file" || die "pktgen refuses '$line' for $file"
	done
}

quiet() {
	local dev
	for dev; do echo 1 >"/proc/sys/net/ipv6/conf/$dev/disable_ipv6"; done
}

load_driver() { # c|rust
	local modules path
	modules=/lib/modules/$(uname -r)
	path=$modules/updates/bonding.ko
	[[ $1 == rust ]] || path=$(echo "$modules"/kernel/drivers/net/bonding/bonding.ko*)
	insmod "$path" max_bonds=0
}

# cost_of DEVICE [MODE FLAG]: what each of COUNT packets costs, ns; the least of TIMES runs, which is of
# one that no tick of the clock has hit.
cost_of() {
	local n device=$1 mode=${2:-start_xmit} flag=${3:-SHARED}
	pktgen kpktgend_0 rem_device_all "add_device $device"
	pktgen "$device" "count $COUNT" 'clone_skb 0' 'pkt_size 60' 'delay 0' 'dst_min 10.0.0.2' 'dst_max 10.0.3.2' \
		"dst_mac 02:00:00:00:00:02" 'udp_src_min 1000' 'udp_src_max 1999' "xmit_mode $mode" "flag $flag"
	for ((n = 0; n < TIMES; n++)); do
		pktgen pgctrl start
		grep -a '^Result: OK:' "$PKTGEN/$device" || die "no result for $device: $(<"$PKTGEN/$device")"
	done | awk '{
		split($3, took, "("); cost = took[1] * 1000 / $5
		if (NR == 1 || cost < least) least = cost }
		END { printf "%.2f\n", least }' || exit # in $( ) nobody else ends it
	pktgen kpktgend_0 rem_device_all
}

# A trace of carriers that are lost, and of packets that devices are given.
start_trace() { # NAME; sets TRACE
	TRACE=/sys/kernel/tracing/instances/$1
	mkdir -p "$TRACE"
	echo mono >"$TRACE/trace_clock"
	echo "p:$1/carrier_off netif_carrier_off" >/sys/kernel/tracing/kprobe_events ||
		die "this kernel has no kprobe events"
	echo 1 >"$TRACE/events/$1/carrier_off/enable"
	echo 1 >"$TRACE/events/net/net_dev_start_xmit/enable"
}

# A frame every half millisecond, by the kernel, until frames_end.
frames_begin() {
	pktgen kpktgend_0 'add_device bond0'
	pktgen bond0 'count 0' 'pkt_size 60' 'delay 500000' 'dst 10.0.0.2' 'dst_mac 02:00:00:00:ff:01' 'xmit_mode start_xmit'
	echo start >$PKTGEN/pgctrl &
	SENDER=$!
	wait_for "((\$(</sys/class/net/bond0/statistics/tx_packets) > 50))" 20
}
frames_end() {
	echo stop >$PKTGEN/pgctrl
	wait "$SENDER"
	pktgen kpktgend_0 rem_device_all
}
