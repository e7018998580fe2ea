internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#endif

/// A system user of a test's own; needs root (``Testing/Trait/requiresRoot``).
public struct TestUser: Sendable {
  /// What kind of user to make.
  public struct Options: Sendable {
    /// The path of the login shell.
    public var shell: String
    /// What the user may do with `sudo`.
    public var sudo: Sudo
    /// The user's password; `nil` for a user who can log in by key only.
    public var password: String?

    /// A user with a shell, rights and perhaps a password.
    public init(shell: String = "/bin/sh", sudo: Sudo = .none, password: String? = nil) {
      self.shell = shell
      self.sudo = sudo
      self.password = password
    }
  }

  /// What a user may do with `sudo`.
  public enum Sudo: Sendable {
    /// Nothing.
    case none
    /// Everything, without a password, as the first user of a cloud image may.
    case withoutPassword
  }

  /// The login name, `kt-` and eight hexadecimal digits.
  public let name: String
  /// The home directory, which belongs to the user.
  public let home: String

  /// Makes a user, and removes it with its processes, its home and its rights when `body` returns
  /// or throws, also when the test was cancelled.
  public static func with<Value>(
    _ options: Options = Options(), _ body: (TestUser) async throws -> Value
  ) async throws -> Value {
    let name = "kt-" + UUID().uuidString.lowercased().prefix(8)
    let user = TestUser(name: name, home: "/home/\(name)")
    let outcome = await outcome(of: {
      try await user.create(options)
      return try await body(user)
    })
    try await uncancelled { try await user.remove() }
    return try outcome.get()
  }

  private var rights: String { "/etc/sudoers.d/\(name)" }

  /// The password `*` fits none and yet does not lock the account: without PAM, sshd refuses the
  /// `!` that useradd writes, whatever the key.
  private func create(_ options: Options) async throws {
    try await alone(
      "useradd", ["-m", "-d", home, "-s", options.shell, "-p", "*", name])
    if let password = options.password {
      try await alone("chpasswd", [], input: "\(name):\(password)\n")
    }
    if options.sudo == .withoutPassword {
      try Data("\(name) ALL=(ALL) NOPASSWD:ALL\n".utf8).write(to: URL(filePath: rights))
      try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: rights)
    }
  }

  private func remove() async throws {
    if FileManager.default.fileExists(atPath: rights) {
      try FileManager.default.removeItem(atPath: rights)
    }
    guard getpwnam(name) != nil else { return }
    try await waitUntil("the processes of \(name) to end") {
      // 1: there was none to kill.
      try await run("pkill", ["-KILL", "-u", name]).exit == 1
    }
    try await alone("userdel", ["-f", "-r", name])
  }

  /// Runs a program that changes the password file while no other test does: such programs wait
  /// for each other in whole seconds, and give up after some.
  private func alone(_ program: String, _ arguments: [String], input: String = "") async throws {
    let lock = ["--wait", "120", "/run/lock/kiln-test-users", program]
    _ = try await run("flock", lock + arguments, input: input).succeeded()
  }
}
