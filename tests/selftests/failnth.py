#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Enslave with the n-th memory allocation failing, for each n there is.

failnth.py BOND SLAVE [SECONDS]     last line: 'done K of N tolerated T refused R changed C'
After each refusal bond and slave are compared with before; each difference is a
line 'n=N …'. A kernel may carry on without an allocation: then the slave is let go
again, and has to be as before too. If time is short, the n tried lie all over the
range: first each 16th, then those between.
"""
import errno
import os
import sys
import time

bond, slave = sys.argv[1:3]
end = time.monotonic() + (float(sys.argv[3]) if len(sys.argv) > 3 else 600)
NET = "/sys/class/net/"


def read(path):
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError as error:
        return errno.errorcode[error.errno]


def snapshot(dev):
    state = {}
    for name in ("address", "flags", "mtu", "tx_queue_len"):
        state[name] = read(NET + dev + "/" + name)
    state["links"] = sorted(
        entry
        for entry in os.listdir(NET + dev)
        if entry.startswith(("upper_", "lower_")) or entry in ("master", "bonding_slave")
    )
    state["mc"] = sorted(line.split()[2:] for line in open("/proc/net/dev_mcast") if line.split()[1] == dev)
    if os.path.isdir(NET + dev + "/bonding"):
        state["addr_assign_type"] = read(NET + dev + "/addr_assign_type")
        for name in ("slaves", "active_slave", "primary", "mii_status", "mode"):
            state[name] = read(NET + dev + "/bonding/" + name)
        state["proc"] = read("/proc/net/bonding/" + dev).count("Slave Interface")
        if not state["slaves"]:
            # a bond without slaves has a random address, and gets a new one
            del state["address"]
    return state


def write(text):
    fd = os.open(NET + bond + "/bonding/slaves", os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def enslave(n):
    """Returns the errno, and how many more allocations the n-th was away."""
    fd = os.open(NET + bond + "/bonding/slaves", os.O_WRONLY)
    text = f"+{slave}".encode()
    result = 0
    os.write(nth, str(n).encode())
    try:
        os.write(fd, text)
    except OSError as error:
        result = error.errno
    left = int(os.pread(nth, 20, 0).split(b"\0")[0])
    os.write(nth, b"0")
    os.close(fd)
    return result, left


def name(result):
    return errno.errorcode.get(result, "ok")


before = (snapshot(bond), snapshot(slave))
done = tolerated = refused = changed = 0
nth = os.open("/proc/self/fail-nth", os.O_RDWR)
MANY = 1000000
result, left = enslave(MANY)
if result:
    sys.exit(f"without a failure: {name(result)}")
write(f"-{slave}")
count = MANY - left
order = [n for first in (1, 9, 5, 13, 3, 11, 7, 15, 2, 10, 6, 14, 4, 12, 8, 16) for n in range(first, count + 1, 16)]
for n in order:
    if time.monotonic() > end or changed > 8:
        break
    done += 1
    result, left = enslave(n)
    if result == 0:
        tolerated += left == 0
        if slave not in read(NET + bond + "/bonding/slaves").split():
            print(f"n={n} success, but {slave} is no slave")
            changed += 1
        write(f"-{slave}")
    else:
        refused += 1
        if result not in (errno.ENOMEM, errno.ENOBUFS):
            print(f"n={n} answers {name(result)}")
    after = (snapshot(bond), snapshot(slave))
    if after != before:
        changed += 1
        for old, new in zip(before, after):
            for key in sorted(old.keys() | new.keys()):
                if old.get(key) != new.get(key):
                    print(f"n={n} {name(result)}: {key} was {old.get(key)} is {new.get(key)}")
        before = after
print(f"done {done} of {count} tolerated {tolerated} refused {refused} changed {changed}")
