#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the bond gives its slaves (MTU, address, promiscuity, multicast, VLANs) they
# have while they are slaves; released one by one, with the bond, or by unloading
# the module they are as before. And fail_over_mac none, active, follow.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds bridge ethtool

GROUP=01:00:5e:05:06:07

mtu() { slurp "$NET/$1/mtu"; echo "$TEXT"; }
mac() { slurp "$NET/$1/address"; echo "$TEXT"; }
# groups_on DEVICE…: which of them have joined GROUP
groups_on() {
	local dev line out=()
	for dev; do
		while read -r line; do
			[[ $line != *" $dev "*"${GROUP//:/}" ]] || out+=("$dev")
		done < <(tr -s ' ' ' ' </proc/net/dev_mcast)
	done
	echo "${out[*]}"
}
promiscuous() { ip -d link show "$1" | sed -n 's/.*promiscuity \([0-9]*\).*/\1/p'; }
snap() {
	before_1=$(snapshot_nic_full s1)
	before_2=$(snapshot_nic_full s2)
}
restored() {
	same "$1: s1 is as before" "$before_1" "$(snapshot_nic_full s1)"
	same "$1: s2 is as before" "$before_2" "$(snapshot_nic_full s2)"
}

# all that a bond can do to its slaves
dress() {
	ip link set bond0 up
	ip link set bond0 mtu 1450
	ip link set bond0 promisc on
	ip link set bond0 allmulticast on
	ip maddr add $GROUP dev bond0
	ip link add link bond0 name bond0.7 up type vlan id 7
}

load max_bonds=0
mk_veth s1 s2
# a slave's own: not the default MTU, a group
ip link set s2 mtu 1300
ip maddr add 01:00:5e:01:01:01 dev s2
snap

# --- active-backup: lists go with the active slave
mk_bond sysfs bond0 active-backup miimon 100
enslave sysfs bond0 s1 s2
is "a slave has the bond's MTU" "$(mtu s2)" 1500
is "a slave has the bond's address" "$(mac s2)" "$(mac s1)"
dress
is "MTU of the bond reaches its slaves" "$(mtu s1) $(mtu s2)" "1450 1450"
is "the active slave has the group" "$(groups_on s1 s2)" s1
is "and is promiscuous" "$(promiscuous s1) $(promiscuous s2)" "1 0"
set_opt bond0 active_slave s2
is "the group moves with the active slave" "$(groups_on s1 s2)" s2
is "so does promiscuity" "$(promiscuous s1) $(promiscuous s2)" "0 1"
ip maddr del $GROUP dev bond0
is "the group is left" "$(groups_on s1 s2)" ""
ip maddr add $GROUP dev bond0
# another unicast address: veth can't filter, so it goes promiscuous for it
if ip link add link bond0 name mv0 address 02:dd:00:00:00:01 type macvlan mode bridge 2>/dev/null; then
	ip link set mv0 up
	is "a unicast address goes to the active slave" "$(promiscuous s1) $(promiscuous s2)" "0 2"
else
	skip "a unicast address goes to the active slave" "no macvlan"
fi
echo -s2 >"$(opt bond0 slaves)"
same "the active slave released: it is as before" "$before_2" "$(snapshot_nic_full s2)"
is "the other one took over, with the group" "$(active bond0) $(groups_on s1)" "s1 s1"
enslave sysfs bond0 s2
ok "ip link del bond0" ip link del bond0
restored "bond deleted"

# --- balance-rr: all slaves have all; unloading frees them
mk_bond sysfs bond0 balance-rr miimon 100
dress
enslave netlink bond0 s1 s2
is "rr: all slaves have the group" "$(groups_on s1 s2)" "s1 s2"
is "rr: all are promiscuous" "$(promiscuous s1) $(promiscuous s2)" "1 1"
ip link set bond0 promisc off
is "rr: and no more" "$(promiscuous s1) $(promiscuous s2)" "0 0"
ip link set bond0 promisc on
ip link set bond0 down
is "down: the groups are left" "$(groups_on s1 s2)" ""
ip link set bond0 up
is "up: and joined again" "$(groups_on s1 s2)" "s1 s2"
ok "the module unloads with slaves present" rmmod bonding
restored "module unloaded"
load max_bonds=0

# --- addresses
old_1=$(mac s1) old_2=$(mac s2)
mk_bond sysfs bond0 active-backup miimon 100
ip link set bond0 up
random=$(mac bond0)
enslave sysfs bond0 s1 s2
is "the bond takes its first slave's address" "$(mac bond0)" "$old_1"
ip link set bond0 address 02:11:22:33:44:55
is "a new address reaches the slaves" "$(mac bond0) $(mac s1) $(mac s2)" "02:11:22:33:44:55 02:11:22:33:44:55 02:11:22:33:44:55"
expect_errno "a multicast address is refused" EADDRNOTAVAIL ip link set bond0 address 01:11:22:33:44:55
echo -s1 >"$(opt bond0 slaves)"
echo -s2 >"$(opt bond0 slaves)"
is "the slaves have their own again" "$(mac s1) $(mac s2)" "$old_1 $old_2"
holds "the last slave gone, the bond's address is random" "[[ $(mac bond0) != 02:11:22:33:44:55 && $(mac bond0) != $old_1 ]]"
is "as it was at first" "$(cat $NET/bond0/addr_assign_type)" 1
unlike "and another" "$(mac bond0)" "$random"

set_opt bond0 fail_over_mac active
enslave sysfs bond0 s1 s2
is "fail_over_mac active: slaves keep their own" "$(mac s1) $(mac s2)" "$old_1 $old_2"
becomes "fail_over_mac active: the bond has the active one's" '[[ $(mac bond0) == "$old_1" ]]'
set_opt bond0 active_slave s2
becomes "fail_over_mac active: it changes with it" '[[ $(mac bond0) == "$old_2" ]]'
writes "not with slaves" "$(opt bond0 fail_over_mac)" none ENOTEMPTY
echo -s2 >"$(opt bond0 slaves)"
echo -s1 >"$(opt bond0 slaves)"
is "fail_over_mac active: released as they were" "$(mac s1) $(mac s2)" "$old_1 $old_2"

set_opt bond0 fail_over_mac follow
enslave sysfs bond0 s1 s2
bond_mac=$(mac bond0)
is "fail_over_mac follow: the active one has the bond's" "$(mac s1) $(mac s2)" "$bond_mac $old_2"
set_opt bond0 active_slave s2
becomes "fail_over_mac follow: they change places" '[[ "$(mac s1) $(mac s2)" == "$old_2 $bond_mac" ]]'
is "fail_over_mac follow: the bond keeps its own" "$(mac bond0)" "$bond_mac"
# somebody readdressed the active one, so that the bond's address is on no slave
ip link set s2 address 02:77:00:00:00:02
echo -s2 >"$(opt bond0 slaves)"
is "fail_over_mac follow: the next active one gets the bond's" "$(mac s1) $(mac bond0)" "$bond_mac $bond_mac"
is "fail_over_mac follow: the released one its own" "$(mac s2)" "$old_2"
enslave sysfs bond0 s2
ip link del bond0
is "fail_over_mac follow: released as they were" "$(mac s1) $(mac s2)" "$old_1 $old_2"
restored "in the end"
finish
