"""Requests for blobs, checked by Microsoft's own specification of the service."""
import json
import os
import re

FILE = "data/arm-spec/bundle/BlobStorage.dataplane_2021-12-02_blob.json"
# What every request may have beside what its operation names: of HTTP, and what says who asks
# ("Authorize requests to Azure Storage").
FIELDS = {"accept", "accept-encoding", "authorization", "connection", "content-length",
          "content-type", "date", "expect", "host", "range", "user-agent", "x-ms-date"}
# A shared access signature ("Create a service SAS").
SIGNED = {"sv", "st", "se", "sr", "sp", "sip", "spr", "sig", "si", "skoid", "sktid", "skt", "ske",
          "sks", "skv", "rscc", "rscd", "rsce", "rscl", "rsct"}
# What answers may have although the specification does not say so of each.
ANSWERED = {"x-ms-error-code", "x-ms-request-id", "x-ms-version", "x-ms-client-request-id"}
# Of those that a path and a method have in common, the one that is meant.
MEANT = {
    "container": "/{containerName}?restype=container",
    "page": "/{containerName}/{blob}?comp=page&update",
    "abort": "/{containerName}/{blob}?comp=copy&copyid",
    "copy": "/{containerName}/{blob}?comp=copy",
    "PageBlob": "/{containerName}/{blob}?PageBlob",
    "BlockBlob": "/{containerName}/{blob}?BlockBlob",
    "": "/{containerName}/{blob}",
}


class BlobSpec:
    """`root` is where `data` is; without the specification, nothing is found."""

    def __init__(self, root):
        self.document = None
        if os.path.exists(f"{root}/{FILE}"):
            with open(f"{root}/{FILE}") as file:
                self.document = json.load(file)

    def findings(self, method, query, fields, status, answered):
        """What is wrong with a request, its status and the names of the answer's fields.

        `query` has a list for each name, and `fields` names in lower case.
        """
        if self.document is None:
            return []
        path = MEANT[self.meant(method, query, fields)]
        operation = self.document["paths"][path].get(method.lower())
        if operation is None:
            return [f"{method} is nothing that {path} has"]
        named = [self.resolve(p) for p in operation.get("parameters", [])
                 + self.document["paths"][path].get("parameters", [])]
        found = self.check_query(named, query) + self.check_fields(named, fields)
        known = operation["responses"]
        if status < 400 and str(status) not in known:
            return found + [f"status {status}, and not one of {sorted(known)}"]
        documented = known.get(str(status), known["default"]).get("headers", {})
        names = {name.lower() for name in documented} | ANSWERED
        return found + [f"the answer's field {name} is not documented" for name in answered
                        if name.lower().startswith("x-ms-") and name.lower() not in names
                        and not name.lower().startswith("x-ms-meta-")]

    @staticmethod
    def meant(method, query, fields):
        if query.get("restype") == ["container"]:
            return "container"
        if method != "PUT":
            return ""
        if query.get("comp") == ["page"]:
            return "page"
        if query.get("comp") == ["copy"]:
            return "abort"
        return "copy" if "x-ms-copy-source" in fields else fields.get("x-ms-blob-type", "BlockBlob")

    def resolve(self, parameter):
        reference = parameter.get("$ref")
        return self.document["parameters"][reference.split("/")[-1]] if reference else parameter

    @staticmethod
    def check_query(named, query):
        own = {p["name"]: p for p in named if p["in"] == "query"}
        found = [f"query {name} is missing" for name, p in own.items()
                 if p.get("required") and name not in query]
        found += [f"query {name} is unknown" for name in query if name not in own.keys() | SIGNED]
        return found + [f"query {name}={query[name][0]} is none of {p['enum']}"
                        for name, p in own.items()
                        if p.get("enum") and name in query and query[name][0] not in p["enum"]]

    @staticmethod
    def check_fields(named, fields):
        own = {p["name"].lower(): p for p in named if p["in"] == "header"}
        has_body = any(p["in"] == "body" for p in named)
        found = [f"field {name} is missing" for name, p in own.items()
                 if p.get("required") and name not in fields]
        found += [f"field {name} is unknown" for name in fields
                  if name not in own.keys() | FIELDS and not name.startswith("x-ms-meta-")]
        found += [f"field {name}: {fields[name]} is none of {p['enum']}" for name, p in own.items()
                  if p.get("enum") and name in fields and fields[name] not in p["enum"]]
        found += [f"field {name}: {fields[name]} is no number" for name, p in own.items()
                  if p.get("type") == "integer" and not re.fullmatch("[0-9]+", fields.get(name, "0"))]
        if not has_body and fields.get("content-length", "0") != "0":
            found.append("a body, and the operation has none")
        return found
