"""Shells and their commands, as a Windows machine keeps them."""

import threading
import time
import uuid


class Command:
    """A command that a guest runs on a thread of its own."""

    def __init__(self, line, skips_cmd, environment):
        self.id = str(uuid.uuid4()).upper()
        self.line = line
        self.skips_cmd = skips_cmd
        self.environment = environment
        self.changed = threading.Condition()
        self.output = []
        self.input = bytearray()
        self.input_ended = False
        self.exit = None
        self.reported = False
        self.signals = []
        self.killed = False

    # For the guest's side.

    def write(self, text, stream="stdout"):
        data = text.encode() if isinstance(text, str) else text
        with self.changed:
            self.output.append((stream, data))
            self.changed.notify_all()

    def read_line(self):
        """The next line of standard input with its end, less at the end, or nothing after it."""
        with self.changed:
            while b"\n" not in self.input and not self.input_ended and not self.killed:
                self.changed.wait()
            end = self.input.find(b"\n") + 1 or len(self.input)
            line = bytes(self.input[:end])
            del self.input[:end]
            return line

    def pause(self, seconds):
        """Waits, or ends early with the command."""
        end = time.monotonic() + seconds
        with self.changed:
            while not self.killed and (left := end - time.monotonic()) > 0:
                self.changed.wait(left)

    def finish(self, code):
        with self.changed:
            if self.exit is None:
                self.exit = code & 0xFFFFFFFF
            self.changed.notify_all()

    # For the service's side.

    def send(self, data, ended):
        with self.changed:
            if self.exit is not None:
                return False
            self.input += data
            self.input_ended = self.input_ended or ended
            self.changed.notify_all()
            return True

    def kill(self, code=1):
        with self.changed:
            self.killed = True
            self.signals.append("terminate")
            self.changed.notify_all()
        self.finish(code)

    def receive(self, seconds, limit):
        """What was written, and the exit code once all was; nothing where the time passes."""
        end = time.monotonic() + seconds
        with self.changed:
            while not self.output and self.exit is None:
                left = end - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(left)
            taken, size = [], 0
            while self.output and size < limit:
                stream, data = self.output.pop(0)
                if size + len(data) > limit:
                    self.output.insert(0, (stream, data[limit - size :]))
                    data = data[: limit - size]
                taken.append((stream, data))
                size += len(data)
            done = self.exit is not None and not self.output
            self.reported = self.reported or done
            return taken, (self.exit if done else None)


class Shell:
    def __init__(self, environment, directory):
        self.id = str(uuid.uuid4()).upper()
        self.environment = environment
        self.directory = directory
        self.commands = {}


class Machine:
    """What of a Windows machine its service needs: shells, and a guest that runs commands."""

    def __init__(self, guest):
        self.guest = guest
        self.lock = threading.Lock()
        self.shells = {}
        self.on_restart = lambda: None
        guest.machine = self

    def open(self, environment, directory):
        shell = Shell(environment, directory)
        with self.lock:
            self.shells[shell.id] = shell
        return shell

    def shell(self, id):
        with self.lock:
            return self.shells.get((id or "").upper())

    def start(self, shell, line, skips_cmd):
        command = Command(line, skips_cmd, shell.environment)
        run = self.guest.program(command)
        if run is None:
            return None
        with self.lock:
            shell.commands[command.id] = command
        threading.Thread(target=self.run, args=(run, command), daemon=True).start()
        return command

    @staticmethod
    def run(run, command):
        code = 1
        try:
            code = run(command) or 0
        finally:
            command.finish(code)

    def close(self, shell):
        with self.lock:
            self.shells.pop(shell.id, None)
            commands = list(shell.commands.values())
        for command in commands:
            command.kill()

    def restart(self):
        with self.lock:
            shells = list(self.shells.values())
        for shell in shells:
            self.close(shell)
        self.guest.agent.restart()
        self.guest.boot += 1
        self.on_restart()
