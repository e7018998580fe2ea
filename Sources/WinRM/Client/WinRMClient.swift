internal import FoundationEssentials
internal import HTTP
internal import Synchronization

/// Speaks with the shells of one Windows machine.
///
/// Requests may be made at the same time: each goes by a connection of its own, which is kept, with
/// its login, for the next. No request is ever sent a second time unless the machine has refused
/// the first for want of a login; a request without an answer is an error that says so
/// (``WinRMError/mayHaveHappened``).
public final class WinRMClient: Sendable {
  /// What every machine takes: the limit of Windows before anybody changed it, in bytes.
  public static let smallestEnvelope = 153_600
  /// The most bytes for an envelope that are used, whatever a machine would take.
  public static let largestEnvelope = 4 << 20
  /// Connections that are kept while they have nothing to do.
  private static let idleLimit = 3

  /// Where the machine is.
  public let endpoint: WinRMEndpoint
  private let credentials: WinRMCredentials
  private let options: WinRMOptions
  private let record: (@Sendable (RecordedExchange) -> Void)?
  private let state: Mutex<State>

  private struct State {
    var idle: [WinRMLink] = []
    var envelope: Envelope
  }

  /// A client, which connects with its first request.
  ///
  /// `record` is given each exchange that was completed.
  public init(
    _ endpoint: WinRMEndpoint, as credentials: WinRMCredentials,
    options: WinRMOptions = WinRMOptions(),
    record: (@Sendable (RecordedExchange) -> Void)? = nil
  ) {
    self.endpoint = endpoint
    self.credentials = credentials
    self.options = options
    self.record = record
    state = Mutex(
      State(
        envelope: Envelope(
          address: endpoint.address, session: UUID().uuidString, limit: Self.smallestEnvelope,
          operationTimeout: options.operationTimeout)))
  }

  /// The most bytes of standard input that one request takes.
  public var inputLimit: Int { state.withLock { $0.envelope.inputLimit } }

  /// Asks the machine how long envelopes may be, and uses that from now on.
  ///
  /// Only administrators are told; for others the limit stays ``smallestEnvelope``.
  /// - Throws: ``WinRMError``, or `CancellationError`.
  public func settle() async throws {
    switch try await answer(to: .configuration) {
    case .configuration(let settings):
      guard let limit = settings.envelopeLimit else { return }
      state.withLock { $0.envelope.limit = min(limit, Self.largestEnvelope) }
    default: return
    }
  }

  /// Makes a request and returns what the machine answered, a fault too.
  /// - Throws: ``WinRMError`` where no answer came or it can't be read; `CancellationError`.
  public func answer(to request: ShellRequest) async throws -> ShellReply {
    let message = UUID().uuidString
    let envelope = state.withLock { $0.envelope }
    let bytes = try envelope.bytes(of: request, message: message)
    let link = try takeLink()
    let (status, body) = try await link.exchange(bytes, for: request.name)
    // Only after an answer: any other end leaves the connection in a state that nobody knows.
    keep(link)
    record?(RecordedExchange(request, bytes, status: status, body))
    guard status == 200 || status == 500 && !body.isEmpty else {
      throw WinRMError(status: status, body: body, to: request, at: endpoint)
    }
    return try ShellReply.read(body, to: request, message: message)
  }

  private func takeLink() throws(WinRMError) -> WinRMLink {
    // The last one back is the first one out: its connection is the least likely to be stale.
    if let link = state.withLock({ $0.idle.popLast() }) { return link }
    return try WinRMLink(endpoint, as: credentials, limits: options.limits)
  }

  private func keep(_ link: WinRMLink) {
    state.withLock { if $0.idle.count < Self.idleLimit { $0.idle.append(link) } }
  }
}

extension WinRMError {
  /// For an answer of HTTP alone, as the web server of Windows gives while WinRM is down.
  fileprivate init(
    status: Int, body: [UInt8], to request: ShellRequest, at endpoint: WinRMEndpoint
  ) {
    let text = String(decoding: body.prefix(200), as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    // These are given before a request reaches WinRM.
    let isBefore = [400, 403, 404, 405, 411, 413, 503].contains(status)
    self.init(
      isBefore ? .unavailable : .badAnswer, "could not \(request.name)",
      "\(endpoint.address) answered \(status)" + (text.isEmpty ? "" : ": \(text)"),
      hint: "check that the service WinRM runs there and has a listener at this port")
  }
}
