#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The ARP monitor: who counts as alive for each arp_validate value when hosts answer, others
# answer, nobody answers but there is traffic, or nobody at all; a path that dies without loss
# of carrier; arp_missed_max, arp_all_targets; how often is asked, and with which VLAN tags;
# balance-xor; errors of the options.
# vm: --kernel debug --smp 2 --timeout 400
# shellcheck disable=SC2317 # what is called by expressions that becomes evaluates
. "$(dirname "$0")/lib.sh"
need_cmds jq python3

RULES=(none active backup all filter filter_active filter_backup)
INTERVAL=400

data() { ip -d -j link show "$1" | jq -r ".[0].linkinfo.info_data$2"; }

# What a slave's files say, in $TEXT, without a process.
mii() { slurp "$NET/$1/bonding_slave/mii_status"; }
failures() { slurp "$NET/$1/bonding_slave/link_failure_count"; }

# order WORDS…: to the hosts; returns when it is carried out.
order() {
	local before
	mapfile -t before <"$WORK/record"
	echo "$*" >"$WORK/orders"
	until_so "has_line ${#before[@]} '- $*'" 10
}
has_line() {
	local lines
	mapfile -t -s "$1" lines <"$WORK/record"
	[[ " ${lines[*]/#/|} " == *"|$2"* ]]
}

# asked FROM FAR [PATTERN]: questions on record since line FROM.
asked() { tail -n "+$(($1 + 1))" "$WORK/record" | grep -c "^[0-9]* $2 ${3:-}"; }
mark() { wc -l <"$WORK/record"; }

# refused NAME REGEX COMMAND…: it fails, with a message like that.
refused() {
	local name=$1 regex=$2 output
	shift 2
	if output=$("$@" 2>&1); then fail "$name" "not refused"; else like "$name" "$output" "$regex"; fi
}

# intervals N: waits so long.
intervals() { nap "$(printf '%d.%03d' $((INTERVAL * $1 / 1000)) $((INTERVAL * $1 % 1000)))"; }

load max_bonds=0

# --- options
mk_bond sysfs bond0 active-backup
writes "arp_interval" "$(opt bond0 arp_interval)" 250
is "reads back" "$(get bond0 arp_interval)" 250
writes "miimon" "$(opt bond0 miimon)" 100
is "ends it" "$(get bond0 arp_interval)" 0
writes "arp_interval again" "$(opt bond0 arp_interval)" 250
is "ends miimon" "$(get bond0 miimon)" 0
writes "a negative interval" "$(opt bond0 arp_interval)" -1 EINVAL
for rule in "${RULES[@]}"; do
	writes "arp_validate $rule" "$(opt bond0 arp_validate)" "$rule"
done
is "reads as word and number" "$(get bond0 arp_validate)" "filter_backup 6"
writes "arp_validate 7" "$(opt bond0 arp_validate)" 7 EINVAL
writes "arp_all_targets" "$(opt bond0 arp_all_targets)" all
is "reads as word and number" "$(get bond0 arp_all_targets)" "all 1"
writes "arp_missed_max" "$(opt bond0 arp_missed_max)" 5
writes "arp_missed_max 0" "$(opt bond0 arp_missed_max)" 0 EINVAL
writes "arp_missed_max 256" "$(opt bond0 arp_missed_max)" 256 EINVAL
is "keeps the last that was allowed" "$(get bond0 arp_missed_max)" 5
is "no targets" "$(get bond0 arp_ip_target)" ""
log_mark
for case in '+0.0.0.0 EINVAL' '+255.255.255.255 EINVAL' '+10.0.0 EPERM' '10.0.0.1 EPERM' '+10.0.0.256 EPERM' \
	'+10.0.0.1 ok' '+10.0.0.1 EINVAL' '-10.0.0.2 EINVAL' '+10.0.0.2 ok' '+10.0.0.3 ok' '-10.0.0.1 ok'; do
	writes "arp_ip_target ${case% *}" "$(opt bond0 arp_ip_target)" "${case% *}" "${case#* }"
done
is "targets move up" "$(get bond0 arp_ip_target)" "10.0.0.2 10.0.0.3"
logged "an address of no host" 'bond0: invalid ARP target 0\.0\.0\.0 specified for addition'
logged "and the option's own line" 'bond0: option arp_ip_target: invalid value \(\+0\.0\.0\.0\)'
logged "no address" 'bond0: invalid ARP target specified'
logged "no sign" 'bond0: no command found in arp_ip_targets file - use \+<addr> or -<addr>'
logged "twice" 'bond0: ARP target 10\.0\.0\.1 is already present'
logged "none of them" 'bond0: unable to remove nonexistent ARP target 10\.0\.0\.2'
for n in {4..17}; do set_opt bond0 arp_ip_target "+10.0.0.$n"; done
writes "a seventeenth" "$(opt bond0 arp_ip_target)" +10.0.0.18 EINVAL
logged "the table is full" 'bond0: ARP target table is full!'
like "/proc has them" "$(</proc/net/bonding/bond0)" $'ARP Polling Interval \(ms\): 250\nARP Missed Max: 5\nARP IP target/s \(n\.n\.n\.n form\): 10\.0\.0\.2, 10\.0\.0\.3, .*10\.0\.0\.17\nNS IPv6 target/s \(xx::xx form\):'
is "netlink, too" "$(data bond0 '.arp_ip_target | length') $(data bond0 '| [.arp_interval, .arp_validate, .arp_all_targets, .arp_missed_max] | map(tostring) | join(" ")')" \
	"16 250 filter_backup all 5"
ok "the list is replaced by netlink" ip link set bond0 type bond arp_ip_target 10.1.0.1,10.1.0.2
is "as told" "$(get bond0 arp_ip_target)" "10.1.0.1 10.1.0.2"
refused "a bad one in a list" 'invalid option value' ip link set bond0 type bond arp_ip_target 10.1.0.7,255.255.255.255
is "those before it stay" "$(get bond0 arp_ip_target)" "10.1.0.7"
log_mark
writes "the last target goes" "$(opt bond0 arp_ip_target)" -10.1.0.7
logged "with a warning" 'bond0: Removing last arp target with arp_interval on'
refused "both monitors in one message" 'ARP monitoring cannot be used with MII monitoring' \
	ip link set bond0 type bond miimon 100 arp_interval 100
is "the first in order is set" "$(get bond0 miimon) $(get bond0 arp_interval)" "100 0"
refused "a rule with the other monitor" 'ARP validating cannot be used with MII monitoring' \
	ip link set bond0 type bond miimon 100 arp_validate all
set_opt bond0 mode balance-xor
is "another mode forgets the rule" "$(get bond0 arp_validate)" "none 0"
echo -bond0 >"$MASTERS"

# --- a bond for each rule, its slaves, and what lies behind them
COMMANDS=''
HOSTS=()
for n in {1..7}; do
	for slave in "a$n" "b$n"; do
		COMMANDS+="link add $slave type veth peer name far-$slave"$'\n'"link set far-$slave up"$'\n'
	done
	COMMANDS+="link add rule$n type bond mode active-backup arp_interval $INTERVAL arp_ip_target 10.9.$n.1 arp_validate ${RULES[n - 1]}"$'\n'
	COMMANDS+="link set a$n master rule$n"$'\n'"link set b$n master rule$n"$'\n'
	HOSTS+=("rule$n=far-a$n,far-b$n")
done
COMMANDS+=$'link add vlan4 type bond mode active-backup\nlink add xor0 type bond mode balance-xor\n'
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
ok "bonds and slaves are made" ip -batch - <<<"$COMMANDS"
mkfifo "$WORK/orders"
background "$HERE/arp_hosts.py" "$WORK/orders" "$WORK/record" "${HOSTS[@]}"
becomes "hosts are there" "grep -q '^- ready' $WORK/record"
COMMANDS=
for n in {1..7}; do
	COMMANDS+="link set rule$n up"$'\n'"addr add 10.9.$n.2/24 dev rule$n"$'\n'"link set rule$n type bond primary a$n"$'\n'
done
ok "and brought up" ip -batch - <<<"$COMMANDS"

# Whether all bonds have both slaves up, and the primary in use.
all_good() {
	local n
	for n in {1..7}; do
		slurp "$NET/rule$n/bonding/active_slave"
		[[ $TEXT == "a$n" ]] || return
		mii "a$n"
		[[ $TEXT == up ]] || return
		mii "b$n"
		[[ $TEXT == up ]] || return
	done
}
counts() {
	local n
	COUNTS=()
	for n in {1..7}; do
		failures "$1$n"
		COUNTS+=("$TEXT")
	done
}
# outcome NAME ORDER EXPECTED: which bonds' active slave fails (x) within 10 intervals of it, by rule.
# Where a busy machine was late once, a second look decides.
outcome() {
	look "$2" "$3"
	[[ $GOT == "$3" ]] || { note "first $GOT"; look "$2" "$3"; }
	is "$1 (${RULES[*]})" "$GOT" "$3"
}
look() {
	local counted n
	GOT=
	order good
	until_so all_good 20 || note "not all good: $(grep -H . $NET/rule*/bonding/active_slave)"
	counts a
	counted=("${COUNTS[@]}")
	order "$1"
	if [[ $2 == *x* ]]; then
		until_so "counts a; fails_as '$2' ${counted[*]}" 10
	fi
	intervals 8
	counts a
	for n in {0..6}; do
		if ((COUNTS[n] > counted[n])); then GOT+=x; else GOT+=-; fi
	done
}
fails_as() {
	local want=$1 n
	shift
	for n in {0..6}; do
		[[ ${want:n:1} == - ]] || ((COUNTS[n] > ${*:n+1:1})) || return
	done
}

becomes "hosts that answer: all slaves are up" all_good 20
#                                                      none active backup all filter f_act f_bak
outcome "hosts that answer" good -------
outcome "others that answer" other -x-x-x-
outcome "traffic, and no answer" noise -x-xxxx
outcome "nobody" silent xxxxxxx
order good
becomes "hosts answer again: all are well" all_good 20

# --- how often is asked
set_opt rule1 arp_missed_max 6
from=$(mark)
intervals 8
to=$(date +%s%3N)
read -r first last count < <(tail -n "+$((from + 1))" "$WORK/record" | awk -v to="$to" '$2 == "far-a1" && $1 <= to { if (!n++) first = $1; last = $1 } END { print first, last, n }')
between "no more is asked than that" "$(((last - first) / (count - 1)))" "$INTERVAL" $((INTERVAL * 2))
is "backups don't ask" "$(asked "$from" far-b1)" 0
is "from the bond's address, to the target" "$(tail -n "+$((from + 1))" "$WORK/record" | awk '$2 == "far-a1" { print $3, $4, $5 }' | sort -u)" "- 10.9.1.2 10.9.1.1"

# --- a path dies without loss of carrier
# cut_off: how many ms rule4 takes to leave a4, whose cable carries nothing any more.
cut_off() {
	local start
	order cut far-a4
	start=${EPOCHREALTIME/./}
	until_so "slurp $NET/rule4/bonding/active_slave; [[ \$TEXT == b4 ]]" 20
	TOOK=$(((${EPOCHREALTIME/./} - start) / 1000))
}
log_mark
cut_off
is "the other path is used" "$(active rule4)" b4
note "failover without loss of carrier after $TOOK ms, arp_interval $INTERVAL"
between "in time" "$TOOK" $((INTERVAL)) $((INTERVAL * 5 + 2000))
logged "the log says so" 'rule4: \(slave a4\): link status definitely down, disabling slave'
logged "and which is used" 'rule4: \(slave b4\): making interface the new active one'
mii a4
is "it is down" "$TEXT" down
is "it has its carrier" "$(<$NET/a4/carrier)" 1
order mend far-a4
becomes "mended, the primary is used again" "[[ \$(active rule4) == a4 ]]" 20
logged "the log says so, too" 'rule4: \(slave a4\): link status definitely up'

# neither path: one after the other asks
order cut far-a4
order cut far-b4
becomes "no path: no active slave" "slurp $NET/rule4/bonding/active_slave; [[ -z \$TEXT ]]" 20
is "no carrier" "$(<$NET/rule4/carrier)" 0
mii a4
states=$TEXT
becomes "slaves take turns" "mii a4; [[ \$TEXT != '$states' ]]" 10
order mend far-b4
becomes "the one that hears is found" "slurp $NET/rule4/bonding/active_slave; [[ \$TEXT == b4 ]]" 20
log_mark
set_opt rule4 arp_interval $((INTERVAL + 10))
from=$(mark)
becomes "a new interval" "[[ \$(asked $from far-b4) -gt 2 ]]" 20
holds "is no reason for a silent slave to be up" "! log_since | grep -q 'slave a4): link status definitely up'"
set_opt rule4 arp_interval "$INTERVAL"
order mend far-a4
becomes "and the primary, when it hears" "slurp $NET/rule4/bonding/active_slave; [[ \$TEXT == a4 ]]" 20

# --- arp_missed_max
set_opt rule4 arp_missed_max 6
cut_off
note "with arp_missed_max 6 after $TOOK ms"
between "arp_missed_max 6 waits longer" "$TOOK" $((INTERVAL * 5)) $((INTERVAL * 9 + 3000))
order mend far-a4

# --- two targets
set_opt rule4 arp_ip_target +10.9.4.7
becomes "well" "slurp $NET/rule4/bonding/active_slave; [[ \$TEXT == a4 ]]" 20
from=$(mark)
order mute 10.9.4.7
becomes "both are asked" "[[ \$(asked $from far-a4 '.* 10.9.4.7 not') -gt 1 && \$(asked $from far-a4 '.* 10.9.4.1 answered') -gt 1 ]]" 10
failures a4
failed=$TEXT
intervals 10
failures a4
is "any: one is enough" "$TEXT" "$failed"
set_opt rule4 arp_all_targets all
set_opt rule4 arp_missed_max 2
becomes "all: one that is silent is too many" "failures a4; ((TEXT > failed))" 10
order mute -
becomes "both answer: up again" "slurp $NET/rule4/bonding/active_slave; [[ \$TEXT == a4 ]]" 20

# --- VLANs
COMMANDS="link add link rule3 name rule3.100 type vlan id 100
link add link rule3.100 name inner type vlan id 200
link set rule3.100 up
link set inner up
addr flush dev rule3
addr add 10.9.3.2/24 dev inner"
ok "VLANs on a bond" ip -batch - <<<"$COMMANDS"
from=$(mark)
becomes "questions carry both tags, from the address above" "[[ \$(asked $from far-a3 '100.200 10.9.3.2 10.9.3.1') -gt 1 ]]" 20
set_opt rule3 arp_validate all
set_opt rule3 arp_missed_max 6
becomes "answers are judged" "slurp $NET/rule3/bonding/active_slave; [[ \$TEXT == a3 ]]" 20
failures a3
failed=$TEXT
intervals 10
failures a3
is "and found good" "$TEXT" "$failed"
# a way that doesn't lead through the bond: nothing is asked
ip addr add 10.9.3.9/24 dev lo
ip addr del 10.9.3.2/24 dev inner
ip route add 10.9.3.1/32 dev lo
from=$(mark)
intervals 4
is "a target elsewhere isn't asked for" "$(asked "$from" far-a3)" 0
ip addr del 10.9.3.9/24 dev lo

# --- IPv6
groups() { grep -c " $1 .*3333ff000001$" /proc/net/dev_mcast; }
stays() {
	failures "$1"
	failed=$TEXT
	intervals 10
	failures "$1"
	((TEXT == failed))
}
for dev in rule5 inner; do echo 0 >"/proc/sys/net/ipv6/conf/$dev/disable_ipv6"; done
COMMANDS="addr add 2001:db8:5::2/64 dev rule5 nodad
addr add 2001:db8:3::2/64 dev inner nodad
link set rule5 type bond arp_validate none"
ok "addresses" ip -batch - <<<"$COMMANDS"
refused "a group is no target" 'invalid option value' ip link set rule5 type bond ns_ip6_target ff02::1
ok "ns_ip6_target" ip link set rule5 type bond ns_ip6_target 2001:db8:5::1
is "netlink has it" "$(data rule5 '.ns_ip6_target[0]')" 2001:db8:5::1
like "/proc, too" "$(</proc/net/bonding/rule5)" $'NS IPv6 target/s \\(xx::xx form\\): 2001:db8:5::1\n'
set_opt rule5 arp_ip_target -10.9.5.1
set_opt rule5 arp_missed_max 6
is "without arp_validate nobody listens to questions" "$(groups a5) $(groups b5)" "0 0"
from=$(mark)
becomes "the active slave asks" "[[ \$(asked $from far-a5 '- 2001:db8:5::2 2001:db8:5::1 answered') -gt 1 ]]" 20
set_opt rule5 arp_validate all
becomes "the backup listens to them" '[[ $(groups a5) == 0 && $(groups b5) == 1 ]]' 10
becomes "the primary is in use" "slurp $NET/rule5/bonding/active_slave; [[ \$TEXT == a5 ]]" 20
holds "answers keep the active slave up" "stays a5"
holds "and questions the backup" "stays b5"
set_opt rule5 arp_missed_max 2
order cut far-a5
becomes "a dead path is left" "slurp $NET/rule5/bonding/active_slave; [[ \$TEXT == b5 ]]" 20
becomes "the other listens now" '[[ $(groups a5) == 1 && $(groups b5) == 0 ]]' 10
order mend far-a5
becomes "and taken again" "slurp $NET/rule5/bonding/active_slave; [[ \$TEXT == a5 ]]" 20
ok "a slave leaves" ip link set b5 nomaster
is "and listens no more" "$(groups b5)" 0
from=$(mark)
ok "a target behind two VLANs" ip link set rule3 type bond ns_ip6_target 2001:db8:3::1
if [[ $DRIVER == c ]]; then
	skip "questions carry both tags" "the C driver's are broken"
else
	becomes "questions carry both tags" "[[ \$(asked $from far-a3 '100.200 2001:db8:3::2 2001:db8:3::1') -gt 1 ]]" 20
fi

# --- balance-xor: all ask
COMMANDS="link set a1 nomaster
link set b1 nomaster
addr flush dev rule1
link set xor0 type bond arp_interval $INTERVAL arp_ip_target 10.9.1.1 arp_validate all
link set a1 master xor0
link set b1 master xor0
link set xor0 up
addr add 10.9.1.2/24 dev xor0"
ok "another mode" ip -batch - <<<"$COMMANDS"
both_up() { mii a1; [[ $TEXT == up ]] && mii b1 && [[ $TEXT == up ]]; }
becomes "both slaves are up" both_up 20
from=$(mark)
becomes "both ask" "[[ \$(asked $from far-a1) -gt 2 && \$(asked $from far-b1) -gt 2 ]]" 20
log_mark
order cut far-b1
becomes "a dead path is found" "mii b1; [[ \$TEXT == down ]]" 20
logged "the log says so" 'xor0: \(slave b1\): interface is now down'
is "the bond keeps its carrier" "$(<$NET/xor0/carrier)" 1
order mend far-b1
becomes "and used again when it is mended" "mii b1; [[ \$TEXT == up ]]" 20
logged "the log says so, too" 'xor0: \(slave b1\): (interface is now up|link status definitely up)'
order silent
becomes "nobody answers: no carrier" "[[ \$(<$NET/xor0/carrier) == 0 ]]" 20
order good
becomes "one answers: carrier" "[[ \$(<$NET/xor0/carrier) == 1 ]]" 20
echo quit >"$WORK/orders"

# --- module parameters
for bond in $(<"$MASTERS"); do echo "-$bond" >"$MASTERS"; done
log_mark
load max_bonds=1 mode=1 arp_interval=200 arp_ip_target=10.0.0.1,10.0.0.2 arp_validate=all arp_all_targets=all
is "module parameters" "$(get bond0 arp_interval) $(get bond0 arp_ip_target) $(get bond0 arp_validate) $(get bond0 arp_all_targets)" \
	"200 10.0.0.1 10.0.0.2 all 3 all 1"
logged "are told of" 'ARP monitoring set to 200 ms, validate all, with 2 target\(s\): 10\.0\.0\.1 10\.0\.0\.2'
expect_errno "arp_validate without arp_interval" EINVAL bash -c 'modprobe -r bonding; modprobe bonding arp_validate=all'
load max_bonds=1 mode=1 arp_interval=200 arp_ip_target=10.0.0.1,nonsense
is "a bad target turns it off" "$(get bond0 arp_interval) $(get bond0 arp_ip_target)" "0 10.0.0.1"
finish
