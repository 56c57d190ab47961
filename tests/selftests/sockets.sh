#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the bond says of connected sockets (netdev_sk_get_lowest_dev, which TLS asks in order to have a
# slave encrypt) is where their datagrams go: with layer3+4, in the modes that hash; else it can't say.
# vm: --kernel debug --smp 2 --timeout 300 --module tests/layout
. "$(dirname "$0")/lib.sh"
need_cmds python3

SOCKETS=/sys/kernel/debug/bonding_layout/sockets
ok "the module loads" insmod /usr/local/lib/lab/bonding_layout.ko

# arrivals N: until so many datagrams came to the far ends, or five seconds have passed: "socket PORT SLAVE" each.
cat >"$WORK/arrivals" <<'EOP'
import select, socket, struct, sys
ends = {}
for dev in "s1", "s2":
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind(("far-" + dev, 0x0800))
    ends[sock] = dev
open(sys.argv[1], "w").close()
seen = set()
while len(seen) < 16:
    ready = select.select(list(ends), [], [], 5)[0]
    if not ready:
        break
    for sock in ready:
        data, address = sock.recvfrom(2000)
        if address[2] != socket.PACKET_OUTGOING and data[23] == 17:
            seen.add(f"socket {struct.unpack('>H', data[34:36])[0]} {ends[sock]}")
print("\n".join(sorted(seen)))
EOP

# asked: what the bond says, in SAID, and where the datagrams went, in WENT
asked() {
	rm -f "$WORK/ready"
	python3 -IS "$WORK/arrivals" "$WORK/ready" >"$WORK/went" &
	local reader=$!
	wait_for "[[ -e $WORK/ready ]]" 15
	SAID=$(sort "$SOCKETS")
	wait "$reader"
	WENT=$(<"$WORK/went")
}

load max_bonds=0
mk_veth s1 s2
for mode in balance-xor 802.3ad active-backup balance-rr; do
	mk_bond sysfs bond0 $mode miimon 100
	case $mode in balance-xor | 802.3ad) set_opt bond0 xmit_hash_policy layer3+4 ;; esac
	quiet bond0
	enslave sysfs bond0 s1 s2
	link_up bond0
	ip addr add 10.0.0.1/24 dev bond0
	ip neigh add 10.0.0.2 lladdr 02:bb:00:00:00:02 dev bond0
	if [[ $mode == 802.3ad ]]; then
		# without a partner each port is alone: one is in use
		becomes "$mode: a port is in use" '(($(get bond0 ad_num_ports) == 1)) && slurp $NET/bond0/carrier && [[ $TEXT == 1 ]]' 20
	else
		for dev in s1 s2; do
			becomes "$mode: $dev is up" "slurp $NET/$dev/bonding_slave/mii_status; [[ \$TEXT == up ]]"
		done
	fi
	asked
	is "$mode: all datagrams arrive" "$(wc -l <<<"$WENT")" 16
	case $mode in
	balance-xor)
		same "$mode: as it says" "$SAID" "$WENT"
		is "$mode: over both slaves" "$(awk '{ print $3 }' <<<"$SAID" | sort -u | paste -sd ' ')" "s1 s2"
		link_down bond0
		set_opt bond0 xmit_hash_policy layer2+3
		link_up bond0
		becomes "$mode: it has carrier" 'slurp $NET/bond0/carrier && [[ $TEXT == 1 ]]' 20
		is "$mode: with another policy it can't say" "$(awk '{ print $3 }' "$SOCKETS" | sort -u)" bond0
		;;
	802.3ad) same "$mode: as it says" "$SAID" "$WENT" ;;
	*) is "$mode: it can't say" "$(awk '{ print $3 }' <<<"$SAID" | sort -u)" bond0 ;;
	esac
	echo -bond0 >"$MASTERS"
done
ok "the module unloads" rmmod bonding_layout
finish
