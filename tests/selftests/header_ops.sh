#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Headers of a bond that isn't Ethernet are those of its active slave, made with that
# slave as device: seen in the outer addresses of GRE, in both directions, through
# two bonds on one another, across failover, without an active slave and under load.
# Neighbours over a bond are set up as its first slave wants it.
# vm: --kernel debug --smp 2 --timeout 400
. "$(dirname "$0")/lib.sh"
need_cmds python3

cat >"$WORK/gre" <<'EOP'
import socket, struct, sys, time

IP, ALL = 0x0800, 3

def packet(src, dst, proto, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head + body

def cooked(device):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL))
    sock.bind((device, ALL))
    return sock

def inner():
    return packet("192.0.2.1", "192.0.2.2", 17, struct.pack("!4H", 9, 9, 8, 0))

def send(device, to):
    """Out of device, to the link address `to`; prints the outer addresses seen on d0."""
    tap = cooked("d0")
    tap.settimeout(10)
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    sock.sendto(inner(), (device, IP, 0, 0, socket.inet_aton(to)))
    try:
        while True:
            data = tap.recv(2000)
            if data[9] == 47:
                break
    except TimeoutError:
        print("nothing")
        return
    gre = struct.unpack("!HH", data[20:24])
    whole = "whole" if data[24:] == inner() else "broken"
    print(socket.inet_ntoa(data[12:16]), socket.inet_ntoa(data[16:20]), "%x %x" % gre, whole)

def receive(device, src, dst):
    """A GRE packet from src to us; prints the link address that device says it is from."""
    tap = cooked(device)
    tap.settimeout(10)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    raw.sendto(packet(src, dst, 47, struct.pack("!HH", 0, IP) + inner()), (dst, 0))
    try:
        while True:
            data, address = tap.recvfrom(2000)
            if data == inner():
                print(address[0], ".".join(map(str, address[4])))
                return
    except TimeoutError:
        print("nothing")

def load(device, to):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    while True:
        try:
            sock.sendto(inner(), (device, IP, 0, 0, socket.inet_aton(to)))
        except OSError:
            time.sleep(0.05)

{"send": send, "receive": receive, "load": load}[sys.argv[1]](*sys.argv[2:])
EOP
gre() { python3 -IS "$WORK/gre" "$@"; }

load max_bonds=0
ip link add d0 type dummy
ip addr add 10.0.0.1/24 dev d0
ip addr add 10.0.1.1/24 dev d0
ip link set d0 up
quiet d0
ip link add g0 type gre local 10.0.0.1
ip link add g1 type gre local 10.0.1.1
ip link add bond0 type bond mode active-backup miimon 100
ip link add bond1 type bond mode active-backup miimon 100
ip link set g0 master bond0
ip link set g1 master bond0
ip link set bond0 master bond1
ip link set bond0 up
ip link set bond1 up
quiet bond0 bond1

is "the bonds have the type of GRE" "$(<$NET/bond0/type) $(<$NET/bond1/type)" "778 778"
is "and the address of the first slave" "$(<$NET/bond0/address) $(<$NET/bond1/address)" \
	"0a:00:00:01 0a:00:00:01"
becomes "g0 is active" '[[ $(active bond0) == g0 && $(active bond1) == bond0 ]]'
is "a header through one bond" "$(gre send bond0 10.0.0.77)" "10.0.0.1 10.0.0.77 0 800 whole"
is "and through two" "$(gre send bond1 10.0.0.77)" "10.0.0.1 10.0.0.77 0 800 whole"
is "the sender's address by one bond" "$(gre receive bond0 10.0.0.2 10.0.0.1)" "bond0 10.0.0.2"
is "and by two" "$(gre receive bond1 10.0.0.2 10.0.0.1)" "bond1 10.0.0.2"

set_opt bond0 active_slave g1
is "after a failover the header is the other slave's" "$(gre send bond1 10.0.0.77)" \
	"10.0.1.1 10.0.0.77 0 800 whole"
is "the sender's address too" "$(gre receive bond1 10.0.0.3 10.0.1.1)" "bond1 10.0.0.3"

background python3 -IS "$WORK/gre" load bond1 10.0.0.77
for ((turn = 0; turn < 10; turn++)); do
	set_opt bond0 active_slave g0
	set_opt bond0 active_slave g1
done
for ((turn = 0; turn < 4; turn++)); do
	echo -g1 >"$(opt bond0 slaves)"
	echo +g1 >"$(opt bond0 slaves)"
done
stop_background
is "failovers and releases under load leave it working" "$(gre send bond1 10.0.0.77)" \
	"10.0.0.1 10.0.0.77 0 800 whole"

ip link set g0 down
ip link set g1 down
becomes "no slave is active" '[[ -z $(active bond0) ]]'
is "without one no header is made" "$(gre send bond0 10.0.0.77 2>/dev/null)" nothing
ip link del bond1
ip link del bond0

# A tunnel with a fixed end makes its headers when it sends: it has no header_ops.
ip link add gp type gre local 10.0.0.1 remote 10.0.0.9
ip link add bond0 type bond mode active-backup miimon 100
ip link set gp master bond0
ip link set bond0 up
is "a bond over a slave without header_ops has none" "$(gre send bond0 0.0.0.0)" \
	"10.0.0.1 10.0.0.9 0 800 whole"
ip link del bond0
ip link del gp

# The team driver keeps its ports' header_ops: ours must know whom they are called for.
if ip link add team0 type team 2>/dev/null; then
	ip link add bond0 type bond mode active-backup miimon 100
	ip link set g0 master bond0
	ip link set bond0 master team0
	ip link set bond0 up
	ip link set team0 up
	ok "a team over it sends IPv6 reports" ip -6 addr add 2001:db8:1::1/64 dev team0 nodad
	ip link del team0
	ip link del bond0
else
	skip "a team over it" "no team driver"
fi
ip link del g0
ip link del g1

# Neighbours, over VLANs as slaves: their set-up asks the device below them.
mk_veth s1
ip netns add far
ip link set far-s1 netns far
ip -n far link set far-s1 up
ip -n far link add far-v1 link far-s1 type vlan id 7
ip -n far addr add 10.7.0.2/24 dev far-v1
ip -n far link set far-v1 up
ip link set s1 up
ip link add v1 link s1 type vlan id 7
mk_bond sysfs bond0 active-backup miimon 100
enslave sysfs bond0 v1
ip addr add 10.7.0.1/24 dev bond0
ip link set bond0 up
becomes "the bond is up" '[[ $(<$NET/bond0/carrier) == 1 ]]'
ok "a neighbour over a bond over a VLAN answers" ping -c 2 -w 30 10.7.0.2
like "and is known" "$(ip neigh show dev bond0 10.7.0.2)" 'lladdr 02:aa:'
finish
