import Glibc
import Testing

@testable import QEMU

/// What the client makes of what is no QMP, from an other side that is no QEMU.
@Suite(.timeLimit(.minutes(2))) struct QMPLineTests {
  @Test(arguments: [
    "}", "null", "[]", "7", "\"QMP\"", "{\"return\":", "{\"return\":{}}", "{\"error\":7}",
    "{\"id\":{},\"return\":1}", "{\"event\":1}", "\u{0}\u{ff}", "{\"a\":\"\\ud800\"}",
    String(repeating: "[", count: 100_000), String(repeating: "{\"a\":", count: 50_000),
  ])
  func `a line that is no QMP fails who waits, and nothing more`(line: String) async throws {
    try await withOtherSide { client, other in
      let error = try await failure {
        try await both(
          { _ = try await client.execute(.stop) }, { try await other.answer(1, with: line) })
      }
      #expect(error.kind == .protocolViolation)
      try await both(
        { _ = try await client.execute(.stop) },
        { try await other.answer(1, with: "{\"id\":2,\"return\":{}}") })
    }
  }

  @Test func `a refusal without a number fails who waits`() async throws {
    try await withOtherSide { client, other in
      let error = try await failure {
        try await both(
          { _ = try await client.execute(.stop) },
          { try await other.answer(1, with: #"{"error":{"class":"GenericError","desc":"no"}}"#) })
      }
      #expect(error.kind == .refused(QMPError(errorClass: "GenericError", text: "no")))
    }
  }

  @Test func `an answer of another type than the command's is told`() async throws {
    try await withOtherSide { client, other in
      let error = try await failure {
        try await both(
          { _ = try await client.execute(.status) },
          { try await other.answer(1, with: #"{"id":1,"return":[]}"#) })
      }
      #expect(error.reason == #"the answer is none to this command: {"id":1,"return":[]}"#)
    }
  }

  @Test func `lines are the same wherever the bytes are cut`() {
    let text = Array("{\"a\":1}\r\n\r\n{\"b\":\"é\"}\n{}\nrest".utf8)
    for size in 1...text.count {
      var splitter = LineSplitter()
      var lines: [[UInt8]] = []
      for start in stride(from: 0, to: text.count, by: size) {
        let piece = text[start..<min(start + size, text.count)]
        lines += splitter.add(piece) ?? [[]]
      }
      #expect(
        lines.map { String(decoding: $0, as: UTF8.self) } == ["{\"a\":1}", "{\"b\":\"é\"}", "{}"])
    }
  }

  @Test func `a line without an end is given up`() {
    var splitter = LineSplitter()
    let piece = [UInt8](repeating: 32, count: 1 << 20)
    for _ in 0..<16 { #expect(splitter.add(piece[...]) != nil) }
    #expect(splitter.add(piece[...]) == nil)
  }

  @Test func `damaged messages are read without a crash`() {
    let whole = Array(
      #"{"timestamp":{"seconds":1,"microseconds":2},"event":"BLOCK_IO_ERROR","data":{"nospace":true}}"#
        .utf8)
    var random = Seeded(state: 7)
    var unreadable = 0
    for _ in 0..<5000 {
      var line = whole
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        line[Int.random(in: line.indices, using: &random)] = .random(in: 0...255, using: &random)
      }
      switch QMPMessage(line) {
      case .unreadable(let text): unreadable += text.isEmpty ? 0 : 1
      case .event(let event): _ = VMEvent(event)
      default: break
      }
    }
    #expect(unreadable > 1000)
  }
}

/// Numbers that are the same at each run (Knuth's MMIX generator).
private struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 31)
  }
}

/// What a client is connected to in place of QEMU.
private struct OtherSide: Sendable {
  let socket: Int32

  /// Reads as many lines, and answers then.
  func answer(_ lines: Int, with text: String) async throws {
    var left = lines
    while left > 0 {
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { left -= buffer[..<count].count { $0 == UInt8(ascii: "\n") } }
      try await Task.sleep(for: .milliseconds(1))
    }
    var rest = Array((text + "\n").utf8)[...]
    while !rest.isEmpty {
      let sent = Array(rest).withUnsafeBytes {
        send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
      }
      if sent > 0 {
        rest = rest.dropFirst(sent)
      } else {
        try await Task.sleep(for: .milliseconds(1))
      }
    }
  }
}

private func withOtherSide(_ body: (QMPClient, OtherSide) async throws -> Void) async throws {
  let sockets = try SocketPair()
  let client = QMPClient(owning: sockets.takeOurs())
  try await body(client, OtherSide(socket: sockets.theirs))
  sockets.closeTheirs()
}

private func both(
  _ first: @escaping @Sendable () async throws -> Void,
  _ second: @escaping @Sendable () async throws -> Void
) async throws {
  try await withThrowingTaskGroup { group in
    group.addTask { try await first() }
    group.addTask { try await second() }
    try await group.waitForAll()
  }
}
