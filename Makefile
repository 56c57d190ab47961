# SPDX-License-Identifier: GPL-2.0
# Thin: every target is a call into tools/. `make help` lists them.
# (The kernel's build reads Kbuild, never this file.)

# stock: Debian's own kernel. debug: the one with every check. KDIR=DIR: any other.
KERNEL ?= stock
export KERNEL KDIR KVER DESTDIR KO

all:
	@tools/build module

help:
	@tools/build help

# Each prints one path on stdout, and first makes what is missing.
kernel-dir kernel-image module-path c-bonding:
	@tools/build $@

run: lab
	@tools/demo

lab:
	@tools/lab setup stock

check:
	@tools/check

check-host:
	@tools/check host

check-style:
	@tools/check style

check-guest:
	@tools/check guest

# `make parity` on the stock kernel.
check-parity:
	@tools/check parity

# Both drivers do the same things: what comes of it?
parity:
	@tools/parity

# The kernel's own selftests of bonding, on both drivers.
kselftest:
	@tools/kselftest

# How many instructions a packet costs, in each mode.
bench:
	@tools/bench

# How long a bond sends nothing after its active slave lost the carrier.
bench-failover:
	@tools/bench-failover --icount

# What many slaves, bonds and VLANs cost.
bench-scale:
	@tools/bench-scale

bench-plot:
	@tools/bench-plot

# For the running kernel (or KVER=, and its tree KDIR=), into DESTDIR.
install:
	@tools/install install

uninstall:
	@tools/install uninstall

clean:
	@tools/build clean

.PHONY: all help kernel-dir kernel-image module-path c-bonding run lab check \
	check-host check-style check-guest check-parity parity kselftest bench bench-failover bench-scale bench-plot install uninstall clean
