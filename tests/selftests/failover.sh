#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A pulled cable makes the backup take over and traffic go on, on e1000 (eth0) and
# virtio-net (eth1): failure counts, primary and primary_reselect, updelay and
# downdelay in time, and no failover for a pull shorter than downdelay.
# vm: --kernel debug --smp 2 --nics 2:e1000,virtio-net-pci --timeout 400
. "$(dirname "$0")/lib.sh"
need_cmds cable jq ethtool

state() { cat "$NET/$1/bonding_slave/mii_status"; }
failures() { cat "$NET/$1/bonding_slave/link_failure_count"; }

# Milliseconds between the log lines that match two patterns, since log_mark.
log_gap() {
	log_since | awk -v a="$1" -v b="$2" '
		{ t = $0; sub(/^[^[]*\[ */, "", t); t = t + 0 }
		$0 ~ a && !from { from = t }
		$0 ~ b && from && !to { to = t }
		END { if (from && to) printf "%d\n", (to - from) * 1000; else print -1 }'
}

pull() { cable pull "$1"; }
plug() { cable plug "$1"; }
up_again() { plug "$1"; wait_for "[[ \$(state $1) == up ]]" 15; }

load max_bonds=0
mk_bond sysfs bond0 active-backup miimon 100
ethtool -s eth1 speed 100 duplex full
ip link set bond0 up
ip link set far0 up
ip link set far1 up
enslave sysfs bond0 eth0 eth1
becomes "both links come up" "[[ \$(state eth0)\$(state eth1) == upup ]]" 15
is "the first slave is active" "$(active bond0)" eth0

# --- traffic goes on, both ways round
capture_start far0 far1
background "$FRAMES" send bond0 --count 0 --interval 0.005
becomes "frames reach the active slave's far end" "((\$(<$NET/far0/statistics/rx_packets) > 20))"
before=$(failures eth0)
pull eth0
becomes "e1000 pulled: the backup takes over" "[[ \$(active bond0) == eth1 ]]"
is "the pulled slave is down" "$(state eth0)" down
is "and counts a failure" "$(failures eth0)" $((before + 1))
like "/proc shows it" "$(</proc/net/bonding/bond0)" $'Slave Interface: eth0\nMII Status: down\n.*\nLink Failure Count: '$((before + 1))
is "the bond keeps its carrier" "$(<$NET/bond0/carrier)" 1
is "roles: active" "$(<$NET/eth1/bonding_slave/state)" active
is "roles: backup" "$(<$NET/eth0/bonding_slave/state)" backup
rx=$(<$NET/far1/statistics/rx_packets)
becomes "frames reach the backup's far end" "((\$(<$NET/far1/statistics/rx_packets) > $rx + 20))"
up_again eth0
is "plugged in again it is a backup" "$(active bond0)" eth1
pull eth1
becomes "virtio-net pulled: the other takes over" "[[ \$(active bond0) == eth0 ]]"
is "virtio-net counts a failure" "$(failures eth1)" 1
rx=$(<$NET/far0/statistics/rx_packets)
becomes "frames are back at the first far end" "((\$(<$NET/far0/statistics/rx_packets) > $rx + 20))"

# --- no link at all
pull eth0
becomes "no slave left: no carrier" "[[ \$(<$NET/bond0/carrier) == 0 ]]"
is "and no active slave" "$(active bond0)" ""
like "/proc says so" "$(</proc/net/bonding/bond0)" 'Currently Active Slave: None'
up_again eth0
is "the first to return is active" "$(active bond0)" eth0
is "with carrier" "$(<$NET/bond0/carrier)" 1
up_again eth1
stop_background
capture_stop
is "no frame came twice" "$(awk '{ print $6 }' "$WORK/frames" | sort | uniq -d | wc -l)" 0

# --- primary and primary_reselect
set_opt bond0 primary eth0
is "the primary is active" "$(active bond0)" eth0
pull eth0
becomes "primary pulled" "[[ \$(active bond0) == eth1 ]]"
up_again eth0
becomes "primary_reselect always: it takes over again" "[[ \$(active bond0) == eth0 ]]"
set_opt bond0 primary_reselect failure
pull eth0
becomes "primary pulled again" "[[ \$(active bond0) == eth1 ]]"
up_again eth0
is "primary_reselect failure: the other stays" "$(active bond0)" eth1
pull eth1
becomes "until it fails" "[[ \$(active bond0) == eth0 ]]"
up_again eth1
# e1000 has 1000 Mb/s, the other was told to have 100
set_opt bond0 primary_reselect better
set_opt bond0 primary eth1
set_opt bond0 active_slave eth0
pull eth1
wait_for "[[ \$(state eth1) == down ]]" 10
up_again eth1
is "primary_reselect better: a slower primary waits" "$(active bond0)" eth0
set_opt bond0 primary eth0
pull eth0
becomes "a faster primary pulled" "[[ \$(active bond0) == eth1 ]]"
up_again eth0
becomes "takes over again" "[[ \$(active bond0) == eth0 ]]"
set_opt bond0 primary ""
set_opt bond0 primary_reselect always

# --- downdelay and updelay, on virtio-net, whose carrier follows the cable at once
set_opt bond0 active_slave eth1
set_opt bond0 downdelay 3000
set_opt bond0 updelay 1000
is "downdelay" "$(get bond0 downdelay)" 3000
failed=$(failures eth1)
log_mark
pull eth1
becomes "downdelay: going down" "[[ \$(state eth1) == 'going down' ]]"
is "still active" "$(active bond0)" eth1
plug eth1
becomes "a short pull: up again" "[[ \$(state eth1) == up ]]"
is "no failover" "$(active bond0)" eth1
is "no failure counted" "$(failures eth1)" "$failed"
logged "the log says so" 'slave eth1\): link status up again after [0-9]+ ms'

set_opt bond0 downdelay 1000
log_mark
pull eth1
becomes "a long pull: failover" "[[ \$(active bond0) == eth0 ]]"
between "after downdelay, ms" \
	"$(log_gap 'eth1\): link status down for active interface, disabling it in 1000 ms' 'eth1\): link status definitely down')" 850 $((1200 + 300 * SLOW))
log_mark
plug eth1
becomes "updelay: going back" "[[ \$(state eth1) == 'going back' ]]"
becomes "then up" "[[ \$(state eth1) == up ]]"
between "after updelay, ms" \
	"$(log_gap 'eth1\): link status up, enabling it in 1000 ms' 'eth1\): link status definitely up')" 850 $((1200 + 300 * SLOW))

# with nothing else to use, updelay is not waited for
set_opt bond0 updelay 60000
pull eth0
pull eth1
becomes "both down" "[[ \$(state eth0)\$(state eth1) == downdown ]]"
plug eth1
becomes "no active slave: updelay is ignored" "[[ \$(active bond0) == eth1 ]]" 10
plug eth0

# when both come back together, the first is used at once and the other waits
pull eth0
pull eth1
becomes "both down again" "[[ \$(state eth0)\$(state eth1) == downdown ]]"
ip link set bond0 down
plug eth0
plug eth1
wait_for "[[ \$(<$NET/eth0/carrier)\$(<$NET/eth1/carrier) == 11 ]]" 20
ip link set bond0 up
becomes "the first back is up" "[[ \$(state eth0) == up ]]"
becomes "the other waits for its updelay" "[[ \$(state eth1) == 'going back' ]]"
finish
