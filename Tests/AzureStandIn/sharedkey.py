"""Requests that are signed with a storage account's key, checked as the service does it."""
import base64
import hashlib
import hmac
import urllib.parse

KEY = base64.b64encode(b"the key of every account of the stand-in, 64 bytes long or so").decode()
PLACED = ("content-encoding", "content-language", "content-length", "content-md5", "content-type",
          "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range")


def is_signed(account, method, target, headers, length):
    """Whether the signature is right: `headers` has names in lower case."""
    parts = urllib.parse.urlsplit(target)
    lines = [method]
    for name in PLACED:
        value = headers.get(name, "")
        lines.append(("" if length == 0 else str(length)) if name == "content-length" else value)
    lines += [f"{n}:{headers[n]}" for n in sorted(headers) if n.startswith("x-ms-")]
    resource = f"/{account}{parts.path}"
    query = urllib.parse.parse_qs(parts.query, keep_blank_values=True)
    for name in sorted(query, key=str.lower):
        resource += f"\n{name.lower()}:{','.join(sorted(query[name]))}"
    text = "\n".join(lines + [resource])
    digest = hmac.new(base64.b64decode(KEY), text.encode(), hashlib.sha256).digest()
    right = f"SharedKey {account}:{base64.b64encode(digest).decode()}"
    return hmac.compare_digest(right, headers["authorization"]) and "x-ms-date" in headers
