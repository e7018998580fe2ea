import Foundation
import TestSupport
import Testing

/// A user who bakes in virtual machines of their own computer, and keeps all below one home.
struct VMRig: Sendable {
  /// Where `kiln` is started and keeps all it writes; gone with the test.
  let home: String
  /// The disk that machines start from.
  let base: String

  static func with(_ body: (VMRig) async throws -> Void) async throws {
    let base = try #require(BaseImage.path)
    try await ScratchDirectory.with { home in
      try await body(VMRig(home: home, base: base))
    }
  }

  /// Bakes the template `t.json` from the base image.
  func build(
    _ options: String..., environment: [String: String] = [:],
    while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await kiln(
      ["build", "t.json", "--source-disk", base] + options, environment: environment, while: body)
  }

  /// Runs `kiln` as the user would, with `body` beside it.
  func kiln(
    _ arguments: [String], environment: [String: String] = [:],
    while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await KilnProcess.run(arguments, in: home, environment: environment, while: body)
  }

  /// Writes `t.json`.
  func writeTemplate(
    _ customizers: Customizer..., validators: [Customizer] = [],
    distribute: String = #"[{"type": "VHD", "runOutputName": "disk"}]"#, more: String = "",
    source: String = platformImage
  ) throws {
    let text = """
      {
        "type": "Microsoft.VirtualMachineImages/imageTemplates",
        "apiVersion": "2023-07-01",
        "location": "westeurope",
        "identity": {"type": "None"},
        "properties": {
          \(more)
          "vmProfile": {"vmSize": "Standard_D2s_v5"},
          "source": {\(source)},
          "customize": \(try Self.json(customizers)),
          "validate": {"inVMValidations": \(try Self.json(validators))},
          "distribute": \(distribute)
        }
      }
      """
    try Data(text.utf8).write(to: URL(filePath: "\(home)/t.json"))
  }

  private static func json(_ customizers: [Customizer]) throws -> String {
    String(decoding: try JSONEncoder().encode(customizers), as: UTF8.self)
  }

  /// What `--source-disk` takes the place of.
  static let platformImage = """
    "type": "PlatformImage", "publisher": "Debian", "offer": "debian-12", "sku": "12-gen2",
    "version": "latest"
    """

  /// One distributor of each kind.
  static let everywhere = """
    [
      {"type": "VHD", "runOutputName": "vhd", "uri": "out.vhd"},
      {"type": "ManagedImage", "runOutputName": "managed", "location": "westeurope",
       "imageId": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/r/providers/Microsoft.Compute/images/baked"},
      {"type": "SharedImage", "runOutputName": "sig", "versioning": {"scheme": "Latest", "major": 2},
       "targetRegions": [{"name": "westeurope"}],
       "galleryImageId": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/i"}
    ]
    """

  /// The directory of the newest run.
  var run: String { get throws { try #require(try runs.max()) } }

  /// The directories of all runs; none where there was none yet.
  var runs: Set<String> {
    get throws {
      let runs = "\(home)/state/kiln/runs"
      guard FileManager.default.fileExists(atPath: runs) else { return [] }
      return Set(try FileManager.default.contentsOfDirectory(atPath: runs).map { "\(runs)/\($0)" })
    }
  }

  /// What the run tells that is not one of `earlier`.
  func events(since earlier: Set<String>) throws -> String {
    let new = try runs.subtracting(earlier).first
    // A run that has begun may have no log yet.
    return new.flatMap { try? String(contentsOfFile: "\($0)/events.jsonl", encoding: .utf8) } ?? ""
  }

  /// What is left of virtual machines below the home and `others`: processes and files.
  func leftoverMachines(and others: String...) async throws -> [String] {
    let listed = try await TestSupport.run(
      "pgrep", ["-f", "-a", "--", "qemu-(system|img).*\(home)"])
    let processes = listed.stdout.split(separator: "\n").map { String($0.prefix(120)) }
    // Kept states are there on purpose, with the seeds that their machines were started with.
    let names = [
      "-name", "vm-*", "-o", "-path", "*/trials/*", "-o", "-name", ".reserved-*", "-o", "-path",
      "*/.partial/*", "-o", "-name", "?*.partial", "-o", "-name", "*.iso",
    ]
    let found = try await TestSupport.run(
      "find",
      [home] + others + ["-path", "*/kiln/steps", "-prune", "-o", "("] + names + [")", "-print"])
    return processes + found.stdout.split(separator: "\n").map(String.init)
  }
  /// The states that no step's key leads to: what a build that was killed had begun to keep.
  func strayStates(in cache: String? = nil) throws -> Set<String> {
    let store = "\(cache ?? "\(home)/cache")/kiln/steps"
    guard FileManager.default.fileExists(atPath: store) else { return [] }
    let keys = try FileManager.default.contentsOfDirectory(atPath: "\(store)/keys")
    let kept = try keys.map { key in
      let link = try FileManager.default.destinationOfSymbolicLink(atPath: "\(store)/keys/\(key)")
      return link.split(separator: "/").last.map(String.init) ?? link
    }
    return Set(try FileManager.default.contentsOfDirectory(atPath: "\(store)/layers"))
      .subtracting(kept)
  }
}
