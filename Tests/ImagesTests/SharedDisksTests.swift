import Disks
import Foundation
import Glibc
import Pipeline
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Images

/// What the outputs of one build share.
@Suite(.requires("/usr/bin/qemu-img")) struct SharedDisksTests {
  @Test func `outputs of one format are one file on the disk, and outlive each other`() async throws
  {
    try await ImageRig.with { rig in
      let made = try await rig.distribute([
        try managed("first"), try shared(.explicit("1.0.0")), try target(.vhd(uri: nil)),
      ])
      let images = try rig.store.list().images
      #expect(images.count == 3 && made == 3)
      let disks = images.flatMap(\.disks)
      let inodes = Set(disks.filter { $0.format == .qcow2 }.map { inode($0.path) })
      #expect(inodes.count == 1)
      try await rig.store.remove(try rig.store.find("first"))
      let left = try rig.store.find("gal/ubuntu/1.0.0")
      #expect(try await rig.store.tool.check(try #require(left.disks.first)) == .sound)
      #expect(try rig.leftovers() == [])
    }
  }

  @Test func `whoever waits for another's disk makes it where the other fails`() async throws {
    try await ScratchDirectory.with { directory in
      let disks = SharedDisks()
      let (began, begin) = AsyncStream.makeStream(of: Void.self)
      let path = FilePath("\(directory)/second")
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          await #expect(throws: NoFailure.self) {
            try await disks.fill(FilePath("\(directory)/first"), as: .qcow2) {
              begin.yield()
              throw NoFailure()
            }
          }
        }
        for await _ in began { break }
        group.addTask {
          try await disks.fill(path, as: .qcow2) {
            try Data("mine".utf8).write(to: URL(filePath: path.string))
          }
        }
        try await group.waitForAll()
      }
      #expect(try String(contentsOfFile: path.string, encoding: .utf8) == "mine")
    }
  }

  private func inode(_ path: FilePath) -> UInt64 {
    var status = stat()
    return stat(path.string, &status) == 0 ? UInt64(status.st_ino) : 0
  }
}

extension ImageRig {
  /// Makes outputs of the disk beside each other, as a build does.
  /// - Returns: how many were made.
  fileprivate func distribute(_ distributors: [Distributor]) async throws -> Int {
    var prepared: [PreparedOutput] = []
    for (index, distributor) in distributors.enumerated() {
      prepared.append(
        try await store.prepare(
          Distributor(
            runOutputName: distributor.runOutputName, index: index, position: distributor.position,
            artifactTags: [:], target: distributor.target), for: .small))
    }
    let local = LocalDistributor(store, prepared, try provenance())
    let reference = disk.path.string
    return try await withThrowingTaskGroup(of: Pipeline.RunOutput.self) { group in
      for index in distributors.indices {
        let output = PlannedOutput(
          name: "out", type: "", artifact: "", index: index, position: nil)
        group.addTask {
          try await local.distribute(CapturedDisk(reference), as: output) { _ in }
        }
      }
      return try await group.reduce(0) { count, _ in count + 1 }
    }
  }
}
