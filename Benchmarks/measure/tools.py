"""The tools that are compared, as commands: each does the same job on the same guest."""

import json
import os
import shlex
import subprocess
from pathlib import Path

from measure import clock

IDENTITY = "/subscriptions/s/resourceGroups/r/providers/Microsoft.ManagedIdentity"
GALLERY = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/galleries"


class Tools:
    """Writes what the tools read, and runs them."""

    def __init__(self, kiln, scratch):
        self.kiln = kiln
        self.scratch = scratch
        self.environment = {
            **os.environ, "CHECKPOINT_DISABLE": "1", "PACKER_NO_COLOR": "1",
            "PACKER_CACHE_DIR": str(scratch / "packer-cache"),
            "XDG_STATE_HOME": str(scratch / "state"), "XDG_CACHE_HOME": str(scratch / "cache"),
            "XDG_DATA_HOME": str(scratch / "data"), "HOME": str(scratch),
        }

    def run(self, command):
        """Runs a command to its end; what it took."""
        return clock.run([str(word) for word in command], self.scratch / "log", self.environment)

    def version(self, *command):
        """The first line of what a tool says of itself; None when it is not there."""
        try:
            answer = subprocess.run(
                command, capture_output=True, text=True, env=self.environment, check=False)
        except FileNotFoundError:
            return None
        return (answer.stdout + answer.stderr).strip().splitlines()[0]

    # N trivial shell steps.

    def kiln_steps(self, ground, guest, count):
        return self.kiln_build(ground, guest, [
            {"type": "Shell", "name": f"step {n}", "inline": ["true"]} for n in range(count)])

    def packer_steps(self, ground, guest, count):
        return self.packer_build(
            ground, guest, [{"type": "shell", "inline": ["true"]}] * count)

    def ssh_steps(self, ground, guest, count):
        one = shlex.join(["ssh", *self.options(ground, guest), guest.address, "true"])
        return ["sh", "-ec", f"for n in $(seq {count}); do {one}; done"]

    def master_steps(self, ground, guest, count):
        master = shlex.join(["ssh", *self.options(ground, guest), "-S", f"{self.scratch}/master"])
        return [
            "sh", "-ec", f"{master} -fNM {guest.address}; "
            f"for n in $(seq {count}); do {master} {guest.address} true; done; "
            f"{master} -O exit {guest.address}"]

    # One file.

    def kiln_file(self, ground, guest, source, target):
        return self.kiln_build(ground, guest, [
            {"type": "File", "name": "file", "sourceUri": str(source), "destination": str(target)}])

    def packer_file(self, ground, guest, source, target):
        return self.packer_build(ground, guest, [
            {"type": "file", "source": str(source), "destination": str(target)}])

    def scp_file(self, ground, guest, source, target):
        return ["scp", "-q", *self.options(ground, guest, "-P"), source,
                f"{guest.address}:{target}"]

    def sftp_file(self, ground, guest, source, target):
        batch = self.scratch / "batch"
        batch.write_text(f"put {source} {target}\n")
        return ["sftp", "-q", *self.options(ground, guest, "-P"), "-b", batch, guest.address]

    def rsync_file(self, ground, guest, source, target):
        remote = shlex.join(["ssh", *self.options(ground, guest)])
        return ["rsync", "-W", "-e", remote, source, f"{guest.address}:{target}"]

    def cat_file(self, ground, guest, source, target):
        into = shlex.join(["ssh", *self.options(ground, guest), guest.address, f"cat >{target}"])
        return ["sh", "-ec", f"{into} <{shlex.quote(str(source))}"]

    # What the commands are made of.

    def options(self, ground, guest, port_letter="-p"):
        """The options of all of OpenSSH's clients: nothing of the user's, one key, no questions."""
        return [
            port_letter, str(guest.port), "-F", "none", "-i", str(ground.key),
            "-o", f"User={guest.user}", "-o", f"UserKnownHostsFile={guest.known_hosts}",
            "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"]

    def kiln_build(self, ground, guest, customizers):
        return [
            self.kiln, "build", self.kiln_template(customizers),
            "--on", f"ssh://{guest.user}@{guest.address}:{guest.port}",
            "--identity", ground.key, "--known-hosts", guest.known_hosts]

    def kiln_template(self, customizers):
        gallery = f"{GALLERY}/g/images/d"
        identity = f"{IDENTITY}/userAssignedIdentities/i"
        return self.document("kiln.json", {
            "type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2022-07-01",
            "location": "westus2",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
            "properties": {
                "source": {
                    "type": "PlatformImage", "publisher": "Canonical",
                    "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2",
                    "version": "latest"},
                "customize": customizers,
                "distribute": [{
                    "type": "SharedImage", "galleryImageId": gallery, "runOutputName": "out",
                    "replicationRegions": ["westus2"]}]}})

    def packer_build(self, ground, guest, provisioners):
        return ["packer", "build", self.packer_template(ground, guest, provisioners)]

    def packer_template(self, ground, guest, provisioners):
        return self.document("packer.json", {
            "builders": [{
                "type": "null", "communicator": "ssh", "ssh_host": guest.address,
                "ssh_port": guest.port, "ssh_username": guest.user,
                "ssh_private_key_file": str(ground.key)}],
            "provisioners": provisioners})

    def document(self, name, contents):
        path = Path(self.scratch) / name
        path.write_text(json.dumps(contents, indent=1))
        return path
