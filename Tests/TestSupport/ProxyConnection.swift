#if canImport(Glibc)
  internal import Glibc
#endif

/// One connection through a ``FaultProxy``: two sockets and a delay line each way.
struct ProxyConnection: Sendable {
  /// After how many bytes a connection is cut.
  struct Limit: Sendable {
    var bytes: Int
    let direction: FaultProxy.Direction
    let cut: FaultProxy.Cut
  }

  private let client: Int32
  /// `nil` until the proxy has connected, which it puts off while it is silent.
  private var server: Int32?
  private var limit: Limit?
  private var toServer = DelayLine()
  private var toClient = DelayLine()
  /// Whether the client was the last to be given something.
  private var clientHasHeard = false

  init(client: Int32, limit: Limit?) {
    self.client = client
    self.limit = limit
    setNoDelay(client)
  }

  mutating func forgetTurn() {
    clientHasHeard = false
  }

  func register(_ id: Int, in wait: inout ProxyWait, now: ContinuousClock.Instant) {
    guard let server else { return wait.wakeAt(now) }
    toServer.register(id, from: client, to: server, in: &wait, now: now)
    toClient.register(id, from: server, to: client, in: &wait, now: now)
  }

  /// Moves what can be moved now; `false` when the connection has ended and its sockets are
  /// closed.
  mutating func advance(
    delay: Duration, target: UInt16, counters: inout FaultProxy.Counters
  ) -> Bool {
    do {
      let server = try connectedServer(target)
      let now = ContinuousClock.now
      if try toServer.read(from: client, due: now + delay), clientHasHeard {
        clientHasHeard = false
        counters.turns += 1
      }
      _ = try toClient.read(from: server, due: now + delay)
      let heardBefore = counters.bytesToClient
      defer { if counters.bytesToClient > heardBefore { clientHasHeard = true } }
      try write(.toServer, to: server, now: now, counter: &counters.bytesToServer)
      try write(.toClient, to: client, now: now, counter: &counters.bytesToClient)
    } catch let end as End {
      close(end.cut)
      return false
    } catch {
      close(.reset)
      return false
    }
    if toServer.isDone, toClient.isDone { close(.finish) }
    return !(toServer.isDone && toClient.isDone)
  }

  /// Closes both sockets.
  ///
  /// An orderly end reads what has arrived first, as the kernel answers
  /// with RST where a socket is closed over unread bytes.
  func close(_ how: FaultProxy.Cut) {
    for socket in [client, server].compactMap(\.self) {
      switch how {
      case .reset:
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
          socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
      case .finish:
        shutdown(socket, Int32(SHUT_WR))
        var unread = DelayLine()
        _ = try? unread.read(from: socket, due: .now)
      }
      Glibc.close(socket)
    }
  }

  /// The limit was reached.
  private struct End: Error {
    let cut: FaultProxy.Cut
  }

  private mutating func connectedServer(_ target: UInt16) throws -> Int32 {
    if let server { return server }
    let socket = try connectedSocket(port: target)
    setNonblocking(socket)
    setNoDelay(socket)
    server = socket
    return socket
  }

  private mutating func write(
    _ direction: FaultProxy.Direction, to socket: Int32, now: ContinuousClock.Instant,
    counter: inout Int
  ) throws {
    let most = limit.flatMap { $0.direction == direction ? $0.bytes : nil }
    let written =
      switch direction {
      case .toServer: try toServer.write(to: socket, now: now, most: most)
      case .toClient: try toClient.write(to: socket, now: now, most: most)
      }
    counter += written
    if let limit, let most {
      self.limit?.bytes = most - written
      if most == written { throw End(cut: limit.cut) }
    }
  }
}

/// Small writes must not wait for each other: that would be a delay of the proxy's own.
private func setNoDelay(_ socket: Int32) {
  var yes: Int32 = 1
  setsockopt(
    socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
}
