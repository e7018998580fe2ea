import Foundation
import Glibc
import Memory
import TestSupport
import Testing

/// Memory that can't be kept, read or sent.
@Suite struct MemoryFaultTests {
  /// A memory in two directories, the second with a difference.
  private static func with(
    _ body: (MemoryRig, KeptMemory) async throws -> Void
  ) async throws {
    try await MemoryRig.with { rig in
      var random = Seeded(8)
      var memory = MachineMemory(pages: [600], &random)
      let first = try await rig.keep(memory.stream, as: "first")
      memory.blocks[0][7] = MachineMemory.page(&random)
      try await body(rig, try await rig.keep(memory.stream, as: "second", over: first))
    }
  }

  private static func fault(
    _ body: () async throws -> Void
  ) async throws -> MemoryError {
    let fault = await #expect(throws: MemoryError.self) { try await body() }
    return try #require(fault)
  }

  @Test(arguments: ["first/memory.zst", "second/memory.map", "second/memory.new.zst"])
  func `a file that ends too early is told`(file: String) async throws {
    try await Self.with { rig, kept in
      let path = "\(rig.root)/\(file)"
      let bytes = try Data(contentsOf: URL(filePath: path))
      try bytes.dropLast(9).write(to: URL(filePath: path))
      let error = try await Self.fault { _ = try await rig.received(kept) }
      #expect(error.kind == .damaged)
      #expect(error.operation == "read `\(path)`")
    }
  }

  @Test(arguments: ["first/memory.zst", "second/memory.map", "second/memory.new.zst"])
  func `a file that is gone is told`(file: String) async throws {
    try await Self.with { rig, kept in
      unlink("\(rig.root)/\(file)")
      let error = try await Self.fault { _ = try await rig.received(kept) }
      #expect(error.kind == .file(ENOENT))
      #expect(error.description.hasPrefix("could not read `\(rig.root)/\(file)`: "))
    }
  }

  /// It is read beside the comparison with its checksum.
  @Test func `a map of more bytes than there can be is refused`() async throws {
    try await Self.with { rig, kept in
      let path = "\(rig.root)/second/memory.map"
      var map = Data("kiln memory 1\n".utf8)
      for word in [UInt64.max, UInt64(Int.max), UInt64.max, UInt64(Int.max)] {
        withUnsafeBytes(of: word.littleEndian) { map.append(contentsOf: $0) }
      }
      try map.write(to: URL(filePath: path))
      let error = try await Self.fault { _ = try await rig.received(kept) }
      #expect(error.kind == .damaged)
      #expect(error.operation == "read `\(path)`")
    }
  }

  @Test func `a difference is refused over another memory than its own`() async throws {
    try await Self.with { rig, kept in
      let short = try await rig.keep(Array("short".utf8), as: "short")
      _ = short
      unlink("\(rig.root)/first/memory.zst")
      try FileManager.default.moveItem(
        atPath: "\(rig.root)/short/memory.zst", toPath: "\(rig.root)/first/memory.zst")
      let error = try await Self.fault { _ = try await rig.received(kept) }
      #expect(error.kind == .damaged)
    }
  }

  @Test func `a full disk is told`() async throws {
    try await MemoryRig.with { rig in
      try FileManager.default.createDirectory(
        atPath: "\(rig.root)/full", withIntermediateDirectories: true)
      symlink("/dev/full", "\(rig.root)/full/memory.zst")
      let plain = try rig.write(Array("memory".utf8), as: "plain")
      let error = try await Self.fault {
        _ = try await KeptMemory.keep(plain, in: "\(rig.root)/full", over: nil, from: nil)
      }
      #expect(error.kind == .file(ENOSPC))
      #expect(error.operation == "write `\(rig.root)/full/memory.zst`")
    }
  }

  @Test(.requiresMounts) func `the last of a disk is left to the machine`() async throws {
    try await MemoryRig.with { rig in
      try await SmallDisk.with(bytes: 80 << 20) { disk in
        let plain = try rig.write([UInt8](repeating: 0, count: 100), as: "plain")
        _ = try await KeptMemory.keep(plain, in: disk, over: nil, from: nil)
        try SmallDisk.leave(60 << 20, freeOn: disk)
        let error = try await Self.fault {
          _ = try await KeptMemory.keep(plain, in: disk, over: nil, from: nil)
        }
        #expect(
          error.description == "could not write `\(disk)/memory.zst`: the disk is nearly full")
      }
    }
  }

  @Test func `what was removed is gone, and nothing else`() async throws {
    try await Self.with { rig, _ in
      _ = try rig.write([], as: "second/disk-0.qcow2")
      KeptMemory.remove(from: "\(rig.root)/second")
      #expect(try Set(rig.files("second").keys) == ["disk-0.qcow2"])
    }
  }

  @Test func `whoever takes no more ends the sending`() async throws {
    try await Self.with { _, kept in
      let ends = try SocketEnds()
      defer { close(ends.ours) }
      close(ends.theirs)
      try await kept.send(to: ends.ours)
    }
  }

  @Test func `a cancellation ends a sending that nobody takes`() async throws {
    try await Self.with { _, kept in
      let ends = try SocketEnds()
      defer {
        close(ends.ours)
        close(ends.theirs)
      }
      let sending = Task { try await kept.send(to: ends.ours) }
      // It holds less than the memory has, so that the sending waits from some byte on.
      var byte: UInt8 = 0
      #expect(recv(ends.theirs, &byte, 1, Int32(MSG_PEEK)) == 1)
      sending.cancel()
      _ = await sending.result
    }
  }
}
