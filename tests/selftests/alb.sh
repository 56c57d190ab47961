#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# balance-alb: peers are told by ARP the addresses of different slaves, each of which receives; what they
# are told when slaves go and come, when the active one fails over, in a VLAN, and when somebody else has
# the bond's address; what a bridge above says is left alone; who has which MAC address; the clients in
# debugfs.
# vm: --kernel debug --smp 2 --timeout 600
. "$(dirname "$0")/lib.sh"
need_cmds jq python3

FAR=(far-s1 far-s2 far-s3)
mac() { slurp "$NET/$1/address"; echo "$TEXT"; }
macs() { echo "$(mac bond0) $(mac s1) $(mac s2) $(mac s3)"; }
# A line for each ARP packet that arrives at a far end: "FAR OP SENDER-MAC SENDER TARGET VLAN SOURCE".
cat >"$WORK/listen" <<'EOP'
import select, socket, struct, sys
out, *far = sys.argv[1:]
ends = {}
for dev in far:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setsockopt(263, 8, 1)  # PACKET_AUXDATA: the tag
    sock.setblocking(False)
    sock.bind((dev, 3))
    ends[sock] = dev
name = lambda raw: ":".join(f"{byte:02x}" for byte in raw)
with open(out, "w", buffering=1) as file:
    open(out + ".ready", "w").close()
    while True:
        for sock in select.select(ends, [], [])[0]:
            try:
                data, extra, _, address = sock.recvmsg(2000, 128)
            except OSError:
                continue
            vlan = 0
            for _, _, value in extra:
                status, _, _, _, _, tci, _ = struct.unpack("IIIHHHH", value[:20])
                vlan = tci & 0xfff if status & 16 else 0
            kind, body = data[12:14], data[14:]
            if kind == b"\x81\x00":
                vlan, kind, body = struct.unpack(">H", data[14:16])[0] & 0xfff, data[16:18], data[18:]
            if address[2] == 4 or kind != b"\x08\x06":
                continue
            ip = lambda raw: ".".join(str(byte) for byte in raw)
            file.write(f"{ends[sock]} {body[7]} {name(body[8:14])} {ip(body[14:18])} {ip(body[24:28])} {vlan} {name(data[6:12])}\n")
EOP
# ask DEV OURS VLAN PEER…: peers, by the last bytes of their addresses, ask for one of ours.
cat >"$WORK/ask" <<'EOP'
import socket, struct, sys
dev, ours, vlan, *peers = sys.argv[1:]
ours = socket.inet_aton(ours)
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
sock.bind((dev, 0))
for peer in map(int, peers):
    mac = bytes([2, 0xbb, 0, 0, 0, peer])
    tag = struct.pack(">HH", 0x8100, int(vlan)) if int(vlan) else b""
    arp = struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + mac + ours[:3] + bytes([peer]) + bytes(6) + ours
    sock.send(b"\xff" * 6 + mac + tag + b"\x08\x06" + arp + bytes(18))
EOP
ask() { python3 -IS "$WORK/ask" "$@"; }
# forget: what was heard so far doesn't count any more.
HEARD=0
forget() { HEARD=$(wc -l <"$WORK/arp"); }
heard() { tail -n "+$((HEARD + 1))" "$WORK/arp"; }
# told PEER OURS [VLAN]: the far ends at which the peer was last told, and which slave's address that is
# shellcheck disable=SC2317 # called by becomes
told() {
	local dev
	read -r FAR_END ADDRESS < <(heard | awk -v to="$1" -v ours="$2" -v vlan="${3:-0}" \
		'$2 == 2 && $4 == ours && $5 == to && $6 == vlan { last = $1 " " $3 } END { print last }')
	for dev in s1 s2 s3; do
		[[ $ADDRESS != "$(mac "$dev")" ]] || echo "$FAR_END $dev"
	done
}
# consistent OURS PEER…: each peer was told the address of a slave, at that slave's far end
# shellcheck disable=SC2317 # called by becomes
consistent() {
	local ours=$1 peer where dev
	shift
	SLAVES=
	for peer; do
		read -r where dev < <(told "${ours%.*}.$peer" "$ours")
		[[ -n $dev && $where == "far-$dev" ]] || return
		SLAVES+="$dev "
	done
}
clients() { cat /sys/kernel/debug/bonding/bond0*/rlb_hash_table; }
# shares: how many clients each slave has, by the file in debugfs
shares() { clients | awk 'NR > 1 { n[$4]++ } END { printf "%d %d %d", n["s1"], n["s2"], n["s3"] }'; }
up() { wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status | sort -u) == up ]]' 10; }
# shellcheck disable=SC2317 # called by becomes
promiscuous() { (($(<"$NET/$1/flags") & 0x100)); }

mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug
load max_bonds=0
mk_veth s1 s2 s3
mk_bond sysfs bond0 balance-alb
is "the mode" "$(get bond0 mode) $(get bond0 miimon) $(get bond0 tlb_dynamic_lb)" "balance-alb 6 100 1"
declare -A PERM
for dev in s1 s2 s3; do PERM[$dev]=$(mac $dev); done
enslave sysfs bond0 s1 s2 s3
ip link set bond0 up
quiet bond0
up
is "each slave keeps its address, the active one has the bond's" "$(macs)" \
	"${PERM[s1]} ${PERM[s1]} ${PERM[s2]} ${PERM[s3]}"
like "/proc names the mode" "$(</proc/net/bonding/bond0)" 'Bonding Mode: adaptive load balancing'
ip addr add 10.0.0.1/24 dev bond0
rm -f "$WORK/arp.ready"
background python3 -IS "$WORK/listen" "$WORK/arp" "${FAR[@]}"
wait_for "[[ -e $WORK/arp.ready ]]" 15

# --- replies
ask far-s1 10.0.0.1 0 10 11 12 13 14 15
becomes "each peer is told the address of a slave, by that slave" "consistent 10.0.0.1 10 11 12 13 14 15" 20
is "they are shared out" "$(shares)" "2 2 2"
like "the clients are in debugfs" "$(clients)" "10\.0\.0\.1 +10\.0\.0\.12 +02:bb:00:00:00:0c s[123]"
ask far-s1 10.0.0.1 0 10 11 12 13 14 15
is "who asks again is told the same" "$(shares)" "2 2 2"

# --- receiving
# received DEV FAR MAC [WHICH]: how many of five frames to an address reach a device
received() {
	capture_start "$1"
	"$FRAMES" send "$2" --count 5 --dst "$3" >/dev/null
	capture_stop
	captured "$1" "${4:-1}"
}
is "another slave than the active one receives what is sent to it" "$(received bond0 far-s2 "$(mac s2)")" 5
is "but not what is sent to all" "$(received bond0 far-s2 ff:ff:ff:ff:ff:ff)" 0

# --- sending: by destination, as the slave that sends
cat >"$WORK/flows" <<'EOP'
import collections, select, socket, struct, sys
bond, *far = sys.argv[1:]
ends = []
for dev in far:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setblocking(False)
    sock.bind((dev, 3))
    ends.append(sock)
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
out.bind((bond, 0))
own = bytes.fromhex(open(f"/sys/class/net/{bond}/address").read().strip().replace(":", ""))
for peer in range(200):
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, peer]))
    out.send(bytes.fromhex("02bb00000009") + own + b"\x08\x00" + ip + bytes(26))
seen = collections.Counter()
while select.select(ends, [], [], 3 if not seen else 1)[0]:
    for dev, sock in zip(far, ends):
        try:
            data, address = sock.recvfrom(2000)
        except OSError:
            continue
        if address[2] != 4 and data[:6] == bytes.fromhex("02bb00000009"):
            seen[dev, data[6:12].hex(":")] += 1
print(" ".join(f"{dev[4:]} {source} {int(count >= 20)}" for (dev, source), count in sorted(seen.items())), sum(seen.values()))
EOP
if [[ $DRIVER == c ]]; then
	skip "flows leave by all slaves at once" "not so with the C driver"
else
	is "flows leave by all slaves at once" "$(python3 -IS "$WORK/flows" bond0 "${FAR[@]}")" \
		"s1 ${PERM[s1]} 1 s2 ${PERM[s2]} 1 s3 ${PERM[s3]} 1 200"
fi

# --- a slave that receives is lost, and comes back
forget
ip link set far-s2 down
becomes "its peers are given to others" '[[ $(shares) == *" 0 "* ]]'
becomes "the active slave receives for it for a while" 'promiscuous s1'
becomes "peers are told four times, twice each time" '(($(heard | awk "\$2 == 2" | wc -l) >= 16))' 30
unlike "at the far ends of others" "$(heard | awk '$2 == 2 { print $1 }')" far-s2
ip link set far-s2 up
up
becomes "all are dealt out anew" '[[ $(shares) == "2 2 2" ]]'
becomes "the active slave doesn't receive for others any more" '! promiscuous s1' 30

# --- failover
ip link set far-s1 down
becomes "failover: addresses change places" \
	'[[ $(active bond0) == s2 && $(macs) == "${PERM[s1]} ${PERM[s2]} ${PERM[s1]} ${PERM[s3]}" ]]'
becomes "everybody is told" "consistent 10.0.0.1 10 11 12 13 14 15" 20
becomes "and nobody to send to what is lost" '[[ $(shares) == "0 3 3" ]]'
ip link set far-s1 up
up
becomes "it comes back" '[[ $(shares) == "2 2 2" ]]'

# --- a VLAN
ip link add link bond0 name bond0.9 type vlan id 9
quiet bond0.9
ip addr add 10.0.9.1/24 dev bond0.9
ip link set bond0.9 up
ask far-s2 10.0.9.1 9 40 41
becomes "a peer in a VLAN is told, too" '[[ -n $(told 10.0.9.40 10.0.9.1 9) && -n $(told 10.0.9.41 10.0.9.1 9) ]]' 20
like "it is a client" "$(clients)" '10\.0\.9\.1 +10\.0\.9\.40'
ip link del bond0.9
unlike "which goes with the VLAN" "$(clients)" '10\.0\.9\.'

# --- somebody else has the bond's address
cat >"$WORK/steal" <<'EOP'
import socket, struct, sys
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
sock.bind((sys.argv[1], 0))
mac, ours = bytes.fromhex("02bb00000063"), socket.inet_aton(sys.argv[2])
sock.send(b"\xff" * 6 + mac + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 1) + mac + ours + bytes(6) + ours + bytes(18))
EOP
python3 -IS "$WORK/steal" far-s2 10.0.0.1
becomes "its clients are forgotten" '[[ $(shares) == "0 0 0" ]]'

# --- a bridge above
ip addr flush dev bond0
ip link add br0 type bridge
quiet br0
ip link set bond0 master br0
ip addr add 10.0.1.1/24 dev br0
ip link set br0 up
wait_for '[[ $(<$NET/bond0/brport/state) == 3 ]]' 40
forget
ask far-s2 10.0.1.1 0 50 51 52
becomes "what a bridge says names its own address, and leaves by the active slave" \
	'[[ $(heard | awk "\$2 == 2 { print \$1, \$3 }" | sort | uniq -c | tr -s " ") == " 3 far-s2 $(mac br0)" ]]' 20
is "and makes no clients" "$(shares)" "0 0 0"
is "it gets what is sent to another slave at the bond's address" \
	"$(received br0 far-s3 "$(mac s3)" "\$5 == \"$(mac bond0)\"")" 5
ip link del br0

# --- addresses
ip link set bond0 address 02:aa:00:00:77:77
is "another address of the bond is the active slave's" "$(macs)" \
	"02:aa:00:00:77:77 ${PERM[s2]} 02:aa:00:00:77:77 ${PERM[s3]}"
for dev in s1 s2 s3; do echo "-$dev" >"$(opt bond0 slaves)"; done
is "released slaves have theirs again" "$(mac s1) $(mac s2) $(mac s3)" "${PERM[s1]} ${PERM[s2]} ${PERM[s3]}"
ok "none stays promiscuous" eval '! promiscuous s1 && ! promiscuous s2 && ! promiscuous s3'
finish
