import Foundation
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
      spec.memorySource = "cat ../memory"
      try await lend(spec) { other in
        let status = try await other.status()
        #expect(status.running)
        #expect(other.consoleTail(lines: 1) == [], "it had said its word before")
      }
    }
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
        $0.memorySource = "echo nothing of QEMU"
      } _: { _ in
        _ = Issue.record("the machine started")
      }
    }
    #expect(error.kind == .startFailed)
    #expect(error.reason.contains("Not a migration stream"), "\(error)")
  }

  private static func snapshot(_ machine: VirtualMachine, to file: String) async throws {
    let overlay = "\(machine.spec.directory)/overlay.qcow2"
    _ = try await run(
      "qemu-img",
      [
        "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", machine.spec.disk.path, overlay,
        "1M",
      ]
    ).succeeded()
    try await machine.snapshot(.memory(to: file), number: 1, overlays: [overlay]) {}
  }
}
