import Digests
import FoundationEssentials
import TestSupport
import Testing

@testable import WinRM

/// No PowerShell can be had here: a grammar of somebody else's reads what is sent to guests.
@Suite(.requiresWinRMServer) struct ScriptTests {
  /// What is wrong with a script, a line each.
  private func faults(_ script: String) async throws -> String {
    try await ScratchDirectory.with { directory in
      let path = "\(directory)/script.ps1"
      try Data(script.utf8).write(to: URL(filePath: path))
      let ran = try await run(
        otherPeoplesPython, [packageRoot + "/Tests/WinRMServer/parse.py", path])
      #expect(ran.stderr == "")
      return String(ran.stdout.replacing("\(path):", with: ""))
    }
  }

  @Test func `the script that places files can be read`() async throws {
    let file = FileToPlace(
      [], digest: try SHA256Digest(of: []), destination: "C:\\It's\\\u{2019}$x `\"\\a.bin")
    #expect(try await faults(file.script()) == "")
    #expect(try await faults(file.script(thenSaying: "done")) == "")
  }

  @Test(arguments: [
    ("a.exe && b.exe", "1: 5.1 has no && and ||\n"),
    ("a.exe || b.exe", "1: 5.1 has no && and ||\n"),
    ("'x'\n\"$a: b\"", "2: a variable before a colon wants braces: ${name}:\n"),
    ("try { a }", "1: a try without catch or finally\n"),
    ("$x = 'abc", "1: can't be read: \"$x = 'abc\"\n"),
    ("\"$env:TEMP $($a): ${b}: `$c: $d::e\"\ntry { a } finally { b }", ""),
  ])
  func `what Windows PowerShell can't read is found`(script: String, wanted: String) async throws {
    #expect(try await faults(script) == wanted)
  }
}
