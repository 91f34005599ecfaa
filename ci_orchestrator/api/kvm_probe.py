"""A program of its own, run in a child process under a time limit: does /dev/kvm really run a virtual CPU?

The device may exist, and even create machines, and yet hang when one runs. So: one page of memory with one instruction
(`hlt`), one CPU, one run. Numbers are those of the Linux header `linux/kvm.h`. Exit code 0: it works.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import struct
import sys
from fcntl import ioctl

GET_API_VERSION, CREATE_VM, GET_VCPU_MMAP_SIZE, CREATE_VCPU, RUN = 0xAE00, 0xAE01, 0xAE04, 0xAE41, 0xAE80
SET_USER_MEMORY_REGION, SET_REGS, GET_SREGS, SET_SREGS = 0x4020AE46, 0x4090AE82, 0x8138AE83, 0x4138AE84
SREGS_BYTES, EXIT_HLT, PAGE = 312, 5, 4096
HLT = b"\xf4"


def main() -> int:
    """0 when a virtual CPU stopped where it should, 1 when it did not; an OSError when the device refuses."""
    device = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    if ioctl(device, GET_API_VERSION, 0) != 12:
        return 1
    machine = ioctl(device, CREATE_VM, 0)
    if platform.machine() not in ("x86_64", "AMD64"):
        return 0  # creating one is all that we know to try here
    memory = mmap.mmap(-1, PAGE)
    memory[:1] = HLT
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    ioctl(machine, SET_USER_MEMORY_REGION, struct.pack("<IIQQQ", 0, 0, 0, PAGE, address))
    cpu = ioctl(machine, CREATE_VCPU, 0)
    shared = mmap.mmap(cpu, ioctl(device, GET_VCPU_MMAP_SIZE, 0))
    segments = bytearray(SREGS_BYTES)
    ioctl(cpu, GET_SREGS, segments)
    struct.pack_into("<Q", segments, 0, 0)  # code segment: base 0
    struct.pack_into("<H", segments, 12, 0)  # … and selector 0
    ioctl(cpu, SET_SREGS, bytes(segments))
    ioctl(cpu, SET_REGS, struct.pack("<18Q", *[0] * 17, 2))  # start at 0; bit 1 of the flags is always set
    ioctl(cpu, RUN, 0)
    return int(struct.unpack_from("<I", shared, 8)[0] != EXIT_HLT)


if __name__ == "__main__":
    sys.exit(main())
