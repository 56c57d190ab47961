#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Which slave sends which frame: balance-rr in turn and packets_per_slave at a
# time, active-backup on the active one, balance-xor by the layer2 formula,
# broadcast on each exactly once; slaves without link are left out; statistics
# add up; with no slaves a frame is dropped and counted.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds jq taskset python3

SLAVES=(s1 s2 s3)
FAR=(far-s1 far-s2 far-s3)

# per_slave: how many frames came at each far end.
per_slave() {
	local far counts=()
	for far in "${FAR[@]}"; do counts+=("$(captured "$far")"); done
	echo "${counts[*]}"
}

# run_frames ARGS…: sends on one CPU, captures at the far ends.
run_frames() {
	capture_start "${FAR[@]}"
	SENT=$(taskset -c 0 "$FRAMES" send bond0 "$@")
	capture_stop
}

# bond_of MODE [OPTION VALUE]…: three slaves, up.
bond_of() {
	mk_bond sysfs bond0 "$@"
	enslave sysfs bond0 "${SLAVES[@]}"
	ip link set bond0 up
	quiet bond0
	wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status | sort -u) == up ]]' 10
}
unbond() { echo -bond0 >$MASTERS; }

# counter NAME: of the bond, and the sum over the slaves.
bond_counter() { cat "$NET/bond0/statistics/$1"; }
slave_counters() { cat "$NET"/s[123]/statistics/"$1" | awk '{ n += $1 } END { print n }'; }

load max_bonds=0
mk_veth "${SLAVES[@]}"

# --- no slaves
mk_bond sysfs bond0 balance-rr miimon 100
ip link set bond0 up
quiet bond0
before=$(bond_counter tx_dropped)
send_frames bond0 --count 5 >/dev/null
is "no slaves: every frame is dropped and counted" "$(($(bond_counter tx_dropped) - before))" 5
unbond

# --- balance-rr
bond_of balance-rr miimon 100
run_frames --count 30
is "rr: in turn" "$(per_slave)" "10 10 10"
is "rr: nothing refused" "$SENT" "sent 30 refused 0"
turns=$(sort -k6n "$WORK/frames" | awk 'NR > 1 && $2 == last { bad++ } { last = $2 } END { print bad + 0 }')
is "rr: never the same slave twice in a row" "$turns" 0
set_opt bond0 packets_per_slave 4
run_frames --count 36
is "rr: packets_per_slave 4" "$(per_slave)" "12 12 12"
runs=$(sort -k6n "$WORK/frames" | awk '$2 != last { if (NR > 1) print n; n = 0; last = $2 } { n++ }' | sed 1d | sort -u)
is "rr: four in a row" "$runs" 4
set_opt bond0 packets_per_slave 0
run_frames --count 120
IFS=' ' read -r a b c <<<"$(per_slave)"
is "rr: packets_per_slave 0 sends all" $((a + b + c)) 120
holds "rr: at random, none left out" "((a > 10 && b > 10 && c > 10))"
set_opt bond0 packets_per_slave 1
ip link set far-s2 down
becomes "rr: a link is lost" '[[ $(cat $NET/s2/bonding_slave/mii_status) == down ]]'
run_frames --count 30
IFS=' ' read -r a b c <<<"$(per_slave)"
is "rr: the others send all" "$((a + c)) $b" "30 0"
ip link set far-s2 up
wait_for '[[ $(cat $NET/s2/bonding_slave/mii_status) == up ]]' 10
tx=$(bond_counter tx_packets) slaves=$(slave_counters tx_packets)
bytes=$(bond_counter tx_bytes) slave_bytes=$(slave_counters tx_bytes)
run_frames --count 25
is "statistics: the bond's packets are its slaves'" "$(($(bond_counter tx_packets) - tx))" "$(($(slave_counters tx_packets) - slaves))"
is "statistics: that many" "$(($(bond_counter tx_packets) - tx))" 25
is "statistics: bytes too" "$(($(bond_counter tx_bytes) - bytes))" "$(($(slave_counters tx_bytes) - slave_bytes))"
tx=$(bond_counter tx_packets)
echo -s3 >"$(opt bond0 slaves)"
is "statistics: kept when a slave leaves" "$(bond_counter tx_packets)" "$tx"
unbond

# --- active-backup
bond_of active-backup miimon 100
run_frames --count 20
is "active-backup: the active one sends all" "$(per_slave)" "20 0 0"
set_opt bond0 active_slave s3
run_frames --count 20
is "active-backup: the new active one" "$(per_slave)" "0 0 20"
ip link set far-s1 down
ip link set far-s2 down
ip link set far-s3 down
becomes "active-backup: no link left" '[[ -z $(active bond0) ]]'
before=$(bond_counter tx_dropped)
send_frames bond0 --count 3 >/dev/null
is "active-backup: none active, all dropped and counted" "$(($(bond_counter tx_dropped) - before))" 3
for far in "${FAR[@]}"; do ip link set "$far" up; done
unbond

# --- balance-xor, layer2
# predict SLAVES…: what the formula says for the frames captured; prints mismatches
predict() {
	python3 - "$WORK/frames" "$@" <<-'EOF'
	import sys
	bad = seen = 0
	for line in open(sys.argv[1]):
	    _, device, kind, source, destination, number = line.split()
	    value = int(destination[-2:], 16) ^ int(source[-2:], 16) ^ int(kind, 16)
	    seen += 1
	    bad += sys.argv[2:][value % len(sys.argv[2:])] != device
	print(f"{seen} seen, {bad} elsewhere")
	EOF
}
macs=$(for n in $(seq 0 63); do printf '02:bb:00:00:%02x:%02x,' $((n * 37 % 256)) $((n * 29 % 256)); done)
bond_of balance-xor miimon 100
run_frames --count 128 --dst "${macs%,}"
is "xor: (dst ^ src ^ type) % 3" "$(predict "${FAR[@]}")" "128 seen, 0 elsewhere"
run_frames --count 64 --dst "${macs%,}" --src 02:cc:00:00:00:5d
is "xor: another source" "$(predict "${FAR[@]}")" "64 seen, 0 elsewhere"
ip link set far-s1 down
becomes "xor: a link is lost" '[[ $(cat $NET/s1/bonding_slave/mii_status) == down ]]'
run_frames --count 64 --dst "${macs%,}"
is "xor: the two left share by % 2" "$(predict far-s2 far-s3)" "64 seen, 0 elsewhere"
ip link set far-s1 up
wait_for '[[ $(cat $NET/s1/bonding_slave/mii_status) == up ]]' 10
run_frames --count 64 --dst "${macs%,}"
is "xor: three again" "$(predict "${FAR[@]}")" "64 seen, 0 elsewhere"
unbond

# --- broadcast
bond_of broadcast miimon 100
run_frames --count 40
is "broadcast: every slave sends every frame" "$(per_slave)" "40 40 40"
is "broadcast: exactly once" "$(awk '{ print $2, $6 }' "$WORK/frames" | sort | uniq -d | wc -l)" 0
run_frames --count 3 --size 1400
is "broadcast: large ones too" "$(per_slave)" "3 3 3"
ip link set far-s3 down
becomes "broadcast: the last slave loses its link" '[[ $(cat $NET/s3/bonding_slave/mii_status) == down ]]'
run_frames --count 20
is "broadcast: the others go on" "$(per_slave)" "20 20 0"
tx=$(bond_counter tx_packets)
run_frames --count 10
is "statistics: copies count for the bond" "$(($(bond_counter tx_packets) - tx))" 20
finish
