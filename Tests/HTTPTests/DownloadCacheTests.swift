import Digests
import FoundationEssentials
import HTTP
import SystemPackage
import Testing

@Suite(.server) struct DownloadCacheTests {
  private func cache(
    _ server: Server, mirrors: MirrorRules = MirrorRules(), in root: FilePath? = nil
  ) throws -> DownloadCache {
    DownloadCache(
      root: try root ?? server.scratch(), client: server.client, mirrors: mirrors,
      retry: Retry(.standard, clock: SkippingClock()))
  }

  @Test func `a file is kept under its checksum, in a directory made for it`() async throws {
    let server = try Server.current
    let root = try server.scratch().appending("some/where")
    let file = try await cache(server, in: root).fetch(server.url("plain"), sha256: nil)
    let digest = try SHA256Digest(of: payload)
    #expect(
      file
        == CachedFile(path: root.appending(digest.hex), digest: digest, size: Int64(payload.count)))
    #expect(try bytes(of: file.path) == payload)
    #expect(try files(in: root) == [digest.hex])
  }

  @Test func `a known checksum needs no second request`() async throws {
    let server = try Server.current
    let cache = try cache(server)
    let digest = try SHA256Digest(of: payload)
    let first = try await cache.fetch(server.url("plain"), sha256: digest)
    #expect(try await cache.fetch(server.url("plain"), sha256: digest) == first)
    #expect(try await server.requests("plain").count == 1)
  }

  @Test func `without a checksum every fetch asks the server`() async throws {
    let server = try Server.current
    let cache = try cache(server)
    let first = try await cache.fetch(server.url("cut/changed"), sha256: nil)
    #expect(try bytes(of: first.path) == payload.reversed())
    let before = try await server.requests("cut/changed").count
    _ = try await cache.fetch(server.url("cut/changed"), sha256: nil)
    #expect(try await server.requests("cut/changed").count == before + 1)
  }

  @Test func `a damaged file is fetched again and replaced`() async throws {
    let server = try Server.current
    let cache = try cache(server)
    let digest = try SHA256Digest(of: payload)
    let file = try await cache.fetch(server.url("plain"), sha256: digest)
    try Data(payload.dropLast()).write(to: URL(filePath: file.path.string))
    #expect(try await cache.fetch(server.url("plain"), sha256: digest) == file)
    #expect(try bytes(of: file.path) == payload)
    #expect(try await server.requests("plain").count == 2)
  }

  @Test func `bytes with another checksum are not kept`() async throws {
    let server = try Server.current
    let root = try server.scratch()
    let wanted = try SHA256Digest(of: Array("other".utf8))
    let error = try await failure {
      try await cache(server, in: root).fetch(server.url("plain"), sha256: wanted)
    }
    #expect(
      error.reason
        == .wrongChecksum(expected: wanted, actual: try SHA256Digest(of: payload)))
    #expect(try files(in: root).isEmpty)
  }

  @Test func `what a killed process left a day ago is removed, what is under way stays`()
    async throws
  {
    let server = try Server.current
    let root = try server.scratch()
    for (name, age) in [(".old.part", 90_000.0), (".new.part", 3600), ("mine", 90_000)] {
      let path = root.appending(name).string
      try Data().write(to: URL(filePath: path))
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
    }
    let file = try await cache(server, in: root).fetch(server.url("plain"), sha256: nil)
    #expect(try files(in: root) == [".new.part", file.digest.hex, "mine"])
  }

  @Test func `many fetches of one file at the same time all get it`() async throws {
    let server = try Server.current
    let root = try server.scratch()
    let url = server.url("plain")
    let digest = try SHA256Digest(of: payload)
    let caches = try (0..<6).map { _ in try cache(server, in: root) }
    let paths = try await withThrowingTaskGroup(of: FilePath.self) { group in
      for cache in caches {
        group.addTask { try await cache.fetch(url, sha256: digest).path }
      }
      return try await group.reduce(into: Set<FilePath>()) { $0.insert($1) }
    }
    #expect(paths == [root.appending(digest.hex)])
    #expect(try files(in: root) == [digest.hex])
    #expect(try bytes(of: root.appending(digest.hex)) == payload)
  }

  @Test(.enabled(if: mayMount, "this process may not mount the small file system that it needs"))
  func `a full disk is named and nothing is left on it`() async throws {
    let server = try Server.current
    let root = try server.scratch()
    try await withSmallDisk(at: root) {
      let error = try await failure {
        try await cache(server, in: root).fetch(server.url("plain"), sha256: nil)
      }
      #expect("\(error)".hasSuffix(": No space left on device"))
      #expect(try files(in: root).isEmpty)
    }
  }

  @Test func `a mirror's directory stands in for the server`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    try Data("echo".utf8).write(to: URL(filePath: directory.appending("a b.sh").string))
    let mirrors = try MirrorRules(["https://example.org/scripts=\(directory)"])
    let file = try await cache(server, mirrors: mirrors)
      .fetch("https://example.org/scripts/a%20b.sh?sig=x", sha256: nil)
    #expect(try bytes(of: file.path) == Array("echo".utf8))
  }

  @Test func `a file that the mirror lacks is named`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    let mirrors = try MirrorRules(["https://example.org/=\(directory)"])
    let error = try await failure {
      try await cache(server, mirrors: mirrors).fetch("https://example.org/x.sh", sha256: nil)
    }
    #expect(
      "\(error)" == "could not download https://example.org/x.sh: "
        + "could not read \(directory)/x.sh: No such file or directory")
  }

  @Test func `a mirror's URL stands in for the server`() async throws {
    let server = try Server.current
    let base = String(server.url("").dropLast())
    let mirrors = try MirrorRules(["https://example.org=\(base)"])
    let file = try await cache(server, mirrors: mirrors)
      .fetch("https://example.org/plain", sha256: nil)
    #expect(try bytes(of: file.path) == payload)
  }
}
