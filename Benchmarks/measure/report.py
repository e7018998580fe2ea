"""What was measured, as a table for people and as JSON."""

import datetime
import json
import os
import platform
import sys
from pathlib import Path


class Results:
    """All that one run measured, and on what."""

    def __init__(self, options, tools):
        self.options = options
        self.parts = {}
        self.start = datetime.datetime.now(datetime.timezone.utc)
        self.about = {
            "date": self.start.isoformat(timespec="seconds"),
            "cpus": os.cpu_count(), "processor": processor(), "kernel": platform.release(),
            "load": os.getloadavg(), "quick": options.quick,
            "versions": {
                "kiln": tools.version(tools.kiln, "--version"),
                "packer": tools.version("packer", "version"),
                "ssh": tools.version("ssh", "-V"), "rsync": tools.version("rsync", "--version")},
        }
        print(json.dumps(self.about, indent=1))

    def note_ground(self, ground):
        self.about["round_trips_ms"] = {
            guest.name: round(guest.round_trip, 3) for guest in ground.guests}
        print("round trips (TCP handshake, ms):", self.about["round_trips_ms"])


    def write(self, folder):
        folder.mkdir(exist_ok=True)
        path = Path(folder) / f"{self.start:%Y%m%dT%H%M%SZ}.json"
        self.about["load_at_end"] = os.getloadavg()
        path.write_text(json.dumps({"about": self.about, "parts": self.parts}, indent=1) + "\n")


def heading(name):
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    print(f"\n== {name} (load {load})", flush=True)


def show(name, part):
    """Prints a part as a table whose columns line up."""
    rows = [[str(cell) for cell in row] for row in sys.modules[f"measure.{name}"].table(part)]
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        first, *rest = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths)))
        print("  ".join([first, *rest]), flush=True)


def show_claims(results):
    heading("what the figures say")
    for name, part in results.parts.items():
        for line in getattr(sys.modules[f"measure.{name}"], "claims", lambda _: ())(part):
            print(line)


def processor():
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((each.split(":")[1].strip() for each in lines if each.startswith("model name")), "")
