import HTTP
import TestSupport
import Testing

@testable import Azure

/// Whether the stand-in notices requests for blobs that Microsoft's specification does not have.
@Suite(.requiresSharedData) struct BlobSpecTests {
  private struct Case: Sendable, CustomTestStringConvertible {
    let query: String
    let fields: HTTPHeaders
    let finding: String
    var testDescription: String { finding }
  }

  private static let page: HTTPHeaders = [
    "x-ms-version": BlobClient.version, "x-ms-page-write": "update", "x-ms-range": "bytes=0-511",
  ]

  private static let cases = [
    Case(
      query: "comp=page", fields: page.without("x-ms-version"), finding: "x-ms-version is missing"),
    Case(
      query: "comp=page", fields: page.with("x-ms-version", "2017-11-09"),
      finding: "x-ms-version: 2017-11-09 is none of"),
    Case(
      query: "comp=page", fields: page.without("x-ms-page-write"),
      finding: "x-ms-page-write is missing"),
    Case(
      query: "comp=page", fields: page.with("x-ms-pagewrite", "update"),
      finding: "x-ms-pagewrite is unknown"),
    Case(query: "comp=page&kind=x", fields: page, finding: "query kind is unknown"),
  ]

  /// Sends a page with this query and these fields, and gives what was found.
  private func findings(_ query: String, _ fields: HTTPHeaders) async throws -> [String] {
    let found = Findings()
    try await BuildRig.with(["--targets"]) { rig in
      let sas = try await rig.server.text("/_sas/pictures/scripts/p.vhd?sp=rcw")
      let url = "https://pictures.blob.localhost:\(rig.server.port)/scripts/p.vhd"
      let client = HTTPClient(trust: rig.server.trust)
      let blob = try Cloud.publicCloud.blob(at: "\(url)?\(sas)", for: "test")
      try await rig.access.blobs.makePageBlob(blob, size: 512, mark: "m")
      #expect(try await rig.state().findings == [])
      _ = try await client.send(
        HTTPRequest(
          .put, "\(url)?\(query)&\(sas)", headers: fields,
          body: [UInt8](repeating: 1, count: 512)))
      await found.set(try await rig.state().findings)
    }
    return await found.all
  }

  @Test(arguments: cases) private func `a request that the service does not have is found`(
    _ one: Case
  ) async throws {
    let found = try await findings(one.query, one.fields)
    #expect(found.contains { $0.contains(one.finding) }, "\(found)")
  }

  @Test func `a request that it has is let pass`() async throws {
    #expect(try await findings("comp=page", Self.page) == [])
  }
}

/// What was found.
private actor Findings {
  private(set) var all: [String] = []
  func set(_ all: [String]) { self.all = all }
}

extension HTTPHeaders {
  fileprivate func with(_ name: String, _ value: String) -> HTTPHeaders {
    var fields = self
    fields[name] = value
    return fields
  }

  fileprivate func without(_ name: String) -> HTTPHeaders {
    var fields = self
    fields[name] = nil
    return fields
  }
}
