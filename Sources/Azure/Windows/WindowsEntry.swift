internal import Guests
internal import HTTP
internal import Pipeline
internal import WinRM

/// The way into a Windows machine: WinRM over HTTPS, by a password that was made for it, and a
/// certificate that Azure's RunCommand had it make.
actor WindowsEntry: MachineEntry {
  /// Updates may be finished before it is off.
  nonisolated let powerOffLimit = Duration.seconds(1800)
  private let provider: AzureProvider
  private let names: BuildNames
  private let looks: LookTimes
  private let files: MachineFiles
  private let password = AdminPassword.make()
  private var login: WindowsLogin?
  private var guest: PowerShellGuest?

  /// A machine that restarts answers nothing for a while: a try to connect must not outlast that.
  private static let connectLimit = Duration.seconds(10)

  init(_ provider: AzureProvider, _ names: BuildNames, _ looks: LookTimes) {
    self.provider = provider
    self.names = names
    self.looks = looks
    files = MachineFiles(provider.run, names.role)
  }

  func makeAccount() -> MachineSpec.Account {
    provider.setup.learn(password)
    return .windows(password: password)
  }

  func found(at host: String) throws {
    let login = WindowsLogin(host: host, user: MachineShape.user, thumbprint: nil)
    try files.note(login)
    self.login = login
  }

  /// Has the machine listen, and reaches it by the certificate that it then has, and by no other.
  func reach(report: @escaping GuestReport) async throws -> any Guest {
    guard var login else {
      throw MachineError(.unavailable, "\(names.machineName) was not started")
    }
    let (thumbprint, pin) = try await WinRMListener(
      provider.staging.arm, names.machine, limit: provider.setup.sshTimeout
    ).open()
    login.thumbprint = thumbprint
    try files.note(login)
    self.login = login
    var options = WinRMOptions()
    options.connectTimeout = Self.connectLimit
    let client = WinRMClient(
      WinRMEndpoint(
        host: login.host, port: UInt16(GuestSystem.windows.servicePort),
        transport: .https(.pinned(pin))),
      as: WinRMCredentials(user: login.user, password: WinRMPassword(password.revealed)),
      options: options)
    var route = WindowsRoute(
      name: "the build VM", run: provider.run.run.text, timeout: provider.setup.sshTimeout,
      client: client, password: password)
    route.patience = .untilTimeout
    route.farewell = try WinRMListener.farewell()
    route.watch { [looks] line in
      switch line {
      case .wanted: looks.reaching()
      case .made: looks.reached()
      }
    }
    let guest = try await PowerShellGuest.reach(route, report: report)
    self.guest = guest
    return guest
  }

  /// What proves it is the image state, which the guest was asked for before it was told to power
  /// off: Windows writes nothing of it to its serial console.
  func prove(by console: @Sendable () async throws -> String) async throws {
    guard await guest?.isGeneralized == true else {
      throw MachineError(
        .notGeneralized,
        "could not prove that the image is generalized: nobody has seen its image state")
    }
  }

  func keep() -> [String] {
    guard let login else { return [] }
    var notes = [
      "the virtual machine was kept: WinRM is at \(login.host):\(GuestSystem.windows.servicePort), "
        + "and `kiln gc --kept` removes it"
    ]
    guard let thumbprint = login.thumbprint else { return notes }
    do {
      try files.keep(password)
      notes.append(
        "the password of \(login.user) is in \(files.password): `kiln build TEMPLATE --on "
          + "winrm://\(login.user)@\(login.host) --winrm-thumbprint \(thumbprint) --password-fd 3 "
          + "3<\(files.password)` runs steps in it")
    } catch {
      notes.append("nobody can log in to it: \(error)")
    }
    return notes
  }
}
