"""A delay line: two network interfaces, and each packet crosses from one to the other later.

It delays packets and nothing else: none are lost, reordered or held back for a bandwidth. So TCP
behaves on it as on a long clean line. Usage: python3 -m measure.delay MILLISECONDS-ONE-WAY
"""

import fcntl
import os
import select
import struct
import sys
import time
from collections import deque

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000
BATCH = 64
LARGEST = 65536


def main():
    delay = float(sys.argv[1]) / 1000
    near, far = interface("kb0"), interface("kb1")
    print("ready", flush=True)
    carry(near, far, delay)


def carry(near, far, delay):
    # A packet on its way: when it is due, and its bytes.
    ways = [(near, far, deque()), (far, near, deque())]
    while True:
        now = time.monotonic()
        for source, target, line in ways:
            deliver(line, target, now)
            take(source, line, delay)
        due = min((line[0][0] for _, _, line in ways if line), default=None)
        pause = None if due is None else max(0, due - time.monotonic())
        select.select([near, far], [], [], pause)


def deliver(line, target, now):
    while line and line[0][0] <= now:
        try:
            os.write(target, line[0][1])
        except OSError:
            # The interface is not up yet or not any more; a packet is lost as on any line.
            pass
        line.popleft()


def take(source, line, delay):
    try:
        for _ in range(BATCH):
            packet = os.read(source, LARGEST)
            line.append((time.monotonic() + delay, packet))
    except BlockingIOError:
        pass


def interface(name):
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    request = struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI)
    fcntl.ioctl(device, TUNSETIFF, request)
    return device


if __name__ == "__main__":
    main()
