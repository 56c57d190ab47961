#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# All at once, for a while: options are written, slaves come and go, links flap, bonds
# go up and down and change MTU and address, bonds are made and deleted, everything
# is read, frames flow. Then a storm of link changes. Each time what is left must be
# true to the links: one active slave, the right carrier, all releasable.
# vm: --kernel debug --smp 2 --timeout 600
# shellcheck disable=SC2317 # called by name
. "$(dirname "$0")/lib.sh"

LASTING=${LASTING:-25} FLAPS=${FLAPS:-500}
B=$NET/ab/bonding

load max_bonds=0
mk_veth s0 s1 s2 r0 r1
ip link add d0 type dummy
echo +ab >$MASTERS
set_opt ab mode active-backup
set_opt ab miimon 20
echo +rr >$MASTERS
set_opt rr miimon 30
link_up ab
link_up rr
for slave in s0 s1 s2; do echo "+$slave" >"$B/slaves"; done
for slave in r0 r1; do echo "+$slave" >"$NET/rr/bonding/slaves"; done
is "slaves" "$(<"$B/slaves") $(<$NET/rr/bonding/slaves)" "s0 s1 s2 r0 r1"

# A worker repeats a function, counts how often, and how often a write was accepted.
work() {
	local n=0
	accepted=0
	while :; do
		"$1"
		n=$((n + 1))
		echo "$n $accepted" >>"$WORK/work.$1"
	done
}
# Refusals are fine here: the others make them likely.
put() { { printf '%s\n' "$2" >"$NET/$1"; } 2>/dev/null && accepted=$((accepted + 1)); }
pick() { PICKED=${*:RANDOM % $# + 1:1}; }

options_ab() {
	pick 0 10 20 100; put ab/bonding/miimon "$PICKED"
	pick s0 s1 s2 none ''; put ab/bonding/primary "$PICKED"
	pick s0 s1 s2 ''; put ab/bonding/active_slave "$PICKED"
	pick always better failure; put ab/bonding/primary_reselect "$PICKED"
	pick 0 1; put ab/bonding/all_slaves_active "$PICKED"
	pick 0 40 100; put ab/bonding/updelay "$PICKED"
	pick 0 40 100; put ab/bonding/downdelay "$PICKED"
	pick 0 1 5; put ab/bonding/num_grat_arp "$PICKED"
}
options_rr() {
	pick 0 1 2 64; put rr/bonding/packets_per_slave "$PICKED"
	pick 0 1 20; put rr/bonding/resend_igmp "$PICKED"
	pick 0 30; put rr/bonding/miimon "$PICKED"
	pick r0:1 r1:2 r0:0 r1:0; put rr/bonding/queue_id "$PICKED"
}
slaves_ab() {
	put ab/bonding/slaves -s2
	put ab/bonding/slaves +s2
	put ab/bonding/slaves +d0
	put ab/bonding/slaves -d0
}
# The mode can change only while the bond is down and empty.
slaves_rr() {
	put rr/bonding/slaves -r0
	put rr/bonding/slaves -r1
	link_down rr
	pick 0 2 3; put rr/bonding/mode "$PICKED"
	put rr/bonding/slaves +r1
	link_up rr
	put rr/bonding/slaves +r0
}
carriers() {
	pick far-s0 far-s1 far-s2 far-r0 far-r1
	link_down "$PICKED"
	pick 0.001 0.01 0.05; nap "$PICKED"
	for PICKED in far-s0 far-s1 far-s2 far-r0 far-r1; do link_up "$PICKED"; done
}
up_down() {
	pick ab ab rr
	link_down "$PICKED"
	put ab/mtu 1400
	link_up "$PICKED"
	put ab/mtu 1500
	change_flags ab 0x100 0
	change_flags ab 0 0x100
	nap 0.1
}
addresses() {
	printf -v PICKED '02:dd:00:00:00:%02x' $((RANDOM % 256))
	feed link set ab address "$PICKED"
	feed link set rr address "$PICKED"
	feed link set r0 address "$PICKED"
	feed link add link ab name vlan9 type vlan id 9
	feed link del vlan9
	feed_done
}
masters() {
	put bonding_masters +extra
	put extra/bonding/mode active-backup
	put bonding_masters -extra
}
readers() {
	local file lines
	for file in /proc/net/bonding/* "$NET"/{ab,rr,extra}/bonding/* "$NET"/s?/bonding_slave/* "$NET"/ab/statistics/* "$MASTERS"; do
		mapfile -t lines <"$file"
	done 2>/dev/null
}
netlink_readers() {
	local n
	for ((n = 0; n < 3; n++)); do
		echo "link show type bond"
		echo "link show master ab"
	done | ip -d -s -force -batch - >/dev/null 2>&1
}
WORKERS=(options_ab options_rr slaves_ab slaves_rr carriers up_down addresses masters readers netlink_readers)

# all_links up|down: the far ends of ab's slaves.
all_links() {
	local slave
	for slave in s0 s1 s2; do "link_$1" "far-$slave"; done
}
# The slaves whose role is active, those with carrier, in words.
roles() {
	local slave
	ACTIVE=() LINKED=()
	slurp "$B/slaves"
	for slave in $TEXT; do
		slurp "$NET/$slave/bonding_slave/state"
		[[ $TEXT != active ]] || ACTIVE+=("$slave")
		slurp "$NET/$slave/bonding_slave/mii_status"
		[[ $TEXT != up ]] || LINKED+=("$slave")
	done
}
settled() {
	roles
	slurp "$B/active_slave"
	[[ "${ACTIVE[*]}" == "$TEXT" && "${LINKED[*]}" == "$1" && " $1 " == *" $TEXT "* ]] || return
	slurp "$NET/ab/carrier"
	[[ -n $1 && $TEXT == 1 || -z $1 && $TEXT == 0 ]]
}
# agrees NAME SLAVES: in the end exactly these have a link, one of them is active and
# no other, and the bond has a carrier if there are any.
agrees() {
	if until_so "settled '$2'" 10; then
		pass "$1"
	else
		roles
		fail "$1" "active: ${ACTIVE[*]} (active_slave: $(<"$B/active_slave"))" \
			"with a link: ${LINKED[*]}, wanted: $2" "carrier: $(<$NET/ab/carrier)" "$(</proc/net/bonding/ab)"
	fi
}

agrees "before" "s0 s1 s2"
flood 0.002 ab rr far-s0 far-s1 far-r0 far-r1
for worker in "${WORKERS[@]}"; do background work "$worker"; done
started=$SECONDS
until_so "((SECONDS >= started + LASTING)) && [[ -s $WORK/work.netlink_readers && -s $WORK/work.masters && -s $WORK/work.addresses ]]" 120
stop_background
note "$((SECONDS - started)) seconds"
for worker in "${WORKERS[@]}"; do
	read -r rounds accepted < <(tail -n 1 "$WORK/work.$worker") || rounds=0 accepted=0
	note "$worker: $rounds rounds, $accepted writes accepted"
	holds "$worker was at it" "((rounds > 0))"
	case $worker in options_* | slaves_* | masters) holds "$worker was listened to" "((accepted > 0))" ;; esac
done

# --- what is left works
link_up ab
link_up rr
for slave in s0 s1 s2; do [[ -e $NET/$slave/bonding_slave ]] || echo "+$slave" >"$B/slaves"; done
[[ ! -e $NET/d0/bonding_slave ]] || echo -d0 >"$B/slaves"
for setting in miimon=20 updelay=0 downdelay=0 primary= all_slaves_active=0; do
	set_opt ab "${setting%=*}" "${setting#*=}"
done
all_links up
slurp "$B/slaves"
read -ra order <<<"$TEXT"
is "all three are slaves" "$(printf '%s\n' "${order[@]}" | sort | tr '\n' ' ')" "s0 s1 s2 "
agrees "one active slave" "${order[*]}"
slurp "$NET/ab/address"
address=$TEXT
for slave in s0 s1 s2; do
	slurp "$NET/$slave/address"
	is "$slave has the bond's address" "$TEXT" "$address"
done
all_links down
agrees "all links down" ""
link_up far-s1
agrees "one link up" s1

# --- a storm of link changes, two at a time; the last change counts
all_links up
agrees "calm before the storm" "${order[*]}"
slurp "$NET/s0/bonding_slave/link_failure_count"
failures=$TEXT
storm() {
	local n
	for ((n = 0; n < FLAPS; n++)); do
		link_down "$1"
		link_up "$1"
	done
	echo "$n" >"$WORK/storm.$1"
}
storm far-s0 &
storms=($!)
storm far-s1 &
storms+=($!)
wait "${storms[@]}"
is "$((FLAPS * 2)) flaps" "$(cat "$WORK/storm.far-s0" "$WORK/storm.far-s1" | tr '\n' ' ')" "$FLAPS $FLAPS "
agrees "all up at the end of the storm" "${order[*]}"
link_down far-s2
link_down far-s0
agrees "the one that is left is active" s1
link_down far-s1
link_up far-s0
agrees "then the other" s0
slurp "$NET/s0/bonding_slave/link_failure_count"
between "failures were counted, none twice" $((TEXT - failures)) 1 $((FLAPS + 1))

for slave in "${order[@]}"; do echo "-$slave" >"$B/slaves"; done
is "all released" "$(<"$B/slaves")" ""
for n in 0 1 2; do
	is "s$n has its address again" "$(<"$NET/s$n/address")" "02:aa:00:00:0$((n + 1)):01"
	is "and its MTU" "$(<"$NET/s$n/mtu")" 1500
done
finish
