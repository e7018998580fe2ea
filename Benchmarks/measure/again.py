"""A template of five steps, baked again after a change of the last one: what is waited for."""

import json
import shutil
import statistics
from datetime import datetime
from pathlib import Path

from measure import bake, clock

ROOT = Path(__file__).resolve().parent.parent.parent
PARTS = ("boot", "steps", "power off", "output", "kiln's own")


def measure(tools, options):
    base = Path(options.image).resolve()
    seed = bake.packer_seed(tools)
    results = {}
    kinds = (("short steps", 0), (f"steps of {options.pause} s", options.pause))
    for name, pause in kinds[:1] if options.pause == 0 else kinds:
        write(tools, pause, "as it was")
        tools.run([tools.kiln, "plan", *words(tools, base)])
        rounds = [
            one_round(tools, options, base, seed, pause)
            for _ in range(options.rounds)]
        results[name] = rounds
    return results


def one_round(tools, options, base, seed, pause):
    shutil.rmtree(tools.scratch / "cache/kiln/steps", ignore_errors=True)
    found = {"kiln": [], "packer": []}
    for last in ("as it was", "as it now is"):
        steps = write(tools, pause, last)
        bake.settle(base)
        run = tools.run([tools.kiln, "build", *words(tools, base)])
        parts = bake.share(bake.newest_run(tools), run.wall)
        reached = reach(bake.newest_run(tools))
        found["kiln"].append({"wall": run.wall, "reached": reached, "parts": parts})
        packer = bake.packer_words(tools, base, seed, options.accelerator, steps)
        bake.settle(base)
        run = tools.run(packer)
        found["packer"].append({"wall": run.wall})
    return found


def write(tools, pause, last):
    """The quickstart's steps, with one more before them, and one that changes after them."""
    quickstart = json.loads((ROOT / "examples/quickstart.json").read_text())
    folder = tools.scratch / "quickstart"
    shutil.copytree(ROOT / "examples/quickstart", folder, dirs_exist_ok=True)
    wait = [f"sleep {pause}"] if pause else []
    properties = quickstart["properties"]
    steps = [{"type": "Shell", "name": "Install", "inline": ["mkdir /tmp/made", *wait]}]
    for step in properties["customize"]:
        if step["type"] == "Shell" and "inline" in step:
            step = {**step, "inline": step["inline"] + wait}
        steps.append(step)
    steps.append({"type": "Shell", "name": "Last", "inline": [f"echo {last}"]})
    properties["customize"] = steps
    del properties["vmProfile"]["osDiskSizeGB"]
    properties["distribute"] = [{
        "type": "ManagedImage", "runOutputName": "out", "location": "westeurope",
        "imageId": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/images/out"}]
    tools.document("quickstart.json", quickstart)
    return [provisioner(step, folder) for step in steps]


def provisioner(step, folder):
    if step["type"] == "File":
        return {
            "type": "file", "source": str(folder / Path(step["sourceUri"]).name),
            "destination": step["destination"]}
    if "scriptUri" in step:
        return {
            "type": "shell", "script": str(folder / Path(step["scriptUri"]).name),
            "execute_command": "chmod +x {{ .Path }}; sudo {{ .Path }}"}
    return {"type": "shell", "inline": step["inline"], "inline_shebang": "/bin/sh -e"}


def words(tools, base):
    return [
        tools.scratch / "quickstart.json", "--source-disk", base, "--cpus", bake.CPUS, "--memory",
        bake.MEMORY]


def reach(run):
    """How many seconds after its beginning a run reached the last customizer."""
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    started = next(
        each for each in events
        if each["type"] == "stepStarted" and each["outline"]["name"] == "Last")
    first, last = (
        datetime.fromisoformat(each["time"][:26] + "+00:00") for each in (events[0], started))
    return (last - first).total_seconds()


def table(part):
    rows = [["", "first s", "second s", "ratio", "changed step after s", *PARTS]]
    for name, rounds in part.items():
        for number, found in enumerate(rounds, 1):
            first, second = found["kiln"]
            rows.append([
                f"{name}, kiln, round {number}", f"{first['wall']:.1f}", f"{second['wall']:.1f}",
                f"{second['wall'] / first['wall']:.2f}", f"{second['reached']:.2f}",
                *(f"{second['parts'][each]:.2f}" for each in PARTS)])
            first, second = found["packer"]
            rows.append([
                f"{name}, packer, round {number}", f"{first['wall']:.1f}",
                f"{second['wall']:.1f}", f"{second['wall'] / first['wall']:.2f}",
                *[""] * (len(PARTS) + 1)])
    return rows


def claims(part):
    for name, rounds in part.items():
        reached = max(found["kiln"][1]["reached"] for found in rounds)
        word = "held" if reached < 10 else "NOT held"
        yield f"{name}: the changed step was reached after at most {reached:.2f} s (10 s: {word})"
        ratios = [found["kiln"][1]["wall"] / found["kiln"][0]["wall"] for found in rounds]
        median = statistics.median(ratios)
        word = "held" if median <= 0.2 else "NOT held"
        yield (
            f"{name}: the second build took {median:.3f} of the first, at most {max(ratios):.3f}; "
            f"{len(rounds)} rounds (a fifth: {word})")
