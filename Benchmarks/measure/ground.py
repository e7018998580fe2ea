"""What is measured on: two guests with an sshd each, one near and one behind a delay line.

A guest has a process namespace of its own. Its processes are numbered one by one, so that the
number of a fresh process tells how many were made before it, whatever else the machine does; and
they end with it.
"""

import os
import pwd
import signal
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

STARTUP_SECONDS = 10
NEAR, FAR = "10.99.0.1", "10.99.0.2"
MTU = 9000

CONFIG = """
Port {port}
ListenAddress {address}
HostKey {scratch}/hostkey
AuthorizedKeysFile {scratch}/key.pub
StrictModes no
UsePAM no
UseDNS no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 200
MaxSessions 200
PidFile none
LogLevel ERROR
Subsystem sftp internal-sftp
"""


@dataclass
class Guest:
    """One sshd to measure against."""

    name: str
    address: str
    port: int
    known_hosts: Path
    user: str
    process: subprocess.Popen
    round_trip: float = 0.0

    @property
    def inside(self):
        """The command prefix that enters the guest's namespaces."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return ["nsenter", "-t", children.read_text().split()[0], "-p", "-m", "-n"]

    def processes_made(self):
        """How many processes and threads the guest has ever made, this look included.

        Only root's guests have numbers of their own: None for others.
        """
        if os.geteuid() != 0:
            return None
        answer = subprocess.run(
            [*self.inside, "sh", "-c", "echo $$"], check=True, capture_output=True, text=True)
        return int(answer.stdout)


class Ground:
    """Makes the guests, and takes them away again."""

    def __init__(self, scratch, delay):
        self.scratch = scratch
        self.delay = delay
        self.key = scratch / "key"
        self.running = []
        self.guests = []

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        for name in ("key", "hostkey"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.scratch / name],
                check=True)
        try:
            if os.geteuid() == 0:
                subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
                os.makedirs("/run/sshd", exist_ok=True)
            self.guests.append(self.guest("near", "127.0.0.1", ["--pid"]))
            if self.delay:
                self.guests.append(self.guest("far", FAR, ["--pid", "--net"]))
            for guest in self.guests:
                guest.round_trip = round_trip(guest)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            # unshare blocks SIGTERM while it waits; what it started ends with it.
            process.kill()
            process.wait()

    def start(self, command, **options):
        """Starts a process that ends with this program."""
        process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], **options)
        self.running.append(process)
        return process

    def guest(self, name, address, namespaces):
        port = free_port()
        config = self.scratch / f"sshd-{name}"
        config.write_text(CONFIG.format(port=port, address=address, scratch=self.scratch))
        serve = f"/usr/sbin/sshd -D -e -f {config}"
        if os.geteuid() == 0:
            gate = self.scratch / "gate"
            if "--net" in namespaces:
                os.mkfifo(gate)
                serve = f"ip link set lo up; read _ <{gate}; {serve}"
            # Every shell on the guest would run what root's home has for its start.
            home = self.scratch / "home"
            home.mkdir(exist_ok=True)
            serve = f"mount --bind {home} {os.path.expanduser('~root')}; {serve}"
            # The shell is the guest's first process: it takes in orphans and waits for them.
            command = [
                "unshare", *namespaces, "--fork", "--kill-child", "--mount-proc",
                "/bin/bash", "-c", f"({serve}) & wait"]
        else:
            command = ["/usr/sbin/sshd", "-D", "-e", "-f", str(config)]
        log = open(self.scratch / f"sshd-{name}.log", "w", encoding="utf-8")
        known = self.scratch / f"known-{name}"
        public = (self.scratch / "hostkey.pub").read_text().split()[:2]
        guest = Guest(
            name, address, port, known, pwd.getpwuid(os.geteuid()).pw_name,
            self.start(command, stderr=log))
        known.write_text(f"[{address}]:{port} {' '.join(public)}\n")
        if "--net" in namespaces:
            self.connect(guest)
            with open(self.scratch / "gate", "w", encoding="utf-8") as gate:
                gate.write("\n")
        wait_for(guest)
        return guest

    def connect(self, guest):
        """Lays the delay line between this namespace and the guest's."""
        wait_until(lambda: guest.inside, "the guest's namespaces")
        line = self.start(
            [sys.executable, "-m", "measure.delay", str(self.delay / 2)],
            stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
        line.stdout.readline()
        inside = guest.inside
        subprocess.run(["ip", "link", "set", "kb1", "netns", inside[2]], check=True)
        for net, device, own in ([], "kb0", NEAR), (inside[:3] + ["-n"], "kb1", FAR):
            subprocess.run(
                [*net, "ip", "address", "add", f"{own}/24", "dev", device], check=True)
            subprocess.run(
                [*net, "ip", "link", "set", device, "mtu", str(MTU), "txqueuelen", "10000", "up"],
                check=True)


def wait_until(condition, what):
    limit = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < limit:
        try:
            found = condition()
            if found:
                return found
        except (OSError, IndexError):
            pass
        time.sleep(0.02)
    raise SystemExit(f"could not measure: {what} did not come up within {STARTUP_SECONDS} s")


def wait_for(guest):
    def answers():
        with socket.create_connection((guest.address, guest.port), timeout=2) as line:
            return line.recv(4) == b"SSH-"
    wait_until(answers, f"the sshd of the {guest.name} guest")


def round_trip(guest):
    """The time that a TCP handshake takes, in ms; the median of several."""
    times = []
    for _ in range(15):
        start = time.perf_counter()
        socket.create_connection((guest.address, guest.port), timeout=5).close()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
