#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A bond's history has each decision with its event and reason; counters of slaves are
# true; the file in debugfs follows its bond, and goes with it while somebody reads; and
# bondctl shows all that, or says what is missing.
# vm: --kernel debug --smp 2 --timeout 600
. "$(dirname "$0")/lib.sh"
need_cmds jq python3 setpriv

TOP_DIR=$HERE/../..
DEBUG=/sys/kernel/debug
NS=$(stat -Lc %i /proc/self/ns/net)
BONDCTL=$WORK/bondctl
cp "$TOP_DIR/tools/bondctl" "$BONDCTL" # where nobody may read it
chmod 755 "$WORK" "$BONDCTL"
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

load max_bonds=0
like "bondctl without bonds" "$("$BONDCTL" 2>&1)" '^bondctl: no bonds: ip link add [^'$'\n'']*$'
mk_veth s1 s2
# No poll comes before the event that is waited for.
mk_bond sysfs bond0 active-backup miimon 60000

if [[ $DRIVER == c ]]; then
	enslave sysfs bond0 s1 s2
	ip link set bond0 up
	becomes "a slave is active" '[[ $(active bond0) == s1 ]]'
	output=$("$BONDCTL" bond0 2>&1)
	like "the C driver: bondctl says what it is" "$output" 'is the C driver, which has no history'
	like "and shows the bond" "$output" $'\nbond0: active-backup, up, carrier, miimon 60000 ms, active s1\n  SLAVE .*\n  s1 +active +up +yes '
	expect=$("$BONDCTL" --json 2>/dev/null | jq -c '.[] | [.name, .active, .options.mode, .slaves[].role]')
	is "as JSON, too" "$expect" '["bond0","s1","active-backup","active","backup"]'
	output=$("$BONDCTL" history bond0 2>&1)
	is "no history: that is an error" "$?" 1
	like "in one line" "$output" '^bondctl: [^'$'\n'']* C driver[^'$'\n'']*$'
	finish
fi

# The directories there are.
dirs() {
	local dir
	for dir in "$DEBUG"/bonding/*; do [[ ! -e $dir ]] || echo "${dir##*/}"; done
}

# read_state BOND [NAMESPACE]: LINES, and of them the number of decisions ever made, TOTAL.
read_state() {
	local line
	TOTAL=
	mapfile -t LINES 2>/dev/null <"$DEBUG/bonding/$1@${2:-$NS}/state"
	for line in "${LINES[@]}"; do
		[[ ! $line =~ \"decisions_total\":\ ([0-9]+) ]] || TOTAL=${BASH_REMATCH[1]}
	done
}
mark() { read_state bond0; MARK=$TOTAL; }

# news BOND: what was decided since the mark, a line each, without time and quotes, in NEWS.
news() {
	local line kept=()
	read_state "$1"
	for line in "${LINES[@]}"; do
		[[ $line =~ ^\{\"time_ms\":\ [0-9]+,\ (.*)$ ]] || continue
		line=${BASH_REMATCH[1]//[\"\{\},\]]/}
		line=${line//event: /}
		kept+=("${line//what: /}")
	done
	NEWS=
	((TOTAL == MARK)) || printf -v NEWS '%s\n' "${kept[@]: -$((TOTAL - MARK))}"
	NEWS=${NEWS%$'\n'}
}

# decided NAME LINE…: just that since the mark; then marks again.
decided() {
	local name=$1
	shift
	news bond0
	is "$name" "$NEWS" "$(printf '%s\n' "$@")"
	MARK=$TOTAL
}

# watched NAME LINE…: the same, where event and poll may both come first: `seen: watch`.
watched() {
	local name=$1
	shift
	news bond0
	NEWS=${NEWS//seen: poll/seen: watch}
	NEWS=${NEWS//seen: carrier slave: s[12]/seen: watch}
	is "$name" "$NEWS" "$(printf '%s\n' "$@")"
	MARK=$TOTAL
}

# counter SLAVE NAME: in COUNTER.
counter() {
	local line
	COUNTER=
	for line in "${LINES[@]}"; do
		[[ ! $line =~ ^\{\"name\":\ \"$1\".*\"$2\":\ ([0-9]+) ]] || COUNTER=${BASH_REMATCH[1]}
	done
}

# --- the file
is "one bond, one directory" "$(dirs)" "bond0@$NS"
is "for root to read" "$(stat -c '%a %U' "$DEBUG/bonding/bond0@$NS/state")" "400 root"
MARK=0
decided "nothing was decided yet" ""

# --- events and reasons
enslave sysfs bond0 s1 s2
decided "enslaving" \
	"seen: enslave slave: s1 done: enslaved slave: s1 link: up why: null" \
	"seen: enslave slave: s1 done: active from: null from_link: null to: s1 why: only-up" \
	"seen: enslave slave: s1 done: carrier on: true why: slave-up" \
	"seen: enslave slave: s2 done: enslaved slave: s2 link: up why: null" \
	"seen: enslave slave: s2 done: kept active: s1 why: still-best"
ip link set bond0 up
decided "bringing it up" "seen: up done: running on: true why: null"

ip link set far-s1 down
becomes "the active slave loses its carrier" '[[ $(active bond0) == s2 ]]'
decided "and why it failed over" \
	"seen: carrier slave: s1 done: link slave: s1 from: up to: down why: carrier-lost" \
	"seen: carrier slave: s1 done: active from: s1 from_link: down to: s2 why: only-up"
like "bondctl says so" "$("$BONDCTL" bond0)" \
	$'\n  s1 +backup +down +no .*\n  [-0-9]+ [0-9:]+: carrier event of s1; active: s1 \(down\) -> s2: it is the only slave that is up$'

ip link set far-s1 up
becomes "it has carrier again" "[[ \$(<$NET/s1/bonding_slave/mii_status) == up ]]"
decided "the other stays" \
	"seen: carrier slave: s1 done: link slave: s1 from: down to: up why: carrier-found"

set_opt bond0 primary s1
decided "a primary is named" \
	"seen: option option: primary value: s1 done: active from: s2 from_link: up to: s1 why: primary-named"
set_opt bond0 primary_reselect failure
decided "which the policy keeps" \
	"seen: option option: primary_reselect value: failure done: kept active: s1 why: still-best"
ip link set far-s1 down
becomes "the primary loses its carrier" '[[ $(active bond0) == s2 ]]'
ip link set far-s1 up
becomes "and has it again" "[[ \$(<$NET/s1/bonding_slave/mii_status) == up ]]"
decided "primary_reselect=failure: the other stays" \
	"seen: carrier slave: s1 done: link slave: s1 from: up to: down why: carrier-lost" \
	"seen: carrier slave: s1 done: active from: s1 from_link: down to: s2 why: only-up" \
	"seen: carrier slave: s1 done: link slave: s1 from: down to: up why: carrier-found" \
	"seen: carrier slave: s1 done: kept active: s2 why: policy"
set_opt bond0 active_slave s1
decided "somebody asks for another" \
	"seen: option option: active_slave value: s1 done: active from: s2 from_link: up to: s1 why: asked"
set_opt bond0 primary_reselect always
set_opt bond0 primary ""
mark
ip link set s2 type bond_slave prio 5
decided "a slave gets a higher priority" \
	"seen: option slave: s2 option: prio value: 5 done: active from: s1 from_link: up to: s2 why: priority"
ip link set s2 down
decided "the active slave is closed" \
	"seen: closed slave: s2 done: link slave: s2 from: up to: down why: carrier-lost" \
	"seen: closed slave: s2 done: active from: s2 from_link: down to: s1 why: only-up"
ip link set s2 up
becomes "and opened" '[[ $(active bond0) == s2 ]]'
decided "it takes over again" \
	"seen: carrier slave: s2 done: link slave: s2 from: down to: up why: carrier-found" \
	"seen: carrier slave: s2 done: active from: s1 from_link: up to: s2 why: priority"

set_opt bond0 miimon 100
set_opt bond0 downdelay 300
mark
ip link set far-s2 down
becomes "a delayed failover" '[[ $(active bond0) == s1 ]]'
news bond0
like "the monitor's timer ends the delay" "$NEWS" 'seen: poll done: link slave: s2 from: going down to: down why: delay-over'
watched "the delay is over" \
	"seen: watch done: link slave: s2 from: up to: going down why: carrier-lost" \
	"seen: watch done: link slave: s2 from: going down to: down why: delay-over" \
	"seen: watch done: active from: s2 from_link: down to: s1 why: only-up"
set_opt bond0 downdelay 0
set_opt bond0 updelay 60000
mark
ip link set far-s1 down
becomes "no slave is up" "[[ \$(<$NET/bond0/carrier) == 0 ]]"
watched "the bond loses its carrier" \
	"seen: watch done: link slave: s1 from: up to: down why: carrier-lost" \
	"seen: watch done: active from: s1 from_link: down to: null why: none-up" \
	"seen: watch done: carrier on: false why: none-up"
ip link set far-s2 up
becomes "updelay is not waited for" '[[ $(active bond0) == s2 ]]'
watched "and why" \
	"seen: watch done: link slave: s2 from: down to: up why: delay-skipped" \
	"seen: watch done: active from: null from_link: null to: s2 why: only-up" \
	"seen: watch done: carrier on: true why: slave-up"
ip link set far-s1 up
becomes "the other waits" "[[ \$(<$NET/s1/bonding_slave/mii_status) == 'going back' ]]"
watched "as updelay has it" \
	"seen: watch done: link slave: s1 from: down to: going back why: carrier-found"
set_opt bond0 slaves -s2
decided "released, with the other waiting" \
	"seen: release slave: s2 done: active from: s2 from_link: up to: null why: released" \
	"seen: release slave: s2 done: released slave: s2 why: null" \
	"seen: release slave: s2 done: link slave: s1 from: going back to: up why: promoted" \
	"seen: release slave: s2 done: active from: null from_link: null to: s1 why: promoted"

# --- as JSON, and what it says of slaves
ok "it is JSON" jq -e . "$DEBUG/bonding/bond0@$NS/state"
made=$("$BONDCTL" history bond0 --json | jq '[.decisions[].done | select(.what == "active" and .to == "s1")] | length')
is "how often s1 was made active" "$(jq '.slaves[] | select(.name == "s1").failovers' "$DEBUG/bonding/bond0@$NS/state")" "$made"
between "which was often" "$made" 5 20
now=$(date +%s)
when=$("$BONDCTL" history bond0 --json | jq -r '.decisions[-1].time | sub("\\.[0-9]+"; "") | sub("\\+00:00"; "Z") | fromdateiso8601')
between "the last decision was not long ago, s" $((now - when)) 0 $((20 * SLOW))

# --- the latest 64
set_opt bond0 updelay 0
set_opt bond0 miimon 60000
enslave sysfs bond0 s2
for ((i = 0; i < 40; i++)); do
	set_opt bond0 active_slave s2
	set_opt bond0 active_slave s1
done
mark
is "64 decisions" "$(grep -c '"time_ms"' "$DEBUG/bonding/bond0@$NS/state")" 64
holds "of more" "((TOTAL > 100))"
MARK=$((TOTAL - 2))
decided "the latest" \
	"seen: option option: active_slave value: s2 done: active from: s1 from_link: up to: s2 why: asked" \
	"seen: option option: active_slave value: s1 done: active from: s2 from_link: up to: s1 why: asked"

ip link del s1
news bond0
like "a device that vanishes: it is closed" "$NEWS" \
	$'(^|\n)seen: (closed|carrier) slave: s1 done: active from: s1 from_link: down to: s2 why: only-up\n'
like "and released" "$NEWS" $'\nseen: gone slave: s1 done: released slave: s1 why: null$'
ip link set bond0 down
like "bringing it down" "$(news bond0; echo "$NEWS")" $'\nseen: down done: running on: false why: null$'

# --- names
ip link set bond0 name other
is "a renamed bond: so is its directory" "$(dirs)" "other@$NS"
like "and it says so" "$(<"$DEBUG/bonding/other@$NS/state")" '"name": "other"'
ip link set other name bond0

ip netns add a
inner=$(ip netns exec a stat -Lc %i /proc/self/ns/net)
ip netns exec a bash -c "echo +bond0 >$MASTERS"
is "the same name in another namespace" "$(dirs)" \
	"$(printf '%s\n' "bond0@$NS" "bond0@$inner" | sort)"
is "bondctl shows the one here" "$("$BONDCTL" --json | jq -c 'map(.netns)')" "[$NS]"
is "or both" "$("$BONDCTL" --json --all | jq -c 'map(.netns) | sort')" "$(jq -nc "[$NS, $inner] | sort")"
ip netns del a
becomes "the namespace ends: one is left" "[[ ! -e $DEBUG/bonding/bond0@$inner ]]" 20

# --- frames not given to a slave: its carrier is gone, and whoever tells of that waits for RTNL,
# which one process holds until all devices of a group are down
mk_veth s3 s4
mk_bond sysfs bond1 balance-rr miimon 60000
enslave sysfs bond1 s3 s4
ip link set bond1 up
for ((i = 0; i < 10; i++)); do
	echo "link add slow$i group 7 type dummy"
	echo "link set slow$i up"
done | ip -batch -
ip link set far-s3 group 7
flood 0.001 bond1
until_so "((\$(<$NET/s3/statistics/tx_packets) > 5))" 20
read_state bond1
counter s3 drops
is "no drops so far" "$COUNTER" 0
ip link set group 7 down
becomes "a slave loses its carrier" "[[ \$(<$NET/s3/operstate) == lowerlayerdown ]]"
stop_background
read_state bond1
counter s3 drops
between "frames it was not given" "$COUNTER" 1 100000
counter s4 drops
is "and the other was given all" "$COUNTER" 0
ip link del group 7

# --- read while the bond goes
exec {HELD}<"$DEBUG/bonding/bond1@$NS/state"
read -rN 10 text <&"$HELD"
is "the file is open" "$text" '{"version"'
ok "its bond is deleted" ip link del bond1
holds "the file is gone" "[[ ! -e $DEBUG/bonding/bond1@$NS ]]"
like "whoever has it open reads no more" "$(cat <&"$HELD" 2>&1)" 'Input/output error'
like "the module stays meanwhile" "$(rmmod bonding 2>&1)" 'in use'
exec {HELD}<&-

cat >"$WORK/reader" <<-'EOF'
	import glob
	while True:
	    for name in glob.glob("/sys/kernel/debug/bonding/*/state"):
	        try:
	            open(name).read()
	        except OSError:
	            pass
EOF
background python3 -IS "$WORK/reader"
for ((i = 0; i < 10; i++)); do
	echo "+bond2" >$MASTERS
	echo "+s4" >"$NET/bond2/bonding/slaves"
	echo "-bond2" >$MASTERS
done
stop_background
is "bonds come and go under a reader" "$(dirs)" "bond0@$NS"

# --- what is missing
like "bondctl: no such bond" "$("$BONDCTL" history nope 2>&1)" '^bondctl: no bond nope: there is bond0$'
output=$(nobody "$BONDCTL" 2>&1)
like "not root: says so" "$output" '^bondctl: counters and history are for root to read: use sudo'
like "and shows what it can" "$output" $'\nbond0: active-backup, down, '
output=$(nobody "$BONDCTL" history bond0 2>&1)
is "no history" "$?" 1
umount $DEBUG
like "no debugfs" "$("$BONDCTL" history bond0 2>&1)" '^bondctl: debugfs is not mounted: mount -t debugfs debugfs /sys/kernel/debug$'
mount -t debugfs debugfs $DEBUG
finish
