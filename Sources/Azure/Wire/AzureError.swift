internal import HTTP
public import Pipeline

/// A request that Azure refused or did not answer, or an operation that failed.
///
/// No text of it holds a token, a key or the signature of an address.
public struct AzureError: Error, Sendable, Equatable {
  /// What could not be done, as in `create /subscriptions/…`.
  public let operation: String
  /// The status of the answer; `nil` where there was none or where an operation failed later.
  public let status: Int?
  /// Azure's code of the error, the outermost; `nil` where it gave none.
  public let code: String?
  /// Azure's words, or why there are none.
  public let message: String
  /// The id by which Azure's support finds the request.
  public let requestID: String?
  /// What to do next, where there is something.
  public let hint: String?
  /// How often it was tried.
  public let tries: Int

  /// A failure that is not an answer of Azure.
  init(_ operation: String, _ message: String, hint: String? = nil) {
    self.init(
      operation, status: nil, code: nil, message: message, requestID: nil, hint: hint, tries: 1)
  }

  /// A connection that brought no answer.
  init(_ operation: String, _ error: HTTPError, tries: Int) {
    self.init(
      operation, status: nil, code: nil, message: "\(error.reason)", requestID: nil,
      hint: error.hint, tries: tries)
  }

  /// An answer that says no.
  init(_ operation: String, answer: HTTPResponse, tries: Int = 1) {
    let body = ARMErrorBody(answer)
    self.init(
      operation, status: answer.status, code: body.code, message: body.sentence,
      requestID: answer.headers["x-ms-request-id"],
      hint: Advice.hint(for: body, status: answer.status), tries: tries)
  }

  /// An operation that ended badly.
  init(_ operation: String, failed body: ARMErrorBody, requestID: String?) {
    self.init(
      operation, status: nil, code: body.code, message: body.sentence, requestID: requestID,
      hint: Advice.hint(for: body, status: nil), tries: 1)
  }

  private init(
    _ operation: String, status: Int?, code: String?, message: String, requestID: String?,
    hint: String?, tries: Int
  ) {
    self.operation = Scrubber.text(operation)
    self.status = status
    self.code = code
    self.message = Scrubber.text(message)
    self.requestID = requestID
    self.hint = hint
    self.tries = tries
  }

  /// The same with another hint.
  func hinting(_ hint: String) -> AzureError {
    AzureError(
      operation, status: status, code: code, message: message, requestID: requestID, hint: hint,
      tries: tries)
  }

  /// Whether Azure says that the thing is not there.
  public var isNotFound: Bool { status == 404 }

  /// Whether Azure gave this code, in any case.
  public func hasCode(_ code: String) -> Bool { self.code?.lowercased() == code.lowercased() }
}

extension AzureError: Hinting, ProviderFailure, CustomStringConvertible {
  /// What the user reads: `could not create …: SkuNotAvailable: The requested size …`.
  public var description: String {
    let shown = code.map { "\($0): " } ?? ""
    let answer = status.map { " (status \($0)" + (requestID.map { ", request \($0)" } ?? "") + ")" }
    let later = requestID.map { " (request \($0))" } ?? ""
    let often = tries > 1 ? " (tried \(tries) times)" : ""
    return "could not \(operation): \(shown)\(message)\(answer ?? later)\(often)"
  }
}
