#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# balance-tlb: the first flows spread over all slaves at once, each with that slave's own address as
# its source; all else leaves by the active slave; only that one receives; who has which MAC address
# after failovers and releases; switches learn addresses; tlb_dynamic_lb=0 hashes; faces and refusals.
# vm: --kernel debug --smp 2 --timeout 500
. "$(dirname "$0")/lib.sh"
need_cmds jq python3

FAR=(far-s1 far-s2 far-s3)
mac() { slurp "$NET/$1/address"; echo "$TEXT"; }
macs() { echo "$(mac bond0) $(mac s1) $(mac s2) $(mac s3)"; }
# Frames of UDP to 240 ports, of ARP, and to everyone; what came where, by source:
# "FAR SOURCE COUNT" of UDP sorted, then the far ends of the others.
cat >"$WORK/flows" <<'EOP'
import collections, select, socket, struct, sys
bond, count, *far = sys.argv[1:]
ends = []
for dev in far:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(socket.SOL_SOCKET, 33, 16 << 20)
    sock.setblocking(False)
    sock.bind((dev, 3))
    ends.append(sock)
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
out.bind((bond, 0))
own = bytes.fromhex(open(f"/sys/class/net/{bond}/address").read().strip().replace(":", ""))
peer = bytes.fromhex("02bb00000009")
for port in range(int(count)):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    out.send(peer + own + b"\x08\x00" + ip + struct.pack(">HHHH", 5000 + port, 7777, 8, 0) + bytes(18))
nd = struct.pack(">IHBB", 6 << 28, 24, 58, 255) + bytes(32) + bytes([135]) + bytes(23)
out.send(peer + own + b"\x08\x06" + bytes(46))
out.send(b"\xff" * 6 + own + b"\x08\x00" + ip + bytes(26))
out.send(peer + own + b"\x86\xdd" + nd)
udp, rest = collections.Counter(), []
while select.select(ends, [], [], 3 if not udp else 1)[0]:
    for dev, sock in zip(far, ends):
        try:
            data, address = sock.recvfrom(2000)
        except OSError:  # nothing there, or its link was lost
            continue
        if address[2] == 4 or data[12:14] == b"\x90\x00":
            continue
        if data[:6] == peer and data[12:14] == b"\x08\x00":
            udp[dev, data[6:12].hex(":")] += 1
        elif data[6:12] == own:
            rest.append(dev)
print(" ".join(f"{dev} {source} {count}" for (dev, source), count in sorted(udp.items())))
print(" ".join(rest))
EOP
# flows: sends 240 of them; UDP and OTHERS say where they came.
flows() { { read -r UDP; read -r OTHERS; } < <(python3 -IS "$WORK/flows" bond0 240 "${FAR[@]}"); }
# spread NAME SLAVE…: each of these slaves sent a part of the flows as itself, and no other slave one
spread() {
	local name=$1 line dev total=0 bad=
	shift
	set -- "$@" --
	read -ra line <<<"$UDP"
	for ((i = 0; i < ${#line[@]}; i += 3)); do
		dev=${line[i]#far-}
		[[ " $* " == *" $dev "* && ${line[i + 1]} == "$(mac "$dev")" ]] || bad+=" $dev as ${line[i + 1]}"
		((line[i + 2] >= 20)) || bad+=" $dev only ${line[i + 2]}"
		((total += line[i + 2]))
	done
	is "$name" "$((${#line[@]} / 3)) slaves, $total flows$bad" "$(($# - 1)) slaves, 240 flows"
}
up() { wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status | sort -u) == up ]]' 10; }

load max_bonds=0
mk_veth s1 s2 s3
mk_bond sysfs bond0 balance-tlb
is "the mode" "$(get bond0 mode)" "balance-tlb 5"
is "it turns monitoring on" "$(get bond0 miimon)" 100
is "load decides" "$(get bond0 tlb_dynamic_lb)" 1
set_opt bond0 xmit_hash_policy layer3+4
declare -A PERM
for dev in s1 s2 s3; do PERM[$dev]=$(mac $dev); done
enslave sysfs bond0 s1 s2 s3
ip link set bond0 up
quiet bond0
up
is "the first is active" "$(active bond0)" s1
is "each slave keeps its address, the active one has the bond's" "$(macs)" \
	"${PERM[s1]} ${PERM[s1]} ${PERM[s2]} ${PERM[s3]}"
proc=$(</proc/net/bonding/bond0)
like "/proc names the mode" "$proc" 'Bonding Mode: transmit load balancing'
unlike "/proc tells of no hash policy while load decides" "$proc" 'Transmit Hash Policy'
like "/proc tells of the active slave" "$proc" 'Currently Active Slave: s1'
is "all slaves count as active" "$(cat "$NET"/s?/bonding_slave/state | sort -u)" active

# --- sending
flows
[[ $DRIVER == c ]] || spread "the first flows spread at once" s1 s2 s3
is "ARP, broadcast and neighbour discovery leave by the active slave" "$OTHERS" "far-s1 far-s1 far-s1"

# --- receiving: only the active slave does
# received FAR…: how many of five frames into each reach the bond
received() {
	local far
	capture_start bond0
	for far; do "$FRAMES" send "$far" --count 5 --dst "$(mac bond0)" >/dev/null; done
	capture_stop
	captured bond0
}
is "the active slave receives" "$(received far-s1)" 5
is "the others don't" "$(received far-s2 far-s3)" 0

# --- learning packets
# shellcheck disable=SC2317 # called by becomes
learned() { awk -v dev="$1" -v mac="$2" '$2 == dev && $4 == mac && $5 == mac { n++ } END { print n + 0 }' "$WORK/frames"; }
ip link add link bond0 name bond0.9 type vlan id 9
quiet bond0.9
ip link set bond0.9 up
capture_learning() {
	rm -f "$WORK/frames" "$WORK/frames.ready"
	"$FRAMES" capture --all --type 0x9000 "$WORK/frames" "${FAR[@]}" &
	CAPTURE=$!
	wait_for "[[ -e $WORK/frames.ready ]]" 15
}
capture_learning
for dev in s1 s2 s3; do
	becomes "switches learn the address of $dev" "((\$(learned far-$dev $(mac $dev)) >= 2))" 20
done
capture_stop
ip link del bond0.9
set_opt bond0 lp_interval 1000

# --- a shorter lp_interval counts at once, and not when the load is looked at, 10 s after this
ip link set bond0 down
capture_learning
ip link set bond0 up
becomes "a bond that comes up has switches learn" "((\$(learned far-s1 \$(mac s1)) >= 1))" 20
set_opt bond0 lp_interval 1
becomes "a shorter lp_interval counts at once" "((\$(learned far-s1 \$(mac s1)) >= 2))" 1
capture_stop
set_opt bond0 lp_interval 1000

# --- failover: the addresses change places
ip link set far-s1 down
becomes "failover" '[[ $(active bond0) == s2 ]]'
becomes "the new active slave has the bond's address, the old one its own" \
	'[[ $(macs) == "${PERM[s1]} ${PERM[s2]} ${PERM[s1]} ${PERM[s3]}" ]]'
flows
[[ $DRIVER == c ]] || spread "two slaves share the flows" s2 s3
is "the others leave by the new one" "$OTHERS" "far-s2 far-s2 far-s2"
is "which alone receives" "$(received far-s2 far-s3)" 5
ip link set far-s1 up
up
is "the slave that comes back stays a backup" "$(active bond0)" s2
flows
[[ $DRIVER == c ]] || spread "and gets its part of the flows at once" s1 s2 s3
set_opt bond0 active_slave s3
is "by hand" "$(macs)" "${PERM[s1]} ${PERM[s2]} ${PERM[s3]} ${PERM[s1]}"

# --- release
echo -s3 >"$(opt bond0 slaves)"
is "a released slave has its address again" "$(mac s3)" "${PERM[s3]}"
like "the bond keeps its own" "$(mac bond0) $(mac "$(active bond0)")" "^${PERM[s1]} ${PERM[s1]}$"
echo +s3 >"$(opt bond0 slaves)"
up
is "and when it comes back, too" "$(mac s3)" "${PERM[s3]}"
set_opt bond0 active_slave s2
echo -s1 >"$(opt bond0 slaves)"
ip link set s1 address 02:aa:00:00:77:77
echo +s1 >"$(opt bond0 slaves)"
is "a slave with a new address" "$(mac s1)" 02:aa:00:00:77:77
log_mark
echo -s3 >"$(opt bond0 slaves)"
ip link set s3 address "$(mac bond0)"
echo +s3 >"$(opt bond0 slaves)"
logged "one that has the bond's address is given a free one" 's3.*: the slave hw address is in use by the bond; giving it the hw address of s2'
is "that of the active slave" "$(mac s3)" "${PERM[s2]}"
echo -s3 >"$(opt bond0 slaves)"

# --- hashing alone
ip link set bond0 down
set_opt bond0 tlb_dynamic_lb 0
ip link set s3 down
ip link set s3 address "${PERM[s3]}"
echo +s3 >"$(opt bond0 slaves)"
ip link set bond0 up
up
like "/proc tells of the policy when it alone decides" "$(</proc/net/bonding/bond0)" 'Transmit Hash Policy: layer3\+4 \(1\)'
flows
read -ra words <<<"$UDP"
is "all slaves share the flows" "${#words[@]}" 9
writes "tlb_dynamic_lb can't be set while the bond is up" "$(opt bond0 tlb_dynamic_lb)" 1 EBUSY

# --- refused
for dev in s1 s2 s3; do echo "-$dev" >"$(opt bond0 slaves)"; done
ip link set bond0 down
writes "packets_per_slave" "$(opt bond0 packets_per_slave)" 2 EACCES
set_opt bond0 mode active-backup
writes "tlb_dynamic_lb in another mode" "$(opt bond0 tlb_dynamic_lb)" 1 EACCES
echo -bond0 >"$MASTERS"
load max_bonds=1 mode=balance-tlb
is "module parameter" "$(get bond0 mode) $(get bond0 miimon)" "balance-tlb 5 100"
finish
