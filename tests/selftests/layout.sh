#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Code outside that has inlined <net/bonding.h> and <net/lag.h> (a module, tests/layout)
# sees in struct bonding and struct slave what sysfs says: at rest, across failovers,
# changes of mode and releases, while it reads all the time; and is told by which slave a
# frame would leave (netdev_get_xmit_slave).
# vm: --kernel debug --smp 2 --timeout 400 --module tests/layout
. "$(dirname "$0")/lib.sh"

LAYOUT=/sys/kernel/debug/bonding_layout
ok "the module loads" insmod /usr/local/lib/lab/bonding_layout.ko

# expected: the lines that the module should show, by sysfs. In WANT.
expected() {
	local bond dev mode active slaves link backup inactive
	WANT=
	for bond in $(<$MASTERS); do
		slurp "$NET/$bond/bonding/mode" && mode=${TEXT#* }
		slurp "$NET/$bond/bonding/active_slave" && active=${TEXT:-none}
		slurp "$NET/$bond/bonding/slaves" && slaves=$TEXT
		# shellcheck disable=SC2086 # words
		set -- $slaves
		WANT+="bond $bond $mode $# $active"$'\n'
		for dev; do
			slurp "$NET/$dev/bonding_slave/mii_status"
			case $TEXT in up) link=0 ;; 'going down') link=1 ;; down) link=2 ;; *) link=3 ;; esac
			slurp "$NET/$dev/bonding_slave/state"
			backup=0
			[[ $TEXT == active ]] || backup=1
			slurp "$NET/$bond/bonding/all_slaves_active"
			inactive=$((backup && ${TEXT##* } == 0))
			WANT+="slave $dev $bond $link $backup $inactive $((!backup)) $((!backup))"$'\n'
		done
	done
	WANT=$(sort <<<"${WANT%$'\n'}")
}

# would_leave NAME BOND SLAVE [SLAVE]: by one in use, and by one of all.
would_leave() {
	like "$1: a frame would leave by $3" "$(<$LAYOUT/xmit)" "(^|"$'\n'")xmit $2 ($3) (${4:-$3})("$'\n'"|$)"
}

shown() { sort "$LAYOUT/rtnl"; }

# agrees NAME [LINE…]: both say the same, and these lines are among it.
agrees() {
	local name=$1 line
	shift
	expected
	same "$name" "$WANT" "$(shown)"
	for line; do
		holds "$name: $line" "grep -qx '$line' $LAYOUT/rtnl"
	done
}
link_is() { becomes "$1 is $2" "slurp $NET/$1/bonding_slave/mii_status; [[ \$TEXT == $2 ]]"; }
# The debug kernel lets go of directories late, and until then the C driver can't enslave again.
s1_is_free() { until_so "[[ ! -e $NET/s1/bonding_slave ]]" 20; }

load max_bonds=0
mk_veth s1 s2 s3
mk_bond sysfs bond0 active-backup miimon 100
mk_bond sysfs bond1 balance-rr miimon 100
ip link set bond0 up
ip link set bond1 up
agrees "without slaves" "bond bond0 1 0 none" "bond bond1 0 0 none"
would_leave "without slaves" bond0 none

# --- who reads under RCU alone goes on to the end
# shellcheck disable=SC2016 # expands there
background bash -c 'while :; do while read -r line; do n=$((n + 1)); done <"$1"; echo $n >"$2"; done' - \
	"$LAYOUT/rcu" "$WORK/lines"
becomes "the reader reads" '[[ $(<$WORK/lines) -gt 10 ]]' 20

enslave sysfs bond0 s1 s2 s3
for dev in s1 s2 s3; do link_is $dev up; done
agrees "three slaves" "bond bond0 1 3 s1" "slave s1 bond0 0 0 0 1 1" "slave s2 bond0 0 1 1 0 0"
set_opt bond0 all_slaves_active 1
agrees "all_slaves_active" "slave s2 bond0 0 1 0 0 0"
set_opt bond0 all_slaves_active 0
agrees "and off" "slave s2 bond0 0 1 1 0 0"

# --- failovers
set_opt bond0 active_slave s3
agrees "active_slave s3" "bond bond0 1 3 s3" "slave s3 bond0 0 0 0 1 1" "slave s1 bond0 0 1 1 0 0"
would_leave "active-backup" bond0 s3
ip link set far-s3 down
link_is s3 down
agrees "s3 is down" "bond bond0 1 3 s1" "slave s3 bond0 2 1 1 0 0"
ip link set far-s3 up
link_is s3 up
set_opt bond0 downdelay 60000
ip link set far-s1 down
link_is s1 "'going down'"
agrees "s1 is going down" "slave s1 bond0 1 0 0 1 1"
ip link set far-s1 up
link_is s1 up
set_opt bond0 downdelay 0
for dev in far-s1 far-s2 far-s3; do link_down $dev; done
becomes "nobody is active" '[[ $(active bond0) == "" ]]'
for dev in s1 s2 s3; do link_is $dev down; done
agrees "all are down" "bond bond0 1 3 none"
would_leave "all are down" bond0 none
for dev in far-s1 far-s2 far-s3; do link_up $dev; done
for dev in s1 s2 s3; do link_is $dev up; done
agrees "all are up again"

# --- releases, and another bond, mode and time
echo -s1 >"$(opt bond0 slaves)"
agrees "one left bond0"
s1_is_free
enslave sysfs bond1 s1
link_is s1 up
agrees "and joined bond1" "bond bond1 0 1 none" "slave s1 bond1 0 0 0 1 1"
for mode in balance-xor broadcast active-backup balance-rr; do
	echo -s1 >"$(opt bond1 slaves)"
	ip link set bond1 down
	set_opt bond1 mode $mode
	set_opt bond1 miimon 100
	ip link set bond1 up
	s1_is_free
	enslave sysfs bond1 s1
	link_is s1 up
	agrees "bond1 in mode $mode"
	case $mode in
	broadcast) would_leave $mode bond1 none ;;
	*) would_leave $mode bond1 s1 ;;
	esac
done

# --- and all of it at a time, with the readers
for ((n = 0; n < 15; n++)); do
	set_opt bond0 active_slave s$((2 + n % 2)) 2>/dev/null
	link_down far-s$((2 + n % 2))
	echo -s1 >"$(opt bond1 slaves)"
	link_down s1
	link_down bond1
	set_opt bond1 mode $((n % 4))
	set_opt bond1 miimon 100
	link_up bond1
	s1_is_free
	echo +s1 >"$(opt bond1 slaves)"
	link_up far-s$((2 + n % 2))
done
for dev in s1 s2 s3; do link_is $dev up; done
agrees "after all of it"
before=$(<"$WORK/lines")
becomes "the reader has never stopped" "[[ \$(<$WORK/lines) -gt ${before:-0} ]]"
echo -bond0 >"$MASTERS"
agrees "bond0 is gone"
stop_background
ok "the module unloads" rmmod bonding_layout
finish
