"""What tests may do to the stand-in, and ask of it, beside Azure.

  /_puts                    bodies of the PUTs so far: [{"path": …, "body": …}]
  /_evict                   takes all machines away, as Azure does with spot machines
  /_sas/ACCOUNT/CONTAINER/NAME?sp=PERMISSIONS&seconds=N
                            a shared access signature for a blob
  /_ip                      the address of whoever asks, as services on the internet tell it
  /_not-ip, /_no-ip         what is none; nothing but an error
"""
import json
import urllib.parse

import sas


class Controls:
    def __init__(self, world):
        self.world, self.puts = world, []

    def note(self, method, path, body):
        """Notes a request that made something."""
        if method == "PUT" and path.startswith("/subscriptions/"):
            self.puts.append({"path": path.split("?")[0], "body": json.loads(body)})

    def answer(self, target):
        """(status, bytes) for a request of a test; None for any other."""
        parts = urllib.parse.urlsplit(target)
        query = dict(urllib.parse.parse_qsl(parts.query))
        if parts.path == "/_puts":
            return 200, json.dumps(self.puts).encode()
        if parts.path == "/_evict":
            return 200, json.dumps(self.evict()).encode()
        if parts.path.startswith("/_sas/"):
            account, rest = parts.path[6:].split("/", 1)
            made = sas.make(account, rest, query.get("sp", "rcwd"), int(query.get("seconds", "600")))
            self.world.secrets.add(dict(urllib.parse.parse_qsl(made))["sig"])
            return 200, made.encode()
        if parts.path == "/_ip":
            return 200, b"127.0.0.1\n"
        if parts.path == "/_not-ip":
            return 200, b"<html>Sign in to this network first</html>"
        if parts.path == "/_no-ip":
            return 403, b"no"
        return None

    def evict(self):
        gone = []
        for machine in self.world.of_kind("microsoft.compute/virtualmachines"):
            self.world.vms.end(machine["id"])
            self.world.power[machine["id"].lower()] = "deallocated"
            gone.append(machine["id"])
        return gone
