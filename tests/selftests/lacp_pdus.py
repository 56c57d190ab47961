#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Note the LACPDUs that devices send and receive.

lacp_pdus.py FILE DEV…   until SIGTERM; FILE.ready appears when it listens

A line of FILE: time(s, the kernel's stamp) device in|out carries|idle STATE, by the actor's state in the PDU.
"""
import select
import socket
import struct
import sys

ETH_P_ALL = 3
SLOW_PROTOCOLS = b"\x88\x09"
SO_TIMESTAMPNS = 35
PACKET_OUTGOING = 4
LACP, STATE = 14, 32  # where a frame has its subtype and the actor's state
CARRIES = 0x30  # collecting, distributing


def main():
    sockets = {}
    for dev in sys.argv[2:]:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        sock.bind((dev, ETH_P_ALL))
        sockets[sock] = dev
    with open(sys.argv[1], "w", buffering=1) as out:
        open(sys.argv[1] + ".ready", "w").close()
        while True:
            for sock in select.select(list(sockets), [], [])[0]:
                try:
                    data, extra, _, address = sock.recvmsg(256, 128)
                except OSError:
                    continue  # it went down; what it receives later comes again
                if data[12:14] != SLOW_PROTOCOLS or len(data) <= STATE or data[LACP] != 1:
                    continue
                seconds, nanos = struct.unpack("qq", extra[0][2])
                way = "out" if address[2] == PACKET_OUTGOING else "in"
                state = "carries" if data[STATE] & CARRIES == CARRIES else "idle"
                out.write(f"{seconds}.{nanos:09} {sockets[sock]} {way} {state} {data[STATE]}\n")


main()
