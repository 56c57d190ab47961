#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# IPsec that a slave's hardware does (netdevsim): the bond's security associations are
# with the active slave, all of them and nowhere else, after failovers, by choice and by
# loss, without an active slave, while they are deleted and made meanwhile, and after
# the bond's end; slaves that can't, and other modes, leave the work to the stack.
# vm: --kernel debug --smp 2 --timeout 700
. "$(dirname "$0")/lib.sh"

SIM=/sys/bus/netdevsim
SRC=192.168.123.3 DST=192.168.123.4
KEY=0x3132333435363738393031323334353664636261

[[ -w $SIM/new_device ]] || modprobe netdevsim 2>/dev/null
[[ -w $SIM/new_device ]] || skip_all "no netdevsim"
mountpoint -q /sys/kernel/debug || mount -t debugfs none /sys/kernel/debug

# state COMMAND SPI DIR: an association in that direction
state() {
	local from=$SRC to=$DST
	[[ $3 == out ]] || { from=$DST to=$SRC; }
	if [[ $1 == add ]]; then
		ip xfrm state add proto esp src $from dst $to spi "$2" mode transport reqid 42 \
			aead "rfc4106(gcm(aes))" $KEY 128 sel src $from/24 dst $to/24 offload dev bond0 dir "$3"
	else
		ip xfrm state del proto esp src $from dst $to spi "$2"
	fi
}
# held: how many associations either slave has
held() {
	local n text=
	for n in 0 1; do
		slurp "/sys/kernel/debug/netdevsim/netdevsim7/ports/$n/ipsec"
		[[ $TEXT =~ SA\ count=([0-9]+) ]] && text+="${BASH_REMATCH[1]} "
	done
	HELD=${text% }
}
sent() { grep -o 'tx=[0-9]*' "/sys/kernel/debug/netdevsim/netdevsim7/ports/$1/ipsec" | head -n 1; }
moved() { held; is "$1" "$HELD" "$2"; }
moves() { becomes "$1" "held; [[ \$HELD == '$2' ]]"; }

load max_bonds=0
# Far ends, on a second device: a port without one doesn't get its carrier back.
echo "7 2" >$SIM/new_device
echo "8 2" >$SIM/new_device
wait_for '(($(ls -d $SIM/devices/netdevsim[78]/net/* | wc -l) == 4))' 10
NICS=("$SIM"/devices/netdevsim7/net/*)
FAR=("$SIM"/devices/netdevsim8/net/*)
N0=${NICS[0]##*/} N1=${NICS[1]##*/}
exec {HERE_NS}</proc/self/ns/net
for n in 0 1; do
	ip link set "${FAR[n]##*/}" up
	quiet "${FAR[n]##*/}"
	echo "$HERE_NS:$(<"${NICS[n]}/ifindex") $HERE_NS:$(<"${FAR[n]}/ifindex")" >$SIM/link_device
done
quiet "$N0" "$N1"

mk_bond sysfs bond0 active-backup miimon 100
like "active-backup offers ESP" "$(ethtool -k bond0)" 'esp-hw-offload: on'
writes "other modes" "$(opt bond0 mode)" balance-rr
like "don't" "$(ethtool -k bond0)" 'esp-hw-offload: off'
writes "back" "$(opt bond0 mode)" active-backup
like "and on again" "$(ethtool -k bond0)" 'esp-hw-offload: on'

quiet bond0
ip addr add $SRC/24 dev bond0
ip link set bond0 up
like "without a slave no association is taken" "$(state add 9 out 2>&1)" \
	'Device failed to offload this state'
enslave sysfs bond0 "$N0" "$N1"
becomes "the first slave is active" '[[ $(active bond0) == "$N0" ]]'
ip neigh add $DST dev bond0 lladdr 00:11:22:33:44:55
ip xfrm policy add dir out src $SRC/24 dst $DST/24 \
	tmpl proto esp src $SRC dst $DST spi 9 mode transport reqid 42
ok "an association to send" state add 9 out
ok "and one to receive" state add 9 in
is "are shown as the bond's" "$(ip xfrm state list | grep -c 'crypto offload parameters: dev bond0 dir')" 2
moved "and are with the active slave" "2 0"
ping -I bond0 -c 3 -W 1 -i 0.2 $DST >/dev/null
is "which encrypts" "$(sent 0)" tx=3

set_opt bond0 active_slave "$N1"
moves "a failover moves them" "0 2"
ping -I bond0 -c 3 -W 1 -i 0.2 $DST >/dev/null
is "and the other encrypts" "$(sent 1)" tx=3
ip link set "$N1" down
moves "a loss moves them back" "2 0"
ok "one more" state add 10 out
moved "goes where the others are" "3 0"
ip link set "$N0" down
becomes "without an active slave" '[[ -z $(active bond0) ]]'
moves "nobody has them" "0 0"
ok "one can be deleted meanwhile" state del 10 out
ip link set "$N0" up
ip link set "$N1" up
moves "the others come back" "2 0"

# Made and deleted while the active slave changes
for first in 100 10000 20000; do
	background bash -c '
	for ((spi = $1; ; spi++)); do
		for what in add del; do
			if [[ $what == add ]]; then
				ip xfrm state add proto esp src '$SRC' dst '$DST' spi $spi mode transport reqid 42 \
					aead "rfc4106(gcm(aes))" '$KEY' 128 offload dev bond0 dir out
			else
				ip xfrm state del proto esp src '$SRC' dst '$DST' spi $spi
			fi
		done
	done' - "$first" 2>/dev/null
done
for ((turn = 0; turn < 100; turn++)); do
	set_opt bond0 active_slave "$N1"
	set_opt bond0 active_slave "$N0"
done
stop_background
for spi in $(ip xfrm state list | grep -o 'spi 0x[0-9a-f]*' | cut -d' ' -f2 | sort -u); do
	((spi < 100)) || state del $((spi)) out 2>/dev/null
done
moves "none is lost or left over under load" "2 0"
echo "-$N0" >"$(opt bond0 slaves)"
moves "a released slave gives them up" "0 2"
echo "+$N0" >"$(opt bond0 slaves)"

# A slave that can't
mk_veth s1
enslave sysfs bond0 s1
log_mark
set_opt bond0 active_slave s1
moves "a slave without it takes none" "0 0"
logged "which the log tells" 'bond0: \(slave s1\): bond_ipsec_add_sa_all: no slave xdo_dev_state_add'
is "the stack has them still" "$(ip xfrm state list | grep -c '^src')" 2
ok "and does the work of new ones itself" state add 11 out
is "so they aren't the bond's" "$(ip xfrm state list | grep -c 'crypto offload parameters: dev bond0 dir')" 2
set_opt bond0 active_slave "$N1"
moves "those that are go where they can" "0 2"

echo -bond0 >$MASTERS
moves "the bond's end takes them away" "0 0"
is "and its associations with it" "$(ip xfrm state list | grep -c 'offload')" 0
ip xfrm state flush
ip xfrm policy flush
exec {HERE_NS}<&-
echo 7 >$SIM/del_device
echo 8 >$SIM/del_device
finish
