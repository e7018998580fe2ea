import Disks
import Foundation
import Images
import SystemPackage
import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct VHDTests {
  @Test func `a VHD without an address has a name of its own in the store`() async throws {
    try await ImageRig.with { rig in
      let first = try await rig.publish(target(.vhd(uri: nil), name: "boot"))
      let second = try await rig.publish(target(.vhd(uri: ""), name: "boot"))
      #expect(first.name == "boot_20200430232406")
      #expect(second.name == "boot_20200430232406_")
      let disk = try #require(first.disks.first)
      #expect(disk.path.lastComponent == "boot_20200430232406.vhd")
      #expect(first.metadata.runOutput.properties.artifactUri == "file://\(disk.path)")
      #expect(first.metadata.runOutput.properties.artifactId == nil)
      let footer = try VHDFooter.read(disk.path)
      #expect(footer.kind == .fixed)
      #expect(footer.size == 4 << 20)
      #expect(try rig.leftovers() == [])
    }
  }

  @Test(arguments: ["", "file://", "file://localhost"])
  func `a VHD with a path is put there, and made again in its place`(_ prefix: String) async throws
  {
    try await ImageRig.with { rig in
      let path = rig.directory.appending("my disk.vhd")
      let written = prefix.isEmpty ? path.string : path.string.replacing(" ", with: "%20")
      let output = try target(.vhd(uri: prefix + written))
      let first = try await rig.publish(output, run: "run-1")
      let encoded = path.string.replacing(" ", with: "%20")
      #expect(first.metadata.runOutput.properties.artifactUri == "file://\(encoded)")
      #expect(first.name == path.string)
      #expect(try VHDFooter.read(path).isIntact)
      let second = try await rig.publish(output, run: "run-2")
      #expect(try rig.store.list().images == [second])
      #expect(second.metadata.provenance.run == "run-2")
      try await rig.store.remove(second)
      #expect(FileManager.default.fileExists(atPath: path.string))
      #expect(try rig.store.list().images.isEmpty)
    }
  }

  @Test func `other formats of a VHD with a path lie beside it`() async throws {
    try await ImageRig.with { rig in
      let path = rig.directory.appending("out.vhd")
      var build = ExpectedBuild.small
      build.extraFormats = [.raw]
      let output = try target(.vhd(uri: path.string))
      try await rig.publish(output, build: build)
      let image = try await rig.publish(output, build: build)
      #expect(image.disks.map(\.path) == [path, rig.directory.appending("out.raw")])
      let names = try FileManager.default.contentsOfDirectory(atPath: rig.directory.string)
      #expect(names.sorted() == ["base.raw", "data", "disk.qcow2", "out.raw", "out.vhd"])
    }
  }

  @Test func `another format does not take the place of a file that no build made`() async throws {
    try await ImageRig.with { rig in
      var build = ExpectedBuild.small
      build.extraFormats = [.raw]
      let path = rig.directory.appending("base.vhd")
      let error = try await failure {
        try await rig.publish(target(.vhd(uri: path.string)), build: build)
      }
      let base = rig.directory.appending("base.raw")
      #expect(error.reason == .address("`\(base)` is there, and no build of yours made it"))
    }
  }

  @Test func `an address in a cloud is told not to be uploaded to, without its secret`()
    async throws
  {
    try await ImageRig.with { rig in
      let output = try target(.vhd(uri: "https://a.blob.core.windows.net/vhds/x.vhd?sig=secret"))
      let prepared = try await rig.store.prepare(output, for: .small)
      #expect(
        prepared.notes == [
          "the VHD stays on this machine: it is not uploaded to "
            + "`https://a.blob.core.windows.net/vhds/x.vhd`"
        ])
      #expect(prepared.formats == [.vhd])
    }
  }

  @Test(arguments: [
    ("ftp://host/a.vhd", "`ftp://` is no file of this machine"),
    ("file://host/a.vhd", "`host` is another machine"), ("file://", "it names no file"),
    ("file:///%zz.vhd", "it names no file"),
    ("/nowhere/a.vhd", "nothing can be written to `/nowhere` (No such file or directory)"),
    ("/etc/passwd", "`/etc/passwd` is there, and no build of yours made it"),
    ("/etc", "`/etc` is there, and no build of yours made it"),
    ("<storage>/a.vhd", "a part of it is still open"),
  ])
  func `an address that no VHD can be put at is refused before the build`(
    _ uri: String, _ why: String
  ) async throws {
    try await ImageRig.with { rig in
      let error = try await failure {
        try await rig.store.prepare(target(.vhd(uri: uri)), for: .small)
      }
      #expect(error.description == "could not write a VHD to `\(uri)`: \(why)")
      #expect(error.hint != nil)
    }
  }
}
