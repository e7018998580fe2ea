public import SystemPackage
internal import Synchronization

/// Speaks HTTP through libcurl: proxies as the environment says (`https_proxy`, `no_proxy`),
/// certificates always checked, connections used again.
public struct HTTPClient: Sendable {
  /// Whose certificates are believed.
  public enum Trust: Sendable, Equatable {
    /// The certificate authorities of the system.
    case system
    /// The certificate authorities in this PEM file, and no others.
    case authorities(FilePath)
    /// The one certificate that this pin is of, whoever signed it and whatever it says.
    case pinned(CertificatePin)
  }

  /// What stands between this machine and the servers.
  public enum Route: Sendable, Equatable {
    /// A proxy where the environment names one (`https_proxy`, `no_proxy`).
    case environment
    /// Nothing, whatever the environment says: for addresses that mean this very machine.
    case direct
  }

  private let trust: Trust
  private let route: Route
  private let pool = WorkerPool()

  /// A client with connections of its own.
  public init(trust: Trust = .system, route: Route = .environment) {
    self.trust = trust
    self.route = route
  }

  /// Sends a request and reads the whole answer, whatever its status; redirects are followed for
  /// GET and HEAD, never from `https` to `http`, and `Authorization` and `Cookie` stay behind when
  /// the host changes.
  ///
  /// A POST is sent once, also where a connection that was used before breaks before the answer;
  /// only `retry` sends it again.
  ///
  /// A status that may pass (``HTTPError/isTransient``) is tried again as `retry` says, and is an
  /// error once its budget is spent; without a budget it is an answer as any other. Only a request
  /// that may be carried out twice should have one.
  /// - Throws: ``HTTPError``, or `CancellationError` when the task is cancelled.
  public func send(
    _ request: HTTPRequest, limits: HTTPLimits = .request, retry: Retry = .never
  ) async throws -> HTTPResponse {
    let operation = HTTPError.Operation.request(request.method)
    return try await retry.run {
      let sink = MemorySink()
      let answer = try await exchange(request, for: operation, limits: limits, into: sink)
      if retry.policy.tries > 1 {
        let error = HTTPError(operation, answer: answer.head, url: request.url, now: retry.now())
        if error.isTransient { throw error }
      }
      return HTTPResponse(answer, body: sink.bytes)
    }
  }

  /// Sends a request, redirects included, and gives the answer to `sink` as it arrives.
  func exchange(
    _ request: HTTPRequest, for operation: HTTPError.Operation, limits: HTTPLimits,
    into sink: any BodySink
  ) async throws -> Answer {
    let clock = ContinuousClock()
    let end = clock.now + limits.total
    var hop = request
    for _ in 0...max(0, limits.redirects) {
      try Task.checkCancellation()
      let left = max(clock.now.duration(to: end), .milliseconds(1))
      let order = Order(
        request: hop, trust: trust, route: route, limits: limits, left: left)
      let answer: Answer
      switch await pool.perform(order, into: sink) {
      case .success(let whole): answer = whole
      case .failure(.stopped): throw CancellationError()
      case .failure(.failed(let reason)): throw HTTPError(operation, hop.url, reason)
      }
      guard order.followsRedirects, answer.head.isRedirect, let target = answer.redirect else {
        return answer
      }
      guard let next = hop.redirected(to: target) else {
        throw HTTPError(operation, request.url, .insecureRedirect(to: redacted(url: target)))
      }
      hop = next
    }
    throw HTTPError(operation, request.url, .tooManyRedirects(limit: limits.redirects))
  }
}

/// What one transfer brought.
struct Answer: Sendable {
  let head: ResponseHead
  let url: String
  let redirect: String?
  let newConnections: Int
  let certificate: String?
}

extension HTTPResponse {
  init(_ answer: Answer, body: [UInt8]) {
    self.init(
      status: answer.head.status, headers: answer.head.headers, body: body, url: answer.url,
      newConnections: answer.newConnections,
      certificate: answer.certificate.flatMap(certificateBytes))
  }
}

extension HTTPRequest {
  /// The same request to `target`; `nil` where that would give up encryption.
  fileprivate func redirected(to target: String) -> HTTPRequest? {
    let from = Origin(url), to = Origin(target)
    guard from.scheme != "https" || to.scheme == "https" else { return nil }
    var next = self
    next.url = target
    if from != to {
      next.headers["Authorization"] = nil
      next.headers["Cookie"] = nil
    }
    return next
  }
}

/// Scheme, host and port of an address.
private struct Origin: Equatable {
  let scheme: String
  let authority: String

  init(_ url: String) {
    let parts = url.split(separator: ":", maxSplits: 1)
    scheme = parts.first.map { $0.lowercased() } ?? ""
    let rest = parts.count > 1 ? parts[1].drop { $0 == "/" } : ""
    let whole = rest.prefix { !"/?#".contains($0) }
    authority = (whole.split(separator: "@").last ?? whole).lowercased()
  }
}

/// Collects a body in memory.
final class MemorySink: BodySink {
  private let collected = Mutex<[UInt8]>([])

  var bytes: [UInt8] { collected.withLock { $0 } }

  func begin(_ head: ResponseHead) {
    collected.withLock { $0 = [] }
  }

  func write(_ bytes: UnsafeRawBufferPointer) {
    collected.withLock { $0.append(contentsOf: bytes) }
  }
}
