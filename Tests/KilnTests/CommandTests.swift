import Foundation
import Pipeline
import TestSupport
import Testing

@Suite struct UsageTests {
  let snapshot = Snapshot()

  @Test(arguments: ["runs", "show", "log", "cancel"])
  func `the help of each command reads well`(command: String) async throws {
    try await RunsOnDisk.with { runs in
      let ran = try await runs.kiln(command, "--help")
      #expect(ran.exit == 0)
      #expect(ran.stderr.isEmpty)
      try snapshot.expect(ran.stdout, matches: "help-\(command)")
    }
  }

  @Test func `the version is one line on standard output`() async throws {
    try await RunsOnDisk.with { runs in
      let ran = try await runs.kiln("--version")
      #expect(ran.exit == 0)
      #expect(ran.stdout.hasPrefix("kiln ") && ran.stdout.hasSuffix("\n"))
    }
  }

  @Test(arguments: [["frob"], ["runs", "--frob"], ["log"], ["cancel", "a", "b"]])
  func `wrong usage ends with 2 and nothing on standard output`(arguments: [String]) async throws {
    let ran = try await run(kilnBinary(), arguments)
    #expect(ran.exit == 2)
    #expect(ran.stdout.isEmpty)
    #expect(ran.stderr.hasPrefix("error: "))
  }
}

@Suite struct RunsCommandTests {
  @Test func `no runs are an empty list and a word on standard error`() async throws {
    try await RunsOnDisk.with { runs in
      let ran = try await runs.kiln("runs")
      #expect(ran.exit == 0)
      #expect(ran.stdout.isEmpty)
      #expect(ran.stderr == "there are no runs yet\n")
      #expect(try await runs.kiln("runs", "--json").stdout == "[\n\n]\n")
    }
  }

  @Test func `runs are listed newest first with their states`() async throws {
    try await RunsOnDisk.with { runs in
      let done = try runs.begin(.current())
      try runs.end(done, .succeeded)
      _ = try runs.begin(.gone(), at: Timestamp(seconds: 1_795_441_693, nanoseconds: 0))
      let ran = try await runs.kiln("runs")
      #expect(ran.exit == 0)
      try Snapshot([.runs]).expect(ran.stdout + "---\n" + ran.stderr, matches: "runs")
    }
  }

  @Test func `a run that can't be read does not hide the others`() async throws {
    try await RunsOnDisk.with { runs in
      let done = try runs.begin(.current())
      try runs.end(done, .succeeded)
      let broken = try runs.archive.create(at: Timestamp(seconds: 0, nanoseconds: 0))
      let ran = try await runs.kiln("runs")
      #expect(ran.stdout.contains(done.run.text))
      #expect(ran.stdout.contains("\(broken.run)  -         -              unreadable"))
      #expect(ran.stderr.contains("No such file or directory"))
    }
  }

  @Test func `the list is JSON for programs`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.gone())
      let ran = try await runs.kiln("runs", "--json")
      let rows = try JSONSerialization.jsonObject(with: Data(ran.stdout.utf8)) as? [[String: Any]]
      #expect(rows?.first?["run"] as? String == run.run.text)
      #expect(rows?.first?["state"] as? String == "interrupted")
    }
  }
}

@Suite struct ShowCommandTests {
  @Test func `a failed run is shown with its steps, errors and files`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.current())
      try runs.end(run, .failed, errors: ["step 1 of 1, Shell \"nginx\", failed", "no space"])
      let ran = try await runs.kiln("show", "latest")
      #expect(ran.exit == 0)
      try Snapshot([.runs, .paths]).expect(ran.stdout, matches: "show-failed")
    }
  }

  @Test func `what an interrupted run left behind is shown`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.gone())
      try await Journal(of: run).intend(
        .guestDirectory(on: "ssh://me@host", directory: "/var/tmp/kiln-1", login: GuestLogin()))
      let ran = try await runs.kiln("show", run.run.text)
      #expect(ran.stdout.contains("state:    interrupted\n"))
      #expect(
        ran.stdout.contains(
          "left behind: guest-directory directory=/var/tmp/kiln-1, on=ssh://me@host\n"))
      #expect(ran.stdout.contains("`kiln gc`"))
    }
  }

  @Test func `the whole record is JSON for programs`() async throws {
    try await RunsOnDisk.with { runs in
      let run = try runs.begin(.current())
      let ran = try await runs.kiln("show", "latest", "--json")
      let sheet = try JSONSerialization.jsonObject(with: Data(ran.stdout.utf8)) as? [String: Any]
      let record = sheet?["record"] as? [String: Any]
      let status = record?["lastRunStatus"] as? [String: Any]
      #expect(sheet?["state"] as? String == "Running")
      #expect(status?["startTime"] as? String == "2026-11-23T13:48:12.500000000Z")
      #expect(status?["endTime"] as? String == "0001-01-01T00:00:00Z")
      #expect((sheet?["files"] as? [String: Any])?["log"] as? String == run.logPath)
    }
  }

  @Test func `an unknown and an ambiguous name end with 2 and tell the nearest`() async throws {
    try await RunsOnDisk.with { runs in
      let first = try runs.begin(.current())
      _ = try runs.begin(.current(), at: Timestamp(seconds: 1_795_441_693, nanoseconds: 0))
      for name in ["20261124", "2026"] {
        let ran = try await runs.kiln("show", name)
        #expect(ran.exit == 2)
        #expect(ran.stdout.isEmpty)
        #expect(ran.stderr.hasPrefix("error: could not find run `\(name)`: "))
        #expect(ran.stderr.contains("\nhint: "))
        #expect(ran.stderr.contains(first.run.text))
      }
    }
  }
}
