internal import CCurl

/// What libcurl's result codes mean to us (`libcurl-errors(3)`).
enum TransportCode {
  /// Faults that may be gone at the next try.
  static let transient: Set<Int32> = Set(
    [
      CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
      CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT,
      CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR,
      CURLE_SEND_FAIL_REWIND,
    ].map { Int32(bitPattern: $0.rawValue) })

  /// The server's certificate was not believed.
  static let certificateRejected = Int32(bitPattern: CURLE_PEER_FAILED_VERIFICATION.rawValue)

  /// Faults that come before the first byte of a request leaves.
  static let beforeSending: Set<Int32> = Set(
    [
      CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_COULDNT_RESOLVE_PROXY,
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
      CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
    ].map { Int32(bitPattern: $0.rawValue) })

  /// What the user can do about a code.
  static func hint(for code: Int32) -> String? {
    switch CURLcode(rawValue: UInt32(bitPattern: code)) {
    case CURLE_URL_MALFORMAT: "check the address: a space in it is written %20"
    case CURLE_UNSUPPORTED_PROTOCOL: "use an address that begins with https://"
    case CURLE_COULDNT_RESOLVE_HOST:
      "check the host name, this machine's DNS, and whether https_proxy must be set"
    case CURLE_COULDNT_RESOLVE_PROXY: "check the host name in https_proxy"
    case CURLE_COULDNT_CONNECT:
      "check host and port, and that a firewall or a proxy lets the connection through"
    case CURLE_PEER_FAILED_VERIFICATION:
      "the server's certificate is not trusted by this machine: check the clock and the host name; "
        + "if a proxy or a private CA signs here, add that CA to the system's certificates"
    case CURLE_SSL_CONNECT_ERROR: "check that this port speaks https, and TLS 1.2 or newer"
    case CURLE_SSL_CACERT_BADFILE: "check that the CA file exists and is in PEM form"
    default: nil
    }
  }
}
