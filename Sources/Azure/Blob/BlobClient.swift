internal import FoundationEssentials
internal import HTTP
public import Pipeline
internal import Template

/// Speaks with a storage account's blobs.
public struct BlobClient: Sendable {
  let tokens: TokenCache
  let wire: Wire
  /// What signs requests in place of a token, where there is one.
  var key: SharedKey?
  private let retry: RetryPolicy

  /// The version of the service's API that is asked; Bearer tokens need 2017-11-09 or later.
  static let version = "2021-12-02"

  init(tokens: TokenCache, wire: Wire, retry: RetryPolicy = ARMClient.standardRetry) {
    self.tokens = tokens
    self.wire = wire
    self.retry = retry
  }

  /// How far a copy is.
  public struct Copy: Sendable, Equatable {
    /// The states of a copy.
    public enum State: Sendable, Equatable {
      /// It goes on.
      case pending
      /// The blob is whole.
      case done
      /// It ended badly, with the service's words.
      case failed(String)
    }

    /// Its id, by which it can be aborted.
    public let id: String
    /// How it stands.
    public let state: State
    /// The part that is copied, from 0 to 1.
    public let share: Double
  }

  /// Makes the container of a blob; one that is there already is as good.
  public func makeContainer(_ address: BlobAddress) async throws {
    // Whoever has a signature for a blob has none for its container.
    if address.signature != nil { return }
    let response = try await send(
      .put, address, .container, query: "restype=container", for: "make \(address.containerURL)")
    if response.status == 409, ARMErrorBody(response).code == "ContainerAlreadyExists" { return }
    try check(response, [201], "make \(address.containerURL)")
  }

  /// Starts a copy of what `source` leads to; the address is a secret, since it lets read.
  public func copy(from source: Secret, to address: BlobAddress) async throws -> Copy {
    let operation = "copy the disk to \(address.url)"
    let response = try await send(
      .put, address, headers: ["x-ms-copy-source": source.revealed], for: operation)
    try check(response, [202], operation)
    return try copy(in: response, operation)
  }

  /// How far the last copy to a blob is.
  public func copyState(of address: BlobAddress) async throws -> Copy {
    let operation = "follow the copy to \(address.url)"
    let response = try await send(.head, address, for: operation)
    try check(response, [200], operation)
    return try copy(in: response, operation)
  }

  /// Removes a blob; one that is not there is as good.
  public func delete(_ address: BlobAddress) async throws {
    let response = try await send(.delete, address, for: "delete \(address.url)")
    if response.status == 404 { return }
    try check(response, [202], "delete \(address.url)")
  }

  /// Makes a page blob of `size` bytes, a multiple of 512, all zero, with a mark to know it by.
  public func makePageBlob(_ address: BlobAddress, size: Int64, mark: String) async throws {
    let operation = "make the page blob \(address.url)"
    let response = try await send(
      .put, address,
      headers: [
        "x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": "\(size)",
        "x-ms-meta-kiln": mark,
      ], for: operation)
    try check(response, [201], operation)
  }

  /// The mark of a blob: empty where it has none, `nil` where there is no blob.
  public func mark(of address: BlobAddress) async throws -> String? {
    let operation = "look at \(address.url)"
    let response = try await send(.head, address, for: operation)
    if response.status == 404 { return nil }
    try check(response, [200], operation)
    return response.headers["x-ms-meta-kiln"] ?? ""
  }

  /// Writes whole pages of 512 bytes, at most 4 MiB, from `offset` on; the service checks that they
  /// arrive as they are here.
  public func writePages(_ bytes: [UInt8], at offset: Int64, to target: PageTarget) async throws {
    let operation = "write \(bytes.count) bytes at \(offset) of \(target)"
    let headers: HTTPHeaders = [
      "x-ms-page-write": "update",
      "x-ms-range": "bytes=\(offset)-\(offset + Int64(bytes.count) - 1)",
      "Content-Type": "application/octet-stream", "Content-MD5": MD5.base64(of: bytes),
    ]
    let response: HTTPResponse
    switch target {
    case .blob(let address):
      response = try await send(
        .put, address, query: "comp=page", headers: headers, body: bytes, for: operation)
    case .sas(let url):
      // The address itself says who may.
      var request = HTTPRequest(.put, url.revealed + "&comp=page", headers: headers, body: bytes)
      request.headers["x-ms-version"] = Self.version
      response = try await wire.send(request, for: operation, retry: retry)
    }
    try check(response, [201], operation)
  }

  private static let signatureHint =
    "the shared access signature has expired, is of another blob, or lets do too little: make one "
    + "by `az storage blob generate-sas --permissions rcwd`"

  /// What a request is about.
  private enum Scope { case blob, container }

  private func send(
    _ method: HTTPRequest.Method, _ address: BlobAddress, _ scope: Scope = .blob,
    query: String = "", headers: HTTPHeaders = [:], body: [UInt8] = [], for operation: String
  ) async throws -> HTTPResponse {
    let place = scope == .blob ? address.url : address.containerURL
    let items = [query, address.signature?.revealed ?? ""].filter { !$0.isEmpty }
    let url = items.isEmpty ? place : place + "?" + items.joined(separator: "&")
    var request = HTTPRequest(method, url, headers: headers, body: body)
    request.headers["x-ms-version"] = Self.version
    if address.signature != nil {
      let response = try await wire.send(request, for: operation, retry: retry)
      guard response.status == 403 else { return response }
      throw AzureError(operation, answer: response).hinting(Self.signatureHint)
    }
    if let key {
      return try await wire.repeating(operation, retry, .harmless) { [request] in
        try await wire.once(key.signed(request.withID, at: wire.pace.now()))
      }
    }
    return try await wire.signed(
      request, by: tokens, for: Cloud.storageAudience, purpose: operation, retry: retry)
  }

  private func check(
    _ response: HTTPResponse, _ good: Set<Int>, _ operation: String
  ) throws(AzureError) {
    guard good.contains(response.status) else { throw AzureError(operation, answer: response) }
  }

  private func copy(in response: HTTPResponse, _ operation: String) throws(AzureError) -> Copy {
    guard let id = response.headers["x-ms-copy-id"] else {
      throw AzureError(operation, "the answer names no copy")
    }
    let state: Copy.State =
      switch response.headers["x-ms-copy-status"]?.lowercased() {
      case "success": .done
      case "pending": .pending
      case let other:
        .failed(response.headers["x-ms-copy-status-description"] ?? other ?? "no status")
      }
    let figures = (response.headers["x-ms-copy-progress"] ?? "").split(separator: "/")
      .compactMap { Double($0) }
    let share = figures.count == 2 && figures[1] > 0 ? figures[0] / figures[1] : 0
    return Copy(id: id, state: state, share: state == .done ? 1 : share)
  }
}
