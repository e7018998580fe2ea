import SystemPackage
import Template
import Testing

@testable import Catalog

@Suite struct ResolveTests {
  private func catalog(_ own: String = "") throws -> SourceCatalog {
    let text = #"{"sources": [\#(own)]}"#
    let (entries, findings) = CatalogReader.read(
      Array(text.utf8), of: .user("/home/me/sources.json"))
    try #require(!findings.hasErrors, "\(findings.sorted)")
    return SourceCatalog(
      own: entries, shipped: try SourceCatalog.shipped(), warnings: [],
      userFile: "/home/me/sources.json")
  }

  private func disk(
    _ image: String, in catalog: SourceCatalog, _ architecture: Architecture = .amd64
  ) throws -> String {
    let match = try catalog.resolve(try #require(SourceName(image)), architecture: architecture)
    return match.disk.location.description
  }

  private func failure(
    _ image: String, in catalog: SourceCatalog, _ architecture: Architecture = .amd64
  ) throws -> CatalogError {
    let name = try #require(SourceName(image))
    let error = #expect(throws: CatalogError.self) {
      try catalog.resolve(name, architecture: architecture)
    }
    return try #require(error)
  }

  @Test func `case says nothing, as on Azure`() throws {
    let image = PlatformImage(
      publisher: "canonical", offer: "UBUNTU-24_04-lts", sku: "Server", version: "Latest", plan: nil
    )
    let match = try catalog().resolve(.platformImage(image), architecture: .amd64)
    #expect(match.entry.title == "Ubuntu 24.04 LTS")
    #expect(match.version == .latest)
  }

  @Test(arguments: [
    (
      "Canonical:0001-com-ubuntu-server-jammy:22_04-lts-gen2:22.04.202310100",
      "https://cloud-images.ubuntu.com/releases/jammy/release-20231010/"
        + "ubuntu-22.04-server-cloudimg-amd64.img",
      "https://cloud-images.ubuntu.com/releases/jammy/release-20231010/SHA256SUMS"
    ),
    (
      "Canonical:UbuntuServer:18.04-LTS:18.04.201903060",
      "https://cloud-images.ubuntu.com/releases/bionic/release-20190306/"
        + "ubuntu-18.04-server-cloudimg-amd64.img",
      "https://cloud-images.ubuntu.com/releases/bionic/release-20190306/SHA256SUMS"
    ),
    (
      "Debian:debian-12:12:0.20231013.1532",
      "https://cloud.debian.org/images/cloud/bookworm/20231013-1532/"
        + "debian-12-genericcloud-amd64-20231013-1532.qcow2",
      "https://cloud.debian.org/images/cloud/bookworm/20231013-1532/SHA512SUMS"
    ),
  ])
  func `an explicit version leads to the build with its serial`(
    image: String, url: String, list: String
  ) throws {
    let match = try catalog().resolve(try #require(SourceName(image)), architecture: .amd64)
    #expect(match.disk.location == .url(url, .listed(at: list)))
    #expect(match.version == .explicit(String(image.split(separator: ":")[3])))
  }

  @Test(arguments: [
    "Canonical:0001-com-ubuntu-server-jammy:22_04-lts:22.04.202310101",
    "Canonical:0001-com-ubuntu-server-jammy:22_04-lts:24.04.202310100",
    "almalinux:almalinux-x86_64:9-gen2:9.5.202411260",
  ])
  func `a version of which nobody knows the disk is an error`(image: String) throws {
    let error = try failure(image, in: catalog())
    #expect(error.kind == .noSuchVersion)
    #expect(error.hint?.contains("\"image\": \"\(image)\"") == true)
  }

  @Test func `what is not known is told with the names that are near`() throws {
    let error = try failure("Canonical:ubuntu-24_04-lst:sever", in: catalog())
    #expect(error.kind == .unknown)
    #expect(
      error.description == "could not find a disk for `Canonical:ubuntu-24_04-lst:sever:latest`: "
        + "its name is not known; near: `Canonical:ubuntu-24_04-lts:server`, "
        + "`Canonical:ubuntu-22_04-lts:server`, `Canonical:ubuntu-26_04-lts:server`")
    #expect(
      error.hint == "correct the name, or bring a disk: add it to /home/me/sources.json like this: "
        + #"{"sources": [{"image": "Canonical:ubuntu-24_04-lst:sever:latest", "#
        + #""path": "disk.qcow2", "user": "azureuser"}]}"#)
  }

  @Test func `what the hint says to write is read`() throws {
    let hint = try #require(try failure("contoso:linux:1", in: catalog(), .arm64).hint)
    let start = try #require(hint.firstIndex(of: "{"))
    let (entries, findings) = CatalogReader.read(
      Array(hint[start...].utf8), of: .user("/home/me/sources.json"))
    #expect(findings.sorted.isEmpty)
    #expect(entries.map { $0.names.map(\.description) } == [["contoso:linux:1:latest"]])
  }

  @Test func `nothing is near a name that is quite another`() throws {
    let error = try failure("contoso:linux:1", in: catalog())
    #expect(!error.description.contains("near"))
  }

  @Test(arguments: [
    "RedHat:RHEL:8-lvm:latest", "SUSE:SLES:15:2019.03.30", "suse:sles-15-sp5:gen2:latest",
    "MicrosoftWindowsServer:WindowsServer:2019-Datacenter:latest",
    "MicrosoftCBLMariner:azure-linux-3:azure-linux-3-gen2:latest",
  ])
  func `an image without a public disk says why and what to do`(image: String) throws {
    let error = try failure(image, in: catalog())
    #expect(error.kind == .noPublicDisk)
    #expect(error.hint?.contains("\"image\": \"\(image)\"") == true)
  }

  @Test func `another architecture is no disk`() throws {
    let error = try failure("Debian:debian-12:12", in: catalog(), .arm64)
    #expect(error.kind == .otherArchitecture)
    #expect(error.description.hasSuffix("there is one for amd64 only"))
    #expect(error.hint?.contains(#""architecture": "arm64""#) == true)
  }

  @Test func `the user's entry stands before the one that Kiln ships`() throws {
    let catalog = try catalog(
      #"{"image": "canonical:ubuntu-24_04-lts:server", "path": "/mine.raw", "user": "me"}"#)
    #expect(try disk("Canonical:ubuntu-24_04-lts:server", in: catalog) == "/mine.raw")
    #expect(
      try disk("Canonical:ubuntu-24_04-lts:server:24.04.202404230", in: catalog)
        .contains("release-20240423"))
  }

  @Test func `an exact version stands before all versions, and a name before a wildcard`() throws {
    let catalog = try catalog(
      #"""
      {"image": "RedHat:*:*:*", "path": "/any.raw", "user": "u"},
      {"image": "RedHat:RHEL:8-lvm:*", "path": "/every.raw", "user": "u"},
      {"image": "RedHat:RHEL:8-lvm:8.9.1", "path": "/exact.raw", "user": "u"}
      """#)
    #expect(try disk("RedHat:RHEL:8-lvm:8.9.1", in: catalog) == "/exact.raw")
    #expect(try disk("RedHat:RHEL:8-lvm:8.9.2", in: catalog) == "/every.raw")
    #expect(try disk("RedHat:RHEL:9-lvm", in: catalog) == "/any.raw")
  }

  @Test func `an entry without a version is for the latest alone`() throws {
    let catalog = try catalog(#"{"image": "RedHat:RHEL:8-lvm", "path": "/mine.raw", "user": "u"}"#)
    #expect(try disk("RedHat:RHEL:8-lvm:latest", in: catalog) == "/mine.raw")
    #expect(try failure("RedHat:RHEL:8-lvm:8.9.1", in: catalog).kind == .noSuchVersion)
  }

  @Test func `an id stands for itself and nothing else`() throws {
    let image = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/images/base"
    let version =
      "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/i"
      + "/versions/1.0.0"
    let catalog = try catalog(
      #"{"image": ["\#(image)", "\#(version)"], "path": "/mine.vhd", "user": "u"}"#)
    let managed = try #require(ResourceID(image.uppercased()))
    let shared = try #require(ResourceID(version))
    let match = try catalog.resolve(.managedImage(managed), architecture: .amd64)
    #expect(match.version == .latest)
    let second = try catalog.resolve(.sharedImageVersion(shared), architecture: .amd64)
    #expect(second.version == .explicit("1.0.0"))
    let error = try failure("\(image)2", in: catalog)
    #expect(error.kind == .unknown)
    #expect(error.hint?.contains("\(image)2") == true)
    #expect(try failure(image, in: catalog, .arm64).kind == .otherArchitecture)
  }
}
