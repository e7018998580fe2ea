internal import CSSH2
internal import Glibc
internal import Synchronization

/// One SSH connection, from the first byte to the last: an actor whose executor is the
/// connection's own event loop, and a non-blocking libssh2 session.
///
/// Operations try, and where libssh2 would block they wait for the next event and try again;
/// several can wait at the same time. Events come from ``progress()``.
actor Session: EventSource {
  nonisolated let loop: EventLoop
  nonisolated let target: ResolvedTarget
  nonisolated let counters = TrafficCounter()
  nonisolated let isUp = Atomic(true)
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  let handle: SessionHandle
  let wire: Wire
  var phase: Phase
  var keepAlive: KeepAlive
  var failure: SSHError?
  var channels: [Int: Channel] = [:]
  var closing: [OpaquePointer] = []
  var openings: [ChannelOpening] = []
  var tunnels: [Session] = []
  private var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
  /// How many bytes had arrived when everyone who waits, and each opening, was last let try again.
  private var told: UInt64 = 0
  private var lastID = 0

  enum Phase {
    case connecting(by: ContinuousClock.Instant)
    /// The user was asked something, and may think as long as the server waits.
    case asking
    case ready
  }

  /// A session over `descriptor`, a connected socket, which it owns from now on.
  init(_ descriptor: Int32, to target: ResolvedTarget, by deadline: ContinuousClock.Instant)
    throws(SSHError)
  {
    let link = SocketLink(descriptor)
    loop = try EventLoop()
    self.target = target
    wire = Wire(link: link, counters: counters)
    handle = try SessionHandle(wire: wire, operation: "could not connect to \(target)")
    phase = .connecting(by: deadline)
    keepAlive = KeepAlive()
    loop.watch(self)
  }

  /// A session over a channel of `outer`, which leads to the target.
  init(
    over outer: Session, channel: Int, to target: ResolvedTarget,
    by deadline: ContinuousClock.Instant
  ) throws(SSHError) {
    loop = outer.loop
    self.target = target
    wire = Wire(link: TunnelLink(outer, channel: channel), counters: counters)
    handle = try SessionHandle(wire: wire, operation: "could not connect to \(target)")
    phase = .connecting(by: deadline)
    keepAlive = KeepAlive()
  }

  nonisolated func interest() -> EventInterest {
    assumeIsolated { session in
      var events: Int32 = 0
      if session.wire.hasRoom && session.wire.ending == nil { events |= POLLIN }
      if session.wire.hasUnsent { events |= POLLOUT }
      return EventInterest(
        descriptor: session.wire.link.descriptor, events: Int16(events), until: session.nextTimer)
    }
  }

  nonisolated func react(to events: Int16) {
    assumeIsolated { session in session.progress() }
  }

  /// Moves what can be moved, notices what ran out of time, and lets everyone who waits try again.
  func progress() {
    wire.fill()
    pump()
    // What is taken in from here on may be for someone who had their turn before.
    told = counters.value.received
    advanceOpenings()
    freeClosed()
    checkTimers()
    wire.flush()
    if wire.isDrained { lose(wire.ending ?? "the connection was closed") }
    for tunnel in tunnels { tunnel.assumeIsolated { $0.progress() } }
    wake()
  }

  /// Ends the connection for good: everyone who waits gets this error.
  func fail(_ error: SSHError) {
    guard failure == nil else { return }
    failure = error
    isUp.store(false, ordering: .relaxed)
    wire.end(error.reason)
    for opening in openings { opening.continuation?.resume(throwing: error) }
    openings = []
    for tunnel in tunnels { tunnel.assumeIsolated { $0.progress() } }
    tunnels = []
    if wire.link is SocketLink { loop.watch(nil) }
    wake()
  }

  /// Ends the connection, because nothing can arrive any more.
  func lose(_ why: String) {
    fail(SSHError(.connectionLost, "lost the connection to \(target)", why))
  }

  /// Ends the connection from outside the loop.
  nonisolated func abandon() {
    loop.perform { [self] in
      assumeIsolated {
        $0.fail(SSHError(.closed, "could not use the connection to \($0.target)", "it was closed"))
      }
    }
  }

  /// Repeats `attempt` until it does not block any more; its result.
  func complete(_ operation: String, _ attempt: () -> Int32) async throws -> Int32 {
    while true {
      try check(operation)
      let code = attempt()
      guard code == LIBSSH2_ERROR_EAGAIN else { return code }
      try await nextEvent(operation)
    }
  }

  /// Throws once the connection has failed, in the words of `operation`.
  func check(_ operation: String) throws(SSHError) {
    guard let failure else { return }
    throw SSHError(
      failure.kind, operation, failure.reason, code: failure.code, hint: failure.hint)
  }

  /// Waits until something has happened on the connection.
  func nextEvent(_ operation: String) async throws {
    wire.flush()
    if wire.isDrained { lose(wire.ending ?? "the connection was closed") }
    try check(operation)
    let id = newID()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiters[id] = $0 }
    } onCancel: {
      // Runs after the line above on the same thread, so that the waiter is there to be found.
      loop.perform { [self] in
        assumeIsolated {
          $0.waiters.removeValue(forKey: id)?.resume(throwing: CancellationError())
        }
      }
    }
  }

  /// Lets everyone who waits try again.
  func wake() {
    let woken = waiters
    waiters = [:]
    for continuation in woken.values { continuation.resume() }
  }

  /// Whether something arrived that not everyone who waits has had a look at: any call into libssh2
  /// takes in what is there for all channels.
  var hasNews: Bool { told != counters.value.received }

  func newID() -> Int {
    lastID += 1
    return lastID
  }

  /// The library's last error in the words of `operation`; ends the connection where it can't go on.
  func failed(_ operation: String, _ kind: SSHError.Kind = .protocolViolation) -> SSHError {
    let (code, text) = handle.lastError
    if let failure {
      return SSHError(
        failure.kind, operation, failure.reason, code: failure.code, hint: failure.hint)
    }
    let kind = Self.kinds[code] ?? kind
    let reason = wire.farewell ?? lowerCased(text)
    let error = SSHError(kind, operation, reason, code: code)
    if kind == .connectionLost || kind == .protocolViolation { fail(error) }
    return error
  }

  /// What no operation recovers from.
  private static let kinds: [Int32: SSHError.Kind] = [
    LIBSSH2_ERROR_SOCKET_NONE: .connectionLost,
    LIBSSH2_ERROR_SOCKET_SEND: .connectionLost,
    LIBSSH2_ERROR_SOCKET_RECV: .connectionLost,
    LIBSSH2_ERROR_SOCKET_DISCONNECT: .connectionLost,
    LIBSSH2_ERROR_SOCKET_TIMEOUT: .connectionLost,
    // An answer that comes after all would be taken for the next one's.
    LIBSSH2_ERROR_TIMEOUT: .connectionLost,
    LIBSSH2_ERROR_INVALID_MAC: .protocolViolation,
    LIBSSH2_ERROR_DECRYPT: .protocolViolation,
    LIBSSH2_ERROR_OUT_OF_BOUNDARY: .protocolViolation,
  ]

  /// Has libssh2 take in what arrived; a read of nothing does that without taking data.
  private func pump() {
    guard failure == nil, let channel = channels.values.first?.pointer ?? closing.first else {
      return
    }
    var nothing: CChar = 0
    let code = libssh2_channel_read_ex(channel, 0, &nothing, 0)
    if code < 0, code != LIBSSH2_ERROR_EAGAIN {
      _ = failed("lost the connection to \(target)")
    }
  }

  /// Frees channels as the server confirms that they are closed, which may take until the command
  /// ends; waiting for that would hold up who closed them.
  private func freeClosed() {
    guard failure == nil else { return }
    closing.removeAll { libssh2_channel_free($0) != LIBSSH2_ERROR_EAGAIN }
  }
}
