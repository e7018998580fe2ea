public import Digests
internal import Synchronization
public import Template

/// The WindowsRestart customizer: the machine is asked to restart, and has when another boot
/// identity is seen and the check command could be run (`aib.md` c.4).
///
/// One deadline covers all of it: no branch can wait longer, whatever the machine answers.
enum WindowsRestartStep {
  /// Restarts the machine as step `outline`.
  static func run(
    _ work: RestartWork, as outline: StepOutline, on guest: any Guest, _ events: any EventSink
  ) async throws -> StepEnd {
    try await RestartCourse(work, outline, guest, events).run()
    return StepEnd(.restarted, exitCode: nil)
  }
}

extension WindowsGuest {
  /// Restarts the machine beside all steps, and returns when it is back.
  /// - Throws: ``StepFailure``, ``GuestError``, `CancellationError`.
  public func restart(_ options: WindowsRestartOptions, events: any EventSink) async throws {
    let step = StepOutline(
      number: 0, name: "WindowsRestart", type: "WindowsRestart", summary: options.command,
      position: nil)
    try await RestartCourse(try RestartWork(0, options), step, self, events).run()
  }
}

/// A restart to make.
public struct RestartWork: Sendable {
  /// What it is called, as a job is.
  public var id: String
  /// The command that restarts the machine.
  public var command: String
  /// The command that shows that it is back; empty where that is plain to see.
  public var checkCommand: String
  /// How long all of it may take.
  public var limit: Duration
  /// The checksum of ``text``.
  public let digest: SHA256Digest

  /// Puts the restart of a step together.
  init(_ number: Int, _ options: WindowsRestartOptions) throws(DigestError) {
    id = "step-\(number)"
    command = options.command
    checkCommand = options.checkCommand
    limit = options.timeout.duration
    digest = try SHA256Digest(of: Array("\(options.command)\n\(options.checkCommand)".utf8))
  }

  /// What it does, as text.
  var text: String { "\(command)\n\(checkCommand)" }
}

/// One restart, from the command to the machine that is back.
struct RestartCourse {
  /// How long to wait between two looks at the machine.
  private static let pause = Duration.milliseconds(500)
  /// `ERROR_SHUTDOWN_IN_PROGRESS`, and what calls to services end with that are gone already.
  private static let onItsWay: Set<UInt32> = [1115, 1717]
  /// `ERROR_SHUTDOWN_IS_SCHEDULED`.
  private static let scheduled: UInt32 = 1190

  private let work: RestartWork
  private let outline: StepOutline
  private let guest: any Guest
  private let events: any EventSink
  private let stage = Stage()

  init(
    _ work: RestartWork, _ outline: StepOutline, _ guest: any Guest, _ events: any EventSink
  ) {
    self.work = work
    self.outline = outline
    self.guest = guest
    self.events = events
  }

  /// Restarts the machine; when this returns it is back.
  /// - Throws: ``StepFailure`` where the command failed or the deadline passed; ``GuestError``.
  func run() async throws {
    guard let guest = guest as? any WindowsGuest else {
      throw GuestError(.unfit, "could not restart the machine: it is not reached as Windows")
    }
    do {
      try await withDeadline(work.limit, for: Self.name) { try await restart(guest) }
    } catch let passed as DeadlineExceeded where passed.waitedFor == Self.name {
      throw StepFailure(outline, .restartTimedOut(work.limit, stage.value))
    }
  }

  private static let name = "the machine to restart"

  private func restart(_ guest: any WindowsGuest) async throws {
    let before = try await identity(of: guest) { _ in true }
    events.receive(.note("Restarting Machine"))
    try await ask(guest)
    stage.reach(.goingDown)
    let start = ContinuousClock.now
    events.receive(.note("Waiting for machine to restart..."))
    _ = try await identity(of: guest) { $0 != before }
    events.receive(.restarted(step: outline.number, outOfReach: ContinuousClock.now - start))
    stage.reach(.checking)
    try await check(guest)
    events.receive(.note("Machine successfully restarted, moving on"))
  }

  /// Waits until the machine tells a boot identity that will do.
  private func identity(
    of guest: any WindowsGuest, that fits: (String) -> Bool
  ) async throws -> String {
    while true {
      if let boot = try await guest.bootIdentity() {
        if fits(boot) { return boot }
      } else {
        stage.reach(.away)
      }
      try await ContinuousClock().sleep(for: Self.pause)
    }
  }

  /// Sends the command, once; one that was scheduled before is taken back first, since it may come
  /// at any time.
  private func ask(_ guest: any WindowsGuest) async throws {
    let report = StepReport(outline.number, events).take
    guard let code = try await guest.command(work.command, report: report) else { return }
    switch code {
    case 0: return
    case Self.scheduled:
      events.receive(.note("a restart was scheduled already: it is taken back, and asked for anew"))
      _ = try await guest.command("shutdown /a", report: report)
      let second = try await guest.command(work.command, report: report)
      guard let second, second != 0, second != Self.scheduled, !Self.onItsWay.contains(second)
      else { return }
      throw StepFailure(outline, .exitCode(Int32(bitPattern: second)))
    case _ where Self.onItsWay.contains(code):
      events.receive(.note("Reboot already in progress, waiting..."))
    default: throw StepFailure(outline, .exitCode(Int32(bitPattern: code)))
    }
  }

  /// Runs the check command until it could be run; what it ends with does not matter, as in the
  /// service, where templates check by commands that `cmd` does not know.
  private func check(_ guest: any WindowsGuest) async throws {
    guard !work.checkCommand.isEmpty else { return }
    let report = StepReport(outline.number, events).take
    while true {
      if let code = try await guest.command(work.checkCommand, report: report) {
        if code != 0 {
          events.receive(.note("restartCheckCommand ended with \(code), which does not count"))
        }
        return
      }
      try await ContinuousClock().sleep(for: Self.pause)
    }
  }

  /// How far a restart has come.
  private final class Stage: Sendable {
    private let reached = Mutex(RestartStage.asking)

    var value: RestartStage { reached.withLock { $0 } }

    func reach(_ stage: RestartStage) { reached.withLock { $0 = max($0, stage) } }
  }
}

/// How far a restart has come.
public enum RestartStage: Int, Sendable, Comparable {
  /// The command is being sent.
  case asking
  /// It was taken, and the machine is up as before.
  case goingDown
  /// The machine is out of reach.
  case away
  /// It is back, and the check command has not been run.
  case checking

  /// Earlier stages are less.
  public static func < (left: RestartStage, right: RestartStage) -> Bool {
    left.rawValue < right.rawValue
  }
}
