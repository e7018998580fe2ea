"""Shared access signatures of blobs: made, and checked as the service does it.

The text that is signed is that of "Create a service SAS", for versions from 2020-12-06 on.
"""
import base64
import hashlib
import hmac
import time
import urllib.parse

import sharedkey

VERSION = "2021-12-02"
# What a request has to be let do: `c` makes a blob, `w` writes it or makes it anew.
NEEDED = {"GET": "r", "HEAD": "r", "DELETE": "d", "PUT": "cw"}


def signature(account, path, query):
    """The right signature for a blob, or for all of its container."""
    def value(name):
        return (query.get(name) or [""])[0]
    place = path.strip("/") if value("sr") == "b" else path.strip("/").split("/")[0]
    text = "\n".join([
        value("sp"), value("st"), value("se"), f"/blob/{account}/{place}", value("si"),
        value("sip"), value("spr"), value("sv"), value("sr"), "", "", value("rscc"), value("rscd"),
        value("rsce"), value("rscl"), value("rsct")])
    key = base64.b64decode(sharedkey.KEY)
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


def make(account, path, permissions, seconds):
    """A query that lets do something with a blob for some time from now on."""
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    query = {"sv": VERSION, "sp": permissions, "se": end, "sr": "b"}
    sig = signature(account, path, {name: [value] for name, value in query.items()})
    return urllib.parse.urlencode({**query, "sig": sig})


def lets(account, method, path, query):
    """Why a request is refused: a code of the service; None where it is let in."""
    if query.get("sig") != [signature(account, path, query)]:
        return "AuthenticationFailed"
    if query["se"][0] < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()):
        return "AuthenticationFailed"
    if query.get("restype") == ["container"]:
        return "AuthorizationResourceTypeMismatch"
    if not set(NEEDED[method]) & set(query["sp"][0]):
        return "AuthorizationPermissionMismatch"
    return None
