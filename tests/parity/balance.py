# SPDX-License-Identifier: GPL-2.0
"""Part `balance`: what balance-tlb and balance-alb do on the same events.

To each step belongs what was heard at the far ends of the slaves in the seconds after it, each
frame once: who was told by ARP which address, and which addresses switches learnt.
"""
import socket
import struct
import subprocess
import time

from faces import NET
from link import ADDRESS, IFF_UP, NEWLINK, attr, write_file

# Long enough for the next learning packets (lp_interval is a second), and for all repetitions of an ARP reply:
# four rounds, two seconds apart, of which the first may be late by that; and until nobody receives for a lost
# slave any more, which takes ten seconds.
LISTEN = 14
OURS = "10.0.0.1"
PEERS = range(10, 16)
ETH_P_ARP, ETH_P_LOOPBACK = 0x0806, 0x9000


def peer_mac(number):
    return bytes([2, 0xBB, 0, 0, 0, number])


class Ears:
    """Sockets at the far ends."""

    def __init__(self, link, devices):
        self.link = link
        self.socks = {}
        for device in devices:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(263, 8, 1)      # PACKET_AUXDATA: the tag
            sock.setblocking(False)
            sock.bind((device, 3))
            self.socks[device] = sock

    def close(self):
        for sock in self.socks.values():
            sock.close()

    def word(self, raw):
        return self.link.macs.get(raw, raw.hex(":"))

    def describe(self, device, data, vlan):
        kind, body = struct.unpack(">H", data[12:14])[0], data[14:]
        if kind == 0x8100:
            vlan, kind, body = struct.unpack(">H", body[:2])[0], struct.unpack(">H", body[2:4])[0], body[4:]
        tag = f" vlan {vlan & 0xFFF} priority {vlan >> 13}" if vlan else ""
        to, source = self.word(data[:6]), self.word(data[6:12])
        if kind == ETH_P_LOOPBACK:
            return f"heard {device}{tag}: learn {source}"
        if kind != ETH_P_ARP:
            return None
        sender, host = self.word(body[8:14]), socket.inet_ntoa(body[14:18])
        return f"heard {device}{tag}: arp {body[7]} {host} is {sender} for {socket.inet_ntoa(body[24:28])} from {source} to {to}"

    def frames(self):
        """What came since the last time, each once."""
        heard = set()
        for device, sock in self.socks.items():
            while True:
                try:
                    data, extra, _, address = sock.recvmsg(2000, 128)
                except BlockingIOError:
                    break
                except OSError:     # that the device is down is said once
                    continue
                vlan = 0
                for _, _, value in extra:
                    status, tag = struct.unpack("I12xH", value[:18])
                    vlan = tag if status & 16 else 0
                if address[2] != socket.PACKET_OUTGOING:
                    heard.add(self.describe(device, data, vlan))
        return sorted(heard - {None})


class Balance:
    """One bond of three slaves in one of the two modes."""

    def __init__(self, recorder):
        self.rec, self.link = recorder, recorder.link
        self.ears = Ears(self.link, ["p1", "p2", "p3"])

    def event(self, what, act, **how):
        self.rec.step(what, act, **how)
        self.listen()

    def listen(self):
        time.sleep(LISTEN)
        for line in self.ears.frames():
            self.rec.put("  " + line)

    def carrier(self, slave, on):
        self.rec.carrier(slave, on)
        self.listen()

    def send_arp(self, operation, mac, host, target, vlan=0):
        tag = struct.pack(">HH", 0x8100, vlan) if vlan else b""
        arp = struct.pack(">HHBBH", 1, 0x800, 6, 4, operation) + mac + socket.inet_aton(host) + bytes(6) + socket.inet_aton(target)
        # By the active slave, which alone receives broadcasts.
        with open(f"{NET}/{self.rec.bond}/bonding/active_slave", encoding="ascii") as file:
            active = file.read().strip() or "s1"
        self.ears.socks[active.replace("s", "p")].send(b"\xff" * 6 + mac + tag + struct.pack(">H", ETH_P_ARP) + arp + bytes(18))
        return "ok"

    def ask(self, net, vlan=0, peers=PEERS):
        for number in peers:
            self.send_arp(1, peer_mac(number), f"{net}.{number}", f"{net}.1", vlan)
            time.sleep(0.1)
        return "ok"

    @staticmethod
    def ip(words):
        return "ok" if subprocess.run(["ip", *words.split()], check=False).returncode == 0 else "failed"

    def set(self, option, text):
        return write_file(f"{NET}/{self.rec.bond}/bonding/{option}", text.encode() + b"\n")

    def address(self, device, raw):
        return self.link.request(NEWLINK, 0, self.link.index(device), attr(ADDRESS, raw))

    def run(self):
        rec, bond = self.rec, self.rec.bond
        self.event("a third slave", lambda: rec.link.master("s3", bond))
        self.event("an address", lambda: self.ip(f"addr add {OURS}/24 dev {bond}"))
        self.event("peers ask", lambda: self.ask("10.0.0"))
        self.event("peers ask again", lambda: self.ask("10.0.0"))
        for slave in "s2", "s1":
            self.carrier(slave, False)
            self.carrier(slave, True)
        self.event("active_slave=s3", lambda: self.set("active_slave", "s3"))
        # A link that goes down for less than downdelay: who comes meanwhile gets another slave.
        self.event("downdelay=60000", lambda: self.set("downdelay", "60000"))
        self.carrier("s2", False)
        self.event("other peers ask", lambda: self.ask("10.0.0", peers=range(20, 26)))
        self.carrier("s2", True)
        self.event("downdelay=0", lambda: self.set("downdelay", "0"))
        self.event("a VLAN", lambda: self.ip(f"link add link {bond} name vlan9 up type vlan id 9"))
        self.event("with an address", lambda: self.ip("addr add 10.0.9.1/24 dev vlan9"))
        self.event("its peers ask", lambda: self.ask("10.0.9", 9))
        self.carrier("s3", False)
        self.carrier("s3", True)
        self.event("the VLAN goes", lambda: self.ip("link del vlan9"))
        self.event("-s1", lambda: self.set("slaves", "-s1"))
        self.event("+s1", lambda: rec.link.master("s1", bond))
        self.event("the bond's address", lambda: self.address(bond, b"\2\0\0\0\0\x77"))
        self.event("the address of s1", lambda: self.address("s1", b"\2\0\0\0\0\x78"))
        self.event("another has our address", lambda: self.send_arp(2, peer_mac(99), OURS, OURS))
        self.event("down", lambda: self.link.flags(bond, 0, IFF_UP))
        self.event("up", lambda: self.link.flags(bond, IFF_UP, IFF_UP))
        # The turns of the C driver go on where they were when the bond went down; a release has them begin anew.
        self.event("-s3", lambda: self.set("slaves", "-s3"))
        self.event("+s3", lambda: rec.link.master("s3", bond))
        self.event("peers ask once more", lambda: self.ask("10.0.0"))
        for slave in "s1", "s2", "s3":
            self.event(f"-{slave}", lambda: self.set("slaves", f"-{slave}"))
        self.ears.close()

    def run_priority(self):
        """Clients in a VLAN are told with the priority of what they are sent otherwise."""
        bond = self.rec.bond
        self.event("a VLAN", lambda: self.ip(f"link add link {bond} name vlan9 up type vlan id 9 egress-qos-map 0:5"))
        self.event("with an address", lambda: self.ip("addr add 10.0.9.1/24 dev vlan9"))
        self.event("its peers ask", lambda: self.ask("10.0.9", 9))
        self.carrier("s2", False)
        self.ears.close()


def record(recorder):
    """Both modes."""
    for mode in 5, 6:
        if recorder.home(mode, True, True):
            recorder.place = f"balance {mode}"
            Balance(recorder).run()
        recorder.drop_bond()
    if recorder.home(6, True, True):
        recorder.place = "balance priority"
        Balance(recorder).run_priority()
    recorder.drop_bond()
