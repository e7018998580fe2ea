import Pipeline
import Testing

@testable import Guests

/// What an agent says, however the network cut it.
@Suite struct FrameTests {
  private static let said = Array(
    "noise\no 3\nh x\nno end\nh n1\nu 0 root\no 5\na\nb\n!e 2\no x exit 0\n".utf8)

  @Test(arguments: 1...said.count) func `frames do not depend on how they arrive`(size: Int) throws
  {
    var reader = AgentFrameReader(nonce: "n1")
    var heard: [AgentFrame] = []
    var rest = Self.said[...]
    while !rest.isEmpty {
      reader.add(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
      while let frame = try reader.next() { heard.append(frame) }
    }
    #expect(
      joined(heard) == [
        .line(verb: "u", words: ["0", "root"]), .output(.stdout, Array("a\nb\n!".utf8)),
        .output(.stderr, Array("o ".utf8)), .line(verb: "x", words: ["exit", "0"]),
      ])
  }

  @Test(arguments: ["\n", "o\n", "o x\n", "e -1\n", "o 0\n", "o 1 2\n"])
  func `what is no frame is refused`(garbage: String) throws {
    var reader = AgentFrameReader(nonce: "n1")
    reader.add(Array("h n1\n\(garbage)".utf8))
    #expect(throws: AgentConfusion.self) { try reader.next() }
  }

  @Test func `a line that does not end is refused`() throws {
    var reader = AgentFrameReader(nonce: "n1")
    reader.add(Array("h n1\n".utf8) + [UInt8](repeating: 65, count: 70_000))
    #expect(throws: AgentConfusion.self) { try reader.next() }
  }

  @Test func `a megabyte of noise before the greeting is passed over`() throws {
    var reader = AgentFrameReader(nonce: "n1")
    for _ in 1...16 {
      reader.add([UInt8](repeating: 65, count: 65_536))
      let frame = try reader.next()
      #expect(frame == nil)
    }
    reader.add(Array("\nh n1\nb boot\n".utf8))
    let frame = try reader.next()
    #expect(frame == .line(verb: "b", words: ["boot"]))
  }

  /// But for setting it, where a machine goes on from a kept state.
  @Test func `no agent asks a guest for the time of day`() {
    let program = String(decoding: AgentProgram.bytes, as: UTF8.self)
      .replacing("date -u -s", with: "")
    for word in ["date", "touch", "-nt ", "-ot ", "-newer", "-mmin", "-mtime", "%Y", "EPOCH"] {
      #expect(!program.contains(word), "\(word)")
    }
  }

  /// Neighbouring pieces of one stream put together.
  private func joined(_ frames: [AgentFrame]) -> [AgentFrame] {
    frames.reduce(into: []) { result, frame in
      switch (result.last, frame) {
      case (.output(let before, let bytes)?, .output(let stream, let more)) where before == stream:
        result[result.count - 1] = .output(stream, bytes + more)
      default: result.append(frame)
      }
    }
  }
}

/// How long a guest may stay away.
@Suite struct OutageTests {
  @Test func `a loss before the guest worked again is no new one`() {
    var outage = Outage(limit: .seconds(60))
    var new = [outage.begin(), outage.begin()]
    let away = outage.end()
    new.append(outage.begin())
    outage.settle()
    let none = outage.end()
    new.append(outage.begin())
    #expect(new == [true, false, false, true])
    #expect(away != nil && none == nil)
  }

  @Test func `pauses grow to five seconds`() throws {
    var outage = Outage(limit: .seconds(600))
    let pauses = try (1...8).map { _ in try outage.nextPause("guest") }
    #expect(pauses.first == .milliseconds(200))
    #expect(pauses == pauses.sorted())
    #expect(pauses.last == .seconds(5))
  }

  @Test func `a guest that is away for longer than the limit is lost`() {
    var outage = Outage(limit: .zero)
    _ = outage.begin()
    let error = #expect(throws: GuestError.self) { try outage.nextPause("guest") }
    #expect(error?.kind == .lost)
  }
}
