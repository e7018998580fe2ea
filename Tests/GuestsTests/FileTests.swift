import Digests
import FoundationEssentials
import Guests
import Pipeline
import TestSupport
import Testing

/// Files that are placed: whole, unchanged, or not at all.
@Suite struct FileTests {
  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 20 << 20])
  func `a placed file has the bytes and the mode that were asked for`(size: Int) async throws {
    try await GuestRig.with { rig in
      let bytes = random(size)
      let path = "\(rig.scratch)/placed"
      try await rig.visit { guest in
        try await guest.place(file(bytes, path, mode: 0o751), report: rig.news.report)
      }
      #expect(FileManager.default.contents(atPath: path).map { Array($0) } == bytes)
      let mode = try await run("stat", ["-c", "%a", path]).stdout
      #expect(mode == "751\n")
    }
  }

  @Test(arguments: ["a b", "it's \"q\" $(x) `y` \\ *", "-rf", "größe 日本", ".hidden"])
  func `a file may have any name`(name: String) async throws {
    try await GuestRig.with { rig in
      try await rig.visit { guest in
        try await guest.place(file([1, 2], "\(rig.scratch)/\(name)"), report: rig.news.report)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: rig.scratch)
      #expect(left == [name])
    }
  }

  @Test func `a destination that is a link is followed`() async throws {
    try await GuestRig.with { rig in
      let link = "\(rig.scratch)/link"
      try FileManager.default.createSymbolicLink(
        atPath: link, withDestinationPath: "\(rig.scratch)/target")
      try await rig.visit { guest in
        try await guest.place(file([7], link), report: rig.news.report)
      }
      #expect(FileManager.default.contents(atPath: "\(rig.scratch)/target") == Data([7]))
      let target = try FileManager.default.destinationOfSymbolicLink(atPath: link)
      #expect(target.hasSuffix("/target"))
    }
  }

  @Test(arguments: ["no/such/file", "", "sub", "line\nleave\n"], [10, 100_000])
  func `a destination that can't be a file is refused, and the next one is not`(
    name: String, size: Int
  ) async throws {
    try await GuestRig.with { rig in
      try FileManager.default.createDirectory(
        atPath: "\(rig.scratch)/sub", withIntermediateDirectories: false)
      try await rig.visit { guest in
        let refused = try file(random(size), "\(rig.scratch)/\(name)")
        let kind = try await failure { try await guest.place(refused, report: rig.news.report) }
        #expect(kind == .notPlaced)
        try await guest.place(file([1], "\(rig.scratch)/fine"), report: rig.news.report)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: rig.scratch)
      #expect(Set(left) == ["sub", "fine"])
      #expect(rig.news.value.lost == 0)
    }
  }

  @Test(.requiresRoot) func `a place that the user may not write to is refused`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, _ in
      try await rig.visit { guest in
        let error = await #expect(throws: GuestError.self) {
          try await guest.place(file([1], "/etc/kiln-test"), report: rig.news.report)
        }
        #expect(error?.description.contains("Permission denied") == true)
      }
    }
  }

  @Test func `a transfer that is cut three times goes on where it was`() async throws {
    try await GuestRig.with { rig in
      // A cut costs what was on its way: 4 MiB at most, the windows of two channels.
      let bytes = random(40 << 20)
      let path = "\(rig.scratch)/placed"
      try await rig.visit { guest in
        // Counted from here: the next connections are cut after 10 MB each.
        rig.proxy.resetCounters()
        rig.proxy.cut(after: 10_000_000, .toServer)
        let cuts = Once()
        try await guest.place(file(bytes, path)) { news in
          if case .progress(let sent, _) = news, sent > 6_000_000, cuts.take() { rig.proxy.cut() }
          if case .connectionLost = news, rig.proxy.counters.connections < 3 {
            rig.proxy.cut(after: 10_000_000, .toServer)
          }
          rig.news.report(news)
        }
        #expect(rig.proxy.counters.bytesToServer < bytes.count * 3 / 2)
        #expect(rig.proxy.counters.connections >= 3)
      }
      #expect(FileManager.default.contents(atPath: path).map { Array($0) } == bytes)
      let left = try FileManager.default.contentsOfDirectory(atPath: rig.scratch)
      #expect(left == ["placed"])
    }
  }

  @Test func `a source that changed is refused, and nothing is placed`() async throws {
    try await GuestRig.with { rig in
      let source = "\(rig.scratch)/source"
      try Data(random(200_000)).write(to: URL(filePath: source))
      try await rig.visit { guest in
        for (claimed, id) in [(200_000, "same"), (150_000, "longer"), (300_000, "shorter")] {
          let file = PlacedFile(
            id: id, source: .file(path: source, size: claimed), digest: try SHA256Digest(of: [1]),
            mode: 0o600, lifetime: .stay, destination: "\(rig.scratch)/placed")
          let kind = try await failure { try await guest.place(file, report: rig.news.report) }
          #expect(kind == .notPlaced, "\(id)")
        }
        try await guest.place(file([1], "\(rig.scratch)/fine"), report: rig.news.report)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: rig.scratch)
      #expect(Set(left) == ["source", "fine"])
    }
  }

  @Test func `a file for the run only is gone afterwards`() async throws {
    try await GuestRig.with { rig in
      let path = "\(rig.scratch)/placed"
      try await rig.visit { guest in
        var file = try file([1], path)
        file.lifetime = .run
        try await guest.place(file, report: rig.news.report)
        #expect(FileManager.default.fileExists(atPath: path))
      }
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }
}

/// A file of these bytes that stays.
func file(_ bytes: [UInt8], _ path: String, mode: UInt16 = 0o644) throws -> PlacedFile {
  PlacedFile(
    id: "file-\(bytes.count)", source: .bytes(bytes), digest: try SHA256Digest(of: bytes),
    mode: mode, lifetime: .stay, destination: path)
}

func random(_ count: Int) -> [UInt8] {
  var generator = SystemRandomNumberGenerator()
  var bytes: [UInt8] = []
  bytes.reserveCapacity(count + 8)
  while bytes.count < count { withUnsafeBytes(of: generator.next()) { bytes += $0 } }
  return Array(bytes.prefix(count))
}
