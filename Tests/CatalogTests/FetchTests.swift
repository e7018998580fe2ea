import Digests
import Disks
import Foundation
import HTTP
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Catalog

@Suite(.fileServer) struct FetchTests {
  private static let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 / 251) }
  private static let other = [UInt8](bytes.reversed())

  private func sha256(_ bytes: [UInt8]) throws -> String { try SHA256Digest(of: bytes).hex }
  private func sha512(_ bytes: [UInt8]) throws -> String { try SHA512Digest(of: bytes).hex }

  /// A fetch into a directory of its own, with `sources.json` and the disks beside it.
  private func rig(
    mirrors: [String] = [], _ body: (_ home: String, SourceFetch) async throws -> Void
  ) async throws {
    let server = try FileServer.current
    let rules = try MirrorRules(mirrors)
    try await ScratchDirectory.with { home in
      try await body(
        home,
        SourceFetch(
          root: FilePath(home).appending("cache"), client: server.client, mirrors: rules,
          retry: .never))
    }
  }

  private func match(_ entry: String, _ image: String = "a:b:c", in home: String) throws
    -> CatalogMatch
  {
    let file = FilePath(home).appending("sources.json")
    try Data(#"{"sources": [{"user": "u", \#(entry)}]}"#.utf8).write(to: URL(filePath: file.string))
    let catalog = try SourceCatalog(.named(file))
    return try catalog.resolve(try #require(SourceName(image)), architecture: .amd64)
  }

  private func failure(_ body: () async throws -> SourceDisk) async throws -> CatalogError {
    do {
      _ = try await body()
    } catch let error as CatalogError {
      return error
    }
    throw NoFailure()
  }

  /// The expected error was not thrown.
  private struct NoFailure: Error {}

  @Test func `a disk is downloaded, verified and kept, and not fetched twice`() async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.bytes, as: "d.qcow2")
    try site.publish("\(try sha256(Self.bytes)) *d.qcow2\n", as: "SHA256SUMS")
    try await rig { home, fetch in
      let match = try match(
        #""image": "a:b:c", "url": "\#(site.url)/d.qcow2", "checksums": "\#(site.url)/SHA256SUMS""#,
        in: home)
      #expect(!fetch.isHere(match.disk))
      let disk = try await fetch.disk(for: match)
      #expect(try [UInt8](Data(contentsOf: URL(filePath: disk.image.path.string))) == Self.bytes)
      #expect(disk.identity == "sha256:\(try sha256(Self.bytes))")
      #expect(disk.version == "latest")
      #expect((disk.image.format, disk.user, disk.firmware) == (.qcow2, "u", .either))
      #expect(disk.architecture == .amd64)
      #expect(fetch.isHere(match.disk))
      #expect(try await fetch.disk(for: match) == disk)
      // The list is asked for again each time: it says what the latest is.
      #expect(try site.requests() == ["SHA256SUMS", "d.qcow2", "SHA256SUMS"])
    }
  }

  @Test func `SHA-512 is verified too`() async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.bytes, as: "d.qcow2")
    try site.publish("\(try sha512(Self.bytes))  d.qcow2\n", as: "SHA512SUMS")
    try await rig { home, fetch in
      let match = try match(
        #""image": "a:b:c", "url": "\#(site.url)/d.qcow2", "checksums": "\#(site.url)/SHA512SUMS""#,
        in: home)
      let disk = try await fetch.disk(for: match)
      #expect(disk.sha256.hex == (try sha256(Self.bytes)))
      #expect(try await fetch.disk(for: match) == disk)
      #expect(try site.requests().filter { $0 == "d.qcow2" }.count == 1)
      try site.publish("\(try sha512(Self.other))  d.qcow2\n", as: "SHA512SUMS")
      let error = try await failure { try await fetch.disk(for: match) }
      #expect(error.kind == .wrongChecksum)
      #expect(error.description.contains("its sha512 \(try sha512(Self.bytes)), but sha512"))
      #expect(FileManager.default.fileExists(atPath: disk.image.path.string) == false)
    }
  }

  @Test func `bytes with another checksum are refused and not kept`() async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.other, as: "d.raw")
    try await rig { home, fetch in
      let match = try match(
        #""image": "a:b:c", "url": "\#(site.url)/d.raw", "sha256": "\#(try sha256(Self.bytes))""#,
        in: home)
      let error = try await failure { try await fetch.disk(for: match) }
      #expect(error.kind == .wrongChecksum)
      #expect(error.hint?.hasPrefix("try again") == true)
      #expect(!fetch.isHere(match.disk))
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(home)/cache/disks").isEmpty)
    }
  }

  @Test func `a new latest is downloaded, and its version stands in the list`() async throws {
    let site = try FileServer.current.site()
    try await rig { home, fetch in
      let match = try match(
        #"""
        "image": "a:b:c", "url": "\#(site.url)/os-latest.qcow2",
        "checksums": "\#(site.url)/CHECKSUM", "newest": {"pattern": "os-{version}.qcow2"}
        """#, in: home)
      for (version, bytes) in [("9.7-20251110", Self.bytes), ("9.8-20260525", Self.other)] {
        try site.publish(bytes, as: "os-latest.qcow2")
        let hash = try sha256(bytes)
        try site.publish(
          "SHA256 (os-latest.qcow2) = \(hash)\nSHA256 (os-\(version).qcow2) = \(hash)\n",
          as: "CHECKSUM")
        let disk = try await fetch.disk(for: match)
        #expect(disk.version == version)
        #expect(disk.sha256.hex == hash)
      }
    }
  }

  @Test func `a version beside the list is told as a template may name it`() async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.bytes, as: "release/d.img")
    try site.publish("\(try sha256(Self.bytes)) *d.img\n", as: "release/SHA256SUMS")
    try site.publish(Self.other, as: "release-20240423/d.img")
    try site.publish("\(try sha256(Self.other)) *d.img\n", as: "release-20240423/SHA256SUMS")
    let entry =
      #"""
      "image": "a:b:c", "url": "\#(site.url)/release/d.img", "format": "qcow2",
      "checksums": "\#(site.url)/release/SHA256SUMS",
      "versions": {"pattern": "24.04.{serial:8}0", "url": "\#(site.url)/release-{serial}/d.img",
                   "checksums": "\#(site.url)/release-{serial}/SHA256SUMS"},
      "newest": {"file": "\#(site.url)/release/build-info.txt", "pattern": "serial={serial:8}\n"}
      """#
    try await rig { home, fetch in
      let latest = try match(entry, in: home)
      #expect(try await fetch.disk(for: latest).version == "latest")
      try site.publish("a=b\nserial=20260102\n", as: "release/build-info.txt")
      #expect(try await fetch.disk(for: latest).version == "24.04.202601020")
      let old = try match(entry, "a:b:c:24.04.202404230", in: home)
      let disk = try await fetch.disk(for: old)
      #expect(disk.version == "24.04.202404230")
      #expect(disk.sha256.hex == (try sha256(Self.other)))
    }
  }

  @Test func `a list that is gone is told, with what to do`() async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.bytes, as: "d.raw")
    try await rig { home, fetch in
      let match = try match(
        #""image": "a:b:c", "url": "\#(site.url)/d.raw", "checksums": "\#(site.url)/S""#, in: home)
      let error = try await failure { try await fetch.disk(for: match) }
      #expect(error.kind == .noChecksum)
      #expect(
        error.description == "could not find out the checksum of the disk of `a:b:c:latest`: "
          + "could not download \(site.url)/S: the server answered 404")
      #expect(error.hint?.contains("the publisher may have moved it") == true)
    }
  }

  @Test(arguments: ["", "0123  d.raw\n", "<html></html>"])
  func `a list without the disk is told`(list: String) async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.bytes, as: "d.raw")
    try site.publish(list, as: "S")
    try await rig { home, fetch in
      let match = try match(
        #""image": "a:b:c", "url": "\#(site.url)/d.raw", "checksums": "\#(site.url)/S""#, in: home)
      let error = try await failure { try await fetch.disk(for: match) }
      #expect(error.kind == .noChecksum)
      #expect(
        error.description
          == "could not find out the checksum of `d.raw`: \(site.url)/S has no line for it")
    }
  }

  @Test func `a disk that is gone is told, with what to do`() async throws {
    let site = try FileServer.current.site()
    try await rig { home, fetch in
      let match = try match(
        #""image": "a:b:c:1.2.3", "url": "\#(site.url)/d.raw", "sha256": "\#(try sha256([1]))""#,
        "a:b:c:1.2.3", in: home)
      let error = try await failure { try await fetch.disk(for: match) }
      #expect(error.kind == .notFetched)
      #expect(error.hint?.hasPrefix("publishers remove old versions") == true)
    }
  }

  @Test func `a secret in an address is neither told nor kept`() async throws {
    let site = try FileServer.current.site()
    try site.publish(Self.bytes, as: "d.raw")
    try await rig { home, fetch in
      let match = try match(
        #"""
        "image": "a:b:c", "url": "\#(site.url)/d.raw?sig=SECRET", "sha256": "\#(try sha256(Self.bytes))"
        """#, in: home)
      let disk = try await fetch.disk(for: match)
      #expect(disk.origin == "\(site.url)/d.raw?sig=***")
      #expect(match.row(in: fetch).disk == disk.origin)
      let known = "\(home)/cache/known"
      for name in try FileManager.default.contentsOfDirectory(atPath: known) {
        let text = try String(contentsOfFile: "\(known)/\(name)", encoding: .utf8)
        #expect(!text.contains("SECRET"))
      }
    }
  }

  @Test func `a mirror's directory stands in for disk and list`() async throws {
    try await ScratchDirectory.with { mirror in
      try Data(Self.bytes).write(to: URL(filePath: "\(mirror)/d.raw"))
      try Data("\(try sha256(Self.bytes))  d.raw".utf8).write(to: URL(filePath: "\(mirror)/SUMS"))
      try await rig(mirrors: ["https://example.org/images=\(mirror)"]) { home, fetch in
        let match = try match(
          #"""
          "image": "a:b:c", "url": "https://example.org/images/d.raw",
          "checksums": "https://example.org/images/SUMS"
          """#, in: home)
        let disk = try await fetch.disk(for: match)
        #expect(disk.sha256.hex == (try sha256(Self.bytes)))
        #expect(disk.origin == "https://example.org/images/d.raw")
      }
    }
  }
}
