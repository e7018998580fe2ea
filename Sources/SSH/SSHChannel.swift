/// A command that runs on the other side: its input, its output and how it ends.
///
/// All of it can be used from several tasks at once. A cancelled wait ends with
/// `CancellationError` at once and harms neither the channel nor the connection, except that a
/// cancelled ``write(_:)`` may have sent a part, so that the channel takes no more input.
public final class SSHChannel: Sendable {
  private let session: Session
  private let id: Int

  init(_ session: Session, id: Int) {
    self.session = session
    self.id = id
  }

  deinit {
    session.loop.perform { [session, id] in
      session.assumeIsolated { $0.closeChannel(id) }
    }
  }

  /// Sends all of `bytes` to the command's standard input, as fast as the other side takes them.
  /// - Throws: ``SSHError``, or `CancellationError` when the task is cancelled.
  public func write(_ bytes: [UInt8]) async throws { try await session.write(bytes, to: id) }

  /// Ends the command's standard input.
  /// - Throws: ``SSHError``, or `CancellationError` when the task is cancelled.
  public func finishInput() async throws { try await session.finishInput(of: id) }

  /// The next piece of output, at most 256 KiB; `nil` at the end of both streams.
  /// - Throws: ``SSHError``, or `CancellationError` when the task is cancelled.
  public func read() async throws -> SSHOutput? { try await session.read(from: id) }

  /// How the command ended; waits until the server says it.
  ///
  /// While it waits, output is not read:
  /// a command that writes more than 4 MiB meanwhile stands still until someone reads.
  /// - Throws: ``SSHError``, or `CancellationError` when the task is cancelled.
  public func exit() async throws -> SSHExit { try await session.exit(of: id) }

  /// Gives the command up: the server is told to close the channel.
  ///
  /// Does not wait for that.
  public func close() async { await session.closeChannel(id) }
}
