/// A request with its answer, both as they were before any sealing: what a set of recordings to
/// replay is made of.
///
/// It holds all that was said, command lines and input too, but nothing of a login: whoever keeps it
/// takes out what is secret.
public struct RecordedExchange: Sendable, Equatable, Codable {
  /// The action of the request, an address.
  public let action: String
  /// The status of the answer.
  public let status: Int
  /// The envelope that was sent.
  public let request: String
  /// The body of the answer.
  public let response: String

  init(_ request: ShellRequest, _ envelope: [UInt8], status: Int, _ body: [UInt8]) {
    action = request.action
    self.status = status
    self.request = String(decoding: envelope, as: UTF8.self)
    response = String(decoding: body, as: UTF8.self)
  }
}
