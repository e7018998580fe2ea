/// Values for what a template asks of Azure and no local run depends on.
enum LocalDefaults {
  /// The value of a parameter of this name, where it is of this sort.
  ///
  /// Public templates ask for three such parameters above all: `api-version`, `imageTemplateName`
  /// and `svclocation` (`aib.md` e).
  static func text(forParameter name: String, _ site: DeploymentSite, _ deployment: String)
    -> String?
  {
    let plain = plain(name)
    if ["imagetemplatename", "templatename", "imgtemplatename"].contains(plain) {
      return deployment
    }
    return shared(plain, site)
  }

  /// The value of a placeholder of this name, where no local run depends on it.
  static func text(forPlaceholder name: String, _ site: DeploymentSite) -> String? {
    let plain = plain(name)
    if plain == "imgbuilderid" || plain == "imagebuilderid" { return identity(site) }
    if withoutNumber(plain) == "runoutputname" {
      // A name of the service's for a result, which must differ from its neighbours' only.
      return "output\(plain.dropFirst("runoutputname".count))"
    }
    return shared(plain, site)
  }

  private static func shared(_ plain: String, _ site: DeploymentSite) -> String? {
    if ["location", "svclocation", "region"].contains(withoutNumber(plain))
      || plain.hasSuffix("location")
    {
      return site.location
    }
    switch plain {
    case "subscription", "subscriptionid", "subid": return site.subscriptionID
    case "tenant", "tenantid": return site.tenantID
    case "rgname", "resourcegroup", "resourcegroupname", "rg": return site.resourceGroup
    default: break
    }
    if plain.contains("identity") || plain.contains("identities") {
      return plain.hasSuffix("id") ? identity(site) : "kiln"
    }
    return nil
  }

  private static func withoutNumber(_ name: String) -> String {
    String(name.reversed().drop { $0.isNumber }.reversed())
  }

  private static func identity(_ site: DeploymentSite) -> String {
    site.resourceGroupPath + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/kiln"
  }

  private static func plain(_ name: String) -> String {
    name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
  }
}
