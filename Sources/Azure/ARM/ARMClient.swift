internal import FoundationEssentials
public import HTTP
internal import Pipeline
public import Template

/// Speaks with Azure Resource Manager in one cloud.
///
/// It signs requests, tries again what may pass, waits for operations, and tells errors in Azure's
/// own words.
public struct ARMClient: Sendable {
  /// The cloud.
  public let cloud: Cloud
  let tokens: TokenCache
  let wire: Wire
  /// What sizes of machines there are, as far as somebody has asked.
  let sizeLists = SizeLists()
  private let retry: RetryPolicy

  /// How often a request is tried: Azure asks for waits of seconds to some minutes.
  public static let standardRetry = RetryPolicy(
    tries: 10, total: .seconds(900), firstDelay: .seconds(1), longestDelay: .seconds(60))
  /// The wait between two looks at an operation where Azure asks for none, as its own clients have
  /// it.
  private static let standardPoll = Duration.seconds(30)
  /// The longest wait between two looks: one that asks for more is looked at earlier.
  private static let longestPoll = Duration.seconds(300)
  /// The shortest wait: Azure is never asked without one.
  private static let shortestPoll = Duration.milliseconds(200)
  /// The most pages of a list: as many as hold all that a subscription may have.
  private static let pageLimit = 1000

  init(cloud: Cloud, tokens: TokenCache, wire: Wire, retry: RetryPolicy = standardRetry) {
    self.cloud = cloud
    self.tokens = tokens
    self.wire = wire
    self.retry = retry
  }

  /// Sends a request and waits, at most for `limit`, until the operation that it begins has ended.
  ///
  /// A DELETE of something that is not there has succeeded.
  /// - Returns: the resource after a PUT or PATCH, else what the operation brought; `null` where
  ///   that is nothing.
  /// - Throws: ``AzureError``, ``CredentialError``, ``DeadlineExceeded``, `CancellationError`.
  @discardableResult
  public func perform(
    _ request: ARMRequest, within limit: Duration = .seconds(3600)
  ) async throws -> JSON {
    let first = try await answer(request)
    if request.verb == .delete, first.status == 404 { return .null }
    guard (200..<300).contains(first.status) else {
      throw AzureError(request.purpose, answer: first)
    }
    return try await finish(request, first, within: limit)
  }

  /// Whether a resource group or a resource is there.
  public func exists(_ id: ResourceID) async throws -> Bool {
    let isGroup = id.resourceType.lowercased() == "resourcegroups"
    let request = ARMRequest(isGroup ? .head : .get, id.text)
    let response = try await answer(request)
    switch response.status {
    case 200..<300: return true
    case 404: return false
    default: throw AzureError(request.purpose, answer: response)
    }
  }

  /// All elements of a list, page after page.
  /// - Throws: ``AzureError``; a list without end is one, too.
  public func list(_ path: String, query: [String: String] = [:]) async throws -> [JSON] {
    try await list(path, query: query) { $0 }
  }

  /// What `read` makes of the elements of a list, page after page; it leaves out those that it makes
  /// nothing of.
  func list<Element>(
    _ path: String, query: [String: String] = [:], _ read: (JSON) -> Element?
  ) async throws -> [Element] {
    let request = ARMRequest(.get, path, query: query)
    var url: String? = try request.url(at: cloud.resourceManager)
    var found: [Element] = []
    for _ in 0..<Self.pageLimit {
      guard let page = url else { return found }
      let response = try await get(page, for: request.purpose)
      guard response.status == 200 else { throw AzureError(request.purpose, answer: response) }
      guard let body = ListPage(response.body) else {
        // A list of images' versions is bare.
        guard let all = JSON(parsing: response.body) else {
          throw AzureError(request.purpose, answer: response)
        }
        return found + all.elements.compactMap(read)
      }
      for place in body.elements {
        guard let element = body[place] else {
          throw AzureError(request.purpose, "the list has an element that is no JSON")
        }
        if let value = read(element) { found.append(value) }
      }
      url = body.rest["nextLink"]?.text.flatMap { $0.isEmpty ? nil : $0 }
    }
    throw AzureError(request.purpose, "the list has more than \(Self.pageLimit) pages")
  }

  // MARK: One request

  /// The answer to a request, whatever its status.
  private func answer(_ request: ARMRequest) async throws -> HTTPResponse {
    let url = try request.url(at: cloud.resourceManager)
    var http = HTTPRequest(request.verb.http, url, body: request.body?.bytes ?? [])
    if request.body != nil { http.headers["Content-Type"] = "application/json" }
    return try await signed(
      http, for: request.purpose, request.repetition == .harmless ? .harmless : .harmful)
  }

  /// Reads an address that Resource Manager gave.
  func get(_ url: String, for purpose: String) async throws -> HTTPResponse {
    guard cloud.mayReceiveToken(url) else {
      throw AzureError(
        purpose, "Azure sent us on to \(Scrubber.url(url)), which is not its Resource Manager",
        hint: "the token is not sent there; check the cloud's address and the proxy")
    }
    return try await signed(HTTPRequest(.get, url), for: purpose, .harmless)
  }

  private func signed(
    _ request: HTTPRequest, for purpose: String, _ repetition: Wire.Repetition
  ) async throws -> HTTPResponse {
    try await wire.signed(
      request, by: tokens, for: cloud.audience, purpose: purpose, retry: retry, repetition)
  }

  // MARK: Operations

  private func finish(
    _ request: ARMRequest, _ first: HTTPResponse, within limit: Duration
  ) async throws -> JSON {
    let operation = Operation(request.verb, answer: first)
    var last = first
    if operation.watch != .ended {
      last = try await watch(operation, request, after: first, within: limit)
    }
    let result: HTTPResponse
    switch operation.result {
    case .answer: result = last
    case .resource where operation.watch == .ended: result = last
    case .resource: result = try await answer(request.reading)
    }
    if request.verb == .delete { return .null }
    guard (200..<300).contains(result.status) else {
      throw AzureError(request.purpose, answer: result)
    }
    guard !result.body.isEmpty else { return .null }
    let body = JSON(parsing: result.body) ?? .null
    return operation.result == .answer ? body[path: "properties", "output"] ?? body : body
  }

  /// Looks at an operation until it has ended well.
  private func watch(
    _ operation: Operation, _ request: ARMRequest, after first: HTTPResponse,
    within limit: Duration
  ) async throws -> HTTPResponse {
    var (operation, last) = (operation, first)
    let elapsed = wire.pace.stopwatch()
    while true {
      let asked = last.retryAfter(now: wire.pace.now()) ?? Self.standardPoll
      let wait = max(Self.shortestPoll, min(asked, Self.longestPoll))
      guard elapsed() + wait <= limit else {
        throw DeadlineExceeded(waitedFor: "Azure to \(request.purpose)", limit: limit)
      }
      try await wire.pace.pause(wait)
      switch operation.watch {
      case .status(let url), .location(let url): last = try await get(url, for: request.purpose)
      case .resource, .ended: last = try await answer(request.reading)
      }
      // The address of a deleted thing may be gone with it.
      if last.status == 404, request.verb == .delete { return last }
      guard (200..<300).contains(last.status) else {
        throw AzureError(request.purpose, answer: last)
      }
      switch operation.progress(last) {
      case .running: continue
      case .succeeded: return last
      case .failed(let body):
        throw AzureError(
          request.purpose, failed: body, requestID: first.headers["x-ms-request-id"])
      }
    }
  }
}

extension ARMRequest.Verb {
  /// The method of HTTP.
  fileprivate var http: HTTPRequest.Method {
    switch self {
    case .get: .get
    case .head: .head
    case .put: .put
    case .patch: .patch
    case .post: .post
    case .delete: .delete
    }
  }
}
