internal import HTTP

/// How an operation that takes its time goes on, by what Resource Manager answered: the algorithm
/// of `azure.md` 1.2, without the requests themselves.
struct Operation: Sendable, Equatable {
  /// Where to look how far it is.
  enum Watch: Sendable, Equatable {
    /// `Azure-AsyncOperation`: its body has a status.
    case status(url: String)
    /// `Location`: its status says it.
    case location(url: String)
    /// The resource itself: its `provisioningState`.
    case resource
    /// Nowhere: it has ended.
    case ended
  }

  /// Where its result is.
  ///
  /// Compute gives the result of a POST at its `Location` as well; in all recordings the status has
  /// it, too, and so it is not asked for twice.
  enum Result: Sendable, Equatable {
    /// What the last answer holds, in a status in `properties.output`.
    case answer
    /// The resource.
    case resource
  }

  /// What one look at it brought.
  enum Progress: Sendable, Equatable {
    /// It goes on; look again after the wait that was asked for.
    case running
    /// It has ended well.
    case succeeded
    /// It has ended badly.
    case failed(ARMErrorBody)
  }

  /// Where to look how far it is; opaque, and kept as it came.
  private(set) var watch: Watch
  /// Where its result is.
  let result: Result

  /// States from which nothing changes any more; all others mean that it goes on.
  private static let ends: Set<String> = ["succeeded", "failed", "canceled", "cancelled"]

  /// What the first answer to a request begins.
  init(_ verb: ARMRequest.Verb, answer: HTTPResponse) {
    let status = answer.headers["Azure-AsyncOperation"]
    let location = [201, 202].contains(answer.status) ? answer.headers["Location"] : nil
    let makes = verb == .put || verb == .patch
    let body = makes ? JSON(parsing: answer.body) : nil
    if Self.state(of: body) == "succeeded" {
      // Networks say so of a card at once. No recording has such an operation still going on.
      watch = .ended
      result = .answer
    } else if let status {
      watch = .status(url: status)
      result = makes ? .resource : .answer
    } else if let location {
      watch = .location(url: location)
      result = makes ? .resource : .answer
    } else if let state = Self.state(of: body), !Self.ends.contains(state) {
      watch = .resource
      result = .answer
    } else {
      watch = .ended
      result = .answer
    }
  }

  /// What an answer to a look says; it may also say where to look next.
  mutating func progress(_ answer: HTTPResponse) -> Progress {
    switch watch {
    case .ended: return .succeeded
    case .location:
      guard answer.status == 202 else { return .succeeded }
      if let next = answer.headers["Location"] { watch = .location(url: next) }
      return .running
    case .status:
      let body = JSON(parsing: answer.body) ?? .null
      return Self.progress(body["status"]?.text, body)
    case .resource:
      let body = JSON(parsing: answer.body) ?? .null
      return Self.progress(Self.state(of: body), body)
    }
  }

  private static func progress(_ state: String?, _ body: JSON) -> Progress {
    switch state?.lowercased() {
    case "succeeded": .succeeded
    case "failed", "canceled", "cancelled":
      .failed(ARMErrorBody(body["error"] == nil ? ["code": .string(state ?? "")] : body))
    // A status without a word of it: some services answer so when it is done.
    case nil: .succeeded
    default: .running
    }
  }

  /// The state of a resource, in lower case.
  private static func state(of body: JSON?) -> String? {
    body?[path: "properties", "provisioningState"]?.text?.lowercased()
  }
}
