#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 200 times enslaved and released while frames run through the bond as fast as they
# can, both ways, and readers read all there is; no memory is lost.
# vm: --kernel debug --smp 2 --timeout 900
. "$(dirname "$0")/lib.sh"

ROUNDS=200
slab() { awk '$1 == "Slab:" { print $2 }' /proc/meminfo; }

# Reads everything for as long as the bond is there.
read_all() {
	local file
	while [[ -e $NET/bond0 ]]; do
		for file in /proc/net/bonding/bond0 "$NET"/bond0/bonding/* "$NET"/s?/bonding_slave/* $MASTERS \
			"$NET"/bond0/statistics/tx_packets; do
			slurp "$file"
		done
	done 2>/dev/null
}

load max_bonds=0
mk_veth s1 s2 s3
modes=(balance-rr active-backup balance-xor broadcast)
bad=()
for mode in "${modes[@]}"; do
	mk_bond sysfs bond0 "$mode" miimon 10
	ip link set bond0 up
	quiet bond0
	enslave sysfs bond0 s3
	background read_all
	background send_frames bond0 --count 0 >/dev/null
	background send_frames far-s1 --count 0 --interval 0.001 --dst ff:ff:ff:ff:ff:ff >/dev/null
	slurp "$NET/bond0/statistics/tx_packets"
	tx=$TEXT
	# s1 and s2 come and go, once in a while the last one too
	for ((n = 1; n <= ROUNDS / 4; n++)); do
		echo +s1 >"$NET/bond0/bonding/slaves" || bad+=("$mode $n: +s1")
		echo +s2 >"$NET/bond0/bonding/slaves" || bad+=("$mode $n: +s2")
		if ((n % 10 == 0)); then
			echo -s3 >"$NET/bond0/bonding/slaves" || bad+=("$mode $n: -s3")
		fi
		echo -s1 >"$NET/bond0/bonding/slaves" || bad+=("$mode $n: -s1")
		echo -s2 >"$NET/bond0/bonding/slaves" || bad+=("$mode $n: -s2")
		if ((n % 10 == 0)); then
			echo +s3 >"$NET/bond0/bonding/slaves" || bad+=("$mode $n: +s3")
		fi
	done
	slurp "$NET/bond0/statistics/tx_packets"
	is "$mode: $((ROUNDS / 4)) rounds" "${bad[*]:-well}" well
	holds "$mode: with traffic ($((TEXT - tx)) frames)" "((TEXT > tx + 100))"
	is "$mode: the slaves at the end" "$(get bond0 slaves)" s3
	echo -bond0 >$MASTERS
	stop_background
	bad=()
	[[ $mode != balance-rr ]] || slab_before=$(slab)
done
grown=$(($(slab) - slab_before))
if [[ -e /sys/kernel/debug/kmemleak ]]; then
	skip "kernel memory" "kmemleak looks, and KASAN keeps freed memory ($grown kB)"
else
	holds "kernel memory doesn't grow ($grown kB)" "((grown < 1500))"
fi
for n in 1 2 3; do
	slurp "$NET/s$n/address"
	is "s$n has its address" "$TEXT" "02:aa:00:00:0$n:01"
done
finish
