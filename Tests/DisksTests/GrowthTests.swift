import Disks
import SystemPackage
import TestSupport
import Testing

/// Whether a partition of a disk has room to grow into.
@Suite(.requires("/usr/sbin/sfdisk"), .requires("/usr/bin/qemu-img")) struct GrowthTests {
  @Test(arguments: [
    "label: gpt\nsize=4M\n,\n", "label: gpt\n,\n", "label: dos\nsize=4M\ntype=83\n",
    // The first partition on the disk need not be the first of the table.
    "label: gpt\nstart=10240\nstart=2048, size=8192\n",
  ])
  func `none has where each ends at the next or at the end`(_ table: String) async throws {
    #expect(try await hasRoom(table) == false)
  }

  @Test(arguments: [
    "label: gpt\nsize=60M\n", "label: dos\nsize=60M, type=83\n",
    "label: gpt\nsize=4M\nstart=16384\n", "label: gpt\nstart=10240\nstart=2048, size=4096\n",
  ])
  func `one has where there is a gap behind it`(_ table: String) async throws {
    #expect(try await hasRoom(table))
  }

  @Test func `one has where the disk is larger than its table knows`() async throws {
    #expect(try await hasRoom("label: gpt\n,\n", on: (65 << 20) + 33 * 512))
  }

  @Test(arguments: [
    "", "label: dos\ntype=5\n",
    "label: gpt\ntable-length: 512\n,\n",
  ])
  func `what a table does not tell counts as room`(_ table: String) async throws {
    #expect(try await hasRoom(table))
  }

  /// What is said of a disk with partitions as sfdisk makes them on 64 MiB, seen as one of `size` bytes.
  private func hasRoom(_ table: String, on size: Int = 64 << 20) async throws -> Bool {
    try await withDirectory { directory in
      let disk = try await tool.createEmpty(
        at: directory.appending("raw"), format: .raw, size: 64 << 20)
      if !table.isEmpty {
        _ = try await run("/usr/sbin/sfdisk", ["-q", disk.path.string], input: table).succeeded()
      }
      let seen = try await tool.createOverlay(
        at: directory.appending("overlay"), on: disk, size: .bytes(size))
      return try await tool.hasRoomToGrow(seen)
    }
  }
}
