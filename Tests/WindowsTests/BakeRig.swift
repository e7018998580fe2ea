import Digests
import FoundationEssentials
import Guests
import Pipeline
import Template
import TestSupport
import Testing

extension WindowsRig {
  /// What came of a bake.
  struct Baked: Sendable {
    let log: String
    let failure: (any Error)?
    let news: WindowsNews
    var error: BuildError? { failure as? BuildError }
  }

  /// Bakes a template with these customizers, and says what came of it.
  func bake(
    _ customizers: String, strictness: PowerShellStrictness = .compatible,
    deprovision: Plan.Generalization = .skipped("it stays"),
    files: [String: [UInt8]] = [:]
  ) async throws -> Baked {
    let text = """
      {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2022-07-01",
       "location": "westeurope", "identity": {"type": "None"},
       "properties": {
         "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
           "version": "latest"},
         "customize": [\(customizers)], "distribute": [{"type": "VHD", "runOutputName": "o"}]}}
      """
    let bytes = Array(text.utf8)
    let template = try #require(TemplateDocument.read(bytes, named: "t.json").template)
    return try await bake(template, bytes, strictness, deprovision, files)
  }

  /// Bakes a template that was read.
  func bake(
    _ template: ImageTemplate, _ bytes: [UInt8],
    _ strictness: PowerShellStrictness = .compatible,
    _ deprovision: Plan.Generalization = .skipped("it stays"), _ files: [String: [UInt8]] = [:]
  ) async throws -> Baked {
    try await ScratchDirectory.with { home in
      let directory = try RunArchive(path: home).create(at: .now()) { run throws(RecordError) in
        RunRecord(
          run: run, template: "t.json", templateSHA256: "", on: "winrm://test",
          process: try .current(), steps: [], start: .now())
      }
      let log = try CustomizationLog(of: directory, over: .winRM, connectTimeout: .seconds(600))
      let events = Broadcast(to: [log, news], through: Redactor())
      var planner = Planner(
        scripts: GivenFiles(files: files, directory: home), scriptUser: .aib,
        product: .machine(deprovision), report: { _ in })
      planner.system = .windows
      planner.powerShell = strictness
      let plan = try await planner.plan(template, from: bytes, named: "t.json")
      events.receive(
        .runStarted(
          RunOutline(
            run: directory.run.text, template: "t.json", on: "winrm://test", steps: plan.outlines)))
      let journal = try Journal(of: directory)
      let host = WindowsHost(
        name: "test guest", run: directory.run.text, journal: journal, address: "winrm://test",
        login: GuestLogin(), events: events
      ) { [route] in
        var route = route
        route.run = directory.run.text
        return route
      }
      var failure: (any Error)?
      do {
        try await Build(plan: plan, site: .host(host), events: events, journal: journal).run()
      } catch {
        failure = error
      }
      let written = try Data(contentsOf: URL(filePath: directory.logPath))
      return Baked(
        log: String(decoding: written, as: UTF8.self), failure: failure, news: news)
    }
  }
}

/// Files by their addresses; every address that is not among them is a script of its own.
struct GivenFiles: ScriptSource {
  let files: [String: [UInt8]]
  let directory: String

  func fetch(
    _ uri: String, sha256: SHA256Digest?,
    progress: @escaping @Sendable (_ received: Int, _ total: Int?) -> Void
  ) async throws -> FetchedFile {
    let bytes = files[uri] ?? Array("Write-Output 'fetched'\r\n".utf8)
    let digest = try SHA256Digest(of: bytes)
    let path = "\(directory)/\(digest.hex)"
    try Data(bytes).write(to: URL(filePath: path))
    return FetchedFile(path: path, size: bytes.count, digest: digest, mode: 0o644)
  }
}
