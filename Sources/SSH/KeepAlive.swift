internal import CSSH2

/// When the server was asked for a sign of life, and how long it may take.
struct KeepAlive {
  /// libssh2 counts in whole seconds and sends no second request within two.
  private static let shortestInterval: Duration = .seconds(3)

  var interval: Duration = .seconds(10)
  var deadline: Duration = .seconds(20)
  /// When the request that is not answered yet was sent.
  private(set) var asked: ContinuousClock.Instant?
  private var earliest: ContinuousClock.Instant?
  private var taken: UInt64 = 0

  /// What to do now.
  enum Act { case nothing, ask, giveUp }

  /// When to look again, given when the last byte arrived.
  func next(after lastReceived: ContinuousClock.Instant) -> ContinuousClock.Instant {
    if let asked, lastReceived <= asked { return asked + deadline }
    let due = lastReceived + interval
    return earliest.map { max($0, due) } ?? due
  }

  /// What to do at `now`; `taken` is how many bytes the other side's system has taken in.
  ///
  /// While that grows, the request may only be waiting behind a long upload on a slow network.
  mutating func act(
    at now: ContinuousClock.Instant, lastReceived: ContinuousClock.Instant, taken: UInt64
  ) -> Act {
    guard now >= next(after: lastReceived) else { return .nothing }
    defer { self.taken = taken }
    if let asked, lastReceived <= asked {
      guard taken > self.taken else { return .giveUp }
      self.asked = now
      return .nothing
    }
    asked = now
    earliest = now + Self.shortestInterval
    return .ask
  }
}

extension Session {
  /// When to look again although nothing more arrives.
  var nextTimer: ContinuousClock.Instant? {
    guard failure == nil else { return nil }
    guard !hasNews else { return .now }
    let own: ContinuousClock.Instant? =
      switch phase {
      case .connecting(let deadline): deadline
      case .asking: nil
      case .ready: keepAlive.next(after: wire.lastReceived)
      }
    return ([own] + tunnels.map { $0.assumeIsolated { $0.nextTimer } }).compactMap(\.self).min()
  }

  func checkTimers() {
    guard failure == nil else { return }
    let now = ContinuousClock.now
    switch phase {
    case .asking: break
    case .connecting(let deadline):
      guard now >= deadline else { return }
      fail(
        SSHError(
          .connectTimedOut, "could not connect to \(target)",
          "the server took the connection but was not ready in time"))
    case .ready: askForSign(of: now)
    }
  }

  private func askForSign(of now: ContinuousClock.Instant) {
    switch keepAlive.act(at: now, lastReceived: wire.lastReceived, taken: wire.taken) {
    case .nothing: break
    case .ask:
      libssh2_keepalive_config(handle.pointer, 1, 2)
      var next: Int32 = 0
      if libssh2_keepalive_send(handle.pointer, &next) != 0 {
        _ = failed("lost the connection to \(target)")
      }
    case .giveUp:
      lose("no sign of life from the server for \(keepAlive.deadline)")
    }
  }
}
