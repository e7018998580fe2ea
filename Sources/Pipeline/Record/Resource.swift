/// Something that a run makes outside of its own process, and that somebody must remove.
///
/// A provider adds a case for each kind of thing that it makes, and a name for it below.
public enum Resource: Sendable, Hashable {
  /// The directory with the job directories on a guest.
  case guestDirectory(on: String, directory: String, login: GuestLogin)
  /// A VM on this machine, with all its files in one directory: disks, keys and sockets.
  case vm(directory: String)
  /// A resource in Azure, by its id, in the cloud whose Resource Manager has this address.
  case azure(id: String, cloud: String)
  /// Leave to read a disk or snapshot in Azure, by whose id it goes; while it lasts, nobody can
  /// remove that.
  case azureAccess(disk: String, cloud: String)
  /// A kind that this version of Kiln does not know; it is kept as it was found.
  case other(kind: String, fields: [String: String])

  /// The kind's name in the journal.
  public var kind: String {
    switch self {
    case .guestDirectory: "guest-directory"
    case .vm: "vm"
    case .azure: "azure"
    case .azureAccess: "azure-access"
    case .other(let kind, _): kind
    }
  }

  /// What tells it from others of its kind, by the names in the journal.
  public var fields: [String: String] {
    switch self {
    case .guestDirectory(let on, let directory, let login):
      login.fields.merging(["on": on, "directory": directory]) { _, own in own }
    case .vm(let directory): ["directory": directory]
    case .azure(let id, let cloud): ["id": id, "cloud": cloud]
    case .azureAccess(let disk, let cloud): ["disk": disk, "cloud": cloud]
    case .other(_, let fields): fields
    }
  }

  /// The resource with this kind and these fields, as a journal names it.
  public init(kind: String, fields: [String: String]) {
    switch (kind, fields["on"], fields["directory"]) {
    case ("guest-directory", let on?, let directory?):
      self = .guestDirectory(on: on, directory: directory, login: GuestLogin(fields: fields))
    case ("vm", _, let directory?):
      self = .vm(directory: directory)
    default:
      self = Self.azure(kind, fields) ?? .other(kind: kind, fields: fields)
    }
  }
}

extension Resource {
  private static func azure(_ kind: String, _ fields: [String: String]) -> Resource? {
    guard let cloud = fields["cloud"] else { return nil }
    return switch kind {
    case "azure": fields["id"].map { .azure(id: $0, cloud: cloud) }
    case "azure-access": fields["disk"].map { .azureAccess(disk: $0, cloud: cloud) }
    default: nil
    }
  }
}

extension Resource: CustomStringConvertible {
  /// `guest-directory directory=/var/tmp/kiln-…, on=ssh://me@host`.
  public var description: String {
    let list = fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return "\(kind) \(list.joined(separator: ", "))"
  }
}

/// What a run was told of how to log in to its guest, so that `kiln gc` can do the same.
///
/// It holds paths only, never a secret.
public struct GuestLogin: Sendable, Hashable {
  /// The private key files that were named, by absolute path.
  public var identities: [String]
  /// The `known_hosts` file that was named, by absolute path.
  public var knownHosts: String?
  /// What was named of a Windows machine: whose certificate is believed, and by which way to log in.
  public var winRM: [String: String]

  /// What was named.
  public init(
    identities: [String] = [], knownHosts: String? = nil, winRM: [String: String] = [:]
  ) {
    self.identities = identities
    self.knownHosts = knownHosts
    self.winRM = winRM
  }

  private static let prefix = "winrm-"

  init(fields: [String: String]) {
    identities = fields["identities"]?.split(separator: "\n").map(String.init) ?? []
    knownHosts = fields["known-hosts"]
    winRM = Dictionary(
      uniqueKeysWithValues: fields.filter { $0.key.hasPrefix(Self.prefix) }.map {
        (String($0.key.dropFirst(Self.prefix.count)), $0.value)
      })
  }

  var fields: [String: String] {
    var fields: [String: String] = [:]
    if !identities.isEmpty { fields["identities"] = identities.joined(separator: "\n") }
    if let knownHosts { fields["known-hosts"] = knownHosts }
    for (name, value) in winRM { fields[Self.prefix + name] = value }
    return fields
  }
}
