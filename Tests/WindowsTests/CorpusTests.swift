import FoundationEssentials
import Pipeline
import Template
import TestSupport
import Testing

/// The public Windows templates, each baked to its end on a guest that answers by rule.
@Suite(.requiresWinRMServer, .requiresSharedData, .timeLimit(.minutes(15)))
struct CorpusTests {
  private struct Case: Sendable {
    let name: String
    let template: ImageTemplate
    let bytes: [UInt8]
  }

  /// What stands for placeholders and for parameters without a value.
  private static let filler = "https://example.com/filled-in"

  /// All image templates that have a step for Windows, and the files with such a step that can't be
  /// read, whatever a user fills in.
  private static func cases() throws -> ([Case], unread: [String]) {
    let root = "\(try #require(Shared.data))/corpus"
    let names = try FileManager.default.subpathsOfDirectory(atPath: root).sorted()
    var cases: [Case] = []
    var unread: [String] = []
    for name in names where name.hasSuffix(".json") {
      let bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(root)/\(name)")))
      let templates = read(bytes, name)
      if templates.isEmpty, isForWindows(bytes) { unread.append(name) }
      cases += templates.map { Case(name: name, template: $0, bytes: bytes) }
        .filter { $0.template.customizers.contains { $0.action.isForWindows } }
    }
    return (cases, unread)
  }

  private static func isForWindows(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    return ["PowerShell", "WindowsRestart", "WindowsUpdate"].contains { text.contains("\"\($0)\"") }
  }

  /// The templates of a document, in which what is missing is filled in as a user would.
  private static func read(_ bytes: [UInt8], _ name: String) -> [ImageTemplate] {
    var inputs = DeploymentInputs(
      site: DeploymentSite(secondsSince1970: 1_700_000_000), purpose: .check)
    inputs.strictness = .lenient
    for _ in 1...3 {
      let reading = TemplateDocument.readAll(bytes, named: name, with: inputs)
      guard reading.templates.isEmpty else { return reading.templates.map(\.template) }
      for diagnostic in reading.diagnostics where diagnostic.severity == .error {
        if let match = diagnostic.message.firstMatch(of: /placeholder `<([^>]+)>`/) {
          inputs.set(placeholder: String(match.1), to: filler)
        }
        if let match = diagnostic.message.firstMatch(of: /parameter `([^`]+)` has no value/) {
          inputs.set(parameter: String(match.1), to: filler)
        }
      }
    }
    return []
  }

  @Test func `all run to the end, and the log shows each step by its name`() async throws {
    let (cases, unread) = try Self.cases()
    var seen: Set<String> = []
    try await withThrowingTaskGroup(of: Set<String>.self) { group in
      // A machine that restarts restarts for all who use it: each lane has its own.
      for lane in 0..<Self.lanes {
        let mine = cases.indices.filter { $0 % Self.lanes == lane }.map { cases[$0] }
        group.addTask { try await Self.bake(mine) }
      }
      for try await options in group { seen.formUnion(options) }
    }
    #expect(cases.count == 121, "the number of public Windows templates")
    #expect(unread == Self.unreadable)
    let missing = Self.options.subtracting(seen)
    #expect(missing.isEmpty, "no template has \(missing.sorted())")
  }

  /// The files that have a step for Windows and no template that anybody could build.
  private static let unreadable = [
    // Modules: their source and their outputs are parameters that are objects, without defaults.
    "Azure__avdaccelerator/avm/1.0.0/res/virtual-machine-images/image-template/main.json",
    "Azure__avdaccelerator/avm/1.1.0/res/virtual-machine-images/image-template/main.json",
    "Azure__bicep-registry-modules/avm/ptn/virtual-machine-images/azure-image-builder/main.json",
    "Azure__bicep-registry-modules/avm/res/virtual-machine-images/image-template/main.json",
    // Broken JSON, and a step with two scripts.
    "JohanVanneuville__WVDImagebuilder/armTemplateWVD.json",
    "dlhansford__azImageBuilder/wvdimagebuilder2.json",
    // No image template: a runbook in PowerShell.
    "jamasten__AzureImageBuilderAutomation/solution.json",
    // It names scripts by the address that it is deployed from, which only Azure knows.
    "nataliakon__AzureImageBuilder-POC/archive/azuredeploy.json",
  ]

  private static let lanes = 3

  private static func bake(_ cases: [Case]) async throws -> Set<String> {
    try await WindowsRig.with { rig in
      var seen: Set<String> = []
      for one in cases {
        let baked = try await rig.bake(one.template, one.bytes, .compatible, .deprovision)
        #expect(baked.failure == nil, "\(one.name): \(baked.failure as Any)")
        for customizer in one.template.customizers {
          seen.formUnion(customizer.action.options)
          let type = customizer.action.type
          let isNamed = !customizer.name.isEmpty && customizer.name != type
          let mark =
            "(step \(customizer.index + 1) of \(one.template.customizers.count + 1), \(type)"
            + (isNamed ? " \"\(customizer.name)\" at " : " at ")
          #expect(baked.log.contains("Starting provisioner \(type.provisioner) \(mark)"))
          #expect(baked.log.contains("ending \(type.provisioner) \(mark)"))
        }
      }
      return seen
    }
  }

  /// What customizers for Windows can be told, all of it in public templates.
  private static let options: Set<String> = [
    "PowerShell inline", "PowerShell scriptUri", "sha256Checksum", "validExitCodes", "runElevated",
    "runAsSystem", "File", "restartCommand", "restartCheckCommand", "restartTimeout",
    "searchCriteria", "filters", "updateLimit",
  ]
}

extension Customizer.Action {
  fileprivate var isForWindows: Bool {
    switch self {
    case .powerShell, .windowsRestart, .windowsUpdate: true
    case .shell, .file: false
    }
  }

  /// What it is told, by the names of the fields.
  fileprivate var options: Set<String> {
    switch self {
    case .powerShell(let script, let options):
      var told: Set<String> =
        switch script {
        case .inline: ["PowerShell inline"]
        case .uri(_, nil): ["PowerShell scriptUri"]
        case .uri(_, .some): ["PowerShell scriptUri", "sha256Checksum"]
        }
      if options.validExitCodes != [0] { told.insert("validExitCodes") }
      if options.privilege != .user { told.insert("runElevated") }
      if options.privilege == .system { told.insert("runAsSystem") }
      return told
    case .windowsRestart(let options):
      var told: Set<String> = []
      if options.command != WindowsRestartOptions.defaultCommand { told.insert("restartCommand") }
      if !options.checkCommand.isEmpty { told.insert("restartCheckCommand") }
      if options.timeout != WindowsRestartOptions.defaultTimeout { told.insert("restartTimeout") }
      return told
    case .windowsUpdate(let options):
      var told: Set<String> = ["searchCriteria"]
      if !options.filters.isEmpty { told.insert("filters") }
      if options.updateLimit != WindowsUpdateOptions.defaultUpdateLimit {
        told.insert("updateLimit")
      }
      return told
    case .file: return ["File"]
    case .shell: return []
    }
  }
}

extension String {
  /// What AIB's log calls a customizer of this type.
  fileprivate var provisioner: String {
    ["WindowsRestart": "windows-restart", "WindowsUpdate": "windows-update"][self] ?? lowercased()
  }
}
