import Disks
import Foundation
import Synchronization
import SystemPackage
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct ConvertTests {
  @Test(arguments: [
    (1 << 20, 1), (3 << 20, 3), ((3 << 20) + 512, 4), ((3 << 20) - 512, 3), (5_000_001, 5),
    (100, 1),
  ])
  func `a VHD is a whole number of MiB and a footer, with the raw disk's bytes and zeros`(
    _ size: Int, _ mebibytes: Int
  ) async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: size)
      let before = try bytes(of: raw.path)
      let vhd = try await tool.convert(from: raw, to: directory.appending("a.vhd"), as: .vhd)
      let made = try bytes(of: vhd.path)
      #expect(made.count == mebibytes << 20 + 512)
      #expect(made.prefix(size) == before)
      #expect(made.dropFirst(size).dropLast(512).allSatisfy { $0 == 0 })
      #expect(try bytes(of: raw.path) == before, "the source changed")
      let footer = try VHDFooter.read(vhd.path)
      #expect(footer.kind == .fixed)
      #expect(footer.size == mebibytes << 20)
      #expect(footer.originalSize == mebibytes << 20)
      #expect(footer.isIntact)
      // What `force_size` writes, so that readers go by the size and not by this.
      #expect(footer.geometry.cylinders == 65_535)
      #expect(footer.geometry.heads == 16)
      #expect(footer.geometry.sectorsPerTrack == 255)
      #expect(try await tool.info(vhd).virtualSize == mebibytes << 20)
      #expect(try DiskImage.recognize(vhd.path) == vhd)
    }
  }

  @Test func `a VHD of a disk over another has the bytes of both`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 2 << 20)
      let overlay = try await tool.createOverlay(
        at: directory.appending("over.qcow2"), on: raw, size: .bytes((2 << 20) + 4096))
      let vhd = try await tool.convert(from: overlay, to: directory.appending("a.vhd"), as: .vhd)
      let made = try bytes(of: vhd.path)
      #expect(made.count == 3 << 20 + 512)
      #expect(made.prefix(2 << 20) == (try bytes(of: raw.path)))
    }
  }

  @Test(arguments: DiskFormat.allCases)
  func `a format's disk has the same bytes again as a raw one`(_ format: DiskFormat) async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 8 << 20)
      let image = try await tool.convert(from: raw, to: directory.appending("image"), as: format)
      #expect(try DiskImage.recognize(image.path) == image)
      let again = try await tool.convert(from: image, to: directory.appending("again"), as: .raw)
      #expect(try bytes(of: again.path) == (try bytes(of: raw.path)))
      #expect([.sound, .notApplicable].contains(try await tool.check(image)))
    }
  }

  @Test(arguments: [DiskFormat.qcow2, .raw, .vhd])
  func `what is zero takes no room`(_ format: DiskFormat) async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 1 << 30)
      let qcow2 = try await tool.convert(from: raw, to: directory.appending("s"), as: .qcow2)
      for source in [raw, qcow2] {
        let path = directory.appending("made")
        let image = try await tool.convert(from: source, to: path, as: format)
        #expect(try await allocated(image.path) < 1 << 20)
        #expect(try await tool.info(image).actualSize < 1 << 20)
        try FileManager.default.removeItem(atPath: path.string)
      }
    }
  }

  @Test func `progress rises to 1`() async throws {
    try await withDirectory { directory in
      let raw = try filledDisk(directory.appending("raw"), size: 32 << 20)
      let seen = Mutex<[Double]>([])
      _ = try await slowTool(in: directory, rate: 8).convert(
        from: raw, to: directory.appending("a"), as: .qcow2
      ) { done in
        seen.withLock { $0.append(done) }
      }
      let all = seen.withLock { $0 }
      #expect(all.contains { 0 < $0 && $0 < 1 })
      #expect(all == all.sorted())
      #expect(all.last == 1)
    }
  }

  @Test func `a conversion that is cancelled ends the program and leaves nothing`() async throws {
    try await withDirectory { directory in
      let slow = try await slowTool(in: directory)
      let raw = try filledDisk(directory.appending("raw"), size: 32 << 20)
      let target = directory.appending("made.qcow2")
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      await #expect(throws: CancellationError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            _ = try await slow.convert(from: raw, to: target, as: .qcow2) { done in
              if done > 0 { begin.yield() }
            }
          }
          for await _ in begun { break }
          #expect(try names(in: directory).contains("made.qcow2"))
          group.cancelAll()
          try await group.waitForAll()
        }
      }
      #expect(try names(in: directory) == ["raw", "slow-qemu-img"])
      let running = try await run("pgrep", ["-f", target.string])
      #expect(running.stdout == "")
    }
  }

  @Test(.requiresMounts, arguments: [DiskFormat.qcow2, .raw, .vhd])
  func `a full disk is told as such, and the part is gone`(_ format: DiskFormat) async throws {
    try await withDirectory { directory in
      let raw = try filledDisk(directory.appending("raw"), size: 8 << 20)
      try await SmallDisk.with(bytes: 3 << 20) { small in
        let target = FilePath(small).appending("a")
        let error = try await failure { try await tool.convert(from: raw, to: target, as: format) }
        #expect(error.reason == .full)
        #expect(
          error.description == "could not convert `\(raw.path)` to `\(target)`: the disk is full")
        #expect(error.hint == "free some space and run it again")
        #expect(try names(in: FilePath(small)).isEmpty)
      }
    }
  }

  @Test func `a file that is there already stays as it is`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 4096)
      let other = try rawDisk(directory.appending("other"), size: 8192)
      let before = try bytes(of: other.path)
      let error = try await failure {
        try await tool.convert(from: raw, to: other.path, as: .qcow2)
      }
      #expect(error.reason == .exists)
      #expect(try bytes(of: other.path) == before)
    }
  }

  @Test func `a refusal has the words of qemu-img, and leaves nothing`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 4096)
      let wrong = DiskImage(raw.path, format: .qcow2)
      let target = directory.appending("a")
      let error = try await failure { try await tool.convert(from: wrong, to: target, as: .raw) }
      #expect(error.description.contains("Image is not in qcow2 format"))
      #expect(error.description.hasPrefix("could not convert `\(raw.path)` to `\(target)`: Could"))
      #expect(try names(in: directory) == ["raw"])
    }
  }
}
