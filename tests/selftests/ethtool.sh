#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What ethtool and programs that want time stamps are told of a bond, over e1000 (eth0),
# virtio-net (eth1), e1000e (eth2), veth and netdevsim: driver, link, speed and duplex of the slaves that
# can send in each mode, time stamping of the active slave or of all.
# vm: --kernel debug --smp 2 --nics 3:e1000,virtio-net-pci,e1000e --timeout 400
. "$(dirname "$0")/lib.sh"
need_cmds ethtool jq

# settings BOND: speed and duplex, once by ethtool and once by sysfs
settings() {
	local text
	text=$(ethtool "$1")
	[[ $text =~ Speed:\ ([^$'\n']*) ]] && echo -n "${BASH_REMATCH[1]} "
	[[ $text =~ Duplex:\ ([^$'\n']*) ]] && echo -n "${BASH_REMATCH[1]} "
	[[ $text =~ Port:\ ([^$'\n']*) ]] && echo -n "${BASH_REMATCH[1]} "
	slurp "$NET/$1/speed"
	echo -n "$TEXT "
	slurp "$NET/$1/duplex"
	echo "$TEXT"
}
# shellcheck disable=SC2317 # called by expressions
mii() { slurp "$NET/$1/bonding_slave/mii_status"; echo "$TEXT"; }

# stamps DEVICE: what of it can be stamped how, by which clock
stamps() { ethtool -T "$1" | sed 1d; }
# does DEVICE stamp what it sends by software? yes or no
soft_transmit() { if [[ $(stamps "$1") == *SOF_TIMESTAMPING_TX_SOFTWARE* ]]; then echo yes; else echo no; fi; }

# hwtstamp get|set DEVICE [FLAGS]: by the ioctl; the result's errno or flags, transmit and
# receive kinds
hwtstamp() {
	python3 -ISc '
import ctypes, errno, fcntl, socket, struct, sys
what, dev = sys.argv[1:3]
flags = int(sys.argv[3]) if len(sys.argv) > 3 else 0
config = ctypes.create_string_buffer(struct.pack("<3i", flags, 1, 1))
request = struct.pack("<16sQ16x", dev.encode(), ctypes.addressof(config))
try:
    fcntl.ioctl(socket.socket(), {"get": 0x89B1, "set": 0x89B0}[what], request)
    print(*struct.unpack_from("<3i", config))
except OSError as error:
    print("EOPNOTSUPP" if error.errno == errno.EOPNOTSUPP else errno.errorcode[error.errno])
' "$@"
}

load max_bonds=0
mk_veth s1 s2
modprobe netdevsim 2>/dev/null
echo "1 1" >/sys/bus/netdevsim/new_device
wait_for '[[ -n $(ls /sys/bus/netdevsim/devices/netdevsim1/net 2>/dev/null) ]]' 10
SIM=$(ls /sys/bus/netdevsim/devices/netdevsim1/net)
ip link set far0 up
ip link set far1 up
ip link set far2 up
ethtool -s eth1 speed 100 duplex full
ethtool -s s2 speed 2500 duplex full 2>/dev/null

# --- without slaves, and driver
mk_bond sysfs bond0 active-backup miimon 100
like "driver" "$(ethtool -i bond0)" $'^driver: bonding\n.*firmware-version: 2\n'
like "no link" "$(ethtool bond0)" 'Link detected: no'
is "speed of nothing" "$(settings bond0)" "Unknown! Unknown! (255) Other  "
like "stamps of nothing" "$(stamps bond0)" 'SOF_TIMESTAMPING_RX_SOFTWARE'
is "and none of what is sent" "$(soft_transmit bond0)" no
is "hwtstamp get without slaves" "$(hwtstamp get bond0)" EOPNOTSUPP
is "hwtstamp set without slaves" "$(hwtstamp set bond0 1)" EOPNOTSUPP

# --- active-backup: that of the active slave
ip link set bond0 up
enslave sysfs bond0 eth0 eth1
becomes "both links are up" '[[ $(mii eth0)$(mii eth1) == upup ]]' 20
like "link" "$(ethtool bond0)" 'Link detected: yes'
set_opt bond0 active_slave eth0
is "speed of e1000" "$(settings bond0)" "1000Mb/s Full Other 1000 full"
set_opt bond0 active_slave eth1
is "speed of virtio-net" "$(settings bond0)" "100Mb/s Full Other 100 full"
ethtool -s eth1 speed 200 duplex half
is "asked anew" "$(settings bond0)" "200Mb/s Half Other 200 half"
is "and remembered" "$(awk '/Slave Interface: eth1/ { at = 1 } at && /^(Speed|Duplex)/ { print $2 }' /proc/net/bonding/bond0 | tr '\n' ' ')" "200 half "
ethtool -s eth1 speed 100 duplex full
for dev in eth0 eth1; do
	set_opt bond0 active_slave $dev
	is "stamps as $dev does" "$(stamps bond0)" "$(stamps $dev)"
done
is "hwtstamp get where the slave has none" "$(hwtstamp get bond0)" EOPNOTSUPP
is "hwtstamp set where the slave has none" "$(hwtstamp set bond0 1)" EOPNOTSUPP

# --- netdevsim has a clock, e1000e stamps by it
enslave sysfs bond0 "$SIM" eth2
becomes "both are up" '[[ $(mii "$SIM")$(mii eth2) == upup ]]' 20
set_opt bond0 active_slave "$SIM"
is "stamps as netdevsim does" "$(stamps bond0)" "$(stamps "$SIM")"
set_opt bond0 active_slave eth2
is "stamps as e1000e does" "$(stamps bond0)" "$(stamps eth2)"
is "hwtstamp get: that of the slave, marked" "$(hwtstamp get eth2) $(hwtstamp get bond0)" "0 0 0 1 0 0"
is "hwtstamp set without the mark" "$(hwtstamp set bond0 0)" EOPNOTSUPP
is "and nothing was set" "$(hwtstamp get eth2)" "0 0 0"
is "hwtstamp set with the mark" "$(hwtstamp set bond0 1)" "1 1 1"
is "the slave has it" "$(hwtstamp get eth2) $(hwtstamp get bond0)" "1 1 1 1 1 1"
is "flags that nobody knows" "$(hwtstamp set bond0 3)" EINVAL
for dev in eth0 eth1 eth2 "$SIM"; do echo "-$dev" >"$(opt bond0 slaves)"; done
ip link set bond0 down

# --- modes in which all send: the sum, or the least
for mode in balance-rr balance-xor broadcast; do
	set_opt bond0 mode "$mode"
	set_opt bond0 miimon 100
	ip link set bond0 up
	enslave sysfs bond0 eth0 eth1
	becomes "$mode: both links are up" '[[ $(mii eth0)$(mii eth1) == upup ]]' 20
	sum=1100
	[[ $mode != broadcast ]] || sum=100
	is "$mode: speed" "$(settings bond0)" "${sum}Mb/s Full Other $sum full"
	cable pull eth1
	becomes "$mode: one is down" '[[ $(mii eth1) == down ]]'
	is "$mode: speed of what is left" "$(settings bond0)" "1000Mb/s Full Other 1000 full"
	is "$mode: hwtstamp get" "$(hwtstamp get bond0)" EOPNOTSUPP
	cable plug eth1
	becomes "$mode: up again" '[[ $(mii eth1) == up ]]'
	echo -eth0 >"$(opt bond0 slaves)"
	echo -eth1 >"$(opt bond0 slaves)"
	ip link set bond0 down
done

# --- software stamps: if all slaves have them
set_opt bond0 mode balance-rr
ip link set bond0 up
enslave sysfs bond0 s1 s2
is "software stamps of two" "$(soft_transmit s1)$(soft_transmit s2)$(soft_transmit bond0)" yesyesyes
mk_bond sysfs bond1 balance-rr miimon 100
enslave sysfs bond0 bond1
is "one of three has none" "$(soft_transmit bond1)$(soft_transmit bond0)" nono
echo -bond1 >"$(opt bond0 slaves)"
is "of two again" "$(soft_transmit bond0)" yes
echo -s1 >"$(opt bond0 slaves)"
echo -s2 >"$(opt bond0 slaves)"

# --- a bond above a bond, and a VLAN above that
enslave sysfs bond1 eth0 eth1
ip link set bond1 up
enslave sysfs bond0 bond1
ip link add link bond0 name vlan5 type vlan id 5
ip link set bond0 up
ip link set vlan5 up
becomes "a bond above a bond: link" '[[ $(<$NET/bond0/carrier)$(mii bond1) == 1up ]]' 20
becomes "speed" '[[ $(settings bond0) == "1100Mb/s Full Other 1100 full" ]]'
becomes "speed of the VLAN" '[[ $(<$NET/vlan5/speed) == 1100 ]]'
echo 1 >/sys/bus/netdevsim/del_device
finish
