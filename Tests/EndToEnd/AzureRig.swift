import Foundation
import Glibc
import TestSupport
import Testing

/// A user who bakes in Azure: a stand-in of it, whose machines are real ones.
struct AzureRig: Sendable {
  /// Resource Manager, tokens and blobs.
  let server: PythonServer
  /// Where `kiln` is started and keeps all it writes; gone with the test.
  let home: String

  static let subscription = "/subscriptions/00000000-0000-4000-8000-000000000001"
  /// The resource group that outputs go to.
  static let target = "\(subscription)/resourceGroups/images"
  static let compute = "\(target)/providers/Microsoft.Compute"
  /// What the application signs in with.
  static let secret = "app~SECRET.with/every+sign="
  /// A machine that is one (`guest.py`).
  private static let machine = "exec python3 '\(packageRoot)/Tests/AzureStandIn/guest.py'"

  /// What the stand-in tells of itself.
  struct State: Decodable {
    let resources: [String]
    let blobs: [String]
    let tagged: [String]
    let shared: [String]
    let calls: [String]
    let findings: [String]
    let checked: Bool
    let tokens: Int
    let held: Int
    let received: Int
    let machines: [String]
  }

  /// Runs `body` beside a stand-in; where the specifications are, it checks all by them.
  ///
  /// However it went, no secret may be found anywhere afterwards.
  static func with<Value: Sendable>(
    _ options: [String] = [], _ body: @Sendable (AzureRig) async throws -> Value
  ) async throws -> Value {
    let tools = Shared.data.map { ["--tools", "\($0)/../tools"] } ?? []
    return try await ScratchDirectory.with { home in
      let all = ["--targets", "--vm-command", machine] + tools + options
      return try await PythonServer.with("standin.py", all) { server in
        let rig = AzureRig(server: server, home: home)
        let value = try await body(rig)
        try await rig.expectNoSecret()
        return value
      }
    }
  }

  /// The options that lead to the stand-in.
  var cloud: [String] { ["--cloud", server.url, "--cloud-ca", server.authority] }

  /// Bakes the template `t.json` in Azure.
  func build(
    _ options: String..., while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    try await kiln(
      ["build", "t.json", "--on", "azure", "--my-address", "127.0.0.1"] + cloud + options,
      while: body)
  }

  /// Runs `kiln` as the user would, or another user with another home.
  func kiln(
    _ arguments: [String], in other: String? = nil, environment more: [String: String] = [:],
    while body: (KilnProcess) async throws -> Void = { _ in }
  ) async throws -> KilnEnd {
    let own = [
      "AZURE_TENANT_ID": "11111111-0000-4000-8000-000000000000", "AZURE_CLIENT_ID": "app",
      "AZURE_CLIENT_SECRET": Self.secret, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
      "AZURE_SUBSCRIPTION_ID": "00000000-0000-4000-8000-000000000001",
    ]
    let environment = own.merging(more) { $1 }
    return try await KilnProcess.run(arguments, in: other ?? home, environment: environment) {
      kiln in
      async let processes: Void = kiln.noteProcesses(in: "\(home)/processes-\(kiln.id)")
      try await body(kiln)
      try await processes
    }
  }

  func state() async throws -> State {
    try JSONDecoder().decode(State.self, from: Data(try await server.ask("/_state").utf8))
  }

  /// All that nobody may read.
  func secrets() async throws -> [String] {
    try JSONDecoder().decode([String].self, from: Data(try await server.ask("/_secrets").utf8))
  }

  /// Makes a request fail, as `faults.py` says.
  func fault(_ json: String) async throws { _ = try await server.ask("/_fault", posting: json) }

  /// Writes a fixed VHD `disk.vhd` with stretches of data, the rest a hole; returns how many bytes of
  /// it are not zero, its footer included.
  func writeDisk(bytes size: Int) throws -> Int {
    let (path, stretches) = ("\(home)/disk.vhd", 36)
    let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    try #require(file >= 0 && ftruncate(file, off_t(size + 512)) == 0)
    var footer = [UInt8](repeating: 0, count: 512)
    footer.replaceSubrange(0..<8, with: Array("conectix".utf8))
    footer[63] = 2
    try #require(pwrite(file, footer, 512, off_t(size)) == 512)
    let stretch = min(1 << 20, size / 72)
    let data = (0..<stretch).map { UInt8(truncatingIfNeeded: $0 % 251 + 1) }
    for number in 0..<stretches {
      let place = size / stretches * number / 4096 * 4096
      try #require(pwrite(file, data, stretch, off_t(place)) == stretch)
    }
    return stretch * stretches + 512
  }

  /// What is there beside the places that outputs go to.
  func resources() async throws -> Set<String> {
    let places = [
      Self.target, "\(Self.compute)/galleries/g", "\(Self.compute)/galleries/g/images/d",
      "\(Self.compute)/galleries/g/images/w",
      "\(Self.target)/providers/Microsoft.Storage/storageAccounts/pictures",
    ]
    return Set(try await state().resources).subtracting(places)
  }

  /// The directory of the newest run.
  var run: String {
    get throws {
      let runs = "\(home)/state/kiln/runs"
      let all = try FileManager.default.contentsOfDirectory(atPath: runs)
      return "\(runs)/\(try #require(all.max()))"
    }
  }

  /// Writes `t.json` with these customizers and one target of each kind.
  func writeTemplate(_ customizers: Customizer..., more: String = "") throws {
    try write(Self.template(customizers, more: more), to: "t.json")
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(home)/\(name)"))
  }

  static func template(
    _ customizers: [Customizer], more: String = "", targets: [String] = everywhere()
  ) throws -> String {
    """
    {
      "type": "Microsoft.VirtualMachineImages/imageTemplates",
      "apiVersion": "2024-02-01", "name": "t", "location": "westus",
      "identity": {"type": "UserAssigned", "userAssignedIdentities": {
        "\(target)/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i": {}}},
      "properties": {
        \(more)
        "source": {
          "type": "PlatformImage", "publisher": "Canonical", "offer": "ubuntu-24_04-lts",
          "sku": "server", "version": "latest"
        },
        "customize": \(String(decoding: try JSONEncoder().encode(customizers), as: UTF8.self)),
        "distribute": [\(targets.joined(separator: ",\n      "))]
      }
    }
    """
  }

  /// A target of each kind; `number` tells those of builds side by side apart.
  static func everywhere(_ number: Int = 0) -> [String] {
    [
      """
      {"type": "ManagedImage", "runOutputName": "managed", "location": "westus",
       "imageId": "\(compute)/images/i\(number)"}
      """,
      """
      {"type": "SharedImage", "runOutputName": "shared", "targetRegions": [{"name": "westus"}],
       "galleryImageId": "\(compute)/galleries/g/images/d/versions/1.0.\(number)"}
      """,
      #"{"type": "VHD", "runOutputName": "disk"}"#,
    ]
  }
}
