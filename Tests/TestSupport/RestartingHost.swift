internal import FoundationEssentials

#if canImport(Glibc)
  internal import Glibc
#endif

/// A machine that can restart, as far as a container can be one: `sshd` in process and mount
/// namespaces of its own, with a boot identity of its own.
///
/// Real: all its processes end at once, the port refuses while it is down, `boot_id` is another
/// one afterwards, and `reboot`, `shutdown`, `poweroff`, `halt` and `systemctl reboot` work, also
/// by their absolute paths and under `sudo`. Not real: files are those of the test machine, the
/// uptime goes on, and the kernel closes the machine's connections in order. For a peer that falls
/// silent put a ``FaultProxy`` in front. Needs ``Testing/Trait/requiresNamespaces``.
public struct RestartingHost: Sendable {
  /// How a machine goes down.
  public enum Ending: Sendable {
    /// Every process ends at once, unasked.
    case powerCut
    /// Every process gets SIGTERM and up to two seconds.
    case orderly
  }

  /// The machine's `sshd`; its port, keys and files stay the same over restarts.
  public let server: SSHServer

  /// Boots a machine, hands it to `body` when its `sshd` listens, and ends it afterwards.
  ///
  /// `bootTime` is how long it stays away at every restart, beside what `sshd` takes.
  public static func with<Value>(
    _ configuration: SSHServer.Configuration = .init(), bootTime: Duration = .zero,
    _ body: (RestartingHost) async throws -> Value
  ) async throws -> Value {
    try await SSHServer.withAccount(configuration.account) { user in
      try await ScratchDirectory.with { directory in
        let files = try await SSHServerFiles(configuration, in: directory)
        try GuestInit.install(in: directory)
        let command = command(for: files, bootTime: bootTime)
        return try await SSHServer.with(files, user: user, command: command) { server in
          try await body(RestartingHost(server: server))
        }
      }
    }
  }

  /// How often the machine has booted: 1 from the beginning.
  public var boots: Int {
    get async { await server.daemon.starts }
  }

  /// What `/proc/sys/kernel/random/boot_id` says on the machine.
  public var bootIdentity: String {
    get throws {
      try String(contentsOfFile: "\(server.directory)/boot_id", encoding: .utf8)
        .filter { !$0.isWhitespace }
    }
  }

  /// Whether the machine is up; it is not while it restarts.
  public var isUp: Bool {
    get async { await server.daemon.process != nil }
  }

  /// Takes the machine down and boots it again; returns when its `sshd` listens.
  public func reboot(_ ending: Ending = .powerCut) async throws {
    try await powerOff(ending)
    try await powerOn()
  }

  /// Takes the machine down; it stays down.
  public func powerOff(_ ending: Ending = .powerCut) async throws {
    try await signalInit(ending == .powerCut ? SIGKILL : SIGUSR2)
    try await server.daemon.waitUntilDown()
  }

  /// Boots a machine that is down; returns when its `sshd` listens.
  public func powerOn() async throws {
    try await server.start()
  }

  /// Returns when the machine has booted more than `boots` times and its `sshd` listens: after a
  /// restart that the guest itself asked for.
  public func waitUntilRebooted(after boots: Int) async throws {
    try await waitUntil("the machine to boot again") { await self.boots > boots }
    try await server.waitUntilListening()
  }

  /// Returns when the machine is down and will not come up by itself.
  public func waitUntilOff() async throws {
    let daemon = server.daemon
    try await waitUntil("the machine to switch itself off") {
      let exit = await daemon.lastExit
      return await daemon.process == nil && exit.map(GuestInit.startsAgain) == false
    }
  }

  private func signalInit(_ signal: Int32) async throws {
    guard let namespace = await server.daemon.process else { return }
    let below = try ProcessTable().entries.filter { $0.parent == namespace }
    for process in below { kill(process.id, signal) }
  }

  private static func command(
    for files: SSHServerFiles, bootTime: Duration
  ) -> Daemon.Command {
    let directory = files.directory
    return Daemon.Command(
      executable: "/usr/bin/unshare",
      arguments: namespaceOptions + ["/bin/sh", GuestInit.path(in: directory), directory],
      log: files.command.log,
      prepare: { boots in
        try Data((UUID().uuidString.lowercased() + "\n").utf8)
          .write(to: URL(filePath: "\(directory)/boot_id"))
        if boots > 0 { try await Task.sleep(for: bootTime) }
      },
      startsAgain: GuestInit.startsAgain)
  }
}

/// What `unshare` gives the machine: its processes and its mounts, nothing else.
let namespaceOptions = ["--pid", "--mount", "--fork", "--kill-child", "--mount-proc"]
