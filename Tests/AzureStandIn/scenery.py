"""What a subscription of the stand-in has beside the targets, with `--sources`: images to start
from, and a network."""


def make(world, subscription):
    """In the resource group `images`: the managed images `base` (of the first generation) and
    `far` (in another region); in the gallery `g` the definitions `s`, with the versions 1.9.0,
    1.10.0 (the newest), 1.11.0 (not counted as latest) and 2.0.0 (in another region), `t`, which
    starts with Trusted Launch alone, with 1.0.0, and `sp`, of specialized images; the network `net`
    with a subnet `build`."""
    group = f"/subscriptions/{subscription}/resourceGroups/images"
    compute = f"{group}/providers/Microsoft.Compute"
    gallery = f"{compute}/galleries/g"

    def image(name, location, generation):
        world.store(f"{compute}/images/{name}", "microsoft.compute/images", {
            "location": location, "tags": {}, "type": "Microsoft.Compute/images", "properties": {
                "hyperVGeneration": generation, "storageProfile": {"osDisk": {
                    "osType": "Linux", "osState": "Generalized"}}}}, "Succeeded")

    def definition(name, state="Generalized", security=None):
        features = [{"name": "SecurityType", "value": security}] if security else []
        world.store(f"{gallery}/images/{name}", "microsoft.compute/galleries/images", {
            "location": "westus", "tags": {}, "properties": {
                "osType": "Linux", "osState": state, "hyperVGeneration": "V2",
                "features": features,
                "identifier": {"publisher": "p", "offer": "o", "sku": name}}}, "Succeeded")

    def version(image, name, region="westus", excluded=False):
        world.store(
            f"{gallery}/images/{image}/versions/{name}",
            "microsoft.compute/galleries/images/versions", {
                "location": region, "tags": {}, "properties": {
                    "publishingProfile": {"excludeFromLatest": excluded, "targetRegions": [
                        {"name": region, "regionalReplicaCount": 1}]},
                    "storageProfile": {"source": {"id": f"{compute}/images/base"}}}}, "Succeeded")

    image("base", "westus", "V1")
    image("far", "eastus", "V2")
    definition("s")
    definition("t", security="TrustedLaunch")
    definition("sp", state="Specialized")
    for name in ("1.9.0", "1.10.0"):
        version("s", name)
    version("s", "1.11.0", excluded=True)
    version("s", "2.0.0", region="eastus")
    version("t", "1.0.0")
    net = f"{group}/providers/Microsoft.Network/virtualNetworks/net"
    world.store(net, "microsoft.network/virtualnetworks", {
        "location": "westus", "tags": {}, "properties": {
            "addressSpace": {"addressPrefixes": ["10.1.0.0/24"]}, "subnets": [
                {"id": f"{net}/subnets/build", "name": "build",
                 "properties": {"addressPrefix": "10.1.0.0/24"}}]}}, "Succeeded")
