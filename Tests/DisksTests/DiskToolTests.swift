import Disks
import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct DiskToolTests {
  @Test func `a tool that is not installed is named, with the package that has it`() async throws {
    let missing = DiskTool("qemu-img-of-nowhere")
    let image = DiskImage("/dev/null", format: .raw)
    let error = try await failure { try await missing.info(image) }
    #expect(error.reason == .toolMissing("qemu-img-of-nowhere"))
    #expect(
      error.description
        == "could not look at `/dev/null`: `qemu-img-of-nowhere` is not installed")
    #expect(error.hint?.contains("qemu-utils") == true)
  }

  @Test func `an image that a machine has open is told, with what to do`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 1 << 20)
      let file = try FileDescriptor.open(raw.path, .readWrite)
      // As QEMU does while it may write: a byte for each permission, from 100 on.
      var lock = flock(
        l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 101, l_len: 1, l_pid: 0)
      #expect(fcntl(file.rawValue, F_SETLK, &lock) == 0)
      let error = try await failure {
        try await tool.convert(from: raw, to: directory.appending("a"), as: .qcow2)
      }
      #expect(
        error.hint
          == "something uses the image, a running machine perhaps: end that first")
      try file.close()
    }
  }

  @Test func `an overlay holds what differs and names the disk below`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("base,with:odd name"), size: 3 << 20)
      let same = try await tool.createOverlay(at: directory.appending("same"), on: raw)
      let larger = try await tool.createOverlay(
        at: directory.appending("larger"), on: raw, size: .bytes(10 << 20))
      let info = try await tool.info(same)
      #expect(info.virtualSize == 3 << 20)
      #expect(info.backingFile == raw.path.string)
      #expect(try await tool.info(larger).virtualSize == 10 << 20)
      let copy = try await tool.convert(from: larger, to: directory.appending("copy"), as: .raw)
      #expect(try bytes(of: copy.path).prefix(3 << 20) == (try bytes(of: raw.path)))
    }
  }

  @Test func `an overlay that would cut the disk below is refused, and not made`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 3 << 20)
      let error = try await failure {
        try await tool.createOverlay(
          at: directory.appending("over"), on: raw, size: .bytes(1 << 20))
      }
      #expect(error.reason == .size("1048576 bytes are fewer than the 3145728 of the disk below"))
      #expect(try names(in: directory) == ["raw"])
    }
  }

  @Test func `an empty disk has the size that was asked for, and can grow, but not shrink`()
    async throws
  {
    try await withDirectory { directory in
      let image = try await tool.createEmpty(
        at: directory.appending("e"), format: .qcow2, size: 5 << 20)
      try await tool.resize(image, to: 9 << 20)
      #expect(try await tool.info(image).virtualSize == 9 << 20)
      let error = try await failure { try await tool.resize(image, to: 1 << 20) }
      #expect(error.description.contains("shrink"))
      #expect(try await tool.info(image).virtualSize == 9 << 20)
    }
  }

  @Test func `damage in an image is found`() async throws {
    try await withDirectory { directory in
      let raw = try filledDisk(directory.appending("raw"), size: 2 << 20)
      let image = try await tool.convert(from: raw, to: directory.appending("q"), as: .qcow2)
      #expect(try await tool.check(image) == .sound)
      #expect(try await tool.check(raw) == .notApplicable)
      // The second cluster has the table that counts how often each cluster is used.
      let file = try FileDescriptor.open(image.path, .readWrite)
      try file.closeAfter {
        _ = try file.writeAll(toAbsoluteOffset: 131_072, [UInt8](repeating: 0, count: 64))
      }
      guard case .corrupt(let errors) = try await tool.check(image) else {
        Issue.record("no damage found")
        return
      }
      #expect(errors > 0)
    }
  }

  @Test func `a footer that is none is refused`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 4096)
      let error = try await failure { try VHDFooter.read(raw.path) }
      #expect(error.reason == .damaged("its last 512 bytes are none"))
    }
  }

  @Test func `a footer with one wrong bit is seen`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 1 << 20)
      let vhd = try await tool.convert(from: raw, to: directory.appending("v"), as: .vhd)
      #expect(try VHDFooter.read(vhd.path).creator == "qem2")
      // Among the reserved bytes, which are all zero: any other byte may happen to be 1.
      let file = try FileDescriptor.open(vhd.path, .readWrite)
      try file.closeAfter { _ = try file.writeAll(toAbsoluteOffset: 1 << 20 + 100, [1]) }
      #expect(try !VHDFooter.read(vhd.path).isIntact)
      #expect(try DiskImage.recognize(vhd.path).format == .raw)
    }
  }
}
