"""Runs a command to its end, and tells what it took."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass

LONGEST_SECONDS = 900


@dataclass
class Run:
    """What one run of a command took. CPU and memory are those of the command on our side."""

    wall: float
    cpu: float
    rss_mib: float


def run(command, log, environment):
    """Runs `command`; it must succeed."""
    start = time.perf_counter()
    with open(log, "wb") as sink:
        child = subprocess.Popen(
            ["timeout", str(LONGEST_SECONDS), *command], stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, env=environment)
        # Not `wait`, as only this tells what the command and those that it started used.
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            # `timeout` hands this on to all that the command started.
            child.terminate()
            child.wait()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if child.returncode != 0:
        with open(log, errors="replace", encoding="utf-8") as text:
            tail = text.read()[-1500:]
        raise RuntimeError(f"`{' '.join(map(str, command))}` ended with {child.returncode}: {tail}")
    return Run(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def summary(runs):
    """The median and the best of several runs, as numbers that a table or JSON can hold."""
    return {
        "n": len(runs),
        "median": round(statistics.median(each.wall for each in runs), 4),
        "least": round(min(each.wall for each in runs), 4),
        "cpu": round(statistics.median(each.cpu for each in runs), 3),
        "rss_mib": round(max(each.rss_mib for each in runs), 1),
    }
