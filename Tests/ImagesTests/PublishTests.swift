import Disks
import Foundation
import Images
import Synchronization
import SystemPackage
import Template
import TestSupport
import Testing

@Suite(.requires("/usr/bin/qemu-img")) struct PublishTests {
  @Test func `a managed image stands alone, as a qcow2, and says where it came from`() async throws
  {
    try await ImageRig.with { rig in
      let prepared = try await rig.store.prepare(managed("base"), for: .small)
      let published = try await rig.store.publish(rig.disk, as: prepared, rig.provenance())
      let disk = try #require(published.image.disks.first)
      let info = try await rig.store.tool.info(disk)
      #expect(info.backingFile == nil)
      #expect(info.virtualSize == 3 << 20 + 512)
      #expect(try await rig.store.tool.check(disk) == .sound)
      #expect(disk.format == .qcow2)
      let metadata = published.image.metadata
      #expect(metadata.provenance == (try rig.provenance()))
      #expect(metadata.diskSize == 3 << 20 + 512)
      #expect(metadata.location == "westus2")
      #expect(published.image.name == "base")
      #expect(try rig.store.list().images == [published.image])
      #expect(try rig.leftovers() == [])
    }
  }

  @Test func `a run output has the shape that AIB gives it`() async throws {
    try await ImageRig.with { rig in
      let image = try await rig.publish(shared(.explicit("1.2.3")))
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      let text = String(decoding: try encoder.encode(image.metadata.runOutput), as: UTF8.self)
      #expect(
        text == """
          {
            "id" : "\(ImageRig.template)/runOutputs/out",
            "name" : "out",
            "properties" : {
              "artifactId" : "\(ImageRig.scope)/galleries/gal/images/ubuntu/versions/1.2.3",
              "provisioningState" : "Succeeded"
            },
            "type" : "Microsoft.VirtualMachineImages/imageTemplates/runOutputs"
          }
          """)
    }
  }

  @Test func `a gallery's version keeps what a gallery would do with it`() async throws {
    try await ImageRig.with { rig in
      let image = try await rig.publish(shared(.explicit("1.2.3"), excluded: true))
      let replication = try #require(image.metadata.replication)
      #expect(replication.excludeFromLatest)
      #expect(replication.replicationMode == "Shallow")
      #expect(replication.targetRegions.map(\.name) == ["westus2"])
      #expect(replication.targetRegions.map(\.replicaCount) == [2])
      #expect(replication.targetRegions.map(\.storageAccountType) == ["Standard_ZRS"])
      #expect(image.metadata.version == "1.2.3")
      #expect(image.name == "gal/ubuntu/1.2.3")
    }
  }

  @Test func `a managed image that is made again takes the place of the old one`() async throws {
    try await ImageRig.with { rig in
      let first = try await rig.publish(managed("base"), run: "run-1")
      let second = try await rig.publish(managed("base"), run: "run-2")
      #expect(try rig.store.list().images == [second])
      #expect(first.identity != second.identity)
      #expect(!FileManager.default.fileExists(atPath: first.directory.string))
      #expect(try rig.leftovers() == [])
    }
  }

  @Test func `extra formats lie beside the target's own, and none is there twice`() async throws {
    try await ImageRig.with { rig in
      var build = ExpectedBuild.small
      build.extraFormats = [.vhd, .qcow2, .raw, .vhdx]
      let progress = Mutex<[Double]>([])
      let prepared = try await rig.store.prepare(managed("base"), for: build)
      let published = try await rig.store.publish(rig.disk, as: prepared, rig.provenance()) {
        done in
        progress.withLock { $0.append(done) }
      }
      #expect(published.image.disks.map(\.format) == [.qcow2, .vhd, .raw, .vhdx])
      for disk in published.image.disks { #expect(try DiskImage.recognize(disk.path) == disk) }
      let seen = progress.withLock { $0 }
      #expect(seen == seen.sorted())
      #expect(seen.last == 1)
    }
  }

  @Test func `a store that can't be written to says so before the build`() async throws {
    try await ImageRig.with { rig in
      let file = rig.directory.appending("file")
      try Data().write(to: URL(filePath: file.string))
      let store = ImageStore(at: file.appending("images"))
      let early = try await failure { try await store.prepare(managed("base"), for: .small) }
      #expect(early.reason == .file("Not a directory"), "\(early)")
    }
  }

  @Test(.requiresMounts) func `a store without room says so before the build, and after it`()
    async throws
  {
    try await ImageRig.with { rig in
      try await SmallDisk.with(bytes: 2 << 20) { small in
        let store = ImageStore(at: FilePath(small).appending("images"))
        let large = ExpectedBuild(started: ImageRig.start, diskBytes: 4_000_000)
        let early = try await failure { try await store.prepare(managed("base"), for: large) }
        guard case .noRoom(4_000_000, let available) = early.reason else {
          Issue.record("\(early)")
          return
        }
        #expect(available <= 2 << 20)
        let wrong = ExpectedBuild(started: ImageRig.start, diskBytes: 1000)
        let prepared = try await store.prepare(managed("base"), for: wrong)
        await #expect {
          try await store.publish(rig.disk, as: prepared, rig.provenance())
        } throws: { error in
          (error as? DiskError)?.reason == .full
        }
        #expect(try store.list().images.isEmpty)
        let all = try FileManager.default.subpathsOfDirectory(atPath: store.root.string)
        #expect(all.sorted() == [".lock", ".partial"])
      }
    }
  }

  @Test func `a publication that is cancelled leaves nothing`() async throws {
    try await ImageRig.with { rig in
      let store = ImageStore(at: rig.store.root, tool: try await slowTool(in: rig.directory))
      let (begun, begin) = AsyncStream.makeStream(of: Void.self)
      await #expect(throws: CancellationError.self) {
        try await withThrowingTaskGroup(of: Void.self) { group in
          group.addTask {
            let prepared = try await store.prepare(shared(.latest(major: 1)), for: .small)
            _ = try await store.publish(rig.disk, as: prepared, rig.provenance()) { done in
              if done > 0 { begin.yield() }
            }
          }
          for await _ in begun { break }
          group.cancelAll()
          try await group.waitForAll()
        }
      }
      #expect(try rig.leftovers() == [])
      #expect(try store.list().images.isEmpty)
    }
  }

  @Test func `builds side by side get a version each`() async throws {
    try await ImageRig.with { rig in
      let names = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<8 {
          group.addTask {
            try await rig.publish(shared(.latest(major: 1)), run: "run-\(number)").name
          }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(names == Set((1...8).map { "gal/ubuntu/1.0.\($0)" }))
      #expect(try rig.store.list().images.count == 8)
      #expect(try rig.leftovers() == [])
    }
  }

  @Test func `a managed image that many builds make at once is one of theirs, whole`() async throws
  {
    try await ImageRig.with { rig in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<6 {
          group.addTask { _ = try await rig.publish(managed("base"), run: "run-\(number)") }
        }
        try await group.waitForAll()
      }
      let images = try rig.store.list().images
      #expect(images.count == 1)
      let disk = try #require(images.first?.disks.first)
      #expect(try await rig.store.tool.check(disk) == .sound)
      #expect(try rig.leftovers() == [])
    }
  }
}
