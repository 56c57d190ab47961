#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Readers of /proc, sysfs and netlink, writers of options, enslaving, releasing,
# failovers, renames and traffic, all at once for a while: no error but the expected,
# no complaint of the kernel, and the bond works afterwards.
# vm: --kernel debug --smp 2 --timeout 400
. "$(dirname "$0")/lib.sh"

SECONDS_LONG=${SECONDS_LONG:-20}
STOP=$WORK/stop

# loop NAME COMMAND…: until told to stop; counts its rounds in a file.
loop() {
	local name=$1 n=0
	shift
	while [[ ! -e $STOP ]]; do
		"$@" >/dev/null 2>>"$WORK/$name.errors"
		n=$((n + 1))
	done
	echo "$n" >"$WORK/$name.rounds"
}

read_proc() { mapfile -t <"/proc/net/bonding/bond0"; }
read_sysfs() { local file; for file in "$NET"/bond0/bonding/* "$NET"/s?/bonding_slave/*; do slurp "$file"; done; }
read_netlink() { ip -d link show; }
write_options() {
	echo 20 >$NET/bond0/bonding/miimon
	echo $((RANDOM % 5 * 20)) >$NET/bond0/bonding/updelay
	echo $((RANDOM % 5 * 20)) >$NET/bond0/bonding/downdelay
	echo s$((RANDOM % 3 + 1)) >$NET/bond0/bonding/primary
	echo $((RANDOM % 3)) >$NET/bond0/bonding/primary_reselect
	echo $((RANDOM % 2)) >$NET/bond0/bonding/all_slaves_active
	echo >$NET/bond0/bonding/primary
}
pick_active() { echo s$((RANDOM % 3 + 1)) >$NET/bond0/bonding/active_slave; }
come_and_go() {
	echo -s3 >$NET/bond0/bonding/slaves
	echo +s3 >$NET/bond0/bonding/slaves
}
other_bonds() {
	echo +bond7 >$MASTERS
	echo +s4 >$NET/bond7/bonding/slaves
	echo -bond7 >$MASTERS
}
fail_over() { ip -batch "$WORK/links"; }

load max_bonds=0
mk_veth s1 s2 s3 s4
cat >"$WORK/links" <<-'EOF'
	link set far-s1 down
	link set far-s1 up
	link set far-s2 down
	link set far-s2 up
EOF
mk_bond sysfs bond0 active-backup miimon 20
ip link set bond0 up
enslave sysfs bond0 s1 s2 s3

loops=(read_proc read_sysfs read_netlink write_options pick_active come_and_go other_bonds fail_over)
pids=()
background send_frames bond0 --count 0 --interval 0.001 >/dev/null
background send_frames far-s1 --count 0 --interval 0.001 --dst ff:ff:ff:ff:ff:ff >/dev/null
for name in "${loops[@]}"; do
	loop "$name" "$name" &
	pids+=($!)
done
wait_for false "$((SECONDS_LONG / SLOW))" # that long, in either kernel
: >"$STOP"
wait "${pids[@]}"
for name in "${loops[@]}"; do
	rounds=$(<"$WORK/$name.rounds")
	holds "$name: $rounds rounds" "((rounds > 0))"
done
for name in read_proc read_sysfs read_netlink come_and_go other_bonds fail_over write_options; do
	is "$name: without an error" "$(sort -u "$WORK/$name.errors" | head -n 5)" ""
done
# choosing an active slave fails when that one has no link, or is no slave just then
is "pick_active: only the expected errors" \
	"$(sed 's/.*write error: //; s/.*: //' "$WORK/pick_active.errors" | sort -u | tr '\n' ' ')" "Invalid argument "
stop_background

set_opt bond0 all_slaves_active 0
is "the slaves in the end" "$(get bond0 slaves)" "s1 s2 s3"
becomes "all are up" '[[ $(<$NET/s1/bonding_slave/mii_status)$(<$NET/s2/bonding_slave/mii_status)$(<$NET/s3/bonding_slave/mii_status) == upupup ]]'
becomes "one is active" '[[ $(active bond0) == s? ]]'
capture_start far-s1 far-s2 far-s3
send_frames bond0 --count 20 >/dev/null
capture_stop
is "and sends, it alone" "$(captured "far-$(active bond0)") $(wc -l <"$WORK/frames")" "20 20"
finish
