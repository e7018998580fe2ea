public import Pipeline

/// A Windows machine reached through its PowerShell, over WinRM or SSH.
///
/// It keeps one line for the whole run. When that is lost it makes another within the timeout and
/// re-attaches to the job by its id and to the output by its offsets, so that nothing runs twice and
/// no output is lost or doubled (DESIGN 3).
public actor PowerShellGuest: WindowsGuest {
  /// What the guest said of itself when it was first reached.
  public nonisolated let facts: GuestFacts

  let route: WindowsRoute
  private var line: (any WindowsLine)?
  /// A line that was lost, and may still be there.
  private var stale: (any WindowsLine)?
  private var outage: Outage
  /// The boot identity as it was when the present line was made.
  private(set) var boot: String
  /// The boot identity of the guest when the last job was started.
  var jobBoot: String
  /// The jobs whose end is known, and whose files are still there.
  var ended: [String] = []

  /// Whether it was seen to be generalized, after which it was told to power off.
  public internal(set) var isGeneralized = false

  /// How long to wait between two looks whether a machine has started.
  private static let bootPause = Duration.seconds(1)

  /// Reaches the guest for the first time.
  /// - Throws: ``GuestError`` of kind `unreachable` or `unfit`.
  public static func reach(
    _ route: WindowsRoute, report: @escaping GuestReport
  ) async throws -> PowerShellGuest {
    let end = ContinuousClock.now + (route.patience == .none ? .zero : route.timeout)
    var refusedSince: ContinuousClock.Instant?
    while true {
      do {
        return try await reachOnce(route)
      } catch let error as LineError {
        refusedSince = error.kind == .refused ? refusedSince ?? .now : nil
        let isRefused = refusedSince.map { ContinuousClock.now - $0 > route.refusalLimit } ?? false
        guard !error.isFinal, !isRefused, ContinuousClock.now < end else {
          throw GuestError(
            error.kind == .unfit ? .unfit : .unreachable, error.description, hint: error.hint)
        }
      } catch let error as WindowsAgentGone {
        guard ContinuousClock.now < end else {
          throw GuestError(
            .unfit, "could not use PowerShell on \(route.name): \(error)",
            hint: "the machine needs Windows PowerShell 5.1 in the full language mode")
        }
      }
      try await ContinuousClock().sleep(for: bootPause)
    }
  }

  private static func reachOnce(_ route: WindowsRoute) async throws -> PowerShellGuest {
    try await route.settle()
    let line = try await route.open()
    return PowerShellGuest(route, line, try await look(route, line))
  }

  private init(_ route: WindowsRoute, _ line: any WindowsLine, _ said: WindowsFacts) {
    self.route = route
    self.line = line
    facts = GuestFacts(
      user: said.user,
      root: said.administrator
        ? .already : .refused("the user is no administrator, or not with this login"),
      directory: said.directory, bootIdentity: said.boot)
    (boot, jobBoot) = (said.boot, said.boot)
    outage = Outage(limit: route.timeout, called: "the limit of --ssh-timeout")
  }

  private static func look(
    _ route: WindowsRoute, _ line: any WindowsLine
  ) async throws -> WindowsFacts {
    let request = AgentRequest(op: .look, run: route.run)
    return try await WindowsAgent(line: line).ask(request) { line in
      if case .facts(let facts) = line { facts } else { nil }
    }
  }

  /// The line; it is made anew where it was lost.
  /// - Throws: ``GuestError`` of kind `lost` when the timeout passes first.
  func line(_ report: GuestReport) async throws -> any WindowsLine {
    if let line { return line }
    while true {
      do {
        let line = try await connect()
        if let gap = outage.end() { report(.connectionRestored(after: gap)) }
        return line
      } catch let error as LineError where error.isFinal {
        throw GuestError(
          .lost, "the connection to \(route.name) can't be made again: \(error)",
          hint: error.hint)
      } catch is LineError, is WindowsAgentGone {
        try await pause()
      }
    }
  }

  private func connect() async throws -> any WindowsLine {
    let made = try await route.open()
    // With the line before this one ends what may still run on it; Windows ends it by itself where
    // it can't be told.
    if let stale { try? await stale.close() }
    stale = nil
    do {
      boot = try await Self.look(route, made).boot
    } catch {
      stale = made
      throw error
    }
    line = made
    return made
  }

  /// The boot identity as it is now, by one try; `nil` where the machine can't be asked.
  public func bootIdentity() async throws -> String? {
    do {
      guard let line else {
        _ = try await connect()
        return boot
      }
      boot = try await Self.look(route, line).boot
      return boot
    } catch let error as LineError where error.isFinal {
      throw GuestError(.lost, "\(route.name) can't be reached again: \(error)", hint: error.hint)
    } catch is LineError, is WindowsAgentGone {
      drop()
      return nil
    }
  }

  /// Runs a command line by `cmd` on the line, beside all jobs and at most once.
  /// - Returns: its exit code; `nil` where the connection broke after it was sent.
  public func command(
    _ text: String, report: @escaping GuestReport
  ) async throws -> UInt32? {
    while true {
      let line = try await line(report)
      do {
        return try await line.command(text) { report(.output($0, $1)) }
      } catch let error as LineError where error.kind == .badRequest {
        throw GuestError(.notStarted, error.description, hint: error.hint)
      } catch let error as LineError where error.kind == .uncertain {
        drop()
        return nil
      } catch {
        try await lose(error, report)
      }
    }
  }

  /// Notes that the line was lost.
  ///
  /// Where the guest did nothing since it was last lost, this waits.
  /// - Throws: whatever isn't a loss; ``GuestError`` of kind `lost` when the timeout has passed.
  func lose(_ error: any Error, _ report: GuestReport) async throws {
    switch error {
    case let error as LineError where error.isFinal:
      throw GuestError(.lost, "\(route.name) can't be reached again: \(error)", hint: error.hint)
    case is LineError, is WindowsAgentGone: break
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
    stale = line ?? stale
    line = nil
  }

  /// Ends the line under whoever uses it, as a machine may at any time: what it does to a job is
  /// what the doctor looks at.
  public func removeLine() async throws {
    guard let line else { return }
    do {
      try await line.close()
    } catch let error as LineError {
      throw GuestError(.unreachable, error.description, hint: error.hint)
    }
  }

  private func pause() async throws {
    try await ContinuousClock().sleep(for: outage.nextPause(route.name))
  }

  /// Ends the line, and with it the connection's work.
  func close() async {
    // Windows ends a line that nobody uses.
    if let line { try? await line.close() }
    if let stale { try? await stale.close() }
    (line, stale) = (nil, nil)
  }
}
