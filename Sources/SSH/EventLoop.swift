internal import CSSH2
internal import Dispatch
internal import Glibc
internal import Synchronization

/// What an event loop watches: one descriptor and one point in time.
protocol EventSource: AnyObject, Sendable {
  /// What to wait for now. Called on the loop.
  func interest() -> EventInterest
  /// Something waited for has happened, or the time is over. Called on the loop.
  func react(to events: Int16)
}

/// What an event source waits for.
struct EventInterest: Sendable {
  var descriptor: Int32
  var events: Int16
  var until: ContinuousClock.Instant?
}

/// The private serial executor of one connection: runs its jobs and, between them, waits for its
/// socket, all on one thread.
///
/// The thread exists only while there is something to watch or to run. libdispatch lends it, so
/// that no thread has to be made here that could fail to be made.
final class EventLoop: SerialExecutor {
  private enum Job: Sendable {
    case task(UnownedJob)
    case call(@Sendable () -> Void)
  }

  private struct State {
    var jobs: [Job] = []
    var source: (any EventSource)?
    var running = false
    var asleep = false
  }

  private let state = Mutex(State())
  private let thread = Atomic<UInt>(0)
  private let wakeUp: Int32
  private let queue = DispatchQueue(label: "kiln.ssh")

  init() throws(SSHError) {
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard wakeUp >= 0 else {
      throw SSHError(
        .unreachable, "could not start a connection", systemText(errno), code: errno)
    }
  }

  deinit { close(wakeUp) }

  /// Watches `source` from now on, and nothing when it is `nil`.
  func watch(_ source: (any EventSource)?) {
    perform { [self] in state.withLock { $0.source = source } }
  }

  /// Runs `body` on the loop, after what is queued there.
  func perform(_ body: @escaping @Sendable () -> Void) { add(.call(body)) }

  func enqueue(_ job: consuming ExecutorJob) { add(.task(UnownedJob(job))) }

  func checkIsolated() {
    precondition(isCurrent, "not on the thread of this connection")
  }

  func isIsolatingCurrentContext() -> Bool? { isCurrent }

  private var isCurrent: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

  private func add(_ job: Job) {
    let (start, wake) = state.withLock { state in
      state.jobs.append(job)
      defer {
        state.running = true
        state.asleep = false
      }
      return (!state.running, state.asleep)
    }
    if start { queue.async { self.run() } }
    if wake { eventfd_write(wakeUp, 1) }
  }

  private func run() {
    thread.store(UInt(pthread_self()), ordering: .relaxed)
    while let (jobs, source) = next() {
      for job in jobs {
        switch job {
        case .task(let task): task.runSynchronously(on: asUnownedSerialExecutor())
        case .call(let body): body()
        }
      }
      if let source { wait(for: source) }
    }
  }

  /// The jobs to run now; `nil` once there is nothing left to run or to watch.
  private func next() -> (jobs: [Job], source: (any EventSource)?)? {
    state.withLock { state in
      guard state.source != nil || !state.jobs.isEmpty else {
        thread.store(0, ordering: .relaxed)
        state.running = false
        return nil
      }
      defer { state.jobs.removeAll() }
      return (state.jobs, state.source)
    }
  }

  private func wait(for source: any EventSource) {
    let interest = source.interest()
    let mayWait = state.withLock { state in
      state.asleep = state.jobs.isEmpty && state.source != nil
      return state.asleep
    }
    let watched = interest.events == 0 ? -1 : interest.descriptor
    var polled = [
      pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0),
      pollfd(fd: watched, events: interest.events, revents: 0),
    ]
    let limit = mayWait ? milliseconds(until: interest.until) : 0
    let ready = poll(&polled, 2, limit)
    state.withLock { $0.asleep = false }
    if polled[0].revents != 0 {
      var count: eventfd_t = 0
      eventfd_read(wakeUp, &count)
    }
    let late = interest.until.map { $0 <= .now } ?? false
    if (ready > 0 && polled[1].revents != 0) || late { source.react(to: polled[1].revents) }
  }
}

/// The time until `deadline` as poll(2) wants it, rounded up; -1 for no limit.
func milliseconds(until deadline: ContinuousClock.Instant?) -> Int32 {
  guard let deadline else { return -1 }
  let left = ContinuousClock.now.duration(to: deadline)
  guard left > .zero else { return 0 }
  let whole = left / .milliseconds(1)
  return whole >= Double(Int32.max) ? Int32.max : Int32(whole) + 1
}

/// The system's text for an `errno`.
func systemText(_ code: Int32) -> String { String(cString: strerror(code)) }
