"""Resource Manager of the stand-in: one request to it, and its answer."""
import json
import re
import uuid

from facts import Facts
from kinds import Kinds, tracked
from world import COMPUTE, NETWORK, STORAGE, Refusal, kind_of, parent_group

OPERATION = re.compile(
    r"/providers/[^/]+/locations/[^/]+/"
    r"(operations|capsOperations|DiskOperations|asyncoperations)/([^/]+)$", re.I)
GROUP_RESULT = re.compile(r"/operationresults/([^/]+)$", re.I)
# What is in the path of an operation, and which provider it belongs to.
FAMILIES = {
    "Network": (NETWORK, "operations"), "Compute": (COMPUTE, "operations"),
    "caps": (COMPUTE, "capsOperations"), "Disk": (COMPUTE, "DiskOperations"),
    "Storage": (STORAGE, "asyncoperations"),
}
ACTIONS = ("deallocate", "generalize", "runcommand", "begingetaccess", "endgetaccess", "listkeys",
           "retrievebootdiagnosticsdata")


class Manager:
    def __init__(self, world, base, page, wait):
        self.world, self.base, self.page, self.wait = world, base, page, wait
        self.kinds, self.facts = Kinds(world, base), Facts()

    def answer(self, method, path, query, body):
        """(status, headers, JSON or None)."""
        if "api-version" not in query:
            raise Refusal(400, "MissingApiVersionParameter", "The api-version is required.")
        path = re.sub("/+", "/", path).rstrip("/")
        match = OPERATION.search(path)
        if match:
            return self.look(match[2], "monitor" in query or match[1] == "asyncoperations")
        match = GROUP_RESULT.search(path)
        if match:
            return self.look(match[1], True, path)
        kind, parts = kind_of(path)
        if parts[-1].lower() == "instanceview":
            machine = self.world.need(path.rsplit("/", 1)[0])
            return 200, {}, self.instance_view(machine)["properties"]["instanceView"]
        facts = self.facts.answer(method, path, body)
        if facts:
            return facts
        if len(parts) % 2 == 1 and method == "GET":
            return self.list(path, parts, query)
        if kind == "subscriptions":
            return 200, {}, {"id": path, "subscriptionId": parts[1], "displayName": "Stand-in",
                             "state": "Enabled"}
        if kind == "subscriptions/resourcegroups":
            return self.group(method, path, body)
        self.world.need_group(path)
        if method == "POST" and parts[-1].lower() in ACTIONS:
            return self.post(path.rsplit("/", 1)[0], parts[-1].lower(), body)
        if "/subnets/" in path.lower() and method == "GET":
            return self.subnet(path)
        if method == "PUT":
            return self.put(path, kind, body)
        if method == "DELETE":
            return self.delete(path, kind)
        resource = self.world.need(path)
        if query.get("$expand", [""])[0].lower() == "instanceview":
            return 200, {}, self.instance_view(resource)
        if query.get("$expand") == ["ReplicationStatus"]:
            return 200, {}, self.replication(resource)
        return 200, {}, tracked(resource)

    # Groups

    def group(self, method, path, body):
        found = self.world.find(path)
        if method == "HEAD":
            return (204 if found else 404), {}, None
        if method == "PUT":
            group = self.world.store(path, "resourcegroups", body, "Succeeded")
            group["type"] = "Microsoft.Resources/resourceGroups"
            return (200 if found else 201), {}, tracked(group)
        if found is None:
            raise Refusal(404, "ResourceGroupNotFound",
                          f"Resource group '{path.split('/')[-1]}' could not be found.")
        if method == "DELETE":
            prefix = path.lower() + "/"
            inside = [r for k, r in self.world.resources.items() if k.startswith(prefix)]
            shared = {disk.lower() for disk in self.world.sas.values()}
            if any(r["id"].lower() in shared for r in inside):
                raise Refusal(409, "OperationNotAllowed", "A disk of the group is being read.")
            found["properties"]["provisioningState"] = "Deleting"
            name = self.world.begin(lambda: self.world.delete(path), "Group")
            return 202, self.group_headers(path, name), None
        return 200, {}, tracked(found)

    def group_headers(self, path, name):
        subscription = "/".join(path.split("/")[:3])
        return {"Location": f"{self.base}{subscription}/operationresults/{name}"
                            "?api-version=2019-08-01", "Retry-After": str(self.wait)}

    # Resources

    def put(self, path, kind, body):
        if kind not in Kinds.PUT:
            raise Refusal(404, "InvalidResourceType", f"The stand-in has no {kind}.")
        name, status, headers, family = Kinds.PUT[kind]
        old = self.world.find(path)
        provider = kind_of(path)[1]
        draft = json.loads(json.dumps(body))
        draft.setdefault("properties", {})
        draft["_kind"] = kind
        draft["id"], draft["name"] = path, provider[-1]
        finish = getattr(self.kinds, f"put_{name}")(path, draft)
        instant = draft["properties"].get("provisioningState") == "Succeeded"
        made = self.world.store(path, kind, draft, "Succeeded" if instant else "Creating")
        at = [p.lower() for p in provider].index("providers")
        made["type"] = "/".join([provider[at + 1]] + provider[at + 2::2])
        # The draft is what `finish` fills in.
        made["properties"] = draft["properties"]
        made["properties"]["provisioningState"] = "Succeeded" if instant else "Creating"

        def end():
            output = finish() if finish else None
            made["properties"]["provisioningState"] = "Succeeded"
            # The result of a storage account's operation is the account (as recorded).
            return tracked(made) if family == "Storage" else output
        if old and kind.startswith("microsoft.storage"):
            end()
            return 200, {}, tracked(made)
        operation = self.world.begin(end, family)
        fields = self.operation_headers(path, operation, headers, family, made.get("location"))
        answer = None if kind.startswith("microsoft.storage") else tracked(made)
        if kind in ("microsoft.compute/disks", "microsoft.compute/snapshots"):
            answer = {**answer, "properties": {**answer["properties"],
                                               "provisioningState": "Updating"}}
        return (200 if old and status == 201 else status), fields, answer

    def operation_headers(self, path, name, headers, family, location):
        provider, word = FAMILIES[family]
        subscription = "/".join(path.split("/")[:3])
        url = (f"{self.base}{subscription}/providers/{provider}/locations/{location}/{word}/{name}"
               f"?p={uuid.uuid4()}&api-version=2024-07-01")
        fields = {"Retry-After": str(self.wait)}
        if "A" in headers:
            fields["Azure-AsyncOperation"] = url
        if "L" in headers:
            fields["Location"] = url.replace("?", "?monitor=true&", 1)
        return fields

    def delete(self, path, kind):
        found = self.world.find(path)
        if found is None:
            return 204, {}, None
        self.world.guard_delete(path)
        family = "Network" if "network" in kind else "caps" if "galleries" in kind else "Compute"
        if kind.startswith("microsoft.storage"):
            self.world.delete(path)
            return 200, {}, None
        found["properties"]["provisioningState"] = "Deleting"

        def end():
            self.world.guard_delete(path)
            self.world.delete(path)
        operation = self.world.begin(end, family)
        return 202, self.operation_headers(
            path, operation, "AL", family, found.get("location")), None

    def post(self, path, action, body):
        found = self.world.need(path)
        if action == "generalize" and self.world.vms.has_stopped(path):
            self.world.power[path.lower()] = "stopped"
        status, headers, family, finish = self.kinds.post(path, action, body)
        if status == 200:
            return 200, {}, headers
        operation = self.world.begin(finish, family)
        return 202, self.operation_headers(
            path, operation, headers, family, found.get("location")), None

    def subnet(self, path):
        network = self.world.need(path.split("/subnets/")[0])
        for subnet in network["properties"].get("subnets") or []:
            if subnet["id"].lower() == path.lower():
                return 200, {}, subnet
        raise Refusal(404, "NotFound", f"Resource {path} not found.")

    # Operations

    def look(self, name, is_result, path=None):
        operation = self.world.operations.get(name)
        if operation is None:
            raise Refusal(404, "NotFound", f"There is no operation {name}.")
        ended = operation.look()
        wait = {} if ended else {"Retry-After": str(self.wait)}
        if is_result:
            if operation.error and ended:
                return 409, {}, {"error": operation.error}
            if not ended and path:
                wait = self.group_headers(path, name)
            return (200 if ended else 202), wait, operation.output if ended else None
        status = "InProgress" if not ended else "Failed" if operation.error else "Succeeded"
        body = {"status": status}
        if operation.family in ("Compute", "caps", "Disk"):
            body.update(name=name, startTime="2026-01-01T00:00:00.0000000+00:00")
        if ended and operation.error:
            body["error"] = operation.error
        if ended and operation.output is not None:
            body["properties"] = {"output": operation.output}
        return 200, wait, body

    # Reading

    def instance_view(self, machine):
        if self.world.vms.has_stopped(machine["id"]):
            self.world.power[machine["id"].lower()] = "stopped"
        power = self.world.power.get(machine["id"].lower(), "starting")
        shown = tracked(machine)
        shown["properties"] = {**shown["properties"], "instanceView": {"statuses": [
            {"code": "ProvisioningState/succeeded", "level": "Info"},
            {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"}]}}
        return shown

    def replication(self, version):
        shown = tracked(version)
        done = version["properties"]["provisioningState"] == "Succeeded"
        regions = (version["properties"].get("publishingProfile") or {}).get("targetRegions") or [
            {"name": version["location"]}]
        shown["properties"] = {**shown["properties"], "replicationStatus": {
            "aggregatedState": "Completed" if done else "InProgress",
            "summary": [{"region": r["name"], "state": "Completed" if done else "Replicating",
                         "progress": 100 if done else 40} for r in regions]}}
        return shown

    def list(self, path, parts, query):
        lower = path.lower()
        if lower == "/subscriptions":
            # The one that its users have; any other is there as well.
            name = "00000000-0000-4000-8000-000000000001"
            return 200, {}, {"value": [{
                "id": f"/subscriptions/{name}", "subscriptionId": name, "displayName": "Stand-in",
                "tenantId": "11111111-0000-4000-8000-000000000000", "state": "Enabled"}]}
        if lower.endswith("/resourcegroups"):
            scope = lower.rsplit("/", 1)[0] + "/"
            found = [r for r in self.world.of_kind("resourcegroups")
                     if r["id"].lower().startswith(scope)]
        elif lower.endswith("/resources"):
            scope = lower.rsplit("/", 1)[0] + "/"
            # Parts of galleries are no resources of this list's own level in Azure either.
            found = [r for k, r in self.world.resources.items()
                     if k.startswith(scope) and r["_kind"] != "resourcegroups"]
        elif parent_group(path) is None:
            # All of a kind in a subscription.
            scope, kind = "/".join(lower.split("/")[:3]) + "/", "/".join(parts[-2:]).lower()
            found = [r for k, r in self.world.resources.items()
                     if k.startswith(scope) and r["_kind"] == kind]
        else:
            self.world.need_group(path)
            found = [r for k, r in self.world.resources.items()
                     if k.startswith(lower + "/") and "/" not in k[len(lower) + 1:]]
        found = [r for r in found if self.matches(r, query.get("$filter", [""])[0])]
        start = int(query.get("$skiptoken", ["0"])[0])
        body = {"value": [self.listed(r, lower) for r in found[start:start + self.page]]}
        if start + self.page < len(found):
            rest = "&".join(f"{k}={v[0]}" for k, v in query.items() if k != "$skiptoken")
            rest = rest.replace(" ", "%20").replace("'", "%27")
            body["nextLink"] = f"{self.base}{path}?{rest}&$skiptoken={start + self.page}"
        return 200, {}, body

    @staticmethod
    def listed(resource, path):
        if path.endswith("/resources"):
            return {k: resource[k] for k in ("id", "name", "type", "location", "tags")
                    if k in resource}
        return tracked(resource)

    @staticmethod
    def matches(resource, text):
        match = re.fullmatch(r"tagName eq '([^']*)'(?: and tagValue eq '([^']*)')?", text)
        if not match:
            return True
        tags = resource.get("tags") or {}
        return match[1] in tags and match[2] in (None, tags[match[1]])
