internal import FoundationEssentials
internal import HTTP

/// What all requests to Azure go through: it gives each an id, traces it, and tries it again when
/// that may help.
struct Wire: Sendable {
  let client: HTTPClient
  let trace: Trace?
  let pace: Pace

  /// Whether a request may be carried out twice.
  enum Repetition: Sendable {
    /// It leads to the same state however often it is carried out.
    case harmless
    /// It acts anew each time: it is sent again only when it was surely not carried out.
    case harmful
  }

  /// Sends a request that needs no token, and tries it again within `retry`.
  /// - Returns: the answer, whatever its status.
  /// - Throws: ``AzureError`` where none came; `CancellationError`.
  func send(
    _ request: HTTPRequest, for operation: String, limits: HTTPLimits = .request,
    retry: RetryPolicy, _ repetition: Repetition = .harmless
  ) async throws -> HTTPResponse {
    try await repeating(operation, retry, repetition) { try await once(request, limits: limits) }
  }

  /// Sends a request once, under an id of its own, and traces it.
  ///
  /// Services log that id and their support asks for it.
  func once(_ request: HTTPRequest, limits: HTTPLimits = .request) async throws -> HTTPResponse {
    var request = request
    if request.headers["x-ms-client-request-id"] == nil { request = request.withID }
    let elapsed = pace.stopwatch()
    do {
      let response = try await client.send(request, limits: limits)
      try trace?.note(request, .answered(response), after: elapsed(), at: pace.now())
      return response
    } catch let error as HTTPError {
      try trace?.note(request, .failed(error), after: elapsed(), at: pace.now())
      throw error
    }
  }

  /// Runs `attempt` until its answer is one that another try would not change, or the budget is
  /// spent; `alsoPassing` are statuses that pass at this service, beside those that pass at all.
  func repeating(
    _ operation: String, _ policy: RetryPolicy, _ repetition: Repetition,
    alsoPassing: Set<Int> = [], _ attempt: () async throws -> HTTPResponse
  ) async throws -> HTTPResponse {
    let elapsed = pace.stopwatch()
    var tries = 0
    while true {
      tries += 1
      let failure: Failure
      do {
        let response = try await attempt()
        guard alsoPassing.contains(response.status) || response.mayPass(repetition) else {
          return response
        }
        failure = .answered(response)
      } catch let error as HTTPError {
        guard error.mayPass(repetition) else { throw AzureError(operation, error, tries: tries) }
        failure = .failed(error)
      }
      let delay = policy.delay(
        afterTry: tries, asked: failure.asked(now: pace.now()), elapsed: elapsed(),
        random: pace.random())
      guard let delay else {
        switch failure {
        case .answered(let response): throw AzureError(operation, answer: response, tries: tries)
        case .failed(let error): throw AzureError(operation, error, tries: tries)
        }
      }
      try await pace.pause(delay)
    }
  }
}

private enum Failure {
  case answered(HTTPResponse)
  case failed(HTTPError)

  func asked(now: Int64) -> Duration? {
    switch self {
    case .answered(let response): response.retryAfter(now: now)
    case .failed(let error): error.retryAfter
    }
  }
}

extension HTTPResponse {
  /// Statuses that pass (`azure.md` 1.4).
  private static let passing: Set<Int> = [408, 429, 500, 502, 503, 504]

  /// Conflicts that pass by themselves (`azure.md` 1.3).
  private static let passingConflicts: Set<String> = [
    "anotheroperationinprogress", "retryableerror", "resourcegroupbeingdeleted",
    "storageaccountoperationinprogress", "referencedresourcenotprovisioned",
    "operationpreempted", "concurrentrequestconflict",
  ]

  /// Whether another try may bring another answer.
  func mayPass(_ repetition: Wire.Repetition) -> Bool {
    switch status {
    // The request was turned away, not begun.
    case 429: true
    case 409:
      ARMErrorBody(self).codes.contains { Self.passingConflicts.contains($0.lowercased()) }
    default: repetition == .harmless && Self.passing.contains(status)
    }
  }
}

extension HTTPError {
  /// libcurl's codes for a connection that never was: proxy or host without an address, refused.
  private static let unconnected: Set<Int32> = [5, 6, 7]

  /// Whether another try may end in another way.
  fileprivate func mayPass(_ repetition: Wire.Repetition) -> Bool {
    guard isTransient else { return false }
    switch (repetition, reason) {
    case (.harmless, _), (.harmful, .timedOut(.connection, _)): return true
    case (.harmful, .transport(let code, _)): return Self.unconnected.contains(code)
    case (.harmful, _): return false
    }
  }
}

extension HTTPRequest {
  /// The same under an id of its own.
  var withID: HTTPRequest {
    var request = self
    request.headers["x-ms-client-request-id"] = UUID().uuidString.lowercased()
    return request
  }
}
