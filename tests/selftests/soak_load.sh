#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 100 times: load the module, a bond with two slaves under traffic both ways, and
# unload it as it is. Every NIC is as before each time, nothing is left behind, and
# memory doesn't grow. On e1000, virtio-net, veth and dummy, in turn.
#
# DEBUG_KOBJECT_RELEASE makes each unloading wait for up to ten seconds.
# on request
# vm: --kernel debug --smp 2 --nics 2:e1000,virtio-net-pci --timeout 3000
. "$(dirname "$0")/lib.sh"

CYCLES=${CYCLES:-100} WARM_UP=20
MODES=(balance-rr active-backup balance-xor broadcast)
PAIRS=('veth0 dummy0' 'eth0 veth0' 'veth0 dummy0' 'eth1 dummy0' 'veth0 dummy0')
NICS=(veth0 dummy0)
FAR=(far-veth0)

mk_veth veth0
ip link add dummy0 type dummy
for nic in eth0 eth1; do
	if [[ -e $NET/$nic ]]; then
		NICS+=("$nic")
		FAR+=("far${nic#eth}")
		quiet "$nic" "far${nic#eth}"
		ip link set "far${nic#eth}" up
	fi
done
[[ -e $NET/eth1 ]] || PAIRS=('veth0 dummy0')
FILE=$(modinfo -n bonding)
# compressed, it would be unpacked again and again
[[ $FILE != *.xz ]] || { xz -dc "$FILE" >"$WORK/bonding.ko"; FILE=$WORK/bonding.ko; }

# Kilobytes of unreclaimable slab, vmalloc and per-CPU memory, when all that was
# freed is really free: kobjects released late, caches and KASAN's quarantine empty.
memory() {
	local file key value _
	nap 6
	echo 3 >/proc/sys/vm/drop_caches
	for file in /sys/kernel/slab/*/shrink; do echo 1 >"$file"; done
	MEMORY=0
	while read -r key value _; do
		case $key in SUnreclaim: | VmallocUsed: | Percpu:) MEMORY=$((MEMORY + value)) ;; esac
	done </proc/meminfo
}

wrong() { WRONG="cycle $cycle ($mode over $pair): $*"; }

# Loads, and makes a bond by one of two ways.
begin() {
	local max_bonds=$((cycle % 2)) slave
	busybox insmod "$FILE" max_bonds=$max_bonds mode="$mode" miimon=50 tx_queues=2 || { wrong "insmod"; return 1; }
	((max_bonds)) || echo +bond0 >"$MASTERS" || { wrong "no bond"; return 1; }
	((cycle % 3)) || echo 1400 >"$NET/bond0/mtu"
	link_up bond0
	((cycle % 5)) || change_flags bond0 0x100 0
	for slave in $pair; do
		echo "+$slave" >"$NET/bond0/bonding/slaves" || { wrong "enslave $slave"; return 1; }
	done
}

# Frames have left through the bond and come in by the slave with a far end.
traffic() {
	until_so "slurp $NET/bond0/statistics/tx_packets; ((TEXT >= 3))" 15 || { wrong "nothing sent"; return 1; }
	until_so "slurp $NET/bond0/statistics/rx_packets; ((TEXT >= 1))" 15 || { wrong "nothing received"; return 1; }
}

end() {
	local index left
	busybox rmmod bonding || { wrong "rmmod"; return 1; }
	for left in "$MASTERS" /proc/net/bonding "$NET/bond0" /sys/module/bonding; do
		[[ ! -e $left ]] || { wrong "$left is left"; return 1; }
	done
	for index in "${!NICS[@]}"; do
		nic_state "${NICS[index]}"
		[[ $STATE == "${BEFORE[index]}" ]] || { wrong "was ${BEFORE[index]}, is $STATE"; return 1; }
	done
}

BEFORE=() SNAPSHOTS=()
for nic in "${NICS[@]}"; do
	nic_state "$nic"
	BEFORE+=("$STATE")
	SNAPSHOTS+=("$(snapshot_nic "$nic")")
done
# Seldom: while an unloading waits, frames are all that takes the machine time.
flood 0.2 bond0 "${FAR[@]}"

WRONG='' cycle=0
while ((cycle < CYCLES)); do
	cycle=$((cycle + 1))
	mode=${MODES[cycle % ${#MODES[@]}]}
	pair=${PAIRS[cycle % ${#PAIRS[@]}]}
	if ! { begin && traffic && end; }; then break; fi
	((cycle % 10)) || note "$cycle cycles"
	((cycle != WARM_UP)) || { memory; EARLY=$MEMORY; }
done
is "$CYCLES times loaded and unloaded, with traffic" "${WRONG:-$cycle}" "$CYCLES"
stop_background
[[ ! -e $MASTERS ]] || finish
for index in "${!NICS[@]}"; do
	same "${NICS[index]} is as before" "${SNAPSHOTS[index]}" "$(snapshot_nic "${NICS[index]}")"
done
memory
note "memory: $EARLY kB after $WARM_UP cycles, $MEMORY kB after $CYCLES"
between "memory grew by no more than 8 kB a cycle, in all" $((MEMORY - EARLY)) -100000 $(((CYCLES - WARM_UP) * 8))
ok "it loads again" modprobe bonding
finish
