#!/usr/bin/env python3
"""A stand-in for Azure over TLS: tokens, Resource Manager and blobs, by the rules that builds meet.

usage: standin.py [OPTION…] CERTIFICATE KEY

  --vm-command COMMAND  what starts a machine (machines.py)
  --tools DIRECTORY     where armschema.py is: every exchange is checked by Microsoft's own
                        specifications; without it, none is, and `/_state` says so
  --looks N             how often an operation is looked at before it ends (1)
  --wait SECONDS        the Retry-After of operations (0)
  --page N              how many elements a page of a list has (50)
  --writes N            how many writes may come at once; one more each tenth of a second
  --token-life SECONDS  how long a token is good (3600)
  --no-role             tokens may not see blobs: only an account's key may
  --no-keys             accounts let in nobody by a key
  --sources             subscriptions have images to start from, and a network (scenery.py)
  --sizes N             how many more sizes of machines are sold, each told of as Azure does
  --targets             each subscription begins with a resource group `images`, which outputs go to, and in it a
                        gallery `g` with a definition `d`, and a storage account `pictures`, in
                        which scripts/hello.sh is a blob
  --windows             and in that gallery a definition `w` for Windows

It prints its port and ends with its standard input. `/_state` tells what there is, what was asked
and what the specifications say of it; POST `/_fault` makes requests fail (faults.py);
POST `/_reset` empties it; more is in controls.py.
"""
import argparse
import http.server
import json
import os
import re
import signal
import ssl
import sys
import threading
import time
import urllib.parse
import uuid

import sas
import scenery
import sharedkey
from blobs import Blobs, PageBlob, failure
from blobspec import BlobSpec
from controls import Controls
from faults import Faults
from machines import Machines
from manager import Manager
from world import Refusal, World

parser = argparse.ArgumentParser()
parser.add_argument("--vm-command")
parser.add_argument("--tools")
parser.add_argument("--looks", type=int, default=1)
parser.add_argument("--wait", type=int, default=0)
parser.add_argument("--page", type=int, default=50)
parser.add_argument("--writes", type=int)
parser.add_argument("--token-life", type=int, default=3600)
parser.add_argument("--no-role", action="store_true")
parser.add_argument("--targets", action="store_true")
parser.add_argument("--windows", action="store_true")
parser.add_argument("--no-keys", action="store_true")
parser.add_argument("--sources", action="store_true")
parser.add_argument("--sizes", type=int, default=0)
parser.add_argument("certificate")
parser.add_argument("key")
options = parser.parse_args()

checker = None
if options.tools and os.path.exists(f"{options.tools}/armschema.py"):
    sys.path.insert(0, options.tools)
    import armschema
    checker = armschema.Api()
blob_checker = BlobSpec(f"{options.tools}/.." if options.tools else "")


class StandIn:
    def __init__(self, port):
        self.base, self.tokens = f"https://localhost:{port}", {}
        self.allowance, self.counted = options.writes, time.monotonic()
        self.reset()

    def reset(self):
        """An Azure with nothing in it; tokens stay good."""
        if hasattr(self, "machines"):
            self.machines.end_all()
        self.machines = Machines(options.vm_command)
        self.world = World(options.looks, self.machines)
        self.manager = Manager(self.world, self.base, options.page, options.wait)
        self.manager.facts.more = options.sizes
        self.controls = Controls(self.world)
        self.blobs = Blobs(self.world, self.disk_bytes)
        self.faults = Faults(self.world)
        self.calls, self.findings, self.held = [], [], 0
        self.begun = set()

    def begin(self, path):
        """The first request to a subscription, or to a storage account, finds the targets there."""
        match = re.match("/+subscriptions/([^/]+)", path, re.I)
        name = match[1] if match else "00000000-0000-4000-8000-000000000001"
        if options.targets and name not in self.begun and (match or not self.begun):
            self.begun.add(name)
            self.make_targets(name)
            if options.sources:
                scenery.make(self.world, name)

    def make_targets(self, subscription):
        group = f"/subscriptions/{subscription}/resourceGroups/images"
        gallery = f"{group}/providers/Microsoft.Compute/galleries/g"
        account = f"{group}/providers/Microsoft.Storage/storageAccounts/pictures"
        kind = "microsoft.compute/galleries"
        body = {"location": "westus", "tags": {}}
        self.world.store(group, "resourcegroups", body, "Succeeded")
        self.world.store(account, "microsoft.storage/storageaccounts", body, "Succeeded")
        script = b"echo a blob said so | tee /etc/kiln-blob\n"
        self.world.blobs[("pictures", "scripts", None)] = True
        blob = self.world.blobs[("pictures", "scripts", "hello.sh")] = PageBlob(len(script))
        blob.write(0, script)
        self.world.store(gallery, kind, body, "Succeeded")
        windows = [("w", "Windows")] if options.windows else []
        for name, system in [("d", "Linux"), *windows]:
            self.world.store(f"{gallery}/images/{name}", f"{kind}/images", {**body, "properties": {
                "osType": system, "osState": "Generalized", "hyperVGeneration": "V2",
                "identifier": {"publisher": "p", "offer": "o", "sku": name}}}, "Succeeded")

    def disk_bytes(self, disk):
        owner = next((r["id"] for r in self.world.resources.values()
                      if disk.lower() in json.dumps(r).lower() and "hardwareProfile"
                      in (r.get("properties") or {})), disk)
        return self.machines.disk(owner)

    def token(self):
        token = f"standin-{uuid.uuid4().hex}"
        self.tokens[token] = time.monotonic() + options.token_life
        return 200, {}, {"token_type": "Bearer", "expires_in": options.token_life,
                         "access_token": token}

    def may_pass(self, headers):
        token = (headers.get("authorization") or "").removeprefix("Bearer ")
        return self.tokens.get(token, 0) > time.monotonic()

    def console(self, path, query):
        """A machine's serial console, for who has the signature."""
        name = path.split("/")[-1].removesuffix(".log")
        for machine in self.world.of_kind("microsoft.compute/virtualmachines"):
            if machine["properties"]["vmId"] == name and query.get("sig") == ["c0ffee"]:
                return 200, {"Content-Type": "text/plain"}, self.machines.console(machine["id"])
        return 404, {}, b""

    def throttles(self, method):
        if options.writes is None or method in ("GET", "HEAD"):
            return False
        now = time.monotonic()
        self.allowance = min(options.writes, self.allowance + (now - self.counted) * 10)
        self.counted = now
        if self.allowance < 1:
            return True
        self.allowance -= 1
        return False

    def state(self):
        return {"resources": sorted(r["id"] for r in self.world.resources.values()),
                "blobs": ["/".join(k) for k in self.world.blobs if k[2]],
                "tagged": sorted(r["id"] for r in self.world.resources.values()
                                 if "kiln-expires" in (r.get("tags") or {})),
                "received": sum(b.received for b in [*self.world.blobs.values(),
                                                     *self.world.uploads.values()]
                                if b is not True),
                "shared": sorted(self.world.sas.values()), "calls": self.calls,
                "findings": self.findings, "checked": checker is not None,
                "tokens": len(self.tokens), "held": self.held, "machines": sorted(self.machines.running)}

    def metadata(self):
        port = self.base.rsplit(":", 1)[1]
        return {"name": "StandIn", "portal": self.base, "resourceManager": self.base + "/",
                "authentication": {"loginEndpoint": self.base, "audiences": [self.base],
                                   "tenant": "common", "identityProvider": "AAD"},
                "suffixes": {"storage": f"localhost:{port}"}}

    def answer(self, method, host, target, headers, body):
        """One request: (status, headers, body as JSON, bytes or None)."""
        parts = urllib.parse.urlsplit(target)
        path, query = urllib.parse.unquote(parts.path), urllib.parse.parse_qs(parts.query)
        if path.endswith("/metadata/endpoints"):
            return 200, {}, self.metadata()
        if path.endswith("/oauth2/v2.0/token"):
            return self.token()
        if path.endswith("/.well-known/openid-configuration"):
            tenant = f"{self.base}/{path.split('/')[1]}"
            return 200, {}, {"issuer": f"{tenant}/v2.0",
                             "token_endpoint": f"{tenant}/oauth2/v2.0/token",
                             "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize"}
        if path.startswith("/_disk/"):
            return self.blobs.disk(method, query, headers, body)
        if path.startswith("/_console/"):
            return self.console(path, query)
        account = re.match(r"([a-z0-9]+)\.blob\.", host)
        by_key = headers.get("authorization", "").startswith("SharedKey ")
        if account and options.no_keys and (by_key or "sig" in query):
            return failure(403, "KeyBasedAuthenticationNotPermitted")
        if account and "sig" in query:
            self.begin(path)
            refusal = sas.lets(account[1], method, path, query)
            return failure(403, refusal) if refusal else self.blobs.answer(
                method, account[1], path, query, headers, body)
        if account and by_key:
            fine = sharedkey.is_signed(account[1], method, target, headers, len(body))
            return self.blobs.answer(method, account[1], path, query, headers, body) if fine \
                else failure(403, "AuthenticationFailed")
        self.begin(path)
        if not self.may_pass(headers):
            return 401, {}, {"error": {"code": "ExpiredAuthenticationToken",
                                       "message": "The access token is expired or unknown."}}
        if self.throttles(method):
            return 429, {"Retry-After": "1"}, {"error": {
                "code": "TooManyRequests", "message": "Too many writes."}}
        if account and options.no_role:
            return failure(403, "AuthorizationPermissionMismatch")
        if account:
            return self.blobs.answer(method, account[1], path, query, headers, body)
        try:
            return self.manager.answer(method, path, query, json.loads(body) if body else None)
        except Refusal as refusal:
            return refusal.status, {"x-ms-failure-cause": "gateway"}, refusal.body

    def check_blob(self, method, target, fields, status, answered):
        parts = urllib.parse.urlsplit(target)
        query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
        self.findings += [f"{method} {parts.path} {status}: {finding}" for finding in
                          blob_checker.findings(method, query, fields, status, answered)]

    def check(self, method, target, request, status, answer):
        if checker is None:
            return
        for finding in checker.check(method, self.base + target, request or None, status, answer):
            # Lists of a group's resources are not among the specifications that are here, and the
            # checker knows no result of an operation that failed.
            path = target.split("?")[0]
            is_list = method == "GET" and len(path.strip("/").split("/")) % 2 == 1
            is_failed = status == 409 and "/asyncoperations/" in path
            # As Azure says it in recordings.
            is_key = path.endswith("/listKeys") and "'FULL'" in finding
            if not (is_failed or is_key or is_list and finding.startswith("no operation")):
                self.findings.append(f"{method} {path} {status}: {finding}")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def go(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/_state":
            with standin.world.lock:
                return self.send(200, {}, json.dumps(standin.state()).encode())
        if self.path.startswith("/_sha/"):
            digest = standin.blobs.digest(self.path.split("/", 2)[2])
            return self.send(200, {}, digest.encode())
        if self.path.startswith("/_blob/"):
            return self.send(200, {}, standin.blobs.whole(self.path.split("/", 2)[2]))
        if self.path == "/_secrets":
            secrets = sorted(standin.world.secrets | set(standin.tokens) | {"c0ffee", sharedkey.KEY})
            return self.send(200, {}, json.dumps(secrets).encode())
        if self.path == "/_reset":
            with standin.world.lock:
                standin.reset()
            return self.send(200, {}, b"{}")
        if self.path == "/_fault":
            standin.faults.add(json.loads(body))
            return self.send(200, {}, b"{}")
        asked = standin.controls.answer(self.path)
        if asked:
            return self.send(asked[0], {}, asked[1])
        host = self.headers.get("Host") or ""
        fields = {name.lower(): value for name, value in self.headers.items()}
        with standin.world.lock:
            is_control = any(part in self.path
                             for part in ("/oauth2/", "/metadata/", "/.well-known/"))
            fault = None if is_control else standin.faults.next(self.command, self.path)
            if fault == "reset-before":
                return self.cut()
            answer = fault if isinstance(fault, tuple) else standin.answer(
                self.command, host, self.path, fields, body)
            status, headers, content = answer
            data = content if isinstance(content, bytes) else b"" if content is None else \
                json.dumps(content).encode()
            if not is_control:
                standin.calls.append(f"{self.command} {self.path} {status}")
                standin.controls.note(self.command, self.path, body)
                is_blob = ".blob." in host or self.path.startswith(("/_console/", "/_disk/"))
                if not is_blob and not isinstance(fault, tuple):
                    standin.check(self.command, self.path, body, status, data)
                if ".blob." in host or self.path.startswith("/_disk/"):
                    if not isinstance(fault, tuple):
                        standin.check_blob(self.command, self.path, fields, status, headers)
        if fault == "reset-after":
            return self.cut()
        if fault == "hold":
            standin.held += 1
            while self.connection.recv(1024):
                pass
            return self.cut()
        if not isinstance(content, bytes) and content is not None:
            headers = {"Content-Type": "application/json; charset=utf-8", **headers}
        self.send(status, headers, data)

    def cut(self):
        self.close_connection = True
        self.connection.close()

    def send(self, status, headers, data):
        self.send_response(status)
        self.send_header("x-ms-request-id", str(uuid.uuid4()))
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204 and "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if status != 204 and self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = go


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(options.certificate, options.key)
server = Server(("127.0.0.1", 0), Handler)
standin = StandIn(server.server_address[1])
server.socket = context.wrap_socket(
    server.socket, server_side=True, do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
try:
    sys.stdin.read()
finally:
    standin.machines.end_all()
