#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The module survives 100 loads and unloads with live bonds, slaves and traffic
# both ways, and no memory is lost.
# vm: --kernel debug --smp 2 --timeout 900
. "$(dirname "$0")/lib.sh"
need_cmds insmod rmmod

ROUNDS=100
modprobe bonding max_bonds=0 # what it depends on comes along, and is there then
modprobe -r bonding
KO=$(modinfo -n bonding)
# compressed, it would be unpacked again and again
case $KO in
*.xz) xz -dc "$KO" >"$WORK/bonding.ko"; KO=$WORK/bonding.ko ;;
esac

# Kilobytes of kernel memory in small objects.
slab() { awk '$1 == "Slab:" { print $2 }' /proc/meminfo; }

mk_veth s1 s2
# frames come in all the while
background send_frames far-s1 --count 0 --interval 0.002 --dst ff:ff:ff:ff:ff:ff >/dev/null
background send_frames far-s2 --count 0 --interval 0.002 --dst ff:ff:ff:ff:ff:ff >/dev/null
cat >"$WORK/up" <<-'EOF'
	link set bond0 up
	addr add 10.9.9.1/24 dev bond0
	neigh add 10.9.9.2 lladdr 02:99:00:00:00:02 dev bond0
EOF

modes=(active-backup balance-rr balance-xor broadcast)
bad=()
seen=0
round() {
	local n=$1 mode=${modes[$1 % 4]} i
	insmod "$KO" max_bonds=2 mode="$mode" miimon=10 || { bad+=("$n: insmod"); return; }
	echo +s1 >"$NET/bond0/bonding/slaves" || bad+=("$n: +s1")
	echo +s2 >"$NET/bond0/bonding/slaves" || bad+=("$n: +s2")
	ip -batch "$WORK/up" || bad+=("$n: up")
	for i in 1 2 3 4 5 6 7 8; do echo "$i" >/dev/udp/10.9.9.2/9; done 2>/dev/null
	slurp "$NET/bond0/statistics/tx_packets"
	((TEXT == 0)) || seen=$((seen + 1))
	rmmod bonding || { bad+=("$n: rmmod"); return; }
	[[ ! -e $NET/bond0 && ! -e $MASTERS && ! -e $NET/s1/master ]] || bad+=("$n: something is left")
}

log_mark
start=$(now_ms)
for ((n = 1; n <= ROUNDS; n++)); do
	round "$n"
	((n != 20)) || slab_before=$(slab)
	((${#bad[@]} < 5)) || break
done
is "$ROUNDS times loaded, used, unloaded" "$((n - 1)) ${bad[*]:-well}" "$ROUNDS well"
holds "with traffic ($seen times)" "((seen > ROUNDS / 2))"
note "$((($(now_ms) - start) / ROUNDS)) ms a round"
grown=$(($(slab) - slab_before))
if [[ -e /sys/kernel/debug/kmemleak ]]; then
	skip "kernel memory" "kmemleak looks, and KASAN keeps freed memory ($grown kB)"
else
	holds "kernel memory doesn't grow ($grown kB in 80 rounds)" "((grown < 1500))"
fi
slurp "$NET/s1/address"
is "the slaves have their addresses" "$TEXT" 02:aa:00:00:01:01
finish
