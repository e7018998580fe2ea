"""How long the tools take to do nothing, and to look at a template."""

from measure import clock


def measure(ground, tools, options):
    guest = ground.guests[0]
    kiln = tools.kiln_template(
        [{"type": "Shell", "name": f"step {n}", "inline": ["true"]} for n in range(20)])
    packer = tools.packer_template(ground, guest, [{"type": "shell", "inline": ["true"]}] * 20)
    commands = {
        "kiln --version": [tools.kiln, "--version"],
        "kiln validate": [tools.kiln, "validate", kiln],
        "packer version": ["packer", "version"],
        "packer validate": ["packer", "validate", packer],
    }
    runs = {name: [] for name in commands}
    for _ in range(5 if options.quick else 15):
        for name, command in commands.items():
            runs[name].append(tools.run(command))
    return {name: clock.summary(each) for name, each in runs.items()}


def table(part):
    header = ["", "n", "median s", "least s", "CPU s", "RSS MiB"]
    return [header] + [
        [name, each["n"], each["median"], each["least"], each["cpu"], each["rss_mib"]]
        for name, each in part.items()]
