import Digests
import Template
import Testing

@testable import Pipeline

/// What a plan knows of the scripts and files that it brings.
@Suite struct PlanContentTests {
  /// A file of a size, whatever it is called.
  private struct Sized: ScriptSource {
    let size: Int

    func fetch(
      _ uri: String, sha256: SHA256Digest?, progress: @escaping @Sendable (Int, Int?) -> Void
    ) async throws -> FetchedFile {
      FetchedFile(path: "/dev/null", size: size, digest: try SHA256Digest(of: []), mode: 0o644)
    }
  }

  private func plan(size: Int) async throws -> Plan {
    let body = Array(
      """
      {"location": "l", "properties": {
        "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
                   "version": "latest"},
        "distribute": [{"type": "VHD", "runOutputName": "out"}],
        "customize": [
          {"type": "Shell", "inline": ["true"]},
          {"type": "File", "sourceUri": "https://h/f?sig=s3cret", "destination": "/tmp/f"}]}}
      """.utf8)
    let template = try #require(TemplateDocument.read(body, named: "t.json").template)
    let planner = Planner(
      scripts: Sized(size: size), scriptUser: .aib, product: .machine(.skipped("it stays")),
      report: { _ in })
    return try await planner.plan(template, from: body, named: "t.json")
  }

  @Test func `each step has its size, and its address without what grants access`() async throws {
    let steps = try await plan(size: 7).steps
    #expect(steps.map(\.outline.address) == [nil, "https://h/f?…"])
    #expect(steps[1].size == 7)
    #expect(steps[0].size > "true".utf8.count)
  }

  @Test func `a file that the service sends too slowly is told`() async throws {
    let told = { (plan: Plan) in plan.notes.filter { $0.contains("step 2 sends") } }
    #expect(told(try await plan(size: 20_000_000)).isEmpty)
    #expect(told(try await plan(size: 20_000_001)).count == 1)
  }
}
