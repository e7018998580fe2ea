#if canImport(Glibc)
  internal import Glibc
#endif

/// All that a ``FaultProxy`` knows.
///
/// Its lock is held for every call and never while it waits.
struct ProxyEngine: Sendable {
  var delay = Duration.zero
  var silent = false
  var nextLimit: ProxyConnection.Limit?
  private(set) var counters = FaultProxy.Counters()

  private let port: UInt16
  private let target: UInt16
  private var listener: Int32?
  private var connections: [Int: ProxyConnection] = [:]
  private var lastConnection = 0
  private var stopped = false

  init(port: Int, target: Int) throws {
    self.port = UInt16(port)
    self.target = UInt16(target)
    try accept()
  }

  mutating func accept() throws {
    guard listener == nil else { return }
    let socket = try listeningSocket(port: port)
    setNonblocking(socket)
    listener = socket
  }

  mutating func refuse() {
    if let listener { close(listener) }
    listener = nil
  }

  mutating func cutAll(_ how: FaultProxy.Cut) {
    for connection in connections.values { connection.close(how) }
    connections = [:]
  }

  mutating func stop() {
    refuse()
    cutAll(.finish)
    stopped = true
  }

  mutating func resetCounters() {
    counters = FaultProxy.Counters()
    for id in connections.keys { connections[id]?.forgetTurn() }
  }

  /// What to wait for next; `nil` when the proxy has been stopped.
  func nextWait(bell: Int32) -> ProxyWait? {
    guard !stopped else { return nil }
    var wait = ProxyWait(bell: bell)
    if let listener { wait.add(listener, POLLIN, for: .listener) }
    guard !silent else { return wait }
    let now = ContinuousClock.now
    for (id, connection) in connections { connection.register(id, in: &wait, now: now) }
    return wait
  }

  /// Does what has become possible.
  ///
  /// A socket may have been closed, and its number used again,
  /// since the wait began; so what is done never blocks and never relies on the readiness.
  mutating func serve(_ ready: Set<ProxyWait.Subject>) {
    if ready.contains(.listener) { takeConnections() }
    guard !silent else { return }
    for id in connections.keys { advance(id) }
  }

  private mutating func takeConnections() {
    while let listener {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      setNonblocking(client)
      lastConnection += 1
      counters.connections += 1
      connections[lastConnection] = ProxyConnection(client: client, limit: nextLimit)
      nextLimit = nil
    }
  }

  private mutating func advance(_ id: Int) {
    guard var connection = connections.removeValue(forKey: id) else { return }
    if connection.advance(delay: delay, target: target, counters: &counters) {
      connections[id] = connection
    }
  }
}

/// Makes calls on a descriptor return at once, and keeps it from the programs that tests start.
func setNonblocking(_ descriptor: Int32) {
  _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
