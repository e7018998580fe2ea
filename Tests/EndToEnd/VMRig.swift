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
    _ options: String..., while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await kiln(["build", "t.json", "--source-disk", base] + options, while: body)
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
    distribute: String = #"[{"type": "VHD", "runOutputName": "disk"}]"#, more: String = ""
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
          "source": {
            "type": "PlatformImage", "publisher": "Debian", "offer": "debian-12",
            "sku": "12-gen2", "version": "latest"
          },
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

  /// The directory of the one run there is.
  var run: String {
    get throws {
      let runs = "\(home)/state/kiln/runs"
      let names = try FileManager.default.contentsOfDirectory(atPath: runs)
      return "\(runs)/\(try #require(names.max()))"
    }
  }

  /// What is left of virtual machines below the home: processes and files.
  func leftoverMachines() async throws -> [String] {
    let listed = try await TestSupport.run("pgrep", ["-f", "-a", "--", "qemu-system.*\(home)"])
    let processes = listed.stdout.split(separator: "\n").map { String($0.prefix(120)) }
    let places = ["\(home)/state", "\(home)/.local/share"].filter {
      FileManager.default.fileExists(atPath: $0)
    }
    guard !places.isEmpty else { return processes }
    let found = try await TestSupport.run(
      "find",
      places + ["-name", "vm-*", "-o", "-name", ".reserved-*", "-o", "-path", "*/.partial/*"])
    return processes + found.stdout.split(separator: "\n").map(String.init)
  }
}
