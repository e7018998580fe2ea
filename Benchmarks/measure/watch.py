"""A step that runs again when its script is saved: what `kiln debug --watch` lets one wait for."""

import os
import pty
import select
import signal
import statistics
import time
from pathlib import Path

from measure import bake

ROUNDS = 5


def measure(tools, options):
    """Seconds from the moment a script is saved to the first line of its output, each time."""
    script = tools.scratch / "step.sh"
    save(script, 0)
    template, *machine = bake.template_words(
        tools, Path(options.image).resolve(), "watch.json", [
            {"type": "Shell", "name": "before", "inline": ["sudo mkdir -p /srv/before"]},
            {"type": "Shell", "name": "watched", "scriptUri": script.name}])
    words = [tools.kiln, "debug", template, "watched", "--watch", *machine]
    waits = []
    with Terminal(words, tools.environment) as terminal:
        terminal.expect("waiting for a change", 180)
        for number in range(1, ROUNDS + 1):
            saved = time.monotonic()
            save(script, number)
            terminal.expect(f"round {number}", 60)
            waits.append(time.monotonic() - saved)
            terminal.expect("waiting for a change", 60)
    return waits


def save(script, number):
    script.write_text(f"#!/bin/sh\necho round {number}\n")


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, words, environment):
        self.words = [str(word) for word in words]
        self.environment = environment
        self.said = b""

    def __enter__(self):
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.execvpe(self.words[0], self.words, self.environment)
        return self

    def __exit__(self, *_):
        os.kill(self.process, signal.SIGINT)
        end = time.monotonic() + 60
        while self.read(1):
            if time.monotonic() > end:
                os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.descriptor)

    def expect(self, words, limit):
        """Reads on behind these words."""
        end = time.monotonic() + limit
        while words.encode() not in self.said:
            if time.monotonic() > end or not self.read(1):
                raise SystemExit(f"kiln did not say {words!r}: {self.said.decode(errors='replace')}")
        self.said = self.said.split(words.encode(), 1)[1]

    def read(self, limit):
        """Takes what is said within so many seconds; whether there may be more."""
        ready, _, _ = select.select([self.descriptor], [], [], limit)
        try:
            more = os.read(self.descriptor, 65536) if ready else None
        except OSError:
            return False
        self.said += more or b""
        return more != b""


def table(part):
    return [
        ["", "runs", "median s", "most s"],
        ["from saving to output", len(part), f"{statistics.median(part):.2f}", f"{max(part):.2f}"]]


def claims(part):
    word = "held" if max(part) < 5 else "NOT held"
    yield f"the first line of output was there after at most {max(part):.2f} s (5 s: {word})"
