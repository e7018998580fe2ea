"""How each kind of resource of the stand-in is made, and what can be done with it."""
import base64
import uuid

import runcommand
import sharedkey
from blobs import PageBlob
from world import Refusal, kind_of

FORBIDDEN_USERS = {"admin", "administrator", "root", "user", "test", "guest", "azureuser1"}


def tracked(resource, **more):
    """A resource as it is answered."""
    shown = {k: v for k, v in resource.items() if not k.startswith("_")}
    shown.update(more)
    return shown


class Kinds:
    """PUT and POST of each kind: `put_<name>` checks and fills in a resource, returns what is done
    when its operation ends."""

    # kind: (name of the method, status when new, headers of the operation, family)
    PUT = {
        "microsoft.network/networksecuritygroups": ("group", 201, "A", "Network"),
        "microsoft.network/virtualnetworks": ("network", 201, "A", "Network"),
        "microsoft.network/publicipaddresses": ("address", 201, "A", "Network"),
        "microsoft.network/networkinterfaces": ("card", 201, "A", "Network"),
        "microsoft.compute/virtualmachines": ("machine", 201, "A", "Compute"),
        "microsoft.compute/images": ("image", 201, "A", "Compute"),
        "microsoft.compute/disks": ("disk", 202, "AL", "Disk"),
        "microsoft.compute/snapshots": ("snapshot", 202, "AL", "Disk"),
        "microsoft.compute/galleries": ("gallery", 201, "A", "caps"),
        "microsoft.compute/galleries/images": ("definition", 201, "A", "caps"),
        "microsoft.compute/galleries/images/versions": ("version", 201, "A", "caps"),
        "microsoft.storage/storageaccounts": ("account", 202, "L", "Storage"),
    }

    def __init__(self, world, base):
        self.world, self.base = world, base

    # Networks

    def put_group(self, path, resource):
        for rule in resource["properties"].get("securityRules") or []:
            rule["id"] = f"{path}/securityRules/{rule['name']}"
        return None

    def put_network(self, path, resource):
        for subnet in resource["properties"].get("subnets") or []:
            subnet["id"] = f"{path}/subnets/{subnet['name']}"
            group = subnet["properties"].get("networkSecurityGroup")
            if group:
                self.world.need(group["id"], 400, "InvalidResourceReference")
        return None

    def put_address(self, path, resource):
        old = self.world.find(path)
        def finish():
            resource["properties"]["ipAddress"] = self.loopback()
        if old and old["properties"].get("ipAddress"):
            resource["properties"]["ipAddress"] = old["properties"]["ipAddress"]
            return None
        return finish

    def loopback(self):
        """An address of the loopback, and of this stand-in alone: others may run beside it."""
        self.world.addresses += 1
        port = int(self.base.rsplit(":", 1)[1])
        return f"127.{port >> 8}.{port & 255}.{self.world.addresses % 254 + 1}"

    def put_card(self, path, resource):
        for config in resource["properties"]["ipConfigurations"]:
            config["id"] = f"{path}/ipConfigurations/{config['name']}"
            properties = config["properties"]
            subnet = properties["subnet"]["id"]
            self.world.need(subnet.split("/subnets/")[0], 400, "InvalidResourceReference")
            if properties.get("publicIPAddress"):
                self.world.need(properties["publicIPAddress"]["id"], 400,
                                "InvalidResourceReference")
            # One that is to be reached by it is on this computer.
            properties["privateIPAddress"] = "10.0.0.4" if properties.get("publicIPAddress") \
                else self.loopback()
        # A card is there at once (as recorded).
        resource["properties"]["provisioningState"] = "Succeeded"
        return None

    # Machines

    def put_machine(self, path, resource):
        properties, world = resource["properties"], self.world
        profile = properties.get("osProfile") or {}
        user = profile.get("adminUsername", "")
        if user.lower() in FORBIDDEN_USERS:
            raise Refusal(400, "InvalidParameter", f"The Admin Username '{user}' is not allowed.")
        for key in ((profile.get("linuxConfiguration") or {}).get("ssh") or {}).get(
                "publicKeys") or []:
            if key["path"] != f"/home/{user}/.ssh/authorized_keys":
                raise Refusal(400, "InvalidParameter", "Destination path for SSH public keys.")
        if profile.get("windowsConfiguration"):
            runcommand.keep_account(profile, resource, self.world.secrets)
        data = profile.get("customData")
        if data:
            self.world.secrets.add(base64.b64decode(data).decode())
        if data and len(base64.b64decode(data, validate=True)) > 65536:
            raise Refusal(400, "InvalidParameter", "Custom data is too long.")
        for card in properties["networkProfile"]["networkInterfaces"]:
            world.need(card["id"], 400, "InvalidResourceReference")
            others = [m for m in world.machines_with_card(card["id"].lower())
                      if m.lower() != path.lower()]
            if others:
                raise Refusal(400, "NicInUse", f"{card['id']} is used by {others[0]}.")
        self.check_source(properties["storageProfile"]["imageReference"])
        properties["vmId"] = str(uuid.uuid4())
        os_disk = properties["storageProfile"]["osDisk"]
        disk = f"{path.rsplit('/', 2)[0]}/disks/{os_disk['name']}"
        os_disk["managedDisk"] = dict(os_disk.get("managedDisk") or {}, id=disk)
        if os_disk.get("osType") is None:
            os_disk["osType"] = "Windows" if profile.get("windowsConfiguration") else "Linux"
        if path.lower() in world.generalized:
            raise Refusal(409, "OperationNotAllowed", f"The VM '{path}' is generalized.")

        def finish():
            if world.find(disk) is None:
                world.store(disk, "microsoft.compute/disks", {
                    "location": resource["location"], "managedBy": resource["id"],
                    "properties": {"osType": os_disk["osType"], "diskSizeGB": 30,
                                   "creationData": {"createOption": "FromImage"}}}, "Succeeded")
            world.power[path.lower()] = "running"
            world.vms.start(resource, self.address_of(resource))
        return finish

    def address_of(self, machine):
        card = machine["properties"]["networkProfile"]["networkInterfaces"][0]["id"]
        config = self.world.need(card)["properties"]["ipConfigurations"][0]["properties"]
        public = config.get("publicIPAddress")
        if not public:
            return config["privateIPAddress"]
        return self.world.need(public["id"])["properties"].get("ipAddress", "")

    def check_source(self, reference):
        if reference.get("id"):
            self.world.need(reference["id"], 404, "ResourceNotFound")
        elif reference.get("publisher", "").lower() == "nobody":
            raise Refusal(404, "PlatformImageNotFound",
                          "The platform image is not available.")

    # Images

    def generalized_machine(self, identifier):
        machine = self.world.need(identifier, 404, "ResourceNotFound")
        if identifier.lower() not in self.world.generalized:
            raise Refusal(409, "OperationNotAllowed",
                          f"The VM '{identifier}' must be generalized before it is captured.")
        return machine

    def put_image(self, path, resource):
        source = (resource["properties"].get("sourceVirtualMachine") or {}).get("id")
        profile = (resource["properties"].get("storageProfile") or {}).get("osDisk") or {}
        if source:
            machine = self.generalized_machine(source)
            security = machine["properties"].get("securityProfile") or {}
            if security.get("securityType") in ("TrustedLaunch", "ConfidentialVM"):
                raise Refusal(409, "OperationNotAllowed",
                              "The VM has Trusted Launch: it can't become a managed image.")
            disk = machine["properties"]["storageProfile"]["osDisk"]
            resource["properties"]["storageProfile"] = {"osDisk": {
                "osType": disk["osType"], "osState": "Generalized",
                "managedDisk": {"id": disk["managedDisk"]["id"]}}}
        else:
            part = profile.get("managedDisk") or profile.get("snapshot")
            if part:
                self.world.need(part["id"])
        return None

    def put_disk(self, path, resource):
        creation = resource["properties"]["creationData"]
        if creation["createOption"] == "Upload" and path.lower() not in self.world.uploads:
            self.world.uploads[path.lower()] = PageBlob(creation["uploadSizeBytes"])
        origin = creation.get("sourceResourceId")
        if origin:
            self.world.need(origin)
        return None

    put_snapshot = put_disk

    def put_gallery(self, path, resource):
        return None

    def put_definition(self, path, resource):
        self.world.need(path.rsplit("/", 2)[0], 404, "ParentResourceNotFound")
        return None

    def put_version(self, path, resource):
        definition = self.world.need(path.rsplit("/", 2)[0], 404, "ParentResourceNotFound")
        name = path.split("/")[-1]
        if len(name.split(".")) != 3 or not all(p.isdigit() for p in name.split(".")):
            raise Refusal(400, "InvalidParameter", f"'{name}' is no version.")
        if resource["location"] != definition["location"]:
            raise Refusal(400, "InvalidParameter", "The version must be where its gallery is.")
        publishing = resource["properties"].get("publishingProfile") or {}
        regions = publishing.get("targetRegions") or []
        if regions and resource["location"] not in [r["name"].lower() for r in regions]:
            raise Refusal(400, "InvalidParameter",
                          "targetRegions must contain the location of the version.")
        source = resource["properties"]["storageProfile"].get("source") or {}
        if source.get("virtualMachineId"):
            machine = self.generalized_machine(source["virtualMachineId"])
            system = machine["properties"]["storageProfile"]["osDisk"]["osType"]
            if system != definition["properties"]["osType"]:
                raise Refusal(400, "InvalidParameter", f"The definition is not for {system}.")
        elif source.get("id"):
            found = self.world.need(source["id"])
            if found["_kind"] == "microsoft.compute/virtualmachines":
                self.generalized_machine(source["id"])
        return None

    # Storage

    def put_account(self, path, resource):
        name = path.split("/")[-1]
        if not (3 <= len(name) <= 24 and name.isalnum() and name == name.lower()):
            raise Refusal(400, "AccountNameInvalid", f"{name} is not a valid account name.")
        others = [a for a in self.world.of_kind("microsoft.storage/storageaccounts")
                  if a["name"] == name and a["id"].lower() != path.lower()]
        if others:
            raise Refusal(409, "StorageAccountAlreadyTaken", f"The name {name} is taken.")
        scheme, _, rest = self.base.partition("://")
        resource["properties"]["primaryEndpoints"] = {"blob": f"{scheme}://{name}.blob.{rest}/"}
        return None

    # POST

    def post(self, path, action, body):
        """What an action does: (status, headers or the answer, family, what is done at its end)."""
        resource, key, world = self.world.need(path), path.lower(), self.world
        kind = kind_of(path)[0]
        if kind == "microsoft.compute/virtualmachines":
            if action == "deallocate":
                def finish():
                    world.vms.end(resource["id"])
                    world.power[key] = "deallocated"
                return 202, "AL", "Compute", finish
            if action == "generalize":
                if world.power.get(key) not in ("deallocated", "stopped"):
                    raise Refusal(409, "OperationNotAllowed",
                                  f"The VM '{path}' must be stopped before it is generalized.")
                world.generalized.add(key)
                return 200, None, "Compute", None
            if action == "retrievebootdiagnosticsdata":
                name = resource["properties"]["vmId"]
                return 200, {
                    "consoleScreenshotBlobUri": f"{self.base}/_console/{name}.bmp?sig=c0ffee",
                    "serialConsoleLogBlobUri": f"{self.base}/_console/{name}.log?sig=c0ffee"
                }, "Compute", None
            if action == "runcommand":
                return 202, "AL", "Compute", runcommand.run(world, resource, body)
        if kind in ("microsoft.compute/disks", "microsoft.compute/snapshots"):
            if action == "begingetaccess":
                owner = resource.get("managedBy", "").lower()
                if owner and world.power.get(owner) == "running":
                    raise Refusal(409, "OperationNotAllowed",
                                  "The disk is attached to a running machine.")

                def grant():
                    secret = uuid.uuid4().hex
                    world.sas[secret] = resource["id"]
                    world.secrets.add(secret)
                    return {"accessSAS": f"{self.base}/_disk/{resource['name']}?sv=2021-12-02"
                                         f"&sr=b&sig={secret}"}
                return 202, "AL", "Disk", grant
            if action == "endgetaccess":
                def revoke():
                    world.sas = {k: v for k, v in world.sas.items() if v.lower() != key}
                return 202, "AL", "Disk", revoke
        if kind == "microsoft.storage/storageaccounts" and action == "listkeys":
            return 200, {"keys": [{"keyName": f"key{n}", "value": sharedkey.KEY,
                                   "permissions": "FULL"} for n in (1, 2)]}, "Storage", None
        raise Refusal(400, "InvalidAction", f"{action} is nothing that {kind} does.")
