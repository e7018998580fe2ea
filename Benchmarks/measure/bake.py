"""A whole bake in a virtual machine: boot, three steps, deprovision, power off, a flat qcow2."""

import itertools
import json
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path

from measure import clock

CPUS, MEMORY = 2, 2048
STEPS = [
    "echo one | sudo tee /opt/one", "sudo mkdir -p /opt/two", "cat /opt/one && ls -d /opt/two"]
DEPROVISION = "waagent -force -deprovision+user; sync; poweroff"
FIRMWARE = Path("/usr/share/OVMF")
# Packer keeps no states: this is the same work as its own.
UNCACHED = "kiln --cache off"
# All steps once more, in a machine whose source has been booted by the build before.
BOOTED = "kiln --no-cache-from 1"
PARTS = ("boot", "steps", "power off", "output", "kiln's own")


def measure(tools, options):
    base = Path(options.image).resolve()
    seed = packer_seed(tools)
    # What is found out once for a machine and a disk is no part of a bake: whether KVM works, and
    # the disk's checksum. Packer does neither.
    tools.run([tools.kiln, "plan", *kiln_words(tools, base)])
    runs = {"kiln": [], BOOTED: [], UNCACHED: [], "packer": []}
    shares = {"kiln": [], UNCACHED: []}

    def bake(name, *more):
        settle(base)
        run = tools.run([tools.kiln, "build", *kiln_words(tools, base), *more])
        runs[name].append(run)
        if name in shares:
            shares[name].append(share(newest_run(tools), run.wall))

    def first_and_second():
        # A first build: packer has nothing to begin a second one with.
        shutil.rmtree(tools.scratch / "cache/kiln/steps", ignore_errors=True)
        bake("kiln")
        bake(BOOTED, "--no-cache-from", "1")

    def uncached():
        bake(UNCACHED, "--cache", "off")

    def packer():
        words = packer_words(tools, base, seed, options.accelerator)
        settle(base)
        runs["packer"].append(tools.run(words))

    # In all orders, so that each follows each of the others as often.
    orders = itertools.cycle(itertools.permutations([first_and_second, uncached, packer]))
    for order in itertools.islice(orders, options.rounds):
        for turn in order:
            turn()
    return {name: clock.summary(each) for name, each in runs.items()} | {"kiln_parts": shares}


def settle(base):
    """Gives each run the machine as the others have it.

    The disk takes what the run before has written, which would be written during the next. As root,
    memory is given free in large pieces, of which guests are faster; the image is read again.
    """
    os.sync()
    try:
        Path("/proc/sys/vm/drop_caches").write_text("3")
        Path("/proc/sys/vm/compact_memory").write_text("1")
    except PermissionError:
        return
    base.read_bytes()


def kiln_words(tools, base):
    return template_words(tools, base, "bake.json", [
        {"type": "Shell", "name": f"step {n}", "inline": [line]}
        for n, line in enumerate(STEPS, 1)])


def template_words(tools, base, name, customizers):
    """A template with these customizers, and the machine that it is baked in."""
    template = tools.document(name, {
        "type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2023-07-01",
        "location": "westus2", "identity": {"type": "None"},
        "properties": {
            "source": {
                "type": "PlatformImage", "publisher": "Debian", "offer": "debian-12",
                "sku": "12-gen2", "version": "latest"},
            "customize": customizers,
            "distribute": [{
                "type": "ManagedImage", "runOutputName": "out", "location": "westus2",
                "imageId": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute"
                           "/images/out"}]}})
    return [template, "--source-disk", base, "--cpus", CPUS, "--memory", MEMORY]


def packer_words(tools, base, seed, accelerator, provisioners=None):
    """Its own defaults where they do no harm; as Kiln: UEFI, virtio, no flushes, a flat result."""
    out = tools.scratch / "packer-out"
    shutil.rmtree(out, ignore_errors=True)
    variables = tools.scratch / "variables.fd"
    shutil.copy(FIRMWARE / "OVMF_VARS_4M.fd", variables)
    drives = [
        "file={{ .OutputDir }}/{{ .Name }},if=virtio,cache=unsafe,discard=unmap,format=qcow2",
        f"file={seed},if=virtio,format=raw,readonly=on",
        f"if=pflash,format=raw,readonly=on,file={FIRMWARE}/OVMF_CODE_4M.fd",
        f"if=pflash,format=raw,file={variables}"]
    template = tools.document("packer-bake.json", {
        "builders": [{
            "type": "qemu", "accelerator": accelerator, "machine_type": "q35", "headless": True,
            "cpus": CPUS, "memory": MEMORY, "disk_image": True, "skip_resize_disk": True,
            "skip_compaction": True, "iso_url": str(base), "iso_checksum": "none",
            "format": "qcow2", "vm_name": "out.qcow2", "output_directory": str(out),
            "net_device": "virtio-net", "qemuargs": [["-drive", drive] for drive in drives],
            "communicator": "ssh", "ssh_username": "packer", "ssh_timeout": "15m",
            "ssh_private_key_file": str(tools.scratch / "packer-key"), "boot_wait": "-1s",
            "shutdown_command": f"sudo sh -c '{DEPROVISION}'", "shutdown_timeout": "10m"}],
        "provisioners": provisioners or [{"type": "shell", "inline": [line]} for line in STEPS]})
    return ["packer", "build", template]


def packer_seed(tools):
    """The same cloud-init data that Kiln brings, as an image."""
    key = tools.scratch / "packer-key"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", key], check=True)
    user = {
        "users": [{
            "name": "packer", "sudo": "ALL=(ALL) NOPASSWD:ALL", "shell": "/bin/bash",
            "ssh_authorized_keys": [key.with_suffix(".pub").read_text().strip()]}],
        "package_update": False, "package_upgrade": False}
    folder = tools.scratch / "seed"
    folder.mkdir()
    (folder / "user-data").write_text("#cloud-config\n" + json.dumps(user))
    (folder / "meta-data").write_text(json.dumps({"instance-id": "packer"}))
    image = tools.scratch / "seed.iso"
    subprocess.run(
        ["genisoimage", "-quiet", "-V", "cidata", "-r", "-J", "-o", image, folder], check=True)
    return image


def newest_run(tools):
    return max((tools.scratch / "state/kiln/runs").iterdir())


def share(run, wall):
    """Where the seconds of a bake went, by what Kiln's events tell.

    Kiln's own is what remains of the whole process: all that is neither the machine's boot, nor
    steps, nor the machine's way down, nor the writing of the output.
    """
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]

    def of(kind):
        return [event for event in events if event["type"] == kind]

    parts = {
        "boot": sum(event["seconds"] for event in of("connected")),
        "steps": sum(event["result"]["seconds"] for event in of("stepFinished")),
        "power off": sum(event["seconds"] for event in of("poweredOff")),
        "output": span(of("outputStarted")[0], of("outputFinished")[-1])}
    return parts | {"kiln's own": wall - sum(parts.values())}


def span(first, last):
    """The seconds between two events; their times have nanoseconds, which Python does not read."""
    start, end = (
        datetime.fromisoformat(event["time"][:26] + "+00:00") for event in (first, last))
    return (end - start).total_seconds()


def table(part):
    rows = [["", "runs", "median s", "least s", "client CPU s"]]
    for name in ("kiln", BOOTED, UNCACHED, "packer"):
        each = part[name]
        rows.append([name, each["n"], each["median"], each["least"], each["cpu"]])
    rows.append(["seconds of", *PARTS])
    for name, shares in part["kiln_parts"].items():
        for number, parts in enumerate(shares, 1):
            rows.append([f"  {name}, run {number}", *(f"{parts[each]:.2f}" for each in PARTS)])
    return rows


def claims(part):
    for name, shares in part["kiln_parts"].items():
        own = max(parts["kiln's own"] for parts in shares)
        word = "held" if own < 2 else "NOT held"
        yield f"{name}: its own share, the largest: {own:.2f} s (below 2 s: {word})"
    for name in ("kiln", BOOTED, UNCACHED):
        ratio = part["packer"]["median"] / part[name]["median"]
        yield f"packer's total over that of {name}, of medians: {ratio:.2f}"
