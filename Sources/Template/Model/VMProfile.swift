/// The machine that an image is built on.
public struct VMProfile: Hashable, Sendable {
  /// The size of the disk that the system is on.
  public enum DiskSize: Hashable, Sendable {
    /// That of the source.
    case source
    /// At least this many GiB.
    case gigabytes(Int)
  }

  /// The network that the machine is in.
  public enum Network: Hashable, Sendable {
    /// One that the build makes.
    case made
    /// A subnet that exists already.
    case subnet(ResourceID, Access)
  }

  /// What the build reaches a machine in a subnet through.
  public enum Access: Hashable, Sendable {
    /// A proxy machine of this size.
    case proxy(vmSize: String)
    /// Containers in another subnet of the same network.
    case containerInstances(ResourceID)
  }

  /// The size of a machine where the document does not say (`aib.md` a.2).
  public static let defaultVMSize = "Standard_D1_v2"

  /// The size of a proxy machine where the document does not say (`aib.md` a.2).
  public static let defaultProxyVMSize = "Standard_A1_v2"

  /// What the service chooses when the document says nothing.
  public static let standard = VMProfile(
    vmSize: defaultVMSize, osDiskSize: .source, identities: [], network: .made)

  /// The size of the machine, as in `Standard_D2s_v3`.
  public let vmSize: String

  /// The size of the disk that the system is on.
  public let osDiskSize: DiskSize

  /// Ids of the identities that the machine itself has.
  public let identities: [String]

  /// The network that the machine is in.
  public let network: Network
}
