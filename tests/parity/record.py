#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""In a guest: sets every option to every value in every way, and writes down what came of it.

record.py OPTIONS [PART…]     parts: values gates create slaves life balance ioctl params; default: all

A step is a line `[where] what`, then indented: the verdict; the link messages of the bond and its
slaves in their order, each with what is new in it; those that came later, sorted; all that reads
otherwise than before, in any face. Each step of `values` and `gates` starts with the same bond.
"""
import ctypes
import fcntl
import lzma
import os
import struct
import subprocess
import sys
import time

import balance
from faces import NET, Faces
from link import ADDRESS, DELLINK, IFF_UP, IFNAME, MTU, NEWLINK, RX_QUEUES, TX_QUEUES, Link, attr, errno_word, write_file
from values import OTHER_PARAMS, PARAM_CONTEXT, SLAVE_ATTRS, load

MASTERS = f"{NET}/bonding_masters"
BOND = "bond0"
DEVICES = ["s1", "s2", "s3"]
STATES = [(False, False), (True, False), (False, True), (True, True)]    # up, slaves
MIIMON = 3
# The debug kernel keeps a kobject for up to four seconds after its end; with --icount waiting costs nothing.
KOBJECTS = 4.5
# Seconds in which a monitor with miimon=100 has looked twice: who is to be told of a failover is told by then.
POLLS = 0.25
# A device with few queues is gone sooner.
FEW_QUEUES = attr(TX_QUEUES, struct.pack("I", 2)) + attr(RX_QUEUES, struct.pack("I", 2))
# What brings a bond back to its first state after an option that isn't a number or a word.
UNDO = {
    "primary": [("primary", ""), ("active_slave", "s1")],
    "active_slave": [("active_slave", "s1")],
    "queue_id": [("queue_id", "s1:0"), ("queue_id", "s2:0")],
}
LIBC = ctypes.CDLL(None, use_errno=True)


def mac(last, peer=0):
    return bytes([2, 0xAA, 0, peer, 0, last])


def where(mode, up, slaves):
    return f"{mode} {'up' if up else 'down'}{' slaves' if slaves else ''}"


class Recorder:
    """The devices, one bond, and the record."""

    def __init__(self, options):
        self.options = options
        self.link = Link({option.number: option.name for option in options if option.number})
        self.bond, self.slaves = BOND, []
        self.faces = None
        self.seen = {}           # what the faces had
        self.place = ""
        self.make = None
        self.steps = 0

    def put(self, text):
        print(text)

    # ------------------------------------------------------------ devices

    def make_devices(self):
        for number, name in enumerate(DEVICES, 1):
            for raw, word in ((mac(number), name), (mac(number, 1), f"p{number}")):
                self.link.macs[raw] = f"<{word}>"
            self.must(self.link.veth(name, f"p{number}", mac(number), mac(number, 1)))
            self.must(self.link.flags(f"p{number}", IFF_UP, IFF_UP))

    @staticmethod
    def must(answer):
        if answer[0] != "ok":
            raise RuntimeError(answer[0])

    def new_bond(self, mode, up, slaves, queues):
        """A bond in its first state; whether it could be made."""
        self.drop_bond()
        self.link.forget_random()
        data = attr(1, bytes([mode])) + attr(MIIMON, struct.pack("I", 100))
        if self.link.create(BOND, data, queues)[0] != "ok":
            return False
        if up:
            self.must(self.link.flags(BOND, IFF_UP, IFF_UP))
        if slaves:
            time.sleep(KOBJECTS)
        for slave in DEVICES[:2] if slaves else []:
            self.must(self.link.master(slave, BOND))
        self.watch(BOND, DEVICES if slaves else [])
        self.settle(quiet=POLLS if slaves else 0.002)
        self.seen = self.read(True)
        self.link.drain()
        return True

    def watch(self, bond, slaves):
        self.bond, self.slaves = bond, list(slaves)
        self.faces = Faces(self.link, bond, self.slaves)

    def drop_bond(self):
        if self.faces:
            self.faces.close()
        if os.path.exists(f"{NET}/{self.bond}"):
            self.link.delete(self.bond)
        for name in DEVICES:
            self.link.flags(name, 0, IFF_UP)
            self.link.request(NEWLINK, 0, self.link.index(name), attr(ADDRESS, mac(DEVICES.index(name) + 1)))
        self.link.drain()
        self.seen = {}

    # ------------------------------------------------------------ reading

    def read(self, all_files):
        out = self.faces.links()
        out.update(self.faces.proc())
        if all_files:
            out.update(self.faces.sysfs())
        else:
            out.update({key: text for key, text in self.seen.items() if key.startswith("sysfs ")})
        return out

    def steady(self):
        """Whether the stack has seen what the drivers say of their carriers."""
        for device in [self.bond] + self.slaves:
            try:
                link = self.link.get(device)
            except OSError:
                continue
            up = int(link.get("flags", "0"), 16) & IFF_UP and link.get("carrier") == "1"
            if bool(up) != (link.get("operstate") == "6"):
                return False
        return True

    def settle(self, until=None, quiet=0.002):
        """Messages that come later: waits until all is steady, and for `quiet` seconds nothing comes."""
        seen = []
        end = time.monotonic() + 5
        still = time.monotonic()
        steady = False
        while time.monotonic() < end:
            time.sleep(0.002)
            fresh = self.link.drain()
            now = time.monotonic()
            if fresh or not steady:
                seen += fresh
                still = now
                steady = self.steady() and (until is None or until())
            elif now - still >= quiet:
                return seen
        return seen

    # ------------------------------------------------------------ a step

    def messages(self, seen):
        """A line for each message of a device that is watched."""
        for kind, body in seen:
            name, link, event = self.link.parse(body)
            if name not in [self.bond] + self.slaves:
                continue
            if kind == DELLINK:
                yield f"DELLINK {name}"
                continue
            fresh = []
            for word, text in link.items():
                key = f"link {name} {word}"
                if self.seen.get(key) != text:
                    fresh.append(f"{word}={text}")
                    self.seen[key] = text
            # what is long gets lines of its own, so that one difference is one line
            long = [word for word in fresh if len(fresh) >= 8 or word.startswith("bond.order=")]
            short = [word for word in fresh if word not in long]
            yield " ".join([f"NEWLINK {name}"] + ([event] if event else []) + short)
            yield from (f"{name} {word}" for word in long)

    @staticmethod
    def changes(before, after):
        """A line for each text that is another one; one for all of a face that is gone."""
        if before == after:
            return
        faces = {" ".join(key.split(" ")[:2]) for key in after}
        gone = set()
        for key in sorted(set(before) | set(after)):
            face = " ".join(key.split(" ")[:2])
            if key not in after and face not in faces:
                if face not in gone:
                    gone.add(face)
                    yield f"{face}: gone"
            elif before.get(key) != after.get(key):
                yield f"{key}: {after.get(key, 'gone')}"

    def step(self, what, act, until=None, quiet=0.002, own=None):
        """Does it, and writes down what came of it; whether anything changed."""
        answer = act()
        verdict, seen = answer if isinstance(answer, tuple) else (answer, [])
        seen += self.link.drain()
        lines = [verdict] + list(self.messages(seen))
        late = []
        if verdict == "ok" or seen:
            if self.slaves and len(seen) > 1:
                quiet = max(quiet, POLLS)
            late = sorted(set(self.messages(self.settle(until, quiet))))
        lines += ["later " + line for line in late]
        after = self.read(verdict == "ok" or bool(seen))
        if own:
            after[f"sysfs {self.bond} {own}"] = self.faces.tidy(self.faces.file(self.bond, "bonding", own))
        changed = list(self.changes(self.seen, after))
        self.put(f"[{self.place}] {what}\n  " + "\n  ".join(lines + changed))
        self.steps += 1
        self.seen = after
        sys.stdout.flush()
        return bool(seen or late or changed)

    def home(self, mode, up, slaves, queues=FEW_QUEUES):
        """The bond that steps start from, made anew when one has changed it; writes it down."""
        self.place = where(mode, up, slaves)
        self.make = lambda: self.new_bond(mode, up, slaves, queues)
        if not self.make():
            self.put(f"[{self.place}] home\n  can't be made")
            return False
        self.first = dict(self.seen)
        self.write_all("home")
        return True

    def write_all(self, what):
        """All that the faces have, as they have it."""
        lines = [f"{key}: {text}" for key, text in sorted(self.seen.items())]
        lines += self.faces.modes() + self.faces.tidy(self.faces.proc_text()).split("\\n")
        self.put(f"[{self.place}] {what}\n  " + "\n  ".join(lines))
        self.steps += 1

    def back_home(self, option):
        """After a step: the option as it was, or else another bond."""
        first = self.first.get(f"sysfs {BOND} {option.name}")
        undo = UNDO.get(option.name, [])
        if first and not option.raw:
            undo = [(option.name, first.split("\\n")[0].split(" ")[0])]
        if undo:
            self.undo(undo)
            if self.seen == self.first:
                return
        if not self.make():
            raise RuntimeError("no home any more")
        self.first = dict(self.seen)

    def undo(self, settings):
        """Writes (file, text) without a record."""
        for name, text in settings:
            write_file(f"{NET}/{BOND}/bonding/{name}", text.encode() + b"\n")
        self.settle(quiet=POLLS if self.slaves else 0.002)
        self.seen = self.read(True)

    # ------------------------------------------------------------ one setting

    def set_sysfs(self, option, text):
        act = lambda: write_file(f"{NET}/{BOND}/bonding/{option.name}", text.encode("latin-1") + b"\n")
        if self.step(f"sysfs {option.name}={ascii(text)}", act, own=option.name):
            self.back_home(option)

    def set_netlink(self, option, label, payload):
        act = lambda: self.link.change(BOND, attr(option.number, payload()))
        if self.step(f"netlink {option.name}={label}", act, own=option.sysfs and option.name):
            self.back_home(option)

    # ------------------------------------------------------------ parts

    def values(self):
        """Every value of every option, in a bond which takes the option."""
        for mode in range(7):
            options = [option for option in self.options if option.home_mode() == mode]
            for up, slaves in (False, False), (True, True):
                chosen = [option for option in options if option.raw or not slaves]
                if not chosen or not self.home(mode, up, slaves):
                    continue
                for option in chosen:
                    for text in option.sysfs_values():
                        self.set_sysfs(option, text)
                    for label, payload in option.netlink_values():
                        self.set_netlink(option, label, payload)

    def gates(self):
        """A good and a bad value of every option in every mode and state."""
        for mode in range(7):
            # being up or having slaves means the same in each mode: all four in two modes will do
            for up, slaves in STATES if mode in (1, 4) else STATES[::3]:
                if not self.home(mode, up, slaves):
                    continue
                for option in self.options:
                    for text in option.sysfs_gates():
                        self.set_sysfs(option, text)
                    for label, payload in option.netlink_gates():
                        self.set_netlink(option, label, payload)

    def create(self):
        """Attributes in the message that makes the bond."""
        for option in self.options:
            for label, payload in option.netlink_gates():
                mode = option.home_mode()
                self.place = f"create {mode}"
                self.drop_bond()
                self.link.forget_random()
                self.watch(BOND, [])
                data = b"" if option.name == "mode" else attr(1, bytes([mode])) + attr(MIIMON, struct.pack("I", 100))
                self.step(f"{option.name}={label}", lambda: self.link.create(BOND, data + attr(option.number, payload()), FEW_QUEUES))
        self.drop_bond()

    def set_slave(self, name, number, label, payload):
        act = lambda: self.link.change_slave("s1", attr(number, payload()))
        if not self.step(f"slave netlink {name}={label}", act, own="queue_id"):
            return
        self.link.change_slave("s1", attr(number, bytes(4)))
        self.undo([("active_slave", "s1")])
        if self.seen != self.first:
            if not self.make():
                raise RuntimeError("no home any more")
            self.first = dict(self.seen)

    def slave_attrs(self):
        """Attributes of slaves, in every mode."""
        for mode in range(7):
            if not self.home(mode, True, True):
                continue
            for name, (number, values) in SLAVE_ATTRS.items():
                for label, payload in values if mode in (1, 4) else values[:2]:
                    self.set_slave(name, number, label, payload)

    # ------------------------------------------------------------ life of a bond

    def carrier(self, slave, on):
        """Pulls or plugs the far end, and waits for the bond's verdict on the slave."""
        peer = "p" + slave[1:]
        want = "up" if on else "down"
        self.step(f"carrier {slave} {want}", lambda: self.link.flags(peer, IFF_UP if on else 0, IFF_UP),
                  until=lambda: self.faces.file(slave, "bonding_slave", "mii_status").strip() == want, quiet=POLLS)

    def write_masters(self, text):
        return write_file(MASTERS, text.encode())

    def masters(self):
        """/sys/class/net/bonding_masters."""
        self.place = "masters"
        self.drop_bond()
        self.watch(BOND, [])
        for text in ["+bond0", "+bond0", "bond0", "", "+", "-", "*bond0", "-nosuch", "+s1", "-s1", " -bond0", "+a b", "-bond0",
                     "+a_name_of_more_than_fifteen", "-a_name_of_more_th", "+bond%d", "-bond0", "+a/b", "+.", "+bond0 junk"]:
            self.step(f"masters {text!r}", lambda: self.write_masters(text))
            with open(MASTERS) as file:
                self.put("  masters " + repr(file.read()))
        self.drop_bond()

    def life(self):
        """Enslave, fail over, release, rename, in every mode and for each fail_over_mac."""
        self.masters()
        for mode, mac_policy in [(mode, 0) for mode in range(7)] + [(1, 1), (1, 2)]:
            self.place = f"life {mode}" + (f" mac {mac_policy}" if mac_policy else "")
            self.drop_bond()
            self.link.forget_random()
            self.watch(BOND, DEVICES[:2])
            self.seen = self.read(True)
            data = attr(1, bytes([mode])) + attr(MIIMON, struct.pack("I", 100)) + attr(13, bytes([mac_policy]))
            self.step("create", lambda: self.link.create(BOND, data))
            if not os.path.exists(f"{NET}/{BOND}"):
                continue
            self.one_life()
        self.drop_bond()

    def one_life(self):
        """What happens to a bond from its first day to the last."""
        link = self.link
        bonding = f"{NET}/{BOND}/bonding"
        self.step("up", lambda: link.flags(BOND, IFF_UP, IFF_UP))
        self.step("+s1 by netlink", lambda: link.master("s1", BOND), quiet=POLLS)
        self.step("+s1 again", lambda: link.master("s1", BOND))
        self.step("+s2 by sysfs", lambda: write_file(f"{bonding}/slaves", b"+s2\n"), quiet=POLLS)
        self.write_all("two slaves")
        self.step("mtu 1400", lambda: link.request(NEWLINK, 0, link.index(BOND), attr(MTU, struct.pack("I", 1400))))
        self.step("mtu 70000", lambda: link.request(NEWLINK, 0, link.index(BOND), attr(MTU, struct.pack("I", 70000))))
        self.step("address", lambda: link.request(NEWLINK, 0, link.index(BOND), attr(ADDRESS, b"\2\0\0\0\0\x99")))
        self.step("address multicast", lambda: link.request(NEWLINK, 0, link.index(BOND), attr(ADDRESS, b"\1\0\0\0\0\x99")))
        self.step("promiscuous", lambda: link.flags(BOND, 0x100, 0x100))
        self.step("not promiscuous", lambda: link.flags(BOND, 0, 0x100))
        self.carrier("s1", False)
        self.carrier("s2", False)
        self.carrier("s2", True)
        self.carrier("s1", True)
        self.step("down", lambda: link.flags(BOND, 0, IFF_UP))
        self.step("up again", lambda: link.flags(BOND, IFF_UP, IFF_UP), quiet=POLLS)
        self.step("-s1 by sysfs", lambda: write_file(f"{bonding}/slaves", b"-s1\n"), quiet=POLLS)
        self.step("-s2 by netlink", lambda: link.master("s2", None), quiet=POLLS)
        self.step("s1 up", lambda: link.flags("s1", IFF_UP, IFF_UP))
        self.step("+s1 while it is up", lambda: link.master("s1", BOND))
        self.step("s1 down", lambda: link.flags("s1", 0, IFF_UP))
        self.step("+lo", lambda: link.master("lo", BOND))
        self.step("+itself", lambda: link.master(BOND, BOND))
        time.sleep(KOBJECTS)
        self.step("+s2", lambda: link.master("s2", BOND), quiet=POLLS)
        self.slaves.append("s9")
        self.step("rename s2", lambda: link.request(NEWLINK, 0, link.index("s2"), attr(IFNAME, b"s9\0")), quiet=POLLS)
        self.step("rename s9", lambda: link.request(NEWLINK, 0, link.index("s9"), attr(IFNAME, b"s2\0")), quiet=POLLS)
        self.slaves.remove("s9")
        self.step("rename the bond", lambda: link.request(NEWLINK, 0, link.index(BOND), attr(IFNAME, b"bond9\0")), quiet=POLLS)
        self.step("and again", lambda: link.request(NEWLINK, 0, link.index("bond9"), attr(IFNAME, BOND.encode() + b"\0")),
                  quiet=POLLS)
        self.step("delete", lambda: link.delete(BOND), quiet=POLLS)

    # ------------------------------------------------------------ ioctls

    @staticmethod
    def ioctl(number, name, data):
        """An ioctl on the bond: `data` is a name, or a buffer to point to; what it left there."""
        import socket
        if isinstance(data, str):
            request = struct.pack("16s16s8x", name.encode(), data.encode())
        else:
            request = struct.pack("16sP16x", name.encode(), ctypes.addressof(data))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                fcntl.ioctl(sock, number, request)
                return "ok"
            except OSError as error:
                return errno_word(error)

    @staticmethod
    def mii(number, register):
        """SIOCGMIIPHY, SIOCGMIIREG, SIOCSMIIREG: phy_id, reg_num, val_in, val_out after it."""
        import socket
        request = bytearray(struct.pack("16s4H16x", BOND.encode(), 7, register, 9, 9))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                fcntl.ioctl(sock, number, request)
            except OSError as error:
                return errno_word(error)
        return "ok " + " ".join(str(value) for value in struct.unpack("4H", request[16:24]))

    def query(self, what, number, size, fill=b""):
        buffer = ctypes.create_string_buffer(fill, size)
        self.step(what, lambda: self.ioctl(number, BOND, buffer))
        self.put("  left " + buffer.raw.hex())

    def ioctls(self):
        """The ioctls and their legacy numbers, on a bond with and without slaves."""
        for mode in (1, 0, 2):
            for base, label in (0x8990, ""), (0x89F0, "legacy "):
                if not self.home(mode, True, False, b""):
                    continue
                self.place = f"ioctl {mode}"
                infos = (base + 3, base + 4, base + 5) if base == 0x8990 else (base + 11, base + 12, base + 13)
                self.watch(BOND, DEVICES)
                self.seen = self.read(True)
                for name in "s1", "s1", "s2", "nosuch", "", BOND, "lo":
                    self.step(f"{label}enslave {name!r}", lambda: self.ioctl(base, BOND, name), quiet=POLLS)
                self.query(f"{label}info", infos[1], 12)
                for position in 0, 1, 2, -1:
                    self.query(f"{label}slave info {position}", infos[0], 28, struct.pack("i", position))
                self.step(f"{label}info without a buffer", lambda: self.ioctl(infos[1], BOND, ""))
                for name in "s2", "s2", "s3", "nosuch", "":
                    self.step(f"{label}active {name!r}", lambda: self.ioctl(infos[2], BOND, name), quiet=POLLS)
                for name in "s2", "s3", "nosuch":
                    self.step(f"{label}hwaddr {name!r}", lambda: self.ioctl(base + 2, BOND, name))
                for name in "s3", "s1", "s1", "nosuch":
                    self.step(f"{label}release {name!r}", lambda: self.ioctl(base + 1, BOND, name), quiet=POLLS)
            for number, label in (0x8947, "phy"), (0x8948, "reg"), (0x8949, "set reg"):
                for register in 0, 1, 2, 31:
                    self.step(f"mii {label} {register}", lambda: self.mii(number, register))
            self.step("private 5", lambda: self.ioctl(0x89F5, BOND, "s1"))
            self.step("on another device", lambda: self.ioctl(0x8990, "s3", "s1"))
            self.drop_bond()

    # ------------------------------------------------------------ module parameters

    @staticmethod
    def unpacked(path):
        """The module itself, where a distribution has packed it."""
        if not path.endswith(".xz"):
            return path
        plain = "/run/bonding.ko"
        with lzma.open(path) as packed, open(plain, "wb") as file:
            file.write(packed.read())
        return plain

    @staticmethod
    def insmod(path, words):
        with open(path, "rb") as file:
            if LIBC.syscall(313, file.fileno(), words.encode(), 0) == 0:    # finit_module
                return "ok"
        error = ctypes.get_errno()
        return errno_word(OSError(error, ""))

    @staticmethod
    def rmmod():
        while LIBC.syscall(176, b"bonding", 0o4000) != 0:                   # delete_module, O_NONBLOCK
            if ctypes.get_errno() != 11:
                return
            time.sleep(0.01)

    def params(self):
        """Each parameter with each value: what the first bond, and the next one, is like."""
        self.drop_bond()
        path = self.unpacked(subprocess.run(["modinfo", "-n", "bonding"], capture_output=True, text=True).stdout.strip())
        self.place = "param"
        self.rmmod()
        self.param_step(path, "tx_queues=1")
        first = dict(self.seen)
        values = [(option.name, option.param_values()) for option in self.options if option.param]
        for name, texts in values + list(OTHER_PARAMS.items()):
            context = PARAM_CONTEXT.get(name, "")
            queues = "" if name == "tx_queues" else "tx_queues=1"
            for words in [f"{context} {name}={text}" for text in texts] + ([f"{name}={texts[0]}"] if context else []):
                self.seen = dict(first)
                self.param_step(path, f"{queues} {words}".strip())
        self.insmod(path, "max_bonds=0")

    def param_step(self, path, words):
        self.link.forget_random()
        self.link.drain()
        verdict = self.insmod(path, words)
        lines = [verdict]
        if verdict == "ok":
            with open(MASTERS) as file:
                lines.append("masters " + repr(file.read()))
            self.watch(BOND, [])
            after = self.read(True)
            folder = "/sys/module/bonding/parameters"
            for name in sorted(os.listdir(folder)):
                with open(f"{folder}/{name}") as file:
                    after[f"parameter {name} {os.stat(file.name).st_mode & 0o777:04o}"] = file.read().strip()
            lines += self.changes(self.seen, after)
            self.seen = after
            self.faces.close()
            self.rmmod()
        self.put(f"[param] {words}\n  " + "\n  ".join(lines))
        self.steps += 1

    # ------------------------------------------------------------ all

    def run(self, parts):
        every = {"values": self.values, "gates": self.gates, "create": self.create, "slaves": self.slave_attrs,
                 "life": self.life, "balance": lambda: balance.record(self), "ioctl": self.ioctls, "params": self.params}
        self.make_devices()
        for name in parts or every:
            start, before = time.monotonic(), self.steps
            every[name]()
            print(f"# {name}: {self.steps - before} steps in {time.monotonic() - start:.0f}s", flush=True)


def main():
    subprocess.run(["modprobe", "bonding", "max_bonds=0"], check=True)
    # the console is slow: only what is a warning or worse
    with open("/proc/sys/kernel/printk", "w") as file:
        file.write("5")
    # nothing of the kernel's own comes between a change and its messages
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    Recorder(load(sys.argv[1])).run(sys.argv[2:])
    print("[end]")


if __name__ == "__main__":
    main()
