#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# netconsole over a bond: the kernel's log reaches the far end in every mode, by the
# active slave, after failovers, over a VLAN, and while slaves come and go and log it
# themselves. A slave that can't do netpoll is refused, with the slave's own netconsole
# ended; a bond that has such a slave can't have netconsole.
# vm: --kernel debug --smp 2 --nics 2:e1000,virtio-net-pci --timeout 500
. "$(dirname "$0")/lib.sh"
need_cmds python3

TARGET=/sys/kernel/config/netconsole/t1
SEEN=$WORK/seen

cat >"$WORK/listen" <<'EOP'
import select, socket, struct, sys
ready, devices = sys.argv[1], sys.argv[2:]
socks = {}
for device in devices:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((device, 3))
    socks[sock] = device
open(ready, "w").close()
while True:
    for sock in select.select(list(socks), [], [])[0]:
        try:
            data, address = sock.recvfrom(4000)
        except OSError:
            continue
        if data[12:14] == b"\x81\x00":
            data = data[:12] + data[16:]
        if address[2] != 4 and data[12:14] == b"\x08\x00" and data[23] == 17:
            if data[36:38] == struct.pack("!H", 6666):
                text = data[42:].split(b"\n")[0].decode("ascii", "replace")
                print(socks[sock], text, flush=True)
EOP

say() { echo "<4>$1" >/dev/kmsg; }
# seen TEXT: on which far ends, in order
seen() { grep -- " $1\$" "$SEEN" | cut -d' ' -f1 | sort | tr '\n' ' '; }
# delivers NAME TEXT FAR…: the text is seen there, and nowhere else
delivers() {
	local name=$1 text=$2
	shift 2
	say "$text"
	wait_for "[[ \$(seen '$text') == '$* ' ]]" 10
	is "$name" "$(seen "$text")" "$* "
}
# console DEVICE: netconsole by that device; sets ERRNO
console() {
	try_write "$TARGET/dev_name" "$1"
	try_write "$TARGET/enabled" 1
}
# Or else it would come back with the next device of that name.
console_off() { try_write "$TARGET/enabled" 0; }
enabled() { echo "$(<"$TARGET/enabled")"; }

load max_bonds=0
quiet eth0 eth1 far0 far1
ip link set far0 up
ip link set far1 up
modprobe netconsole 2>/dev/null
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
mkdir "$TARGET" || skip_all "no netconsole"
echo 0 >"$TARGET/extended" 2>/dev/null
echo 10.9.0.1 >"$TARGET/local_ip"
echo 10.9.0.2 >"$TARGET/remote_ip"
echo 8 >/proc/sys/kernel/printk
background python3 -IS "$WORK/listen" "$WORK/ready" far0 far1 >"$SEEN"
wait_for '[[ -e $WORK/ready ]]' 20

mk_bond sysfs bond0 active-backup miimon 100
enslave sysfs bond0 eth0 eth1
ip link set bond0 up
quiet bond0
becomes "the links come up" '[[ $(cat $NET/eth?/bonding_slave/mii_status | sort -u) == up ]]' 20
# Whichever had its link first is active.
writes "eth0 is made the active slave" "$(opt bond0 active_slave)" eth0

console bond0
is "netconsole over the bond can be had" "$ERRNO $(enabled)" "ok 1"
delivers "a message goes by the active slave" np-first far0
set_opt bond0 active_slave eth1
delivers "after a failover by the other" np-second far1
ip link set eth1 down
becomes "without its active slave the bond takes the next" '[[ $(active bond0) == eth0 ]]'
delivers "which sends the messages" np-third far0
ip link set eth1 up
like "the driver's own messages get there" "$(<"$SEEN")" \
	'bond0: \(slave eth[01]\): making interface the new active one'

# Slaves come and go while everything is logged.
background bash -c 'while :; do echo "<4>np-noise" >/dev/kmsg; sleep 0.05; done'
noise() { grep -c np-noise "$SEEN"; }
before=$(noise)
for ((turn = 0; turn < 5; turn++)); do
	echo -eth1 >"$(opt bond0 slaves)"
	echo +eth1 >"$(opt bond0 slaves)"
	wait_for '[[ $(<$NET/eth1/bonding_slave/mii_status) == up ]]' 20
	set_opt bond0 active_slave eth1
	echo -eth0 >"$(opt bond0 slaves)"
	echo +eth0 >"$(opt bond0 slaves)"
	wait_for '[[ $(<$NET/eth0/bonding_slave/mii_status) == up ]]' 20
	set_opt bond0 active_slave eth0
done
stop=$(noise)
becomes "messages went on meanwhile" '(($(noise) > before + 10))'
kill "${BACKGROUND[-1]}"
note "$((stop - before)) messages during $turn turns"
becomes "a message gets through afterwards" \
	'say np-after; [[ $(seen np-after) == "far0 "* ]]'

# Who can't be polled
ip link add v0 type veth peer name v1
log_mark
try_write "$(opt bond0 slaves)" +v0
is "a slave without netpoll is refused" "$ERRNO" EBUSY
logged "and the log says why" \
	'bond0: \(slave v0\): master_dev is using netpoll, but new slave device does not support netpoll'
is "it is as before" "$(nic_state v0; echo "$STATE")" "v0 $(<$NET/v0/address) 1500 0x1002"
console_off
ok "without netconsole it is taken" enslave sysfs bond0 v0
console bond0
is "netconsole then can't be had" "$(enabled)" 0
echo -v0 >"$(opt bond0 slaves)"
console bond0
is "without that slave it can" "$(enabled)" 1
set_opt bond0 active_slave eth0
delivers "and works" np-again far0
console_off
console eth0
is "a slave itself can't have it" "$(enabled)" 0

# Over a VLAN, and by stacked bonds
# the far ends filter tags, so they need that VLAN, too
for far in far0 far1; do
	ip link add "v-$far" link "$far" type vlan id 7
	ip link set "v-$far" up
done
ip link add vlan7 link bond0 type vlan id 7
ip link set vlan7 up
console vlan7
is "netconsole over a VLAN on the bond" "$(enabled)" 1
say np-vlan
becomes "delivers" 'grep -q "^far[01] .* np-vlan$" "$SEEN"'
ip link del vlan7
ip link del v-far0
ip link del v-far1
is "a deleted device ends it" "$(enabled)" 0
console_off
mk_bond sysfs bond1 active-backup miimon 100
enslave sysfs bond1 bond0
ip link set bond1 up
console bond1
is "a bond over a bond" "$(enabled)" 1
becomes "with carrier" '[[ $(active bond1) == bond0 ]]'
delivers "delivers" np-stacked far0
echo -bond0 >"$(opt bond1 slaves)"
becomes "the last slave's release ends it" '[[ $(enabled) == 0 ]]'
console_off
echo -bond1 >$MASTERS
echo -bond0 >$MASTERS

for mode in balance-rr balance-xor broadcast; do
	mk_bond sysfs bond0 $mode miimon 100
	enslave sysfs bond0 eth0 eth1
	ip link set bond0 up
	quiet bond0
	wait_for '[[ $(cat $NET/eth?/bonding_slave/mii_status | sort -u) == up ]]' 20
	console bond0
	case $mode in
	balance-rr)
		# What else the kernel says takes turns, too.
		for ((n = 0; n < 10; n++)); do say np-rr; done
		becomes "$mode: messages go by both" '[[ $(seen np-rr | wc -w) == 10 && $(seen np-rr) == *far0*far1* ]]'
		;;
	balance-xor)
		say np-xor
		becomes "$mode: a message goes by one" '[[ $(seen np-xor) =~ ^far[01]\ $ ]]'
		;;
	broadcast) delivers "$mode: a message goes by all" np-all far0 far1 ;;
	esac
	echo -bond0 >$MASTERS
	is "$mode: the bond's end ends it" "$(enabled)" 0
	console_off
done

# A device that has netconsole becomes a slave
ip link set eth0 up
console eth0
is "netconsole over eth0" "$(enabled)" 1
mk_bond sysfs bond0 active-backup miimon 100
ip link set eth0 down
echo +eth0 >"$(opt bond0 slaves)"
is "enslaving eth0 ends it" "$(enabled)" 0
rmdir "$TARGET"
echo 4 >/proc/sys/kernel/printk
finish
