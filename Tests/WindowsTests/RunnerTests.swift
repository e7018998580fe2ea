import FoundationEssentials
import Pipeline
import TestSupport
import Testing

@testable import Guests

/// The batch file that runs jobs, run by Wine's cmd: not Windows' own, and not ours either.
@Suite(.requires("/usr/bin/wine"), .timeLimit(.minutes(3)), .serialized) struct RunnerTests {
  /// The runner with another program in the place of PowerShell, which Wine has not.
  private func runner(_ program: String) throws -> String {
    try WindowsRunner.text(for: job("")).split(separator: "\r\n").map { line in
      guard line.hasPrefix("powershell.exe") else { return String(line) }
      let streams = line.firstRange(of: " <nul").map { line[$0.lowerBound...] } ?? ""
      return "cmd.exe /d /c \"\(program)\"\(streams)"
    }.joined(separator: "\r\n") + "\r\n"
  }

  private struct Machine {
    let directory: String
    var job: String { "\(directory)/drive_c/job" }

    func cmd(_ command: String) async throws -> String {
      let ran = try await run(
        "/usr/bin/env",
        [
          "-u", "DISPLAY", "WINEPREFIX=\(directory)", "WINEDEBUG=-all", "/usr/bin/wine", "cmd",
          "/d",
        ]
          + ["/c", command])
      return ran.stdout + ran.stderr
    }

    func text(_ name: String) throws -> String? {
      let path = "\(job)/\(name)"
      guard FileManager.default.fileExists(atPath: path) else { return nil }
      return String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    func write(_ text: String, to name: String) throws {
      try Data(text.utf8).write(to: URL(filePath: "\(job)/\(name)"))
    }
  }

  private func withMachine(_ body: (Machine) async throws -> Void) async throws {
    try await ScratchDirectory.with { directory in
      let machine = Machine(directory: "\(directory)/prefix")
      _ = try await machine.cmd("mkdir c:\\job")
      try await body(machine)
      // Wine's server still writes to the directory for a while after its last program.
      _ = try await run("/usr/bin/env", ["WINEPREFIX=\(machine.directory)", "wineserver", "-k"])
      _ = try await run("/usr/bin/env", ["WINEPREFIX=\(machine.directory)", "wineserver", "-w"])
    }
  }

  @Test func `output is apart, and exit codes have 32 bits`() async throws {
    try await withMachine { machine in
      for code in ["0", "3010", "-2147024891"] {
        try machine.write(
          try runner("echo out& echo err>&2& exit \(code)"), to: "run.cmd")
        _ = try await machine.cmd(#"c:\job\run.cmd"#)
        #expect(try machine.text("exit")?.split(separator: "\r\n") == [Substring(code)])
        #expect(try machine.text("stdout") == "out\r\n")
        #expect(try machine.text("stderr") == "err\r\n")
        #expect(try machine.text("exit.new") == nil)
      }
    }
  }

  @Test func `a job that was denied never begins`() async throws {
    try await withMachine { machine in
      try machine.write(try runner("echo out"), to: "run.cmd")
      try machine.write("", to: "denied")
      _ = try await machine.cmd(#"c:\job\run.cmd"#)
      #expect(try machine.text("stdout") == nil)
      #expect(try machine.text("exit") == nil)
      #expect(try machine.text("lock") != nil)
    }
  }

  @Test func `nobody else can write to the lock while the job runs`() async throws {
    try await withMachine { machine in
      try machine.write(try runner("echo out& ping -n 8 127.0.0.1"), to: "run.cmd")
      async let running = machine.cmd(#"c:\job\run.cmd"#)
      try await waitUntil("the job to begin", limit: .seconds(60)) {
        try machine.text("stdout")?.contains("out") == true
      }
      let refused = try await machine.cmd(#"echo x>>c:\job\lock"#)
      #expect(refused.contains("Sharing violation"))
      _ = try await running
      let free = try await machine.cmd(#"echo x>>c:\job\lock"#)
      #expect(!free.contains("Sharing violation"))
    }
  }
}
