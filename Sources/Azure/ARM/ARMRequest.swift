internal import HTTP
public import Template

/// A request to Resource Manager: what to do with what.
public struct ARMRequest: Sendable, Hashable {
  /// What is done.
  public enum Verb: String, Sendable, Hashable {
    /// Read.
    case get = "GET"
    /// Look whether it is there.
    case head = "HEAD"
    /// Make, or replace.
    case put = "PUT"
    /// Change in part.
    case patch = "PATCH"
    /// Have it do something.
    case post = "POST"
    /// Remove.
    case delete = "DELETE"
  }

  /// Whether it may be carried out twice.
  public enum Repetition: Sendable, Hashable {
    /// It leads to the same state however often it is carried out.
    case harmless
    /// It acts anew each time.
    case harmful
  }

  /// What is done.
  public var verb: Verb
  /// The path, with a slash in front: an id, or an id and an action.
  public var path: String
  /// The query, without the api-version; values are not escaped yet.
  public var query: [String: String]
  /// The body; `nil` for none.
  public var body: JSON?
  /// Whether it may be carried out twice.
  public var repetition: Repetition
  /// The api-version, where it is not the one that Kiln has for this kind of resource.
  var apiVersion: String?

  /// A request.
  public init(
    _ verb: Verb, _ path: String, query: [String: String] = [:], body: JSON? = nil,
    repetition: Repetition = .harmless
  ) {
    self.verb = verb
    self.path = path
    self.query = query
    self.body = body
    self.repetition = repetition
  }

  /// Makes or replaces a resource.
  public static func put(_ id: ResourceID, _ body: JSON) -> ARMRequest {
    ARMRequest(.put, id.text, body: body)
  }

  /// Reads a resource.
  public static func get(_ id: ResourceID) -> ARMRequest { ARMRequest(.get, id.text) }

  /// Removes a resource.
  public static func delete(_ id: ResourceID) -> ARMRequest { ARMRequest(.delete, id.text) }

  /// Has a resource do something.
  public static func post(_ id: ResourceID, _ action: String, _ body: JSON? = nil) -> ARMRequest {
    ARMRequest(.post, "\(id.text)/\(action)", body: body)
  }

  /// The request that reads what this one is about.
  var reading: ARMRequest {
    var request = ARMRequest(.get, path)
    request.apiVersion = apiVersion
    return request
  }

  /// What it is for, as errors say it: `create /subscriptions/…`.
  public var purpose: String {
    switch verb {
    case .get, .head: "read \(path)"
    case .put: "create \(path)"
    case .patch: "change \(path)"
    case .delete: "delete \(path)"
    case .post: "have \(path.beforeLastPart) do \(path.lastPart)"
    }
  }

  /// The address at a Resource Manager.
  /// - Throws: ``AzureError`` for a kind of resource that has no api-version here.
  func url(at base: String) throws(AzureError) -> String {
    guard let version = apiVersion ?? APIVersions.version(of: path) else {
      throw AzureError(purpose, "Kiln knows no api-version for this kind of resource")
    }
    let items = query.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.urlEncoded)" }
    return base + path.percentEncoded(keeping: "-._~/()") + "?"
      + (["api-version=\(version)"] + items).joined(separator: "&")
  }
}

extension String {
  fileprivate var lastPart: Substring {
    self[(lastIndex(of: "/").map(index(after:)) ?? startIndex)...]
  }
  fileprivate var beforeLastPart: Substring { self[..<(lastIndex(of: "/") ?? startIndex)] }
}
