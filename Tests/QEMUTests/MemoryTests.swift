import Foundation
import Memory
import TestSupport
import Testing

@testable import QEMU

/// A machine's memory, written and read.
@Suite(.requires(qemu), .timeLimit(.minutes(2))) struct MemoryTests {
  @Test func `a machine goes on with the memory that another wrote`() async throws {
    try await withMachine(BootSector.say("hello\n")) { machine in
      try await waitUntil("the first word") { machine.consoleTail(lines: 1) == ["hello"] }
      let beside = "\(machine.spec.directory)/.."
      try await Self.snapshot(machine, to: "\(beside)/memory")
      try BootSector.write(BootSector.say("hello\n"), to: "\(beside)/other.raw")
      var spec = machine.spec
      spec.directory = "\(beside)/other"
      spec.disk.path = "\(beside)/other.raw"
      spec.keptMemory = try await Self.kept("\(beside)/memory", in: "\(beside)/kept")
      try await lend(spec) { other in
        let status = try await other.status()
        #expect(status.running)
        #expect(other.consoleTail(lines: 1) == [], "it had said its word before")
      }
    }
  }

  @Test func `of what QEMU writes later, only what differs is kept`() async throws {
    try await withMachine(BootSector.say("hello\n")) { machine in
      try await waitUntil("the first word") { machine.consoleTail(lines: 1) == ["hello"] }
      let beside = "\(machine.spec.directory)/.."
      try await Self.snapshot(machine, to: "\(beside)/memory-1")
      try await Self.snapshot(machine, to: "\(beside)/memory-2", number: 2)
      let first = try await Self.kept("\(beside)/memory-1", in: "\(beside)/first")
      let second = try await Self.kept("\(beside)/memory-2", in: "\(beside)/second", over: first)
      let files = try FileManager.default.contentsOfDirectory(atPath: "\(beside)/second")
      #expect(Set(files) == ["memory.map", "memory.new.zst"])
      let size = try Data(contentsOf: URL(filePath: "\(beside)/second/memory.new.zst")).count
      let whole = try Data(contentsOf: URL(filePath: "\(beside)/first/memory.zst")).count
      #expect(size < whole / 2, "\(size) of \(whole)")
      try BootSector.write(BootSector.say("hello\n"), to: "\(beside)/other.raw")
      var spec = machine.spec
      spec.directory = "\(beside)/other"
      spec.disk.path = "\(beside)/other.raw"
      spec.keptMemory = second
      try await lend(spec) { other in
        let status = try await other.status()
        #expect(status.running)
        #expect(other.consoleTail(lines: 1) == [], "it had said its word before")
      }
    }
  }

  @Test func `memory whose files are damaged is told with the file`() async throws {
    let error = try await failure {
      try await withMachine(BootSector.idle) {
        try await Self.keep("memory", for: &$0)
        let file = "\($0.directory)/../kept/memory.zst"
        try Data("no memory".utf8).write(to: URL(filePath: file))
      } _: { _ in
        _ = Issue.record("the machine started")
      }
    }
    #expect(error.kind == .file)
    #expect(error.reason.contains("/kept/memory.zst`: "), "\(error)")
  }

  @Test func `memory that can't be written is told, and the machine goes on`() async throws {
    try await withMachine(BootSector.idle) { machine in
      let error = try await failure { try await Self.snapshot(machine, to: "/dev/full") }
      #expect(error.kind == .file)
      #expect(error.operation == "could not write the machine's memory")
      #expect(error.reason.contains("No space left on device"), "\(error)")
      #expect(try await machine.status().running)
    }
  }

  @Test func `memory that can't be read is told with QEMU's words`() async throws {
    let error = try await failure {
      try await withMachine(BootSector.idle) {
        try await Self.keep("nothing of QEMU", for: &$0)
      } _: { _ in
        _ = Issue.record("the machine started")
      }
    }
    #expect(error.kind == .startFailed)
    #expect(error.reason.contains("Not a migration stream"), "\(error)")
  }

  /// Has a machine go on with a text as its memory.
  private static func keep(_ text: String, for spec: inout VMSpec) async throws {
    try FileManager.default.createDirectory(
      atPath: spec.directory, withIntermediateDirectories: true)
    let plain = "\(spec.directory)/../plain"
    try Data(text.utf8).write(to: URL(filePath: plain))
    spec.keptMemory = try await kept(plain, in: "\(spec.directory)/../kept")
  }

  private static func kept(
    _ plain: String, in directory: String, over earlier: KeptMemory? = nil
  ) async throws -> KeptMemory {
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    return try await KeptMemory.keep(plain, in: directory, over: earlier, from: nil)
  }

  private static func snapshot(
    _ machine: VirtualMachine, to file: String, number: Int = 1
  ) async throws {
    let overlay = "\(machine.spec.directory)/overlay-\(number).qcow2"
    let (base, format) =
      number == 1
      ? (machine.spec.disk.path, "raw")
      : ("\(machine.spec.directory)/overlay-\(number - 1).qcow2", "qcow2")
    _ = try await run(
      "qemu-img",
      ["create", "-q", "-u", "-f", "qcow2", "-F", format, "-b", base, overlay, "1M"]
    ).succeeded()
    try await machine.snapshot(.memory(to: file), number: number, overlays: [overlay]) {}
  }
}
