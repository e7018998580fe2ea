internal import CCurl
internal import Dispatch
internal import Synchronization
internal import SystemPackage

/// One transfer to do.
struct Order: Sendable {
  let request: HTTPRequest
  let trust: HTTPClient.Trust
  let route: HTTPClient.Route
  let limits: HTTPLimits
  /// What is left of the time for the whole exchange.
  let left: Duration
  var line = Line.any

  /// Which connection the request goes by.
  enum Line {
    /// Any that leads there, also by a proxy.
    case any
    /// The worker's own, straight to the server, with one request after the other.
    case own
  }

  /// Only where a second request can do no harm.
  var followsRedirects: Bool {
    line == .any && (request.method == .get || request.method == .head)
  }
}

/// Why a transfer brought no answer.
enum TransferFailure: Error {
  /// The task was cancelled.
  case stopped
  case failed(HTTPError.Reason)
}

/// The workers of one client.
///
/// There are as many as transfers at the same time, which is for the callers to bound.
final class WorkerPool: Sendable {
  /// Workers, and so connections, that are kept while they have nothing to do.
  private static let idleLimit = 8

  private let idle = Mutex<[Worker]>([])

  /// Performs `order` off the cooperative threads; returns soon after the task was cancelled.
  func perform(
    _ order: Order, into sink: any BodySink
  ) async -> Result<Answer, TransferFailure> {
    // The last one back is the first one out: its connection is the least likely to be stale.
    guard let worker = idle.withLock({ $0.popLast() }) ?? Worker() else {
      return .failure(
        .failed(.transport(code: Int32(CURLE_FAILED_INIT.rawValue), text: "libcurl did not start")))
    }
    let result = await worker.perform(order, into: sink)
    idle.withLock { if $0.count < Self.idleLimit { $0.append(worker) } }
    return result
  }
}

/// A libcurl handle with a serial queue for it: libdispatch gives each a thread of its own, so that
/// a silent server holds up nothing else.
///
/// Unchecked, because the handle is not thread-safe: only blocks on `queue` touch it.
final class Worker: @unchecked Sendable {
  private let queue = DispatchQueue(label: "kiln.http.transfer")
  private var handle: EasyHandle
  private let wake: Waker

  init?() {
    guard let handle = EasyHandle() else { return nil }
    wake = handle.waker
    self.handle = handle
  }

  func perform(_ order: Order, into sink: any BodySink) async -> Result<Answer, TransferFailure> {
    let stop = StopFlag()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.async { continuation.resume(returning: self.run(order, into: sink, until: stop)) }
      }
    } onCancel: {
      stop.raise()
      wake()
    }
  }

  private func run(
    _ order: Order, into sink: any BodySink, until stop: StopFlag
  ) -> Result<Answer, TransferFailure> {
    let exchange = Exchange(
      sink: sink, bodyLimit: order.request.method == .head ? .max : order.limits.bodyBytes,
      redirects: order.followsRedirects ? .follow : .deliver)
    // libcurl holds it by a bare pointer.
    defer { withExtendedLifetime(exchange) {} }
    let clock = ContinuousClock()
    let start = clock.now
    do throws(CurlFailure) {
      handle.reset()
      if let name = order.request.headers.firstUnsendable {
        return .failure(.failed(.badHeader(name: name)))
      }
      try handle.configure(order)
      exchange.attach(to: handle)
      try handle.perform(until: stop)
    } catch {
      if stop.isRaised { return .failure(.stopped) }
      let elapsed = start.duration(to: clock.now)
      return .failure(.failed(reason(for: error, order, exchange, after: elapsed)))
    }
    return .success(
      Answer(
        head: exchange.head, url: handle.text(CURLINFO_EFFECTIVE_URL) ?? order.request.url,
        redirect: handle.text(CURLINFO_REDIRECT_URL),
        newConnections: handle.number(CURLINFO_NUM_CONNECTS), certificate: handle.certificate))
  }

  /// libcurl measures by another clock, and fired a little early by ours: once in 16 runs of the
  /// tests.
  private static let clockTolerance = Duration.milliseconds(10)

  private func reason(
    for failure: CurlFailure, _ order: Order, _ exchange: Exchange, after elapsed: Duration
  ) -> HTTPError.Reason {
    if let refusal = exchange.refusal { return refusal }
    switch failure.code {
    case CURLE_OPERATION_TIMEDOUT:
      if elapsed + Self.clockTolerance + order.left / 100 >= order.left {
        return .timedOut(.end, after: order.limits.total)
      }
      return handle.time(CURLINFO_PRETRANSFER_TIME_T) == .zero
        ? .timedOut(.connection, after: order.limits.connect)
        : .timedOut(.data, after: order.limits.stall)
    case CURLE_PARTIAL_FILE:
      return .truncated(
        received: exchange.received, expected: exchange.head.contentLength ?? exchange.received)
    case CURLE_SEND_FAIL_REWIND:
      // It would have sent the request again; see `set(bodyOnce:)`.
      return .transport(
        code: Int32(failure.code.rawValue), text: "the connection broke before the answer")
    default:
      return .transport(code: Int32(failure.code.rawValue), text: failure.text)
    }
  }
}

extension EasyHandle {
  /// Sets everything that `order` asks for.
  fileprivate mutating func configure(_ order: Order) throws(CurlFailure) {
    try set(CURLOPT_URL, order.request.url)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_FOLLOWLOCATION, 0)
    try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
    try configureLimits(order)
    try configureTrust(order.trust)
    if order.line == .own { try configureOwnLine() }
    // A name that matches every host.
    if order.route == .direct { try set(CURLOPT_NOPROXY, "*") }
    try set(CURLOPT_CUSTOMREQUEST, order.request.method.rawValue)
    switch order.request.method {
    case .head: try set(CURLOPT_NOBODY, 1)
    case .post: try set(bodyOnce: order.request.body)
    case .put, .patch: try set(body: order.request.body)
    case .get, .delete: if !order.request.body.isEmpty { try set(body: order.request.body) }
    }
    try set(headers: order.request.headers.lines)
  }

  private func configureLimits(_ order: Order) throws(CurlFailure) {
    try set(CURLOPT_CONNECTTIMEOUT_MS, order.limits.connect.milliseconds)
    try set(CURLOPT_TIMEOUT_MS, order.left.milliseconds)
    try set(CURLOPT_LOW_SPEED_LIMIT, max(1, order.limits.stallBytesPerSecond))
    try set(CURLOPT_LOW_SPEED_TIME, max(1, order.limits.stall.milliseconds / 1000))
    // No SIGALRM in a program with threads; and don't wait for a name server after a cancel.
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_QUICK_EXIT, 1)
  }

  private func configureOwnLine() throws(CurlFailure) {
    try set(CURLOPT_NOPROXY, "*")
    // Later versions carry many requests at once, and so none that belongs to a login.
    try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
    // So that each connection shows a certificate.
    try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    try set(CURLOPT_CERTINFO, 1)
  }

  private func configureTrust(_ trust: HTTPClient.Trust) throws(CurlFailure) {
    try set(CURLOPT_SSL_VERIFYPEER, 1)
    try set(CURLOPT_SSL_VERIFYHOST, 2)
    try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    switch trust {
    case .system: break
    case .authorities(let file):
      try set(CURLOPT_CAINFO, file.string)
      // Else the system's directory of certificates is believed as well.
      try set(CURLOPT_CAPATH, "/dev/null")
    case .pinned(let pin):
      try set(pin: pin)
      // The certificate is the right one, whatever name it was made for.
      try set(CURLOPT_SSL_VERIFYHOST, 0)
      try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
    }
  }
}

extension HTTPHeaders {
  /// The name of the first field that would break the header apart.
  fileprivate var firstUnsendable: String? {
    fields.first { field in
      field.name.isEmpty || field.name.utf8.contains { $0 <= 0x20 || $0 == 0x3a || $0 == 0x7f }
        || field.value.utf8.contains { $0 == 0 || $0 == 0x0a || $0 == 0x0d }
    }?.name
  }

  /// The fields as libcurl takes them, with those of its own that nobody asked for taken away.
  fileprivate var lines: [String] {
    var lines = fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    if self["Content-Type"] == nil { lines.append("Content-Type:") }
    if self["Expect"] == nil { lines.append("Expect:") }
    if self["User-Agent"] == nil { lines.append("User-Agent: kiln") }
    return lines
  }
}

extension Duration {
  /// In whole milliseconds, at least one: libcurl reads 0 as "without limit".
  fileprivate var milliseconds: Int {
    let (seconds, attoseconds) = components
    guard seconds < Int64.max / 2000 else { return Int.max / 2 }
    return max(1, Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
  }
}
