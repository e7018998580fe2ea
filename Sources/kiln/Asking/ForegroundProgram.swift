import Dispatch
import Glibc
import Pipeline
import Synchronization

/// A program that has the terminal for itself until it ends, as a shell.
enum ForegroundProgram {
  /// Runs a program with its words.
  /// - Returns: its exit code; 128 and the signal's number where a signal ended it.
  /// - Throws: ``CommandFault`` where it could not be started; `CancellationError` when the program
  ///   was ended because this was cancelled.
  static func run(_ words: [String]) async throws -> Int32 {
    let child = try Child(words)
    let status = await withTaskCancellationHandler {
      await withCheckedContinuation { done in
        DispatchQueue.global().async { done.resume(returning: child.wait()) }
      }
    } onCancel: {
      child.terminate()
    }
    try Task.checkCancellation()
    return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
  }

  private final class Child: Sendable {
    private let pid: pid_t
    private let isOver = Mutex(false)

    init(_ words: [String]) throws {
      let name = words.first ?? ""
      var attributes = posix_spawnattr_t()
      posix_spawnattr_init(&attributes)
      defer { posix_spawnattr_destroy(&attributes) }
      // What this process ignores, the program must not.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
      posix_spawnattr_setsigdefault(&attributes, &signals)
      posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
      var arguments = words.map { strdup($0) } + [nil]
      defer { for word in arguments { free(word) } }
      var pid: pid_t = 0
      let code = posix_spawnp(&pid, name, nil, &attributes, &arguments, environ)
      guard code == 0 else {
        throw CommandFault("could not start `\(name)`: \(String(cString: strerror(code)))")
      }
      self.pid = pid
    }

    func wait() -> CInt {
      var info = siginfo_t()
      while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) < 0, errno == EINTR {}
      return isOver.withLock { isOver in
        var status: CInt = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        isOver = true
        return status
      }
    }

    /// Ends the program, unless its number may be another's by now.
    func terminate() {
      isOver.withLock { if !$0 { kill(pid, SIGTERM) } }
    }
  }
}
