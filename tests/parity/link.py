# SPDX-License-Identifier: GPL-2.0
"""rtnetlink by hand: requests, their errors and the link messages that they cause.

Numbers are those of <linux/if_link.h>, <linux/rtnetlink.h> and <linux/netlink.h>.
"""
import errno
import os
import socket
import struct

NEWLINK, DELLINK, GETLINK = 16, 17, 18
REQUEST, ACK, EXCL, CREATE = 1, 4, 0x200, 0x400
NESTED = 0x8000
ADDRESS, BROADCAST, IFNAME, MTU, LINK, QDISC = 1, 2, 3, 4, 5, 6
MASTER, OPERSTATE, LINKINFO, CARRIER, EVENT, PERM_ADDRESS = 10, 16, 18, 33, 44, 54
INFO_KIND, INFO_DATA, INFO_SLAVE_KIND, INFO_SLAVE_DATA = 1, 2, 4, 5
EXT_MASK, TX_QUEUES, RX_QUEUES = 29, 31, 32
SKIP_STATS = struct.pack("I", 1 << 3)                      # RTEXT_FILTER_SKIP_STATS
IFF_UP = 1
EVENTS = {1: "REBOOT", 2: "FEATURES", 3: "BONDING_FAILOVER", 4: "NOTIFY_PEERS", 5: "IGMP_RESEND", 6: "BONDING_OPTIONS"}
# Counters, and what depends on when and where: statistics, map, AF_SPEC, carrier changes, GSO
# limits of the kernel, dev links of other subsystems.
IGNORED = {7, 14, 23, 26, 35, 47, 48}
NAMES = {4: "mtu", 8: "weight", 10: "master", 13: "txqlen", 16: "operstate", 17: "linkmode", 27: "group",
         30: "promiscuity", 31: "txqueues", 32: "rxqueues", 33: "carrier", 39: "proto_down", 40: "gso_segs",
         41: "gso_size", 43: "xdp", 50: "min_mtu", 51: "max_mtu", 54: "permaddr", 61: "allmulti"}
SLAVE_DATA = {1: "state", 2: "mii_status", 3: "failures", 4: "perm_hwaddr", 5: "queue_id", 6: "ad_aggregator_id",
              7: "ad_actor_state", 8: "ad_partner_state", 9: "prio", 10: "actor_port_prio", 11: "churn_actor",
              12: "churn_partner"}
# What a LACP machine changes by itself as time goes on.
RESTLESS = {6, 7, 8, 11, 12}


def attr(kind, payload):
    """One attribute; bytes, or a list of attributes."""
    if isinstance(payload, list):
        payload = b"".join(payload)
    return struct.pack("HH", len(payload) + 4, kind) + payload + bytes(-len(payload) % 4)


def bond_attrs(data, slave=False):
    """IFLA_LINKINFO with the data of a bond, or of one of its slaves."""
    if slave:
        return attr(LINKINFO | NESTED, [attr(INFO_SLAVE_KIND, b"bond\0"), attr(INFO_SLAVE_DATA | NESTED, data)])
    return attr(LINKINFO | NESTED, [attr(INFO_KIND, b"bond\0"), attr(INFO_DATA | NESTED, data)])


def attrs(data):
    """(number, payload) of each attribute, in their order."""
    while len(data) >= 4:
        length, kind = struct.unpack("HH", data[:4])
        if length < 4:
            return
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def number(data):
    """An integer of 1, 2, 4 or 8 bytes as text, else the bytes."""
    if len(data) in (1, 2, 4, 8):
        return str(int.from_bytes(data, "little"))
    return data.hex() or "-"


class Link:
    """Sockets: one for changes, which hears the link messages too, and one for questions."""

    def __init__(self, option_names):
        self.names = {}        # ifindex: name
        self.macs = {}         # bytes: word
        self.randoms = 0
        self.options = option_names
        self.seq = 0
        self.parsed = {}       # what get() read last: name: (bytes, what they say)
        self.main = self.socket(1)     # RTMGRP_LINK
        self.asks = self.socket(0)

    @staticmethod
    def socket(groups):
        sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        sock.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)    # SO_RCVBUFFORCE
        sock.setsockopt(270, 11, 1)                        # NETLINK_EXT_ACK
        sock.setsockopt(270, 12, 1)                        # NETLINK_GET_STRICT_CHK
        sock.bind((0, groups))
        return sock

    def forget_random(self):
        """Addresses that the kernel makes up are numbered anew."""
        self.macs = {mac: word for mac, word in self.macs.items() if not word.startswith("random")}
        self.randoms = 0
        self.parsed = {}

    def mac(self, raw):
        """The word for an address."""
        if raw not in self.macs:
            if len(raw) != 6 or raw in (bytes(6), b"\xff" * 6):
                return raw.hex()
            self.randoms += 1
            self.macs[raw] = f"random{self.randoms}"
        return self.macs[raw]

    # ------------------------------------------------------------ requests

    def send(self, sock, kind, flags, index, payload, change=(0, 0)):
        self.seq += 1
        body = struct.pack("BxHiII", 0, 0, index, *change) + payload
        sock.send(struct.pack("IHHII", len(body) + 16, kind, REQUEST | flags, self.seq, 0) + body)

    def request(self, kind, flags, index, payload, change=(0, 0)):
        """Returns (verdict, messages that came before the answer)."""
        self.send(self.main, kind, flags | ACK, index, payload, change)
        seen = []
        while True:
            for head, body in self.receive(self.main, 0):
                if head[0] != 2:
                    seen.append((head[0], body))
                elif head[1] == self.seq:
                    return self.verdict(head, body), seen

    @staticmethod
    def verdict(head, body):
        code = -struct.unpack("i", body[:4])[0]
        text = "ok" if code == 0 else errno.errorcode.get(code, str(code))
        if head[2] & 0x200:                                # NLM_F_ACK_TLVS
            skip = 20 if head[2] & 0x100 else 4 + struct.unpack("I", body[4:8])[0]
            for kind, data in attrs(body[skip:]):
                if kind == 1:
                    text += f" \"{data.rstrip(bytes(1)).decode()}\""
                elif kind == 2:
                    text += f" at {struct.unpack('I', data)[0]}"
        return text

    @staticmethod
    def receive(sock, flags):
        """[((type, seq, flags), body)] of one datagram."""
        data = sock.recv(1 << 18, flags)
        found = []
        while len(data) >= 16:
            length, kind, flags, seq, _ = struct.unpack("IHHII", data[:16])
            found.append(((kind, seq, flags), data[16:length]))
            data = data[(length + 3) & ~3:]
        return found

    def drain(self):
        """The messages that are there."""
        seen = []
        while True:
            try:
                seen += [(head[0], body) for head, body in self.receive(self.main, socket.MSG_DONTWAIT)]
            except BlockingIOError:
                return seen

    # ------------------------------------------------------------ changes

    @staticmethod
    def index(name):
        return socket.if_nametoindex(name)

    def create(self, name, data, extra=b""):
        payload = attr(IFNAME, name.encode() + b"\0") + extra + bond_attrs(data)
        return self.request(NEWLINK, CREATE | EXCL, 0, payload)

    def change(self, name, data):
        return self.request(NEWLINK, 0, self.index(name), bond_attrs(data))

    def change_slave(self, name, data):
        return self.request(NEWLINK, 0, self.index(name), bond_attrs(data, slave=True))

    def flags(self, name, flags, mask):
        return self.request(NEWLINK, 0, self.index(name), b"", (flags, mask))

    def master(self, name, master):
        index = self.index(master) if master else 0
        return self.request(NEWLINK, 0, self.index(name), attr(MASTER, struct.pack("I", index)))

    def delete(self, name):
        return self.request(DELLINK, 0, self.index(name), b"")

    def veth(self, name, peer, mac, peer_mac):
        end = struct.pack("BxHiII", 0, 0, 0, 0, 0) + attr(IFNAME, peer.encode() + b"\0") + attr(ADDRESS, peer_mac)
        info = attr(LINKINFO, [attr(INFO_KIND, b"veth\0"), attr(INFO_DATA, [attr(1, end)])])
        return self.request(NEWLINK, CREATE | EXCL, 0, attr(IFNAME, name.encode() + b"\0") + attr(ADDRESS, mac) + info)

    # ------------------------------------------------------------ reading

    def get(self, name):
        """The link of that name as {word: text}; parsed only if it isn't as before."""
        self.send(self.asks, GETLINK, 0, self.index(name), attr(EXT_MASK, SKIP_STATS))
        for head, body in self.receive(self.asks, 0):
            if head[0] == NEWLINK:
                old = self.parsed.get(name)
                if old is None or old[0] != body:
                    old = self.parsed[name] = body, self.parse(body)[1]
                return old[1]
        return {}

    def parse(self, body):
        """(name, {word: text}, event) of a link message."""
        _, kind, index, flags, _ = struct.unpack("BxHiII", body[:16])
        out = {"flags": f"{flags:#x}", "type": str(kind)}
        event = None
        name = "?"
        for num, data in attrs(body[16:]):
            if num in IGNORED:
                continue
            if num == IFNAME:
                name = data.rstrip(b"\0").decode()
            elif num == EVENT:
                event = EVENTS.get(struct.unpack("I", data)[0], data.hex())
            elif num == LINKINFO:
                out.update(self.info(data))
            elif num in (ADDRESS, BROADCAST, PERM_ADDRESS):
                out[{1: "address", 2: "broadcast", 54: "permaddr"}[num]] = self.mac(data)
            elif num in (MASTER, LINK):
                other = struct.unpack("I", data)[0]
                out["master" if num == MASTER else "link"] = self.name_of(other)
            elif num == QDISC:
                out["qdisc"] = data.rstrip(b"\0").decode()
            else:
                out[NAMES.get(num, f"attr{num}")] = number(data)
        if self.names.get(index, name) != name:
            self.parsed = {}                               # others name it
        self.names[index] = name
        return name, out, event

    def name_of(self, index):
        if index not in self.names:
            try:
                self.names[index] = socket.if_indextoname(index)
            except OSError:
                return "gone"
        return self.names[index]

    def info(self, data):
        out = {}
        for num, value in attrs(data):
            if num == INFO_KIND:
                out["kind"] = value.rstrip(b"\0").decode()
            elif num == INFO_SLAVE_KIND:
                out["slave_kind"] = value.rstrip(b"\0").decode()
            elif num == INFO_DATA and out.get("kind") == "bond":
                out.update(self.bond_data(value))
            elif num == INFO_SLAVE_DATA:
                for what, payload in attrs(value):
                    text = self.mac(payload) if what == 4 else number(payload)
                    out["slave." + SLAVE_DATA.get(what, str(what))] = "*" if what in RESTLESS else text
        return out

    def bond_data(self, data):
        out = {}
        order = []
        for num, payload in attrs(data):
            order.append(str(num))
            if num in (2, 11):                             # active and primary slave
                text = self.name_of(struct.unpack("I", payload)[0])
            else:
                text = number(payload)
            out["bond." + self.options.get(num, str(num))] = text
        out["bond.order"] = ",".join(order)
        return out


def errno_word(error):
    return errno.errorcode.get(error.errno, str(error.errno))


def write_file(path, data):
    """Writes bytes in one go; "ok", or the word for the error."""
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError as error:
        return "open " + errno_word(error)
    try:
        wrote = os.write(fd, data)
        return "ok" if wrote == len(data) else f"wrote {wrote} of {len(data)}"
    except OSError as error:
        return errno_word(error)
    finally:
        os.close(fd)
