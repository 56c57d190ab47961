#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 802.3ad at the slow rate: a port leaves after three periods without a LACPDU, 90 s, whoever its
# partner is: the C driver in a second guest, Open vSwitch, another bond here. All wait at once.
# vm: --kernel debug --smp 1 --nics 2:virtio-net-pci --peer c --timeout 500
# alone
# on request
. "$(dirname "$0")/lib.sh"
need_cmds cable ovs-vswitchd ovs-vsctl tc ip
peer_start

load max_bonds=0
peer load max_bonds=0
mk_veth s1 s2 t1 t2
quiet eth0 eth1
peer quiet far0 far1
for bond in bond0 bond1 bond2 bond3; do
	mk_bond sysfs "$bond" 802.3ad miimon 100 lacp_rate slow
	quiet "$bond"
done
peer mk_bond sysfs bond0 802.3ad miimon 100 lacp_rate slow
peer quiet bond0
enslave sysfs bond0 eth0 eth1
peer enslave sysfs bond0 far0 far1
enslave sysfs bond1 s1 s2
enslave sysfs bond2 t1 t2
enslave sysfs bond3 far-t1 far-t2
ovs_start
ovs-vsctl add-br ovs0 -- set bridge ovs0 datapath_type=netdev -- \
	add-bond ovs0 trunk far-s1 far-s2 bond_mode=balance-tcp lacp=active other_config:lacp-time=slow
pdus_start eth1 s1 s2 t1
peer pdus_start far0
for bond in bond0 bond1 bond2 bond3; do link_up "$bond"; done
peer link_up bond0
becomes "all ports carry" "carry eth0 eth1 s1 s2 t1 t2 && peer carry far0 far1" 30
port eth1
is "at the slow rate" $((TEXT & 2)) 0

pdus_mark
peer pdus_mark
tc qdisc add dev far-t1 clsact
tc filter add dev far-t1 egress protocol 0x8809 matchall action drop
kill -STOP "$VSWITCHD"
cable pull eth0
peer cable pull far1
becomes "without carrier a port leaves at once" "idle eth0" 5
for dev in eth1 s1 s2 t1; do
	becomes "a port whose partner is silent leaves: $dev" "idle $dev" 100
	between "ms of silence until then" "$(left_after "$dev")" 89500 92000
done
becomes "the C driver's port leaves, too" "peer idle far0" 100
# It counts runs of a work, each of which may come late.
between "ms of silence until then" "$(peer left_after far0)" 89500 97000
ok "the other one of two goes on" carry t2
kill -CONT "$VSWITCHD"
cable plug eth0
peer cable plug far1
tc filter del dev far-t1 egress
becomes "heard again all carry" "carry eth0 eth1 s1 s2 t1 t2 && peer carry far0 far1" 60
finish
