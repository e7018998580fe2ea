import Digests
import FoundationEssentials
import TestSupport
import Testing

@testable import WinRM

@Suite(.requiresWinRMServer) struct PlaceTests {
  /// Bytes that no two parts of are alike.
  private func bytes(_ count: Int) -> [UInt8] {
    var state: UInt64 = 42
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(truncatingIfNeeded: state >> 33)
    }
  }

  private func placed(_ path: String, on server: WinRMServer) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(server.guestDirectory)/\(path)")))
  }

  private func file(_ bytes: [UInt8], _ destination: String = #"C:\Temp\a.bin"#) throws
    -> FileToPlace
  {
    FileToPlace(bytes, digest: try SHA256Digest(of: bytes), destination: destination)
  }

  @Test(arguments: [0, 1, 188_999, 189_000, 189_001, 400_000])
  func `a file arrives as it is`(size: Int) async throws {
    try await WinRMServer.with { server in
      let client = server.client()
      try await client.settle()
      let shell = try await WinRMShell.make(on: client)
      let content = bytes(size)
      try await shell.place(try file(content, #"C:\It's new\dir\A.bin"#))
      #expect(try placed("c/it's new/dir/a.bin", on: server) == content)
    }
  }

  @Test func `twenty MiB need at most 120 requests`() async throws {
    try await WinRMServer.with { server in
      let client = server.client()
      try await client.settle()
      let shell = try await WinRMShell.make(on: client)
      let content = bytes(20 << 20)
      try await shell.place(try file(content))
      try await shell.remove()
      #expect(try placed("c/temp/a.bin", on: server) == content)
      let requests = try server.log()
      // Logins, the question for the limit, and the shell's beginning and end included.
      #expect(requests.count <= 120, "\(requests.count)")
      #expect(requests.allSatisfy { $0.length <= 500 * 1024 })
    }
  }

  @Test(.requires("/usr/bin/winrmcp"))
  func `one MiB needs at least 80 times fewer requests than with winrmcp`() async throws {
    try await WinRMServer.with { server in
      try await ScratchDirectory.with { directory in
        let content = bytes(1 << 20)
        let local = "\(directory)/one"
        try Data(content).write(to: URL(filePath: local))
        _ = try await run(
          "/usr/bin/winrmcp",
          [
            "-user", WinRMServer.user, "-pass", WinRMServer.password, "-addr",
            "localhost:\(server.httpsPort)", "-https", "-insecure", local, "C:/Temp/theirs.bin",
          ]
        ).succeeded()
        #expect(try placed("c/temp/theirs.bin", on: server) == content)
        let theirs = try server.log().count
        let client = server.client()
        try await client.settle()
        let shell = try await WinRMShell.make(on: client)
        try server.forget()
        try await shell.place(try file(content))
        #expect(try placed("c/temp/a.bin", on: server) == content)
        let ours = try server.log().count
        #expect(ours * 80 <= theirs, "\(ours) against \(theirs)")
      }
    }
  }

  @Test func `a machine that takes short envelopes gets short ones`() async throws {
    var configuration = WinRMServer.Configuration()
    configuration.envelope_kb = 150
    try await WinRMServer.with(configuration) { server in
      let client = server.client()
      try await client.settle()
      let shell = try await WinRMShell.make(on: client)
      let content = bytes(300_000)
      try await shell.place(try file(content))
      #expect(try placed("c/temp/a.bin", on: server) == content)
      #expect(try server.log().allSatisfy { $0.length <= 150 * 1024 })
    }
  }

  @Test func `bytes that are not the promised ones are not kept`() async throws {
    try await WinRMServer.with { server in
      let shell = try await WinRMShell.make(on: server.client())
      try await shell.place(try file(bytes(10)))
      let wrong = FileToPlace(
        bytes(11), digest: try SHA256Digest(of: bytes(12)), destination: #"C:\Temp\a.bin"#)
      let error = try await failure { try await shell.place(wrong) }
      #expect(error.kind == .notPlaced)
      #expect(error.reason.hasPrefix("11 bytes arrived, with the sha256"))
      #expect(try placed("c/temp/a.bin", on: server) == bytes(10))
    }
  }

  @Test func `a file that shrinks meanwhile is noticed`() async throws {
    try await WinRMServer.with { server in
      let shell = try await WinRMShell.make(on: server.client())
      let content = bytes(100)
      let shrinking = FileToPlace(
        size: 200, digest: try SHA256Digest(of: content), destination: #"C:\Temp\a.bin"#
      ) { offset, _ in Array(content.dropFirst(offset)) }
      let error = try await failure { try await shell.place(shrinking) }
      #expect(error.reason == "the file ended after 100 of 200 bytes: it has changed meanwhile")
    }
  }

  @Test func `a transfer that is cut in the middle leaves nothing, and can be made again`()
    async throws
  {
    try await WinRMServer.with { server in
      try await FaultProxy.with(to: server.httpsPort) { proxy in
        let content = bytes(1 << 20)
        proxy.cut(after: 700_000, .toServer)
        let client = server.client(port: proxy.port)
        let error = try await failure {
          let shell = try await WinRMShell.make(on: client)
          try await shell.place(try file(content))
        }
        #expect(error.kind == .connectionLost)
        #expect(throws: (any Error).self) { try placed("c/temp/a.bin", on: server) }
        let shell = try await WinRMShell.make(on: client)
        try await shell.place(try file(content))
        #expect(try placed("c/temp/a.bin", on: server) == content)
      }
    }
  }

  @Test func `the longest usual paths fit into the command line`() throws {
    let long = #"C:\"# + String(repeating: "0123456789\\", count: 23) + "é'.bin"
    let script = try file([], long).script()
    #expect(try CommandLine.powerShell(script).command.utf16.count <= CommandLine.cmdLimit)
    #expect(script.hasPrefix("begin {\n$destination = 'C:\\0123456789"))
    #expect(script.contains("é''.bin'\n$expected = '"))
  }
}
