import Digests
import Disks
import Foundation
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Catalog

/// The user's own file.
@Suite struct CatalogFileTests {
  private func catalog(_ text: String) async throws -> (SourceCatalog, FilePath) {
    try await ScratchDirectory.with { home in
      let file = FilePath("\(home)/sources.json")
      try Data(text.utf8).write(to: URL(filePath: file.string))
      return (try SourceCatalog(.usual(file)), file.removingLastComponent())
    }
  }

  private func mistakes(_ text: String) async throws -> [String] {
    let error = await #expect(throws: CatalogFileError.self) { try await catalog(text) }
    return try #require(error).diagnostics.map { $0.rendered(in: "f") }
  }

  @Test func `without a file there is what Kiln ships`() throws {
    let catalog = try SourceCatalog(.usual("/nowhere/sources.json"))
    #expect(!catalog.entries.isEmpty)
    #expect(catalog.entries.allSatisfy { $0.origin == .shipped })
  }

  @Test func `a file that was named must be there`() {
    let error = #expect(throws: CatalogFileError.self) {
      try SourceCatalog(.named("/nowhere/sources.json"))
    }
    #expect(
      error?.description == "/nowhere/sources.json:1:1: error: cannot read the file of sources: "
        + "No such file or directory [KILN-S001]")
  }

  @Test func `an entry with a path needs little, and is looked up beside the file`() async throws {
    let (catalog, home) = try await catalog(
      #"""
      // My own.
      {"sources": [{"image": "RedHat:RHEL:8-lvm", "path": "disks/rhel.qcow2", "user": "me"},]}
      """#)
    let entry = try #require(catalog.entries.first)
    #expect(entry.names.map(\.description) == ["RedHat:RHEL:8-lvm:latest"])
    guard case .disk(let disk) = entry.supply else {
      Issue.record("no disk")
      return
    }
    #expect(disk.location == .file(home.appending("disks/rhel.qcow2"), sha256: nil))
    #expect(disk.format == .qcow2)
    #expect(disk.user == "me")
    #expect(disk.firmware == .either)
    #expect(disk.architecture == .amd64)
    #expect(catalog.warnings.isEmpty)
  }

  @Test func `all that can be said is read`() async throws {
    let sha256 = String(repeating: "0f", count: 32)
    let (catalog, _) = try await catalog(
      #"""
      {"sources": [{
        "image": ["a:b:c:1.2.3", "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/images/i"],
        "title": "Mine", "url": "http://localhost/disk", "sha256": "\#(sha256)", "format": "VHDX",
        "user": "admin", "firmware": "uefi", "architecture": "arm64"
      }]}
      """#)
    let entry = try #require(catalog.entries.first)
    #expect(entry.title == "Mine")
    #expect(entry.names.count == 2)
    guard case .disk(let disk) = entry.supply else {
      Issue.record("no disk")
      return
    }
    let digest = try #require(SHA256Digest(hex: sha256))
    #expect(disk.location == .url("http://localhost/disk", .sha256(digest)))
    #expect((disk.format, disk.firmware, disk.architecture) == (.vhdx, .uefi, .arm64))
  }

  @Test func `all mistakes are told at once, each with its place`() async throws {
    let found = try await mistakes(
      #"""
      {"sources": [
        {"image": "a:b", "path": "x.qcow2", "user": "u"},
        {"image": "a:b:c", "url": "https://e/x.qcow2", "user": "u"},
        {"imgae": "a:b:d", "path": "x.img", "user": "u u", "firmware": "efi"},
        {"image": "a:b:e", "user": "u"}
      ], "more": 1}
      """#)
    #expect(
      found == [
        "f:2:13: error: sources[0].image: `a:b` is no name of an image [KILN-S011]\n"
          + "  hint: write `publisher:offer:sku`, `publisher:offer:sku:version` or an id, "
          + "`/subscriptions/…`",
        "f:3:3: error: sources[1]: an entry with `url` needs `sha256` or `checksums`: nothing else "
          + "tells that the right disk came [KILN-S017]\n  hint: `sha256` is the disk's own, `checksums` the "
          + "address of the publisher's list",
        "f:4:3: error: sources[2]: an entry needs the field `image` [KILN-S002]",
        "f:4:3: error: sources[2]: an entry needs the field `format`: the name `.img` doesn't tell "
          + "it [KILN-S002]\n  hint: it is one of `qcow2`, `raw`, `vhd`, `vhdx`, `vmdk`",
        "f:4:4: error: sources[2].imgae: an entry has no field `imgae` [KILN-S003]\n"
          + "  hint: did you mean `image`?",
        "f:4:47: error: sources[2].user: `u u` is no name of a user [KILN-S015]",
        "f:4:66: error: sources[2].firmware: `efi` is not known here [KILN-S005]\n"
          + "  hint: did you mean `uefi`? it is one of `bios`, `uefi`, `either`",
        "f:5:3: error: sources[3]: an entry needs `url` or `path`: it says nowhere what the disk is "
          + "[KILN-S006]",
        "f:6:4: error: more: the file of sources has no field `more` [KILN-S003]",
      ])
  }

  @Test(arguments: [
    (#"{"sources": [{"image": "a:b:c", "path": "d.raw.xz", "user": "u"}]}"#, "packed as `.xz`"),
    (
      #"{"sources": [{"image": "a:b:c", "path": "d.raw", "user": "u", "checksums": "https://e/S"}]}"#,
      "`checksums` goes with `url`"
    ),
    (
      #"{"sources": [{"image": "a:b:c", "url": "https://e/d.raw", "user": "u", "checksums": "http://e/S"}]}"#,
      "no address that can be used"
    ),
    (
      #"{"sources": [{"image": "a:b:c", "url": "ftp://e/d.raw", "user": "u", "checksums": "https://e/S"}]}"#,
      "no address that can be used"
    ),
    (
      #"{"sources": [{"image": "a:b:c", "path": "d.raw", "user": "u"}, {"image": "A:B:C", "path": "e.raw", "user": "u"}]}"#,
      "`A:B:C:latest` stands in line 1 already"
    ),
    (
      #"{"sources": [{"image": "a:b:c", "path": "d.raw", "url": "https://e/d.raw", "user": "u"}]}"#,
      "this one has `url` and `path`"
    ),
    (#"{"sources": [{"image": [], "path": "d.raw", "user": "u"}]}"#, "stands for nothing"),
    (
      #"{"sources": [{"image": "a:b:c", "path": "d.raw", "user": "u", "sha256": "12"}]}"#,
      "no SHA-256 checksum"
    ),
    (
      #"{"sources": [{"image": "a:b:c", "path": "~/d.raw", "user": "u"}]}"#, "`~/d.raw` is no path"
    ),
    (
      #"{"sources": [{"image": "a:b:c", "path": "d.raw", "user": "-u"}]}"#,
      "`-u` is no name of a user"
    ),
    (#"{"sources": {}}"#, "must be an array of entries, not an object"),
    (#"{}"#, "needs the field `sources`"),
    (#"[]"#, "the file of sources must be an object, not an array"),
    ("", "cannot read the file of sources: the file is empty"),
    (#"{"sources": [}"#, "expected"),
  ])
  func `a mistake is told`(text: String, what: String) async throws {
    let found = try await mistakes(text)
    #expect(found.count == 1 && found[0].contains(what), "\(found)")
  }

  @Test func `the same image may have a disk for each architecture`() async throws {
    let (catalog, _) = try await catalog(
      #"""
      {"sources": [
        {"image": "a:b:c", "path": "x.raw", "user": "u"},
        {"image": "a:b:c", "path": "y.raw", "user": "u", "architecture": "arm64"}
      ]}
      """#)
    let match = try catalog.resolve(try #require(SourceName("a:b:c")), architecture: .arm64)
    #expect(match.disk.location.description.hasSuffix("/y.raw"))
  }
}
