internal import CCurl

/// One connection to a server, for exchanges that belong to a connection, as a login by NTLM does.
///
/// It goes straight to the server, whatever proxies the environment names, by HTTP/1.1, with one
/// request after the other, and stays open between them for as long as the server lets it. Where
/// it broke, the next request opens another: ``HTTPResponse/newConnections`` tells.
public final class HTTPConnection: Sendable {
  private let trust: HTTPClient.Trust
  private let worker: Worker

  /// A connection that opens with its first request.
  /// - Throws: ``HTTPError`` where libcurl can't be started; `url` is the address for that error.
  public init(to url: String, trust: HTTPClient.Trust) throws {
    guard let worker = Worker() else {
      throw HTTPError(
        .request(.get), url,
        .transport(code: Int32(CURLE_FAILED_INIT.rawValue), text: "libcurl did not start"))
    }
    self.worker = worker
    self.trust = trust
  }

  /// Sends a request and reads the whole answer, whatever its status; a redirect is an answer.
  ///
  /// A POST is sent once, also where the connection breaks before the answer.
  /// - Throws: ``HTTPError``, which leaves open whether the server has carried the request out
  ///   unless ``HTTPError/wasNeverSent`` says so, or `CancellationError` when the task is
  ///   cancelled.
  public func send(_ request: HTTPRequest, limits: HTTPLimits) async throws -> HTTPResponse {
    try Task.checkCancellation()
    let sink = MemorySink()
    let order = Order(
      request: request, trust: trust, route: .environment, limits: limits, left: limits.total,
      line: .own)
    switch await worker.perform(order, into: sink) {
    case .success(let answer): return HTTPResponse(answer, body: sink.bytes)
    case .failure(.stopped): throw CancellationError()
    case .failure(.failed(let reason)):
      throw HTTPError(.request(request.method), request.url, reason)
    }
  }
}
