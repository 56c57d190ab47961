#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tells what tools/bench-failover found.

The figures are lines '@gap KIND MIIMON DRIVER MICROSECONDS', '@missing KIND MIIMON DRIVER' and
'@idle MIIMON DRIVER RUNS'.
"""

import argparse
import json
import statistics
import sys


def read(path):
    """Returns gaps[kind][miimon][driver] in ms, how often works ran by driver, and what is missing."""
    gaps, idle, missing = {}, {}, []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            word, *rest = line.split()
            if word == "@gap":
                kind, miimon, driver, gap = rest
                gaps.setdefault(kind, {}).setdefault(miimon, {}).setdefault(driver, []).append(int(gap) / 1000)
            elif word == "@idle":
                idle[rest[1]] = int(rest[2])
            else:
                missing.append(" ".join(rest))
    return gaps, idle, missing


def summary(gaps):
    """Returns the least, the median and the most of each driver's."""
    return {
        kind: {
            miimon: {driver: [min(took), statistics.median(took), max(took)] for driver, took in drivers.items()}
            for miimon, drivers in settings.items()
        }
        for kind, settings in gaps.items()
    }


def print_table(spreads, idle):
    """Prints a line for each kind and setting."""
    print("\n==== From the loss of carrier to the first frame on the backup, ms\n")
    print(f"{'kind':<8} {'miimon':>6}   C driver:  least   median     most    Rust:  least   median     most   ratio of medians")
    for kind, settings in spreads.items():
        for miimon, drivers in settings.items():
            cells = ["".join(f"{value:>9.3f}" for value in drivers.get(driver, ())) for driver in ("c", "rust")]
            ratio = f"{drivers['rust'][1] / drivers['c'][1]:.4f}" if len(drivers) == 2 and drivers["c"][1] else "-"
            print(f"{kind:<8} {miimon:>6}         {cells[0]}        {cells[1]}   {ratio}")
    print("\nWorks of an idle bond that ran in 10 s:", ", ".join(f"{driver} {runs}" for driver, runs in idle.items()))


def main():
    """Reads the arguments, prints, and says by the exit status whether all was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("figures")
    parser.add_argument("--times", type=int, required=True)
    parser.add_argument("--record")
    options = parser.parse_args()
    gaps, idle, missing = read(options.figures)
    spreads = summary(gaps)
    print_table(spreads, idle)
    if options.record:
        with open(options.record, "w", encoding="ascii") as file:
            json.dump({"times": options.times, "ms": spreads, "idle": idle}, file, indent=1)
            file.write("\n")
    for what in missing:
        print(f"not seen in the trace: {what}", file=sys.stderr)
    sys.exit(1 if missing or not gaps else 0)


main()
