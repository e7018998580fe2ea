import Digests
import Synchronization
import Template
import TestSupport
import Testing

@testable import Pipeline

/// What a planner tells of the scripts that it fetches.
@Suite struct FetchOrderTests {
  /// Reports nothing before all of `wanted` are asked for, and then in no order.
  private final class AllAtOnce: ScriptSource {
    private let wanted: Int
    private let asked = Mutex(0)

    init(wanted: Int) { self.wanted = wanted }

    func fetch(
      _ uri: String, sha256: SHA256Digest?, progress: @escaping @Sendable (Int, Int?) -> Void
    ) async throws -> FetchedFile {
      asked.withLock { $0 += 1 }
      try await waitUntil("all scripts to be asked for") { asked.withLock { $0 == wanted } }
      progress(1, nil)
      return FetchedFile(path: "/dev/null", size: 0, digest: try SHA256Digest(of: []), mode: 0o644)
    }
  }

  @Test func `downloads are announced in the order of the template, and local files not at all`()
    async throws
  {
    let body = """
      {"location": "l", "properties": {
        "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
                   "version": "latest"},
        "distribute": [{"type": "VHD", "runOutputName": "out"}],
        "customize": [
          {"type": "File", "sourceUri": "https://h/1", "destination": "/1"},
          {"type": "File", "sourceUri": "/local", "destination": "/2"},
          {"type": "File", "sourceUri": "HTTP://h/3", "destination": "/3"},
          {"type": "File", "sourceUri": "https://h/4", "destination": "/4"}]}}
      """
    let reading = TemplateDocument.read(Array(body.utf8), named: "t.json")
    let template = try #require(reading.template)
    let events = EventKeeper()
    let planner = Planner(
      scripts: AllAtOnce(wanted: 4), scriptUser: .aib, product: .machine(.skipped("it stays")),
      report: events.receive)
    _ = try await planner.plan(template, from: Array(body.utf8), named: "t.json")
    let announced = events.events.compactMap { event -> String? in
      if case .fetching(let uri, 0, _) = event { return uri }
      return nil
    }
    #expect(announced == ["https://h/1", "HTTP://h/3", "https://h/4"])
  }
}
