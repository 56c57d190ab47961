#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every option takes its legal values and refuses others with the right error, its
# value kept, its name in the log; so do bonding_masters and module parameters.
# vm: --kernel debug --smp 2 --timeout 400
. "$(dirname "$0")/lib.sh"

# accepts OPTION VALUE SHOWN
accepts() {
	try_write "$(opt bond0 "$1")" "$2"
	slurp "$(opt bond0 "$1")"
	is "$1 takes '$2'" "$ERRNO: $TEXT" "ok: $3"
}

# refuses OPTION VALUE ERRNO…: value kept, and the log names the option.
refuses() {
	local before
	slurp "$(opt bond0 "$1")"
	before=$TEXT
	try_write "$(opt bond0 "$1")" "$2"
	slurp "$(opt bond0 "$1")"
	is "$1 refuses '${2//$'\n'/\\n}'" "$ERRNO: $TEXT" "$3: $before"
	REFUSED+=("$1")
}

# every option refused since log_mark is named in the log
REFUSED=()
all_named() {
	local log name missing=()
	log=$(log_since)
	for name in "${REFUSED[@]}"; do
		[[ $log == *"bond0: option $name: "* ]] || missing+=("$name")
	done
	is "$1: the log names the options" "${missing[*]}" ""
	REFUSED=()
}

load max_bonds=0
mk_bond sysfs bond0 active-backup
mk_veth s1 s2

# --- values, bond down and empty
log_mark
while read -r option value shown; do
	accepts "$option" "$value" "$shown"
done <<-'EOF'
	mode balance-rr balance-rr 0
	mode 2 balance-xor 2
	mode broadcast\n broadcast 3
	mode default balance-rr 0
	packets_per_slave 65535 65535
	packets_per_slave 0 0
	packets_per_slave default 1
	mode active-backup active-backup 1
	miimon 100 100
	miimon 2147483647 2147483647
	miimon off 0
	miimon 100 100
	updelay 250 200
	downdelay 300 300
	peer_notif_delay 300000 300000
	peer_notif_delay off 0
	num_grat_arp 255 255
	num_unsol_na 0 0
	num_grat_arp default 1
	resend_igmp 255 255
	resend_igmp off 0
	min_links 7 7
	min_links 0 0
	all_slaves_active on 1
	all_slaves_active 0 0
	use_carrier 1 1
	use_carrier on 1
	use_carrier default 1
	fail_over_mac follow follow 2
	fail_over_mac 0 none 0
	primary_reselect failure failure 2
	primary_reselect default always 0
	xmit_hash_policy layer2 layer2 0
	xmit_hash_policy 0 layer2 0
EOF
while read -r option value errno; do
	refuses "$option" "$value" "$errno"
done <<-'EOF'
	mode nonsense EINVAL
	mode 7 EINVAL
	mode -1 EINVAL
	mode active-backupp EINVAL
	mode Active-Backup EINVAL
	packets_per_slave 4 EACCES
	miimon -1 EINVAL
	miimon 2147483648 EINVAL
	miimon 0x10 EINVAL
	miimon often EINVAL
	updelay 2147483648 EINVAL
	downdelay -5 EINVAL
	peer_notif_delay 300001 EINVAL
	num_grat_arp 256 EINVAL
	num_unsol_na -1 EINVAL
	resend_igmp 256 EINVAL
	min_links -1 EINVAL
	all_slaves_active 2 EINVAL
	use_carrier 2 EINVAL
	use_carrier no EINVAL
	fail_over_mac 3 EINVAL
	fail_over_mac nobody EINVAL
	primary_reselect 3 EINVAL
	xmit_hash_policy layer9 EINVAL
	xmit_hash_policy 6 EINVAL
	active_slave nosuch ENODEV
EOF
refuses miimon "$(printf 'x%.0s' {1..200})" EINVAL
refuses active_slave s1 EINVAL
all_named "values"
# these have an error of their own
writes "slaves without a sign" "$(opt bond0 slaves)" "s1" EPERM
writes "slaves with an unknown name" "$(opt bond0 slaves)" "-nosuch" ENODEV
writes "queue_id without a number" "$(opt bond0 queue_id)" "s1" EPERM
writes "queue_id of a stranger" "$(opt bond0 queue_id)" "s1:1" EPERM
writes "mii_status can't be written" "$(opt bond0 mii_status)" "up" EACCES
is "nothing became of it" "$(get bond0 slaves) $(get bond0 queue_id)" " "

# --- what depends on other things
set_opt bond0 miimon 0
writes "updelay without miimon" "$(opt bond0 updelay)" 100 EPERM
writes "downdelay without miimon" "$(opt bond0 downdelay)" 100 EPERM
writes "peer_notif_delay without miimon" "$(opt bond0 peer_notif_delay)" 100 EPERM
set_opt bond0 miimon 100
ip link set bond0 up
log_mark
refuses mode balance-rr EBUSY
enslave sysfs bond0 s1 s2
refuses mode balance-rr ENOTEMPTY
refuses fail_over_mac active ENOTEMPTY
ip link set bond0 down
refuses mode balance-xor ENOTEMPTY
all_named "conditions"
is "queue_id" "$(try_write "$(opt bond0 queue_id)" s1:1; get bond0 queue_id)" "s1:1 s2:0"
writes "queue_id that another has" "$(opt bond0 queue_id)" "s2:1" EPERM
writes "queue_id over the number of queues" "$(opt bond0 queue_id)" "s2:99" EPERM
is "queue_id kept" "$(get bond0 queue_id)" "s1:1 s2:0"
set_opt bond0 primary nosuch
is "primary of the future isn't shown" "$(get bond0 primary)" ""
ip link set bond0 up
wait_for '[[ $(active bond0) == s1 ]]' 10
ip link set s2 down
log_mark
refuses active_slave s2 EINVAL
logged "and says why" 'Could not set as active slave; either s2 is down or the link is down'
echo -bond0 >$MASTERS
mk_bond sysfs bond0 balance-rr
log_mark
refuses primary s1 EACCES
refuses active_slave s1 EACCES
all_named "modes"

# --- bonding_masters
log_mark
writes "the same name" $MASTERS "+bond0" EEXIST
writes "unknown" $MASTERS "-nosuch" ENODEV
writes "no sign" $MASTERS "bond5" EPERM
writes "sign alone" $MASTERS "+" EPERM
writes "not a name" $MASTERS "+a/b" EPERM
writes "not a bond" $MASTERS "-s1" ENODEV
writes "the name of another device" $MASTERS "+s1" EEXIST
writes "with a newline" $MASTERS "+bond6\n" ok
writes "a pattern" $MASTERS "+bo%d" ok
writes "a long name is cut" $MASTERS "+abcdefghijklmnopqrst" ok
is "bonds there are" "$(<$MASTERS)" "bond0 bond6 bo0 abcdefghijklmno"
logged "log: created" 'bond6 is being created\.\.\.'
logged "log: exists" 'bond0 already exists'
logged "log: grammar" 'no command found in bonding_masters - use \+ifname or -ifname'
logged "log: unknown" 'unable to delete non-existent nosuch'

# --- module parameters: what fails the load, what is put right with a word
tear_down
modprobe -r bonding
BOND_KO=$(modinfo -n bonding)
loads() {
	local name=$1 file=$2 shown=$3
	shift 3
	log_mark
	if ! modprobe bonding "$@"; then
		fail "parameter $name" "didn't load"
		return
	fi
	slurp "$(opt bond0 "$file")"
	is "parameter $name: $*" "$TEXT" "$shown"
	modprobe -r bonding
}
wont_load() {
	log_mark
	expect_errno "parameters $*: not loaded" EINVAL modprobe bonding "$@"
	modprobe -r bonding 2>/dev/null
}
note "$BOND_KO"
wont_load mode=nonsense
wont_load mode=1 fail_over_mac=9
wont_load use_carrier=2
wont_load mode=1 primary=eth0 primary_reselect=often
wont_load mode=2 xmit_hash_policy=layer9
loads "below its range" miimon 0 miimon=-1
loads "above its range" num_grat_arp 1 num_grat_arp=256
loads "above its range" resend_igmp 1 resend_igmp=256
loads "above its range" packets_per_slave 1 packets_per_slave=65536
loads "not 0 or 1" all_slaves_active 0 all_slaves_active=2
loads "no multiple of miimon" updelay 200 miimon=100 updelay=250
loads "by number" mode "active-backup 1" mode=1 primary=eth0 tx_queues=0
loads "ignored in this mode" xmit_hash_policy "layer2 0" mode=1 xmit_hash_policy=layer9
modprobe bonding max_bonds=3
is "max_bonds=3" "$(<$MASTERS)" "bond0 bond1 bond2"
modprobe -r bonding
modprobe bonding max_bonds=-1
is "max_bonds=-1" "$(<$MASTERS)" bond0
finish
