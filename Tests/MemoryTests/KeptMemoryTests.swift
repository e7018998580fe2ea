import Foundation
import Glibc
import Memory
import TestSupport
import Testing

/// The memory of kept states.
@Suite struct KeptMemoryTests {
  @Test(arguments: [0, 1, 4095, 3 << 20]) func `what was kept is what was written`(
    count: Int
  ) async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(1)
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let kept = try await rig.keep(bytes, as: "one")
      let received = try await rig.received(kept)
      #expect(received == bytes)
    }
  }

  @Test func `of a later state only what differs is kept`() async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(2)
      var memory = MachineMemory(pages: [900, 40], &random)
      let first = memory.stream
      var kept = try await rig.keep(first, as: "0")
      var streams = [first]
      for step in 1...5 {
        for page in [3 * step, 500 + step] {
          memory.blocks[0][page] = MachineMemory.page(&random)
        }
        memory.sectionSize = 7 + step
        let stream = memory.stream
        kept = try await rig.keep(
          stream, as: "\(step)", over: kept, from: "\(rig.root)/\(step - 1).plain")
        streams.append(stream)
        let files = try rig.files("\(step)")
        #expect(Set(files.keys) == ["memory.map", "memory.new.zst"])
        #expect(files["memory.new.zst", default: .max] < 16 << 10, "two pages, and a bit")
        let received = try await rig.received(kept)
        #expect(received == stream)
      }
    }
  }

  @Test func `what the file of the earlier memory would tell, what was kept of it tells, too`()
    async throws
  {
    try await MemoryRig.with { rig in
      var random = Seeded(3)
      var memory = MachineMemory(pages: [200], &random)
      let first = try await rig.keep(memory.stream, as: "first")
      memory.blocks[0][17] = MachineMemory.page(&random)
      let second = try await rig.keep(memory.stream, as: "second", over: first)
      memory.blocks[0][18] = MachineMemory.page(&random)
      let stream = memory.stream
      let quick = try await rig.keep(
        stream, as: "quick", over: second, from: "\(rig.root)/second.plain")
      let slow = try await rig.keep(stream, as: "slow", over: second)
      #expect(try rig.files("quick") == rig.files("slow"))
      for kept in [quick, slow] {
        let received = try await rig.received(kept)
        #expect(received == stream)
      }
    }
  }

  /// What may differ between two streams.
  static let changes: [(String, @Sendable (inout MachineMemory, inout Seeded) -> Void)] = [
    ("nothing", { _, _ in }),
    ("a page becomes zeros", { memory, _ in memory.blocks[0][5] = nil }),
    (
      "zeros become a page",
      { $0.blocks[0][$0.blocks[0].firstIndex(of: nil) ?? 0] = MachineMemory.page(&$1) }
    ),
    ("all sections begin elsewhere", { memory, _ in memory.sectionSize = 3 }),
    ("a block has fewer pages", { memory, _ in memory.blocks[0].removeLast(4) }),
    ("a block has more pages", { $0.blocks[0] += [MachineMemory.page(&$1), nil] }),
    ("a block is gone", { memory, _ in memory.blocks.removeLast() }),
    ("a block has come", { $0.blocks.append([MachineMemory.page(&$1)]) }),
    ("the devices differ", { memory, _ in memory.devices = Array("other devices".utf8) }),
    ("there are no devices", { memory, _ in memory.devices = [] }),
    (
      "the devices look like a page",
      { memory, _ in
        memory.devices = [0, 0, 0, 0, 0, 0, 0x10, 0x28] + [UInt8](repeating: 7, count: 5000)
      }
    ),
    (
      "a page looks like the head of a page",
      { memory, _ in
        memory.blocks[0][1] = Array(
          repeatElement([0, 0, 0, 0, 0, 0, 0x20, 0x28], count: 512).joined())
      }
    ),
  ]

  @Test(arguments: changes.indices) func `whatever differs, the later memory is what was written`(
    change: Int
  ) async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(UInt64(change))
      var memory = MachineMemory(pages: [60, 9], &random)
      let first = try await rig.keep(memory.stream, as: "first")
      Self.changes[change].1(&memory, &random)
      let stream = memory.stream
      let second = try await rig.keep(stream, as: "second", over: first)
      let received = try await rig.received(second)
      #expect(received == stream, "\(Self.changes[change].0)")
    }
  }

  @Test func `bytes of no machine are kept, too`() async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(4)
      var bytes = MachineMemory(pages: [40, 8], &random).stream
      var kept = try await rig.keep(bytes, as: "0")
      for round in 1...40 {
        let start = Int.random(in: 0..<bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0..<6000, using: &random))
        let new = (0..<Int.random(in: 0..<6000, using: &random)).map { _ in
          UInt8.random(in: 0...3, using: &random)
        }
        bytes.replaceSubrange(start..<end, with: new)
        kept = try await rig.keep(bytes, as: "\(round)", over: kept)
        let received = try await rig.received(kept)
        #expect(received == bytes)
      }
    }
  }

  @Test func `a memory that has little of the earlier one is kept whole`() async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(5)
      let first = try await rig.keep(MachineMemory(pages: [80], &random).stream, as: "first")
      let other = MachineMemory(pages: [80], &random).stream
      let second = try await rig.keep(other, as: "second", over: first)
      #expect(try Set(rig.files("second").keys) == ["memory.zst"])
      let received = try await rig.received(second)
      #expect(received == other)
    }
  }

  @Test func `after sixteen differences comes a whole one`() async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(6)
      let stream = MachineMemory(pages: [20], &random).stream
      var kept = try await rig.keep(stream, as: "0")
      var whole: [Int] = []
      for step in 1...18 {
        kept = try await rig.keep(stream, as: "\(step)", over: kept)
        if try rig.files("\(step)").keys.contains("memory.zst") { whole.append(step) }
      }
      #expect(whole == [17])
      let received = try await rig.received(kept)
      #expect(received == stream)
    }
  }

  @Test func `a state is found by the files of the states that it lies on`() throws {
    let whole = ["manifest.json", "memory.zst"]
    let difference = ["memory.map", "memory.new.zst"]
    #expect(KeptMemory(in: []) == nil)
    #expect(KeptMemory(in: [("a", ["disk-0.qcow2"])]) == nil, "a state of the disk alone")
    #expect(KeptMemory(in: [("a", ["disk-0.qcow2"]), ("b", difference)]) == nil)
    let found = try #require(KeptMemory(in: [("a", whole), ("b", whole), ("c", difference)]))
    #expect(!found.needs("memory.zst", in: "a"), "b has all of it")
    #expect(found.needs("memory.zst", in: "b"))
    #expect(found.needs("memory.map", in: "c"))
    #expect(!found.needs("manifest.json", in: "c"))
  }

  @Test func `only their owner may read the files`() async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(7)
      let stream = MachineMemory(pages: [20], &random).stream
      let first = try await rig.keep(stream, as: "first")
      _ = try await rig.keep(stream, as: "second", over: first)
      for file in ["first/memory.zst", "second/memory.map", "second/memory.new.zst"] {
        var status = stat()
        try #require(stat("\(rig.root)/\(file)", &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600, "\(file)")
      }
    }
  }
}

/// Random numbers that are the same each time.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
