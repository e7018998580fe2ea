internal import CSSH2

extension Session {
  /// Makes the connection ready for commands.
  func prepare(_ options: SSHOptions) async throws {
    keepAlive.interval = options.keepAliveInterval
    keepAlive.deadline = options.keepAliveDeadline
    try await shakeHands(try HostKeyCheck(target, options))
    try await authenticate(options)
    phase = .ready
  }

  /// A session with `target` through this one.
  func tunnel(to target: ResolvedTarget, by deadline: ContinuousClock.Instant) async throws
    -> Session
  {
    let channel = try await openChannel(
      .tunnel(host: target.host, port: target.port),
      "could not connect to \(target) through \(self.target)")
    let inner = try Session(over: self, channel: channel, to: target, by: deadline)
    tunnels.append(inner)
    return inner
  }

  /// Whether the session goes over this link.
  nonisolated func uses(_ link: ObjectIdentifier) -> Bool {
    assumeIsolated { ObjectIdentifier($0.wire.link) == link }
  }

  /// Tells the server that this side leaves, and ends the connection.
  func disconnect() {
    if failure == nil {
      libssh2_session_disconnect_ex(
        handle.pointer, SSH_DISCONNECT_BY_APPLICATION, "done", "")
      wire.flush()
    }
    fail(SSHError(.closed, "could not use the connection to \(target)", "it was closed"))
  }
}
