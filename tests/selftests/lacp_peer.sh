#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 802.3ad against the C driver in a second guest, over two cables: both ports aggregate in fast and
# slow rate, active and passive; a port without carrier is left at once, a silent one after three
# periods, on both sides; rates change, and a slave moves.
# vm: --kernel debug --smp 1 --nics 2:virtio-net-pci --peer c --timeout 500
# alone
. "$(dirname "$0")/lib.sh"
need_cmds cable ip
peer_start

# both_carry NAME
both_carry() { becomes "$1: all ports carry" "carry eth0 eth1 && peer carry far0 far1" 20; }

# Frames to two addresses, so that they may take different ports, as the hash has it.
SENT=0
frames_pass() {
	local mine="'\$6 >= $SENT && \$6 < $((SENT + 40))'"
	send_frames bond0 --count 40 --start "$SENT" --interval 0.01 --dst 02:bb:00:00:00:01,02:bb:00:00:00:02 >/dev/null
	wait_for '(($(peer captured bond0 "$mine") >= 40))' 5
	is "$1: frames arrive once" "$(peer captured bond0 "$mine")" 40
	SENT=$((SENT + 40))
}

load max_bonds=0
peer load max_bonds=0
mk_bond sysfs bond0 802.3ad miimon 100 lacp_rate fast
peer mk_bond sysfs bond0 802.3ad miimon 100 lacp_rate fast ad_user_port_key 5
quiet bond0 eth0 eth1
peer quiet bond0 far0 far1
enslave sysfs bond0 eth0 eth1
peer enslave sysfs bond0 far0 far1
pdus_start eth0 eth1
peer pdus_start far0 far1
peer capture_start bond0

# --- both ends active and fast
link_up bond0
peer link_up bond0
both_carry "active and fast"
is "one aggregator" "$(get bond0 ad_num_ports) $(peer get bond0 ad_num_ports)" "2 2"
is "its partner is the other bond" "$(get bond0 ad_partner_mac)" "$(peer "echo \$(<$NET/bond0/address)")"
is "and that one's is ours" "$(peer get bond0 ad_partner_mac)" "$(<$NET/bond0/address)"
is "its key is known" "$(get bond0 ad_partner_key)" "$(peer get bond0 ad_actor_key)"
is "and holds the user's" "$(($(get bond0 ad_partner_key) >> 6))" 5
frames_pass "two ports"

# --- a cable pulled at this end: the other hears nothing, its own light is on
pdus_mark
peer pdus_mark
cable pull eth0
becomes "a port without carrier leaves" "idle eth0" 5
ok "the other goes on" carry eth1
is "the aggregator has one port" "$(get bond0 ad_num_ports)" 1
becomes "its partner leaves" "peer idle far0" 10
between "ms of silence until the C driver's port leaves" "$(peer left_after far0)" 2800 4500
ok "carrier stays, here and there" eval "[[ \$(<$NET/bond0/carrier) == 1 ]] && peer '[[ \$(<$NET/bond0/carrier) == 1 ]]'"
frames_pass "one port"
cable plug eth0
both_carry "plugged in again"

# --- pulled at the other end
pdus_mark
peer cable pull far1
becomes "the other end leaves" "peer idle far1" 5
becomes "a port that hears nothing leaves, too" "idle eth1" 10
between "ms of silence until it does" "$(left_after eth1)" 2800 4500
ok "the other goes on" carry eth0
becomes "at last the partner is forgotten" 'port eth1; ((TEXT & 0x40))' 10
becomes "and the aggregator has one port" '(($(get bond0 ad_num_ports) == 1))'
peer cable plug far1
both_carry "plugged in there"

# --- other rates, and who speaks first
peer reset_opts bond0 lacp_rate slow
both_carry "the partner slow"
port eth0
is "short timeout here" $((TEXT & 2)) 2
peer port far0
is "long timeout there" "$(peer 'echo $((TEXT & 2))')" 0
peer reset_opts bond0 lacp_active off
both_carry "the partner slow and passive"
reset_opts bond0 lacp_rate slow lacp_active off
peer reset_opts bond0 lacp_active on
both_carry "slow and passive, the partner active"
port eth0
is "passive" $((TEXT & 3)) 0
peer reset_opts bond0 lacp_rate fast
both_carry "slow and passive, the partner fast"
reset_opts bond0 lacp_active on
peer reset_opts bond0 lacp_rate slow
both_carry "both slow"

# --- who leaves says so; a slave that moves
if [[ $DRIVER == rust ]]; then
	echo -eth1 >"$(opt bond0 slaves)"
	link_up eth1
	becomes "a released port: its partner leaves at once, at the slow rate, too" "peer idle far1" 5
	ok "the other goes on" eval "carry eth0 && peer carry far0"
	enslave sysfs bond0 eth1
	both_carry "enslaved again"
fi
# The debug kernel lets go of names late, and the C driver wants them.
move() {
	peer "echo -far1 >$NET/$1/bonding/slaves"
	peer wait_for "'[[ ! -e $NET/far1/bonding_slave ]]'" 10
	peer enslave sysfs "$2" far1
}
peer mk_bond sysfs bond1 802.3ad miimon 100 lacp_rate fast ad_user_port_key 6
peer quiet bond1
move bond0 bond1
peer link_up bond1
becomes "a slave of another bond is a partner of its own" \
	"[[ \$(<$NET/eth0/bonding_slave/ad_aggregator_id) != \"\$(<$NET/eth1/bonding_slave/ad_aggregator_id)\" ]] && { carry eth0 || carry eth1; }" 20
is "one port is in use" "$(get bond0 ad_num_ports)" 1
move bond1 bond0
both_carry "the slave is back"
is "in one aggregator" "$(get bond0 ad_num_ports) $(peer get bond0 ad_num_ports)" "2 2"
frames_pass "at last"
finish
