import SSH
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct TransferTests {
  @Test func `20 MB go there and back byte by byte`() async throws {
    let bytes = noise(20_000_000)
    try await withServer { server in
      try await server.connected { connection in
        let outcome = try await connection.run("cat", input: bytes)
        #expect(same(outcome.output, bytes))
        #expect(outcome.exit == .status(0))
      }
    }
  }

  @Test func `new keys in the middle of transfers lose nothing`() async throws {
    let bytes = noise(6_000_000)
    let configuration = SSHServer.Configuration(lines: ["RekeyLimit 512K"])
    try await withServer(configuration) { server in
      try await server.connected { connection in
        let both = try await withThrowingTaskGroup(of: Outcome.self) { group in
          for _ in 0..<2 { group.addTask { try await connection.run("cat", input: bytes) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(both.allSatisfy { same($0.output, bytes) && $0.exit == .status(0) })
      }
    }
  }

  @Test func `many channels work at the same time`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
          for number in 0..<10 {
            group.addTask {
              let input = Array(repeating: UInt8(number), count: 300_000)
              return (number, try await connection.run("cat; exit \(number)", input: input))
            }
          }
          for try await (number, outcome) in group {
            let sent = [UInt8](repeating: UInt8(number), count: 300_000)
            #expect(same(outcome.output, sent))
            #expect(outcome.exit == .status(Int32(number)))
          }
        }
      }
    }
  }

  @Test func `commands that start and end at once take each other neither answers nor turns`()
    async throws
  {
    try await withServer { server in
      // One whose turn were forgotten would go on with the answer to the next question.
      try await server.connected({ $0.keepAliveInterval = .seconds(600) }) { connection in
        for _ in 0..<100 {
          let codes = try await withThrowingTaskGroup(of: SSHExit.self) { group in
            for _ in 0..<8 { group.addTask { try await connection.run(":").exit } }
            return try await group.reduce(into: []) { $0.append($1) }
          }
          #expect(codes == Array(repeating: .status(0), count: 8))
        }
      }
    }
  }

  @Test func `a channel that nobody reads does not stop another`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let unread = try await connection.open("head -c 50000000 /dev/zero")
        #expect(try await connection.run("echo free").text == "free\n")
        var count = 0
        while case .standard(let piece) = try await unread.read() { count += piece.count }
        #expect(count == 50_000_000)
      }
    }
  }

  @Test func `a waiting reader does not hold up the writer`() async throws {
    try await withServer { server in
      try await server.connected { connection in
        let channel = try await connection.open("head -n 1")
        async let answer = channel.read()
        try await channel.write(Array("go\n".utf8))
        let line = try await answer
        #expect(line == .standard(Array("go\n".utf8)))
      }
    }
  }

  @Test func `traffic counts the bytes on the socket`() async throws {
    try await withServer { server in
      try await FaultProxy.with(to: server.port) { proxy in
        try await server.connected(port: proxy.port) { connection in
          _ = try await connection.run("cat", input: noise(100_000))
          #expect(connection.traffic.received == UInt64(proxy.counters.bytesToClient))
          #expect(connection.traffic.sent > 100_000)
        }
      }
    }
  }
}
