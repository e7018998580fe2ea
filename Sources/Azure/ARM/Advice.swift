/// What a user can do about the errors of Azure that builds meet.
///
/// The codes are those of `azure.md` 1.3; the first of an error's codes that is known decides.
enum Advice {
  /// What to do, where there is something.
  static func hint(for body: ARMErrorBody, status: Int?) -> String? {
    for code in body.codes.reversed() {
      if let known = known[code.lowercased()] { return known }
    }
    if body.isQuota { return known["quotaexceeded"] }
    switch status {
    case 401: return "sign in again: `az login`, or check the AZURE_… variables"
    case 403: return known["authorizationfailed"]
    case 429: return "Azure limits requests by subscription and person: run fewer builds at once"
    default: return nil
    }
  }

  private static let known: [String: String] = {
    var known: [String: String] = [:]
    for (codes, hint) in table { for code in codes { known[code.lowercased()] = hint } }
    return known
  }()

  private static let table: [([String], String)] = [
    (
      ["QuotaExceeded"],
      "the subscription's quota for this size's family in this region is used up: choose another "
        + "vmSize or region, delete machines, or ask for more under Quotas in the portal"
    ),
    (
      ["SkuNotAvailable", "VMSizeNotSupported", "InvalidVMSize"],
      "this size is not offered to the subscription in this region or zone: choose another vmSize "
        + "(`az vm list-skus --location REGION --output table` shows what is)"
    ),
    (
      ["AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest"],
      "the region has no free machine of this size now: try later, or choose another vmSize or region"
    ),
    (
      ["RequestDisallowedByPolicy"],
      "a policy of the subscription forbids this: the message names it; its owner can exempt the "
        + "staging resource group, or managedResourceTags can carry the tags that it asks for"
    ),
    (
      ["AuthorizationFailed", "LinkedAuthorizationFailed"],
      "whoever is signed in lacks the role that the message names: Contributor on the resource "
        + "groups of the build and of its targets is enough"
    ),
    (
      ["MarketplacePurchaseEligibilityFailed", "ResourcePurchaseValidationFailed"],
      "the image has terms that the subscription has not accepted: read them with "
        + "`az vm image terms show`, and accept them with `az vm image terms accept`"
    ),
    (
      ["VMMarketplaceInvalidInput"],
      "the image needs a purchase plan: give source.planInfo, which `az vm image show` prints"
    ),
    (
      ["PlatformImageNotFound", "ImageNotFound"],
      "check publisher, offer, sku and version of the source: `az vm image list --all` shows them"
    ),
    (
      ["MissingSubscriptionRegistration"],
      "the subscription does not know this kind of resource yet: `az provider register --namespace "
        + "Microsoft.Compute`, and the same for the namespace in the message"
    ),
    (
      ["OSProvisioningTimedOut", "OSProvisioningClientError"],
      "the guest did not report that it is set up: the source must be generalized and, with Linux, "
        + "have cloud-init or waagent"
    ),
    (
      ["VMAgentStatusCommunicationError"],
      "the Azure agent in the guest tells nothing: the source must have it, and its network a way "
        + "out to Azure's storage"
    ),
    (
      ["AuthorizationPermissionMismatch", "KeyBasedAuthenticationNotPermitted"],
      "whoever is signed in needs the role Storage Blob Data Contributor on the storage account; it "
        + "takes some minutes until a new role counts"
    ),
    (
      ["AuthorizationFailure"],
      "the storage account's network rules don't let this address in: add it under Networking"
    ),
    (
      ["ScopeLocked"],
      "a lock forbids changes to this resource or its group: remove the lock, or use another group"
    ),
    (
      ["ResourceGroupNotFound"],
      "make the resource group first: `az group create`; Kiln makes none but its own"
    ),
    (
      ["SubscriptionNotFound", "InvalidSubscriptionId"],
      "check the subscription's id, and that whoever is signed in may see it: `az account list`"
    ),
    (
      [
        "InvalidAuthenticationToken", "ExpiredAuthenticationToken",
        "InvalidAuthenticationTokenTenant",
      ],
      "sign in again, to the tenant of the subscription: `az login --tenant TENANT`"
    ),
    (
      ["invalid_client", "unauthorized_client"],
      "check AZURE_CLIENT_ID and AZURE_TENANT_ID, and that the secret or certificate is the "
        + "application's and has not expired"
    ),
  ]
}

extension ARMErrorBody {
  /// Compute says `OperationNotAllowed` for a quota as for much else; the message tells.
  fileprivate var isQuota: Bool {
    codes.contains { $0.lowercased() == "operationnotallowed" }
      && messages.contains { $0.lowercased().contains("quota") }
  }
}
