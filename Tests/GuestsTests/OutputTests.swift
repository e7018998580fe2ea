import Digests
import FoundationEssentials
import Guests
import Pipeline
import Synchronization
import TestSupport
import Testing

/// Scripts of every kind, and their output to the byte.
@Suite struct OutputTests {
  @Test func `a hundred megabytes of output survive three cuts to the byte`() async throws {
    try await GuestRig.with { rig in
      let script = """
        head -c 50000000 /dev/urandom | tee \(rig.scratch)/out >&1 &
        head -c 50000000 /dev/urandom | tee \(rig.scratch)/err >&2
        wait
        """
      let cuts = Milestones([10_000_000, 40_000_000, 80_000_000])
      let report = rig.news.report
      try await rig.visit { guest in
        let end = try await guest.run(job("a", script), ahead: .none) { piece in
          if case .output(_, let bytes) = piece, cuts.pass(bytes.count) { rig.proxy.cut() }
          report(piece)
        }
        #expect(end == .exited(0))
      }
      let told = rig.news.value
      #expect(told.lost == 3)
      for (bytes, file) in [(told.stdout, "out"), (told.stderr, "err")] {
        let sum = try await run("sha256sum", ["\(rig.scratch)/\(file)"]).stdout
        let digest = try SHA256Digest(of: bytes)
        #expect(sum.hasPrefix(digest.hex), "\(file)")
      }
    }
  }

  @Test func `bytes that are no text arrive as they are`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "printf 'a\\0b\\377\\r\\n\\no 5\\nno end'\n"))
      #expect(end == .exited(0))
      #expect(rig.news.value.stdout == Array("a\0b".utf8) + [255] + Array("\r\n\no 5\nno end".utf8))
    }
  }

  @Test func `output appears while the step runs`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "echo early\n\(rig.hold)")) { _ in
        try await waitUntil("the output") { rig.news.stdout == "early\n" }
        rig.release()
      }
      #expect(end == .exited(0))
    }
  }

  @Test func `an empty script succeeds`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", ""))
      #expect(end == .exited(0))
      #expect(rig.news.value.stdout.isEmpty)
    }
  }

  @Test func `a script may have five megabytes`() async throws {
    try await GuestRig.with { rig in
      let line = "# \(String(repeating: "-", count: 97))\n"
      let script = "echo first\n" + String(repeating: line, count: 50_000) + "exit 7\n"
      let end = try await rig.run(job("a", script))
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "first\n")
    }
  }

  @Test func `a script's standard input is empty`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "cat\nexit 7\n"))
      #expect(end == .exited(7))
    }
  }

  @Test func `the standard streams can be opened by name`() async throws {
    try await GuestRig.with { rig in
      let script = "echo 1\necho a > /dev/stderr\necho 2 > /dev/stdout\necho b >> /dev/stderr\n"
      let end = try await rig.run(job("a", script))
      #expect(end == .exited(0))
      #expect(rig.news.stdout == "1\n2\n")
      #expect(rig.news.stderr == "a\nb\n")
    }
  }

  @Test func `a process that is left behind is not waited for`() async throws {
    try await GuestRig.with { rig in
      let start = ContinuousClock.now
      let end = try await rig.run(job("a", "(echo in; sleep 30) &\nsleep 0.1\necho out\nexit 7\n"))
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "in\nout\n")
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }

  @Test func `a script may close its output`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "echo out\nexec >&- 2>&-\nsleep 0.3\nexit 7\n"))
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "out\n")
    }
  }

  @Test(arguments: [
    ("/bin/bash", ""), ("/usr/bin/env", "bash"), ("/bin/sh", "-e -x"), ("/bin/no", ""),
  ])
  func `a script is run by what its first line names`(interpreter: String, argument: String)
    async throws
  {
    try await GuestRig.with { rig in
      let end = try await rig.run(job("a", "echo $0\nexit 7\n", by: interpreter, argument))
      switch argument {
      // One argument, as the kernel has it; the shell refuses it.
      case "-e -x": #expect(end == .exited(2))
      default: #expect(end == .exited(interpreter == "/bin/no" ? 127 : 7))
      }
    }
  }

  @Test func `a program is run as it is`() async throws {
    try await GuestRig.with { rig in
      let program = try #require(FileManager.default.contents(atPath: "/usr/bin/pwd"))
      let end = try await rig.run(job("a", bytes: Array(program), by: "direct", ""))
      #expect(end == .exited(0))
      #expect(rig.news.stdout.hasPrefix("/"))
    }
  }
}

/// Counts bytes, and tells when certain numbers of them are passed.
private final class Milestones: Sendable {
  private let state: Mutex<(count: Int, ahead: [Int])>

  init(_ milestones: [Int]) { state = Mutex((0, milestones)) }

  func pass(_ bytes: Int) -> Bool {
    state.withLock { state in
      state.count += bytes
      guard let next = state.ahead.first, state.count > next else { return false }
      state.ahead.removeFirst()
      return true
    }
  }
}
