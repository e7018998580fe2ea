import FoundationEssentials
import Testing

@testable import Pipeline

@Suite struct JournalTests {
  let scratch = RecordScratch()
  let directory = Resource.guestDirectory(
    on: "ssh://me@host", directory: "/var/tmp/kiln-1",
    login: GuestLogin(identities: ["/home/me/key"], knownHosts: "/home/me/hosts"))

  @Test func `an intent is on the disk when the call returns`() async throws {
    let run = try scratch.archive.create(at: .noon)
    try await Journal(of: run).intend(directory)
    let line = try scratch.text(run.journalPath)
    #expect(line.hasSuffix("\n"))
    #expect(line.contains(#""intend":"guest-directory""#))
    #expect(line.contains(#""directory":"/var/tmp/kiln-1""#))
    #expect(line.contains(#""on":"ssh://me@host""#))
  }

  @Test func `what was intended and is not gone is unfinished`() async throws {
    let run = try scratch.archive.create(at: .noon)
    let journal = try Journal(of: run)
    let other = Resource.guestDirectory(
      on: "ssh://me@host", directory: "/var/tmp/kiln-2", login: GuestLogin())
    try await journal.intend(directory)
    try await journal.intend(other)
    try await journal.gone(directory)
    #expect(try run.journal().unfinished == [other])
    try await journal.gone(other)
    #expect(try run.journal().unfinished == [])
  }

  @Test func `a run without a journal left nothing`() throws {
    #expect(try scratch.archive.create(at: .noon).journal().unfinished == [])
  }

  @Test func `steps are read as they were written`() async throws {
    let run = try scratch.archive.create(at: .noon)
    let journal = try Journal(of: run)
    try await journal.stepStarted(1, job: "j-1")
    try await journal.stepFinished(1, job: "j-1", outcome: .failed, exitCode: 7)
    try await journal.stepFinished(2, job: "j-2", outcome: .lost, exitCode: nil)
    #expect(
      try run.journal().entries.map(\.event) == [
        .stepStarted(number: 1, job: "j-1"),
        .stepFinished(number: 1, job: "j-1", outcome: .failed, exitCode: 7),
        .stepFinished(number: 2, job: "j-2", outcome: .lost, exitCode: nil),
      ])
  }

  @Test func `a torn last line is passed over wherever it was torn`() async throws {
    let run = try scratch.archive.create(at: .noon)
    let journal = try Journal(of: run)
    try await journal.intend(directory)
    let first = try Array(scratch.text(run.journalPath).utf8)
    try await journal.gone(directory)
    let whole = try Array(scratch.text(run.journalPath).utf8)
    for count in first.count..<whole.count {
      let contents = try JournalContents(parsing: Array(whole[..<count]), at: "j")
      #expect(contents.unfinished == [directory])
    }
    #expect(try JournalContents(parsing: whole, at: "j").unfinished == [])
  }

  @Test func `a journal with a torn last line can be written on`() async throws {
    let run = try scratch.archive.create(at: .noon)
    try await Journal(of: run).intend(directory)
    let line = try scratch.text(run.journalPath)
    try scratch.write(line + #"{"at":"2026-"#, to: run.journalPath)
    try await Journal(of: run).gone(directory)
    #expect(try run.journal().unfinished == [])
    #expect(try run.journal().entries.count == 2)
  }

  @Test func `a damaged line in the middle is an error that names it`() throws {
    let bytes = Array("{\"at\":\"2026-11-23T13:48:12Z\"}\nnonsense\n{}\n".utf8)
    let error = #expect(throws: RecordError.self) {
      try JournalContents(parsing: bytes, at: "journal.jsonl")
    }
    #expect(
      error?.description
        == "could not read `journal.jsonl`: line 2 is no entry of a journal")
  }

  @Test func `a kind of a newer version is kept with its fields`() throws {
    let line = #"{"at":"2026-11-23T13:48:12Z","intend":"moon-base","crater":"Tycho","on":"x"}"#
    let contents = try JournalContents(parsing: Array((line + "\n").utf8), at: "j")
    #expect(
      contents.unfinished == [.other(kind: "moon-base", fields: ["crater": "Tycho", "on": "x"])])
  }

  @Test func `an entry of a newer version is passed over`() throws {
    let line = #"{"at":"2026-11-23T13:48:12Z","dance":["a"]}"#
    let contents = try JournalContents(parsing: Array((line + "\n").utf8), at: "j")
    #expect(contents.entries.map(\.event) == [.unknown])
  }

  @Test func `a full disk is an error that says so`() throws {
    let error = #expect(throws: RecordError.self) {
      try OpenFile("/dev/full", for: .append).write([1])
    }
    #expect(error?.description == "could not write `/dev/full`: No space left on device")
    #expect(error?.hint == "free some space and run it again")
  }

  @Test func `a hundred steps cost one wait for the disk an entry`() async throws {
    let run = try scratch.archive.create(at: .noon)
    let journal = try Journal(of: run)
    let clock = ContinuousClock()
    let time = try await clock.measure {
      for step in 1...100 {
        try await journal.stepStarted(step, job: "j-\(step)")
        try await journal.stepFinished(step, job: "j-\(step)", outcome: .succeeded, exitCode: 0)
      }
    }
    #expect(try run.journal().entries.count == 200)
    #expect(time < .seconds(20))
  }
}
