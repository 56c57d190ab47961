#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The ioctls of ifenslave, by their present and their legacy numbers, from 64-bit and
# 32-bit programs (the stock kernel has these), with bad pointers, positions and names,
# without capabilities and in a namespace of one's own; the two of MIIs; and busybox's
# ifenslave, which uses them.
# vm: --kernel debug --smp 2 --nics 2:e1000,virtio-net-pci --timeout 400
# vm: --kernel stock --smp 2 --nics 2:e1000,virtio-net-pci --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds setpriv unshare

BUSYBOX=/usr/local/lib/ifenslave/busybox

# ask WORDS…: one ioctl, by the process that ioctl.py is; its result in $GOT.
coproc IOCTL { exec "$HERE/ioctl.py"; }
ask() {
	echo "$*" >&"${IOCTL[1]}"
	read -r GOT <&"${IOCTL[0]}" || GOT="ioctl.py is gone"
}

# does WANTED WORDS…
does() {
	local want=$1
	shift
	ask "$@"
	is "${*# }" "$GOT" "$want"
}

# The debug kernel lets go of directories late, and until then the C driver can't enslave again.
free() { becomes "s1 and s2 are free" "[[ ! -e $NET/s1/bonding_slave && ! -e $NET/s2/bonding_slave ]]" 20; }

load max_bonds=0
mk_veth s1 s2
mk_bond sysfs bond0 active-backup miimon 100
ip link set bond0 up

# --- what is refused, and why
log_mark
does ENODEV enslave bond0 nobody
does ENODEV enslave bond0 name-of-sixteen-bytes
does ENODEV enslave nobody s1
does EOPNOTSUPP enslave s1 s2
does EPERM enslave bond0 bond0
does EPERM enslave bond0 far-s1
does EINVAL release bond0 s1
does EINVAL changeactive bond0 s1
for n in 3 4 5 6 7 8 9 10 14 15; do does EOPNOTSUPP private $n bond0; done
logged "told in the log: itself" 'bond0: Error: Cannot enslave bond to itself\.'
logged "told in the log: up" 'bond0: \(slave far-s1\): Error: Device can not be enslaved while up'
unlike "not told in the log: no slave" "$(log_since)" 'not enslaved'
logged "told in the log: the option" 'bond0: option active_slave: invalid value \(s1\)'
is "nothing changed" "$(get bond0 slaves)" ""

# --- each command, each way; a 32-bit program's is the same
ways=("" old)
ask has-32
if [[ $GOT == ok ]]; then
	ways+=(32 "32 old")
else
	skip "32-bit programs" "this kernel runs none"
fi

# One way's words go in front.
every_way() {
	local w=$1
	does "ok 1 0 100" "$w" info bond0
	does ENODEV "$w" slave bond0 0
	free
	does ok "$w" enslave bond0 s1
	does EBUSY "$w" enslave bond0 s1
	does ok "$w" enslave bond0 s2
	is "${w:-new}: they are slaves" "$(get bond0 slaves)" "s1 s2"
	becomes "${w:-new}: both links are up" "[[ \$(<$NET/s1/bonding_slave/mii_status)\$(<$NET/s2/bonding_slave/mii_status) == upup ]]"
	does "ok 1 2 100" "$w" info bond0
	does "ok 0 s1 0 0 0" "$w" slave bond0 0
	does "ok 1 s2 0 1 0" "$w" slave bond0 1
	does ENODEV "$w" slave bond0 2
	does ENODEV "$w" slave bond0 -1
	does ENODEV "$w" slave bond0 2147483647
	does ok "$w" changeactive bond0 s2
	is "${w:-new}: the other is active" "$(active bond0)" s2
	does "ok 0 s1 0 1 0" "$w" slave bond0 0
	does EINVAL "$w" changeactive bond0 far-s1
	for where in null high kernel edge readonly; do
		[[ "$w" != *32* || $where != kernel ]] || continue
		does EFAULT "$w" info bond0 $where
		does EFAULT "$w" slave bond0 0 $where
	done
	does ok "$w" sethwaddr bond0 far-s2
	is "${w:-new}: any device's address" "$(<$NET/bond0/address) $(<$NET/bond0/addr_assign_type)" "02:aa:00:00:02:02 2"
	does "ok 0 0x4" "$w" phy bond0
	does "ok 77 0x4" "$w" reg bond0
	does "ok 77 0xaaaa" "$w" reg bond0 2
	does "ok 0 0xaaaa" "$w" phy bond0 0
	does EOPNOTSUPP "$w" setreg bond0

	# whoever has no capability may ask, but do nothing
	does "ok 1 2 100" "$w" as-nobody info bond0
	does "ok 1 s2 0 0 0" "$w" as-nobody slave bond0 1
	for command in enslave release sethwaddr changeactive; do
		does EPERM "$w" as-nobody $command bond0 s1
	done
	does EPERM "$w" as-nobody release bond0 nobody
	does EPERM "$w" as-nobody phy bond0
	does EPERM "$w" as-nobody reg bond0

	does ok "$w" release bond0 s2
	is "${w:-new}: released" "$(get bond0 slaves)" s1
	is "${w:-new}: the other takes over" "$(active bond0)" s1
	does ok "$w" release bond0 s1
	does EINVAL "$w" release bond0 s1
	does "ok 77 0x0" "$w" reg bond0
}
for way in "${ways[@]}"; do every_way "$way"; done

# --- events: an option set is told to everybody
ip -o monitor link >"$WORK/events" &
MONITOR=$!
BACKGROUND+=("$MONITOR")
becomes "the monitor listens" "ip link set lo txqueuelen 1001; ip link set lo txqueuelen 1000; [[ -s $WORK/events ]]" 20
free
does ok enslave bond0 s1
does ok enslave bond0 s2
becomes "links are up" "[[ \$(<$NET/s2/bonding_slave/mii_status) == up ]]"
does ok changeactive bond0 s2
becomes "changeactive: BONDING OPTION" "[[ \$(grep -c 'bond0.*event BONDING OPTION' $WORK/events) == 1 ]]"
does EINVAL changeactive bond0 far-s1
does ok old changeactive bond0 s1
becomes "again, by the legacy number" "[[ \$(grep -c 'bond0.*event BONDING OPTION' $WORK/events) == 2 ]]"
stop_background

# --- a mode without an active slave
mk_bond sysfs bond1 balance-rr
log_mark
does ok release bond0 s2
becomes "s2 is free" "[[ ! -e $NET/s2/bonding_slave ]]" 20
does ok enslave bond1 s2
does EACCES changeactive bond1 s2
logged "told in the log: the mode" 'bond1: option active_slave: mode dependency failed, not supported in mode balance-rr\(0\)'
does "ok 0 1 0" info bond1
does "ok 0 s2 0 0 0" slave bond1 0

# --- a namespace of one's own: capabilities there are enough
chmod 755 "$WORK"
install -m 755 "$HERE/ioctl.py" "$WORK/"
is "root of another namespace" "$(setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urn bash -c '
	ip link add b0 type bond; ip link add d0 type dummy
	printf "%s\n" "enslave b0 d0" "info b0" "slave b0 0" "old release b0 d0" "enslave bond0 s1" | "$1"' - "$WORK/ioctl.py" |
	tr '\n' ',')" "ok,ok 0 1 0,ok 0 d0 0 0 0,ok,ENODEV,"

# --- ifenslave of old
if [[ -x $BUSYBOX ]]; then
	mk_bond sysfs bond2 active-backup miimon 100
	ok "ifenslave wants the bond up" bash -c "! $BUSYBOX ifenslave bond2 eth0"
	ip link set bond2 up
	ip link set far0 up
	ip link set far1 up
	ok "busybox ifenslave bond2 eth0 eth1" $BUSYBOX ifenslave bond2 eth0 eth1
	is "both are slaves" "$(get bond2 slaves)" "eth0 eth1"
	becomes "with links" "[[ \$(<$NET/eth0/bonding_slave/mii_status)\$(<$NET/eth1/bonding_slave/mii_status) == upup ]]" 20
	for dev in eth0 eth1; do
		ok "busybox ifenslave -c bond2 $dev" $BUSYBOX ifenslave -c bond2 $dev
		is "it is active" "$(active bond2)" $dev
	done
	ok "busybox ifenslave -d bond2 eth1" $BUSYBOX ifenslave -d bond2 eth1
	is "one slave is left" "$(get bond2 slaves)" eth0
	is "and is active" "$(active bond2)" eth0
	ok "busybox ifenslave -d bond2 eth0" $BUSYBOX ifenslave -d bond2 eth0
	is "none is left" "$(get bond2 slaves)" ""
else
	skip "busybox ifenslave" "no $BUSYBOX"
fi
INPUT=${IOCTL[1]}
exec {INPUT}>&-
finish
