/// Where and when a deployment happens, as its template sees it.
///
/// A local run has none of this: what the user does not give has a value that no real one has.
public struct DeploymentSite: Hashable, Sendable {
  /// The id of no subscription, tenant or user.
  public static let noID = "00000000-0000-0000-0000-000000000000"

  /// What `subscription().subscriptionId` gives.
  public var subscriptionID = noID

  /// What `tenant().tenantId` gives.
  public var tenantID = noID

  /// What `resourceGroup().name` gives.
  public var resourceGroup = "kiln"

  /// What `resourceGroup().location` gives.
  public var location = "westeurope"

  /// What `deployment().name` gives; `nil` for the name of the file.
  public var deploymentName: String?

  /// What `deployment().properties.templateLink.uri` gives: the address of the file, which other
  /// files are named from; `nil` where there is none.
  public var templateAddress: String?

  /// What `newGuid()` is made from: a text that no other run has.
  public var seed = ""

  /// What `utcNow()` gives.
  var now: Moment

  /// A site at a time, in seconds since 1970, in UTC.
  public init(secondsSince1970: Int) {
    now = Moment(seconds: secondsSince1970) ?? .epoch
  }

  var subscriptionPath: String { "/subscriptions/\(subscriptionID)" }

  var resourceGroupPath: String { "\(subscriptionPath)/resourceGroups/\(resourceGroup)" }
}
