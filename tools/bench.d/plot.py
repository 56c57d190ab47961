#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Writes gnuplot's commands for the records in the current folder: an SVG for each group."""

import json
import os

DRIVERS = {"c": "C driver", "team": "team", "rust": "Rust"}
COLOURS = {"c": "#8c8c8c", "team": "#c8b273", "rust": "#b7410e"}
SCALES = {
    "slaves": ("per slave, by number of slaves", {"enslave": "us to enslave", "release": "us to release", "failover": "us to fail over"}),
    "bonds": ("per bond, by number of bonds", {"create": "us to make", "remove": "us to remove"}),
    "packets": ("instructions a packet", {"send": "by number of slaves", "send-beside": "by number of idle bonds"}),
    "memory": ("bytes", {"slave-memory": "of a slave, by their number", "bond-memory": "of a bond, by their number"}),
}


def load(name):
    """Returns a record, or nothing if there is none."""
    if not os.path.exists(name):
        return None
    with open(name, encoding="ascii") as file:
        return json.load(file)


def block(name, rows):
    """Prints rows of words as a data block."""
    print(f"${name} << EOD")
    for row in rows:
        print(" ".join(str(cell) for cell in row))
    print("EOD")


def bars(output, title, rows, drivers):
    """Prints a plot of bars: rows are (label, {driver: value})."""
    block("data", [(f'"{label}"', *(values.get(driver, "NaN") for driver in drivers)) for label, values in rows])
    print(f'set terminal svg size 900,420 background "white"; set output "{output}"')
    print(f'set title "{title}"; set style data histograms; set style histogram clustered gap 1')
    print("set style fill solid noborder; set xtics rotate by -30; set yrange [*:*]; unset logscale; set key top left")
    plots = [f'$data using {n}:xtic(1) title "{DRIVERS[driver]}" linecolor rgb "{COLOURS[driver]}"' for n, driver in enumerate(drivers, 2)]
    print("plot " + ", ".join(plots) + "\nreset")


def lines(output, title, series):
    """Prints a plot of lines: series are (label, {number: {driver: value}})."""
    print(f'set terminal svg size 900,420 background "white"; set output "{output}"')
    print(f'set title "{title}"; set logscale x 2; set yrange [0:*]; set key outside right')
    plots = []
    for n, (label, numbers) in enumerate(series):
        block(f"data{n}", [(number, values["c"], values["rust"]) for number, values in numbers.items()])
        for column, driver in ((2, "c"), (3, "rust")):
            plots.append(f'$data{n} using 1:{column} with linespoints dashtype {n + 1} pointtype {n + 5} '
                         f'linecolor rgb "{COLOURS[driver]}" title "{DRIVERS[driver]}: {label}"')
    print("plot " + ", ".join(plots) + "\nreset")


def main():
    """Each record has its plots."""
    for kernel in "stock", "bench":
        cost = load(f"cost-{kernel}.json")
        if cost:
            rows = [(f"{'received, ' if direction == 'rx' else ''}{what}", values)
                    for direction in ("tx", "tx-veth", "rx") for what, values in cost["costs"].get(direction, {}).items()]
            bars(f"cost-{kernel}.svg", f"Instructions a packet, above the floor; kernel {cost['kernel']}", rows, DRIVERS)
    failover = load("failover.json")
    if failover:
        rows = [(f"{kind}, miimon {miimon}", {driver: spread[1] for driver, spread in values.items()})
                for kind, settings in failover["ms"].items() for miimon, values in settings.items()]
        bars("failover.svg", f"Failover: median of {failover['times']}, ms", rows, ("c", "rust"))
    scale = load("scale.json")
    for name, (title, whats) in SCALES.items() if scale else ():
        lines(f"scale-{name}.svg", title, [(label, scale[what]) for what, label in whats.items() if what in scale])


main()
