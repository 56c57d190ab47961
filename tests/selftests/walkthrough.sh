#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What users type works: load, address, slaves in and out, a second bond, mode,
# active slave, /proc line by line, down, unload, and all NICs as before. On
# e1000 (eth0, eth1) and on virtio-net (eth2, eth3).
# vm: --kernel debug --smp 2 --nics 4:e1000,e1000,virtio-net-pci,virtio-net-pci --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds ip ifconfig jq ethtool ping

B=$NET/bond0/bonding

# The text of /proc for an AB bond with these two slaves up, $1 active.
expected_proc() {
	cat <<-EOF
	Ethernet Channel Bonding Driver: v$(uname -r)

	Bonding Mode: fault-tolerance (active-backup)
	Primary Slave: None
	Currently Active Slave: $1
	MII Status: up
	MII Polling Interval (ms): 100
	Up Delay (ms): 0
	Down Delay (ms): 0
	Peer Notification Delay (ms): 0

	Slave Interface: $2
	MII Status: up
	Speed: $(speed "$2")
	Duplex: $(duplex "$2")
	Link Failure Count: 0
	Permanent HW addr: $(ethtool -P "$2" | sed 's/.*: //')
	Slave queue ID: 0

	Slave Interface: $3
	MII Status: up
	Speed: $(speed "$3")
	Duplex: $(duplex "$3")
	Link Failure Count: 0
	Permanent HW addr: $(ethtool -P "$3" | sed 's/.*: //')
	Slave queue ID: 0
	EOF
}
speed() {
	local n
	n=$(cat "$NET/$1/speed" 2>/dev/null || echo -1)
	if ((n > 0)); then echo "$n Mbps"; else echo Unknown; fi
}
duplex() {
	case $(cat "$NET/$1/duplex" 2>/dev/null) in
	full) echo full ;;
	half) echo half ;;
	*) echo Unknown ;;
	esac
}

walk() {
	local a=$1 b=$2 far=$3 model=$4 before_a before_b
	before_a=$(snapshot_nic_full "$a")
	before_b=$(snapshot_nic_full "$b")
	ok "$model: modprobe bonding mode=1 miimon=100" modprobe bonding mode=1 miimon=100
	is "$model: one bond" "$(<$MASTERS)" bond0
	is "$model: mode" "$(<"$B/mode")" "active-backup 1"
	ok "$model: ifconfig" ifconfig bond0 192.168.100.32 netmask 255.255.255.0
	like "$model: the address is there" "$(ip -4 -o addr show bond0)" 'inet 192.168.100.32/24'
	ok "$model: a second address by ip" ip addr add 192.168.101.32/24 dev bond0
	writes "$model: echo +$a" "$B/slaves" "+$a\n"
	writes "$model: echo +$b" "$B/slaves" "+$b\n"
	is "$model: slaves" "$(<"$B/slaves")" "$a $b"
	becomes "$model: both links up" \
		"[[ \$(cat $NET/$a/bonding_slave/mii_status $NET/$b/bonding_slave/mii_status) == up\$'\n'up ]]"
	is "$model: the first is active" "$(active bond0)" "$a"
	same "$model: /proc/net/bonding/bond0" "$(expected_proc "$a" "$a" "$b")" "$(</proc/net/bonding/bond0)"
	is "$model: the bond has the first slave's address" "$(<$NET/bond0/address)" "$(ethtool -P "$a" | sed 's/.*: //')"

	# the far end answers in a namespace of its own
	ip netns add far
	ip link set "$far" netns far
	ip -n far addr add 192.168.100.1/24 dev "$far"
	ip -n far link set "$far" up
	ok "$model: the far end answers" ping -c 3 -i 0.2 -w 20 192.168.100.1

	writes "$model: echo $b > active_slave" "$B/active_slave" "$b\n"
	is "$model: now it is active" "$(active bond0)" "$b"
	writes "$model: and back" "$B/active_slave" "$a\n"
	writes "$model: echo -$b" "$B/slaves" "-$b\n"
	is "$model: one slave left" "$(<"$B/slaves")" "$a"
	same "$model: $b is as before" "$before_b" "$(snapshot_nic_full "$b")"
	ip -n far link set "$far" netns 1
	ip netns del far

	writes "$model: echo +mybond > bonding_masters" $MASTERS "+mybond\n"
	is "$model: two bonds" "$(<$MASTERS)" "bond0 mybond"
	is "$model: with the module's settings" "$(get mybond mode) $(get mybond miimon)" "active-backup 1 100"
	writes "$model: echo 0 > mode" "$(opt mybond mode)" "0\n"
	writes "$model: echo 1 > mode" "$(opt mybond mode)" "1\n"
	is "$model: mode by number" "$(get mybond mode)" "active-backup 1"
	writes "$model: echo -mybond" $MASTERS "-mybond\n"
	is "$model: one bond again" "$(<$MASTERS)" bond0

	ok "$model: ifconfig bond0 down" ifconfig bond0 down
	ok "$model: rmmod with a slave present" rmmod bonding
	holds "$model: nothing left behind" "[[ ! -e $MASTERS && ! -e /proc/net/bonding && ! -e $NET/bond0 ]]"
	same "$model: $a is as before" "$before_a" "$(snapshot_nic_full "$a")"
}

# The kernel may answer through any of the NICs in reach: only one pair at a time.
walk eth0 eth1 far0 e1000
if [[ -e $NET/eth3 ]]; then
	walk eth2 eth3 far2 virtio-net
else
	skip "virtio-net" "no such NIC"
fi
finish
