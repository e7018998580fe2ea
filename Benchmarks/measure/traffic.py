"""What a step costs in turns and bytes on the line and in processes on the guest: counted.

The counter stands on the client's side of the delay line. A turn is a piece of data from the
client after one from the server; a tool that waits for each answer makes one a round trip. A turn
that nothing waited for counts as well, so turns are an upper bound.
"""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from measure.ground import free_port

COUNTS = (1, 100)


def measure(ground, tools, options):
    guest = ground.guests[-1]
    commands = {
        "kiln": tools.kiln_steps, "packer": tools.packer_steps,
        "ssh, ControlMaster": tools.master_steps}
    part = {"guest": guest.name}
    for name, make in commands.items():
        if options.tool and name not in options.tool:
            continue
        first, last = (
            counted(ground, guest, tools, make, count) for count in COUNTS)
        part[name] = {"first": first, "last": last, "step": {
            key: round((last[key] - first[key]) / (COUNTS[1] - COUNTS[0]), 2)
            for key in first if first[key] is not None}}
    return part


def counted(ground, guest, tools, make, count):
    """What one run does on the line and on the guest."""
    port = free_port()
    counter = subprocess.Popen(
        [sys.executable, "-m", "measure.count", str(port), guest.address, str(guest.port)],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    try:
        counter.stdout.readline()
        public = guest.known_hosts.read_text().split()[1:]
        known = tools.scratch / "known-counted"
        known.write_text(f"[127.0.0.1]:{port} {' '.join(public)}\n")
        through = replace(guest, address="127.0.0.1", port=port, known_hosts=known)
        before = guest.processes_made()
        took = tools.run(make(ground, through, count))
        made = None if before is None else guest.processes_made() - before - 1
    finally:
        counter.terminate()
        answer, _ = counter.communicate()
    return json.loads(answer) | {
        "processes": made, "client_cpu_ms": round(took.cpu * 1000), "rss_mib": took.rss_mib}


def table(part):
    rows = [["a step, counted", "turns", "bytes up", "bytes down", "pieces up", "pieces down",
             "processes", "client CPU ms"]]
    for name, each in part.items():
        if name != "guest":
            step = each["step"]
            rows.append([
                name, step["turns"], step["up"], step["down"], step["pieces_up"],
                step["pieces_down"], step.get("processes", "-"), step["client_cpu_ms"]])
    return rows


def claims(part):
    if "kiln" in part:
        yield f"kiln's turns a step, counted (an upper bound): {part['kiln']['step']['turns']:.2f}"
