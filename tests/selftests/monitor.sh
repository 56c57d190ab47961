#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What makes a bond look at its links: events or not (event_monitor), a bond that nothing
# watches, a failover while somebody else holds RTNL (the cable of a virtio-net is pulled:
# its driver needs no RTNL to notice), and a storm of carrier changes: 2,000, or four
# times as many as the argument says.
# vm: --kernel debug --smp 2 --nics 2:virtio-net-pci --timeout 500 --module tests/hold_rtnl
. "$(dirname "$0")/lib.sh"
need_cmds cable

TURNS=${1:-500}
HOLD=/sys/module/hold_rtnl/parameters/held
state() { slurp "$NET/$1/bonding_slave/mii_status"; echo "$TEXT"; }
# Without a process, since they are asked often.
# shellcheck disable=SC2317 # called by name
link_is() { slurp "$NET/$1/bonding_slave/mii_status"; [[ $TEXT == "$2" ]]; }
# shellcheck disable=SC2317
active_is() { slurp "$NET/bond0/bonding/active_slave"; [[ $TEXT == "$1" ]]; }
carrier() { echo "$2" >"$NET/$1/carrier"; }
mk_dummies() {
	local dev
	for dev; do ip link add "$dev" type dummy && quiet "$dev"; done
}

# --- event_monitor
load max_bonds=1 mode=active-backup event_monitor=always
is "the module parameter" "$(get bond0 event_monitor)" "always 2"
echo -bond0 >$MASTERS
log_mark
load max_bonds=0
mk_bond sysfs bond0 active-backup
is "the default" "$(get bond0 event_monitor)" "auto 1"
writes "other words are refused" "$(opt bond0 event_monitor)" never EINVAL
is "and change nothing" "$(get bond0 event_monitor)" "auto 1"
mk_dummies d1 d2
enslave sysfs bond0 d1 d2
ip link set bond0 up
logged "a bond without a monitor says so" 'bond0: nothing watches the links.*miimon.*event_monitor=always'
is "once" "$(log_since | grep -c 'nothing watches the links')" 1
becomes "a slave is active" "active_is d1"
carrier d1 0
becomes "it loses its carrier" "[[ \$(<$NET/d1/carrier) == 0 ]]"
# An event that were heeded would come before this one's end.
ip link set d2 mtu 1400
is "auto without miimon: nobody looks" "$(state d1) $(active bond0)" "up d1"

writes "always" "$(opt bond0 event_monitor)" always
becomes "always: it is looked at now" "active_is d2"
becomes "and is down" "link_is d1 down"
carrier d1 1
becomes "it comes back by event" "link_is d1 up"
carrier d2 0
becomes "the other one is lost by event" "active_is d1"
carrier d2 1
becomes "and comes back" "link_is d2 up"
ip link set d1 down
becomes "a slave set down is left" "active_is d2"
ip link set d1 up
becomes "and comes back, too" "link_is d1 up"
is "failures are counted" "$(cat $NET/d1/bonding_slave/link_failure_count $NET/d2/bonding_slave/link_failure_count | xargs)" "2 1"

# No poll comes in the time that is waited.
set_opt bond0 event_monitor off
set_opt bond0 miimon 600000
carrier d2 0
wait_for "[[ \$(<$NET/d2/carrier) == 0 ]]" 5
ip link set d1 mtu 1400
is "off: events are not heeded" "$(state d2) $(active bond0)" "up d2"
set_opt bond0 miimon 50
becomes "polls are" "active_is d1"
carrier d2 1
becomes "and find it again" "link_is d2 up"
set_opt bond0 miimon 600000
set_opt bond0 event_monitor auto
carrier d1 0
becomes "auto with miimon: by event" "active_is d2"
carrier d1 1
becomes "there and back" "link_is d1 up"

# --- a storm
set_opt bond0 miimon 100
before=$(<$NET/d1/bonding_slave/link_failure_count)
# On the console, three lines for each would take longer than the storm.
echo N >/sys/module/printk/parameters/ignore_loglevel
dmesg -n 6
for ((turn = 0; turn < TURNS; turn++)); do
	echo 0 >$NET/d1/carrier
	echo 0 >$NET/d2/carrier
	echo 1 >$NET/d2/carrier
	echo 1 >$NET/d1/carrier
done
becomes "$((4 * TURNS)) changes of carrier: the links are right" "link_is d1 up && link_is d2 up"
echo Y >/sys/module/printk/parameters/ignore_loglevel
holds "failures were counted" "(($(<$NET/d1/bonding_slave/link_failure_count) > $before))"
like "and one slave is active" "$(active bond0)" '^d[12]$'
other=d1
! active_is d1 || other=d2
is "the other one a backup" "$(<$NET/$other/bonding_slave/state)" backup
is "with carrier" "$(<$NET/bond0/carrier)" 1
carrier d1 0
becomes "the next change is seen" "link_is d1 down && active_is d2"
echo -bond0 >$MASTERS

# --- RTNL is held by somebody else
for reselect in always better; do
	mk_bond sysfs bond0 active-backup miimon 100 primary_reselect $reselect
	ip link set bond0 up
	for dev in far0 far1; do ip link set $dev up; done
	enslave sysfs bond0 eth0 eth1
	set_opt bond0 primary eth0
	becomes "$reselect: both are up" "link_is eth0 up && link_is eth1 up && active_is eth0"
	background "$FRAMES" send bond0 --dst ff:ff:ff:ff:ff:ff --count 0 --interval 0.005
	becomes "frames leave by the first" "((\$(<$NET/far0/statistics/rx_packets) > 20))"
	ok "RTNL is held" insmod /usr/local/lib/lab/hold_rtnl.ko
	wait_for "[[ \$(<$HOLD) == Y ]]" 5
	cable pull eth0
	becomes "its cable is pulled: the backup takes over" "active_is eth1" 5
	rx=$(<$NET/far1/statistics/rx_packets)
	becomes "frames leave by it" "((\$(<$NET/far1/statistics/rx_packets) > $rx + 20))" 5
	is "all that while RTNL was held" "$(<$HOLD)" Y
	echo 0 >$HOLD
	rmmod hold_rtnl
	stop_background
	becomes "the stack hears of it" "[[ \$(ip -d -j link show eth0 | jq -r '.[0].linkinfo.info_slave_data.state') == BACKUP ]]"
	cable plug eth0
	becomes "the primary comes back" "link_is eth0 up"
	echo -bond0 >$MASTERS
done

# --- another address while a failover of balance-alb waits for RTNL
# shellcheck disable=SC2317 # called by becomes
macs() { echo "$(<"$NET/bond0/address") $(<"$NET/eth1/address") $(<"$NET/eth0/address")"; }
before=$(<"$NET/eth0/address") other=$(<"$NET/eth1/address") mac=02:aa:00:00:66:66
mk_bond sysfs bond0 balance-alb miimon 100
ip link set bond0 up
enslave sysfs bond0 eth0 eth1
becomes "balance-alb: both are up" "link_is eth0 up && link_is eth1 up && active_is eth0"
ok "RTNL is held" insmod /usr/local/lib/lab/hold_rtnl.ko
wait_for "[[ \$(<$HOLD) == Y ]]" 5
cable pull eth0
becomes "the backup takes over" "active_is eth1" 5
ip link set bond0 address $mac &
setter=$!
becomes "somebody waits to set an address" "grep -q '^State:.D' /proc/$setter/status"
echo 0 >$HOLD
wait $setter
rmmod hold_rtnl
becomes "the bond and its active slave have the address, the other one that of the slave" \
	"[[ \$(macs) == '$mac $mac $other' ]]"
cable plug eth0
becomes "the first comes back" "link_is eth0 up"
echo -bond0 >$MASTERS
is "each has its own again" "$(<"$NET/eth0/address") $(<"$NET/eth1/address")" "$before $other"
finish
