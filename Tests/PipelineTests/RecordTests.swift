import FoundationEssentials
import Testing

@testable import Pipeline

@Suite struct RunIDTests {
  @Test func `a name tells the second in which the run began`() {
    let run = RunID(at: .noon)
    #expect(run.text.hasPrefix("20261123-134812-"))
    #expect(RunID(run.text) == run)
  }

  @Test func `names sort in the order of their start`() {
    let earlier = RunID(at: Timestamp(seconds: 1_795_441_691, nanoseconds: 999_999_999))
    #expect(earlier < RunID(at: .noon))
  }

  @Test(arguments: [
    "", "latest", "20261123-134812-k3f", "20261123-134812-k3f9x", "2026112x-134812-k3f9",
    "20261123-134812-K3F9", "20261123-134812-../.", "20261123134812k3f9",
    "20261123-134812-k3f\u{e9}",
  ])
  func `anything of another form is no name`(text: String) {
    #expect(RunID(text) == nil)
  }
}

@Suite struct TimestampTests {
  @Test(arguments: [
    "2020-04-30T23:24:06.756985789Z", "2024-02-29T00:00:00Z", "1970-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z", "2000-03-01T12:00:00.000000001Z", "0001-01-01T00:00:00Z",
  ])
  func `a time is written as it is read`(text: String) {
    #expect(Timestamp(text)?.description == text)
  }

  @Test func `the zero time of AIB is the first of January of the year one`() {
    #expect(Timestamp.never.description == "0001-01-01T00:00:00Z")
  }

  @Test func `fewer decimals are the same time`() {
    #expect(Timestamp("2026-11-23T13:48:12.5Z") == .noon)
  }

  @Test(arguments: ["", "2026-11-23", "2026-11-23T13:48:12", "2026-11-23T13:48:12.Z", "now"])
  func `anything else is no time`(text: String) {
    #expect(Timestamp(text) == nil)
  }
}

@Suite struct RunDirectoryTests {
  let scratch = RecordScratch()

  @Test func `a new run has a directory for its owner alone`() throws {
    let run = try scratch.archive.create(at: .noon)
    let mode = try FileManager.default.attributesOfItem(atPath: run.path)[.posixPermissions]
    #expect(mode as? Int == 0o700)
    #expect(FileManager.default.fileExists(atPath: run.outputsPath))
  }

  @Test func `a record is read as it was written`() throws {
    let run = try scratch.archive.create(at: .noon)
    let record = RunRecord.sample(run.run, process: try .current())
    try run.write(record)
    let read = try run.record()
    #expect(read.run == record.run)
    #expect(read.process == record.process)
    #expect(read.lastRunStatus == record.lastRunStatus)
    #expect(try scratch.text(run.recordPath).contains(#""endTime" : "0001-01-01T00:00:00Z""#))
  }

  @Test func `a crash between write and rename leaves the old record`() throws {
    let run = try scratch.archive.create(at: .noon)
    var record = RunRecord.sample(run.run, process: try .current())
    try run.write(record)
    try scratch.write(#"{"run":"2026"#, to: run.recordPath + ".new")
    #expect(try run.record().lastRunStatus.runState == .running)
    record.lastRunStatus.runState = .failed
    try run.write(record)
    #expect(try run.record().lastRunStatus.runState == .failed)
  }

  @Test func `a record that can't be replaced is an error and stays as it was`() throws {
    let run = try scratch.archive.create(at: .noon)
    var record = RunRecord.sample(run.run, process: try .current())
    try run.write(record)
    try FileManager.default.createDirectory(
      atPath: run.recordPath + ".new", withIntermediateDirectories: false)
    record.lastRunStatus.runState = .succeeded
    let error = #expect(throws: RecordError.self) { try run.write(record) }
    #expect(error?.description == "could not open `\(run.recordPath).new`: Is a directory")
    #expect(try run.record().lastRunStatus.runState == .running)
  }

  @Test func `a record that is not ours is called damaged`() throws {
    let run = try scratch.archive.create(at: .noon)
    try scratch.write("{}", to: run.recordPath)
    let error = #expect(throws: RecordError.self) { try run.record() }
    #expect(error?.kind == .damaged)
  }

  @Test func `a running run with its process is running`() throws {
    let run = try scratch.archive.create(at: .noon)
    try run.write(.sample(run.run, process: try .current()))
    #expect(try run.standing().standing == .recorded(.running))
  }

  @Test func `a running run whose number belongs to a later process is interrupted`() throws {
    let run = try scratch.archive.create(at: .noon)
    let ours = try ProcessIdentity.current()
    let earlier = ProcessIdentity(
      pid: ours.pid, startTicks: ours.startTicks - 1, bootIdentity: ours.bootIdentity,
      host: ours.host)
    try run.write(.sample(run.run, process: earlier))
    #expect(try run.standing().standing == .interrupted)
  }

  @Test func `a running run from before the restart of this machine is interrupted`() throws {
    let run = try scratch.archive.create(at: .noon)
    let ours = try ProcessIdentity.current()
    let earlier = ProcessIdentity(
      pid: ours.pid, startTicks: ours.startTicks, bootIdentity: "another", host: ours.host)
    try run.write(.sample(run.run, process: earlier))
    #expect(try run.standing().standing == .interrupted)
  }

  @Test func `nobody here can tell about a run on another machine`() throws {
    let run = try scratch.archive.create(at: .noon)
    let ours = try ProcessIdentity.current()
    let other = ProcessIdentity(
      pid: ours.pid, startTicks: ours.startTicks, bootIdentity: "another", host: "elsewhere")
    try run.write(.sample(run.run, process: other))
    #expect(try run.standing().standing == .elsewhere(host: "elsewhere"))
    #expect(try run.record().process.terminate() == .elsewhere)
  }
}

@Suite struct RunArchiveTests {
  let scratch = RecordScratch()

  @Test func `the directory of the runs follows the XDG specification`() throws {
    #expect(
      try RunArchive(environment: ["XDG_STATE_HOME": "/s", "HOME": "/h"]).path == "/s/kiln/runs")
    #expect(
      try RunArchive(environment: ["XDG_STATE_HOME": "relative", "HOME": "/h"]).path
        == "/h/.local/state/kiln/runs")
    let error = #expect(throws: RecordError.self) { try RunArchive(environment: [:]) }
    #expect(error?.kind == .nowhere)
  }

  @Test func `runs are listed newest first`() throws {
    #expect(try scratch.archive.all() == [])
    let older = try scratch.begin(at: .noon)
    let newer = try scratch.begin(at: Timestamp(seconds: 1_795_441_693, nanoseconds: 0))
    #expect(try scratch.archive.all() == [newer, older])
    #expect(try scratch.archive.find("latest") == newer)
  }

  @Test func `what was staged for a run that never began goes when it is old`() throws {
    let begun = try scratch.begin()
    let young = try RunArchive(path: scratch.archive.path + ".new").create(at: .noon)
    #expect(try scratch.archive.all() == [begun])
    try scratch.archive.removeUnbegun(olderThan: .seconds(60))
    #expect(FileManager.default.fileExists(atPath: young.path))
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -120)], ofItemAtPath: young.path)
    try scratch.archive.removeUnbegun(olderThan: .seconds(60))
    #expect(!FileManager.default.fileExists(atPath: young.path))
    #expect(try scratch.archive.all() == [begun])
  }

  @Test func `the latest of one second is the one that began last`() throws {
    let runs = try (0..<4).map { _ in try scratch.begin(at: .noon) }
    for (index, run) in runs.enumerated() {
      var record = RunRecord.sample(run.run, process: try .current())
      record.lastRunStatus.startTime = Timestamp(seconds: 1_795_441_692, nanoseconds: index)
      try run.write(record)
    }
    #expect(try scratch.archive.find("latest") == runs[3])
  }

  @Test func `a beginning that only one run has is enough`() throws {
    let run = try scratch.begin(at: .noon)
    #expect(try scratch.archive.find("2026") == run)
    #expect(try scratch.archive.find(run.run.text) == run)
  }

  @Test func `a beginning that two runs have is refused with their names`() throws {
    let first = try scratch.begin(at: .noon)
    _ = try scratch.begin(at: Timestamp(seconds: 1_795_441_693, nanoseconds: 0))
    let error = #expect(throws: RecordError.self) { try scratch.archive.find("20261123") }
    #expect(error?.kind == .ambiguousRun)
    #expect(error?.description == "could not find run `20261123`: 2 runs begin so")
    #expect(error?.hint?.contains(first.run.text) == true)
  }

  @Test func `an unknown run is refused with the nearest names`() throws {
    let near = try scratch.begin(at: .noon)
    _ = try scratch.begin(at: Timestamp(seconds: 0, nanoseconds: 0))
    let error = #expect(throws: RecordError.self) { try scratch.archive.find("20261124") }
    #expect(error?.kind == .unknownRun)
    #expect(error?.hint?.hasPrefix("the nearest are `\(near.run)`") == true)
  }

  @Test func `an empty name is no run`() throws {
    _ = try scratch.begin(at: .noon)
    #expect(throws: RecordError.self) { try scratch.archive.find("") }
  }
}

@Suite struct RunRecorderTests {
  let scratch = RecordScratch()

  @Test func `the record on the disk follows the events`() async throws {
    let run = try scratch.begin(at: .noon)
    let recorder = try RunRecorder(.sample(run.run, process: try .current()), in: run)
    recorder.receive(.phase(.customizing))
    try await recorder.settle()
    #expect(try run.record().lastRunStatus.runSubState == .customizing)
    recorder.receive(
      .stepFinished(
        StepResult(
          number: 1, name: "nginx", type: "Shell", outcome: .failed, exitCode: 7, seconds: 1,
          message: nil)))
    recorder.receive(
      .runFinished(
        RunResult(
          state: .failed, seconds: 2, errors: ["step 1 failed", "exit code 7"], hint: nil,
          exitCode: 1)))
    try await recorder.settle()
    let record = try run.record()
    #expect(record.lastRunStatus.runState == .failed)
    #expect(record.lastRunStatus.runSubState == nil)
    #expect(record.lastRunStatus.message == "step 1 failed: exit code 7")
    #expect(record.lastRunStatus.endTime != .never)
    #expect(record.results.map(\.exitCode) == [7])
    #expect(record.exitCode == 1)
  }

  @Test func `the first record shows no secret`() throws {
    let run = try scratch.begin(at: .noon)
    let redactor = Redactor()
    redactor.add(Secret("hunter22"))
    var record = RunRecord.sample(run.run, process: try .current())
    record.steps[0].name = "hunter22"
    record.steps[0].summary = "https://h/c?sv=1&sig=a%2Fb"
    _ = try RunRecorder(record, in: run, through: redactor)
    let text = try scratch.text(run.recordPath)
    #expect(!text.contains("hunter22"))
    #expect(!text.contains("a%2Fb"))
    #expect(text.contains("https://h/c?sv=1&sig=***"))
  }

  @Test func `a record that could not be written is told at the end`() async throws {
    let run = try scratch.begin(at: .noon)
    let recorder = try RunRecorder(.sample(run.run, process: try .current()), in: run)
    try FileManager.default.removeItem(atPath: run.path)
    recorder.receive(.phase(.building))
    await #expect(throws: RecordError.self) { try await recorder.settle() }
  }
}
