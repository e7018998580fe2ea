internal import CSSH2
internal import Synchronization

/// A connection to a machine, on which commands are run.
///
/// It ends with ``close()``, when the other side breaks it, or with its last reference.
public final class SSHConnection: Sendable {
  private let session: Session
  /// The sessions with the jump hosts, which this one goes through.
  private let hops: [Session]

  private init(_ session: Session, hops: [Session]) {
    self.session = session
    self.hops = hops
  }

  deinit {
    session.abandon()
    for hop in hops { hop.abandon() }
  }

  /// Connects, checks the host key and logs in, through the jump hosts of `target` if it has any.
  /// - Throws: ``SSHError``, or `CancellationError` when the task is cancelled.
  public static func connect(
    to target: ResolvedTarget, options: SSHOptions
  ) async throws -> SSHConnection {
    var sessions: [Session] = []
    do {
      for hop in target.jumps + [target] {
        let session = try await session(to: hop, over: sessions.last, options)
        sessions.append(session)
        try await session.prepare(options)
      }
    } catch {
      for session in sessions.reversed() { session.abandon() }
      throw error
    }
    guard let last = sessions.popLast() else { throw CancellationError() }
    return SSHConnection(last, hops: sessions)
  }

  private static func session(
    to target: ResolvedTarget, over outer: Session?, _ options: SSHOptions
  ) async throws -> Session {
    let deadline = ContinuousClock.now + options.connectTimeout
    if let outer { return try await outer.tunnel(to: target, by: deadline) }
    let dialer = Dialer(
      target: target, deadline: deadline, operation: "could not connect to \(target)")
    return try Session(try await dialer.dial(), to: target, by: deadline)
  }

  /// Has the server start `command`, as its user's login shell understands it, without a terminal.
  /// - Throws: ``SSHError``, or `CancellationError` when the task is cancelled.
  public func open(_ command: String) async throws -> SSHChannel {
    let id = try await session.openChannel(
      .command(command), "could not start a command on \(session.target)")
    return SSHChannel(session, id: id)
  }

  /// Says goodbye to the server and ends the connection; never waits for an answer.
  public func close() async {
    await session.disconnect()
    for hop in hops.reversed() { await hop.disconnect() }
  }

  /// Whether the connection can be used, as far as is known.
  public var isOpen: Bool { session.isUp.load(ordering: .relaxed) }

  /// The bytes that went over the connection so far.
  public var traffic: SSHTraffic { session.counters.value }

  /// What the server calls itself, with the version of SSH before it: `SSH-2.0-OpenSSH_9.2p1 Debian`.
  public var serverSoftware: String { get async { await session.serverSoftware } }

  /// Where the connection goes.
  public var target: ResolvedTarget { session.target }
}

extension Session {
  /// The server's first line; empty before it has come.
  var serverSoftware: String {
    libssh2_session_banner_get(handle.pointer).map { String(cString: $0) } ?? ""
  }
}
