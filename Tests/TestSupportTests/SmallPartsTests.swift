import FoundationEssentials
import Testing

@testable import TestSupport

@Suite(.timeLimit(.minutes(1)))
struct SmallPartsTests {
  @Test func `a scratch directory is gone afterwards, also after an error`() async throws {
    struct Stop: Error {}
    var kept = ""
    await #expect(throws: Stop.self) {
      try await ScratchDirectory.with { path in
        kept = path
        #expect(FileManager.default.fileExists(atPath: path))
        throw Stop()
      }
    }
    #expect(!FileManager.default.fileExists(atPath: kept))
  }

  @Test func `a wait that is in vain says what it waited for`() async throws {
    let error = await #expect(throws: KitError.self) {
      try await waitUntil("the end of days", limit: .milliseconds(5)) { false }
    }
    #expect(error?.description == "gave up waiting for the end of days after 0.005 seconds")
  }

  @Test func `a program's input, outputs and exit code come through`() async throws {
    let ran = try await run(
      "sh", ["-c", "cat; echo $KIND >&2; exit 3"], environment: ["KIND": "noise"], input: "data")
    #expect(ran.stdout == "data")
    #expect(ran.stderr == "noise\n")
    #expect(ran.exit == 3)
  }

  @Test func `a program that a signal ended has the exit code that shells give it`() async throws {
    #expect(try await run("sh", ["-c", "kill -9 $$"]).exit == 137)
  }

  @Test func `the kiln of this build is found and runs`() async throws {
    let help = try await run(kilnBinary(), ["--help"]).succeeded()
    #expect(help.stdout.contains("USAGE: kiln"))
  }

  @Test func `a snapshot does not see ids, times, ports and scratch paths`() throws {
    try Snapshot().expect(
      """
      run 0B1C2D3E-1111-2222-3333-444455556666 began at 2024-05-06T07:08:09.123Z
      it reached 127.0.0.1:23456 from /tmp/kiln-test-aB3dEf/key, and 10.0.0.1:22 stays
      """, matches: "filtered")
  }

  @Test func `a text that differs from its snapshot is told line by line`() async throws {
    try await ScratchDirectory.with { directory in
      let file = "\(directory)/one.txt"
      try Data("same\nold\n".utf8).write(to: URL(filePath: file))
      let same = try Snapshot().problem(with: "same\nold\n", at: file)
      #expect(same == nil)
      let problem = try Snapshot().problem(with: "same\nnew\n", at: file)
      #expect(problem?.hasSuffix("-2: old\n+2: new") == true)
      let absent = try Snapshot().problem(with: "any", at: "\(directory)/two.txt")
      #expect(absent?.contains("RECORD=1") == true)
    }
  }
}
