#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 200 times a slave joins and leaves a bond under traffic both ways, 50 times in each
# mode, by sysfs and by netlink in turn, while others read all there is to read.
# Every tenth time the slave that stayed leaves too, so the bond is empty for a while.
# vm: --kernel debug --smp 2 --timeout 600
# shellcheck disable=SC2317 # called by name
. "$(dirname "$0")/lib.sh"

CYCLES=${CYCLES:-200}
MODES=(balance-rr active-backup balance-xor broadcast)
B=$NET/bond0/bonding

load max_bonds=0
mk_veth stays moves
nic_state moves
BEFORE=$STATE
nic_state stays
STAYS=$STATE
echo +bond0 >$MASTERS

# --- readers: each tells of its rounds, and notes what can't be
read_proc() {
	local lines
	while :; do
		mapfile -t lines </proc/net/bonding/bond0 || { echo "no /proc file" >"$WORK/odd.proc"; continue; }
		[[ ${lines[0]:-} == 'Ethernet Channel Bonding Driver: '* && ${lines[2]:-} == 'Bonding Mode: '* ]] ||
			echo "/proc begins with ${lines[0]:-} / ${lines[2]:-}" >"$WORK/odd.proc"
		echo round >>"$WORK/rounds.proc"
	done
}
read_sysfs() {
	local file
	while :; do
		for file in "$B"/* "$NET"/{stays,moves}/bonding_slave/* "$NET"/bond0/{lower_*/address,flags,carrier,statistics/rx_packets}; do
			slurp "$file"
			[[ $file != */bonding/slaves || $TEXT =~ ^(stays)?\ ?(moves)?\ ?(stays)?$ ]] ||
				echo "slaves are '$TEXT'" >"$WORK/odd.sysfs"
		done
		echo round >>"$WORK/rounds.sysfs"
	done
}
read_netlink() {
	local n
	while :; do
		for ((n = 0; n < 10; n++)); do
			echo "link show dev bond0"
			echo "link show type bond_slave"
		done | ip -d -force -batch - >"$WORK/link" 2>&1
		grep -q ' bond mode ' "$WORK/link" && echo round >>"$WORK/rounds.netlink"
	done
}
background read_proc
background read_sysfs
background read_netlink
flood 0.002 bond0 far-stays far-moves

wrong() { WRONG="cycle $cycle, ${MODES[m]}: $*"; }

# join NAME, leave NAME: by the channel of this cycle, and done when it returns.
join() {
	if ((cycle % 2)); then
		echo "+$1" >"$B/slaves"
	else
		feed link set "$1" down
		feed link set "$1" master bond0
		feed_done
	fi || { wrong "+$1"; return 1; }
}
leave() {
	if ((cycle % 2)); then
		echo "-$1" >"$B/slaves"
	else
		feed link set "$1" nomaster
		feed_done
	fi || { wrong "-$1"; return 1; }
}
slaves_are() {
	slurp "$B/slaves"
	[[ $TEXT == "$1" ]] || { wrong "slaves are '$TEXT', not '$1'"; return 1; }
}
# The bond's counters never go back, whoever leaves.
counters() {
	local index files=(tx_packets rx_packets tx_bytes rx_bytes)
	for index in "${!files[@]}"; do
		slurp "$NET/bond0/statistics/${files[index]}"
		((TEXT >= ${COUNTERS[index]:-0})) || { wrong "${files[index]} fell from ${COUNTERS[index]} to $TEXT"; return 1; }
		COUNTERS[index]=$TEXT
	done
}
is_free() {
	nic_state "$1"
	[[ $STATE == "$2" ]] || { wrong "was $2, is $STATE"; return 1; }
}
once() {
	join moves && slaves_are 'stays moves' && counters || return
	if ((cycle % 10 == 0)); then
		leave stays && slaves_are moves && is_free stays "$STAYS" || return
		leave moves && slaves_are '' && is_free moves "$BEFORE" || return
		join stays && slaves_are stays && counters
	else
		leave moves && slaves_are stays && is_free moves "$BEFORE" && counters
	fi
}

COUNTERS=() WRONG='' cycle=0
for m in "${!MODES[@]}"; do
	[[ -z $WRONG ]] || break
	slurp "$B/slaves"
	[[ -z $TEXT ]] || echo -stays >"$B/slaves"
	link_down bond0
	set_opt bond0 mode "${MODES[m]}" || wrong "mode"
	set_opt bond0 miimon $((m % 2 * 20))
	echo +stays >"$B/slaves"
	link_up bond0
	sent=${COUNTERS[0]:-0} received=${COUNTERS[1]:-0}
	while ((cycle < CYCLES * (m + 1) / ${#MODES[@]})); do
		cycle=$((cycle + 1))
		once || break 2
	done
	until_so 'counters && ((COUNTERS[0] > sent + 10 && COUNTERS[1] > received + 10))' 10 ||
		wrong "sent $((COUNTERS[0] - sent)), received $((COUNTERS[1] - received))"
	note "${MODES[m]}: sent $((COUNTERS[0] - sent)), received $((COUNTERS[1] - received))"
done
is "$CYCLES times joined and left, with traffic" "${WRONG:-$cycle}" "$CYCLES"
stop_background
for reader in proc sysfs netlink; do
	holds "$reader was read meanwhile" "[[ -s $WORK/rounds.$reader ]]"
	is "$reader showed nothing odd" "$(cat "$WORK/odd.$reader" 2>/dev/null)" ""
done
echo -stays >"$B/slaves"
is "no slaves left" "$(<"$B/slaves")" ""
is "no carrier without slaves" "$(<$NET/bond0/carrier)" 0
finish
