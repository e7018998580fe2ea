import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import Disks

/// Programs that end with the process that needs them.
@Suite(.timeLimit(.minutes(1))) struct TetherTests {
  private func run(
    _ input: FileDescriptor, _ script: String
  ) async throws -> (code: TerminationStatus, output: String) {
    let result = try await Subprocess.run(
      .path("/bin/sh"), arguments: Tether.arguments("/bin/sh", ["-c", script]),
      input: .fileDescriptor(input, closeAfterSpawningProcess: true),
      output: .string(limit: 4096), error: .string(limit: 4096))
    return (result.terminationStatus, result.standardOutput)
  }

  @Test func `a program's exit code and output are its own`() async throws {
    let end = try await Tether.held { try await run($0, "echo said; exit 7") }
    #expect(end.code == .exited(7))
    #expect(end.output == "said\n")
  }

  @Test func `a program is killed when nobody holds it any more`() async throws {
    // It would outlast the test, and takes no notice of requests to end.
    let running = try await Tether.held { input in
      Task { try await run(input, "trap '' TERM HUP; echo begun; exec sleep 600") }
    }
    let (code, _) = try await running.value
    #expect(code == .exited(128 + SIGKILL))
  }
}
