internal import FoundationEssentials
internal import Glibc

/// What `ssh_config` files say about hosts (ssh_config(5)), as far as Kiln follows it.
///
/// Followed are `Host`, `Include`, `Match` with `all`, `host`, `originalhost` and `user`, and the
/// settings `HostName`, `User`, `Port`, `IdentityFile`, `IdentitiesOnly`, `IdentityAgent`,
/// `ProxyJump`, `HostKeyAlias`, `UserKnownHostsFile` and `GlobalKnownHostsFile`. Others are
/// ignored, those that would change where a connection goes with a warning.
public struct SSHClientConfig: Sendable {
  /// What the files can refer to.
  public struct Surroundings: Sendable {
    /// The name of the local user.
    public var user: String
    /// The local user's home directory.
    public var home: String
    /// The environment's variables.
    public var environment: [String: String]
    /// The text of a file; `nil` when there is none.
    public var read: @Sendable (_ path: String) throws(SSHError) -> String?
    /// The paths that match a pattern with `*` and `?`, in order.
    public var match: @Sendable (_ pattern: String) -> [String]

    /// The machine's own files.
    public init(user: String, home: String, environment: [String: String] = [:]) {
      self.user = user
      self.home = home
      self.environment = environment
      read = { path throws(SSHError) in
        try readFile(path, for: "could not read the SSH configuration")
          .map { String(decoding: $0, as: UTF8.self) }
      }
      match = { matchingPaths($0) }
    }
  }

  /// A target, and what the user should know about how it was found.
  public struct Resolution: Sendable {
    /// Where to connect to.
    public var target: ResolvedTarget
    /// What the configuration has and Kiln does not follow, a line each.
    public var warnings: [String]
  }

  /// How many jump hosts may stand behind each other.
  static let jumpLimit = 8

  private let surroundings: Surroundings
  private let files: [String]

  /// The configuration in `files`, of which earlier ones win.
  ///
  /// By default the user's own and the
  /// system's.
  public init(_ surroundings: Surroundings, files: [String]? = nil) {
    self.surroundings = surroundings
    self.files = files ?? ["\(surroundings.home)/.ssh/config", "/etc/ssh/ssh_config"]
  }

  /// Where `destination` leads; what it says itself wins over the files.
  /// - Throws: ``SSHError`` of kind `badConfiguration`, naming file and line.
  public func resolve(_ destination: SSHDestination) throws(SSHError) -> Resolution {
    try resolve(destination, depth: 0)
  }

  private func resolve(
    _ destination: SSHDestination, depth: Int
  ) throws(SSHError) -> Resolution {
    guard depth < Self.jumpLimit else {
      throw SSHError(
        .badConfiguration, "could not find the way to \(destination.host)",
        "it leads through more than \(Self.jumpLimit) jump hosts; does ProxyJump go in a circle?")
    }
    var reader = SSHConfigReader(surroundings, destination)
    for file in files { try reader.read(file) }
    let found = reader.settings
    let expansion = SSHConfigExpansion(surroundings, destination, found)
    var target = ResolvedTarget(
      user: expansion.user, host: expansion.host, port: expansion.port)
    target.hostKeyAlias = found["hostkeyalias"]?.first
    target.identities = expansion.paths(found.identityFiles)
    target.offer = found["identitiesonly"]?.first?.lowercased() == "yes" ? .filesOnly : .all
    target.agent = expansion.agent
    target.knownHostsFiles = expansion.knownHostsFiles
    var warnings = reader.warnings
    if let jumps = found["proxyjump"]?.first, jumps.lowercased() != "none" {
      let hops = try self.hops(jumps, depth: depth)
      target.jumps = hops.flatMap { $0.target.way }
      warnings += hops.flatMap(\.warnings)
    }
    return Resolution(target: target, warnings: warnings)
  }

  /// The hosts that `ProxyJump` lists.
  ///
  /// Only the first may have jump hosts of its own, as in ssh:
  /// the others are reached through the one before.
  private func hops(_ list: String, depth: Int) throws(SSHError) -> [Resolution] {
    var hops: [Resolution] = []
    for text in list.split(separator: ",") {
      let destination =
        text.lowercased().hasPrefix("ssh://")
        ? try SSHDestination(parsing: String(text)) : try SSHDestination(text)
      var hop = try resolve(destination, depth: depth + 1)
      if !hops.isEmpty { hop.target.jumps = [] }
      hops.append(hop)
    }
    return hops
  }
}

extension ResolvedTarget {
  /// The jump hosts and this one, each without jump hosts of its own.
  fileprivate var way: [ResolvedTarget] {
    var last = self
    last.jumps = []
    return jumps + [last]
  }
}

/// The paths that glob(3) finds.
private func matchingPaths(_ pattern: String) -> [String] {
  var found = glob_t()
  defer { globfree(&found) }
  guard glob(pattern, 0, nil, &found) == 0 else { return [] }
  return (0..<Int(found.gl_pathc)).compactMap { index in
    found.gl_pathv[index].map { String(cString: $0) }
  }
}
