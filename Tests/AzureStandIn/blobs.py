"""The blobs of the stand-in: containers, page blobs, copies from a disk's shared access."""
import base64
import hashlib
import re
import uuid

PAGE, LONGEST_WRITE, CHUNK = 512, 4 << 20, 1 << 20


def failure(status, code):
    xml = (f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code>'
           f"<Message>{code} by the stand-in.</Message></Error>")
    return status, {"x-ms-error-code": code, "Content-Type": "application/xml"}, xml.encode()


class PageBlob:
    """Sparse: only chunks that were written are kept."""

    def __init__(self, size):
        self.size, self.chunks, self.headers = size, {}, {}
        self.looks, self.metadata, self.received = 0, {}, 0

    def write(self, offset, data):
        while data:
            number, at = divmod(offset, CHUNK)
            chunk = self.chunks.setdefault(number, bytearray(CHUNK))
            piece = data[:CHUNK - at]
            chunk[at:at + len(piece)] = piece
            offset, data = offset + len(piece), data[len(piece):]

    def read(self, offset, count):
        out = bytearray()
        while count > 0:
            number, at = divmod(offset, CHUNK)
            piece = bytes(self.chunks.get(number, bytes(CHUNK))[at:at + count])
            out += piece
            offset, count = offset + len(piece), count - len(piece)
        return bytes(out)


class Blobs:
    def __init__(self, world, disk_bytes):
        self.world, self.disk_bytes = world, disk_bytes

    def whole(self, name):
        """All bytes of a blob, for the tests."""
        blob = self.world.blobs[tuple(name.split("/", 2))]
        return blob.read(0, blob.size)

    def digest(self, name):
        """The SHA-256 of all bytes of a blob, or of the disk of this name that is uploaded."""
        blob = self.world.blobs.get(tuple(name.split("/", 2)))
        if blob is None:
            blob = next(b for k, b in self.world.uploads.items() if k.endswith("/" + name.lower()))
        sha, zeros = hashlib.sha256(), bytes(CHUNK)
        for number in range((blob.size + CHUNK - 1) // CHUNK):
            chunk = blob.chunks.get(number, zeros)
            sha.update(chunk[:blob.size - number * CHUNK])
        return sha.hexdigest()

    def answer(self, method, account, path, query, headers, body):
        """One request to the data plane: (status, headers, body)."""
        if not any(a["name"] == account
                   for a in self.world.of_kind("microsoft.storage/storageaccounts")):
            return failure(404, "ResourceNotFound")
        parts = path.strip("/").split("/", 1)
        container = (account, parts[0], None)
        if query.get("restype") == ["container"]:
            if method == "PUT":
                if container in self.world.blobs:
                    return failure(409, "ContainerAlreadyExists")
                self.world.blobs[container] = True
                return 201, {}, b""
            return failure(400, "UnsupportedQueryParameter")
        if len(parts) < 2:
            return failure(400, "InvalidUri")
        if container not in self.world.blobs:
            return failure(404, "ContainerNotFound")
        key = (account, parts[0], parts[1])
        blob = self.world.blobs.get(key)
        if method == "PUT" and "x-ms-copy-source" in headers:
            return self.copy(key, headers["x-ms-copy-source"])
        if method == "PUT" and query.get("comp") == ["page"]:
            return self.write(blob, headers, body)
        if method == "PUT" and query.get("comp") == ["copy"]:
            return (204, {}, b"") if blob else failure(404, "BlobNotFound")
        if method == "PUT":
            return self.create(key, headers)
        if blob is None:
            return failure(404, "BlobNotFound")
        if method == "DELETE":
            del self.world.blobs[key]
            return 202, {}, b""
        return self.read(method, blob, headers)

    def create(self, key, headers):
        size = int(headers.get("x-ms-blob-content-length", "-1"))
        if headers.get("x-ms-blob-type") != "PageBlob" or size < 0 or size % PAGE:
            return failure(400, "InvalidHeaderValue")
        blob = self.world.blobs[key] = PageBlob(size)
        blob.metadata = {k: v for k, v in headers.items() if k.startswith("x-ms-meta-")}
        return 201, {}, b""

    def write(self, blob, headers, body):
        if blob is None:
            return failure(404, "BlobNotFound")
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("x-ms-range", ""))
        if not match:
            return failure(400, "MissingRequiredHeader")
        start, end = int(match[1]), int(match[2]) + 1
        if start % PAGE or end % PAGE or end > blob.size or end - start != len(body):
            return failure(416, "InvalidPageRange")
        if len(body) > LONGEST_WRITE:
            return failure(413, "RequestBodyTooLarge")
        digest = base64.b64encode(hashlib.md5(body).digest()).decode()
        if headers.get("content-md5", digest) != digest:
            return failure(400, "Md5Mismatch")
        blob.write(start, body)
        blob.received += len(body)
        return 201, {}, b""

    def disk(self, method, query, headers, body):
        """Pages of a disk that is uploaded, for who has the signature."""
        disk = self.world.sas.get((query.get("sig") or [""])[0])
        blob = self.world.uploads.get((disk or "").lower())
        if blob is None:
            return failure(403, "AuthenticationFailed")
        if method == "PUT" and query.get("comp") == ["page"]:
            return self.write(blob, headers, body)
        return failure(400, "UnsupportedQueryParameter")

    def copy(self, key, source):
        match = re.search(r"/_disk/[^?]+\?.*sig=([0-9a-f]+)", source)
        disk = self.world.sas.get(match[1]) if match else None
        if disk is None:
            return failure(403, "CannotVerifyCopySource")
        data = self.disk_bytes(disk)
        blob = PageBlob(len(data))
        blob.write(0, data)
        blob.looks = self.world.looks
        blob.headers = {"x-ms-copy-id": str(uuid.uuid4())}
        self.world.blobs[key] = blob
        return 202, {**blob.headers, "x-ms-copy-status": "pending"}, b""

    def read(self, method, blob, headers):
        fields = {"x-ms-blob-type": "PageBlob", **blob.metadata, **blob.headers}
        if blob.headers:
            pending, total = blob.looks > 0, blob.size
            done = 0 if pending else total
            fields["x-ms-copy-status"] = "pending" if pending else "success"
            fields["x-ms-copy-progress"] = f"{done}/{total}"
            blob.looks -= 1
        if method == "HEAD":
            return 200, {**fields, "Content-Length": str(blob.size)}, b""
        match = re.fullmatch(r"bytes=(\d+)-(\d+)", headers.get("x-ms-range")
                             or headers.get("range") or "")
        start, end = (int(match[1]), int(match[2]) + 1) if match else (0, blob.size)
        if match:
            fields["Content-Range"] = f"bytes {start}-{min(end, blob.size) - 1}/{blob.size}"
        return (206 if match else 200), fields, blob.read(start, min(end, blob.size) - start)
