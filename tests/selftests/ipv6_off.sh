#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPv6 turned off on the kernel's command line: targets of the ARP monitor may be set,
# are not asked for, and what others say of them does no harm.
# vm: --kernel debug --smp 2 --timeout 200 --append ipv6.disable=1
. "$(dirname "$0")/lib.sh"
need_cmds python3

# Neighbour advertisements for the target, to somebody who isn't there, until it is ended.
ADVERTISE='
import socket, struct, sys, time
to = bytes.fromhex("20010db8000000000000000000000002")
target = bytes.fromhex("20010db8000000000000000000000001")
payload = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + target
packet = struct.pack("!IHBB", 0x60000000, len(payload), 58, 255) + target + to + payload
frame = b"\xff" * 6 + b"\x02\0\0\0\0\x09" + b"\x86\xdd" + packet
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as far:
    far.bind((sys.argv[1], 0))
    while True:
        far.send(frame)
        time.sleep(0.05)
'

load max_bonds=0
mk_veth s1
ok "a target" ip link add bond0 type bond mode active-backup arp_interval 200 arp_validate all ns_ip6_target 2001:db8::1
enslave sysfs bond0 s1
link_up bond0
link_up far-s1
before=$(<$NET/s1/statistics/rx_packets)
background python3 -c "$ADVERTISE" far-s1
becomes "advertisements come in" "((\$(<$NET/s1/statistics/rx_packets) > $before + 40))" 60
becomes "and are no sign of life" '[[ $(<$NET/s1/bonding_slave/mii_status) != up ]]' 20
finish
