internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#endif

extension SSHServer {
  /// What kind of server to start.
  public struct Configuration: Sendable {
    /// Whose name ``SSHServer/user`` is.
    ///
    /// Any other user may log in as well.
    public enum Account: Sendable {
      /// Who runs the tests, with an empty home directory of the server's own as `$HOME`.
      ///
      /// Their own startup files may be slow, and break when a test kills a session in them.
      case current
      /// A user that is there, such as a ``TestUser``.
      case named(String)
      /// A user made for this server and removed with it; needs root.
      case throwaway(TestUser.Options)
    }

    /// Whether the server offers SFTP; many hardened guests don't.
    public enum SFTP: Sendable {
      /// It does not.
      case off
      /// It does, by sshd's own `internal-sftp`.
      case on
    }

    /// Whose name ``SSHServer/user`` is.
    public var account: Account
    /// The kinds of host keys; the first is the one that ``SSHServer/hostPublicKey`` tells.
    public var hostKeys: [KeyPair.Kind]
    /// Whether the server offers SFTP.
    public var sftp: SFTP
    /// Further lines for `sshd_config`, without a `Match` block; they win over the kit's own.
    public var lines: [String]

    /// A server for the user who runs the tests, with an Ed25519 host key and without SFTP.
    public init(
      account: Account = .current, hostKeys: [KeyPair.Kind] = [.ed25519], sftp: SFTP = .off,
      lines: [String] = []
    ) {
      self.account = account
      self.hostKeys = hostKeys
      self.sftp = sftp
      self.lines = lines
    }
  }
}

/// The files that a server is started from.
struct SSHServerFiles: Sendable {
  let directory: String
  let hostKeys: [KeyPair]
  /// A setting in the environment of every session, by which what they left running is found.
  let mark: String
  private let configuration: SSHServer.Configuration

  init(_ configuration: SSHServer.Configuration, in directory: String) async throws {
    self.configuration = configuration
    self.directory = directory
    mark = "KILN_TEST_SERVER=\(UUID().uuidString)"
    // sshd reads the authorized keys as the user who logs in.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
    var keys: [KeyPair] = []
    for kind in configuration.hostKeys { keys.append(try await KeyPair.make(kind, in: directory)) }
    hostKeys = keys
    try Data().write(to: URL(filePath: "\(directory)/authorized_keys"))
    try FileManager.default.createDirectory(
      atPath: "\(directory)/home", withIntermediateDirectories: false)
    // As root, sshd refuses to start without it, and nothing makes it where no systemd runs.
    if geteuid() == 0 {
      try FileManager.default.createDirectory(
        atPath: "/run/sshd", withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o755])
    }
  }

  /// Runs `sshd` in the foreground; it must have its absolute path, by which it starts itself
  /// again for every connection.
  var command: Daemon.Command {
    Daemon.Command(
      executable: "/usr/sbin/sshd", arguments: ["-D", "-e", "-f", "\(directory)/sshd_config"],
      log: "\(directory)/sshd.log")
  }

  /// Writes the configuration; sshd takes the first value that it reads for a name.
  func write(port: Int) throws {
    let lines =
      configuration.lines + [
        "ListenAddress 127.0.0.1:\(port)",
        "AuthorizedKeysFile \(directory)/authorized_keys",
        "LogLevel VERBOSE",
        "MaxSessions 20",
        "MaxStartups 200",
        "PasswordAuthentication yes",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin yes",
        "PidFile none",
        "PrintMotd no",
        "SetEnv \(mark)",
        "StrictModes no",
        "UseDNS no",
        "UsePAM no",
      ] + hostKeys.map { "HostKey \($0.privateKeyFile)" }
      + (configuration.sftp == .on ? ["Subsystem sftp internal-sftp"] : [])
    let home = [
      "Match User \(try SSHServer.currentUser())", "SetEnv \(mark) HOME=\(directory)/home",
    ]
    try Data(((lines + home).joined(separator: "\n") + "\n").utf8)
      .write(to: URL(filePath: "\(directory)/sshd_config"))
  }
}
