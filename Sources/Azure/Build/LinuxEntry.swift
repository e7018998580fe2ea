internal import Guests
internal import Pipeline
internal import SSH

/// The way into a Linux machine: SSH, by a key and a host key that were made for it.
actor LinuxEntry: MachineEntry {
  nonisolated let powerOffLimit = Duration.seconds(300)
  private let provider: AzureProvider
  private let names: BuildNames
  private let looks: LookTimes
  private let files: MachineFiles
  private var keys: MachineFiles.Keys?
  private var login: MachineLogin?

  /// How long the last lines of the console may take until they can be read.
  private static let consoleLimit = Duration.seconds(180)
  /// The wait between two looks at the console.
  private static let look = Duration.seconds(3)

  init(_ provider: AzureProvider, _ names: BuildNames, _ looks: LookTimes) {
    self.provider = provider
    self.names = names
    self.looks = looks
    files = MachineFiles(provider.run, names.role)
  }

  func makeAccount() throws -> MachineSpec.Account {
    let keys = try files.makeKeys(comment: names.machineName)
    self.keys = keys
    return .linux(authorizedKey: keys.client, keys.host)
  }

  func found(at host: String) throws {
    let login = MachineLogin(
      host: host, user: MachineShape.user, identity: files.key, knownHosts: files.knownHosts)
    try files.note(login)
    self.login = login
  }

  /// Reaches the guest, which accepts no host key but the one that it was given.
  func reach(report: @escaping GuestReport) async throws -> any Guest {
    guard let login, let keys else {
      throw MachineError(.unavailable, "\(names.machineName) was not started")
    }
    var options = SSHOptions()
    options.identities = [login.identity]
    options.hostKeyPolicy = .pinned(keys.host.hostPublicKey)
    options.connectTimeout = .seconds(20)
    let target = ResolvedTarget(
      user: login.user, host: login.host, port: UInt16(GuestSystem.posix.servicePort))
    var route = SSHRoute(
      name: "the build VM", run: provider.run.run.text, timeout: provider.setup.sshTimeout,
      patience: .untilTimeout
    ) { [options, looks] in
      looks.reaching()
      let connection = try await SSHConnection.connect(to: target, options: options)
      looks.reached()
      return connection
    }
    route.publicKey = keys.client.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    return try await SSHGuest.reach(route, report: report)
  }

  /// Looks for root's proof, which reaches the console's log some time after the machine is off.
  func prove(by console: @Sendable () async throws -> String) async throws {
    let proof = RetirementProof(run: provider.run.run.text)
    let pace = provider.staging.arm.wire.pace
    let elapsed = pace.stopwatch()
    while true {
      switch proof.left(in: try await console()) {
      case "": return
      case let left?:
        throw MachineError(
          .notGeneralized, "could not generalize the image: it still has\(left)",
          hint: "see what the deprovision script and the customizers do with it")
      case nil:
        guard elapsed() < Self.consoleLimit else {
          throw MachineError(
            .notGeneralized,
            "could not prove that the image is generalized: the serial console does not say",
            hint: "the source image must have a console on its serial port")
        }
        try await pace.pause(Self.look)
      }
    }
  }

  func keep() -> [String] {
    [
      "the virtual machine was kept: `kiln ssh \(provider.run.run.text)` opens a shell in it, "
        + "`kiln gc --kept` removes it"
    ]
  }
}
