import FoundationEssentials
import Pipeline
import TestSupport
import Testing

@Suite struct LogCommandTests {
  @Test func `the log and the events are printed as they are`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.current())
      try runs.end(run, .succeeded)
      let sinks: [any EventSink] = [
        try CustomizationLog(of: run, connectTimeout: .seconds(1)), try EventLog(of: run),
      ]
      for sink in sinks { sink.receive(.note("hello")) }
      let log = try await runs.kiln("log", "latest")
      #expect(log.stdout == "[\(run.run)] PACKER OUT ==> azure-arm: hello\n")
      let events = try await runs.kiln("log", "latest", "--json")
      #expect(events.stdout.hasSuffix(#""type":"note","message":"hello"}"# + "\n"))
    }
  }

  @Test func `following prints all and ends when the run has ended`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.current())
      let log = try CustomizationLog(of: run, connectTimeout: .seconds(1))
      log.receive(.note("before"))
      async let following = runs.kiln("log", "-f", run.run.text)
      let many = (1...2000).map { "line \($0)" }
      for line in many { log.receive(.note(line)) }
      try runs.end(run, .succeeded)
      let ran = try await following
      #expect(ran.exit == 0)
      #expect(
        ran.stdout.split(separator: "\n").map { $0.split(separator: ": ").last ?? "" }
          == (["before"] + many).map { $0[...] })
    }
  }

  @Test func `following a run whose process is gone ends`() async throws {
    try await RunsOnDisk.with { runs in
      _ = try runs.begin(.gone())
      #expect(try await runs.kiln("log", "--follow", "latest").exit == 0)
    }
  }

  @Test func `a reader that goes away is no error`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.current())
      try runs.end(run, .succeeded)
      let log = try CustomizationLog(of: run, connectTimeout: .seconds(1))
      log.receive(.stepOutput(step: 1, .stdout, Array(repeating: 10, count: 100_000)))
      let pipe = "\"$0\" log latest | head -n 1; echo ${PIPESTATUS[0]}"
      let ran = try await TestSupport.run(
        "bash", ["-c", pipe, kilnBinary()], environment: ["XDG_STATE_HOME": runs.home])
      #expect(ran.stdout.hasSuffix("\n0\n"))
      #expect(ran.stderr.isEmpty)
    }
  }
}

@Suite struct CancelCommandTests {
  /// Stands for the process of a run: on SIGTERM it puts `final.json` in the place of the record.
  static let program = """
    trap 'mv "$1/final.json" "$1/run.json"; exit 143' TERM
    trap 'exit 9' USR1
    echo $$ > "$1/pid.new" && mv "$1/pid.new" "$1/pid"
    i=0
    while [ $i -lt 600 ]; do sleep 0.05; i=$((i + 1)); done
    """

  /// Begins a run in a process of its own that ends it as `state` when it is told to stop.
  func withProcess(
    _ runs: RunsOnDisk, endingAs state: RunState, _ body: (RunDirectory) async throws -> Void
  ) async throws {
    let run = try runs.begin(.current())
    async let process = TestSupport.run("sh", ["-c", Self.program, "run", run.path])
    try await waitUntil("the process of the run to begin") {
      FileManager.default.fileExists(atPath: run.path + "/pid")
    }
    let text = try String(contentsOfFile: run.path + "/pid", encoding: .utf8)
    var record = try run.record()
    record.process = try .of(pid: #require(Int32(text.dropLast())))
    let running = record
    try runs.end(run, state)
    var ended = try run.record()
    ended.process = running.process
    try run.write(ended)
    try FileManager.default.moveItem(atPath: run.recordPath, toPath: run.path + "/final.json")
    try run.write(running)
    try await body(run)
    _ = try await process
  }

  @Test func `a running run is stopped and waited for`() async throws {
    try await RunsOnDisk.with { runs in
      try await withProcess(runs, endingAs: .canceled) { run in
        let ran = try await runs.kiln("cancel", "latest")
        #expect(ran.exit == 0)
        #expect(ran.stdout == "\(run.run) Canceled\n")
        #expect(ran.stderr == "asked run \(run.run) to stop\n")
      }
    }
  }

  @Test func `a run that ends by itself meanwhile was not cancelled`() async throws {
    try await RunsOnDisk.with { runs in
      try await withProcess(runs, endingAs: .succeeded) { run in
        let ran = try await runs.kiln("cancel", "latest", "--json")
        #expect(ran.exit == 1)
        #expect(ran.stdout.contains(#""state" : "Succeeded""#))
        #expect(ran.stderr.contains("error: could not cancel run \(run.run): it ended by itself"))
      }
    }
  }

  @Test func `a finished run can't be cancelled`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.current())
      try runs.end(run, .succeeded)
      let ran = try await runs.kiln("cancel", "latest")
      #expect(ran.exit == 1)
      #expect(ran.stdout.isEmpty)
      #expect(
        ran.stderr == """
          error: could not cancel run \(run.run): it has ended already, Succeeded
          hint: `kiln show \(run.run)` shows how it went

          """)
    }
  }

  @Test func `no later process with the same number is stopped`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.gone())
      let ran = try await runs.kiln("cancel", "latest")
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("could not cancel run \(run.run): its process"))
      #expect(ran.stderr.contains("hint: `kiln gc`"))
    }
  }
}
