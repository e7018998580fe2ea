#!/usr/bin/env python3
"""A Windows machine for the stand-in (machines.py): the tests' WinRM server at its own address.

usage: windows.py PYTHON [OPTIONS]

PYTHON is one that has what `Tests/WinRMServer` needs; OPTIONS is JSON of that server's, and of this:
  "certificate"  what RunCommand tells in place of the certificate's thumbprint; "" is an error

Real: TLS at port 5986 with a certificate of the machine's own; NTLM by the user and the password of
the PUT; WinRM's shells. Not real: all that is behind them, which answers by rule (guest.py there).
What the guest was given is left as a tar in `disk`, where a fixed VHD would be.
"""
import json
import os
import signal
import subprocess
import sys
import threading
import time

PLACE = os.environ["KILN_VM"]
SERVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "WinRMServer", "server.py")


def start(facts, options):
    """Starts the server, whose input stays open as long as this lives."""
    profile = facts["machine"]["properties"]["osProfile"]
    settings = {
        "users": {profile["adminUsername"]: facts["machine"]["_password"]},
        "auth": ["negotiate"], "bindings": "strict", "https": [facts["address"], 5986],
        "ends": True, **options}
    os.makedirs(f"{PLACE}/windows")
    return subprocess.Popen([sys.argv[1], SERVER, f"{PLACE}/windows", json.dumps(settings)],
                            stdin=subprocess.PIPE)


def tell(server, certificate):
    """Writes the thumbprint down once the server listens, for RunCommand."""
    ready = f"{PLACE}/windows/ready"
    while server.poll() is None and not os.path.exists(ready):
        time.sleep(0.05)
    if server.poll() is None and certificate is None:
        with open(ready) as file:
            certificate = json.load(file)["sha256"]
    with open(f"{PLACE}/certificate.new", "w") as file:
        file.write(certificate or "")
    os.rename(f"{PLACE}/certificate.new", f"{PLACE}/certificate")


def leave_disk():
    subprocess.run(["tar", "-C", f"{PLACE}/windows/guest", "-cf", f"{PLACE}/disk.new", "."],
                   check=True)
    size = os.path.getsize(f"{PLACE}/disk.new")
    with open(f"{PLACE}/disk.new", "ab") as file:
        file.truncate((size + 511) // 512 * 512)
        file.seek(0, 2)
        file.write(b"conectix".ljust(512, b"\0"))
    os.rename(f"{PLACE}/disk.new", f"{PLACE}/disk")


def main():
    with open(f"{PLACE}/machine.json") as file:
        facts = json.load(file)
    options = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    certificate = options.pop("certificate", None)
    server = start(facts, options)
    signal.signal(signal.SIGTERM, lambda *_: (server.kill(), os._exit(1)))
    parent = os.getppid()

    def watch():
        while os.getppid() == parent:
            time.sleep(0.5)
        server.kill()
        os._exit(1)
    threading.Thread(target=watch, daemon=True).start()
    tell(server, certificate)
    server.wait()
    leave_disk()


main()
