"""A guest by rule: it knows what to answer to the commands that tests and clients send, and runs
nothing. What it stands for was never run by Windows, so it proves the way there, not the scripts."""

import base64
import glob
import hashlib
import os
import re
import threading

from agent import Agent


class Guest:
    def __init__(self, directory, rules):
        self.directory = directory
        self.rules = rules
        self.password = "pass word"
        self.boot = 1
        self.is_machine = self.ends = False
        self.machine = None
        # How far Windows' setup says that it is.
        self.image_state = "IMAGE_STATE_COMPLETE"
        self.agent = Agent(self)
        # The commands that were started, in order: a test counts them.
        self.started = []

    def program(self, command):
        """What runs for `command`; None where Windows would not find a program."""
        self.started.append(command.line)
        if command.skips_cmd and not re.match(r'(?i)"?[a-z]:\\.+\.(exe|cmd|bat)\b', command.line):
            return None
        text = script(command.line) or command.line
        if "ScriptBlock" in text and "$lines=@($input)" in text:
            return lambda command: self.agent.serve(command, None)
        for rule in self.rules:
            if re.search(rule["match"], text):
                return lambda command: self.obey(rule, command)
        for pattern, run in self.known.items():
            found = re.search(pattern, text, re.DOTALL)
            if found:
                return lambda command: run(self, command, found)
        return self.strange

    def obey(self, rule, command):
        code = follow(rule, command)
        if rule.get("restarts"):
            # What restarts a machine ends a moment later itself.
            threading.Timer(rule["restarts"], self.machine.restart).start()
        if exits := rule.get("exits"):
            code = exits.pop(0) if len(exits) > 1 else exits[0]
        return code

    # What Windows does with the commands that restart it.

    def become_machine(self):
        """Counts the starts of this computer, which from now on is the machine."""
        path = os.path.join(self.directory, "boots")
        os.makedirs(self.directory, exist_ok=True)
        if os.path.exists(path):
            with open(path) as file:
                self.boot = int(file.read()) + 1
        with open(path, "w") as file:
            file.write(str(self.boot))
        self.is_machine = True

    def power_off(self, command, found):
        if self.is_machine:
            threading.Timer(0.2, os.system, ["systemctl poweroff"]).start()
        if self.ends:
            threading.Timer(0.2, os._exit, [0]).start()
        return 0

    def query(self, command, found):
        command.write(f"\r\n{found[1]}\r\n    ImageState    REG_SZ    {self.image_state}\r\n\r\n")
        return 0

    def shutdown(self, command, found):
        if self.is_machine:
            threading.Timer(0.2, os.system, ["systemctl reboot"]).start()
            return 0
        threading.Timer(0.2, self.machine.restart).start()
        return 0

    @staticmethod
    def strange(command):
        command.write(f"'{command.line}' is not recognized by the guest of the tests\r\n", "stderr")
        return 9009

    def path(self, windows):
        """Where a file of the guest is on this machine."""
        parts = re.split(r"[\\/]+", windows.strip('"').lower())
        path = os.path.join(self.directory, *[part.replace(":", "") for part in parts if part])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    # What tests say by hand.

    def echo(self, command, found):
        command.write(found[1] + "\r\n")
        return int(found[2] or 0)

    def both(self, command, found):
        command.write("out \r\n")
        command.write("err  \r\n", "stderr")
        return 3010

    def cat(self, command, found):
        while line := command.read_line():
            command.write(line)
        return 0

    def wait(self, command, found):
        command.pause(float(found[1]))
        return 0

    def set(self, command, found):
        command.write("".join(f"{k}={v}\r\n" for k, v in command.environment.items()))
        return 0

    # What winrmcp sends: base64 appended to a file by echo, then two scripts.

    def append(self, command, found):
        with open(self.path(found[2]), "ab") as file:
            file.write(found[1].encode() + b"\n")
        return 0

    def restore(self, command, found):
        text = script(command.line)
        # winrmcp's script names the two files so; the second one may stand in quotes.
        source = re.search(r'\$tmp_file_path = \[System.IO.Path\]::GetFullPath\("(.*?)"\)', text)[1]
        target = re.search(r'\$dest_file_path = \[System.IO.Path\]::GetFullPath\("(.*?)"', text)[1]
        source = source.replace("$env:TEMP", "%TEMP%")
        with open(self.path(source), "rb") as file:
            data = b"".join(base64.b64decode(line) for line in file)
        with open(self.path(target.strip("'")), "wb") as file:
            file.write(data)
        return 0

    def clean(self, command, found):
        return 0

    # What Kiln sends to place a file: lines of base64 on standard input.

    def place(self, command, found):
        path = self.path(found[1].replace("''", "'"))
        digest, size = hashlib.sha256(), 0
        if os.path.isdir(path):
            command.write(f"{found[1]} is a directory\r\n", "stderr")
            return 1
        partial = f"{path}.kiln-partial-{command.id}"
        for old in glob.glob(f"{glob.escape(path)}.kiln-partial-*"):
            os.remove(old)
        with open(partial, "wb") as file:
            while line := command.read_line():
                data = base64.b64decode(line.rstrip(b"\r\n"), validate=True)
                file.write(data)
                digest.update(data)
                size += len(data)
        if command.killed:
            return 1
        actual = digest.hexdigest()
        if actual != found[2]:
            os.remove(partial)
            command.write(f"{size} bytes arrived, with the sha256 {actual}\r\n", "stderr")
            return 87
        os.replace(partial, path)
        if word := re.search(r"\[Console\]::Out\.Write\('(.*?)'\)\nexit 100\n}\n$", script(command.line)):
            command.write(word[1])
        return 100

    # What Kiln sends over SSH to run a command line by cmd: the line, and a word that shows its end.

    def relay(self, command, found):
        lines = []
        while line := command.read_line():
            lines.append(line.strip())
        if len(lines) != 2 or lines[1] != b"run":
            return 1
        command.line = base64.b64decode(lines[0], validate=True).decode()
        code = self.program(command)(command) or 0
        signed = (code & 0xFFFFFFFF) - (1 << 32 if code & 0x80000000 else 0)
        command.write(f"{found[1]} {signed}\r\n")
        return 0

    known = {
        r"(?i)^shutdown(?:\.exe)? .*/r": shutdown,
        r"(?i)^shutdown(?:\.exe)? /a": clean,
        r"(?i)^shutdown(?:\.exe)? /s": power_off,
        r"(?i)^reg query (HKLM\\SOFTWARE\\.*\\Setup\\State) /v ImageState$": query,
        r"(?i)^(?:cmd(?:\.exe)? /c )?echo out\s*&+\s*echo err": both,
        r"(?i)^echo ([A-Za-z0-9+/=]+)\s*>>\s*(.+)$": append,
        r"(?i)^(?:cmd(?:\.exe)? /c )?echo (.*?)(?:\s*& exit (-?\d+))?$": echo,
        r"(?i)^more$|^findstr": cat,
        r"^pause (\S+)$": wait,
        r"(?i)^(?:cmd(?:\.exe)? /c )?set$": set,
        r"\$tmp_file_path.*\$dest_file_path": restore,
        r"\$tmp_file_path.*Remove-Item": clean,
        r"ProcessStartInfo\n.*Write\('([0-9a-f]+) '\+\$process\.ExitCode\)": relay,
        r"^begin \{\n\$destination = '(.*?)'\n\$expected = '([0-9a-f]{64})'\n": place,
    }


def script(line):
    """The text of an encoded PowerShell command."""
    found = re.search(r"(?i)powershell(?:\.exe)?\"? .*-e(?:nc|ncodedCommand)? ([A-Za-z0-9+/=]+)", line)
    return base64.b64decode(found[1]).decode("utf-16-le") if found else None


def follow(rule, command):
    if rule.get("reads"):
        while command.read_line():
            pass
    for part in rule.get("says", []):
        if "pause" in part:
            command.pause(part["pause"])
        else:
            command.write(part["text"], part.get("stream", "stdout"))
    return rule.get("exit", 0)
