/// Where a connection goes and how, with nothing left to look up but the address.
public struct ResolvedTarget: Sendable, Hashable {
  /// The name of the user on the other side.
  public var user: String
  /// A host name or an address, IPv6 without brackets.
  public var host: String
  /// The TCP port.
  public var port: UInt16
  /// The name under which `known_hosts` keeps the host's key (`HostKeyAlias`), where it isn't
  /// the host's own.
  public var hostKeyAlias: String?
  /// Private key files of the configuration, tried after ``SSHOptions/identities``.
  public var identities: [String] = []
  /// Which keys are offered.
  public var offer: KeyOffer = .all
  /// The `known_hosts` files of the configuration; empty for the usual ones.
  public var knownHostsFiles: [String] = []
  /// Which agent is asked.
  public var agent: AgentChoice = .fromOptions
  /// The hosts to go through, first hop first.
  public var jumps: [ResolvedTarget] = []

  /// A target without configuration.
  public init(user: String, host: String, port: UInt16 = 22) {
    self.user = user
    self.host = host
    self.port = port
  }

  /// Which keys are offered to a server.
  public enum KeyOffer: Sendable, Hashable {
    /// Those of the agent, then those in files.
    case all
    /// Those in files only, where the agent may do the signing (`IdentitiesOnly yes`).
    case filesOnly
  }

  /// Which ssh-agent is asked for keys.
  public enum AgentChoice: Sendable, Hashable {
    /// The one of ``SSHOptions/agentSocket``.
    case fromOptions
    /// The one behind this socket (`IdentityAgent`).
    case socket(String)
    /// None (`IdentityAgent none`).
    case none
  }
}

extension ResolvedTarget: CustomStringConvertible {
  /// `user@host:port`, with IPv6 addresses in brackets.
  public var description: String {
    "\(user)@\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }
}
