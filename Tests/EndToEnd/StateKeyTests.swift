import Foundation
import Glibc
import TestSupport
import Testing

/// What a change of a template, of its files, of the source or of the command line makes of the kept
/// states: which steps run again.
@Suite(.requires("/usr/bin/qemu-img"))
struct StateKeyTests {
  /// A change, and the first step whose state it must change; `nil` where all must stay.
  struct Change: Sendable {
    let name: String
    let first: Int?
    let apply: @Sendable (inout Bench) throws -> Void

    init(
      _ name: String, from first: Int?, _ apply: @escaping @Sendable (inout Bench) throws -> Void
    ) {
      (self.name, self.first, self.apply) = (name, first, apply)
    }
  }

  @Test func `a change changes the states after the steps that depend on it, and no others`()
    async throws
  {
    try await ScratchDirectory.with { cache in try await Self.expectChanges(with: cache) }
  }

  /// One cache for all, so that the probe for KVM runs once, and what is remembered of a disk meets
  /// others at the same place.
  private static func expectChanges(with cache: String) async throws {
    try await Bench.with(cache) { bench in
      let before = try await bench.keys()
      #expect(before.count == 5)
      #expect(Set(before).count == 5)
      #expect(try await bench.keys() == before, "what does not change has the same keys")
      for change in changes {
        try await Bench.with(cache) { bench in
          var changed = bench
          try change.apply(&changed)
          let after = try await changed.keys()
          let same = zip(before, after).prefix { $0 == $1 }.count
          #expect(same == (change.first ?? 6) - 1, "\(change.name)")
          #expect(Set(before[same...]).isDisjoint(with: after), "\(change.name)")
        }
      }
    }
  }

  private static let changes = scriptChanges + stepChanges + shapeChanges + harmlessChanges

  private static let scriptChanges = [
    Change("a byte at the end of a script", from: 2) { try $0.append("\n", to: "two.sh") },
    Change("a byte in a script", from: 2) { try $0.write("#!/bin/sh\necho tvo\n", to: "two.sh") },
    Change("a script's interpreter", from: 2) {
      try $0.write("#!/bin/bash\necho two\n", to: "two.sh")
    },
    Change("a byte of a file", from: 3) { try $0.append("x", to: "three.bin") },
    Change("a file's mode", from: 3) { try $0.chmod(0o755, "three.bin") },
    Change("a file's destination", from: 3) { $0.steps[2].destination = "/tmp/other" },
    Change("a letter of an inline script", from: 1) { $0.steps[0].inline = ["echo One", "true"] },
    Change("a line more", from: 1) { $0.steps[0].inline?.append("true") },
    Change("a line less", from: 4) { $0.steps[3].inline?.removeLast() },
    Change("a blank at a line's end", from: 5) { $0.steps[4].inline = ["echo five "] },
    Change("an inline script's interpreter", from: 4) { $0.steps[3].inline?[0] = "#!/bin/sh" },
    Change("lines that are joined", from: 4) {
      $0.steps[3].inline = ["#!/bin/bash", "echo four; true"]
    },
  ]

  private static let stepChanges = [
    Change("the order of the last two", from: 4) { $0.steps.swapAt(3, 4) },
    Change("the order of the first two", from: 1) { $0.steps.swapAt(0, 1) },
    Change("a step less", from: 3) { $0.steps.remove(at: 2) },
    Change("a step more in between", from: 5) { $0.steps.insert(.shell("true"), at: 4) },
    Change("a step twice", from: 2) { $0.steps.insert($0.steps[0], at: 1) },
    Change("an inline script in a script's place", from: 2) {
      $0.steps[1] = .shell("#!/bin/sh", "echo two")
    },
    Change("a step that is left out", from: 2) { $0.options += ["--skip", "2"] },
    Change("root for all scripts", from: 1) { $0.options += ["--script-user", "root"] },
    Change("the login user for all scripts", from: 2) { $0.options += ["--script-user", "login"] },
  ]

  private static let shapeChanges = [
    Change("a byte of the source", from: 1) { try $0.flipDisk() },
    Change("the source's place", from: 1) { try $0.copyDisk() },
    Change("vmSize", from: 1) { $0.vmSize = "Standard_B1ms" },
    Change("the disk's size", from: 1) { $0.profile = #""osDiskSizeGB": 2,"# },
    Change("a data disk", from: 1) { $0.more = #""additionalDataDisks": [{"sizeGB": 1}],"# },
    Change("the processors", from: 1) { $0.options += ["--cpus", "2"] },
    Change("the memory", from: 1) { $0.options += ["--memory", "768"] },
    Change("what is kept", from: 1) { $0.options += ["--cache", "disk"] },
  ]

  private static let harmlessChanges = [
    Change("a name", from: nil) { $0.steps[2].name = "another" },
    Change("a checksum that is given", from: nil) {
      $0.steps[1].sha256Checksum =
        "51d5cad9e6f349ce2489603af84fbc2b83222a0b8bd10f212332964f7c8c3f21"
    },
    Change("a script's place", from: nil) { bench in
      try bench.write("#!/bin/sh\necho two\n", to: "moved.sh")
      bench.steps[1].scriptUri = "moved.sh"
    },
    Change("a script's line ends, which become Unix ones", from: nil) {
      try $0.write("#!/bin/sh\r\necho two\r\n", to: "two.sh")
    },
    Change("a step after all", from: nil) { $0.steps.append(.shell("true")) },
    Change("the build timeout", from: nil) { $0.more = #""buildTimeoutInMinutes": 99,"# },
    Change("the outputs", from: nil) { $0.output = "another" },
    Change("blanks in the template", from: nil) { $0.more = "\n\n   \n" },
  ]
}

/// A template of five steps with its files and a disk to start from, and what `kiln plan` says of it.
struct Bench: Sendable {
  let home: String
  let cache: String
  let disk: String
  var steps: [Customizer] = [
    .shell("echo one", "true", name: "one"), .script("two.sh", name: "two"),
    .file("three.bin", to: "/tmp/three", name: "three"),
    .shell("#!/bin/bash", "echo four", "true", name: "four"), .shell("echo five", name: "five"),
  ]
  var vmSize = "Standard_B1s"
  var profile = ""
  var more = ""
  var output = "out"
  var options: [String] = []
  private(set) var source: String

  /// All in the same directories each time, since a disk's place counts.
  static func with(_ cache: String, _ body: (Bench) async throws -> Void) async throws {
    let bench = Bench(cache)
    try FileManager.default.createDirectory(
      atPath: bench.home, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: bench.home) }
    try bench.write("#!/bin/sh\necho two\n", to: "two.sh")
    try bench.write("three", to: "three.bin")
    try bench.chmod(0o644, "three.bin")
    try bench.partitionedDisk.write(to: URL(filePath: bench.disk))
    try await body(bench)
  }

  private init(_ cache: String) {
    self.cache = cache
    home = "/tmp/kiln-states-\(getpid())"
    disk = "\(home)/disk.raw"
    source = disk
  }

  /// An empty disk with one partition, without which nothing would start from it.
  private var partitionedDisk: Data {
    var disk = Data(count: 1 << 20)
    disk[446 + 4] = 0x83
    disk[446 + 8] = 1
    disk[446 + 12] = 1
    disk[510] = 0x55
    disk[511] = 0xaa
    return disk
  }

  /// The keys of the states after the steps.
  func keys() async throws -> [String] {
    try Data(try text().utf8).write(to: URL(filePath: "\(home)/t.json"))
    let ran = try await KilnProcess.run(
      ["plan", "t.json", "--json", "--source-disk", source] + options, in: home,
      environment: ["XDG_CACHE_HOME": cache])
    try #require(ran.exit == 0, "\(ran.stderr)")
    let plan = try JSONDecoder().decode(PlanText.self, from: Data(ran.stdout.utf8))
    return plan.steps.compactMap(\.state?.key)
  }

  private struct PlanText: Decodable {
    struct Step: Decodable { let state: State? }
    struct State: Decodable { let key: String }
    let steps: [Step]
  }

  private func text() throws -> String {
    """
    {
      "type": "Microsoft.VirtualMachineImages/imageTemplates",
      "apiVersion": "2025-10-01", "location": "westeurope", "identity": {"type": "None"},
      "properties": {
        \(more)
        "vmProfile": {\(profile) "vmSize": "\(vmSize)"},
        "source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
          "version": "latest"},
        "customize": \(String(decoding: try JSONEncoder().encode(steps), as: UTF8.self)),
        "distribute": [{"type": "VHD", "runOutputName": "\(output)"}]
      }
    }
    """
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(home)/\(name)"))
  }

  func append(_ text: String, to name: String) throws {
    let path = "\(home)/\(name)"
    try write(try String(contentsOfFile: path, encoding: .utf8) + text, to: name)
  }

  func chmod(_ mode: Int, _ name: String) throws {
    try FileManager.default.setAttributes(
      [.posixPermissions: mode], ofItemAtPath: "\(home)/\(name)")
  }

  func flipDisk() throws {
    var bytes = try Data(contentsOf: URL(filePath: disk))
    bytes[4096] ^= 1
    try bytes.write(to: URL(filePath: disk))
  }

  mutating func copyDisk() throws {
    source = "\(home)/copy.raw"
    try FileManager.default.copyItem(atPath: disk, toPath: source)
  }
}
