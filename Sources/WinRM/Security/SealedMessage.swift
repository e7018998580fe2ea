/// How sealed messages travel over HTTP (MS-WSMV 2.2.9.1): a body of one part, of which the header
/// tells what the message was, and the rest is its signature and its sealed bytes.
enum SealedMessage {
  private static let boundary = "Encrypted Boundary"
  private static let soap = "application/soap+xml;charset=UTF-8"
  /// The bytes of a signature of NTLM (MS-NLMP 2.2.2.9), which come before the sealed ones.
  private static let signatureLength = 16

  static let contentType =
    "multipart/encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\";"
    + "boundary=\"\(boundary)\""

  /// The body for a sealed message whose plain form has `plainLength` bytes.
  static func body(_ sealed: [UInt8], plainLength: Int) -> [UInt8] {
    // Windows wants the tabs.
    let head =
      "--\(boundary)\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n"
      + "\tOriginalContent: type=\(soap);Length=\(plainLength)\r\n--\(boundary)\r\n"
      + "\tContent-Type: application/octet-stream\r\n"
    let length = (0..<4).map { UInt8(truncatingIfNeeded: signatureLength >> (8 * $0)) }
    return Array(head.utf8) + length + sealed + Array("--\(boundary)--\r\n".utf8)
  }

  /// The sealed message in a body, signature first; `nil` where it is none, or longer than it says.
  static func sealed(in body: [UInt8]) -> [UInt8]? {
    let mark = Array("application/octet-stream\r\n".utf8)
    // The header of the parts is short; what is sealed may hold anything.
    let starts = body.indices.prefix(1024)
    guard let start = starts.first(where: { body[$0...].starts(with: mark) }) else { return nil }
    var rest = body[(start + mark.count)...]
    guard rest.count >= 4 + signatureLength else { return nil }
    let length = rest.prefix(4).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    guard length == signatureLength else { return nil }
    rest = rest.dropFirst(4)
    for end in ["--\(boundary)--\r\n", "--\(boundary)--"] where rest.ends(with: Array(end.utf8)) {
      return Array(rest.dropLast(end.utf8.count))
    }
    return nil
  }
}

extension ArraySlice<UInt8> {
  fileprivate func ends(with other: [UInt8]) -> Bool {
    count >= other.count && suffix(other.count).elementsEqual(other)
  }
}
