import Digests
import HTTP
import Synchronization
import SystemPackage
import Testing

@Suite(.server) struct DownloadTests {
  /// Tries again without waiting.
  private let retry = Retry(.standard, clock: SkippingClock())

  @Test func `a file arrives whole, with its checksum`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    let digest = try SHA256Digest(of: payload)
    let outcome = try await Download(server.url("plain"), retry: retry)
      .run(to: directory.appending("script.sh"), sha256: digest, with: server.client)
    #expect(outcome == Download.Outcome(digest: digest, size: Int64(payload.count)))
    #expect(try files(in: directory) == ["script.sh"])
    #expect(try bytes(of: directory.appending("script.sh")) == payload)
  }

  @Test func `the progress grows up to the length of the file`() async throws {
    let server = try Server.current
    let seen = Mutex<[Download.Progress]>([])
    _ = try await Download(server.url("cut/resumed"), retry: retry)
      .run(to: try server.scratch().appending("x"), sha256: nil, with: server.client) { progress in
        seen.withLock { $0.append(progress) }
      }
    let all = seen.withLock { $0 }
    #expect(all.map(\.received) == all.map(\.received).sorted())
    #expect(all.last?.received == Int64(payload.count))
    #expect(all.allSatisfy { $0.total == Int64(payload.count) })
  }

  @Test func `another checksum names both and leaves nothing`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    let wanted = try SHA256Digest(of: Array("other".utf8))
    let actual = try SHA256Digest(of: payload)
    let error = try await failure {
      try await Download(server.url("plain"), retry: retry)
        .run(to: directory.appending("x"), sha256: wanted, with: server.client)
    }
    #expect(error.reason == .wrongChecksum(expected: wanted, actual: actual))
    #expect("\(error)".hasSuffix(": its sha256 is \(actual), but \(wanted) was expected"))
    #expect(try files(in: directory).isEmpty)
    #expect(try await server.requests("plain").count == 1)
  }

  @Test func `a missing file says what to check and leaves nothing`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    let url = server.url("status/404")
    let error = try await failure {
      try await Download(url + "?sv=1&sig=SECRET", retry: retry)
        .run(to: directory.appending("x"), sha256: nil, with: server.client)
    }
    #expect(
      "\(error)"
        == "could not download \(url)?sv=***&sig=***: the server answered 404 (BlobNotFound)")
    #expect(error.hint?.hasPrefix("check the address in scriptUri or sourceUri") == true)
    #expect(try files(in: directory).isEmpty)
  }

  @Test(arguments: ["resumed", "dated"])
  func `a connection cut in the middle is taken up there`(how: String) async throws {
    let server = try Server.current
    let file = try server.scratch().appending("x")
    let outcome = try await Download(server.url("cut/\(how)"), retry: retry)
      .run(to: file, sha256: try SHA256Digest(of: payload), with: server.client)
    #expect(outcome.size == Int64(payload.count))
    #expect(try bytes(of: file) == payload)
    #expect(try await server.requests("cut/\(how)") == ["GET -", "GET bytes=100000-"])
  }

  @Test func `a server that ignores the range sends the whole file`() async throws {
    let server = try Server.current
    let file = try server.scratch().appending("x")
    _ = try await Download(server.url("cut/ignored"), retry: retry)
      .run(to: file, sha256: try SHA256Digest(of: payload), with: server.client)
    #expect(try bytes(of: file) == payload)
    #expect(try await server.requests("cut/ignored") == ["GET -", "GET bytes=100000-"])
  }

  @Test func `a file that changed in between is the new one alone`() async throws {
    let server = try Server.current
    let file = try server.scratch().appending("x")
    _ = try await Download(server.url("cut/changed"), retry: retry)
      .run(to: file, sha256: nil, with: server.client)
    #expect(try bytes(of: file) == payload.reversed())
  }

  @Test func `without a firm sign that the file is the same it begins again`() async throws {
    let server = try Server.current
    let file = try server.scratch().appending("x")
    _ = try await Download(server.url("cut/undated"), retry: retry)
      .run(to: file, sha256: nil, with: server.client)
    #expect(try bytes(of: file) == payload)
    #expect(try await server.requests("cut/undated") == ["GET -", "GET -"])
  }

  @Test(arguments: ["wrong", "refused"])
  func `a wrong or refused range begins again`(how: String) async throws {
    let server = try Server.current
    let file = try server.scratch().appending("x")
    _ = try await Download(server.url("cut/\(how)"), retry: retry)
      .run(to: file, sha256: nil, with: server.client)
    #expect(try bytes(of: file) == payload)
    #expect(try await server.requests("cut/\(how)") == ["GET -", "GET bytes=100000-", "GET -"])
  }

  @Test func `a body shorter than promised is an error and leaves nothing`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    let error = try await failure {
      try await Download(server.url("short"), retry: retry)
        .run(to: directory.appending("x"), sha256: nil, with: server.client)
    }
    #expect(error.tries == 5)
    #expect(error.isTransient)
    #expect(try files(in: directory).isEmpty)
  }

  @Test(.timeLimit(.minutes(1)))
  func `a cancelled download leaves nothing`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    let (url, client) = (server.url("drip"), server.client)
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let left = try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        _ = try await Download(url).run(to: directory.appending("x"), sha256: nil, with: client) {
          _ in begin.yield()
        }
      }
      for await _ in begun { break }
      let during = try files(in: directory)
      #expect(during.count == 1)
      group.cancelAll()
      await #expect(throws: CancellationError.self) { try await group.next() }
      return try files(in: directory)
    }
    #expect(left.isEmpty)
  }

  @Test func `a failed download leaves the older file as it was`() async throws {
    let server = try Server.current
    let file = try server.scratch().appending("x")
    _ = try await Download(server.url("plain")).run(to: file, sha256: nil, with: server.client)
    _ = try await failure {
      try await Download(server.url("status/404")).run(to: file, sha256: nil, with: server.client)
    }
    #expect(try bytes(of: file) == payload)
  }

  @Test func `a directory that is missing is named`() async throws {
    let server = try Server.current
    let error = try await failure {
      try await Download(server.url("plain"))
        .run(to: "/nowhere/at/all", sha256: nil, with: server.client)
    }
    #expect("\(error)".contains("could not create /nowhere/at/."))
    #expect("\(error)".hasSuffix(": No such file or directory"))
  }

  @Test(.enabled(if: mayMount, "this process may not mount the small file system that it needs"))
  func `a full disk is named and nothing is left on it`() async throws {
    let server = try Server.current
    let directory = try server.scratch()
    try await withSmallDisk(at: directory) {
      let error = try await failure {
        try await Download(server.url("plain"), retry: retry)
          .run(to: directory.appending("x"), sha256: nil, with: server.client)
      }
      #expect("\(error)".hasSuffix(": No space left on device"))
      #expect(error.hint == "free some space on the file system of \(directory)")
      #expect(try files(in: directory).isEmpty)
    }
    #expect(try await server.requests("plain").count == 1)
  }
}
