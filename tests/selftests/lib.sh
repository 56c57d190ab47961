# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# Helpers of the guest tests. A test sources this file, calls ok/is/like/… once
# per fact, and ends with `finish`. Output is TAP with the plan at the end.
# Documentation/testing.md tells how to write and run one.

set -uo pipefail
export LC_ALL=C

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck disable=SC2034 # for the tests
DRIVER=${BONDING_DRIVER:-c}
WORK=$(mktemp -d /tmp/selftest.XXXXXX)
NET=/sys/class/net
MASTERS=$NET/bonding_masters
FRAMES=$HERE/../../tools/guest/frames.py

# How much slower things may be than on bare metal. Under emulation with every
# check on, a process takes a second to start; no limit below may depend on that.
case ${KERNEL:-} in
debug) SLOW=6 ;;
*) SLOW=3 ;;
esac

# ---------------------------------------------------------------- TAP

COUNT=0 FAILURES=0 FINISHED=0

pass() { COUNT=$((COUNT + 1)); echo "ok $COUNT - $1"; }

# fail NAME [DIAGNOSTIC…]
fail() {
	local line
	COUNT=$((COUNT + 1)) FAILURES=$((FAILURES + 1))
	echo "not ok $COUNT - $1"
	shift
	for line in "$@"; do sed 's/^/#   /' <<<"$line"; done
}

skip() { COUNT=$((COUNT + 1)); echo "ok $COUNT - $1 # SKIP $2"; }
note() { sed 's/^/# /' <<<"$*"; }

# ok NAME COMMAND…: the command succeeds.
ok() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1); then pass "$name"; else fail "$name" "failed: $*" "$output"; fi
}

# holds NAME EXPRESSION: a shell expression is true.
holds() {
	if eval "$2"; then pass "$1"; else fail "$1" "not so: $2"; fi
}

# is NAME GOT WANTED
is() {
	if [[ $2 == "$3" ]]; then pass "$1"; else fail "$1" "wanted: $3" "got:    $2"; fi
}

# like NAME GOT REGEX
like() {
	if [[ $2 =~ $3 ]]; then pass "$1"; else fail "$1" "wanted: /$3/" "got:    $2"; fi
}

# unlike NAME GOT REGEX
unlike() {
	if [[ $2 =~ $3 ]]; then fail "$1" "unwanted: /$3/" "got:    $2"; else pass "$1"; fi
}

# between NAME VALUE LOW HIGH: whole numbers, bounds included.
between() {
	if (($2 >= $3 && $2 <= $4)); then pass "$1 ($2)"; else fail "$1" "wanted: $3 to $4" "got:    $2"; fi
}

# same NAME BEFORE AFTER: two texts are equal; shows the difference.
same() {
	if [[ $2 == "$3" ]]; then pass "$1"; else fail "$1" "$(diff -u <(echo "$2") <(echo "$3") | tail -n +3)"; fi
}

# Skips what is left if a command is missing.
need_cmds() {
	local cmd
	for cmd; do
		command -v "$cmd" >/dev/null || skip_all "no $cmd"
	done
}

skip_all() {
	FINISHED=1
	echo "1..0 # SKIP $1"
	exit 4
}

# The end of every test: tidy up, the module must unload, the plan.
finish() {
	tear_down
	if grep -q '^bonding ' /proc/modules; then
		ok "the module unloads" modprobe -r bonding
	fi
	[[ -z $PEER_FD || -e $WORK/peer.gone ]] || ok "the second guest's module unloads" peer modprobe -r bonding
	FINISHED=1
	echo "1..$COUNT"
	((FAILURES == 0))
	exit
}

# Runs for every way out, `set -u` included.
at_exit() {
	local status=$?
	trap - EXIT
	if ((!FINISHED)); then
		echo "Bail out! the test broke off with status $status"
		tear_down
		((status)) || status=1
	fi
	rm -rf "$WORK"
	exit "$status"
}
trap at_exit EXIT
trap 'exit 130' INT TERM

# ---------------------------------------------------------------- waiting and errors

# wait_for EXPRESSION SECONDS: polls a shell expression. Never sleep blindly.
wait_for() {
	local end=$((${EPOCHREALTIME/./} + $2 * 1000000 * SLOW))
	until eval "$1" 2>/dev/null; do
		((${EPOCHREALTIME/./} < end)) || return 1
		sleep 0.02
	done
}

# becomes NAME EXPRESSION [SECONDS]: the expression turns true in time.
becomes() {
	if wait_for "$2" "${3:-10}"; then pass "$1"; else fail "$1" "never so: $2"; fi
}

# Milliseconds since the epoch.
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

errno_name() {
	case $1 in
	*'Operation not permitted'*) echo EPERM ;;
	*'No such file or directory'*) echo ENOENT ;;
	*'Cannot allocate memory'*) echo ENOMEM ;;
	*'Permission denied'*) echo EACCES ;;
	*'Device or resource busy'*) echo EBUSY ;;
	*'File exists'*) echo EEXIST ;;
	*'No such device'*) echo ENODEV ;;
	*'Invalid argument'*) echo EINVAL ;;
	*'Numerical result out of range'*) echo ERANGE ;;
	*'Too many links'*) echo EMLINK ;;
	*'Directory not empty'*) echo ENOTEMPTY ;;
	*'Operation not supported'*) echo EOPNOTSUPP ;;
	*'Cannot assign requested address'*) echo EADDRNOTAVAIL ;;
	*'Network is down'*) echo ENETDOWN ;;
	*'Bad address'*) echo EFAULT ;;
	*'No space left on device'*) echo ENOSPC ;;
	*) echo "unknown: $1" ;;
	esac
}

# try_write FILE TEXT: sets ERRNO to 'ok' or the name of the error.
try_write() {
	local error
	if error=$({ printf '%b' "$2" >"$1"; } 2>&1); then ERRNO=ok; else ERRNO=$(errno_name "$error"); fi
}

# write NAME FILE TEXT [ERRNO]: writing ends like that ('ok' unless told).
writes() {
	try_write "$2" "$3"
	is "$1" "$ERRNO" "${4:-ok}"
}

# expect_errno NAME ERRNO COMMAND…: by the text of the error message.
expect_errno() {
	local name=$1 want=$2 output
	shift 2
	if output=$("$@" 2>&1); then
		is "$name" ok "$want"
	else
		is "$name" "$(errno_name "$output")" "$want"
	fi
}

# ---------------------------------------------------------------- the kernel's log

log_mark() { LOG_LINES=$(dmesg | wc -l); }
log_since() { dmesg | tail -n "+$((LOG_LINES + 1))"; }

# logged NAME REGEX: since the last log_mark.
logged() {
	local log
	log=$(log_since)
	if grep -Eq -- "$2" <<<"$log"; then pass "$1"; else fail "$1" "no line like: $2" "$log"; fi
}

# ---------------------------------------------------------------- bonds and slaves

# load [PARAMETER…]: Debian's systemd sets max_bonds=0 by default; here one must
# ask for it, as on every other distribution.
load() {
	modprobe -r bonding 2>/dev/null
	modprobe bonding "$@"
}
unmask_max_bonds() {
	mkdir -p /etc/modprobe.d
	: >/etc/modprobe.d/systemd.conf
}
unmask_max_bonds

opt() { echo "$NET/$1/bonding/$2"; }

# get BOND OPTION; set_opt BOND OPTION VALUE
get() { echo "$(<"$NET/$1/bonding/$2")"; }
set_opt() { echo "$3" >"$NET/$1/bonding/$2"; }

# mk_bond sysfs|netlink NAME MODE [OPTION VALUE]…: a new bond, down.
mk_bond() {
	local channel=$1 name=$2 mode=$3
	shift 3
	case $channel in
	sysfs)
		echo "+$name" >"$MASTERS" || return
		set_opt "$name" mode "$mode" || return
		while (($# >= 2)); do
			set_opt "$name" "$1" "$2" || return
			shift 2
		done
		;;
	netlink) ip link add "$name" type bond mode "$mode" "$@" ;;
	*) return 2 ;;
	esac
}

# enslave sysfs|netlink BOND DEVICE…: what the kernel wants down is set down.
enslave() {
	local channel=$1 bond=$2 dev
	shift 2
	for dev; do
		ip link set "$dev" down
		case $channel in
		sysfs) echo "+$dev" >"$(opt "$bond" slaves)" || return ;;
		netlink) ip link set "$dev" master "$bond" || return ;;
		esac
	done
}

active() { get "$1" active_slave 2>/dev/null; }

# ---------------------------------------------------------------- 802.3ad

# In TEXT: the state of a slave's port.
port() { slurp "$NET/$1/bonding_slave/ad_actor_oper_port_state"; }

# carry DEVICE…: all of these slaves collect and distribute; idle: none of them does.
carry() {
	local dev
	for dev; do
		port "$dev"
		((TEXT != 0 && (TEXT & 0x30) == 0x30)) || return 1
	done
}
idle() {
	local dev
	for dev; do
		port "$dev"
		(((TEXT & 0x30) == 0)) || return 1
	done
}

# Notes the LACPDUs of these devices until the test ends, in $WORK/pdus.
pdus_start() {
	background "$HERE/lacp_pdus.py" "$WORK/pdus" "$@"
	wait_for "[[ -e $WORK/pdus.ready ]]" 15
}

# pdus_mark: what happens next is what left_after is about.
pdus_mark() { PDUS=$(wc -l <"$WORK/pdus"); }

# left_after DEVICE: milliseconds from the last LACPDU which the port heard to its first one
# since pdus_mark that said it no longer carries; -1 if none did.
left_after() {
	wait_for "[[ -n \$(left_gap $1) ]]" 5
	left_gap "$1" | grep . || echo -1
}
left_gap() {
	awk -v dev="$1" -v mark="$PDUS" '$2 != dev { next }
		$3 == "in" { heard = $1; next }
		NR > mark && $4 == "idle" { print int(($1 - heard) * 1000); exit }' "$WORK/pdus"
}

# ovs_start: ovsdb-server and ovs-vswitchd (VSWITCHD is its process), with a datapath of its own.
ovs_start() {
	local dir=/run/ovs
	export OVS_RUNDIR=$dir OVS_LOGDIR=$dir OVS_DBDIR=$dir OVS_SYSCONFDIR=$dir
	mkdir -p "$dir"
	ovsdb-tool create "$dir/conf.db" /usr/share/openvswitch/vswitch.ovsschema
	background ovsdb-server --remote="punix:$dir/db.sock" "$dir/conf.db" >"$dir/ovsdb.log" 2>&1
	wait_for "[[ -S $dir/db.sock ]]" 30
	ovs-vsctl --no-wait init
	background ovs-vswitchd --disable-system --pidfile "unix:$dir/db.sock" >"$dir/vswitchd.log" 2>&1
	# shellcheck disable=SC2034 # for the tests
	VSWITCHD=${BACKGROUND[-1]}
	wait_for "[[ -s $dir/ovs-vswitchd.pid ]]" 30
}

# mk_veth NAME…: a pair each: NAME, to be a slave, and its far end far-NAME, up.
# The address tells the n-th pair: 02:aa:00:00:0n:01 and :02.
VETHS=0
mk_veth() {
	local dev n
	for dev; do
		VETHS=$((VETHS + 1))
		printf -v n %02x "$VETHS"
		ip link add "$dev" address "02:aa:00:00:$n:01" type veth \
			peer name "far-$dev" address "02:aa:00:00:$n:02" || return
		quiet "$dev" "far-$dev"
		ip link set "far-$dev" up
	done
}

# quiet DEVICE…: no IPv6 of its own, so that only the test's frames are about.
quiet() {
	local dev
	for dev; do
		[[ ! -e /proc/sys/net/ipv6/conf/$dev ]] || echo 1 >"/proc/sys/net/ipv6/conf/$dev/disable_ipv6"
	done
}

# A process costs a second in an emulated guest with every check on: what is asked
# often reads files with the shell's own means.

# slurp FILE: its words, in one line, in $TEXT.
slurp() {
	local lines
	TEXT=
	mapfile -t lines 2>/dev/null <"$1" || return 0
	TEXT=${lines[*]}
}

# What a slave must look like again once it is free: address, flags, MTU,
# promiscuity, address lists, features. Not what changes by itself.
snapshot_nic() {
	local dev=$1 link line name
	link=$(ip -d link show dev "$dev")
	[[ $link =~ promiscuity\ [0-9]+\ *(allmulti\ [0-9]+)? ]] && echo "${BASH_REMATCH[0]}"
	[[ $link =~ bond_slave ]] && echo "has slave data"
	for name in address flags mtu tx_queue_len; do
		slurp "$NET/$dev/$name"
		echo "$name $TEXT"
	done
	while read -r line; do
		[[ $line != *" $dev "* ]] || echo "mc ${line#*"$dev" }"
	done </proc/net/dev_mcast
	for name in "$NET/$dev"/{bonding_slave,master,upper_*,lower_*}; do
		[[ ! -e $name ]] || echo "$name"
	done
}

# That and what needs more processes: unicast addresses and features.
snapshot_nic_full() {
	snapshot_nic "$1"
	bridge fdb show dev "$1" | grep -v '^33:33\|^01:' | sort
	ethtool -k "$1" | grep -v '^Features'
}

# The same for a bond: its settings, its address, its slaves.
snapshot_bond() {
	local file
	snapshot_nic "$1"
	for file in "$NET/$1/addr_assign_type" "$NET/$1"/bonding/*; do
		slurp "$file"
		echo "${file##*/} $TEXT"
	done
}

# ---------------------------------------------------------------- frames

# Sends numbered frames of an own type; arguments as frames.py send.
send_frames() { "$FRAMES" send "$@"; }

# capture_start DEVICE…: notes the test's frames that reach these devices.
capture_start() {
	rm -f "$WORK/frames" "$WORK/frames.ready"
	"$FRAMES" capture "$WORK/frames" "$@" &
	CAPTURE=$!
	wait_for "[[ -e $WORK/frames.ready ]]" 15 || {
		echo "Bail out! nothing can be captured on $*"
		exit 1
	}
}

# Ends the capture; $WORK/frames then holds: time device type source destination sequence
capture_stop() {
	kill -TERM "$CAPTURE"
	wait "$CAPTURE"
	CAPTURE=
}
CAPTURE=

# captured DEVICE [AWK-CONDITION]: how many.
captured() { awk -v dev="$1" "\$2 == dev && (${2:-1})" "$WORK/frames" | wc -l; }

# ---------------------------------------------------------------- the second guest

# peer_start: for a test that tools/vm gave --peer. From then on `peer COMMAND…` has the shell
# of the second guest carry out a command, prints what that printed and returns its status.
# These helpers are there, too.
PEER_FD=
peer_start() {
	[[ -e /dev/virtio-ports/peer ]] || skip_all "no second guest"
	exec {PEER_FD}<>/dev/virtio-ports/peer
	peer ". $HERE/lib.sh; trap - EXIT"
}

peer() {
	local answer output
	# A file: mostly this is a subshell, whose variables are lost.
	[[ ! -e $WORK/peer.gone ]] || exit 1
	printf '%q\n' "$*" >&"$PEER_FD"
	if ! IFS= read -r -t $((60 * SLOW)) -u "$PEER_FD" answer; then
		echo "Bail out! the second guest does not answer: $*"
		: >"$WORK/peer.gone"
		exit 1
	fi
	eval "output=${answer#* }"
	[[ -z $output ]] || printf '%s\n' "$output"
	return "${answer%% *}"
}

# ---------------------------------------------------------------- tidying up

BACKGROUND=()

# background PROGRAM…: ended by stop_background, or by tear_down at the latest. (A
# function would be a shell whose children live on.)
background() {
	"$@" &
	BACKGROUND+=($!)
}

stop_background() {
	local pid
	for pid in "${BACKGROUND[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${BACKGROUND[@]}"; do wait "$pid" 2>/dev/null; done
	BACKGROUND=()
}

# Bonds, veths, dummies and namespaces of the test; NICs down. A guest is thrown
# away, but what can't be tidied up is a finding too.
tear_down() {
	local dev ns
	[[ -z $PEER_FD || -e $WORK/peer.gone ]] || peer tear_down
	[[ -z $CAPTURE ]] || { kill "$CAPTURE" 2>/dev/null; wait "$CAPTURE" 2>/dev/null; CAPTURE=; }
	stop_background
	if [[ -e $MASTERS ]]; then
		for dev in $(<"$MASTERS"); do echo "-$dev" >"$MASTERS"; done
	fi
	for dev in $(ip -br link show type veth | sed 's/[@ ].*//') $(ip -br link show type dummy | sed 's/[@ ].*//'); do
		ip link del "$dev" 2>/dev/null
	done
	# Last: a pair whose far end goes with its namespace must not be deleted meanwhile, which the kernel
	# doesn't bear (netdev_genl_dev_notify).
	for ns in $(ip netns list | awk '{ print $1 }'); do ip netns del "$ns"; done
	for dev in "$NET"/eth*; do
		[[ ! -e $dev ]] || ip link set "${dev##*/}" down
	done
}

# ---------------------------------------------------------------- without new processes
# Starting one costs a debug kernel under emulation a second; what is done hundreds
# of times is done by the shell itself, in files, or by one ip that is fed commands.

exec {NAP_FD}<> <(:)
nap() { read -rt "$1" -u "$NAP_FD" || true; }

# until_so EXPRESSION SECONDS: wait_for without a process.
until_so() {
	local end=$((${EPOCHREALTIME/./} + $2 * 1000000 * SLOW))
	until eval "$1" 2>/dev/null; do
		((${EPOCHREALTIME/./} < end)) || return 1
		nap 0.02
	done
}

# change_flags DEVICE SET CLEAR: IFF_UP is 1, IFF_PROMISC 0x100.
change_flags() {
	slurp "$NET/$1/flags"
	[[ -n $TEXT ]] && { echo $(((TEXT | $2) & ~$3)) >"$NET/$1/flags"; } 2>/dev/null
}
link_up() { change_flags "$1" 1 0; }
link_down() { change_flags "$1" 0 1; }

# reset_opts BOND OPTION VALUE…: options that want the bond down.
reset_opts() {
	local bond=$1
	shift
	link_down "$bond"
	while (($#)); do
		set_opt "$bond" "$1" "$2"
		shift 2
	done
	link_up "$bond"
}

# What restoring a NIC comes down to: address, MTU, flags, nobody's slave. In STATE.
nic_state() {
	local file
	STATE=$1
	for file in address mtu flags; do
		slurp "$NET/$1/$file"
		STATE+=" $TEXT"
	done
	[[ ! -e $NET/$1/master ]] || STATE+=" has a master"
	[[ ! -e $NET/$1/bonding_slave ]] || STATE+=" has bonding_slave"
}

# flood PAUSE DEVICE…: frames to everyone out of each, in the background. A device
# that is down or gone is tried again, by name; while the first is, all wait.
flood() {
	background python3 -ISc '
import socket, sys, time
pause, devices = float(sys.argv[1]), sys.argv[2:]
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
frame = b"\xff" * 6 + bytes.fromhex("02cc00000001") + b"\x88\xb5" + bytes(50)
while True:
    for number, device in enumerate(devices):
        try:
            sock.sendto(frame, (device, 0))
        except OSError:
            if number == 0:
                time.sleep(0.3)
                break
    else:
        time.sleep(pause)
' "$@"
}

# feed WORDS…: a command for one ip that stays; feed_done waits until all were done.
FED=0
feed() {
	[[ -n ${FEED_FD:-} ]] || exec {FEED_FD}> >(exec ip -force -batch - >/dev/null 2>&1)
	echo "$*" >&"$FEED_FD"
}
feed_done() {
	FED=$((FED + 1))
	feed link set lo alias "fed-$FED"
	until_so "slurp $NET/lo/ifalias; [[ \$TEXT == fed-$FED ]]" 30
}
