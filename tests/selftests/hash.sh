#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every transmit hash policy of balance-xor: generated frames of all sorts (options, fragments,
# extension headers, tunnels, tags, cut off, with headers in pages, from sockets, a VLAN and XDP) leave
# by the slave that an independent model of the policy says; the policy changes while the bond is up;
# what /proc, sysfs and netlink say of it; what XDP forbids.
# FLOWS=N sends N frames a policy.
# vm: --kernel debug --smp 2 --timeout 500
. "$(dirname "$0")/lib.sh"
need_cmds jq python3

FAR=(far-s1 far-s2 far-s3)
xdp() { python3 -IS "$HERE/xdp.py" "$@"; }
# run COUNT WAY…: each way and policy is a fact.
run() {
	local count=$1 way policy rest
	shift
	python3 -IS "$HERE/hash.py" bond0 far-t1 bond0.5 "$count" "$@" -- "${FAR[@]}" >"$WORK/lines" 2>"$WORK/wrong"
	is "all was sent" "$?" 0
	while read -r way policy rest; do
		like "$way $policy: $rest" "$rest" '^sent [1-9][0-9]*, 0 elsewhere, 0 lost$'
		FACTS=$((FACTS + 1))
	done <"$WORK/lines"
	cut -c-300 "$WORK/wrong" | sed 's/^/# /'
}
FACTS=0

load max_bonds=0
mk_veth s1 s2 s3 t1
mk_bond sysfs bond0 balance-xor miimon 100
enslave sysfs bond0 s1 s2 s3
ip link set bond0 up
quiet bond0
ip link add link bond0 name bond0.5 type vlan id 5 egress-qos-map 1:3 2:6
quiet bond0.5
ip link set bond0.5 up
wait_for '[[ $(cat $NET/s?/bonding_slave/mii_status | sort -u) == up ]]' 10

# --- packets
run "${FLOWS:-400}" packet tagged
is "all policies, in both ways" $FACTS 12

# --- with headers in pages, for which frames are larger than one
for dev in "${FAR[@]}"; do ip link set "$dev" mtu 9000; done
ip link set bond0 mtu 9000
run 200 paged
ip link set bond0 mtu 1500
for dev in "${FAR[@]}"; do ip link set "$dev" mtu 1500; done
is "all policies, with headers in pages" $FACTS 18

# --- what is said of a policy
for policy in "layer2 0" "layer3+4 1" "layer2+3 2" "encap2+3 3" "encap3+4 4" "vlan+srcmac 5"; do
	set_opt bond0 xmit_hash_policy "${policy#* }"
	is "sysfs: $policy" "$(get bond0 xmit_hash_policy)" "$policy"
	proc=$(grep '^Transmit Hash Policy' /proc/net/bonding/bond0)
	is "/proc: $policy" "$proc" "Transmit Hash Policy: ${policy% *} (${policy#* })"
	is "netlink: $policy" "$(ip -d -j link show bond0 | jq -r '.[0].linkinfo.info_data.xmit_hash_policy')" "${policy% *}"
done
writes "there are no more" "$(opt bond0 xmit_hash_policy)" 6 EINVAL
ip link set bond0 type bond xmit_hash_policy encap3+4
is "netlink sets it while the bond is up" "$(get bond0 xmit_hash_policy)" "encap3+4 4"

# --- XDP
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
if xdp returns /sys/fs/bpf/hash-pass 2; then
	for dev in "${FAR[@]}"; do ip link set "$dev" xdpdrv pinned /sys/fs/bpf/hash-pass; done
	xdp redirects /sys/fs/bpf/hash-redirect bond0
	ip link set t1 up
	ip link set t1 xdpdrv pinned /sys/fs/bpf/hash-redirect
	run 1000 redirected
	is "all policies but vlan+srcmac, from XDP" $FACTS 23
	ip link set t1 xdpdrv off
	for dev in "${FAR[@]}"; do ip link set "$dev" xdpdrv off; done
	ip link set bond0 xdpdrv pinned /sys/fs/bpf/hash-pass
	writes "with a program, vlan+srcmac is refused" "$(opt bond0 xmit_hash_policy)" vlan+srcmac EOPNOTSUPP
	is "and the policy stays" "$(get bond0 xmit_hash_policy)" "encap3+4 4"
	writes "another is not" "$(opt bond0 xmit_hash_policy)" layer2+3
	ip link set bond0 xdpdrv off
	writes "without a program it is taken" "$(opt bond0 xmit_hash_policy)" vlan+srcmac
	try=$(ip -force link set bond0 xdpdrv pinned /sys/fs/bpf/hash-pass 2>&1)
	like "but then no program" "$try" 'No native XDP support for the current bonding mode'
	rm /sys/fs/bpf/hash-*
else
	skip "XDP" "no programs"
fi
ip link del bond0.5

# --- module parameter, and a mode which keeps it unused
echo -bond0 >"$MASTERS"
load max_bonds=1 mode=balance-xor xmit_hash_policy=encap2+3
is "module parameter" "$(get bond0 xmit_hash_policy)" "encap2+3 3"
set_opt bond0 mode active-backup
is "another mode keeps it" "$(get bond0 xmit_hash_policy)" "encap2+3 3"
is "but doesn't tell in /proc" "$(grep -c '^Transmit Hash' /proc/net/bonding/bond0)" 0
finish
