#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a bond stands on goes away under traffic, or what stands on it: slaves of each
# kind are deleted or move away, a namespace ends while frames arrive, VLANs on bonds
# and bonds on bonds are taken apart in each order, and unloaded as they are.
# vm: --kernel debug --icount --smp 2 --timeout 900
# shellcheck disable=SC2317 # called by name
. "$(dirname "$0")/lib.sh"

# sim ID: a netdevsim (it has an instance lock, as many real NICs); sets SIM to its name.
sim() {
	local dir=/sys/bus/netdevsim/devices/netdevsim$1/net
	echo "$1 1" >/sys/bus/netdevsim/new_device || return
	until_so "[[ -n \$(ls $dir) ]]" 10 || return
	SIM=$(ls "$dir")
	quiet "$SIM"
}
words() { slurp "$1"; echo "$TEXT"; }
sent() { words "$NET/$1/statistics/tx_packets"; }
dropped() { words "$NET/$1/statistics/tx_dropped"; }
received() { words "$NET/$1/statistics/rx_packets"; }
# more NAME FUNCTION DEVICE: the counter rises from here on.
more() {
	local from
	from=$("$2" "$3")
	if until_so "(( \$($2 $3) > $from + 2 ))" 10; then pass "$1"; else fail "$1" "$2 $3: $from, $("$2" "$3")"; fi
}
slaves() { words "$NET/$1/bonding/slaves"; }

load max_bonds=0
ip netns add a
for mode in balance-rr active-backup broadcast; do
	mk_bond sysfs bond0 "$mode" miimon 100
	if [[ $mode == balance-rr ]]; then
		like "a bond can't move to another namespace" "$(ip link set bond0 netns a 2>&1 || true)" 'netns is immutable'
		is "it is still here" "$(<$MASTERS)" bond0
	fi
	link_up bond0

	# --- slaves of each kind vanish; the last to stay is a dummy
	mk_veth s0 s1
	ip link add d0 type dummy
	ip link add d1 type dummy
	sim 7 || skip "netdevsim" "it can't be made"
	for slave in "${SIM:-}" s0 s1 d0 d1; do
		[[ -z $slave ]] || echo "+$slave" >$NET/bond0/bonding/slaves
	done
	is "$mode: slaves" "$(slaves bond0)" "${SIM:+$SIM }s0 s1 d0 d1"
	flood 0.003 bond0 far-s0 far-s1
	if [[ -n ${SIM:-} && $mode == active-backup ]]; then
		# it has no far end, so it counts them as dropped
		more "$mode: frames leave" dropped "$SIM"
	else
		more "$mode: frames leave" sent bond0
	fi
	if [[ -n ${SIM:-} ]]; then
		[[ $mode != active-backup ]] || is "the netdevsim is active" "$(active bond0)" "$SIM"
		ok "$mode: a netdevsim is deleted" tee /sys/bus/netdevsim/del_device <<<7
		is "$mode: it is no slave" "$(slaves bond0)" "s0 s1 d0 d1"
		[[ $mode != active-backup ]] || is "the next is active" "$(active bond0)" s0
	fi
	more "$mode: frames arrive" received bond0
	ok "$mode: the far end of a veth is deleted" ip link del far-s0
	is "$mode: that is no slave" "$(slaves bond0)" "s1 d0 d1"
	more "$mode: frames leave yet" sent bond0
	more "$mode: and arrive" received bond0
	ok "$mode: a slave moves away, with frames arriving" ip link set s1 netns a
	is "$mode: it is no slave" "$(slaves bond0)" "d0 d1"
	is "$mode: it has no master there" "$(ip -n a -o link show s1 | grep -c master)" 0
	ip link del d0
	is "$mode: a dummy is deleted" "$(slaves bond0)" d1
	more "$mode: frames leave still" sent bond0
	ip link del d1
	is "$mode: the last is deleted" "$(slaves bond0)" ""
	becomes "$mode: no carrier" "[[ \$(<$NET/bond0/carrier) == 0 ]]"
	stop_background
	ip link del far-s1
	echo -bond0 >$MASTERS
	SIM=''
done

# --- a namespace ends while frames arrive at its bond
for mode in balance-rr active-backup; do
	mk_veth s0 s1
	for slave in s0 s1; do ip link set "$slave" netns a; done
	ip -n a -batch - <<-EOF
	link add bond0 type bond mode $mode miimon 50
	link set bond0 up
	link set s0 master bond0
	link set s1 master bond0
	EOF
	flood 0.002 far-s0 far-s1
	becomes "$mode: frames arrive in the namespace" \
		"(( \$(ip netns exec a cat $NET/bond0/statistics/rx_packets) > 5 ))" 20
	ip netns del a
	becomes "$mode: the namespace ends, and its veths with it" "[[ ! -e $NET/far-s0 && ! -e $NET/far-s1 ]]" 20
	stop_background
	ip netns add a
done

# --- a VLAN on a bond
below() {
	mk_veth s0
	mk_bond sysfs bond0 active-backup miimon 100
	link_up bond0
	echo +s0 >$NET/bond0/bonding/slaves
	ip link add link bond0 name vlan9 type vlan id 9
	quiet vlan9
	link_up vlan9
	flood 0.003 vlan9 far-s0
	more "$1: frames leave through the VLAN" sent vlan9
}
below "VLAN first"
ip link del vlan9
is "VLAN first: the slave stays" "$(slaves bond0)" s0
echo -s0 >$NET/bond0/bonding/slaves
echo -bond0 >$MASTERS
holds "VLAN first: all gone" "[[ ! -e $NET/vlan9 && ! -e $NET/bond0 ]]"
stop_background
ip link del s0

below "slave first"
echo -s0 >$NET/bond0/bonding/slaves
becomes "slave first: the VLAN loses its carrier" "[[ \$(<$NET/vlan9/carrier) == 0 ]]"
echo +s0 >$NET/bond0/bonding/slaves
becomes "slave first: and has it again" "[[ \$(<$NET/vlan9/carrier) == 1 ]]"
more "slave first: frames leave" sent vlan9
ip link del s0
holds "slave first: its deletion leaves the VLAN" "[[ -e $NET/vlan9 && -z \$(slaves bond0) ]]"
stop_background
ip link del vlan9
echo -bond0 >$MASTERS

below "bond first"
echo -bond0 >$MASTERS
holds "bond first: the VLAN goes with it" "[[ ! -e $NET/vlan9 && ! -e $NET/bond0 ]]"
holds "bond first: the slave is free" "[[ ! -e $NET/s0/master && ! -e $NET/s0/bonding_slave ]]"
stop_background
ip link del s0

below "unloaded"
ok "unloaded: with a VLAN on the bond" rmmod bonding
holds "unloaded: nothing is left" "[[ ! -e $NET/vlan9 && ! -e $NET/bond0 && ! -e /proc/net/bonding ]]"
stop_background
ip link del s0

# --- a bond on a bond on a veth
stack() {
	mk_veth s0 s1
	mk_bond sysfs low active-backup miimon 100
	mk_bond sysfs high balance-rr miimon 100
	echo +s0 >$NET/low/bonding/slaves
	echo +low >$NET/high/bonding/slaves
	echo +s1 >$NET/high/bonding/slaves
	link_up high
	is "$1: slaves" "$(slaves high), $(slaves low)" "low s1, s0"
	flood 0.003 high far-s0 far-s1
	more "$1: frames go through both" received far-s0
	more "$1: and arrive" received high
	like "$1: statistics of the stack" "$(ip -s link show high)" 'TX:'
}
unstack() {
	stop_background
	for slave in s0 s1; do
		holds "$1: $slave is free" "[[ ! -e $NET/$slave/master && ! -e $NET/$slave/bonding_slave ]]"
		ip link del "$slave"
	done
}
load max_bonds=0
stack "upper bond first"
link_down high
writes "no bond under itself" $NET/low/bonding/slaves "+high\n" EBUSY
is "and nothing changed" "$(slaves high), $(slaves low)" "low s1, s0"
link_up high
echo -high >$MASTERS
is "upper bond first: the lower one stays" "$(slaves low)" s0
holds "upper bond first: it has no master" "[[ ! -e $NET/low/master ]]"
echo -low >$MASTERS
unstack "upper bond first"

stack "lower bond first"
echo -low >$MASTERS
is "lower bond first: the upper one goes on" "$(slaves high)" s1
more "lower bond first: with frames" sent high
echo -high >$MASTERS
unstack "lower bond first"

stack "unloaded"
ok "unloaded: bonds on bonds" rmmod bonding
holds "unloaded: nothing is left" "[[ ! -e $NET/low && ! -e $NET/high && ! -e /proc/net/bonding ]]"
unstack "unloaded"
finish
