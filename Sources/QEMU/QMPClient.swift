internal import Dispatch
internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// The conversation with one QEMU, over QMP.
///
/// Any number of tasks may send commands at the same time.
public final class QMPClient: Sendable {
  /// How long QEMU may take to answer; it answers within milliseconds unless the host is stuck.
  public static let replyLimit = Duration.seconds(20)

  private struct State {
    var pending: [Int: CheckedContinuation<[UInt8], any Error>] = [:]
    var lastID = 0
    var closed = false
    var events: [Int: AsyncStream<QMPEvent>.Continuation] = [:]
  }

  private let socket: Int32
  private let reader: SocketReader
  private let state = Mutex(State())
  private let splitter = Mutex(LineSplitter())
  /// Whether QEMU has greeted; not, where it ended before.
  private let greeting = Latch<Bool>()
  private let ending = Latch<Void>()
  private let observer: @Sendable (QMPEvent) -> Void

  /// Takes over a connected socket and starts to listen.
  ///
  /// `observer` sees every event before anyone else, one at a time and in order.
  init(owning socket: Int32, observer: @escaping @Sendable (QMPEvent) -> Void = { _ in }) {
    self.socket = socket
    self.observer = observer
    var limit = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    reader = SocketReader(owning: socket, label: "kiln.qmp")
    reader.start(
      bytes: { [weak self] in self?.receive($0) }, end: { [weak self] in self?.close() })
  }

  /// Waits for QEMU's greeting and ends the negotiation; commands work from then on.
  func negotiate() async throws {
    switch try await greeting.get(within: Self.replyLimit) {
    case true?: _ = try await execute(.capabilities)
    case false?: throw QEMUError(.ended, "could not talk to QEMU", "QEMU is gone")
    case nil:
      throw QEMUError(
        .noAnswer, "could not talk to QEMU", "no greeting within \(Self.replyLimit)")
    }
  }

  /// Sends a command and waits for its answer.
  /// - Parameters:
  ///   - command: What to do.
  ///   - file: A descriptor that goes with the command, where it takes one.
  ///   - limit: How long to wait for the answer. The command itself can't be called back.
  /// - Returns: QEMU's answer.
  /// - Throws: ``QEMUError``; of the kind ``QEMUError/Kind/refused(_:)`` where QEMU refused.
  public func execute<Reply>(
    _ command: QMPCommand<Reply>, handing file: Int32? = nil, limit: Duration = replyLimit
  ) async throws -> Reply {
    let id = state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
    let operation = Self.operation(command.name)
    let line: [UInt8]
    do {
      line = try command.line(id: id)
    } catch {
      throw QEMUError(.badSpec, operation, "its arguments can't be written as JSON")
    }
    let answer: [UInt8]
    do {
      answer = try await exchange(id, line, file, limit: limit)
    } catch let failure as Failure {
      throw failure.error(operation)
    }
    do {
      return try JSONDecoder().decode(Answer<Reply>.self, from: Data(answer)).return
    } catch {
      let beginning = legible(String(decoding: answer.prefix(200), as: UTF8.self))
      throw QEMUError(
        .protocolViolation, operation, "the answer is none to this command: \(beginning)")
    }
  }

  /// Everything that happens from now on; the stream ends when QEMU does.
  ///
  /// Who reads too slowly loses the oldest of 256 events.
  public func events() -> AsyncStream<QMPEvent> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: QMPEvent.self, bufferingPolicy: .bufferingNewest(256))
    let id = state.withLock { state -> Int? in
      guard !state.closed else { return nil }
      state.lastID += 1
      state.events[state.lastID] = continuation
      return state.lastID
    }
    guard let id else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLock { $0.events.removeValue(forKey: id) }
    }
    return stream
  }

  /// Waits until QEMU has closed the conversation: every event was seen by then.
  func closed() async throws { try await ending.get() }

  private static func operation(_ command: String) -> String {
    "could not have QEMU do `\(command)`"
  }

  private struct Answer<Reply: Decodable>: Decodable { let `return`: Reply }
}

// MARK: - One exchange

extension QMPClient {
  /// Why an exchange failed; the command's name is added where it is known.
  private enum Failure: Error {
    case refused(QMPError)
    case silence(Duration)
    case unreadable(String)
    case closed

    func error(_ operation: String) -> QEMUError {
      switch self {
      case .refused(let error): QEMUError(.refused(error), operation, error.text)
      case .silence(let limit): QEMUError(.noAnswer, operation, "no answer within \(limit)")
      case .unreadable(let line):
        QEMUError(.protocolViolation, operation, "QEMU sent something else than QMP: \(line)")
      case .closed: QEMUError(.ended, operation, "QEMU is gone")
      }
    }
  }

  private func exchange(
    _ id: Int, _ line: [UInt8], _ file: Int32?, limit: Duration
  ) async throws -> [UInt8] {
    let handed = try file.map(HandedFile.init)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let refusal = state.withLock { state -> (any Error)? in
          if state.closed { return Failure.closed }
          if Task.isCancelled { return CancellationError() }
          state.pending[id] = continuation
          return nil
        }
        if let refusal { return continuation.resume(throwing: refusal) }
        reader.queue.async { self.send(line, handed) }
        let seconds = limit / .seconds(1)
        reader.queue.asyncAfter(deadline: .now() + seconds) { [weak self] in
          self?.finish(id, .failure(Failure.silence(limit)))
        }
      }
    } onCancel: {
      finish(id, .failure(CancellationError()))
    }
  }

  /// Ends one exchange; without effect where it has ended.
  private func finish(_ id: Int, _ result: Result<[UInt8], any Error>) {
    let continuation = state.withLock { $0.pending.removeValue(forKey: id) }
    continuation?.resume(with: result)
  }

  private func finishAll(_ failure: Failure) {
    let all = state.withLock { state in
      defer { state.pending = [:] }
      return Array(state.pending.values)
    }
    for continuation in all { continuation.resume(throwing: failure) }
  }

  private func send(_ line: [UInt8], _ file: HandedFile?) {
    var sent = 0
    while sent < line.count, ending.current == nil {
      let count =
        if sent == 0, let file {
          file.send(with: line, on: socket)
        } else {
          line.withUnsafeBytes {
            Glibc.send(
              socket, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
          }
        }
      if count > 0 {
        sent += count
      } else if errno != EINTR {
        // A line that was sent in part can't be mended: nothing after it would be understood.
        return close()
      }
    }
  }
}

// MARK: - What arrives; on the queue

extension QMPClient {
  private func receive(_ bytes: ArraySlice<UInt8>) {
    guard let lines = splitter.withLock({ $0.add(bytes) }) else { return close() }
    for line in lines { take(QMPMessage(line)) }
  }

  private func close() {
    reader.stop()
    let events = state.withLock { state in
      state.closed = true
      defer { state.events = [:] }
      return Array(state.events.values)
    }
    greeting.set(false)
    finishAll(.closed)
    for continuation in events { continuation.finish() }
    ending.set(())
  }

  private func take(_ message: QMPMessage) {
    switch message {
    case .greeting: greeting.set(true)
    case .reply(let id, let line): finish(id, .success(line))
    case .refusal(let id?, let error): finish(id, .failure(Failure.refused(error)))
    case .refusal(nil, let error): finishAll(.refused(error))
    case .event(let event):
      observer(event)
      for continuation in state.withLock({ Array($0.events.values) }) { continuation.yield(event) }
    case .unreadable(let beginning): finishAll(.unreadable(beginning))
    }
  }
}
