#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Enslaving happens whole or not at all: each device that may not be enslaved, each
# notifier that refuses, each allocation that fails leaves device and bond as before.
# vm: --kernel debug --smp 2 --timeout 900
. "$(dirname "$0")/lib.sh"
need_cmds python3

INJECT=/sys/kernel/debug/notifier-error-inject/netdev/actions
FAILSLAB=/sys/kernel/debug/failslab

# refused NAME DEVICE ERRNO [TEXT]: +DEVICE fails like that and changes nothing;
# so does netlink, which may give a reason.
refused() {
	local name=$1 dev=$2 want=$3 text=${4:-} nic bond answer
	nic=$(snapshot_nic "$dev")
	bond=$(snapshot_bond bond0)
	writes "$name: $want" "$(opt bond0 slaves)" "+$dev" "$want"
	same "$name: the device is as before" "$nic" "$(snapshot_nic "$dev")"
	same "$name: the bond is as before" "$bond" "$(snapshot_bond bond0)"
	if [[ -n $text ]]; then
		answer=$(ip link set "$dev" master bond0 2>&1)
		like "$name: netlink says why" "$answer" "$text"
	fi
}

load max_bonds=0
mk_veth s1 s2 s3
ip link set s3 mtu 1400
mk_bond sysfs bond0 active-backup miimon 100
ip link set bond0 mtu 1450
ip link set bond0 up
enslave sysfs bond0 s1

# --- who may not be a slave
writes "no such device" "$(opt bond0 slaves)" "+nosuch" ENODEV
writes "no sign" "$(opt bond0 slaves)" "s2" EPERM
writes "no name" "$(opt bond0 slaves)" "+" EPERM
writes "not a slave" "$(opt bond0 slaves)" "-s2" EINVAL
is "none of these did anything" "$(get bond0 slaves)" s1
refused "the bond itself" bond0 EPERM 'Cannot enslave bond to itself'
ip link set s2 up
refused "device is up" s2 EPERM 'can not be enslaved while up'
ip link set s2 down
ip link add br0 type bridge
ip link set s2 master br0
refused "bridge port" s2 EBUSY
ip link set s2 nomaster
ip link del br0
if ip link add mv0 link s2 type macvlan mode bridge 2>/dev/null; then
	refused "under a macvlan" s2 EBUSY 'Device is in use and cannot be enslaved'
	ip link del mv0
else
	skip "under a macvlan" "no macvlan"
fi
refused "already a slave" s1 EBUSY
mk_bond sysfs other balance-rr
enslave sysfs other s2
refused "slave of another bond" s2 EBUSY
is "which keeps it" "$(get other slaves)" s2
echo -s2 >"$(opt other slaves)"
echo -other >$MASTERS
if ip link add vrf0 type vrf table 10 2>/dev/null; then
	ip link set s2 master vrf0
	refused "a VRF's device" s2 EBUSY
	ip link set s2 nomaster
	ip link del vrf0
else
	skip "a VRF's device" "no vrf"
fi
# loops: bond0 in bond1 in bond0
mk_bond sysfs outer balance-rr
ip link set bond0 down
enslave sysfs outer bond0
like "a bond can be a slave" "$(get outer slaves)" bond0
ip link set outer down
refused "a loop" outer EBUSY
echo -bond0 >"$(opt outer slaves)"
echo -outer >$MASTERS
ip link set bond0 up
# can't carry VLANs
ip link add link bond0 name bond0.5 type vlan id 5
is "with a VLAN on the bond, lo" "$(try_write "$(opt bond0 slaves)" +lo; echo "$ERRNO")" EPERM
like "netlink says why" "$(ip link set lo master bond0 2>&1)" 'VLAN challenged'
ip link del bond0.5
if ip link add nl0 type nlmon 2>/dev/null; then
	refused "another type than the first slave's" nl0 EINVAL 'Device type is different from other slaves'
	ip link del nl0
else
	skip "another type than the first slave's" "no nlmon"
fi

# --- a notifier says no
if [[ -d $INJECT ]]; then
	for action in PRECHANGEMTU CHANGEMTU PRE_UP PRECHANGEUPPER CHANGEUPPER; do
		nic=$(snapshot_nic s3)
		bond=$(snapshot_bond bond0)
		echo -12 >"$INJECT/NETDEV_$action/error"
		try_write "$(opt bond0 slaves)" +s3
		echo 0 >"$INJECT/NETDEV_$action/error"
		is "$action refused" "$ERRNO" ENOMEM
		same "$action refused: the device is as before" "$nic" "$(snapshot_nic s3)"
		same "$action refused: the bond is as before" "$bond" "$(snapshot_bond bond0)"
	done
	# the first slave of another type
	mk_bond sysfs empty active-backup miimon 100
	if ip link add nl0 type nlmon 2>/dev/null; then
		bond=$(snapshot_bond empty)
		echo -12 >"$INJECT/NETDEV_PRE_TYPE_CHANGE/error"
		try_write "$(opt empty slaves)" +nl0
		echo 0 >"$INJECT/NETDEV_PRE_TYPE_CHANGE/error"
		is "PRE_TYPE_CHANGE refused" "$ERRNO" EBUSY
		same "PRE_TYPE_CHANGE refused: the bond is as before" "$bond" "$(snapshot_bond empty)"
		ip link del nl0
	fi
	echo -empty >$MASTERS
else
	skip "a notifier says no" "the kernel can't inject errors into notifiers"
fi

# --- memory runs out, as second slave and as first, bond up
if [[ -d $FAILSLAB && -e /proc/self/fail-nth ]]; then
	echo N >$FAILSLAB/ignore-gfp-wait
	echo 0 >$FAILSLAB/verbose
	[[ ! -e /sys/kernel/debug/fail_page_alloc ]] || {
		echo 0 >/sys/kernel/debug/fail_page_alloc/verbose
	}
	out=$("$HERE/failnth.py" bond0 s3 90 2>&1)
	like "second slave: nothing is left of a failed allocation" "$out" '(^|'$'\n'')done [1-9][0-9]* of [0-9]+ tolerated [0-9]+ refused [0-9]+ changed 0$'
	note "$out"
	holds "and some allocations failed" "[[ '$out' =~ refused\ [1-9] ]]"
	echo -s1 >"$(opt bond0 slaves)"
	out=$("$HERE/failnth.py" bond0 s3 90 2>&1)
	like "first slave: nothing is left of a failed allocation" "$out" '(^|'$'\n'')done [1-9][0-9]* of [0-9]+ tolerated [0-9]+ refused [0-9]+ changed 0$'
	note "$out"
else
	skip "memory runs out" "no failslab, or no fail-nth"
fi
[[ $(get bond0 slaves) != s1 ]] || echo -s1 >"$(opt bond0 slaves)"
enslave sysfs bond0 s1 s3
is "after all that, slaves can be added" "$(get bond0 slaves)" "s1 s3"
becomes "and work" '[[ $(active bond0) == s1 ]]'
finish
