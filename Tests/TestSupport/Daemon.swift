internal import FoundationEssentials
internal import Subprocess
internal import SystemPackage

#if canImport(Glibc)
  internal import Glibc
#endif

/// A program that runs beside a test, can be killed and started again, and is gone afterwards.
actor Daemon {
  /// What to run; the same at every start.
  struct Command: Sendable {
    let executable: String
    let arguments: [String]
    /// The file that both outputs are appended to.
    let log: String
    /// Runs before every start, with the number of starts before it; the program waits for it.
    var prepare: @Sendable (_ starts: Int) async throws -> Void = { _ in }
    /// Whether a program that ended so starts again by itself.
    var startsAgain: @Sendable (_ exit: Int32) -> Bool = { _ in false }
  }

  /// The running program's process, or `nil` while none runs.
  private(set) var process: pid_t?
  /// The exit code of the last program that ended, or `nil` before the first did.
  private(set) var lastExit: Int32?
  /// Where the current start's output begins in the log, in bytes.
  private(set) var logStart = 0
  /// How often the program was started.
  private(set) var starts = 0

  private let command: Command
  private let orders: AsyncStream<Void>
  private let order: AsyncStream<Void>.Continuation
  private var failure: (any Error)?
  private var ended = false

  private init(_ command: Command) {
    self.command = command
    (orders, order) = AsyncStream.makeStream()
  }

  /// Runs `body` beside a daemon that is not started yet, and kills the daemon afterwards.
  static func with<Value>(
    _ command: Command, _ body: (Daemon) async throws -> Value
  ) async throws -> Value {
    let daemon = Daemon(command)
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { await daemon.supervise() }
      let outcome = await outcome(of: { try await body(daemon) })
      await daemon.end()
      group.cancelAll()
      try await group.waitForAll()
      return try outcome.get()
    }
  }

  /// Starts the program and returns when it runs.
  func start() async throws {
    let before = starts
    failure = nil
    order.yield()
    try await waitUntil("\(command.executable) to start") {
      if let failure { throw failure }
      return starts > before
    }
  }

  /// Sends a signal to the program, if it runs.
  func send(_ signal: Int32) {
    if let process { kill(process, signal) }
  }

  /// Returns when the program does not run.
  func waitUntilDown() async throws {
    try await waitUntil("\(command.executable) to end") { process == nil }
  }

  /// What the program said since it was last started.
  func currentLog() throws -> String {
    let all = try Data(contentsOf: URL(filePath: command.log))
    return String(decoding: all.dropFirst(logStart), as: UTF8.self)
  }

  private func end() {
    ended = true
    order.finish()
    send(SIGKILL)
  }

  private nonisolated func supervise() async {
    for await _ in orders {
      do { try await runOnce() } catch { await failed(error) }
    }
  }

  private nonisolated func runOnce() async throws {
    try await command.prepare(starts)
    let log = try FileDescriptor.open(
      command.log, .writeOnly, options: [.append, .create], permissions: .ownerReadWrite)
    await starting(at: Int(try log.seek(offset: 0, from: .end)))
    var options = PlatformOptions()
    options.teardownSequence = []
    options.createSession = true
    let result = try await Subprocess.run(
      .path(FilePath(command.executable)), arguments: Arguments(command.arguments),
      platformOptions: options, input: .none,
      output: .fileDescriptor(log, closeAfterSpawningProcess: true), error: .combinedWithOutput
    ) { execution in
      await self.started(execution.processIdentifier.value)
    }
    await stopped(result.terminationStatus.code)
  }

  private func starting(at offset: Int) {
    logStart = offset
  }

  private func started(_ process: pid_t) {
    self.process = process
    starts += 1
    if ended { send(SIGKILL) }
  }

  private func stopped(_ exit: Int32) {
    process = nil
    lastExit = exit
    if !ended, command.startsAgain(exit) { order.yield() }
  }

  private func failed(_ error: any Error) {
    process = nil
    failure = error
  }
}
