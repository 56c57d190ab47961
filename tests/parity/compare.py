#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Compares two records: compare.py [--partial] C OURS INTENDED

A line of INTENDED is a pattern, two hashes and the reason. The pattern is searched for in
`[where] what: DRIVER: LINE` for each line which one record has and the other hasn't; a step in
which each such line matches a pattern counts as intended. A pattern that matches nothing is an
error, unless it has ` #? ` in place of the hashes: whether it matches depends on how fast the kernel
is. With --partial it never is, and only steps which are in both records are compared.
"""
import difflib
import re
import sys


def read(path):
    """[(title, lines)]; a title that comes again gets a number."""
    steps, count = {}, {}
    lines = None
    with open(path, errors="replace") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith("["):
                count[line] = count.get(line, 0) + 1
                title = line if count[line] == 1 else f"{line} #{count[line]}"
                lines = steps[title] = []
            elif lines is not None and not line.startswith("#"):
                lines.append(line.strip())
    return steps


def intended(path):
    """Yields each pattern, and whether it has to match."""
    with open(path) as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            parts = re.fullmatch(r"(.+?) #([#?]) (.*\S)\s*", line)
            if not parts:
                sys.exit(f"{path}:{number}: no reason")
            yield re.compile(parts[1].strip()), parts[2] == "#"


def differences(ours, theirs):
    """Lines of one record only: (driver, line)."""
    if theirs is None or ours is None:
        return [("c" if ours is None else "rust", line) for line in (theirs or ours)] or [("c", "")]
    found = []
    for line in difflib.ndiff(theirs, ours):
        if line[0] == "-":
            found.append(("c", line[2:]))
        elif line[0] == "+":
            found.append(("rust", line[2:]))
    return found


def main():
    partial = sys.argv[1] == "--partial"
    c_path, rust_path, list_path = sys.argv[-3:]
    c, rust = read(c_path), read(rust_path)
    patterns = list(intended(list_path))
    used = set()
    equal = excused = different = 0
    titles = [title for title in c if title in rust] if partial else list(dict.fromkeys([*c, *rust]))
    for title in titles:
        lines = differences(rust.get(title), c.get(title)) if c.get(title) != rust.get(title) else []
        if not lines:
            equal += 1
            continue
        open_lines = []
        for driver, line in lines:
            text = f"{title}: {driver}: {line}"
            hits = [number for number, (pattern, _) in enumerate(patterns) if pattern.search(text)]
            used.update(hits)
            if not hits:
                open_lines.append(f"  {driver:5}{line}")
        if open_lines:
            different += 1
            print(title, *open_lines, sep="\n")
        else:
            excused += 1
    idle = [pattern.pattern for number, (pattern, must) in enumerate(patterns) if must and not partial and number not in used]
    for pattern in idle:
        print(f"{list_path}: matches nothing: {pattern}")
    print(f"{equal + excused + different} steps, {equal} equal, {excused} intended, {different} different")
    sys.exit(1 if different or idle else 0)


if __name__ == "__main__":
    main()
