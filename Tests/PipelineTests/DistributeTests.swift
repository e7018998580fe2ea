import Digests
import Synchronization
import Template
import Testing

@testable import Pipeline

/// What becomes of the outputs of a build of which some can't be made.
@Suite struct DistributeTests {
  @Test func `one that fails leaves the others, and the run is a partial success`() async throws {
    let kept = EventKeeper()
    let error = await #expect(throws: DistributionError.self) {
      try await distribute(["a", "broken", "c"], kept)
    }
    #expect(error?.output.name == "broken")
    #expect(error?.isPartial == true)
    let result = RunEnding.result(of: error, after: .seconds(1), stoppedBy: nil)
    #expect(result.state == .partiallySucceeded)
    #expect(result.exitCode == 3)
    #expect(result.errors == [#"run output "broken" (VHD) was not made (t.json:1:1)"#, "no room"])
    #expect(kept.made == ["a", "c"])
  }

  @Test func `where all fail, the run fails`() async throws {
    let kept = EventKeeper()
    let error = await #expect(throws: DistributionError.self) {
      try await distribute(["broken", "broken too"], kept)
    }
    let result = RunEnding.result(of: error, after: .seconds(1), stoppedBy: nil)
    #expect(result.state == .failed)
    #expect(result.exitCode == 1)
    #expect(result.errors.first?.contains("the first of 2 that failed") == true)
    #expect(kept.made.isEmpty)
  }

  @Test func `the record has the outputs in the template's order, however they end`() throws {
    var record = RunRecord(
      run: try #require(RunID("20261123-134812-k3f9")), template: "t.json", templateSHA256: "",
      on: "qemu", process: try .current(), steps: [], start: .now())
    for index in [2, 0, 1] {
      let result = OutputResult(
        planned: planned("\(index)", index), output: nil, message: "no", seconds: 1)
      _ = record.apply(.outputFinished(result), at: .now())
    }
    #expect(record.outputs?.map(\.planned.name) == ["0", "1", "2"])
  }

  @Test func `progress is told twenty times at most`() async throws {
    let kept = EventKeeper()
    try await distribute(["a"], kept)
    let shares = kept.events.compactMap { event in
      if case .outputProgress(_, let share) = event { share } else { nil }
    }
    #expect(shares.count == 21)
    #expect(shares.last == 1)
  }

  private func distribute(_ names: [String], _ events: EventKeeper) async throws {
    let text = """
      {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2023-07-01",
       "location": "westeurope", "identity": {"type": "None"},
       "properties": {
         "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
           "version": "latest"},
         "customize": [], "distribute": [{"type": "VHD", "runOutputName": "o"}]}}
      """
    let template = try #require(TemplateDocument.read(Array(text.utf8), named: "t.json").template)
    let outputs = names.enumerated().map { planned($1, $0) }
    let plan = Plan(
      template: "t.json", templateDigest: try SHA256Digest(of: []), steps: [], skipped: [],
      validators: [], system: .posix, buildTimeout: .seconds(60), generalization: .deprovision,
      notes: [])
    let making = ImageMaking(
      plan: plan,
      image: ImagePlan(
        template, source: "", machine: "", outputs: outputs, keeping: .asTheTemplateSays),
      provider: NoVMs(), distributor: Stubborn(), events: events)
    try await making.distribute(CapturedDisk("disk"), from: Bake(Course([], of: plan, events)))
  }
}

private func planned(_ name: String, _ index: Int) -> PlannedOutput {
  PlannedOutput(name: name, type: "VHD", artifact: "", index: index, position: "t.json:1:1")
}

extension EventKeeper {
  /// The outputs that were made, by their names.
  fileprivate var made: [String] {
    events.compactMap { event in
      if case .outputFinished(let result) = event { result.output?.name } else { nil }
    }.sorted()
  }
}

/// Makes all outputs but those that are called broken.
private struct Stubborn: ImageDistributor {
  struct NoRoom: Error, CustomStringConvertible { let description = "no room" }

  func distribute(
    _ disk: CapturedDisk, from bake: Bake, as output: PlannedOutput,
    progress: @escaping @Sendable (Double) -> Void
  ) async throws -> RunOutput {
    if output.name.hasPrefix("broken") { throw NoRoom() }
    for step in 0...1000 { progress(Double(step) / 1000) }
    return RunOutput(
      name: output.name, type: output.type, artifactID: nil, artifactURI: "file:///x", files: [])
  }
}

/// Outputs are made of a disk that is there: nobody asks for a machine.
private struct NoVMs: VMProvider {
  func withVM<Result: Sendable>(
    from origin: VMOrigin, for plan: Plan,
    _ body: @escaping @Sendable (any BuildVM) async throws -> Result
  ) async throws -> Result {
    throw MachineError(.unavailable, "there are no machines here")
  }
}
