import Digests
import Disks
import Foundation
import HTTP
import SystemPackage
import TestSupport
import Testing

@testable import Catalog

/// Disks that are named by their path.
@Suite struct LocalDiskTests {
  /// A day after anything that a test writes.
  private static let tomorrow = Int(Date().timeIntervalSince1970) + 86_400

  private func fetch(_ home: String, at now: Int = tomorrow) -> SourceFetch {
    SourceFetch(
      root: FilePath(home).appending("cache"), client: HTTPClient(), mirrors: MirrorRules(),
      retry: .never, now: { now })
  }

  private func match(_ home: String, _ more: String = "") throws -> CatalogMatch {
    let file = FilePath(home).appending("sources.json")
    let entry = #"{"image": "a:b:c:*", "path": "d.raw", "user": "u"\#(more)}"#
    try Data(#"{"sources": [\#(entry)]}"#.utf8).write(to: URL(filePath: file.string))
    return try SourceCatalog(.named(file))
      .resolve(try #require(SourceName("a:b:c:1.0")), architecture: .amd64)
  }

  private func write(_ text: String, to home: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(home)/d.raw"))
  }

  /// Makes what is remembered of all disks say another checksum: it shows whether it is used.
  private func tamper(_ home: String, from text: String) throws {
    let folder = "\(home)/cache/known"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let path = "\(folder)/\(name)"
      let json = try String(contentsOfFile: path, encoding: .utf8)
      let hash = try SHA256Digest(of: Array(text.utf8)).hex
      try json.replacing(hash, with: Self.tampered).write(
        toFile: path, atomically: true, encoding: .utf8)
    }
  }

  private static let tampered = String(repeating: "0", count: 64)

  @Test func `a disk is hashed once and then remembered`() async throws {
    try await ScratchDirectory.with { home in
      try write("one", to: home)
      let match = try match(home)
      let disk = try await fetch(home).disk(for: match)
      #expect(disk.sha256 == (try SHA256Digest(of: Array("one".utf8))))
      #expect(disk.image.path.string == "\(home)/d.raw")
      #expect(disk.version == "1.0")
      try tamper(home, from: "one")
      #expect(try await fetch(home).disk(for: match).sha256.hex == Self.tampered)
    }
  }

  @Test func `a disk that was touched is hashed again`() async throws {
    try await ScratchDirectory.with { home in
      try write("one", to: home)
      let match = try match(home)
      _ = try await fetch(home).disk(for: match)
      try tamper(home, from: "one")
      let disk = "\(home)/d.raw"
      _ = try await run("touch", ["-r", disk, "\(home)/time"]).succeeded()
      let handle = try FileHandle(forWritingTo: URL(filePath: disk))
      try handle.write(contentsOf: Data("two".utf8))
      try handle.close()
      // As many bytes, and the old time put back: the system's own time of change tells it.
      _ = try await run("touch", ["-r", "\(home)/time", disk]).succeeded()
      #expect(try await fetch(home).disk(for: match).sha256 == SHA256Digest(of: Array("two".utf8)))
    }
  }

  @Test func `what was written a moment ago is not remembered`() async throws {
    try await ScratchDirectory.with { home in
      try write("one", to: home)
      let now = Int(Date().timeIntervalSince1970)
      _ = try await fetch(home, at: now).disk(for: try match(home))
      #expect(!FileManager.default.fileExists(atPath: "\(home)/cache/known"))
    }
  }

  @Test func `a disk with another checksum than the file says is refused`() async throws {
    try await ScratchDirectory.with { home in
      try write("one", to: home)
      let wanted = try SHA256Digest(of: Array("two".utf8))
      let match = try match(home, #", "sha256": "\#(wanted)""#)
      let error = await #expect(throws: CatalogError.self) {
        try await fetch(home).disk(for: match)
      }
      #expect(error?.kind == .wrongChecksum)
      #expect(error?.description.contains("\(home)/sources.json:1:14 says \(wanted)") == true)
    }
  }

  @Test func `a disk that is missing is told with the place that names it`() async throws {
    try await ScratchDirectory.with { home in
      let match = try match(home)
      #expect(!fetch(home).isHere(match.disk))
      let error = await #expect(throws: CatalogError.self) {
        try await fetch(home).disk(for: match)
      }
      #expect(
        error?.description
          == "could not use the disk of `a:b:c:1.0`: there is no file \(home)/d.raw")
      #expect(error?.hint?.hasPrefix("\(home)/sources.json:1:14 names it") == true)
    }
  }
}
