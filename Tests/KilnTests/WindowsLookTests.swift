import Foundation
import TestSupport
import Testing

@testable import kiln

@Suite(.requiresWinRMServer) struct WindowsLookTests {
  @Test func `the script that looks around on Windows can be read by Windows PowerShell`()
    async throws
  {
    try await ScratchDirectory.with { directory in
      let path = "\(directory)/script.ps1"
      try Data(GuestLook.windowsScript.utf8).write(to: URL(filePath: path))
      let ran = try await run(
        otherPeoplesPython, [packageRoot + "/Tests/WinRMServer/parse.py", path])
      #expect(ran.stdout == "" && ran.stderr == "")
    }
  }
}
