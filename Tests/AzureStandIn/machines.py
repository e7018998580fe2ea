"""The machines that the stand-in hands out: what `--vm-command` starts for each."""
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile


class Machines:
    """Without a command, machines are names alone; with the command `off`, they are off at once, and
    their console says that they are generalized.

    The command runs in a session of its own, from a machine's start to its end, with KILN_VM set
    to a directory that holds `machine.json` (the PUT's body and the address that the machine must
    listen at) and `custom-data`, where there is any. It may write its `console` there, and leave the
    machine's disk as `disk`.
    """

    def __init__(self, command):
        self.command, self.running, self.places, self.proofs = command, {}, {}, {}

    def start(self, machine, address):
        key = machine["id"].lower()
        if self.command == "off":
            self.proofs[key] = (machine.get("tags") or {}).get("kiln-run", "")
            return
        if not self.command or key in self.running:
            return
        place = tempfile.mkdtemp(prefix="kiln-standin-vm-")
        self.places[key] = place
        profile = machine["properties"].get("osProfile") or {}
        with open(f"{place}/machine.json", "w") as file:
            json.dump({"address": address, "machine": machine}, file)
        if profile.get("customData"):
            with open(f"{place}/custom-data", "wb") as file:
                file.write(base64.b64decode(profile["customData"]))
        self.running[key] = subprocess.Popen(
            ["sh", "-c", self.command], env={**os.environ, "KILN_VM": place},
            stdin=subprocess.DEVNULL, start_new_session=True)

    def certificate(self, identifier):
        """The thumbprint of a Windows machine's certificate (windows.py); None as long as it has
        none, and empty where it can't make one. A machine that is a name alone has one at once."""
        place = self.places.get(identifier.lower())
        if place is None:
            return "AB" * 32
        if not os.path.exists(f"{place}/certificate"):
            return None
        with open(f"{place}/certificate") as file:
            return file.read()

    def has_stopped(self, identifier):
        """Whether the machine has switched itself off."""
        process = self.running.get(identifier.lower())
        return identifier.lower() in self.proofs or process is not None and process.poll() is not None

    def end(self, identifier):
        self.proofs.pop(identifier.lower(), None)
        process = self.running.pop(identifier.lower(), None)
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def disk(self, identifier):
        """The bytes of the machine's disk; some that tell it from others where it left none."""
        place = self.places.get(identifier.lower())
        if place and os.path.exists(f"{place}/disk"):
            with open(f"{place}/disk", "rb") as file:
                return file.read()
        return identifier.lower().encode().ljust(1 << 20, b"\0") + b"conectix".ljust(512, b"\0")

    def console(self, identifier):
        """What the machine has written to its serial console."""
        if identifier.lower() in self.proofs:
            return f"kiln {self.proofs[identifier.lower()]}: generalized, left:.\n".encode()
        place = self.places.get(identifier.lower())
        if not place or not os.path.exists(f"{place}/console"):
            return b""
        with open(f"{place}/console", "rb") as file:
            return file.read()

    def end_all(self):
        for key in list(self.running):
            self.end(key)
        for place in self.places.values():
            shutil.rmtree(place, ignore_errors=True)
        self.places = {}
