#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tells what tools/bench-scale found: a table, and what should not be.

The figures are lines '@scale WHAT NUMBER DRIVER VALUE'.
"""

import argparse
import json
import sys

TITLES = {
    "enslave": "us to enslave one of so many slaves",
    "release": "us to release it",
    "slave-memory": "bytes a slave takes",
    "send": "instructions to send a packet, of so many slaves",
    "create": "us to make one of so many bonds",
    "remove": "us to remove it",
    "bond-memory": "bytes a bond takes",
    "send-beside": "instructions to send a packet, so many bonds being idle beside it",
    "failover": "us from loss of carrier to the first frame, of so many slaves (a frame comes each 500)",
    "failover-vlans": "us from loss of carrier to the first frame, with so many VLANs (a frame comes each 500)",
}
# How much more memory than the C driver's is allowed, and by how many instructions the cost of a
# packet may differ, which misses caches differently.
MEMORY, NOISE = 1.1, 2


def read(path):
    """Returns the figures: figures[what][number][driver]."""
    figures = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            _, what, number, driver, value = line.split()
            figures.setdefault(what, {}).setdefault(int(number), {})[driver] = float(value)
    return figures


def print_tables(figures):
    """Prints a table for each thing."""
    for what, title in TITLES.items():
        if what not in figures:
            continue
        print(f"\n==== {title}\n\n{'number':>8} {'C driver':>10} {'Rust':>10}   Rust/C")
        for number, drivers in figures[what].items():
            ours, theirs = drivers["rust"], drivers["c"]
            part = f"{ours / theirs:.2f}" if theirs > 0 else "-"
            print(f"{number:>8} {theirs:>10.1f} {ours:>10.1f}   {part}")
    print()


def faults(figures):
    """Yields what is not as it should be."""
    for what in ("slave-memory", "bond-memory"):
        numbers = figures.get(what, {})
        # Of few the noise is more than what they take.
        most = max(numbers, default=0)
        if most and numbers[most]["rust"] > numbers[most]["c"] * MEMORY:
            yield f"{TITLES[what]}: {numbers[most]['rust']:.0f}, the C driver {numbers[most]['c']:.0f}"
    for what in ("send", "send-beside"):
        costs = [drivers["rust"] for drivers in figures.get(what, {}).values()]
        if costs and max(costs) > min(costs) + NOISE:
            yield f"{TITLES[what]}: from {min(costs)} to {max(costs)}"


def main():
    """Reads the arguments, prints, and says by the exit status whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures")
    parser.add_argument("--record")
    options = parser.parse_args()
    figures = read(options.figures)
    print_tables(figures)
    if options.record:
        with open(options.record, "w", encoding="ascii") as file:
            json.dump(figures, file, indent=1)
            file.write("\n")
    wrong = list(faults(figures))
    for line in wrong:
        print(f"not as it should be: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


main()
