# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
# What the tools share: where things are, and how to talk to the user.
# Sourced, never run.

# shellcheck disable=SC2034 # used by the scripts that source this file

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
LAB=${LAB:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rust-bonding}
ROOT=$LAB/root
KERNELS=$LAB/kernels
STAMPS=$LAB/stamps
LOGS=$LAB/log
export LAB

NAME=${0##*/}
say() { echo "$NAME: $*" >&2; }
die() { say "$*"; exit 1; }
misuse() { say "$* (see tools/$NAME --help)"; exit 2; }

# OPTION [VALUE]…, as in "$@": the option at hand has a value.
need_value() { [[ $# -gt 1 && $2 != --[a-z]* ]] || misuse "$1 wants a value"; }

# The comment that a script begins with is its help.
usage() {
	sed -n '3,/^$\|^[^#]/s/^# \{0,1\}//p' "$0"
	exit "${1:-0}"
}

need_root() { [[ $EUID == 0 ]] || die "$1 needs root (chroot, mounts): run it as root"; }

# Lines of a benchmark: figures, which begin with '@', go into a file, the rest to the user as it comes.
sort_out() { # FILE
	local line
	while IFS= read -r line; do
		if [[ $line == @* ]]; then echo "$line" >>"$1"; else echo "$line"; fi
	done
}

hash_of() { sha256sum | cut -c1-16; }

# Which kernel release the lab holds, by the name used on command lines.
release_of() {
	local stock
	stock=$(cat "$KERNELS/release" 2>/dev/null) || die "no lab yet: run 'tools/lab setup'"
	case $1 in
	stock) echo "$stock" ;;
	debug | bench) cat "$KERNELS/$1/include/config/kernel.release" ;;
	*) die "unknown kernel '$1': stock, debug or bench" ;;
	esac
}

# The folder for `make -C DIR M=…`.
kernel_dir() {
	case $1 in
	stock) echo "$KERNELS/stock/obj" ;;
	debug | bench) echo "$KERNELS/$1" ;;
	*) die "unknown kernel '$1': stock, debug or bench" ;;
	esac
}

kernel_image() {
	case $1 in
	stock) echo "$ROOT/boot/vmlinuz-$(release_of stock)" ;;
	debug | bench) echo "$KERNELS/$1/arch/x86/boot/bzImage" ;;
	*) die "unknown kernel '$1': stock, debug or bench" ;;
	esac
}

# Where the guest finds the modules of that kernel.
modules_dir() { echo "$ROOT/usr/lib/modules/$(release_of "$1")"; }

# The kernel's own bonding.ko.
c_bonding() {
	case $1 in
	stock) echo "$KERNELS/stock/bonding.ko" ;;
	debug | bench) echo "$KERNELS/$1/drivers/net/bonding/bonding.ko" ;;
	*) die "unknown kernel '$1': stock, debug or bench" ;;
	esac
}
