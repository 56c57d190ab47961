#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Send and capture numbered frames of an own Ethernet type.

frames.py send DEV [--dst MAC[,MAC…]] [--src MAC] [--type N] [--count N] [--interval S] [--start N] [--times FILE]
frames.py capture [--all] FILE DEV…   until SIGTERM; FILE.ready appears when it listens

A line of FILE: time(ns of receipt) device type source destination number
--times FILE gets a line a frame: number time(ns). The device 'any' means a socket bound to no device. --all listens before a bridge
or a bond takes the frame (ETH_P_ALL) instead of as a receiver of the type.
"""
import argparse
import selectors
import signal
import socket
import struct
import sys
import time

TYPE = 0x88B5  # IEEE 802: local experimental
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
ETH_P_ALL = 3


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def name(raw):
    return ":".join(f"{byte:02x}" for byte in raw)


def send(args):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.bind((args.dev, 0))
    with open(f"/sys/class/net/{args.dev}/address") as file:
        source = mac(args.src or file.read().strip())
    kind = struct.pack(">H", args.type)
    heads = [mac(dst) + source + kind for dst in args.dst.split(",")]
    pad = bytes(max(0, args.size - 18))
    sent = refused = 0
    times = []
    due = time.monotonic()
    number = args.start
    last = args.start + args.count
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
    while not stop and (args.count == 0 or number < last):
        frame = heads[number % len(heads)] + struct.pack(">I", number) + pad
        if args.times:
            times.append(time.time_ns())
        try:
            sock.send(frame)
            sent += 1
        except OSError:
            refused += 1
        number += 1
        if args.interval:
            due += args.interval
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            else:
                due = time.monotonic()  # late: don't make up for it in a burst
    print(f"sent {sent} refused {refused}")
    if args.times:
        with open(args.times, "w") as out:
            out.writelines(f"{args.start + index} {stamp}\n" for index, stamp in enumerate(times))


def capture(args):
    stop = []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(time.monotonic()))
    selector = selectors.DefaultSelector()
    for dev in args.dev:
        kind = ETH_P_ALL if args.all else args.type
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(kind) if dev == "any" else 0)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        sock.setblocking(False)
        if dev != "any":
            sock.bind((dev, kind))
        if dev != "any" and args.promiscuous:
            # struct packet_mreq: index, PACKET_MR_PROMISC, no address
            sock.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex(dev), 1, 0, b""))
        selector.register(sock, selectors.EVENT_READ, dev)
    with open(args.file, "w", buffering=1) as out:
        open(args.file + ".ready", "w").close()
        while True:
            events = selector.select(0.05)
            if stop and (not events or time.monotonic() > stop[0] + 2):
                break
            for key, _ in events:
                drain(key.fileobj, key.data, args.type, out)


def drain(sock, dev, kind, out):
    while True:
        try:
            data, extra, _, address = sock.recvmsg(2048, 128)
        except BlockingIOError:
            return
        except OSError:
            return  # the device went down; its frames will come again
        if address[2] == PACKET_OUTGOING or data[12:14] != struct.pack(">H", kind):
            continue
        stamp = 0
        for _, what, value in extra:
            if what == SO_TIMESTAMPNS:
                seconds, nanos = struct.unpack("qq", value)
                stamp = seconds * 1000000000 + nanos
        number = struct.unpack(">I", data[14:18])[0]
        where = f"any:{address[0]}" if dev == "any" else dev
        out.write(f"{stamp} {where} {data[12]:02x}{data[13]:02x} {name(data[6:12])} {name(data[:6])} {number}\n")


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    sub = commands.add_parser("send")
    sub.set_defaults(run=send)
    sub.add_argument("dev")
    sub.add_argument("--dst", default="02:bb:00:00:00:01")
    sub.add_argument("--src")
    sub.add_argument("--type", type=lambda text: int(text, 0), default=TYPE)
    sub.add_argument("--count", type=int, default=1, help="0: until SIGTERM")
    sub.add_argument("--interval", type=float, default=0)
    sub.add_argument("--start", type=int, default=0)
    sub.add_argument("--times")
    sub.add_argument("--size", type=int, default=60)
    sub = commands.add_parser("capture")
    sub.set_defaults(run=capture)
    sub.add_argument("file")
    sub.add_argument("dev", nargs="+")
    sub.add_argument("--type", type=lambda text: int(text, 0), default=TYPE)
    sub.add_argument("--all", action="store_true")
    sub.add_argument("--promiscuous", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    args.run(args)


if __name__ == "__main__":
    sys.exit(main())
