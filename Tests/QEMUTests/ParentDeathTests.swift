import Foundation
import Glibc
import TestSupport
import Testing

@testable import QEMU

@Suite(.requires(qemu), .timeLimit(.minutes(2))) struct ParentDeathTests {
  /// A shell holds the supervisor as we do: by the other end of what it reads from.
  @Test func `QEMU ends when the process that started it is killed`() async throws {
    try await ScratchDirectory.with { directory in
      let parent = try await SupervisedProcess.start(
        SupervisedProcess.Command(
          executable: "/bin/sh",
          arguments: [
            "-c", "mkfifo held; sh -c \"$0\" sh \"$@\" <held >pid & exec 9>held; wait",
            Supervision.script, qemu, "-machine", "none", "-nodefaults", "-display", "none",
          ], directory: directory, messages: "messages"))
      defer { parent.kill() }
      let child = try await process(named: "\(directory)/pid")
      kill(parent.pid, SIGKILL)
      try await waitUntil("QEMU to end") { !child.isAlive }
    }
  }

  @Test(.requires("/usr/bin/setpriv"))
  func `QEMU ends when the shell that holds it is killed`() async throws {
    try await ScratchDirectory.with { directory in
      let machine = try await sleeper(in: directory)
      try await waitUntilAsleep(machine)
      let child = try #require(ProcessRecord.of(pid: machine.pid))
      let shell = try #require(parent(of: machine.pid))
      kill(shell, SIGKILL)
      try await waitUntil("the child to end") { !child.isAlive }
      // Both ended so; which of them is told of is the shell's.
      #expect(try await machine.ended() == .signaled(SIGKILL))
    }
  }

  @Test(.requires("/usr/bin/true"), arguments: [0, 7, 128])
  func `an exit code is the process's own`(code: Int32) async throws {
    try await ScratchDirectory.with { directory in
      let process = try await SupervisedProcess.start(
        SupervisedProcess.Command(
          executable: "/bin/sh", arguments: ["-c", "exit \(code)"], directory: directory,
          messages: "messages"))
      #expect(try await process.ended() == .exited(code))
    }
  }

  @Test func `a program that does not exist ends with 127`() async throws {
    try await ScratchDirectory.with { directory in
      let process = try await SupervisedProcess.start(
        SupervisedProcess.Command(
          executable: "/nowhere/qemu", arguments: [], directory: directory, messages: "messages"))
      #expect(try await process.ended() == .exited(127))
    }
  }

  @Test func `the process has no descriptor of ours`() async throws {
    try await ScratchDirectory.with { directory in
      let own = open("/dev/null", O_RDONLY)
      defer { close(own) }
      let process = try await sleeper(in: directory)
      defer { process.kill() }
      try await waitUntilAsleep(process)
      // A program that has just begun has its libraries open for a moment.
      try await waitUntil("the sleeper to have its own three descriptors only") {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.pid)/fd").sorted()
          == ["0", "1", "2"]
      }
    }
  }

  /// Until then it is `setpriv`, which has not said yet when it is to end.
  private func waitUntilAsleep(_ process: SupervisedProcess) async throws {
    try await waitUntil("the program to be the sleeper") {
      try String(contentsOfFile: "/proc/\(process.pid)/comm", encoding: .utf8) == "sleep\n"
    }
  }

  private func process(named file: String) async throws -> ProcessRecord {
    var found: ProcessRecord?
    try await waitUntil("the process to start") {
      let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
      found = text.hasSuffix("\n") ? Int32(text.dropLast()).flatMap(ProcessRecord.of) : nil
      return found != nil
    }
    return try #require(found)
  }

  private func parent(of pid: Int32) -> Int32? {
    let stat = procFile("/proc/\(pid)/stat") ?? ""
    let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
    return fields.count > 2 ? Int32(fields[2]) : nil
  }
}

/// A process that does nothing for long.
func sleeper(in directory: String) async throws -> SupervisedProcess {
  try await SupervisedProcess.start(
    SupervisedProcess.Command(
      executable: "/usr/bin/sleep", arguments: ["1000"], directory: directory,
      messages: "messages"))
}
