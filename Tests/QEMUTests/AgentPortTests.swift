import Glibc
import TestSupport
import Testing

@testable import QEMU

/// The host's end of a VM's port, with a socket that a test holds in QEMU's place.
@Suite(.timeLimit(.minutes(1))) struct AgentPortTests {
  @Test func `what is written arrives, and what comes is read in order until the end`() async throws
  {
    try await withPort { port, guest in
      try await port.write(Array("hello\n".utf8))
      #expect(guest.read(6) == "hello\n")
      guest.write("one")
      #expect(try await port.read() == Array("one".utf8))
      guest.write("two")
      guest.close()
      #expect(try await port.read() == Array("two".utf8))
      #expect(try await port.read() == nil)
      #expect(try await port.read() == nil)
    }
  }

  @Test func `more than a socket holds is written as the guest takes it`() async throws {
    try await withPort { port, guest in
      let bytes = [UInt8](repeating: 7, count: 3_000_000)
      async let written: Void = port.write(bytes)
      #expect(guest.read(bytes.count).utf8.count == bytes.count)
      try await written
    }
  }

  @Test func `a reader that is cancelled loses nothing`() async throws {
    try await withPort { port, guest in
      let reader = Task { try await port.read() }
      reader.cancel()
      await #expect(throws: CancellationError.self) { try await reader.value }
      guest.write("late")
      let late = try await port.read()
      #expect(late == Array("late".utf8))
    }
  }

  @Test func `a guest that closes its end ends a conversation, and nothing where there was none`()
    async throws
  {
    try await withPort { port, guest in
      port.hangUp()
      #expect(port.isOpen)
      try await port.write([1])
      #expect(guest.read(1) == "\u{1}")
      guest.write("last")
      port.hangUp()
      #expect(!port.isOpen)
      #expect(try await port.read() == Array("last".utf8))
      #expect(try await port.read() == nil)
    }
  }

  @Test func `writing to a guest that is gone throws nothing: reading tells`() async throws {
    try await withPort { port, guest in
      guest.close()
      try await port.write([1, 2, 3])
      #expect(try await port.read() == nil)
    }
  }

  /// QEMU's end.
  private struct Guest {
    let descriptor: Int32

    func write(_ text: String) { _ = Glibc.write(descriptor, text, text.utf8.count) }

    func read(_ count: Int) -> String {
      var bytes = [UInt8](repeating: 0, count: count)
      var done = 0
      while done < count {
        let got = bytes.withUnsafeMutableBytes {
          Glibc.read(descriptor, $0.baseAddress?.advanced(by: done), count - done)
        }
        guard got > 0 else { break }
        done += got
      }
      return String(decoding: bytes[..<done], as: UTF8.self)
    }

    func close() { Glibc.close(descriptor) }
  }

  private func withPort(_ body: (AgentPort, Guest) async throws -> Void) async throws {
    try await ScratchDirectory.with { directory in
      let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(listener) }
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &address.sun_path) {
        $0.copyBytes(from: Array(VMFile.agentPort.path(in: directory).utf8))
      }
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
      }
      try #require(bound == 0 && listen(listener, 1) == 0)
      let port = try AgentPort(in: directory)
      try await body(port, Guest(descriptor: accept(listener, nil, nil)))
    }
  }
}
