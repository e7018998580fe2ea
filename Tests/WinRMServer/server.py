"""A WinRM server for tests: python server.py DIRECTORY OPTIONS

OPTIONS is JSON, see `defaults`. The server writes its ports, its certificate's thumbprints and its
CA to DIRECTORY/ready, and ends with its standard input. What the tests ask of it beside WinRM goes
to the control port: GET /log, /started; POST /fault, /restart.
"""

import base64
import http.server
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as tree

import wsman
from door import open_door
from guest import Guest
from login import MULTIPART, Login, Refused, bindings_of, thumbprints
from service import Service
from shells import Machine

defaults = {
    "users": {"kiln": "pass word"},
    "auth": ["negotiate", "basic"],
    # none, relaxed, strict: Windows' own words.
    "bindings": "relaxed",
    "allow_unencrypted": False,
    "envelope_kb": 500,
    # The longest wait for output in seconds, whatever a client allows.
    "timeout": 60,
    "rules": [],
    # What a restart looks like from outside: [what, seconds] in order, as `drop`, `silence`, `401`,
    # `500`, `503`, `refuse`, `stall` (no TLS handshake) or `up`.
    "window": [],
    # Where the port without TLS is; 0 is any.
    "http": ["127.0.0.1", 0],
    # Where the one with it is.
    "https": ["127.0.0.1", 0],
    # Whether the server ends when the machine powers off.
    "ends": False,
    # Whether this computer is the machine: it restarts and powers off when that is asked for.
    "is_machine": False,
}


class State:
    """What the connections of a server share."""

    def __init__(self, directory, options):
        self.options = options
        self.guest = Guest(os.path.join(directory, "guest"), options["rules"])
        self.guest.password = next(iter(options["users"].values()))
        self.guest.ends = options["ends"]
        if options["is_machine"]:
            self.guest.become_machine()
        self.machine = Machine(self.guest)
        self.service = Service(self.machine, options)
        self.lock = threading.Lock()
        self.log = []
        self.faults = []
        # Why logins failed: a client is never told.
        self.refusals = []
        self.open = set()
        self.ended = threading.Event()
        self.window = []
        # Connections that hang before TLS begins.
        self.stalled = []
        self.machine.on_restart = self.restarted

    def restarted(self):
        """Begins the time in which the machine is not itself, and ends all connections."""
        now, window = time.monotonic(), []
        for what, seconds in self.options["window"]:
            now += seconds
            window.append((what, now))
        self.window = window
        self.drop_connections()

    def condition(self):
        """How the machine is now, from outside."""
        now = time.monotonic()
        return next((what for what, until in self.window if now < until), "up")

    def note(self, action, status, length):
        with self.lock:
            self.log.append({"action": action, "status": status, "length": length})

    def fault(self, verb, when):
        """The fault that a test wants now, once."""
        with self.lock:
            for fault in self.faults:
                if fault["at"] in (verb, "*") and fault.get("when", "before") == when:
                    if fault.get("skip", 0) > 0:
                        fault["skip"] -= 1
                        return None
                    fault["times"] = fault.get("times", 1) - 1
                    if fault["times"] <= 0:
                        self.faults.remove(fault)
                    return fault["do"]
        return None

    def drop_connections(self):
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            cut(connection)


def challenge(token):
    return "WWW-Authenticate", "Negotiate " + base64.b64encode(token).decode()


def cut(connection):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Microsoft-HTTPAPI/2.0"
    sys_version = ""

    def setup(self):
        super().setup()
        self.state = self.server.state
        self.login = Login(self.state.options, self.server.bindings)
        with self.state.lock:
            self.state.open.add(self.connection)

    def finish(self):
        with self.state.lock:
            self.state.open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            pass

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", fields=(), type="application/soap+xml;charset=UTF-8"):
        self.send_response(status)
        for name, value in fields:
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self):
        self.state.note("login", 401, 0)
        self.answer(401, fields=[("WWW-Authenticate", way) for way in self.login.challenges()])

    def do_POST(self):
        length = int(self.headers["Content-Length"] or 0)
        body = self.rfile.read(length)
        if self.path != "/wsman":
            return self.answer(404, b"Not Found", type="text/html")
        if (condition := self.state.condition()) != "up":
            return self.refuse() if condition == "401" else self.misbehave(condition)
        do = self.state.fault("login", "before") if self.headers["Authorization"] else None
        if do and self.misbehave(do):
            return None
        fields = []
        try:
            if header := self.headers["Authorization"]:
                token = self.login.take(header)
                if self.login.context is not None and not self.login.user:
                    self.state.note("login", 401, length)
                    return self.answer(401, fields=[challenge(token or b"")])
                if token:
                    fields = [challenge(token)]
            if not self.login.user:
                return self.refuse()
            self.serve(body, fields)
        except Refused as reason:
            self.state.refusals.append(str(reason))
            self.login.user = None
            self.refuse()
        return None

    def serve(self, body, fields):
        sealed = (self.headers["Content-Type"] or "").startswith("multipart/encrypted")
        if sealed:
            body = self.login.open(body)
        elif body and not self.server.is_secure and not self.state.options["allow_unencrypted"]:
            return self.answer(500)
        if not body:
            self.state.note("login", 200, 0)
            return self.answer(200, fields=fields)
        request, verb, status = None, "?", 200
        try:
            request = wsman.Request(body, self.state.service.limit)
            verb = request.verb
            if (do := self.state.fault(verb, "before")) and self.misbehave(do):
                return None
            data = wsman.reply(request, self.state.service.answer(request))
        except tree.ParseError as error:
            status = 500
            data = wsman.fault_reply(request, wsman.Fault(wsman.BAD_HEADER, "s:Sender", str(error)))
        except wsman.Fault as fault:
            status, data = 500, wsman.fault_reply(request, fault)
        self.state.note(verb, status, len(body))
        if (do := self.state.fault(verb, "after")) and self.misbehave(do):
            return None
        if sealed:
            return self.answer(status, self.login.seal(data), fields, MULTIPART)
        return self.answer(status, data, fields)

    def misbehave(self, do):
        """Does what a fault asks; False where the request is to go on."""
        self.state.note(f"fault {do}", 0, 0)
        if do == "drop":
            self.close_connection = True
            cut(self.connection)
        elif do == "silence":
            self.close_connection = True
            self.state.ended.wait(120)
        elif do == "logout":
            self.login = Login(self.state.options, self.server.bindings)
            self.refuse()
        elif do.isdigit():
            self.answer(int(do), b"<html>Service</html>", type="text/html")
        elif do == "nonsense":
            self.answer(200, b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>")
        else:
            return False
        return True


class Control(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        state = self.server.state
        if self.path == "/log":
            with state.lock:
                return self.answer(list(state.log))
        if self.path == "/refusals":
            return self.answer(list(state.refusals))
        if self.path == "/started":
            return self.answer(list(state.guest.started))
        if self.path == "/jobs":
            return self.answer(state.guest.agent.facts())
        return self.answer({"shells": len(state.machine.shells), "boot": state.guest.boot})

    def do_POST(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        if self.path == "/fault":
            with state.lock:
                state.faults.append(json.loads(body))
        if self.path == "/restart":
            state.machine.restart()
        if self.path == "/drop":
            state.drop_connections()
        if self.path == "/forget":
            with state.lock:
                state.log.clear()
        self.answer({})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    is_secure = False
    is_guest = True
    bindings = None

    def verify_request(self, request, _):
        """Whether a connection is taken: a machine that restarts refuses it, or lets it hang."""
        state = self.state
        condition = state.condition() if self.is_guest else "up"
        if condition == "stall":
            with state.lock:
                state.stalled.append(request)
            return False
        return condition != "refuse"

    def shutdown_request(self, request):
        if request not in self.state.stalled:
            super().shutdown_request(request)

    def handle_error(self, *_):
        pass


def certificates(directory):
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-days", "2", "-subj",
         "/CN=localhost", "-addext", names],
        cwd=directory, check=True, capture_output=True,
    )


def main():
    directory = sys.argv[1]
    options = defaults | json.loads(sys.argv[2])
    Login.wanted = options["bindings"]
    certificates(directory)
    os.makedirs(os.path.join(directory, "guest"), exist_ok=True)
    users = os.path.join(directory, "users")
    with open(users, "w") as file:
        for name, password in options["users"].items():
            domain, _, user = name.rpartition("\\")
            file.write(f"{domain}:{user}:{password}\n")
    os.environ["NTLM_USER_FILE"] = users
    with open(os.path.join(directory, "cert.pem"), "rb") as file:
        certificate = file.read()

    state = State(directory, options)
    plain = Server(tuple(options["http"]), Handler)
    secure = Server(tuple(options["https"]), Handler)
    control = Server(("127.0.0.1", 0), Control)
    for server in (plain, secure, control):
        server.state = state
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{directory}/cert.pem", f"{directory}/key.pem")
    secure.is_secure = True
    control.is_guest = False
    secure.bindings = bindings_of(certificate)
    # The handshake belongs to the connection's thread, not to the one that accepts.
    secure.socket = context.wrap_socket(
        secure.socket, server_side=True, do_handshake_on_connect=False)
    for server in (plain, secure, control):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    ready = {
        "http": plain.server_address[1],
        "https": secure.server_address[1],
        "control": control.server_address[1],
        "door": open_door(state),
    } | thumbprints(certificate)
    with open(f"{directory}/ready.new", "w") as file:
        json.dump(ready, file)
    os.rename(f"{directory}/ready.new", f"{directory}/ready")
    sys.stdin.buffer.read()


main()
