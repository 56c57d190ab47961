#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What a slave receives: the bond gets it, with the original device to be seen; a
# backup's frames reach only who listens on that very slave, link-local ones the
# slave itself; all_slaves_active lifts that.
# vm: --kernel debug --smp 2 --timeout 300
. "$(dirname "$0")/lib.sh"
need_cmds python3 jq

BOND_MAC=02:aa:00:00:01:01
LINK_LOCAL=01:80:c2:00:00:0e

unbond() { echo -bond0 >$MASTERS; }
bond_of() {
	mk_bond sysfs bond0 "$@"
	enslave sysfs bond0 s1 s2
	ip link set bond0 up
	quiet bond0
	wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status | sort -u) == up ]]' 10
}

# receive DST: 5 frames into each slave; listeners on bond, on slave s2, on none.
receive() {
	capture_start bond0 s2 any
	send_frames far-s1 --count 5 --dst "$1" >/dev/null
	send_frames far-s2 --count 5 --start 100 --dst "$1" >/dev/null
	capture_stop
}
# from NUMBER: as 'bond s2 any:bond any:s2', of the frames into s1 (0) or s2 (100)
got() {
	local c="\$6 >= $1 && \$6 < $1 + 100"
	echo "$(captured bond0 "$c") $(captured s2 "$c") $(captured any:bond0 "$c") $(captured any:s2 "$c")"
}

load max_bonds=0
mk_veth s1 s2

for mode in balance-rr balance-xor broadcast; do
	bond_of $mode miimon 100
	before=$(<$NET/bond0/statistics/rx_packets)
	receive $BOND_MAC
	is "$mode: the bond receives what s1 does" "$(got 0)" "5 0 5 0"
	is "$mode: and s2" "$(got 100)" "5 5 5 0"
	is "$mode: counted" "$(($(<$NET/bond0/statistics/rx_packets) - before))" 10
	unbond
done

bond_of active-backup miimon 100
is "active-backup: s1 is active" "$(active bond0)" s1
receive $BOND_MAC
is "active-backup: the active slave's frames are the bond's" "$(got 0)" "5 0 5 0"
is "active-backup: the backup's only for who listens there" "$(got 100)" "0 5 0 0"
receive ff:ff:ff:ff:ff:ff
is "active-backup: no broadcast twice" "$(got 0) $(got 100)" "5 0 5 0 0 5 0 0"
receive $LINK_LOCAL
is "active-backup: link-local on the active slave is the bond's" "$(got 0)" "5 0 5 0"
is "active-backup: link-local on the backup is the slave's" "$(got 100)" "0 5 0 5"
set_opt bond0 active_slave s2
receive $BOND_MAC
is "active-backup: the other way round" "$(got 0) $(got 100)" "0 0 0 0 5 5 5 0"
set_opt bond0 active_slave s1
set_opt bond0 all_slaves_active 1
receive $BOND_MAC
is "all_slaves_active: the backup's frames are the bond's too" "$(got 0) $(got 100)" "5 0 5 0 5 5 5 0"
set_opt bond0 all_slaves_active 0
receive $BOND_MAC
is "and no more" "$(got 0) $(got 100)" "5 0 5 0 0 5 0 0"

# PACKET_ORIGDEV tells the slave
cat >"$WORK/origdev" <<-'EOF'
	import socket, subprocess, sys
	sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88B5))
	sock.setsockopt(263, 9, 1)
	sock.settimeout(30)
	subprocess.run([sys.argv[1], "send", "far-s1", "--dst", sys.argv[2]], stdout=subprocess.DEVNULL)
	while True:
	    address = sock.recvfrom(100)[1]
	    if address[2] != 4:
	        print(address[0])
	        break
EOF
is "PACKET_ORIGDEV shows the slave" "$(python3 "$WORK/origdev" "$FRAMES" $BOND_MAC)" s1
unbond
finish
