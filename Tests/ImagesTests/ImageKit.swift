import Digests
import Disks
import Foundation
import Images
import SystemPackage
@testable import Template
import TestSupport
import Testing

/// A store, and a disk to publish, for one test.
struct ImageRig: Sendable {
  let directory: FilePath
  let store: ImageStore
  let disk: DiskImage

  static let start = Date(timeIntervalSince1970: 1_588_289_046)
  static let scope = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.Compute"
  static let template =
    "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.VirtualMachineImages/imageTemplates/t"

  /// A store whose qemu-img is `tool`, and a qcow2 disk of 3 MiB and 512 bytes over another.
  static func with<Value>(
    _ body: (ImageRig) async throws -> Value
  ) async throws -> Value {
    try await ScratchDirectory.with { path in
      let directory = FilePath(path)
      let tool = DiskTool()
      let base = directory.appending("base.raw")
      try Data(repeating: 7, count: 3 << 20).write(to: URL(filePath: base.string))
      let disk = try await tool.createOverlay(
        at: directory.appending("disk.qcow2"), on: DiskImage(base, format: .raw),
        size: .bytes((3 << 20) + 512))
      let store = ImageStore(at: directory.appending("data/kiln/images"), tool: tool)
      return try await body(ImageRig(directory: directory, store: store, disk: disk))
    }
  }

  /// Prepares and publishes at once.
  @discardableResult func publish(
    _ distributor: Distributor, run: String = "run-1", build: ExpectedBuild = .small
  ) async throws -> StoredImage {
    let prepared = try await store.prepare(distributor, for: build)
    return try await store.publish(disk, as: prepared, provenance(run)).image
  }

  func provenance(_ run: String = "run-1") throws -> Provenance {
    let digest = try SHA256Digest(of: Array("kiln".utf8))
    return Provenance(
      run: run, templateID: Self.template, template: digest,
      steps: [Provenance.Step(name: "install", type: "Shell", digest: digest)],
      source: Provenance.Origin(identity: "canonical:ubuntu:server", version: "22.4.1"),
      firmware: .uefi, architecture: "x86_64", made: Self.start)
  }

  /// All that is in the store but the images themselves: parts and reservations.
  func leftovers() throws -> [String] {
    let all = try FileManager.default.subpathsOfDirectory(atPath: store.root.string)
    return all.filter { $0.hasPrefix(".partial/") || $0.contains("/.reserved-") }.sorted()
  }
}

extension ExpectedBuild {
  /// A build that needs little room.
  static let small = ExpectedBuild(started: ImageRig.start, diskBytes: 4 << 20)
}

/// A target of a template.
func target(
  _ target: Distributor.Target, name: String = "out", tags: [String: String] = [:]
) throws -> Distributor {
  Distributor(
    runOutputName: try #require(RunOutputName(name)), index: 0,
    position: SourcePosition(line: 1, column: 1), artifactTags: tags, target: target)
}

func managedID(_ name: String, group: String = "rg1") throws -> ResourceID {
  try #require(
    ResourceID(
      "/subscriptions/s1/resourceGroups/\(group)/providers/Microsoft.Compute/images/\(name)"))
}

func managed(_ name: String, group: String = "rg1") throws -> Distributor {
  try target(.managedImage(managedID(name, group: group), location: "westus2"))
}

func definitionID(_ name: String = "ubuntu") throws -> ResourceID {
  try #require(ResourceID("\(ImageRig.scope)/galleries/gal/images/\(name)"))
}

func shared(
  _ versioning: SharedImage.Versioning, definition: String = "ubuntu", excluded: Bool = false
) throws -> Distributor {
  try target(
    .sharedImage(
      SharedImage(
        imageID: try definitionID(definition), versioning: versioning,
        targetRegions: [
          SharedImage.TargetRegion(
            name: "westus2", replicaCount: 2, storageAccountType: .standardZRS)
        ], excludeFromLatest: excluded, replicationMode: .shallow)))
}

/// The error that `body` throws.
func failure<Value>(_ body: () async throws -> Value) async throws -> ImageError {
  do { _ = try await body() } catch let error as ImageError { return error }
  throw NoFailure()
}

/// The expected error was not thrown.
struct NoFailure: Error {}

/// A qemu-img that converts no faster than 1 MiB a second.
func slowTool(in directory: FilePath) async throws -> DiskTool {
  let path = directory.appending("slow-qemu-img").string
  let script = """
    #!/bin/sh
    if [ "$1" = convert ]; then shift; set -- convert -r 1M "$@"; fi
    exec qemu-img "$@"
    """
  try await writeProgram(script, to: path)
  return DiskTool(path)
}
