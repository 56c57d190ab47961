#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 802.3ad: the LACPDU by which a released port takes leave is its last one, also if the timer's thread was about
# to send another (tests/late_lacpdu delays that).
# vm: --kernel debug --smp 2 --timeout 300 --module tests/late_lacpdu
. "$(dirname "$0")/lib.sh"

LATE=/sys/module/late_lacpdu/parameters
load max_bonds=0
mk_veth s1 s2
for bond in bond0 bond1; do
	mk_bond sysfs $bond 802.3ad miimon 100 lacp_rate fast
	quiet $bond
done
enslave sysfs bond0 s1 s2
enslave sysfs bond1 far-s1 far-s2
link_up bond0
link_up bond1
becomes "all ports carry" "carry s1 s2 far-s1 far-s2" 20
pdus_start s2
ok "the module loads" insmod /usr/local/lib/lab/late_lacpdu.ko
echo s2 >$LATE/device
becomes "a thread is about to send a LACPDU" "slurp $LATE/caught; [[ \$TEXT == 1 ]]" 10
echo -s2 >"$(opt bond0 slaves)"
becomes "it was sent" "slurp $LATE/caught; [[ \$TEXT == 2 ]]" 10
becomes "the partner knows that the port has left" "idle far-s2" 5
# 4: aggregation
is "the last LACPDU is the one that says so" "$(($(awk '$2 == "s2" && $3 == "out" { state = $5 } END { print state }' "$WORK/pdus") & 4))" 0
stop_background
ok "the module of the delay unloads" rmmod late_lacpdu
finish
