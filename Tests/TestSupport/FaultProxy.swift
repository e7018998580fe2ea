internal import Foundation
internal import Synchronization

/// A TCP proxy on a loopback port that can be a bad network: slow, silent, cut, or closed.
///
/// It works with sockets on a thread of its own. Its methods act at once and return when it is
/// done. Every connection through it goes to one port of 127.0.0.1.
public final class FaultProxy: Sendable {
  /// One of the two ways that bytes go.
  public enum Direction: Sendable, CaseIterable {
    /// From the client, which connected to the proxy, to the server behind it.
    case toServer
    /// From the server to the client.
    case toClient
  }

  /// How a connection ends.
  public enum Cut: Sendable {
    /// By RST: both sides see a reset connection.
    case reset
    /// By FIN: both sides see the other's orderly end.
    case finish
  }

  /// What has passed since the proxy began, or since ``resetCounters()``.
  public struct Counters: Sendable, Equatable {
    /// Bytes handed to the server.
    public var bytesToServer = 0
    /// Bytes handed to the client.
    public var bytesToClient = 0
    /// Connections taken from clients.
    public var connections = 0
    /// How often a client spoke after it had been given something, over all connections.
    ///
    /// The conversation needed at most one round trip more than this, the TCP handshake left out.
    public var turns = 0
  }

  /// The loopback port for clients; it stays the same while ``refuse()`` is on.
  public let port: Int

  private let engine: Mutex<ProxyEngine>
  private let bell: Bell

  private init(port: Int, engine: consuming ProxyEngine, bell: Bell) {
    self.port = port
    self.bell = bell
    self.engine = Mutex(engine)
  }

  /// Starts a proxy to a port of 127.0.0.1, and ends it with all its connections when `body`
  /// returns or throws.
  public static func with<Value>(
    to target: Int, _ body: (FaultProxy) async throws -> Value
  ) async throws -> Value {
    let (port, engine) = try listening(target)
    let proxy = FaultProxy(port: port, engine: engine, bell: try Bell())
    let (ended, end) = AsyncStream<Void>.makeStream()
    let thread = Thread {
      proxy.serve()
      end.finish()
    }
    thread.name = "fault proxy"
    thread.start()
    let outcome = await outcome(of: { try await body(proxy) })
    proxy.change { $0.stop() }
    for await _ in ended {}
    return try outcome.get()
  }

  /// An engine at a port that was free a moment ago: where another test took it meanwhile, at
  /// another one.
  private static func listening(_ target: Int) throws -> (port: Int, engine: ProxyEngine) {
    for _ in 0..<10 {
      let port = try freePort()
      if let engine = try? ProxyEngine(port: port, target: target) { return (port, engine) }
    }
    let port = try freePort()
    return (port, try ProxyEngine(port: port, target: target))
  }

  /// Ends all connections that there are now; the proxy takes new ones.
  public func cut(_ how: Cut = .reset) {
    change { $0.cutAll(how) }
  }

  /// Ends the next new connection as soon as exactly `bytes` bytes have passed in one direction:
  /// those, and no more, are handed on.
  public func cut(after bytes: Int, _ direction: Direction, _ how: Cut = .reset) {
    change { $0.nextLimit = ProxyConnection.Limit(bytes: bytes, direction: direction, cut: how) }
  }

  /// Hands nothing on in either direction and closes nothing.
  ///
  /// New connections are taken and
  /// stalled. What the two sides send waits, as in a network that loses every packet.
  public func silence() {
    change { $0.silent = true }
  }

  /// Ends ``silence()``: all that waited is handed on.
  public func resume() {
    change { $0.silent = false }
  }

  /// Closes the port: new connections are refused, those that stand go on.
  public func refuse() {
    change { $0.refuse() }
  }

  /// Opens the port again after ``refuse()``.
  /// - Throws: ``KitError`` where another process has taken the port.
  public func accept() throws {
    try change { try $0.accept() }
  }

  /// How much later everything arrives, in each direction; order and bandwidth stay as they are.
  ///
  /// What is already on its way arrives as it was due. The TCP handshake is not delayed.
  public var delay: Duration {
    get { engine.withLock { $0.delay } }
    set { change { $0.delay = newValue } }
  }

  /// What has passed so far.
  public var counters: Counters {
    engine.withLock { $0.counters }
  }

  /// Sets all counters to zero; a client that speaks next begins no turn.
  public func resetCounters() {
    change { $0.resetCounters() }
  }

  private func change<Value: Sendable>(
    _ body: (inout ProxyEngine) throws -> sending Value
  ) rethrows -> Value {
    defer { bell.ring() }
    return try engine.withLock { try body(&$0) }
  }

  private func serve() {
    while let wait = engine.withLock({ $0.nextWait(bell: bell.receiver) }) {
      let ready = wait.poll()
      bell.quiet()
      engine.withLock { $0.serve(ready) }
    }
  }
}
