#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Does the ioctls of bonds: a line of words in is one call, a line out its result.

  [32] [as-nobody] [old] enslave|release|sethwaddr|changeactive BOND DEVICE
  [32] [as-nobody] [old] info BOND [WHERE]          ok MODE SLAVES MIIMON
  [32] [as-nobody] [old] slave BOND ID [WHERE]      ok ID NAME LINK STATE FAILURES
  [32] [as-nobody] phy|reg|setreg BOND [REGISTER]   ok PHY VALUE
  [32] [as-nobody] private NUMBER BOND              ok
  has-32                                            ok, or the signal that says no

32: as a 32-bit program would; old: by the legacy number; as-nobody: without any
capability. WHERE is what the pointer points to: null, kernel, high, readonly, edge (the
memory ends before the struct does). A NAME of 16 bytes or more is sent without its NUL.
The result is 'ok …' or the name of the error.
"""
import ctypes
import errno
import faulthandler
import mmap
import os
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.mmap.restype = ctypes.c_void_p
LIBC.mmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t) + 4 * (ctypes.c_int,)
LIBC.ioctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p)
LIBC.mprotect.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
MAP_32BIT = 0x40
PAGE = mmap.PAGESIZE
PRIVATE = 0x89F0
COMMANDS = {"enslave": (0x8990, 0), "release": (0x8991, 1), "sethwaddr": (0x8992, 2), "changeactive": (0x8995, 13)}
QUERIES = {"slave": (0x8993, 11), "info": (0x8994, 12)}
MII = {"phy": 0x8947, "reg": 0x8948, "setreg": 0x8949}


def pages(count, protection=mmap.PROT_READ | mmap.PROT_WRITE):
    """Memory that a 32-bit pointer reaches."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_32BIT
    return LIBC.mmap(None, count * PAGE, protection, flags, -1, 0)


REQUEST = pages(1)
DATA = pages(2)
LIBC.mprotect(DATA + PAGE, PAGE, 0)
READONLY = pages(1, mmap.PROT_READ)
# push rbx; mov ebx, edi; mov ecx, esi; mov eax, 54; int 0x80; pop rbx; ret
CODE = bytes.fromhex("53 89fb 89f1 b836000000 cd80 5b c3")
CODE_PAGE = pages(1, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
ctypes.memmove(CODE_PAGE, CODE, len(CODE))
IOCTL32 = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_uint, ctypes.c_uint)(CODE_PAGE)
SOCK = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def call(compat, number, ifreq):
    """The ioctl; its errno and the request as the kernel left it."""
    ctypes.memmove(REQUEST, ifreq, len(ifreq))
    if compat:
        result = -IOCTL32(SOCK.fileno(), number, REQUEST)
    else:
        result = ctypes.get_errno() if LIBC.ioctl(SOCK.fileno(), number, REQUEST) else 0
    return result, ctypes.string_at(REQUEST, len(ifreq))


def request(compat, name, value):
    """struct ifreq: 40 bytes, 32 for a 32-bit program."""
    size = 16 if compat else 24
    return name.encode().ljust(16, b"\0")[:16] + value.ljust(size, b"\0")[:size]


def command(compat, old, what, bond, device):
    new, legacy = COMMANDS[what]
    number = PRIVATE + legacy if old else new
    return call(compat, number, request(compat, bond, device.encode()[:16]))[0], ""


def query(compat, old, what, bond, content, where):
    """A query whose pointer leads to `content`, which is replaced by the answer."""
    new, legacy = QUERIES[what]
    address = {
        None: DATA,
        "null": 0,
        "high": 0xFFFFF000,
        "kernel": 0xFFFF888000000000,
        "readonly": READONLY,
        "edge": DATA + PAGE - len(content) + 1,
    }[where]
    if where is None:
        ctypes.memmove(DATA, content, len(content))
    pointer = struct.pack("<I", address & 0xFFFFFFFF) if compat else struct.pack("<Q", address)
    number = PRIVATE + legacy if old else new
    return call(compat, number, request(compat, bond, pointer))[0], ctypes.string_at(DATA, len(content))


def ask_bond(compat, old, bond, where=None):
    result, answer = query(compat, old, "info", bond, b"\xaa" * 12, where)
    return result, "%d %d %d" % struct.unpack("<3i", answer)


def ask_slave(compat, old, bond, number, where=None):
    content = struct.pack("<i", int(number)) + b"\xaa" * 24
    result, answer = query(compat, old, "slave", bond, content, where)
    number, name, link, state, failures = struct.unpack("<i16sbb2xI", answer)
    return result, f"{number} {name.split(bytes(1))[0].decode(errors='replace')} {link} {state} {failures}"


def mii(compat, what, bond, register="1"):
    value = struct.pack("<4H", 77, int(register), 0, 0xAAAA)
    result, answer = call(compat, MII[what], request(compat, bond, value))
    phy, _, _, value = struct.unpack_from("<4H", answer, 16)
    return result, f"{phy} {value:#x}"


def perform(words, compat=False, old=False):
    """One line; the result as text."""
    first, *rest = words
    if first == "32":
        return perform(rest, True, old)
    if first == "old":
        return perform(rest, compat, True)
    if first in COMMANDS:
        result, text = command(compat, old, first, *rest)
    elif first == "info":
        result, text = ask_bond(compat, old, *rest)
    elif first == "slave":
        result, text = ask_slave(compat, old, *rest)
    elif first in MII:
        result, text = mii(compat, first, *rest)
    elif first == "private":
        result, text = call(compat, PRIVATE + int(rest[0]), request(compat, rest[1], b""))[0], ""
    else:
        return f"what is {first}?"
    if result:
        return "EOPNOTSUPP" if result == errno.EOPNOTSUPP else errno.errorcode.get(result, str(result))
    return f"ok {text}".strip()


def apart(function):
    """What a child says, which may do what this process must not."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, function().encode())
        os._exit(0)
    os.close(writer)
    text = os.read(reader, 1000).decode()
    os.close(reader)
    status = os.waitpid(child, 0)[1]
    return text if status == 0 else f"ended with {status}"


def try_32():
    """A kernel that runs no 32-bit programs raises a signal, which it logs unless it is handled."""
    faulthandler.enable(open(os.devnull, "w"))
    perform(["32", "info", "lo"])
    return "ok"


def as_nobody(words):
    os.setgroups([])
    os.setresgid(65534, 65534, 65534)
    os.setresuid(65534, 65534, 65534)
    return perform(words)


for line in sys.stdin:
    words = line.split()
    if words == ["has-32"]:
        print(apart(try_32), flush=True)
    elif "as-nobody" in words:
        words.remove("as-nobody")
        print(apart(lambda: as_nobody(words)), flush=True)
    else:
        print(perform(words), flush=True)
