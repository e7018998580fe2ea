/// What a connection needs beyond its destination.
public struct SSHOptions: Sendable {
  /// The longest time until a connection is ready for commands, questions to the user not counted.
  public var connectTimeout: Duration = .seconds(30)
  /// How long nothing may arrive before the server is asked for a sign of life.
  public var keepAliveInterval: Duration = .seconds(10)
  /// How long the server may stay silent after it was asked, before the connection counts as lost.
  public var keepAliveDeadline: Duration = .seconds(20)
  /// Private key files that are tried first, before those of the configuration.
  public var identities: [String] = []
  /// The `known_hosts` files to look into.
  ///
  /// The first is the one that new keys are added to. Empty: those of the configuration, or `~/.ssh/known_hosts` and `/etc/ssh/ssh_known_hosts`.
  public var knownHostsFiles: [String] = []
  /// Which host keys are accepted.
  public var hostKeyPolicy: HostKeyPolicy = .known
  /// The socket of an ssh-agent; `nil` for none.
  public var agentSocket: String?
  /// The home directory, in which the default keys and `known_hosts` are looked for; `nil` for
  /// none of them.
  public var home: String?
  /// Asks the user; `nil` as the answer means that there is none.
  public var ask: @Sendable (SSHQuestion) async throws -> Secret?

  /// Options with the defaults above, no agent, and nobody to ask.
  public init(home: String? = nil) {
    self.home = home
    ask = { _ in nil }
  }
}

/// Which host keys a connection accepts.
public enum HostKeyPolicy: Sendable, Hashable {
  /// Only those in the `known_hosts` files.
  case known
  /// Those in the `known_hosts` files; the key of a host that none of them has is added to the
  /// first file. A changed key is refused all the same.
  case acceptNew
  /// This one only, given as a line of a public key file: `ssh-ed25519 AAAA… comment`.
  case pinned(String)
}

/// Something that only the user can answer.
public enum SSHQuestion: Sendable, Hashable {
  /// The passphrase of this private key file.
  case passphrase(file: String)
  /// The password of this user on this host.
  case password(user: String, host: String)
}
