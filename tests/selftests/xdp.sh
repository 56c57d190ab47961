#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# XDP on a bond: a program runs on all slaves or on none, comes and goes with them,
# sends back (XDP_TX) by the slave that the mode chooses, frames can be redirected to
# the bond, and mode, features and other programs are as the C driver has them.
# vm: --kernel debug --smp 2 --timeout 800
. "$(dirname "$0")/lib.sh"
need_cmds python3

xdp() { python3 -IS "$HERE/xdp.py" "$@"; }
PROGS=/sys/fs/bpf
# attach DEVICE PROGRAM: like ERRNO and WHY
attach() {
	if WHY=$(ip -force link set "$1" xdpdrv pinned "$PROGS/$2" 2>&1); then ERRNO=ok; else ERRNO=$(errno_name "$WHY"); fi
}
detach() { ip link set "$1" xdpdrv off; }
# refused NAME TEXT: the last attach, with this text
refused() { is "$1" "$WHY" "Error: $2."; }
# One process sends and counts for the whole test: "FAR DESTINATION", answered by
# "DEVICE COUNT" of each device that received some of ten frames into FAR.
cat >"$WORK/pump" <<'EOP'
import select, socket, sys
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
for line in sys.stdin:
    far, dst = line.split()
    frame = bytes.fromhex(dst.replace(":", "") + "02cc0000000188b5") + bytes(46)
    while select.select([sock], [], [], 0)[0]:
        sock.recv(100)
    for _ in range(10):
        sock.sendto(frame, (far, 0))
    seen = {}
    # The first may take its time, in an emulated guest; the others follow soon.
    while select.select([sock], [], [], 2 if seen else 8)[0]:
        device = sock.recvfrom(100)[1][0]
        if device:
            seen[device] = seen.get(device, 0) + 1
    print(*(f"{device} {count}" for device, count in seen.items()))
EOP
coproc PUMP { exec python3 -ISu "$WORK/pump"; }
declare -A SEEN
pump() {
	local words
	SEEN=()
	echo "$1 $2" >&"${PUMP[1]}"
	read -ra words <&"${PUMP[0]}"
	set -- "${words[@]}"
	while (($#)); do
		SEEN[$1]=$2
		shift 2
	done
}
# through NAME FAR DEVICE COUNT: so many of ten frames into FAR get to DEVICE
through() {
	pump "$2" ff:ff:ff:ff:ff:ff
	is "$1" "${SEEN[$3]:-0}" "$4"
}
# back NAME FAR COUNTS: so many of ten frames into FAR come out of far-s1 and far-s2
back() {
	pump "$2" 02:bb:00:00:00:09
	like "$1" "${SEEN[far-s1]:-0} ${SEEN[far-s2]:-0}" "^($3)\$"
}
up_with() {
	enslave sysfs bond0 "$@"
	ip link set bond0 up
	quiet bond0
	wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status 2>/dev/null | sort -u) == up ]]' 10
}

mountpoint -q "$PROGS" || mount -t bpf bpf "$PROGS" || skip_all "no BPF"
xdp returns "$PROGS/drop" 1 || skip_all "no programs"
xdp returns "$PROGS/pass" 2
xdp returns "$PROGS/tx" 3
load max_bonds=0
mk_veth s1 s2 t1
# veth hands over what XDP sends only to a far end that has a program, too.
attach far-s1 pass
attach far-s2 pass

# --- modes
mk_bond sysfs bond0 balance-rr miimon 100
is "without slaves there are no features" "$(xdp features bond0)" 0
attach bond0 pass
is "a bond without slaves takes a program" "$ERRNO" ok
for mode in active-backup balance-xor; do
	writes "$mode can be chosen with a program" "$(opt bond0 mode)" $mode
done
writes "broadcast can't" "$(opt bond0 mode)" broadcast EOPNOTSUPP
is "and the mode stays" "$(get bond0 mode)" "balance-xor 2"
detach bond0
writes "without one it can" "$(opt bond0 mode)" broadcast
attach bond0 pass
refused "broadcast takes no program" 'No native XDP support for the current bonding mode'
writes "back to balance-rr" "$(opt bond0 mode)" balance-rr

# --- slaves with and without
attach s1 pass
enslave sysfs bond0 s1
attach bond0 drop
refused "a slave with a program of its own forbids the bond's" \
	'Slave has XDP program loaded, please unload before enslaving'
detach s1
up_with s2
through "without a program frames reach the bond" far-s1 bond0 10
attach bond0 drop
is "with the last one's gone the bond takes one" "$ERRNO" ok
through "which runs on the first slave" far-s1 bond0 0
through "and on the second slave" far-s2 bond0 0
attach s1 pass
holds "a slave then takes none of its own" '[[ $ERRNO != ok ]]'
echo -s2 >"$(opt bond0 slaves)"
ip link set s2 up
through "a released slave runs it no more" far-s2 s2 10
ip link set s2 down
echo +s2 >"$(opt bond0 slaves)"
through "a new one does" far-s2 bond0 0
attach bond0 pass
is "another program replaces it" "$ERRNO" ok
through "on the first slave" far-s1 bond0 10
through "and on the second" far-s2 bond0 10
echo -s2 >"$(opt bond0 slaves)"
before=$(snapshot_nic s2)
attach s2 pass
try_write "$(opt bond0 slaves)" +s2
is "a device with a program of its own is refused" "$ERRNO" EOPNOTSUPP
detach s2
same "and is as before" "$before" "$(snapshot_nic s2)"
ip link add d1 type dummy
quiet d1
before=$(snapshot_nic d1)
try_write "$(opt bond0 slaves)" +d1
is "a device without XDP is refused" "$ERRNO" EOPNOTSUPP
same "and is as before, too" "$before" "$(snapshot_nic d1)"
detach bond0
echo +d1 >"$(opt bond0 slaves)"
attach bond0 drop
refused "a bond with such a slave takes no program" 'Slave device does not support XDP'
through "and the other slave runs none" far-s1 bond0 10
echo -d1 >"$(opt bond0 slaves)"
echo -bond0 >$MASTERS

# --- features
mk_bond sysfs bond0 active-backup miimon 100
up_with s1
is "features are those of the slave" "$(xdp features bond0)" "$(xdp features s1)"
detach far-s1
becomes "and follow it" '[[ $(xdp features bond0) == "$(xdp features s1)" ]]'
enslave sysfs bond0 s2
one=$(xdp features s1) two=$(xdp features s2)
is "of two slaves what both can" "$(xdp features bond0)" $((one & two))
holds "which differ here" "(($one != $two))"
attach far-s1 pass
becomes "more when the first can more" '[[ $(xdp features bond0) == $two ]]'

# --- XDP_TX
attach bond0 tx
back "active-backup sends back by the active slave" far-s1 "10 0"
back "also what the backup received" far-s2 "10 0"
set_opt bond0 active_slave s2
back "and by the next after a failover" far-s1 "0 10"
ip link set bond0 down
back "while the bond is down nothing is sent back" far-s1 "0 0"
echo -bond0 >$MASTERS
mk_bond sysfs bond0 balance-rr miimon 100
attach bond0 tx
up_with s1 s2
back "balance-rr sends back by turns" far-s1 "5 5|4 6|6 4"
echo -bond0 >$MASTERS
mk_bond sysfs bond0 balance-xor miimon 100
attach bond0 tx
up_with s1 s2
back "balance-xor by one" far-s1 "10 0|0 10"
detach bond0
echo -bond0 >$MASTERS

# --- redirected to the bond
mk_bond sysfs bond0 balance-rr miimon 100
up_with s1 s2
xdp redirects "$PROGS/redirect" bond0
ip link set t1 up
attach t1 redirect
back "frames redirected to a bond go by turns" far-t1 "5 5|4 6|6 4"
ip link set far-s1 down
ip link set far-s2 down
wait_for '[[ $(<$NET/bond0/carrier) == 0 ]]' 10
back "and nowhere without slaves in use" far-t1 "0 0"
ip link set far-s1 up
ip link set far-s2 up
detach t1
rm "$PROGS/redirect"

# --- a bond on a bond
wait_for '[[ $(<$NET/bond0/carrier) == 1 ]]' 10
mk_bond sysfs bond1 active-backup miimon 100
enslave sysfs bond1 bond0
ip link set bond1 up
quiet bond1
attach bond1 drop
is "a program on the upper bond" "$ERRNO" ok
through "runs on the lower one's slaves" far-s1 bond1 0
detach bond1
through "and no more" far-s1 bond1 10

# --- load and end
attach bond0 tx
is "the lower one takes a program for itself then" "$ERRNO" ok
flood 0.001 far-s1 far-s2
for ((turn = 0; turn < 5; turn++)); do
	for dev in s1 s2; do
		echo "-$dev" >"$(opt bond0 slaves)"
		echo "+$dev" >"$(opt bond0 slaves)"
	done
done
stop_background
is "slaves come and go under load" "$(get bond0 slaves)" "s1 s2"
ok "the module unloads with a program loaded" modprobe -r bonding
ip link set s1 up
attach s1 tx
back "and leaves XDP_TX to the devices" far-s1 "10 0"
detach s1
rm "$PROGS"/{drop,pass,tx}
finish
