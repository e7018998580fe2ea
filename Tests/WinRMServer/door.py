"""The guest's other door: what a Windows machine's SSH server does with the commands that it is given.
A real sshd stands in front of it, whose every command is `shell.py`; that brings the command here,
where the login shell is imitated, and the guest answers by rule."""

import json
import socketserver
import struct
import threading


class Door(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass


class Visit(socketserver.StreamRequestHandler):
    def handle(self):
        state = self.server.state
        if state.condition() != "up":
            return
        asked = json.loads(self.rfile.readline())
        said = ANSWERS[asked["shell"]](asked["line"])
        if isinstance(said, tuple):
            self.say(b"o", said[0].encode())
            self.say(b"x", struct.pack(">I", said[1]))
            return
        line, takes_input = said
        shell = state.machine.open({}, None)
        try:
            command = state.machine.start(shell, line, False)
            if not takes_input:
                command.send(b"", True)
            threading.Thread(
                target=self.listen, args=(command, takes_input), daemon=True).start()
            self.follow(command)
        finally:
            state.machine.close(shell)

    def listen(self, command, takes_input):
        """Gives the command its input; where nobody is there any more, it ends."""
        try:
            while True:
                (size,) = struct.unpack(">I", self.exactly(4))
                data = self.exactly(size)
                if takes_input:
                    command.send(data, size == 0)
        except (OSError, EOFError, ValueError):
            command.kill()

    def exactly(self, size):
        data = self.rfile.read(size)
        if len(data) < size:
            raise EOFError
        return data

    def follow(self, command):
        while True:
            received = command.receive(60, 1 << 20)
            if received is None:
                continue
            parts, code = received
            if command.killed:
                return
            for stream, data in parts:
                self.say(b"o" if stream == "stdout" else b"e", data)
            if code is not None:
                self.say(b"x", struct.pack(">I", code))
                return

    def say(self, kind, data):
        self.wfile.write(kind + struct.pack(">I", len(data)) + data)


def cmd(line):
    """What cmd makes of a command: a text and an exit code, or a line for the guest and whether it is
    given the input."""
    if line == "echo %OS% $env:OS":
        return "Windows_NT $env:OS\r\n", 0
    if line.startswith("$"):
        return "", 9009
    return [line, True]


def powershell(line):
    """As PowerShell: a program gets of the input only what is piped into it."""
    if line == "echo %OS% $env:OS":
        return "%OS%\r\nWindows_NT\r\n", 0
    takes_input = line.startswith("$input | ")
    line = line.removeprefix("$input | ").removesuffix("; exit $LASTEXITCODE")
    return [line, takes_input] if line.startswith("powershell.exe ") else ("", 1)


ANSWERS = {"cmd": cmd, "powershell": powershell}


def open_door(state):
    door = Door(("127.0.0.1", 0), Visit)
    door.state = state
    threading.Thread(target=door.serve_forever, daemon=True).start()
    return door.server_address[1]
