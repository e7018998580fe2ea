internal import CCurl

/// Takes the answer to a request as it arrives.
protocol BodySink: AnyObject, Sendable {
  /// Called once, before the body; throws to refuse the answer.
  func begin(_ head: ResponseHead) throws(HTTPError.Reason)
  /// Called with each piece of the body; throws to end the transfer.
  func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPError.Reason)
}

/// Status and header of an answer.
struct ResponseHead: Sendable {
  var status = 0
  var headers = HTTPHeaders()

  /// The length of the body in bytes, where the server says it.
  var contentLength: Int64? { headers["Content-Length"].flatMap { Int64($0) } }

  /// Whether the answer sends the reader elsewhere (RFC 9110, 15.4).
  var isRedirect: Bool {
    [301, 302, 303, 307, 308].contains(status) && headers["Location"] != nil
  }
}

/// The state of one transfer, which libcurl's callbacks fill.
///
/// It lives on the transfer's queue.
final class Exchange {
  private(set) var head = ResponseHead()
  private(set) var received: Int64 = 0
  /// Why the sink ended the transfer.
  private(set) var refusal: HTTPError.Reason?

  private let sink: any BodySink
  private let bodyLimit: Int64
  private let redirects: Redirects
  private var isBody = false

  /// What happens to an answer that is a redirect.
  enum Redirects {
    /// It is given to the sink as any other.
    case deliver
    /// It is followed: its body goes nowhere.
    case follow
  }

  init(sink: any BodySink, bodyLimit: Int64, redirects: Redirects) {
    self.sink = sink
    self.bodyLimit = bodyLimit
    self.redirects = redirects
  }

  /// Whether the answer is a redirect that is to be followed.
  var isFollowed: Bool { redirects == .follow && head.isRedirect }

  /// Registers the callbacks; `self` must outlive the transfer.
  func attach(to handle: borrowing EasyHandle) {
    let me = Unmanaged.passUnretained(self).toOpaque()
    _ = kiln_set_pointer(handle.easy, CURLOPT_HEADERDATA, me)
    _ = kiln_set_pointer(handle.easy, CURLOPT_WRITEDATA, me)
    _ = kiln_set_callback(handle.easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, me in
      Exchange.call(me, bytes, size * count) { exchange, bytes throws(HTTPError.Reason) in
        try exchange.takeHeader(String(decoding: bytes, as: UTF8.self))
      }
    }
    _ = kiln_set_callback(handle.easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, me in
      Exchange.call(me, bytes, size * count) { exchange, bytes throws(HTTPError.Reason) in
        try exchange.takeBody(bytes)
      }
    }
  }

  /// Returns what libcurl expects: the count of bytes, or another number to end the transfer.
  private static func call(
    _ me: UnsafeMutableRawPointer?, _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int,
    _ body: (Exchange, UnsafeRawBufferPointer) throws(HTTPError.Reason) -> Void
  ) -> Int {
    guard let me else { return count == 0 ? 1 : 0 }
    let exchange = Unmanaged<Exchange>.fromOpaque(me).takeUnretainedValue()
    do {
      try body(exchange, UnsafeRawBufferPointer(start: bytes, count: count))
      return count
    } catch {
      exchange.refusal = error
      return count == 0 ? 1 : 0
    }
  }

  private func takeHeader(_ line: String) throws(HTTPError.Reason) {
    // After the body come trailers, which say nothing that we need.
    guard !isBody else { return }
    let text = line.trimmedASCII
    if text.isEmpty {
      // 1xx announces another header.
      guard head.status >= 200 else { return }
      isBody = true
      if let length = head.contentLength, length > bodyLimit {
        throw .tooLarge(limit: bodyLimit)
      }
      if !isFollowed { try sink.begin(head) }
    } else if text.hasPrefix("HTTP/") {
      head = ResponseHead()
      let words = text.split(separator: " ", maxSplits: 2)
      head.status = words.count > 1 ? Int(words[1]) ?? 0 : 0
    } else if let colon = text.firstIndex(of: ":") {
      head.headers.add(
        String(text[..<colon]), String(text[text.index(after: colon)...]).trimmedASCII)
    }
  }

  private func takeBody(_ bytes: UnsafeRawBufferPointer) throws(HTTPError.Reason) {
    received += Int64(bytes.count)
    guard received <= bodyLimit else { throw .tooLarge(limit: bodyLimit) }
    if !isFollowed { try sink.write(bytes) }
  }
}

extension String {
  /// The text without spaces, tabs and line ends around it.
  fileprivate var trimmedASCII: String {
    let blank: Set<UInt8> = [0x20, 0x09, 0x0d, 0x0a]
    let bytes = Array(utf8)
    guard let first = bytes.firstIndex(where: { !blank.contains($0) }),
      let last = bytes.lastIndex(where: { !blank.contains($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }
}
