internal import Glibc
internal import HTTP
internal import Pipeline

extension AzureAccess {
  /// The range of addresses that a build VM lets in: `text` itself, or what a service at the address
  /// `text` says of us.
  /// - Throws: ``AzureError`` where it is no address of IPv4 or IPv6, or the service does not answer.
  public func ownRange(_ text: String) async throws -> String {
    guard text.hasPrefix("https://") else { return try Self.range(text, from: "--my-address") }
    let operation = "ask \(text) for our own address"
    let answer: HTTPResponse
    do {
      answer = try await arm.wire.send(
        HTTPRequest(.get, text), for: operation, retry: Self.patience)
    } catch let error as AzureError {
      throw error.hinting(Self.hint)
    }
    guard answer.status == 200 else {
      throw AzureError(
        operation, "it answered with status \(answer.status)", hint: Self.hint)
    }
    return try Self.range(answer.text, from: text)
  }

  /// Somebody waits for it, and can say the address as well.
  private static let patience = RetryPolicy(tries: 3, total: .seconds(20))

  private static let hint = "give your address as Azure sees it: --my-address 203.0.113.7"

  private static func range(_ text: String, from place: String) throws(AzureError) -> String {
    let text = text.filter { !$0.isWhitespace }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let address = String(parts[0])
    let longest = isAddress(address, AF_INET) ? 32 : isAddress(address, AF_INET6) ? 128 : 0
    let bits = parts.count == 1 ? longest : Int(parts[1]) ?? 0
    // A range of all addresses would let in everybody.
    guard bits > 0, bits <= longest else {
      throw AzureError(
        "use the address that \(place) says", "`\(text.prefix(60))` is none",
        hint: hint)
    }
    return "\(address)/\(bits)"
  }

  private static func isAddress(_ text: String, _ family: Int32) -> Bool {
    // Room for an address of IPv6, which the older one fits into.
    withUnsafeTemporaryAllocation(byteCount: 16, alignment: 8) {
      inet_pton(family, text, $0.baseAddress) == 1
    }
  }
}
