"""One file to the guest: Kiln's File customizer beside OpenSSH, rsync and Packer."""

import os
import shutil
import subprocess

from measure import clock

SMALL_MIB = 16
BLOCK = 1 << 20


def measure(ground, tools, options):
    commands = {
        "kiln": tools.kiln_file, "scp": tools.scp_file, "sftp put": tools.sftp_file,
        "rsync -W": tools.rsync_file, "ssh cat": tools.cat_file, "packer file": tools.packer_file}
    chosen = {
        name: make for name, make in commands.items() if not options.tool or name in options.tool}
    folder = tools.scratch / "sent"
    folder.mkdir(exist_ok=True)
    part = {}
    for guest in ground.guests:
        for size in (SMALL_MIB, options.size):
            source = random_file(tools.scratch / f"{size}.bin", size)
            runs = {name: [] for name in chosen}
            # In rounds, so that what else the machine does hits all tools alike.
            for turn in range(1 if options.quick else 3):
                for name, make in chosen.items():
                    if size != SMALL_MIB and name == "packer file" and (turn or options.quick):
                        continue
                    target = folder / "file"
                    os.sync()
                    runs[name].append(tools.run(make(ground, guest, source, target)))
                    subprocess.run(["cmp", source, target], check=True)
                    target.unlink()
            part[f"{guest.name}, {size} MiB"] = {"round_trip_ms": round(guest.round_trip, 3)} | {
                name: clock.summary(each) | {
                    "mib_per_s": round(size / clock.summary(each)["median"], 1)}
                for name, each in runs.items() if each}
    shutil.rmtree(folder)
    return part


def random_file(path, mebibytes):
    """A file of random bytes, so that nothing on the way can compress it; read once, so that it
    comes from memory for every tool."""
    if not path.exists():
        with open(path, "wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(BLOCK))
    with open(path, "rb") as file:
        while file.read(BLOCK):
            pass
    return path


def table(part):
    rows = [["", "n", "median s", "least s", "MiB/s", "client CPU s", "RSS MiB"]]
    for case, tools in part.items():
        for name, each in tools.items():
            if name != "round_trip_ms":
                rows.append([
                    f"{case}: {name}", each["n"], each["median"], each["least"],
                    each["mib_per_s"], each["cpu"], each["rss_mib"]])
    return rows


def claims(part):
    for case, tools in part.items():
        if "kiln" in tools and "scp" in tools:
            for kind in ("median", "least"):
                ratio = tools["scp"][kind] / tools["kiln"][kind]
                yield f"scp's time over kiln's, {case} ({kind}): {ratio:.2f}"
