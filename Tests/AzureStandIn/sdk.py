#!/usr/bin/env python3
"""Microsoft's own clients build against the stand-in: it must be right for others than Kiln's, too.

usage: sdk.py PORT CA

Needs what `requirements.txt` names, which `scripts/setup --tests` installs. It goes through a whole build by their calls, prints what it does, and fails where one of them does.
"""
import base64
import datetime
import os
import socket
import sys

port, ca = sys.argv[1:3]
base = f"https://localhost:{port}"
os.environ["REQUESTS_CA_BUNDLE"] = ca

# Every name below localhost is this machine (RFC 6761), which the C library does not know.
look_up = socket.getaddrinfo
socket.getaddrinfo = lambda host, *rest, **more: look_up(
    "127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)

from azure.core.exceptions import HttpResponseError  # noqa: E402
from azure.identity import ClientSecretCredential  # noqa: E402
from azure.mgmt.compute import ComputeManagementClient  # noqa: E402
from azure.mgmt.network import NetworkManagementClient  # noqa: E402
from azure.mgmt.resource.resources import ResourceManagementClient  # noqa: E402
from azure.mgmt.storage import StorageManagementClient  # noqa: E402
from azure.storage.blob import (  # noqa: E402
    BlobClient, BlobSasPermissions, ContainerClient, generate_blob_sas)

subscription = "00000000-0000-4000-8000-000000000000"
tenant = "11111111-0000-4000-8000-000000000000"
credential = ClientSecretCredential(
    tenant, "app", "secret", authority=base, disable_instance_discovery=True,
    connection_verify=ca)
common = {"base_url": base, "credential_scopes": [base + "/.default"], "polling_interval": 0,
          "connection_verify": ca}
resources = ResourceManagementClient(credential, subscription, **common)
network = NetworkManagementClient(credential, subscription, **common)
compute = ComputeManagementClient(credential, subscription, **common)
storage = StorageManagementClient(credential, subscription, **common)
group, place, tags = "sdk", "westus", {"kiln-run": "sdk", "kiln-expires": "2030-01-01T00:00:00Z"}


def done(what, poller=None):
    result = poller.result() if poller is not None else None
    print("ok", what, flush=True)
    return result


resources.resource_groups.create_or_update(group, {"location": place, "tags": tags})
assert resources.resource_groups.check_existence(group)
guard = done("network security group", network.network_security_groups.begin_create_or_update(
    group, "nsg", {"location": place, "properties": {"securityRules": [
        {"name": "in", "properties": {
            "priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": "203.0.113.7/32", "sourcePortRange": "*",
            "destinationAddressPrefix": "*", "destinationPortRange": "22"}}]}}))
net = done("virtual network", network.virtual_networks.begin_create_or_update(
    group, "net", {"location": place, "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/24"]},
        "subnets": [{"name": "build", "properties": {
            "addressPrefix": "10.0.0.0/24", "networkSecurityGroup": {"id": guard.id}}}]}}))
address = done("public address", network.public_ip_addresses.begin_create_or_update(
    group, "ip", {"location": place, "sku": {"name": "Standard"},
                  "properties": {"publicIPAllocationMethod": "Static"}}))
assert address.ip_address.startswith("127."), address.ip_address
card = done("network card", network.network_interfaces.begin_create_or_update(
    group, "nic", {"location": place, "properties": {"ipConfigurations": [
        {"name": "build", "properties": {
            "subnet": {"id": net.subnets[0].id}, "publicIPAddress": {"id": address.id}}}]}}))
machine = done("machine", compute.virtual_machines.begin_create_or_update(group, "vm", {
    "location": place, "tags": tags, "properties": {
        "hardwareProfile": {"vmSize": "Standard_D2s_v5"},
        "storageProfile": {
            "imageReference": {"publisher": "Canonical", "offer": "o", "sku": "s",
                               "version": "1.2.3"},
            "osDisk": {"name": "os", "createOption": "FromImage", "deleteOption": "Delete",
                       "managedDisk": {"storageAccountType": "StandardSSD_LRS"}}},
        "osProfile": {
            "computerName": "vm", "adminUsername": "packer",
            "customData": base64.b64encode(b"#cloud-config").decode(),
            "linuxConfiguration": {"disablePasswordAuthentication": True, "ssh": {"publicKeys": [
                {"path": "/home/packer/.ssh/authorized_keys", "keyData": "ssh-ed25519 A"}]}}},
        "networkProfile": {"networkInterfaces": [
            {"id": card.id, "properties": {"primary": True, "deleteOption": "Delete"}}]}}}))
view = compute.virtual_machines.instance_view(group, "vm")
assert any(status.code == "PowerState/running" for status in view.statuses)
done("run command", compute.virtual_machines.begin_run_command(
    group, "vm", {"commandId": "RunShellScript", "script": ["true"]}))
done("deallocate", compute.virtual_machines.begin_deallocate(group, "vm"))
compute.virtual_machines.generalize(group, "vm")
image = done("managed image", compute.images.begin_create_or_update(group, "image", {
    "location": place, "properties": {"hyperVGeneration": "V2",
                                      "sourceVirtualMachine": {"id": machine.id}}}))
done("gallery", compute.galleries.begin_create_or_update(
    group, "gallery", {"location": place, "properties": {}}))
done("definition", compute.gallery_images.begin_create_or_update(group, "gallery", "definition", {
    "location": place, "properties": {
        "osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2",
        "identifier": {"publisher": "p", "offer": "o", "sku": "s"}}}))
done("version", compute.gallery_image_versions.begin_create_or_update(
    group, "gallery", "definition", "1.0.0", {"location": place, "properties": {
        "publishingProfile": {"targetRegions": [{"name": place, "regionalReplicaCount": 1}]},
        "storageProfile": {"source": {"id": image.id}}}}))
versions = list(compute.gallery_image_versions.list_by_gallery_image(
    group, "gallery", "definition"))
assert [version.name for version in versions] == ["1.0.0"]
access = done("access", compute.disks.begin_grant_access(
    group, "os", {"access": "Read", "durationInSeconds": 600}))
account = done("storage account", storage.storage_accounts.begin_create(group, "sdkaccount", {
    "location": place, "kind": "StorageV2", "sku": {"name": "Standard_LRS"},
    "properties": {"minimumTlsVersion": "TLS1_2"}}))
blobs = account.primary_endpoints.blob
ContainerClient(blobs, "vhds", credential=credential, connection_verify=ca).create_container()
blob = BlobClient(blobs, "vhds", "disk.vhd", credential=credential, connection_verify=ca)
blob.start_copy_from_url(access.access_sas)
while blob.get_blob_properties().copy.status == "pending":
    pass
assert blob.get_blob_properties().copy.status == "success"
done("copy")
pages = BlobClient(blobs, "vhds", "pages.vhd", credential=credential, connection_verify=ca)
pages.create_page_blob(8 << 20)
pages.upload_page(b"k" * 512, 4 << 20, 512)
assert pages.download_blob(4 << 20, 512).readall() == b"k" * 512
key = storage.storage_accounts.list_keys(group, "sdkaccount")["keys"][0]["value"]
signed = BlobClient(blobs, "vhds", "signed.vhd", connection_verify=ca,
                    credential={"account_name": "sdkaccount", "account_key": key})
signed.create_page_blob(8 << 20, metadata={"kiln": "mark"})
signed.upload_page(b"k" * 512, 4 << 20, 512)
assert signed.get_blob_properties().metadata == {"kiln": "mark"}
done("pages by key")
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=10)
for allowed in ("r", "rcw"):
    query = generate_blob_sas("sdkaccount", "vhds", "shared.vhd", account_key=key, expiry=soon,
                              permission=BlobSasPermissions.from_string(allowed))
    shared = BlobClient(blobs, "vhds", "shared.vhd", credential=query, connection_verify=ca)
    try:
        shared.create_page_blob(8 << 20)
        assert allowed == "rcw"
    except HttpResponseError as error:
        assert allowed == "r" and error.error_code == "AuthorizationPermissionMismatch", error
done("pages by a shared access signature")
done("pages")
done("end of access", compute.disks.begin_revoke_access(group, "os"))
found = list(resources.resources.list(filter="tagName eq 'kiln-run' and tagValue eq 'sdk'"))
assert [entry.name for entry in found] == ["vm"], found
done("delete machine", compute.virtual_machines.begin_delete(group, "vm"))
done("delete group", resources.resource_groups.begin_delete(group))
assert not resources.resource_groups.check_existence(group)
