/// How a process ended.
enum ProcessEnd: Sendable, Hashable {
  /// By itself, with this code.
  case exited(Int32)
  /// By a signal.
  case signaled(Int32)
  /// Somehow: nobody but its parent is told how.
  case unseen
}

/// What holds a process, so that it can't outlive this one.
protocol ProcessHold: Sendable {
  /// How the process ended.
  var ended: Latch<ProcessEnd> { get }
  /// Has it killed.
  func kill()
  /// Has it left alone from now on.
  func release()
}

/// A process that can't outlive this one, however this one ends.
///
/// A shell stands between: its standard input is a socket of ours, and when that closes, it kills
/// the process. It collects its child only then, so the child's number can't have become another
/// process's. The child keeps the other end of a second socket open, which tells us at
/// once when it is gone. Where util-linux is installed, the kernel also kills the child when the
/// shell ends.
struct SupervisedProcess: Sendable {
  /// What to start.
  struct Command: Sendable {
    var executable: String
    var arguments: [String]
    /// Where it runs.
    var directory: String
    /// The file that its standard error is appended to, from that directory.
    var messages: String
    /// The descriptor that the process finds as number 3; its owner closes it.
    var channel: Int32?
  }

  /// How long the shell may take to start the process.
  private static let startLimit = Duration.seconds(20)

  /// Its process number; another process may have it once this one has ended.
  let pid: Int32
  private let supervision: any ProcessHold

  /// The process that is held already.
  init(pid: Int32, _ hold: any ProcessHold) {
    self.pid = pid
    supervision = hold
  }

  /// Starts a process.
  ///
  /// A program that does not exist ends with 127.
  /// - Throws: ``QEMUError`` where there is no shell to start it.
  static func start(_ command: Command) async throws -> SupervisedProcess {
    let supervision = try Supervision(command)
    do {
      guard let pid = try await supervision.started.get(within: startLimit) ?? nil else {
        throw QEMUError(
          .startFailed, "could not start `\(command.executable)`", "the shell did not start it")
      }
      return SupervisedProcess(pid: pid, supervision)
    } catch {
      supervision.kill()
      throw error
    }
  }

  /// Waits until the process has ended.
  func ended() async throws -> ProcessEnd { try await supervision.ended.get() }

  /// Waits until the process has ended, at most for `limit`.
  /// - Returns: `nil` when the limit has passed.
  func ended(within limit: Duration) async throws -> ProcessEnd? {
    try await supervision.ended.get(within: limit)
  }

  /// How it ended, where it has.
  var end: ProcessEnd? { supervision.ended.current }

  /// Lets it go on when this process ends.
  func release() { supervision.release() }

  /// Kills it; without effect where it has ended.
  func kill() { supervision.kill() }
}
