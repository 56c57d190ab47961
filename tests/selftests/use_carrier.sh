#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# use_carrier=0: the monitor asks the drivers of slaves, by ethtool, for their link,
# and goes by that rather than by the carrier which the kernel knows of. A dummy can't
# be asked, so it counts as up.
# vm: --kernel debug --smp 2 --nics 2:e1000,virtio-net-pci --timeout 300
# shellcheck disable=SC2317 # called by name
. "$(dirname "$0")/lib.sh"

state() { slurp "$NET/$1/bonding_slave/mii_status"; echo "$TEXT"; }

if [[ $DRIVER == c ]]; then
	load max_bonds=0
	mk_bond sysfs bond0 active-backup miimon 100
	writes "the C driver of today refuses it" "$(opt bond0 use_carrier)" 0 EINVAL
	finish
fi

load max_bonds=1 mode=active-backup miimon=100 use_carrier=0
is "module parameter" "$(get bond0 use_carrier)" 0
writes "back to the carrier" "$(opt bond0 use_carrier)" on
is "is there" "$(get bond0 use_carrier)" 1
ok "by netlink" ip link set bond0 type bond use_carrier 0
is "is there, too" "$(get bond0 use_carrier)" 0
ip link set bond0 up

# --- one that can't be asked
ip link add dummy7 type dummy
log_mark
enslave sysfs bond0 dummy7
logged "the log says that a dummy can't be asked" 'dummy7\): neither ethtool nor MII registers tell of its link'
echo 0 >"$NET/dummy7/carrier"
is "it has no carrier" "$(<"$NET/dummy7/carrier")" 0
writes "with use_carrier=1" "$(opt bond0 use_carrier)" 1
becomes "the monitor sees that" "[[ \$(state dummy7) == down ]]"
becomes "so the bond has no carrier" "[[ \$(<$NET/bond0/carrier) == 0 ]]"
writes "with use_carrier=0" "$(opt bond0 use_carrier)" 0
becomes "it counts as up" "[[ \$(state dummy7) == up ]]"
becomes "and the bond has carrier" "[[ \$(<$NET/bond0/carrier) == 1 ]]"
echo -dummy7 >"$(opt bond0 slaves)"

# --- drivers that can
enslave sysfs bond0 eth0 eth1
becomes "both are up" "[[ \$(state eth0)\$(state eth1) == upup ]]"
set_opt bond0 active_slave eth0
is "e1000 is active" "$(active bond0)" eth0
cable pull eth0
becomes "e1000 says that its link is down" "[[ \$(state eth0) == down ]]" 20
becomes "failover to virtio-net" "[[ \$(active bond0) == eth1 ]]"
cable plug eth0
becomes "e1000 says that it is up again" "[[ \$(state eth0) == up ]]" 20
cable pull eth1
becomes "virtio-net says that its link is down" "[[ \$(state eth1) == down ]]" 20
becomes "failover to e1000" "[[ \$(active bond0) == eth0 ]]"
ip link set eth0 down
becomes "a slave that is down has no link" "[[ \$(state eth0) == down ]]"
ok "the module unloads" rmmod bonding
finish
