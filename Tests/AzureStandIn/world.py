"""The resources of the stand-in for Azure: what there is, and by which rules it comes and goes."""
import re
import threading
import uuid

COMPUTE, NETWORK, STORAGE = "Microsoft.Compute", "Microsoft.Network", "Microsoft.Storage"


class Refusal(Exception):
    """An error as Resource Manager answers it."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.body = {"error": {"code": code, "message": message}}


class NotYet(Exception):
    """What an operation waits for is not there yet: it goes on."""


class Operation:
    """Something that goes on: it ends at the look after `looks`, and then does `finish`."""

    def __init__(self, looks, finish, family):
        self.looks, self.finish, self.family = looks, finish, family
        self.error, self.output, self.done = None, None, False

    def look(self):
        """One look; whether it has ended."""
        if self.looks > 0:
            self.looks -= 1
            return False
        if not self.done:
            self.done = True
            if self.error is None:
                try:
                    self.output = self.finish()
                except NotYet:
                    self.done = False
                    return False
                except Refusal as refusal:
                    self.error = refusal.body["error"]
        return True


def kind_of(path):
    """The kind of resource that a path leads to, in lower case, and its parts."""
    parts = [part for part in path.split("/") if part]
    lower = [part.lower() for part in parts]
    if "providers" not in lower:
        return "/".join(lower[0::2]), parts
    at = len(lower) - 1 - lower[::-1].index("providers")
    return "/".join([lower[at + 1]] + lower[at + 2::2]), parts


def parent_group(path):
    match = re.match(r"(/subscriptions/[^/]+/resourcegroups/[^/]+)", path, re.I)
    return match.group(1) if match else None


class World:
    """All that there is. Every method is called under its lock."""

    def __init__(self, looks, vms):
        self.lock = threading.RLock()
        self.resources, self.operations = {}, {}
        self.looks, self.vms = looks, vms
        self.sas, self.addresses, self.failing = {}, 0, []
        self.uploads = {}
        # All that nobody may read, whatever became of it.
        self.secrets = set()
        self.power, self.generalized, self.blobs = {}, set(), {}

    # What is there

    def find(self, path):
        return self.resources.get(path.lower())

    def need(self, path, status=404, code="ResourceNotFound"):
        found = self.find(path)
        if found is None:
            raise Refusal(status, code, f"The Resource '{path}' was not found.")
        return found

    def need_group(self, path):
        group = parent_group(path)
        if group and self.find(group) is None:
            name = group.split("/")[-1]
            raise Refusal(404, "ResourceGroupNotFound",
                          f"Resource group '{name}' could not be found.")

    def of_kind(self, kind):
        return [r for r in self.resources.values() if r["_kind"] == kind]

    def store(self, path, kind, body, state):
        kept = self.find(path)
        resource = dict(body)
        resource["_kind"] = kind
        resource["id"] = kept["id"] if kept else path
        resource["name"] = path.rstrip("/").split("/")[-1]
        resource["properties"] = dict(body.get("properties") or {})
        resource["properties"]["provisioningState"] = state
        self.resources[path.lower()] = resource
        return resource

    # Operations

    def begin(self, finish, family, looks=None):
        operation = Operation(self.looks if looks is None else looks, finish, family)
        if self.failing:
            how = self.failing.pop()
            if how == "never":
                operation.looks = 10 ** 9
            else:
                operation.error = {"code": "OperationFailed", "message": "The stand-in fails it."}
        name = str(uuid.uuid4())
        self.operations[name] = operation
        return name

    # Deletion

    def delete(self, path):
        """Removes a resource and what is in it."""
        prefix = path.lower() + "/"
        for key in [k for k in self.resources if k == path.lower() or k.startswith(prefix)]:
            self.forget(key)

    def forget(self, key):
        resource = self.resources.pop(key, None)
        if resource is None:
            return
        if resource["_kind"] == "microsoft.compute/virtualmachines":
            self.vms.end(resource["id"])
            self.power.pop(key, None)
            self.generalized.discard(key)
            for disk in self.of_kind("microsoft.compute/disks"):
                if disk.get("managedBy", "").lower() == key:
                    disk.pop("managedBy")
            options = self.deleted_with(resource)
            for other in options:
                self.forget(other.lower())
        if resource["_kind"] == "microsoft.compute/disks":
            self.uploads.pop(key, None)
            self.sas = {k: v for k, v in self.sas.items() if v.lower() != key}
        if resource["_kind"] == "microsoft.storage/storageaccounts":
            name = resource["name"].lower()
            self.blobs = {k: v for k, v in self.blobs.items() if k[0] != name}

    @staticmethod
    def deleted_with(machine):
        """What goes with a machine, by its deleteOption."""
        properties, found = machine["properties"], []
        disk = properties["storageProfile"]["osDisk"]
        if disk.get("deleteOption") == "Delete":
            found.append(disk["managedDisk"]["id"])
        for card in properties["networkProfile"]["networkInterfaces"]:
            if (card.get("properties") or {}).get("deleteOption") == "Delete":
                found.append(card["id"])
        return found

    def guard_delete(self, path):
        """Refuses what Azure refuses: a thing in use, a disk that somebody may read."""
        kind, key = kind_of(path)[0], path.lower()
        users = {
            "microsoft.network/networkinterfaces":
                ("NicInUse", self.machines_with_card(key)),
            "microsoft.network/publicipaddresses":
                ("PublicIPAddressCannotBeDeleted", self.cards_with("publicIPAddress", key)),
            "microsoft.network/networksecuritygroups":
                ("InUseNetworkSecurityGroupCannotBeDeleted", self.subnets_with(key)),
            "microsoft.network/virtualnetworks":
                ("InUseSubnetCannotBeDeleted", self.cards_with("subnet", key + "/")),
        }.get(kind)
        if users and users[1]:
            raise Refusal(400, users[0], f"{path} is used by {users[1][0]}.")
        if kind == "microsoft.compute/disks":
            if self.find(path).get("managedBy"):
                raise Refusal(409, "OperationNotAllowed",
                              f"Disk {path} is attached to VM {self.find(path)['managedBy']}.")
            if key in [disk.lower() for disk in self.sas.values()]:
                raise Refusal(409, "OperationNotAllowed",
                              f"There is an active shared access signature for disk {path}.")
        if kind == "microsoft.compute/galleries/images":
            if any(k.startswith(key + "/versions/") for k in self.resources):
                raise Refusal(409, "CannotDeleteResource", f"{path} has nested resources.")

    def machines_with_card(self, key):
        return [vm["id"] for vm in self.of_kind("microsoft.compute/virtualmachines")
                if any(card["id"].lower() == key
                       for card in vm["properties"]["networkProfile"]["networkInterfaces"])]

    def cards_with(self, name, key):
        found = []
        for card in self.of_kind("microsoft.network/networkinterfaces"):
            for config in card["properties"]["ipConfigurations"]:
                reference = (config["properties"].get(name) or {}).get("id", "").lower()
                if reference == key or key.endswith("/") and reference.startswith(key):
                    found.append(card["id"])
        return found

    def subnets_with(self, key):
        found = []
        for network in self.of_kind("microsoft.network/virtualnetworks"):
            for subnet in network["properties"].get("subnets") or []:
                group = subnet["properties"].get("networkSecurityGroup") or {}
                if group.get("id", "").lower() == key:
                    found.append(subnet["id"])
        return found
