import Disks
import Foundation
import SystemPackage
import TestSupport
import Testing

/// Images that come from somebody else.
@Suite(.requires("/usr/bin/qemu-img")) struct ForeignDiskTests {
  @Test(arguments: [DiskTool.Declaration.byContent, .format(.qcow2)])
  func `a qcow2 over a file of this machine is refused`(
    _ declaration: DiskTool.Declaration
  ) async throws {
    try await withDirectory { directory in
      let evil = directory.appending("evil.qcow2").string
      _ = try await run(
        "qemu-img", ["create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", evil]
      ).succeeded()
      let error = try await failure { try await tool.admit(FilePath(evil), as: declaration) }
      #expect(error.reason == .refersTo("/etc/passwd"))
      #expect(
        error.description
          == "could not use `\(evil)`: it would take in the bytes of `/etc/passwd`")
    }
  }

  @Test func `a qcow2 with its data elsewhere is refused, and qemu-img is not asked`() async throws
  {
    try await withDirectory { directory in
      let evil = directory.appending("evil.qcow2").string
      let data = directory.appending("data").string
      _ = try await run(
        "qemu-img",
        ["create", "-q", "-f", "qcow2", "-o", "data_file=\(data),data_file_raw=on", evil, "1M"]
      ).succeeded()
      let absent = DiskTool("/nowhere/qemu-img")
      let error = try await failure { try await absent.admit(FilePath(evil), as: .byContent) }
      #expect(error.reason == .refersTo("an external data file"))
    }
  }

  @Test func `a raw disk whose guest wrote a qcow2 header is read as raw where it is declared`()
    async throws
  {
    try await withDirectory { directory in
      let evil = directory.appending("disk.raw").string
      _ = try await run(
        "qemu-img", ["create", "-q", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", evil]
      ).succeeded()
      let info = try await tool.admit(FilePath(evil), as: .format(.raw))
      #expect(info.image.format == .raw)
      #expect(info.backingFile == nil)
      let copy = try await tool.convert(
        from: info.image, to: directory.appending("copy"), as: .raw)
      let size = try bytes(of: FilePath(evil)).count
      #expect(try bytes(of: copy.path).prefix(size) == (try bytes(of: FilePath(evil))))
    }
  }

  @Test func `a VMDK that is a text naming its parts is refused`() async throws {
    try await withDirectory { directory in
      let evil = directory.appending("evil.vmdk")
      let text = """
        # Disk DescriptorFile
        version=1
        CID=fffffffe
        parentCID=ffffffff
        createType="monolithicFlat"
        RW 8 FLAT "/etc/passwd" 0

        """
      try text.write(toFile: evil.string, atomically: false, encoding: .utf8)
      for declaration in [DiskTool.Declaration.byContent, .format(.vmdk)] {
        await #expect(throws: DiskError.self) { try await tool.admit(evil, as: declaration) }
      }
    }
  }

  @Test func `a VMDK over another is refused`() async throws {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 1 << 20)
      let base = try await tool.convert(from: raw, to: directory.appending("base"), as: .vmdk)
      #expect(try await tool.admit(base.path, as: .byContent).virtualSize == 1 << 20)
      let over = directory.appending("over").string
      _ = try await run(
        "qemu-img",
        ["create", "-q", "-f", "vmdk", "-b", base.path.string, "-F", "vmdk", over]
      ).succeeded()
      let error = try await failure { try await tool.admit(FilePath(over), as: .byContent) }
      #expect(error.reason == .refersTo("the VMDK that it differs from"))
    }
  }

  @Test func `a VHDX that differs from another is refused, and qemu-img is not asked`() async throws
  {
    try await withDirectory { directory in
      let raw = try rawDisk(directory.appending("raw"), size: 1 << 20)
      let image = try await tool.convert(from: raw, to: directory.appending("v"), as: .vhdx)
      #expect(try await tool.admit(image.path, as: .byContent).virtualSize == 1 << 20)
      // In the place of one of the metadata's items, the disk's page 83 data.
      let page83 = try #require(UUID(uuidString: "BECA12AB-B2E6-4523-93EF-C309E000C746"))
      let parent = try #require(UUID(uuidString: "A8D35F2D-B30B-454D-ABF7-D3D84834AB0C"))
      var content = try bytes(of: image.path)
      let item = try #require(content.firstRange(of: page83.littleEndianBytes))
      content.replaceSubrange(item, with: parent.littleEndianBytes)
      try content.write(to: URL(filePath: image.path.string))
      let absent = DiskTool("/nowhere/qemu-img")
      let error = try await failure { try await absent.admit(image.path, as: .byContent) }
      #expect(error.reason == .refersTo("the VHDX that it differs from"))
    }
  }

  @Test func `a pipe is no disk, and is not waited for`() async throws {
    try await withDirectory { directory in
      let path = directory.appending("pipe")
      _ = try await run("mkfifo", [path.string]).succeeded()
      let error = try await failure { try await tool.admit(path, as: .byContent) }
      #expect(error.reason == .file("Illegal seek"))
    }
  }

  @Test func `an encrypted qcow2 is refused`() async throws {
    try await withDirectory { directory in
      let image = try await tool.createEmpty(
        at: directory.appending("e.qcow2"), format: .qcow2, size: 1 << 20)
      // The last byte of the method's number in the header.
      let file = try FileDescriptor.open(image.path, .readWrite)
      try file.closeAfter { _ = try file.writeAll(toAbsoluteOffset: 35, [2]) }
      let absent = DiskTool("/nowhere/qemu-img")
      let error = try await failure { try await absent.admit(image.path, as: .byContent) }
      #expect(error.reason == .unusable("encrypted qcow2"))
    }
  }

  @Test(arguments: [
    ("gzip", "\u{1F}\u{8B}"), ("VMDK descriptor", "# Disk DescriptorFile\n"),
    ("zip", "PK\u{3}\u{4}"),
    ("QED", "QED\0"),
  ])
  func `a file that is no disk image to be used is named`(
    _ format: String, _ content: String
  ) async throws {
    try await withDirectory { directory in
      let path = directory.appending("file")
      let latin = content.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
      try Data(latin).write(to: URL(filePath: path.string))
      let error = try await failure { try DiskImage.recognize(path) }
      #expect(error.reason == .unusable(format))
      #expect(error.hint != nil)
    }
  }

  @Test func `a dynamic VHD is taken in, and a file that is not there is told`() async throws {
    try await withDirectory { directory in
      let path = directory.appending("d.vhd").string
      _ = try await run("qemu-img", ["create", "-q", "-f", "vpc", path, "10M"]).succeeded()
      #expect(try await tool.admit(FilePath(path), as: .byContent).image.format == .vhd)
      let error = try await failure {
        try await tool.admit(directory.appending("none"), as: .byContent)
      }
      #expect(error.reason == .file("No such file or directory"))
    }
  }
}

extension UUID {
  /// The bytes as Windows writes a GUID: the first three numbers with their last byte first.
  fileprivate var littleEndianBytes: [UInt8] {
    let all = withUnsafeBytes(of: uuid) { Array($0) }
    return [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map { all[$0] }
  }
}
