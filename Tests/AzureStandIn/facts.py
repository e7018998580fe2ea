"""What the stand-in's Azure sells: images of the Marketplace, their terms, sizes of machines."""
import re

IMAGES = re.compile(
    r"/locations/([^/]+)/publishers/([^/]+)/artifacttypes/vmimage/offers/([^/]+)/skus/([^/]+)"
    r"/versions(?:/([^/]+))?$", re.I)
TERMS = re.compile(r"/publishers/([^/]+)/offers/([^/]+)/plans/([^/]+)/agreements/current$", re.I)
NEWEST = "24.04.202501010"


class Facts:
    """A publisher `planned` sells its images with a plan, whose terms nobody has accepted yet; one
    of `nobody` has none. A sku ending in `gen1` is of the first generation; one with `trusted`
    starts with Trusted Launch alone. What a publisher sells whose name has `windows` in it is
    Windows."""

    def __init__(self):
        # `more` is how many sizes are sold beside those that tests name.
        self.accepted, self.more = set(), 0

    def answer(self, method, path, body):
        """The answer to a question about what is sold; None for any other request."""
        match = IMAGES.search(path)
        if match:
            return self.image(path, *match.groups())
        match = TERMS.search(path)
        if match:
            return self.terms(method, path, match.groups(), body)
        if path.lower().endswith("/providers/microsoft.compute/skus"):
            return 200, {}, {"value": [self.size(*size) for size in SIZES]
                             + [self.long_size(number) for number in range(self.more)]}
        return None

    @staticmethod
    def image(path, location, publisher, offer, sku, version):
        if publisher.lower() == "nobody":
            return 404, {}, {"error": {"code": "PlatformImageNotFound",
                                       "message": f"No image {publisher}:{offer}:{sku} is there."}}
        if version is None:
            return 200, {}, [{"location": location, "name": NEWEST, "id": f"{path}/{NEWEST}"}]
        security = "TrustedLaunch" if "trusted" in sku else "TrustedLaunchSupported"
        properties = {
            "hyperVGeneration": "V1" if sku.endswith("gen1") else "V2", "architecture": "x64",
            "osDiskImage": {
                "operatingSystem": "Windows" if "windows" in publisher.lower() else "Linux"},
            "features": [{"name": "SecurityType", "value": security}]}
        if publisher == "planned":
            properties["plan"] = {"name": sku, "product": offer, "publisher": publisher}
        return 200, {}, {"location": location, "name": version, "id": path,
                         "properties": properties}

    def terms(self, method, path, plan, body):
        if method == "PUT" and body["properties"].get("accepted"):
            self.accepted.add(plan)
        return 200, {}, {
            "id": path, "name": plan[2], "type": "Microsoft.MarketplaceOrdering/offertypes",
            "properties": {"publisher": plan[0], "product": plan[1], "plan": plan[2],
                           "licenseTextLink": "https://example.org/terms", "accepted":
                           plan in self.accepted, "signature": "S", "marketplaceTermsLink":
                           "https://example.org/market", "privacyPolicyLink":
                           "https://example.org/privacy",
                           "retrieveDatetime": "2026-01-01T00:00:00Z"}}

    @classmethod
    def long_size(cls, number):
        """As much as Azure tells of each: some 3 KB."""
        size = cls.size(f"Standard_X{number}s_v9", "V1,V2", number + 1, True)
        size["capabilities"] += [{"name": f"AnotherCapabilityOfThisSize{n}", "value": "1048576000"}
                                 for n in range(30)]
        size["locationInfo"] = [{"location": "westus", "zones": ["1", "2", "3"], "zoneDetails": [
            {"name": ["1", "2", "3"], "capabilities": [{"name": "UltraSSDAvailable",
                                                        "value": "True"}]}]}]
        return {**size, "tier": "Standard", "size": f"X{number}s_v9", "family": "standardXSv9Family"}

    @staticmethod
    def size(name, generations, processors, restriction):
        restrictions = [{"type": "Location", "values": ["westus"],
                         "restrictionInfo": {"locations": ["westus"]},
                         "reasonCode": "NotAvailableForSubscription"}] if restriction else []
        return {"resourceType": "virtualMachines", "name": name, "locations": ["westus"],
                "restrictions": restrictions, "capabilities": [
                    {"name": "vCPUs", "value": str(processors)},
                    {"name": "HyperVGenerations", "value": generations},
                    {"name": "CpuArchitectureType", "value": "x64"},
                    {"name": "LowPriorityCapable", "value": "True"}]}


SIZES = [("Standard_D1_v2", "V1", 1, False), ("Standard_D2s_v5", "V1,V2", 2, False),
         ("Standard_D4s_v5", "V1,V2", 4, False), ("Standard_D8s_v5", "V1,V2", 8, True),
         ("Standard_D8as_v5", "V1,V2", 8, False)]
