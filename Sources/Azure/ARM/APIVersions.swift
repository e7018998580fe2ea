/// Which version of its API each kind of resource is asked by.
///
/// All are of the official specifications of October 2024 that requests were checked against
/// (`azure.md` 1). Networks stay at 2024-01-01: from 2025-07-01 on, new subnets have no way out by
/// default.
enum APIVersions {
  private static let table: [String: String] = [
    "microsoft.compute/disks": "2024-03-02",
    "microsoft.compute/galleries": "2023-07-03",
    "microsoft.compute/images": "2024-07-01",
    "microsoft.compute/locations": "2024-07-01",
    "microsoft.compute/skus": "2021-07-01",
    "microsoft.compute/snapshots": "2024-03-02",
    "microsoft.compute/virtualmachines": "2024-07-01",
    "microsoft.managedidentity/userassignedidentities": "2023-01-31",
    "microsoft.marketplaceordering/offertypes": "2021-01-01",
    "microsoft.network/networkinterfaces": "2024-01-01",
    "microsoft.network/networksecuritygroups": "2024-01-01",
    "microsoft.network/publicipaddresses": "2024-01-01",
    "microsoft.network/virtualnetworks": "2024-01-01",
    "microsoft.storage/storageaccounts": "2023-05-01",
  ]
  /// Resource groups, lists of resources and providers.
  private static let resources = "2024-07-01"
  /// The subscription and its regions.
  private static let subscriptions = "2022-12-01"

  /// The version for a path of Resource Manager, by the kind of what it leads to.
  ///
  /// `nil` for a kind that Kiln has no business with.
  static func version(of path: String) -> String? {
    let parts = path.prefix { $0 != "?" }.split(separator: "/").map { $0.lowercased() }
    guard let provider = parts.lastIndex(of: "providers"), provider + 2 < parts.count else {
      let isPlain = parts.count == 2 || parts.count == 3 && parts[2] == "locations"
      return parts.first != "subscriptions" ? nil : isPlain ? subscriptions : resources
    }
    return table["\(parts[provider + 1])/\(parts[provider + 2])"]
  }
}
