"""N trivial shell steps: what one more step costs."""

from measure import clock

COUNTS = (1, 20, 100)


def measure(ground, tools, options):
    commands = {
        "kiln": tools.kiln_steps, "packer": tools.packer_steps,
        "ssh, fresh": tools.ssh_steps, "ssh, ControlMaster": tools.master_steps,
    }
    chosen = {
        name: make for name, make in commands.items() if not options.tool or name in options.tool}
    part = {}
    for guest in ground.guests:
        runs = {name: {count: [] for count in COUNTS} for name in chosen}
        # In rounds, so that what else the machine does hits all tools alike.
        for turn in range(1 if options.quick else 5):
            for name, make in chosen.items():
                for count in COUNTS:
                    if turn < repeats(name, count, guest):
                        runs[name][count].append(tools.run(make(ground, guest, count)))
        part[guest.name] = {"round_trip_ms": round(guest.round_trip, 3)} | {
            name: result(each) for name, each in runs.items()}
    return part


def repeats(name, count, guest):
    """Few where one run takes a minute."""
    slow = name in ("packer", "ssh, fresh")
    if slow and count == COUNTS[-1]:
        return 2 if guest.name == "far" else 3
    return 3 if slow else 5


def result(runs):
    first, last = COUNTS[0], COUNTS[-1]
    summaries = {str(count): clock.summary(each) for count, each in runs.items()}
    return summaries | {
        f"step_ms_{kind}": round(
            (summaries[str(last)][kind] - summaries[str(first)][kind]) / (last - first) * 1000, 2)
        for kind in ("median", "least", "cpu")}


def table(part):
    rows = [["", "RTT ms", *(f"N={n} s" for n in COUNTS), "ms a step", "of the least",
             "client CPU ms", "RSS MiB"]]
    for guest, tools in part.items():
        for name, each in tools.items():
            if name != "round_trip_ms":
                rows.append([
                    f"{guest}: {name}", tools["round_trip_ms"],
                    *(each[str(n)]["median"] for n in COUNTS), each["step_ms_median"],
                    each["step_ms_least"], each["step_ms_cpu"], each[str(COUNTS[-1])]["rss_mib"]])
    return rows


def claims(part):
    for guest, tools in part.items():
        if "kiln" in tools and "packer" in tools:
            for kind in ("median", "least"):
                ratio = tools["packer"][f"step_ms_{kind}"] / tools["kiln"][f"step_ms_{kind}"]
                yield f"packer's overhead a step over kiln's, {guest} ({kind}): {ratio:.1f}"
    if "far" in part and "kiln" in part["far"]:
        far, near = part["far"], part["near"]
        slope = far["kiln"]["step_ms_least"] - near["kiln"]["step_ms_least"]
        trips = slope / (far["round_trip_ms"] - near["round_trip_ms"])
        yield f"kiln's round trips a step, by time against distance: {trips:.2f}"
