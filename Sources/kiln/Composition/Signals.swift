import Dispatch
import Glibc
import Pipeline
import Synchronization

/// Turns SIGINT and SIGTERM into a cancellation, from when it is made until it is gone.
///
/// A second one ends the process at once: what it leaves is for `kiln gc`. One that comes within
/// half a second is the same request once more: `timeout` sends its signal to the process and to its
/// group.
final class Signals: Sendable {
  private struct State {
    var stop: KilnExit?
    var stoppedAt: ContinuousClock.Instant?
    /// What is told of a stop, by the order of asking: builds side by side each ask.
    var acts: [Int: @Sendable (KilnExit) -> Void] = [:]
    var asked = 0
    var watch: (any DispatchSourceRead)?
  }

  private static let oneRequest = Duration.milliseconds(500)

  private let state = Mutex(State())

  /// Watches from now on; at most one does at a time.
  init() throws {
    try state.withLock { state in
      state.watch = try SignalPipe.open { [weak self] number in
        self?.receive(number == SIGINT ? .interrupted : .terminated)
      }
    }
  }

  deinit {
    state.withLock { if let watch = $0.watch { SignalPipe.close(watch) } }
  }

  /// The exit code of the signal that came, if one came.
  var stop: KilnExit? { state.withLock { $0.stop } }

  /// Runs `body`, and cancels it when the first signal comes or has come before, which `note` is
  /// told of.
  func cancelling<Result: Sendable>(
    _ note: @escaping @Sendable (KilnExit) -> Void = { _ in },
    _ body: @escaping @Sendable () async throws -> Result
  ) async throws -> Result {
    let work = Task { try await body() }
    let act: @Sendable (KilnExit) -> Void = { exit in
      note(exit)
      work.cancel()
    }
    let (number, earlier) = state.withLock { state in
      state.asked += 1
      state.acts[state.asked] = act
      return (state.asked, state.stop)
    }
    if let earlier { act(earlier) }
    defer { state.withLock { $0.acts[number] = nil } }
    return try await work.value
  }

  private func receive(_ exit: KilnExit) {
    let now = ContinuousClock.now
    let acts = state.withLock { state -> [@Sendable (KilnExit) -> Void] in
      if let before = state.stoppedAt {
        if before.duration(to: now) > Self.oneRequest { _exit(exit.rawValue) }
        return []
      }
      (state.stop, state.stoppedAt) = (exit, now)
      return Array(state.acts.values)
    }
    for act in acts { act(exit) }
  }
}

/// Carries signals from their handler, where next to nothing is allowed, to a queue.
///
/// A dispatch source for signals would not do: on Linux it sees a signal only where every thread
/// blocks it, and drops it where it is ignored.
private enum SignalPipe {
  private static let writeEnd = Atomic<CInt>(-1)

  /// Tells `arrived` of each SIGINT and SIGTERM until what is returned is closed.
  static func open(
    _ arrived: @escaping @Sendable (CInt) -> Void
  ) throws -> any DispatchSourceRead {
    var ends: [CInt] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw CommandFault("could not watch for signals: \(String(cString: strerror(errno)))")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    let (reading, writing) = (ends[0], ends[1])
    let source = DispatchSource.makeReadSource(fileDescriptor: reading, queue: .global())
    source.setEventHandler {
      var number: UInt8 = 0
      while read(reading, &number, 1) == 1 { arrived(CInt(number)) }
    }
    source.setCancelHandler {
      Glibc.close(reading)
      Glibc.close(writing)
    }
    source.resume()
    writeEnd.store(writing, ordering: .sequentiallyConsistent)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        let saved = errno
        var byte = UInt8(truncatingIfNeeded: number)
        _ = write(SignalPipe.writeEnd.load(ordering: .sequentiallyConsistent), &byte, 1)
        errno = saved
      }
    }
    return source
  }

  /// Ends the watch; from then on the signals end the process again.
  static func close(_ watch: any DispatchSourceRead) {
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    writeEnd.store(-1, ordering: .sequentiallyConsistent)
    watch.cancel()
  }
}
