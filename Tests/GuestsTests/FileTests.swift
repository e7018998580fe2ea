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

  @Test(.requiresRoot, arguments: [10, 100_000], Closed.allCases)
  func `a file that can only be written to is written to`(size: Int, closed: Closed) async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      let path = try await closed.file(of: user, in: rig.scratch)
      let before = try await run("stat", ["-c", "%i %U", path]).stdout
      let bytes = random(size)
      try await rig.visit { guest in
        var wrong = try file(bytes, path)
        wrong.digest = try SHA256Digest(of: [1])
        let kind = try await failure { try await guest.place(wrong, report: rig.news.report) }
        #expect(kind == .notPlaced)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == Closed.text)
        try await guest.place(file(bytes, path, mode: 0o640), report: rig.news.report)
      }
      #expect(FileManager.default.contents(atPath: path).map { Array($0) } == bytes)
      #expect(try await run("stat", ["-c", "%i %U", path]).stdout == before)
      // The mode of a file is its owner's to change.
      let mode = try await run("stat", ["-c", "%a", path]).stdout
      #expect(mode == (closed == .directoryOfRoot ? "640\n" : "666\n"))
      let left = try FileManager.default.contentsOfDirectory(atPath: "\(rig.scratch)/closed")
      #expect(left == ["file"])
    }
  }

  @Test(.requiresRoot) func `a file that can't be written to either stays as it is`() async throws {
    try await GuestRig.with(TestUser.Options()) { rig, user in
      let path = try await Closed.fileOfRoot.file(of: user, in: rig.scratch)
      _ = try await run("chmod", ["644", path]).succeeded()
      try await rig.visit { guest in
        let error = await #expect(throws: GuestError.self) {
          try await guest.place(file([1], path), report: rig.news.report)
        }
        #expect(error?.description.contains("Permission denied") == true)
      }
      #expect(try String(contentsOfFile: path, encoding: .utf8) == Closed.text)
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

/// Why a user can't replace a file.
enum Closed: CaseIterable {
  /// The file is the user's, and its directory root's.
  case directoryOfRoot
  /// File and directory are root's, and everybody may write to the file.
  case fileOfRoot
  /// As ``fileOfRoot``, in a directory where everybody may make files and replace their own.
  case sticky

  /// Longer than the shorter of the files that come in its place.
  static let text = "what was there before\n"

  /// Makes such a file, `closed/file`, with ``text`` in it.
  func file(of user: TestUser, in directory: String) async throws -> String {
    let closed = "\(directory)/closed"
    let file = "\(closed)/file"
    try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: false)
    try Data(Self.text.utf8).write(to: URL(filePath: file))
    _ = try await run("chmod", [self == .sticky ? "1777" : "755", closed]).succeeded()
    _ = try await run("chmod", [self == .directoryOfRoot ? "600" : "666", file]).succeeded()
    if self == .directoryOfRoot { _ = try await run("chown", [user.name, file]).succeeded() }
    return file
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
