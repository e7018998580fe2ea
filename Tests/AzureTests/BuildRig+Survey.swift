import Pipeline
import Template
import TestSupport
import Testing

@testable import Azure

extension BuildRig {
  /// A template with this source, profile of the VM, and target, which needs no name.
  func template(_ source: String, _ profile: String, _ target: String) throws -> ImageTemplate {
    let text = """
      {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2024-02-01",
       "location": "westus", "identity": {"type": "None"},
       "properties": {
         "source": \(source), "vmProfile": \(profile), "customize": [],
         "distribute": [{"runOutputName": "o", \(target.dropFirst())]}}
      """
    return try #require(TemplateDocument.read(Array(text.utf8), named: "t.json").template)
  }

  /// What Azure says of such a template.
  func survey(
    _ source: String, _ profile: String, _ target: String, _ priority: MachineSpec.Priority,
    _ terms: BuildSurvey.Terms
  ) async throws -> BuildSurvey {
    try await BuildSurvey.of(
      try template(source, profile, target),
      BuildSurvey.Wishes(
        subscription: Self.subscription, priority: priority, terms: terms
      ) { _, _, _ in "1.0.0" }, access.arm)
  }

  /// The bodies of the PUTs to Resource Manager so far.
  func puts() async throws -> [JSON] {
    let list = try #require(JSON(parsing: Array(try await server.text("/_puts").utf8)))
    return list.elements.compactMap { $0["body"] }
  }

  /// What gives the VMs of a build.
  func provider(_ shape: MachineShape) -> AzureProvider {
    AzureProvider(
      AzureProvider.Setup(
        access: access, subscription: Self.subscription, group: .own, location: "westus",
        network: .made(from: "203.0.113.7/32", port: 22), shape: shape, generation: .second,
        sshTimeout: .seconds(60)),
      run: run, journal: journal, tags: tags, events: Unheard())
  }
}

/// Nobody listens.
private struct Unheard: EventSink {
  func receive(_ event: BuildEvent) {}
}
