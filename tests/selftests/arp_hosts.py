#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""What lies behind the slaves of bonds: a switch for each bond, and the hosts that it asks for.

arp_hosts.py FIFO RECORD BOND=FAR,FAR… …

Each FAR is the far end of a slave. What is broadcast goes round to the other slaves of the bond. Orders
come through FIFO, a line each:
  good               every host that is asked for answers
  other              somebody else answers: the sender's address is another one
  noise              nobody answers, but there are other frames, 50 a second on each cable
  silent             nobody answers
  mute HOST          that host no longer answers, whatever the others do; `mute -` ends it
  cut FAR            the cable carries nothing any more, in either direction; `mend FAR` ends it
  quit
RECORD gets a line for each question that was asked: time in ms, far end, VLANs (outermost first, - without),
sender, target, whether it was answered. A line `- ORDER` tells that an order was carried out.
"""
import os
import selectors
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_AUXDATA, TP_STATUS_VLAN_VALID = 263, 8, 1 << 4
PACKET_OUTGOING, ETH_P_ALL = 4, 3
ARP, IP6, TAGS = 0x0806, 0x86DD, (0x8100, 0x88A8)
ME = bytes.fromhex("02bb00000001")
NOISE = b"\xff" * 6 + ME + b"\x88\xb5" + bytes(46)


def address(raw):
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


class Hosts:
    def __init__(self, fifo, record, bonds):
        self.order, self.muted, self.cut, self.last = "good", set(), set(), 0.0
        self.record = open(record, "w", buffering=1)
        self.peers, self.sockets = {}, {}
        self.poll = selectors.DefaultSelector()
        for bond in bonds:
            fars = bond.split("=")[1].split(",")
            for far in fars:
                sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
                sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
                sock.bind((far, ETH_P_ALL))
                self.sockets[far] = sock
                self.peers[far] = [other for other in fars if other != far]
                self.poll.register(sock, selectors.EVENT_READ, far)
        self.orders = os.fdopen(os.open(fifo, os.O_RDWR | os.O_NONBLOCK), "r")
        self.poll.register(self.orders, selectors.EVENT_READ, None)
        print("- ready", file=self.record)

    def send(self, far, frame):
        if far in self.cut:
            return
        try:
            self.sockets[far].send(frame)
        except OSError:
            pass

    def obey(self, line):
        word, _, what = line.partition(" ")
        if word == "quit":
            sys.exit()
        if word == "mute":
            self.muted = set() if what == "-" else self.muted | {what}
        elif word == "cut":
            self.cut.add(what)
        elif word == "mend":
            self.cut.discard(what)
        else:
            self.order = word
        print("-", line, file=self.record)

    def hear(self, far):
        frame, extra, _, sender = self.sockets[far].recvmsg(2048, 64)
        if sender[2] == PACKET_OUTGOING or far in self.cut:
            return
        for level, kind, data in extra:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
            if level == SOL_PACKET and kind == PACKET_AUXDATA and status & TP_STATUS_VLAN_VALID:
                frame = frame[:12] + struct.pack(">HH", tpid, tci) + frame[12:]
        if frame[0] & 1:
            for other in self.peers[far]:
                self.send(other, frame)
        vlans, head = [], 14
        kind = struct.unpack(">H", frame[12:14])[0]
        while kind in TAGS and len(frame) >= head + 4:
            tci, kind = struct.unpack(">HH", frame[head : head + 4])
            vlans.append(str(tci & 0xFFF))
            head += 4
        if kind == ARP:
            self.asked(far, frame, head, vlans)
        elif kind == IP6:
            self.asked6(far, frame, head, vlans)

    def asked(self, far, frame, head, vlans):
        arp = frame[head : head + 28]
        if len(arp) < 28 or arp[6:8] != b"\0\1":
            return
        sender, target = arp[14:18], arp[24:28]
        if sender == target:  # a gratuitous one, which asks for nobody
            return
        who = self.answering(far, vlans, sender, target)
        if who:
            reply = arp[:7] + b"\2" + ME + who + arp[8:18]
            self.send(far, frame[6:12] + ME + frame[12:head] + reply)

    def asked6(self, far, frame, head, vlans):
        packet = frame[head : head + 64]
        if len(packet) < 64 or packet[6] != 58 or packet[40] != 135:
            return
        sender, target = packet[8:24], packet[48:64]
        if not any(sender):  # who has no address yet
            return
        who = self.answering(far, vlans, sender, target)
        if who:
            # solicited, override; with the address of its Ethernet device
            message = b"\x88\0\0\0\x60\0\0\0" + target + b"\2\1" + ME
            pseudo = who + sender + struct.pack(">II", len(message), 58)
            total = sum(struct.unpack(f">{len(pseudo + message) // 2}H", pseudo + message))
            total = (total & 0xFFFF) + (total >> 16)
            total = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
            message = message[:2] + struct.pack(">H", total) + message[4:]
            reply = struct.pack(">IHBB", 6 << 28, len(message), 58, 255) + who + sender + message
            self.send(far, frame[6:12] + ME + frame[12:head] + reply)

    # The address to answer a question from, if it is answered.
    def answering(self, far, vlans, sender, target):
        host = address(target)
        answers = self.order in ("good", "other") and host not in self.muted
        print(int(time.time() * 1000), far, ".".join(vlans) or "-", address(sender), host,
              "answered" if answers else "not", file=self.record)
        if not answers:
            return None
        return target if self.order == "good" else target[:-1] + b"\xfe"

    def run(self):
        while True:
            for key, _ in self.poll.select(0.02):
                if key.data is not None:
                    self.hear(key.data)
                    continue
                for line in self.orders.read().splitlines():
                    self.obey(line)
            if self.order == "noise" and time.monotonic() > self.last + 0.02:
                self.last = time.monotonic()
                for far in self.sockets:
                    self.send(far, NOISE)


Hosts(sys.argv[1], sys.argv[2], sys.argv[3:]).run()
