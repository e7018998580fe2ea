import FoundationEssentials
import Template
import TestSupport
import Testing

@testable import Guests
@testable import Pipeline

/// No PowerShell can be had here: a grammar of somebody else's reads what is sent to guests, and
/// definitions of somebody else's have the names that it calls.
struct ScriptTests {
  /// The scripts that Kiln runs on Windows, by their names.
  private static func scripts() throws -> [(String, String)] {
    let update = try WindowsUpdateStep.job(
      3,
      WindowsUpdateOptions(
        searchCriteria: "IsInstalled=0 and Type='Software'",
        filters: ["exclude:$_.Title -like '*Preview*'", "include:$true"], updateLimit: 7))
    return [
      ("agent", String(decoding: try source("Guests/Windows/agent.ps1"), as: UTF8.self)),
      ("agent as it is sent", WindowsAgent.program),
      ("bootstrap", WindowsAgent.bootstrap),
      ("relay", SSHLine.relay("1a2b3c")),
      ("update", String(decoding: update.script, as: UTF8.self)),
      ("listen", String(decoding: try source("Azure/Windows/listen.ps1"), as: UTF8.self)),
      ("withdraw", String(decoding: try source("Azure/Windows/withdraw.ps1"), as: UTF8.self)),
      (
        "deprovision", String(decoding: try source("Pipeline/Steps/deprovision.ps1"), as: UTF8.self)
      ),
    ]
  }

  private static func source(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(filePath: "\(packageRoot)/Sources/\(path)")))
  }

  @Test(.requiresWinRMServer) func `every script can be read by Windows PowerShell`() async throws {
    try await ScratchDirectory.with { directory in
      for (name, text) in try Self.scripts() {
        let path = "\(directory)/script.ps1"
        try Data(text.utf8).write(to: URL(filePath: path))
        let ran = try await run(
          otherPeoplesPython, [packageRoot + "/Tests/WinRMServer/parse.py", path])
        #expect(ran.stdout == "" && ran.stderr == "", "\(name)")
      }
    }
  }

  /// Where Debian's libwine-dev has the definitions.
  static let definitions = "/usr/include/wine/wine/windows"

  /// The members of COM objects that the scripts use, by the file that must define them.
  private static let members = [
    "taskschd.idl": [
      "Connect", "GetFolder", "NewTask", "RegisterTaskDefinition", "GetTask", "GetTasks",
      "DeleteTask", "Settings", "Principal", "Actions", "Create", "Path", "Arguments", "RunLevel",
      "ExecutionTimeLimit", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries",
      "MultipleInstances", "Priority", "Run", "Stop", "State", "LastTaskResult", "Name",
    ],
    "wuapi.idl": [
      "CreateUpdateSearcher", "CreateUpdateDownloader", "CreateUpdateInstaller",
      "ClientApplicationID", "Search", "ResultCode", "Updates", "Count", "Item", "Identity",
      "UpdateID", "RevisionNumber", "Title", "InstallationBehavior", "CanRequestUserInput",
      "EulaAccepted", "AcceptEula", "Add", "Download", "IsDownloaded", "GetUpdateResult", "HResult",
      "Install", "RebootRequired",
    ],
  ]

  @Test(
    .enabled(
      if: FileManager.default.fileExists(atPath: "\(definitions)/wuapi.idl"),
      "SKIPPED: needs the definitions of Debian's libwine-dev"))
  func `the COM members that scripts use are defined`() throws {
    let used = try Self.scripts().map(\.1).joined(separator: "\n")
    for (file, names) in Self.members {
      let text = String(
        decoding: try Data(contentsOf: URL(filePath: "\(Self.definitions)/\(file)")),
        as: UTF8.self)
      for name in names {
        #expect(used.contains(".\(name)"), "\(name) is not used any more")
        #expect(text.contains(try Regex("\\b\(name)\\s*\\(")), "\(file) has no \(name)")
      }
    }
  }

  @Test func `a runner holds the lock before it looks for a denial, and writes the code last`()
    throws
  {
    let text = WindowsRunner.text(for: try job("exit 3\n"))
    let order = [
      "9>\"%here%lock\"", "denied\" exit /b", "chcp 65001", "& '%here%script.ps1'",
      ">\"%here%exit.new\" echo %ERRORLEVEL%", "move /y \"%here%exit.new\" \"%here%exit\"",
    ]
    let places = order.map { text.firstRange(of: $0)?.lowerBound }
    #expect(places.allSatisfy { $0 != nil })
    #expect(places.compactMap(\.self) == places.compactMap(\.self).sorted())
    #expect(text.utf8.allSatisfy { $0 < 0x80 })
    #expect(text.split(separator: "\r\n").allSatisfy { $0.utf16.count < 8191 })
  }

  @Test func `the program and its request fit where they must`() throws {
    #expect(WindowsAgent.program.utf8.count < 100_000)
    #expect(!WindowsAgent.program.contains("\n#"))
  }

  @Test(arguments: [
    ("plain\r\n", 0), ("é", 3), ("\u{feff}é", 0),
  ])
  func `a script gets a mark where it needs one`(text: String, added: Int) {
    let bytes = Array(text.utf8)
    #expect(PowerShellStep.marked(bytes).count == bytes.count + added)
  }

  @Test func `a script in another encoding stays as it is`() {
    for bytes in [[0xff, 0xfe, 0xe9, 0x00], [0xe9, 0x20]] as [[UInt8]] {
      #expect(PowerShellStep.marked(bytes) == bytes)
    }
  }
}
