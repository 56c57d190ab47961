#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bond over a device that is not Ethernet takes its type, and ends with its last
# slave, whoever is unregistered first: slave alone, both in one batch (slave older
# than the bond), or all of it by unloading the module.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"

mk_nlmon_bond() {
	ip link add nl0 type nlmon
	ip link add bond0 type bond mode active-backup miimon 100
	ip link set nl0 master bond0
}
type_of() { cat "$NET/$1/type"; }
GONE='[[ ! -e $NET/bond0 && ! -e /proc/net/bonding/bond0 ]]'

load max_bonds=0
mk_nlmon_bond
is "the bond has its slave's type" "$(type_of bond0)" "$(type_of nl0)"
ip link del nl0
becomes "the slave's end is the bond's" "$GONE" 20

mk_nlmon_bond
ip link set nl0 group 7
ip link set bond0 group 7
ip link del group 7
becomes "both deleted in one batch" "$GONE" 20

mk_nlmon_bond
is "the module can be unloaded meanwhile" "$(timeout 60 rmmod bonding; echo $?)" 0
is "the slave is still there" "$(cat "$NET/nl0/type")" "$(type_of nl0)"
is "and no bond" "$([[ -e $NET/bond0 ]] && echo yes || echo no)" no
ip link del nl0
finish
