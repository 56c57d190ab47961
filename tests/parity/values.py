# SPDX-License-Identifier: GPL-2.0
"""Which values each option is given. The options themselves come from the driver's own table.

A value for sysfs is text; for netlink a pair (label, function that makes the payload), as indexes
are known only when a step runs; for a module parameter text.
"""
import socket
import struct

from link import attr

INT_MAX = 2147483647
WIDTHS = {"u8": "B", "u16": "H", "u32": "I", "s32": "i", "ifindex": "I"}

# Text that no option which takes numbers or words accepts, or whose reading is peculiar.
ODD_TEXT = ["", " ", "-1", "+1", "0x1", "1x", "1.0", "abc", "1 2", "01", " 1", "1 ", "1\n2", "\t1", "1\0", "default", "off",
            "on", "maxval", "OFF", "4294967295", "4294967296", "18446744073709551615", "18446744073709551616",
            "99999999999999999999999999", "word_of_more_than_thirty_two_characters", "\xff"]


class Option:
    """A line of the table; `options_table` in tests/host/src/doc.rs says what its fields are."""

    def __init__(self, line):
        fields = [None if field == "-" else field for field in line.rstrip("\n").split("\t")]
        self.name, words, low, high, raw, refused, self.param, perm, self.sysfs, number, self.width = fields
        self.words = [word.rstrip("*").rsplit("=", 1) for word in (words or "").split(",") if word]
        self.numbers = sorted({int(value) for _, value in self.words})
        self.low, self.high = (int(low), int(high)) if high else (None, None)
        self.raw = raw is not None
        self.refused = {int(mode) for mode in (refused or "").split(",") if mode}
        self.perm = perm
        self.number = int(number) if number else None

    def home_mode(self):
        """A mode which takes the option: active-backup if it does."""
        return next(mode for mode in (1, 0, 2, 3, 4, 5, 6) if mode not in self.refused)

    # ------------------------------------------------------------ parsed values

    def legal_numbers(self):
        if self.high is None:
            return self.numbers
        middle = {min(max(value, self.low), self.high) for value in (1, 2, 7, 100, 150, 60000)}
        return sorted({self.low, self.high, self.high - 1} | middle)

    def bad_numbers(self):
        if self.high is None:
            return [value for value in range(10) if value not in self.numbers] + [255]
        return [value for value in (self.low - 1, self.high + 1) if value >= 0]

    def legal_text(self):
        return [word for word, _ in self.words] + [str(value) for value in self.legal_numbers()]

    def bad_text(self):
        text = [str(value) for value in self.bad_numbers()] + ODD_TEXT
        return text + [word + "x" for word, _ in self.words[:1]] + [word[:-1] for word, _ in self.words[:1]]

    def gate_number(self):
        """One legal value, not the default where there is another."""
        if self.high is None:
            return self.numbers[-1]
        return 60000 if self.low <= 60000 <= self.high else min(self.low + 7, self.high)

    # ------------------------------------------------------------ by channel

    def sysfs_values(self):
        if not self.sysfs:
            return []
        return TEXT[self.name] if self.raw else self.legal_text() + self.bad_text()

    def netlink_values(self):
        if self.number is None:
            return []
        if self.raw:
            return PAYLOADS[self.name]
        letter = WIDTHS[self.width]
        size = struct.calcsize(letter)
        top = 256 ** size
        numbers = self.legal_numbers() + [value for value in self.bad_numbers() if value < top]
        numbers += [value for value in (top - 1, top // 2, top // 2 - 1) if value not in numbers]
        return [plain(value, letter) for value in numbers if value < top] + [
            ("empty", lambda: b""), ("short", lambda: bytes(size - 1)), ("long", lambda: b"\1" + bytes(size))]

    def sysfs_gates(self):
        if not self.sysfs:
            return []
        return GATE_TEXT[self.name] if self.raw else [str(self.gate_number()), "nonsense"]

    def netlink_gates(self):
        if self.number is None:
            return []
        if self.raw:
            return PAYLOADS[self.name][:2]
        letter = WIDTHS[self.width]
        bad = [value for value in self.bad_numbers() if value < 256 ** struct.calcsize(letter)][-1:]
        return [plain(value, letter) for value in [self.gate_number()] + bad]

    def param_values(self):
        if self.raw:
            return PARAM_TEXT[self.name]
        numbers = self.legal_numbers()
        if self.param == "charp":
            good = [word for word, _ in self.words] + [str(numbers[-1])]
            bad = [str(self.bad_numbers()[-1]), "-1", "", "default", "1x"]
        else:
            good = [str(value) for value in numbers if value in (numbers[0], 150, numbers[-1])]
            bad = [str(value) for value in self.bad_numbers()[-1:]] + ["-1", "abc"]
        return list(dict.fromkeys(good + bad))


def plain(value, letter):
    return str(value), lambda: struct.pack(letter, value)


def index_of(name):
    return name, lambda: struct.pack("I", socket.if_nametoindex(name))


def targets(family, *addresses):
    def payload():
        return b"".join(attr(slot, socket.inet_pton(family, address)) for slot, address in enumerate(addresses))
    return ",".join(addresses) or "none", payload


def targets4(*addresses):
    return targets(socket.AF_INET, *addresses)


def targets6(*addresses):
    return targets(socket.AF_INET6, *addresses)


MANY4 = [f"10.0.1.{n}" for n in range(1, 18)]
MANY6 = [f"2001:db8::{n:x}" for n in range(1, 18)]
LENGTHS = [("empty", lambda: b""), ("short", lambda: bytes(1)), ("long", lambda: bytes(range(1, 33)))]

# What the options take which the table says nothing of, for they aren't numbers or words. The
# slaves are s1 and s2 (s3 is a device like them which isn't one); p1 is the far end of s1.
TEXT = {
    "primary": ["s1", "s2", "", " ", "s3", "nosuch", "s1 s2", " s1", "s1\ns2", "a_name_of_more_than_fifteen", "\0", "bond0"],
    "active_slave": ["s2", "s1", "", " ", "s3", "nosuch", "s2 s1", " s2", "s2\ns1", "a_name_of_more_than_fifteen", "bond0"],
    "queue_id": ["s1:1", "s2:0", "s1:2", "s1:3", "s1:16", "s1:65535", "s1:65536", "s1:-1", "s1:", "s1", ":1", "", "s1:1x", "s1: 1",
                 "s3:1", "nosuch:1", "s1:01", "s1:0x1", "a_name_of_more_than_fifteen:1", "s1:1:2"],
    "slaves": ["+s3", "-s1", "-s2", "+s1", "-s3", "s3", "+", "-", "", " +s3", "+ s3", "+s3 junk", "*s3", "+nosuch", "-nosuch",
               "+bond0", "+lo", "+p1", "-p1", "++s3", "+a_name_of_more_than_fifteen"],
    "arp_ip_target": ["+10.0.0.1", "-10.0.0.1", "10.0.0.1", "+", "-", "", "+0.0.0.0", "+255.255.255.255", "+127.0.0.1",
                      "+224.0.0.1", "+10.0.0", "+10.0.0.256", "+10.0.0.1x", "+10.0.0.1 10.0.0.2", "+10.0.0.1f", " +10.0.0.1",
                      "*10.0.0.1", "+2001:db8::1", "+010.0.0.1"],
    "ad_actor_system": ["02:00:00:00:00:77", "00:00:00:00:00:00", "01:00:00:00:00:77", "ff:ff:ff:ff:ff:ff", "02:00:00:00:00",
                        "02:00:00:00:00:77:88", "0200.0000.0077", "02-00-00-00-00-77", "", "abc", "02:00:00:00:00:7g",
                        "2:0:0:0:0:77", " 02:00:00:00:00:77", "02:00:00:00:00:77 junk", "0A:00:00:00:00:FF"],
}
GATE_TEXT = {
    "primary": ["s2", ""],
    "active_slave": ["s2", "nosuch"],
    "queue_id": ["s1:1", "nonsense"],
    "slaves": ["+s3", "nonsense"],
    "arp_ip_target": ["+10.0.0.1", "nonsense"],
    "ad_actor_system": ["02:00:00:00:00:77", "nonsense"],
}
PAYLOADS = {
    "primary": [index_of("s2"), index_of("p1"), index_of("s1"), index_of("s3"), plain(0, "I"), plain(999999, "I"),
                plain(INT_MAX + 1, "I")] + LENGTHS,
    "active_slave": [index_of("s2"), plain(999999, "I"), index_of("s1"), index_of("s3"), plain(0, "I"), index_of("bond0"),
                     plain(INT_MAX + 1, "I")] + LENGTHS,
    "arp_ip_target": [targets4("10.0.0.1"), targets4("0.0.0.0"), targets4("10.0.0.1", "10.0.0.2"), targets4(),
                      targets4("10.0.0.1", "10.0.0.1"), targets4("255.255.255.255"), targets4(*MANY4[:16]), targets4(*MANY4),
                      ("short address", lambda: attr(0, bytes(3))), ("long address", lambda: attr(0, bytes(range(1, 17))))] +
                     LENGTHS,
    "ns_ip6_target": [targets6("2001:db8::1"), targets6("::"), targets6("2001:db8::1", "fe80::1"), targets6(),
                      targets6("2001:db8::1", "2001:db8::1"), targets6("ff02::1"), targets6("::1"), targets6(*MANY6[:16]),
                      targets6(*MANY6), ("short address", lambda: attr(0, bytes(15))),
                      ("long address", lambda: attr(0, bytes(range(1, 33))))] + LENGTHS,
    "ad_actor_system": [("02..77", lambda: b"\2\0\0\0\0\x77"), ("01..77", lambda: b"\1\0\0\0\0\x77"), ("zero", lambda: bytes(6)),
                        ("ff", lambda: b"\xff" * 6), ("empty", lambda: b""), ("short", lambda: b"\2\0\0\0\0"),
                        ("long", lambda: b"\2\0\0\0\0\x77\x88")],
}
PARAM_TEXT = {
    "primary": ["s1", "nosuch", "", "a_name_of_more_than_fifteen"],
    "arp_ip_target": ["10.0.0.1", "10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.1", "10.0.0.1,nonsense,10.0.0.2", "0.0.0.0",
                      "255.255.255.255", ",".join(MANY4[:16]), ",".join(MANY4), ""],
}
# Attributes of slaves: number, and values like those above (IFLA_BOND_SLAVE_*).
SLAVE_ATTRS = {
    "queue_id": (5, [plain(1, "H"), plain(3, "H"), plain(0, "H"), plain(2, "H"), plain(65535, "H"), ("short", lambda: b"\1")]),
    "prio": (9, [plain(10, "i"), ("short", lambda: bytes(3)), plain(-10, "i"), plain(INT_MAX, "i"), plain(-INT_MAX - 1, "i")]),
    "actor_port_prio": (10, [plain(10, "H"), ("short", lambda: b"\1"), plain(0, "H"), plain(65535, "H")]),
    "state": (1, [plain(1, "B")]),
    "nosuch": (77, [plain(1, "B")]),
}
# Parameters which aren't options.
OTHER_PARAMS = {
    "max_bonds": ["0", "1", "2", "-1", "abc", "2147483648"],
    "tx_queues": ["1", "255", "256", "0", "-1", "abc"],
}
# What a parameter needs to have an effect.
PARAM_CONTEXT = {
    "updelay": "miimon=100", "downdelay": "miimon=100", "primary": "mode=1", "primary_reselect": "mode=1 primary=s1",
    "arp_interval": "arp_ip_target=10.0.0.1", "arp_ip_target": "arp_interval=1000", "fail_over_mac": "mode=1",
    "arp_validate": "arp_interval=1000 arp_ip_target=10.0.0.1", "lacp_rate": "mode=4", "ad_select": "mode=4",
    "xmit_hash_policy": "mode=2", "min_links": "mode=4",
}


def load(path):
    """The options of the table; each that isn't parsed must have its values here."""
    with open(path) as file:
        options = [Option(line) for line in file]
    for option in options:
        if not option.raw:
            continue
        if option.sysfs and (option.name not in TEXT or option.name not in GATE_TEXT):
            raise SystemExit(f"values.py: no TEXT and GATE_TEXT for {option.name}")
        if option.number is not None and option.name not in PAYLOADS:
            raise SystemExit(f"values.py: no PAYLOADS for {option.name}")
        if option.param and option.name not in PARAM_TEXT:
            raise SystemExit(f"values.py: no PARAM_TEXT for {option.name}")
    return options
