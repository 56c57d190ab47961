#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Network namespaces have bonds, bonding_masters and /proc/net/bonding of their own;
# one that ends takes its bonds along. Slaves vanish, move away and are renamed.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"

in_a() { ip netns exec a "$@"; }

load max_bonds=0
mk_bond sysfs here active-backup miimon 100
ip netns add a
is "a new namespace has no bonds" "$(in_a cat $MASTERS)" ""
ok "a bond in it" in_a bash -c "echo +there >$MASTERS"
is "listed there" "$(in_a cat $MASTERS)" there
is "not here" "$(<$MASTERS)" here
is "/proc there" "$(in_a ls /proc/net/bonding)" there
is "/proc here" "$(ls /proc/net/bonding)" here
ok "the same name twice" in_a bash -c "echo +here >$MASTERS"
ok "and by netlink" ip -n a link add third type bond mode 1
is "three there" "$(in_a cat $MASTERS)" "there here third"

# --- a namespace ends with live bonds and slaves
ip -n a link add v1 type veth peer name w1
ip -n a link add v2 type veth peer name w2
in_a bash -c "for l in w1 w2 there; do ip link set \$l up; done
	echo +v1 >$NET/there/bonding/slaves; echo +v2 >$NET/there/bonding/slaves"
is "slaves there" "$(in_a cat $NET/there/bonding/slaves)" "v1 v2"
mk_veth s1 s2 s3
ip link set s3 netns a
ip -n a link set s3 master third
is "a slave from here" "$(in_a cat $NET/third/bonding/slaves)" s3
ip netns del a
becomes "the namespace ends" "[[ ! -e /run/netns/a && ! -e $NET/far-s3 ]]" 20
is "bonds here live on" "$(<$MASTERS)" here
ip netns add a
is "the next one starts empty" "$(in_a cat $MASTERS)" ""

# --- a slave is renamed
enslave sysfs here s1 s2
ip link set here up
set_opt here primary s1
is "primary" "$(get here primary)" s1
ip link set s1 down
ip link set s1 name renamed
is "a renamed slave stays" "$(get here slaves)" "renamed s2"
is "but isn't the primary by that name" "$(get here primary)" ""
like "/proc shows the new name" "$(</proc/net/bonding/here)" 'Slave Interface: renamed'
ip link set renamed name s1
is "its old name makes it primary again" "$(get here primary)" s1
ip link set s1 up
becomes "and active" '[[ $(active here) == s1 ]]'

# --- the bond is renamed
ip link set here down
ip link set here name elsewhere
is "bonding_masters knows" "$(<$MASTERS)" elsewhere
is "so does /proc" "$(ls /proc/net/bonding)" elsewhere
ip link set elsewhere name here
ip link set here up
is "and back" "$(ls /proc/net/bonding)" here

# --- a slave vanishes
becomes "s1 is active" '[[ $(active here) == s1 ]]'
ip link del far-s1
is "the active slave is deleted: the other one takes over" "$(get here slaves) $(active here)" "s2 s2"
holds "it is gone" "[[ ! -e $NET/s1 ]]"
ip link add d1 type dummy
enslave sysfs here d1
ip link del d1
is "a backup is deleted" "$(get here slaves)" s2
ip link set s2 netns a
is "a slave moves away: it is none any more" "$(get here slaves)" ""
is "and has its address again" "$(in_a cat $NET/s2/address)" 02:aa:00:00:02:01
becomes "no slaves, no carrier" "[[ \$(<$NET/here/carrier) == 0 ]]"

# --- unloading reaches bonds everywhere
in_a bash -c "echo +inner >$MASTERS; echo +s2 >$NET/inner/bonding/slaves"
is "slaves in the other namespace" "$(in_a cat $NET/inner/bonding/slaves)" s2
ok "the module unloads" rmmod bonding
holds "nothing is left" "! in_a test -e $NET/inner -o -e $MASTERS -o -e /proc/net/bonding"
load max_bonds=0
is "loaded again, that namespace has its file again" "$(in_a cat $MASTERS; echo "$?")" 0
# The pair goes before the namespace does: a kernel that waits for one end of it while the other's
# namespace ends tells netlink sockets of it that are gone (netdev_genl_dev_notify()).
ok "the slave's device goes" ip -n a link del s2
becomes "both ends" "[[ ! -e $NET/far-s2 ]]"
finish
