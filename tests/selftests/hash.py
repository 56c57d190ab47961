#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Sends generated frames by a bond in every way that frames come to one, and compares the slave that
each left by with what a model of the hash policies says.

hash.py BOND SOURCE VLAN COUNT WAY… -- FAR…   FAR: the far ends, in the order of the slaves

A WAY: packet (a socket on the bond), tagged (on VLAN, which lies on it), paged (with headers outside of
the packet's linear part), redirected (from SOURCE, where XDP redirects frames to the bond). For each
way and policy a line: WAY POLICY sent N, N elsewhere, N lost. The first wrong frames are told on stderr.

The model knows what the formulas and the flow dissector are documented to give; it shares nothing with
the driver.
"""
import random
import select
import socket
import struct
import sys

POLICIES = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac"]
MARK = b"\xa5\x5a"
PACKET_OUTGOING, ETH_P_ALL, SOL_PACKET, PACKET_VNET_HDR = 4, 3, 263, 15
IP, IP6, ARP, TAG, STAG = 0x0800, 0x86DD, 0x0806, 0x8100, 0x88A8
TCP, UDP, DCCP, ESP, AH, SCTP, UDPLITE, ICMP, ICMP6, GRE, IPIP, IP6IP = 6, 17, 33, 50, 51, 132, 136, 1, 58, 47, 4, 41
PORTS = {TCP: 0, UDP: 0, DCCP: 0, ESP: 0, SCTP: 0, UDPLITE: 0, AH: 4}
HAS_ID = (0, 8, 13, 14, 128, 129)
ERRORS = {ICMP: (3, 4, 5, 11, 12), ICMP6: (1, 2, 3, 4)}

# ---------------------------------------------------------------- the model


class Short(Exception):
    """The frame ends before that, or has what nobody knows."""


class Model:
    """The hash of one frame."""

    def __init__(self, frame, kind, offset, tag):
        self.frame, self.kind, self.offset, self.tag = frame, kind, offset, tag

    def at(self, offset, length):
        """Bytes of the frame."""
        if offset + length > len(self.frame):
            raise Short
        return self.frame[offset : offset + length]

    def layer2(self):
        return self.frame[5] ^ self.frame[11] ^ int.from_bytes(self.frame[12:14], "big")

    @staticmethod
    def words(data):
        """Exclusive or of the words, as they lie in memory."""
        result = 0
        for (word,) in struct.iter_unpack("=I", data):
            result ^= word
        return result

    def ports(self, offset, protocol):
        try:
            return self.words(self.at(offset + PORTS[protocol], 4)) if protocol in PORTS else 0
        except Short:
            return 0

    def icmp(self, offset):
        """Type, and type, code and identifier as one word (0 without)."""
        try:
            kind, code, _, number = struct.unpack(">BBHHxx", self.at(offset, 8))
        except Short:
            return 0, 0
        if kind not in HAS_ID:
            return kind, 0
        return kind, struct.unpack("=I", struct.pack("=BBH", kind, code, number or 1))[0]

    def ip(self, offset):
        """Addresses, next offset, protocol (None for a fragment), without options and extensions."""
        if self.kind == IP:
            head = self.at(offset, 20)
            fragment = int.from_bytes(head[6:8], "big") & 0x3FFF
            return self.words(head[12:20]), offset + (head[0] & 15) * 4, None if fragment else head[9]
        if self.kind == IP6:
            head = self.at(offset, 40)
            return self.words(head[8:40]), offset + 40, head[6]
        raise Short

    def flow(self):
        """Addresses and ports, of the outermost headers."""
        addresses, offset, protocol = self.ip(self.offset)
        if protocol not in ERRORS:
            return addresses, self.ports(offset, protocol)
        kind, word = self.icmp(offset)
        if kind not in ERRORS[protocol]:
            return addresses, word
        addresses, offset, protocol = self.ip(offset + 8)
        return addresses, self.ports(offset, protocol)

    def dissected(self):
        """Addresses and ports, of the innermost headers."""
        kind, offset, addresses = self.kind, self.offset, 0
        beside = self.tag is not None
        while True:
            if kind in (TAG, STAG):
                if beside:
                    beside = False
                else:
                    kind = int.from_bytes(self.at(offset + 2, 2), "big")
                    offset += 4
                continue
            if kind == IP:
                head = self.at(offset, 20)
                if head[0] & 15 < 5:
                    raise Short
                addresses, protocol = self.words(head[12:20]), head[9]
                offset += (head[0] & 15) * 4
                if int.from_bytes(head[6:8], "big") & 0x3FFF:
                    return addresses, 0
            elif kind == IP6:
                head = self.at(offset, 40)
                addresses, protocol = self.words(head[8:40]), head[6]
                offset += 40
                while protocol in (0, 43, 60):
                    protocol, length = self.at(offset, 2)
                    offset += (length + 1) * 8
                if protocol == 44:
                    self.at(offset, 8)
                    return addresses, 0
            elif kind == ARP:
                # The dissector has no questions about it, so that is a flow without addresses.
                return 0, 0
            else:
                raise Short
            if protocol == IPIP:
                kind = IP
            elif protocol == IP6IP:
                kind = IP6
            elif protocol == GRE:
                flags, kind = struct.unpack(">HH", self.at(offset, 4))
                offset += 4
                offset += 4 if flags & 0x8000 else 0
                if flags & 0x2000:
                    self.at(offset, 4)
                    offset += 4
                offset += 4 if flags & 0x1000 else 0
                if kind == 0x6558:
                    kind = int.from_bytes(self.at(offset + 12, 2), "big")
                    offset += 14
            elif protocol in (ICMP, ICMP6):
                return addresses, self.icmp(offset)[1]
            else:
                return addresses, self.ports(offset, protocol)

    def hash(self, policy):
        if policy == "layer2":
            return self.layer2()
        if policy == "vlan+srcmac":
            source = self.frame[6:12]
            return (self.tag or 0) ^ int.from_bytes(source[:3], "big") ^ int.from_bytes(source[3:], "big")
        try:
            addresses, ports = self.dissected() if policy.startswith("encap") else self.flow()
        except Short:
            return self.layer2()
        value = addresses ^ (ports if policy.endswith("3+4") else self.layer2())
        value ^= value >> 16
        value ^= value >> 8
        return value >> 1 if policy.endswith("3+4") else value


# ---------------------------------------------------------------- the frames


class Maker:
    """Makes frames of all sorts."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def some(self, *choices):
        return self.random.choice(choices)

    def often(self, share):
        return self.random.random() < share

    def data(self, length):
        return self.random.randbytes(length)

    def payload(self, depth, family):
        """A protocol number, and a packet of it."""
        what = self.random.random()
        if what < 0.55 or depth > 2:
            return self.some(TCP, UDP), self.data(20)
        if what < 0.65:
            return self.some(*PORTS), self.data(16)
        if what < 0.8:
            protocol = self.some(ICMP, ICMP6) if self.often(0.1) else (ICMP if family == IP else ICMP6)
            kind = self.some(*HAS_ID, *ERRORS[protocol], 9, 10, 133, 135)
            head = struct.pack(">BBHHH", kind, self.some(0, 1, 3), 7, self.some(0, 1, 77, 0xFFFE), 9)
            inner = self.network(3, family if self.often(0.9) else IP)[1]
            return protocol, head + (inner if kind in ERRORS[protocol] else self.data(8))
        if what < 0.85:
            return IPIP, self.network(depth + 1, IP)[1]
        if what < 0.9:
            return IP6IP, self.network(depth + 1, IP6)[1]
        if what < 0.97:
            return GRE, self.gre(depth)
        return self.some(89, 103, 255), self.data(16)

    def gre(self, depth):
        flags = self.some(0, 0x2000, 0xB000, 0x1000)
        options = self.data(4 * bin(flags).count("1"))
        kind, packet = self.network(depth + 1, self.some(IP, IP6))
        if self.often(0.3):
            return struct.pack(">HH", flags, 0x6558) + options + self.data(12) + struct.pack(">H", kind) + packet
        return struct.pack(">HH", flags, kind) + options + packet

    def network(self, depth, kind):
        """An Ethernet type, and a packet of it."""
        protocol, data = self.payload(depth, kind)
        if kind == IP:
            words = self.random.randint(6, 15) if self.often(0.1) else 5
            if self.often(0.02):
                words = self.random.randint(0, 4)
            fragment = self.some(0x2000, 0x2007, 0x0009, 0x1FFF) if self.often(0.08) else self.some(0, 0x4000)
            head = struct.pack(">BBHHHBBH", 0x40 | words, 0, 20, 1, fragment, 64, protocol, 0)
            head += bytes([10, 0, 0]) + self.data(1) + self.data(4) + self.data(max(0, words - 5) * 4)
            return IP, head + data
        if self.often(0.15):
            for _ in range(self.random.randint(1, 3)):
                number, length = self.some(0, 43, 60), self.random.randint(0, 2)
                data = bytes([protocol, length]) + self.data(length * 8 + 6) + data
                protocol = number
        if self.often(0.06):
            data = bytes([protocol, 0]) + self.some(b"\0\0", b"\0\1", b"\0\x10") + self.data(4) + data
            protocol = 44
        label = self.random.getrandbits(20)
        head = struct.pack(">IHBB", 0x60000000 | label, len(data), protocol, 64)
        return IP6, head + self.data(32) + data

    def frame(self, number, tags, length):
        """The frame of a number, which it ends with."""
        kind, packet = self.network(0, self.some(IP, IP6))
        if self.often(0.05):
            kind, packet = self.some(ARP, 0x88B5, 0x88CC, 0x0842), self.data(46)
        head = self.data(1)[0] & 0xFC
        frame = bytes([head]) + self.data(5) + b"\x02\xcc" + self.data(4)
        whole = 14
        if tags and self.often(0.1):
            for tag in [TAG] if self.often(0.5) else [STAG, TAG]:
                frame += struct.pack(">HH", tag, self.random.getrandbits(12))
                whole += 4
        frame += struct.pack(">H", kind) + packet
        if self.often(0.08):
            frame = frame[: self.random.randint(whole, len(frame))]
        frame += bytes(max(0, length - len(frame)))
        return frame + MARK + struct.pack(">I", number)


# ---------------------------------------------------------------- sending and receiving


def tags_of(frame):
    """How many tags a frame has after its addresses."""
    count, kind = 0, int.from_bytes(frame[12:14], "big")
    while kind in (TAG, STAG) and 18 + 4 * count <= len(frame):
        kind = int.from_bytes(frame[16 + 4 * count : 18 + 4 * count], "big")
        count += 1
    return count


class Way:
    """One of the ways to the bond."""

    def __init__(self, name, device):
        self.name = name
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.bind((device, 0))
        if name == "paged":
            self.sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)

    def send(self, number, frame):
        """Sends it; the model of what the bond makes of it."""
        kind, offset, tag = int.from_bytes(frame[12:14], "big"), 14, None
        if self.name == "tagged":
            priority = number % 3
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_PRIORITY, priority)
            tag = (0, 3, 6)[priority] << 13 | 5
        elif self.name != "redirected":
            # Sockets note the outer type, and where the tags end.
            offset += 4 * tags_of(frame)
        if self.name == "paged":
            linear = (14, 20, 34, 54, 60)[number % 5]
            self.sock.send(struct.pack("=BBHHHH", 0, 0, linear, 0, 0, 0) + frame)
        else:
            self.sock.send(frame)
        return Model(frame, kind, offset, tag)


class Ends:
    """The far ends, of which each notes the frames that come."""

    def __init__(self, devices):
        self.socks = []
        for device in devices:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
            sock.setblocking(False)
            sock.bind((device, ETH_P_ALL))
            self.socks.append(sock)

    def drain(self, seen):
        """Notes where the frames that have come are."""
        for index, sock in enumerate(self.socks):
            while True:
                try:
                    data, address = sock.recvfrom(9000)
                except BlockingIOError:
                    break
                if address[2] != PACKET_OUTGOING and data[-6:-4] == MARK:
                    seen.setdefault(int.from_bytes(data[-4:], "big"), []).append(index)

    def all_of(self, count):
        """Where each of so many frames came, once all have, or none comes any more."""
        seen = {}
        self.drain(seen)
        while len(seen) < count and select.select(self.socks, [], [], 5)[0]:
            self.drain(seen)
        return seen


def compare(way, policy, ends, count):
    """Sends frames and tells what became of them."""
    maker = Maker(f"{way.name} {policy}")
    expected = {}
    for number in range(count):
        frame = maker.frame(number, way.name in ("packet", "redirected"), 4200 if way.name == "paged" else 0)
        expected[number] = way.send(number, frame)
    seen = ends.all_of(count)
    wrong = 0
    for number, model in expected.items():
        want = [model.hash(policy) % len(ends.socks)]
        if seen.get(number) != want:
            wrong += number in seen
            if wrong <= 3:
                print(f"{way.name} {policy}: {model.frame.hex()}: {seen.get(number)}, not {want}", file=sys.stderr)
    print(f"{way.name} {policy} sent {count}, {wrong} elsewhere, {count - len(seen)} lost", flush=True)


def main():
    bond, source, vlan, count, *rest = sys.argv[1:]
    ends = Ends(rest[rest.index("--") + 1 :])
    for name in rest[: rest.index("--")]:
        way = Way(name, {"tagged": vlan, "redirected": source}.get(name, bond))
        for policy in POLICIES:
            if (name, policy) == ("redirected", "vlan+srcmac"):
                continue
            with open(f"/sys/class/net/{bond}/bonding/xmit_hash_policy", "w") as file:
                file.write(policy)
            compare(way, policy, ends, int(count) // (1 if name == "packet" else 10))


if __name__ == "__main__":
    main()
