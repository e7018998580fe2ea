"""Faults of the stand-in: what goes wrong at which request.

A fault is {"at": n, "kind": …}: at the n-th request from now on, counted from 0, and, with
"times": k, at those that follow it; with "match": a regular expression for `METHOD path`, only
requests that fit are counted. {"kind": "clear"} ends all faults. Kinds:
  429, 429-after, 500, 503, 409, 401   that answer; `429-after` asks to wait a second
  reset-before, reset-after            the connection ends, before or after the request was done
  dead                                 as reset-after, and every request from then on is cut off
  hold                                 the request is done, and its answer never comes: `/_state`
                                       tells how many are held so
  failed, never                        the operation that the request begins fails, or never ends
"""
import re

ANSWERS = {
    "429": (429, {}, "TooManyRequests"), "429-after": (429, {"Retry-After": "1"}, "TooManyRequests"),
    "500": (500, {}, "InternalServerError"), "503": (503, {}, "ServerTimeout"),
    "409": (409, {}, "AnotherOperationInProgress"), "401": (401, {}, "InvalidAuthenticationToken"),
}


class Faults:
    def __init__(self, world):
        self.world, self.waiting, self.dead = world, [], False

    def add(self, fault):
        if fault["kind"] == "clear":
            self.waiting, self.dead = [], False
            self.world.failing.clear()
            return
        self.waiting.append({"times": 1, "match": ".", **fault})

    def next(self, method, path):
        """What happens to a request: an answer, `reset-before`, `reset-after`, or None."""
        if self.dead:
            return "reset-before"
        for fault in self.waiting:
            if not re.search(fault["match"], f"{method} {path}"):
                continue
            fault["at"] -= 1
            if fault["at"] >= 0 or fault["times"] <= 0:
                continue
            fault["times"] -= 1
            kind = fault["kind"]
            if kind in ANSWERS:
                status, headers, code = ANSWERS[kind]
                # Blobs say it in a field as well, which is all that a HEAD has.
                headers = {**headers, "x-ms-error-code": code}
                return status, headers, {"error": {"code": code, "message": "The stand-in says so."}}
            if kind in ("failed", "never"):
                if method in ("GET", "HEAD"):
                    return None
                self.world.failing.append(kind)
                return None
            if kind == "dead":
                self.dead = True
                return "reset-after"
            return kind
        return None
