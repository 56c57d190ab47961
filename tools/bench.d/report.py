#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tells what tools/bench found: a table, and what has changed since the last record.

The figures are lines '@cost DIRECTION DRIVER WHAT INSTRUCTIONS'. A bond's cost is what
is above the floor; with --record it goes into the file that --last names.
"""

import argparse
import json
import sys

# Instructions that a figure may differ by from run to run: pktgen counts microseconds, of
# which one is a third of an instruction for each of 3000 packets, on both sides.
NOISE = 0.7


def read(path):
    """Returns the costs: figures[direction][what][driver]."""
    figures = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            _, direction, driver, what, cost = line.split()
            figures.setdefault(direction, {}).setdefault(what, {})[driver] = float(cost)
    return figures


def above_floor(figures):
    """Returns the floors, above the bare device, and the costs above them, by direction."""
    floors, costs = {}, {}
    for direction, whats in figures.items():
        bare = whats.pop("-")
        floors[direction] = round(bare["floor"] - bare["none"], 1)
        costs[direction] = {
            what: {driver: round(cost - bare["floor"], 1) for driver, cost in drivers.items()}
            for what, drivers in whats.items()
        }
    return floors, costs


def ratio(drivers):
    """Returns our cost as a part of the C driver's, or None."""
    ours, theirs = drivers.get("rust"), drivers.get("c")
    return None if ours is None or not theirs or theirs <= 0 else ours / theirs


def print_table(floors, costs):
    """Prints a line for each mode and policy."""
    names = (("tx", "sent"), ("tx-veth", "sent over veth"), ("rx", "received"))
    for direction, name in names:
        if direction not in costs:
            continue
        print(f"\n==== Instructions for each packet {name}, above the floor of {floors[direction]}\n")
        print(f"{'mode':<26} {'C driver':>9} {'team':>9} {'Rust':>9}   Rust/C")
        for what, drivers in costs[direction].items():
            cells = " ".join(f"{drivers.get(driver, '-'):>9}" for driver in ("c", "team", "rust"))
            part = ratio(drivers)
            print(f"{what:<26} {cells}   {'-' if part is None else f'{part:.2f}'}")
    print()


def excesses(costs, limit):
    """Yields what costs us more than so many times what it costs the C driver."""
    for direction, whats in costs.items():
        for what, drivers in whats.items():
            ours, theirs = drivers.get("rust"), drivers.get("c")
            if None in (ours, theirs):
                continue
            # What is dropped costs less than the floor.
            allowed = theirs * limit if theirs > 0 else theirs
            if ours > allowed + NOISE:
                yield f"{what} ({direction}): {ours}, the C driver {theirs}"


def regressions(costs, last):
    """Yields what costs us more than 1 % more than in the last record."""
    for direction, whats in costs.items():
        for what, drivers in whats.items():
            before = last.get(direction, {}).get(what, {}).get("rust")
            now = drivers.get("rust")
            if None not in (before, now) and now - before > max(abs(before) / 100, NOISE):
                yield f"{what} ({direction}): {now}, was {before}"


def compare(options, costs):
    """Yields the regressions since the last record, if it is of the same kernel."""
    try:
        with open(options.last, encoding="ascii") as file:
            last = json.load(file)
    except FileNotFoundError:
        return
    if last["kernel"] == options.kernel:
        yield from regressions(costs, last["costs"])
    else:
        print(f"The last record is of kernel {last['kernel']}: nothing to compare with.")


def main():
    """Reads the arguments, prints, and says by the exit status whether all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures")
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--last", required=True)
    parser.add_argument("--limit", type=float)
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()

    floors, costs = above_floor(read(options.figures))
    print_table(floors, costs)
    if options.limit is not None:
        wrong = list(excesses(costs, options.limit))
    else:
        wrong = list(compare(options, costs))
    if options.record:
        record = {"kernel": options.kernel, "count": options.count, "floors": floors, "costs": costs}
        with open(options.last, "w", encoding="ascii") as file:
            json.dump(record, file, indent=1)
            file.write("\n")
    for line in wrong:
        print(f"more than allowed: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)


main()
