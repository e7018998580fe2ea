"""The guest's end of Kiln's jobs, as `agent.ps1` is on a Windows machine: it keeps jobs that outlive
shells and connections, and runs their scripts by rule. It was written from what that program says it
does, and shares nothing with it; no PowerShell was there to run the program itself."""

import base64
import hashlib
import json
import os
import re
import threading
import time


class Job:
    """A script that runs once, whoever listens."""

    def __init__(self, ask, script, boot):
        self.id, self.user, self.boot = ask["id"], ask["user"], boot
        self.script = script
        self.strict = "$ErrorActionPreference = 'Stop'" in ask["runner"]
        self.changed = threading.Condition()
        self.out = {"stdout": bytearray(), "stderr": bytearray()}
        self.begun = self.held = self.denied = False
        self.exit = None
        self.task = (4, 267009)

    def write(self, text, stream="stdout"):
        with self.changed:
            self.out[stream] += text.encode() if isinstance(text, str) else text
            self.changed.notify_all()

    def pause(self, seconds):
        end = time.monotonic() + seconds
        with self.changed:
            while self.held and (left := end - time.monotonic()) > 0:
                self.changed.wait(left)

    def end(self, code=None):
        with self.changed:
            if self.held:
                self.held, self.exit = False, code
            self.changed.notify_all()


class Agent:
    """All jobs of a machine."""

    def __init__(self, guest):
        self.guest = guest
        self.lock = threading.Lock()
        self.jobs = {}
        self.notes = []
        # How often each script was run, by its text.
        self.ran = []

    def serve(self, command, _):
        lines = []
        while line := command.read_line():
            lines.append(line.strip())
        try:
            ask = json.loads(base64.b64decode(lines[1], validate=True))
            script = b"".join(base64.b64decode(line, validate=True) for line in lines[2:])
        except (IndexError, ValueError):
            command.write("the request can't be read\r\n", "stderr")
            return 1
        return getattr(self, ask["op"])(command, ask, script) or 100

    def boot(self):
        return f"20260101T0000{self.guest.boot:02}Z-{self.guest.boot:08}"

    @staticmethod
    def line(command, word, text=None):
        rest = base64.b64encode(text.encode()).decode() if text is not None else ""
        command.write(f"{word} {rest}\r\n")

    def look(self, command, ask, _):
        facts = {
            "boot": self.boot(), "user": "GUEST\\kiln", "administrator": True,
            "directory": f"C:\\Windows\\Temp\\.kiln-{ask['run']}", "version": "5.1.20348.1",
            "system": "a guest by rule",
        }
        self.line(command, "h", json.dumps(facts))

    def run(self, command, ask, script):
        key = (ask["run"], ask["id"])
        boot = self.boot()
        self.line(command, "b", boot)
        with self.lock:
            for id in ask["forget"]:
                self.jobs.pop((ask["run"], id), None)
            job = self.jobs.get(key)
            if job is None:
                if ask["seen"] or ask["asked"] not in ("", boot):
                    command.write("x none\r\n")
                    return None
                actual = hashlib.sha256(script).hexdigest()
                if actual != ask["digest"]:
                    self.line(command, "n", f"the script arrived with the sha256 {actual}")
                    return None
                if ask["user"] == "elevated" and ask["password"] != self.guest.password:
                    self.line(command, "n", "The user name or password is incorrect.")
                    return None
                job = self.jobs[key] = Job(ask, script, boot)
                self.launch(job)
        command.write("s \r\n")
        self.follow(command, job, ask)
        return None

    def launch(self, job):
        text = job.script.decode("utf-8-sig", "replace")
        rule = next((r for r in self.guest.rules if re.search(r["match"], text)), {})
        if "task" in rule:
            # A task that the scheduler keeps back: its state, and its last result.
            job.task = tuple(rule["task"])
            return
        job.begun = job.held = True
        self.ran.append(text)
        threading.Thread(target=self.work, args=(job, rule, text), daemon=True).start()

    def work(self, job, rule, text):
        code = rule.get("exit", 0)
        for part in rule.get("says", []):
            if "pause" in part:
                job.pause(part["pause"])
            else:
                job.write(part["text"], part.get("stream", "stdout"))
        if rounds := rule.get("exits"):
            # One code for each time that it is run.
            code = rounds.pop(0) if len(rounds) > 1 else rounds[0]
        if rule.get("restarts"):
            self.guest.machine.restart()
        if not rule:
            code = self.known(job, text)
        job.end(code)

    def known(self, job, text):
        """What scripts do that a guest knows without a rule."""
        if "IMAGE_STATE_GENERALIZE" in text:
            path = self.guest.path("c:\\DeprovisioningScript.ps1")
            if not os.path.exists(path):
                job.write("Deprovisioning script could not be found.\r\n")
                return 0
            with open(path, "rb") as file:
                job.write(file.read())
            self.guest.image_state = "IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"
            job.write(f"{self.guest.image_state}\r\n")
        return 0

    def follow(self, command, job, ask):
        at = {"stdout": ask["stdout"], "stderr": ask["stderr"]}
        looked = 0.0
        while not command.killed:
            with job.changed:
                begun, held, code = job.begun, job.held, job.exit
                for stream, word in (("stdout", "o"), ("stderr", "e")):
                    data = bytes(job.out[stream][at[stream] :])
                    at[stream] += len(data)
                    for start in range(0, len(data), 49152):
                        part = base64.b64encode(data[start : start + 49152]).decode()
                        command.write(f"{word} {part}\r\n")
                if code is not None:
                    return command.write(f"x exit {code}\r\n")
                if not held:
                    if job.boot != self.boot():
                        return command.write("x restarted\r\n")
                    if begun:
                        return command.write("x killed\r\n")
                    if job.denied:
                        return command.write("x unstarted\r\n")
                    if time.monotonic() - looked >= 0.2:
                        command.write(f"t {job.task[0]} {job.task[1]}\r\n")
                        looked = time.monotonic()
                job.changed.wait(0.05)
        return None

    def stop(self, job):
        job.denied = True
        job.end()

    def cancel(self, command, ask, _):
        with self.lock:
            job = self.jobs.get((ask["run"], ask["id"]))
        if job:
            self.stop(job)
        self.line(command, "c", "")

    def note(self, command, ask, _):
        self.notes.append(ask["path"])
        self.line(command, "p", "")

    def leave(self, command, ask, _):
        with self.lock:
            mine = [key for key in self.jobs if key[0] == ask["run"]]
            for key in mine:
                self.stop(self.jobs.pop(key))
        for path in self.notes:
            if os.path.exists(self.guest.path(path)):
                os.remove(self.guest.path(path))
        self.notes.clear()
        self.line(command, "l", "")

    def restart(self):
        """Ends all that runs, as a restart of the machine does."""
        with self.lock:
            jobs = list(self.jobs.values())
        for job in jobs:
            job.end()

    def facts(self):
        with self.lock:
            running = sum(job.held for job in self.jobs.values())
            return {"jobs": len(self.jobs), "running": running, "ran": list(self.ran)}
