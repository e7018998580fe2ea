public import Pipeline
import WinRM

/// A Windows machine reached over WinRM.
///
/// It keeps one shell for the whole run. When that is lost it makes another within the timeout and
/// re-attaches to the job by its id and to the output by its offsets, so that nothing runs twice and
/// no output is lost or doubled (DESIGN 3).
public actor WinRMGuest: WindowsGuest {
  /// What the guest said of itself when it was first reached.
  public nonisolated let facts: GuestFacts

  let route: WinRMRoute
  private var shell: WinRMShell?
  /// A shell that was lost, and may still be there.
  private var stale: WinRMShell?
  private var outage: Outage
  /// The boot identity as it was when the present shell was made.
  private(set) var boot: String
  /// The boot identity of the guest when the last job was started.
  var jobBoot: String
  /// The jobs whose end is known, and whose files are still there.
  var ended: [String] = []

  /// Reaches the guest for the first time.
  /// - Throws: ``GuestError`` of kind `unreachable` or `unfit`.
  public static func reach(
    _ route: WinRMRoute, report: @escaping GuestReport
  ) async throws -> WinRMGuest {
    do {
      try await route.client.settle()
      let shell = try await WinRMShell.make(on: route.client)
      return WinRMGuest(route, shell, try await look(route, shell))
    } catch let error as WinRMError {
      throw GuestError(
        error.kind == .unfit ? .unfit : .unreachable, error.description, hint: error.hint)
    } catch let error as WindowsAgentGone {
      throw GuestError(
        .unfit, "could not use PowerShell on \(route.name): \(error)",
        hint: "the machine needs Windows PowerShell 5.1 in the full language mode")
    }
  }

  private init(_ route: WinRMRoute, _ shell: WinRMShell, _ said: WindowsFacts) {
    self.route = route
    self.shell = shell
    facts = GuestFacts(
      user: said.user,
      root: said.administrator
        ? .already : .refused("the user is no administrator, or not with this login"),
      directory: said.directory, bootIdentity: said.boot)
    (boot, jobBoot) = (said.boot, said.boot)
    outage = Outage(limit: route.timeout, called: "the limit of --ssh-timeout")
  }

  private static func look(
    _ route: WinRMRoute, _ shell: WinRMShell
  ) async throws -> WindowsFacts {
    let request = AgentRequest(op: .look, run: route.run)
    return try await WindowsAgent(shell: shell).ask(request) { line in
      if case .facts(let facts) = line { facts } else { nil }
    }
  }

  /// The shell; it is made anew where it was lost.
  /// - Throws: ``GuestError`` of kind `lost` when the timeout passes first.
  func shell(_ report: GuestReport) async throws -> WinRMShell {
    if let shell { return shell }
    while true {
      do {
        let shell = try await connect()
        if let gap = outage.end() { report(.connectionRestored(after: gap)) }
        return shell
      } catch let error as WinRMError where error.isFinal {
        throw GuestError(
          .lost, "the connection to \(route.name) can't be made again: \(error)",
          hint: error.hint)
      } catch is WinRMError, is WindowsAgentGone {
        try await pause()
      }
    }
  }

  private func connect() async throws -> WinRMShell {
    let made = try await WinRMShell.make(on: route.client)
    // With the shell before this one ends what may still run in it; Windows removes it by itself
    // where it can't be told.
    if let stale { _ = try? await stale.remove() }
    stale = nil
    do {
      boot = try await Self.look(route, made).boot
    } catch {
      stale = made
      throw error
    }
    shell = made
    return made
  }

  /// The boot identity as it is now, by one try; `nil` where the machine can't be asked.
  public func bootIdentity() async throws -> String? {
    do {
      guard let shell else {
        _ = try await connect()
        return boot
      }
      boot = try await Self.look(route, shell).boot
      return boot
    } catch let error as WinRMError where error.isFinal {
      throw GuestError(.lost, "\(route.name) can't be reached again: \(error)", hint: error.hint)
    } catch is WinRMError, is WindowsAgentGone {
      drop()
      return nil
    }
  }

  /// Runs a command line by `cmd` in the shell, beside all jobs and at most once.
  /// - Returns: its exit code; `nil` where the connection broke after it was sent.
  public func command(
    _ line: String, report: @escaping GuestReport
  ) async throws -> UInt32? {
    while true {
      let shell = try await shell(report)
      let command: RunningCommand
      do {
        command = try await shell.start(CommandLine(line))
      } catch let error as WinRMError where error.kind == .badRequest {
        throw GuestError(.notStarted, error.description, hint: error.hint)
      } catch let error as WinRMError where error.mayHaveHappened {
        drop()
        return nil
      } catch {
        try await lose(error, report)
        continue
      }
      do {
        let end = try await command.follow { stream, bytes in
          report(.output(stream == .stdout ? .stdout : .stderr, bytes))
        }
        try await command.signal(.terminate)
        return if case .exited(let code) = end { code } else { nil }
      } catch is WinRMError {
        drop()
        return nil
      }
    }
  }

  /// Notes that the shell was lost.
  ///
  /// Where the guest did nothing since it was last lost, this waits.
  /// - Throws: whatever isn't a loss; ``GuestError`` of kind `lost` when the timeout has passed.
  func lose(_ error: any Error, _ report: GuestReport) async throws {
    switch error {
    case let error as WinRMError where error.isFinal:
      throw GuestError(.lost, "\(route.name) can't be reached again: \(error)", hint: error.hint)
    case is WinRMError, is WindowsAgentGone: break
    default: throw error
    }
    try Task.checkCancellation()
    drop()
    if outage.begin() { report(.connectionLost("\(error)")) } else { try await pause() }
  }

  /// Notes that the guest does its work, so that the next loss is a new one.
  func proveAlive() { outage.settle() }

  /// How long the guest was out of reach the last time.
  var lastOutage: Duration { outage.last }

  private func drop() {
    stale = shell ?? stale
    shell = nil
  }

  /// Removes the shell under whoever uses it, as a machine may at any time: what it does to a job is
  /// what the doctor looks at.
  public func removeShell() async throws {
    guard let shell else { return }
    do {
      try await shell.remove()
    } catch let error as WinRMError {
      throw GuestError(.unreachable, error.description, hint: error.hint)
    }
  }

  private func pause() async throws {
    try await ContinuousClock().sleep(for: outage.nextPause(route.name))
  }

  /// Removes the shell, which ends the connection's work.
  func close() async {
    // Windows removes a shell that nobody uses.
    if let shell { _ = try? await shell.remove() }
    if let stale { _ = try? await stale.remove() }
    (shell, stale) = (nil, nil)
  }
}

extension WinRMError {
  /// Whether trying again can't help, or must not be done.
  var isFinal: Bool { [.certificateRejected, .badRequest, .unfit].contains(kind) }
}
