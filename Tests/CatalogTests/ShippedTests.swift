import Disks
import Foundation
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Catalog

/// What Kiln ships.
@Suite struct ShippedTests {
  private static let entries = Result { try SourceCatalog.shipped() }

  private func disks() throws -> [(CatalogEntry, CatalogDisk)] {
    try Self.entries.get().compactMap { entry in
      if case .disk(let disk) = entry.supply { (entry, disk) } else { nil }
    }
  }

  @Test func `each entry has a title, and each without a disk says why and what to do`() throws {
    for entry in try Self.entries.get() {
      #expect(!entry.title.isEmpty, "\(entry.names)")
      guard case .none(let why, let instead) = entry.supply else { continue }
      #expect(!why.isEmpty && !instead.isEmpty, "\(entry.names)")
    }
  }

  @Test func `no name stands twice`() throws {
    let names = try Self.entries.get().flatMap(\.names)
    #expect(Set(names).count == names.count)
  }

  @Test func `all addresses are encrypted, and a list proves each disk`() throws {
    for (entry, disk) in try disks() {
      guard case .url(let url, .listed(let list)) = disk.location else {
        Issue.record("\(entry.names) has no list of checksums")
        continue
      }
      let all = [url, list, disk.versions?.url, disk.versions?.checksums, disk.newest?.file]
      for address in all.compactMap(\.self) {
        #expect(address.hasPrefix("https://"), "\(address)")
        #expect(!address.dropFirst(8).contains("//"), "\(address)")
      }
      // A list stands beside what it lists.
      let folder = url.prefix(upTo: try #require(url.lastIndex(of: "/")))
      #expect(list.hasPrefix(folder), "\(list)")
    }
  }

  @Test func `addresses name the disk's architecture`() throws {
    for (entry, disk) in try disks() {
      let words = disk.architecture == .arm64 ? ["arm64", "aarch64"] : ["amd64", "x86_64"]
      let all = [disk.location.description, disk.versions?.url].compactMap(\.self)
      for address in all {
        #expect(words.contains { address.contains($0) }, "\(entry.names): \(address)")
      }
      let isArm = entry.names.allSatisfy { name in
        ["arm", "aarch64"].contains { name.description.contains($0) }
      }
      #expect(isArm == (disk.architecture == .arm64), "\(entry.names)")
      #expect(disk.architecture == .amd64 || disk.firmware == .uefi, "\(entry.names)")
    }
  }

  @Test func `versions lead to addresses without a brace`() throws {
    for (entry, disk) in try disks() {
      guard let rule = disk.versions else { continue }
      let parts = ["serial": "20260102", "date": "20260102", "build": "1234"]
      let version = try #require(
        rule.pattern.filled(with: parts.filter { rule.pattern.names.contains($0.key) }))
      let location = try #require(rule.location(of: version))
      guard case .url(let url, .listed(let list)) = location else { continue }
      #expect(!"\(url) \(list)".contains(where: { "{}".contains($0) }), "\(entry.names)")
    }
  }

  @Test(arguments: [
    ("Canonical:ubuntu-24_04-lts:server", "serial=20260826\n", "24.04.202608260"),
    (
      "Debian:debian-12:12", #"  "cloud.debian.org/version": "20250210-2019","#, "0.20250210.2019"
    ),
    (
      "almalinux:almalinux-arm:9-arm-gen2", "AlmaLinux-9-GenericCloud-9.8-20260526.aarch64.qcow2",
      "9.8-20260526"
    ),
    (
      "resf:rockylinux-x86_64:9-base", "Rocky-9-GenericCloud-Base-9.8-20260525.0.x86_64.qcow2",
      "9.8-20260525.0"
    ),
  ])
  func `what publishers publish tells the version of the latest`(
    image: String, published: String, version: String
  ) throws {
    let name = try #require(SourceName(image))
    let (_, disk) = try #require(disks().first { $0.0.names.contains(name) })
    let rule = try #require(disk.newest)
    let found =
      rule.file == nil
      ? rule.pattern.parts(ofWhole: published) : rule.pattern.parts(firstIn: published)
    let parts = try #require(found)
    #expect((disk.versions?.pattern.filled(with: parts) ?? parts["version"]) == version)
  }

  /// Images of Linux that public templates name and nothing stands for: none.
  private static let knownGaps: Set<String> = []

  @Test(.requiresSharedData)
  func `each image that public templates name has a disk, or says why not`() throws {
    let catalog = try SourceCatalog(.usual("/nowhere/sources.json"))
    var linux: [String: CatalogError.Kind?] = [:]
    var read = 0
    for path in try templates() {
      let bytes = try Data(contentsOf: URL(filePath: path))
      guard
        case .platformImage(let image)? = TemplateDocument.read([UInt8](bytes), named: path)
          .template?.source
      else { continue }
      read += 1
      let isOpen = "\(image)".contains("<")
      guard !isOpen else { continue }
      let name = SourceName.platform(PlatformName(image))
      var kind: CatalogError.Kind?
      do throws(CatalogError) {
        _ = try catalog.resolve(name, architecture: .amd64)
      } catch {
        kind = error.kind
      }
      linux["\(name)"] = kind
    }
    #expect(read > 50, "the number of public templates that name an image")
    let gaps = linux.filter { ![nil, .noPublicDisk].contains($0.value) }.keys
    #expect(Set(gaps) == Self.knownGaps)
    #expect(linux["Canonical:UbuntuServer:18.04-LTS:latest"] == .some(nil))
  }

  private func templates() throws -> [String] {
    let folder = try #require(Shared.data) + "/corpus"
    return try FileManager.default.subpathsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".json") }.map { "\(folder)/\($0)" }
  }
}
