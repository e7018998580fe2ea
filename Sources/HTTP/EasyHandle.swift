internal import CCurl
internal import Synchronization

/// One libcurl transfer handle, and the connections that it keeps open between its transfers.
///
/// It is driven through a multi handle of its own, because `curl_easy_perform` looks up only once
/// a second while a server is silent, and `curl_multi_wakeup` ends that wait at once. It is not
/// thread-safe but for ``wake()``.
struct EasyHandle: ~Copyable {
  /// Idle connections that one handle keeps.
  private static let connectionLimit = 4
  /// The longest wait for the network between two looks at whether to stop, in milliseconds.
  private static let pollMilliseconds: Int32 = 1000

  let easy: UnsafeMutableRawPointer
  private let multi: UnsafeMutableRawPointer
  private let message: UnsafeMutablePointer<CChar>
  private var list: UnsafeMutablePointer<curl_slist>?
  /// A body that is sent once, and how much of it is left.
  private var body: UnsafeMutableBufferPointer<CChar>
  private let unsent: UnsafeMutablePointer<kiln_body>
  /// Connections refer to it for as long as they stand.
  private let pin: UnsafeMutablePointer<kiln_pin>

  /// `nil` when libcurl is out of memory or could not be started.
  init?() {
    guard Self.isStarted, let easy = curl_easy_init() else { return nil }
    guard let multi = curl_multi_init() else {
      curl_easy_cleanup(easy)
      return nil
    }
    self.easy = easy
    self.multi = multi
    message = .allocate(capacity: Int(CURL_ERROR_SIZE))
    message.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    list = nil
    body = UnsafeMutableBufferPointer(start: nil, count: 0)
    unsent = .allocate(capacity: 1)
    unsent.initialize(to: kiln_body())
    pin = .allocate(capacity: 1)
    pin.initialize(to: kiln_pin())
    _ = kiln_multi_set_long(multi, CURLMOPT_MAXCONNECTS, Self.connectionLimit)
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_multi_cleanup(multi)
    curl_slist_free_all(list)
    message.deallocate()
    body.deallocate()
    unsent.deallocate()
    pin.deallocate()
  }

  /// Forgets the options of the last transfer; the connections stay.
  mutating func reset() {
    curl_easy_reset(easy)
    curl_slist_free_all(list)
    list = nil
    message.update(repeating: 0, count: Int(CURL_ERROR_SIZE))
    _ = kiln_set_pointer(easy, CURLOPT_ERRORBUFFER, message)
  }

  func set(_ option: CURLoption, _ value: Int) throws(CurlFailure) {
    try check(kiln_set_long(easy, option, value))
  }

  func set(_ option: CURLoption, _ value: String) throws(CurlFailure) {
    try check(kiln_set_text(easy, option, value))
  }

  /// Sends `lines` as header, each `Name: value`.
  mutating func set(headers lines: [String]) throws(CurlFailure) {
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        throw CurlFailure(code: CURLE_OUT_OF_MEMORY, text: "out of memory")
      }
      list = longer
    }
    try check(kiln_set_list(easy, CURLOPT_HTTPHEADER, list))
  }

  /// Sends `body`, of which libcurl makes a copy.
  func set(body: [UInt8]) throws(CurlFailure) {
    try check(
      kiln_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
    try check(
      body.withUnsafeBytes {
        // A null pointer would mean that a callback delivers the body.
        var nothing: UInt8 = 0
        guard let bytes = $0.baseAddress else {
          return kiln_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, &nothing)
        }
        return kiln_set_pointer(
          easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: bytes))
      })
  }

  /// Sends `bytes`, and never again: a request that may have been carried out fails instead.
  ///
  /// libcurl of itself repeats a request whose connection, used again, breaks before the answer.
  mutating func set(bodyOnce bytes: [UInt8]) throws(CurlFailure) {
    body.deallocate()
    body = .allocate(capacity: bytes.count)
    _ = body.initialize(from: bytes.lazy.map { CChar(bitPattern: $0) })
    unsent.pointee = kiln_body(bytes: UnsafePointer(body.baseAddress), left: bytes.count)
    try set(CURLOPT_POST, 1)
    try check(kiln_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count)))
    try check(kiln_set_body(easy, unsent))
  }

  /// Believes the certificate with this hash, and no other.
  func set(pin expected: CertificatePin) throws(CurlFailure) {
    pin.pointee.length = UInt32(expected.digest.count)
    withUnsafeMutableBytes(of: &pin.pointee.digest) { $0.copyBytes(from: expected.digest) }
    try check(kiln_set_pin(easy, pin))
  }

  /// The server's certificate in PEM form, where the last transfer made a TLS connection.
  var certificate: String? { kiln_get_certificate(easy).map { String(cString: $0) } }

  /// Transfers as the options say; blocks until it is over or `stop` is raised.
  func perform(until stop: StopFlag) throws(CurlFailure) {
    try check(curl_multi_add_handle(multi, easy))
    defer { curl_multi_remove_handle(multi, easy) }
    var running: Int32 = 1
    while true {
      if stop.isRaised { throw CurlFailure(code: CURLE_ABORTED_BY_CALLBACK, text: "stopped") }
      try check(curl_multi_perform(multi, &running))
      if running == 0 { break }
      try check(curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil))
    }
    var result = CURLE_OK
    guard kiln_multi_result(multi, &result) == 1 else {
      throw CurlFailure(code: CURLE_FAILED_INIT, text: "the transfer ended without a result")
    }
    try check(result)
  }

  /// A number that the last transfer left, or 0.
  func number(_ info: CURLINFO) -> Int {
    var value = 0
    return kiln_get_long(easy, info, &value) == CURLE_OK ? value : 0
  }

  /// A text that the last transfer left.
  func text(_ info: CURLINFO) -> String? {
    var value: UnsafePointer<CChar>?
    guard kiln_get_text(easy, info, &value) == CURLE_OK, let value else { return nil }
    return String(cString: value)
  }

  /// A time that the last transfer left.
  func time(_ info: CURLINFO) -> Duration {
    var value: curl_off_t = 0
    return kiln_get_offset(easy, info, &value) == CURLE_OK ? .microseconds(value) : .zero
  }

  /// Ends the wait of ``perform(until:)`` early, so that it looks at its flag; for any thread.
  var waker: Waker { Waker(multi: multi) }

  private func check(_ code: CURLcode) throws(CurlFailure) {
    guard code != CURLE_OK else { return }
    let own = String(cString: message)
    throw CurlFailure(
      code: code, text: own.isEmpty ? String(cString: curl_easy_strerror(code)) : own)
  }

  private func check(_ code: CURLMcode) throws(CurlFailure) {
    guard code != CURLM_OK else { return }
    throw CurlFailure(code: CURLE_FAILED_INIT, text: String(cString: curl_multi_strerror(code)))
  }

  private static let isStarted = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

/// Wakes a waiting transfer.
///
/// Unchecked, because it holds a bare pointer: libcurl allows `curl_multi_wakeup` from any thread,
/// and the owner of the handle keeps the handle alive for as long as it hands this out.
struct Waker: @unchecked Sendable {
  fileprivate let multi: UnsafeMutableRawPointer

  func callAsFunction() { curl_multi_wakeup(multi) }
}

/// Raised once, to stop a transfer.
package final class StopFlag: Sendable {
  private let raised = Atomic(false)

  var isRaised: Bool { raised.load(ordering: .acquiring) }

  func raise() { raised.store(true, ordering: .releasing) }
}

/// A result code of libcurl with its words.
struct CurlFailure: Error {
  let code: CURLcode
  let text: String
}
