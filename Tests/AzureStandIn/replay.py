#!/usr/bin/env python3
"""Plays a recording of real Azure back over TLS, and tells what of it was not asked for.

usage: replay.py RECORDING TOOLS CERTIFICATE KEY

Prints its port and ends with its standard input. TOOLS is the directory with summarise.py, which
reads the recordings. The same method, address and api-version bring the recorded answers in order.
`/_plan` gives the requests that change something; `/_report` what did not fit:
  missed   requests that were not recorded, or more often than recorded
  bodies   requests whose body is another than the recorded one
  unread   operations that were going on in recorded answers that nobody asked for
"""
import collections
import http.server
import json
import re
import ssl
import sys
import threading
import urllib.parse

recording, tools, certificate, key_file = sys.argv[1:5]
sys.path.insert(0, tools)
from summarise import load  # noqa: E402

HOSTS = ("https://management.azure.com", "http://localhost:1234")
# Operations carry a signature in these; it changes from answer to answer.
KEPT = ("api-version", "monitor", "$expand", "$top")
OPERATION = re.compile(
    r"/(operations|capsOperations|DiskOperations|operationStatuses|asyncoperations"
    r"|operationresults)/[^/]+$", re.I)


def normal(path):
    """An address as the key of its answers."""
    parts = urllib.parse.urlsplit(path)
    query = urllib.parse.parse_qs(parts.query)
    kept = tuple((name, query[name][0]) for name in KEPT if name in query)
    return re.sub("/+", "/", urllib.parse.unquote(parts.path)).lower(), kept


class Recorded:
    def __init__(self, method, url, request, status, headers, body):
        host = next(host for host in HOSTS if url.startswith(host))
        self.method, self.path = method, url[len(host):]
        self.request = request.decode() if isinstance(request, bytes) else request
        self.status, self.headers = int(status), headers
        self.body = (body or b"") if isinstance(body, bytes) else (body or "").encode()
        self.key = (method, *normal(self.path))

    @property
    def change(self):
        """The request as something to do again; None for a read and for what is no JSON."""
        if self.method not in ("PUT", "POST", "PATCH", "DELETE"):
            return None
        # Template deployments are no business of ours.
        if "/deployments/" in self.path or not self.followed:
            return None
        parts = urllib.parse.urlsplit(self.path)
        query = {name: values[0] for name, values in urllib.parse.parse_qs(parts.query).items()}
        try:
            body = json.loads(self.request) if self.request else None
        except ValueError:
            return None
        version = query.pop("api-version", None)
        return {"method": self.method, "path": urllib.parse.unquote(parts.path), "query": query,
                "apiVersion": version, "body": body, "status": self.status}


    @property
    def followed(self):
        """False where an operation began that its recorder did not wait for."""
        where = self.headers.get("azure-asyncoperation") or self.headers.get("location")
        if not where or self.status not in (200, 201, 202) or b'"Succeeded"' in self.body:
            return True
        host = next((host for host in HOSTS if where.startswith(host)), "")
        return ("GET", *normal(where[len(host):])) in answers

    @property
    def pending(self):
        """Whether an operation goes on, by this answer."""
        going = re.search(rb'"status"\s*:\s*"(?!Succeeded|Failed|Canceled)', self.body)
        return self.status == 202 or bool(going)


everything = [Recorded(*entry) for entry in load(recording) if entry[1].startswith(HOSTS)]
answers = collections.defaultdict(list)
for entry in everything:
    answers[entry.key].append(entry)
taken = collections.Counter()
report = {"missed": [], "bodies": []}
lock = threading.Lock()


def unread():
    return [f"{entry.method} {key[1]}" for key, entries in answers.items()
            for entry in entries[taken[key]:]
            if entry.pending and OPERATION.search(key[1]) and "/deployments/" not in key[1]]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def go(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path == "/_plan":
            return self.answer(200, {}, json.dumps([e.change for e in everything if e.change]))
        if self.path == "/_report":
            return self.answer(200, {}, json.dumps({**report, "unread": unread()}))
        key = (self.command, *normal(self.path))
        with lock:
            entries, index = answers.get(key, []), taken[key]
            taken[key] += 1
            if index >= len(entries):
                report["missed"].append(f"{self.command} {self.path}")
                return self.answer(599, {}, '{"error":{"code":"NotRecorded","message":"-"}}')
            entry = entries[index]
            self.compare(entry, body)
        kept = ("azure-asyncoperation", "location", "retry-after", "content-type", "etag",
                "x-ms-request-id")
        fields = {name: self.moved(str(value)) for name, value in entry.headers.items()
                  if name in kept}
        self.answer(entry.status, fields, self.moved(entry.body.decode("utf-8", "replace")))

    def compare(self, entry, body):
        if not entry.request or not body:
            return
        try:
            sent, recorded = json.loads(body), json.loads(entry.request)
        except ValueError:
            sent, recorded = body.decode(), entry.request
        if sent != recorded:
            report["bodies"].append(f"{self.command} {self.path}: {json.dumps(sent)[:300]}")

    def moved(self, text):
        """The text with Azure's address replaced by ours."""
        for host in HOSTS:
            text = text.replace(host, f"https://localhost:{self.server.server_address[1]}")
        return text

    def answer(self, status, fields, text):
        data = text.encode()
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 204 and self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = go


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key_file)
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(
    server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
