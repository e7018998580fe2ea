import Foundation
import Glibc
import Synchronization
import TestSupport
import Testing

/// Bakes Windows in Azure by the built `kiln`.
///
/// The machines are the tests' WinRM server, at addresses of their own, with certificates of their
/// own, whose thumbprints only RunCommand tells.
@Suite(.timeLimit(.minutes(10)), .requiresWinRMServer)
struct AzureWindowsTests {
  typealias Rule = WinRMServer.Rule

  /// What every machine knows.
  private static let known: [Rule] = [
    Rule("hello", .out("hello from Windows\n")), Rule("a blob said so", .out("from a blob\n")),
    .exits("CreateUpdateSearcher", 101, 0), Rule("breaks", exit: 7), Rule("refuses", exit: 3),
    Rule("sleeps", .out("asleep\n"), .pause(600)),
  ]

  /// One customizer of each kind.
  private static func everything(_ rig: AzureRig) -> String {
    """
    {"type": "PowerShell", "name": "greet", "inline": ["hello"], "runElevated": true},
    {"type": "PowerShell", "name": "blob",
     "scriptUri": "https://pictures.blob.localhost:\(rig.server.port)/scripts/hello.sh"},
    {"type": "WindowsRestart", "name": "again"},
    {"type": "WindowsUpdate", "name": "patch"},
    {"type": "File", "name": "tool", "sourceUri": "t.json", "destination": "C:\\\\Tools\\\\t.json"}
    """
  }

  @Test func `a Windows template bakes to every kind of target, and nothing else is left`()
    async throws
  {
    try await with { rig in
      try rig.writeWindows(
        Self.everything(rig),
        more: """
          "validate": {"inVMValidations": [
            {"type": "File", "sourceUri": "t.json", "destination": "C:\\\\Tools\\\\check.json"},
            {"type": "PowerShell", "name": "check", "inline": ["hello"]}]},
          """)
      let ran = try await rig.build("--trace", "trace.jsonl")
      try #require(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("hello from Windows") && ran.stderr.contains("from a blob"))
      let state = try await rig.state()
      #expect(state.findings == [])
      #expect(state.tagged == [] && state.shared == [] && state.machines == [])
      // Each machine has a password of its own; it is looked for when this has ended.
      let passwords = try await rig.secrets().filter {
        $0.wholeMatch(of: /[a-z][A-Z][0-9]-[A-Za-z0-9]{32}/) != nil
      }
      #expect(passwords.count == 2)
      let run = try rig.run.split(separator: "/").last.map(String.init) ?? ""
      let group = "\(AzureRig.subscription)/resourceGroups/kiln-\(run)"
      let account = "kiln\(run.filter { $0 != "-" })"
      #expect(
        try await rig.resources() == [
          "\(AzureRig.compute)/images/i0",
          "\(AzureRig.compute)/galleries/g/images/w/versions/1.0.0", group,
          "\(group)/providers/Microsoft.Storage/storageAccounts/\(account)",
        ])
      // What was captured is what the build VM left, and nothing of its validation.
      let files = try await rig.files(of: "\(account)/vhds/disk.vhd")
      #expect(files.contains("./c/tools/t.json") && !files.contains("./c/tools/check.json"))
      let log = try String(contentsOfFile: "\(try rig.run)/customization.log", encoding: .utf8)
      #expect(log.contains("WinRM connected."))
      #expect(log.contains("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"))
      let trace = try String(contentsOfFile: "\(rig.home)/trace.jsonl", encoding: .utf8)
      #expect(trace.contains(#""destinationPortRange":"5986""#))
      #expect(trace.contains(#""adminPassword":"***""#))
      #expect(!FileManager.default.fileExists(atPath: "\(try rig.run)/azure"))
    }
  }

  @Test func `a step that fails is named, and its machine goes with all that it had`() async throws
  {
    try await with { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "name": "msi", "inline": ["breaks"]}"#)
      let ran = try await rig.build()
      #expect(ran.exit == 1)
      #expect(
        ran.stderr.contains("PowerShell \"msi\", failed with exit code 7 (t.json:"), "\(ran.stderr)"
      )
      try await rig.expectNothing()
    }
  }

  @Test func `a machine with another certificate than RunCommand told is not logged in to`()
    async throws
  {
    try await with(certificate: String(repeating: "0", count: 64)) { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#)
      let ran = try await rig.build()
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(ran.stderr.contains("thumbprint"), "\(ran.stderr)")
      #expect(!ran.stderr.contains("hello from Windows"))
      try await rig.expectNothing()
    }
  }

  @Test func `a machine that can't be made to listen is told with its own words`() async throws {
    try await with(certificate: "") { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#)
      let ran = try await rig.build()
      #expect(ran.exit == 4, "\(ran.stderr)")
      #expect(
        ran.stderr.contains(
          "could not set up WinRM in the virtual machine: it says: New-WSManInstance : Access is "
            + "denied."), "\(ran.stderr)")
      try await rig.expectNothing()
    }
  }

  @Test func `no image is made of a machine whose image state says that it is not generalized`()
    async throws
  {
    // A deprovision script that a customizer has made end well without Sysprep.
    try await with(rules: [Rule("IMAGE_STATE_GENERALIZE", .out("nothing was done\n"))]) { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#)
      let ran = try await rig.build()
      #expect(ran.exit != 0)
      #expect(ran.stderr.contains("its image state is IMAGE_STATE_COMPLETE"), "\(ran.stderr)")
      try await rig.expectNothing()
    }
  }

  @Test func `an image that a validator refuses is not given out`() async throws {
    try await with { rig in
      try rig.writeWindows(
        #"{"type": "PowerShell", "inline": ["hello"]}"#,
        more: """
          "validate": {"inVMValidations": [{"type": "PowerShell", "inline": ["refuses"]}]},
          """)
      let ran = try await rig.build()
      #expect(ran.exit == 1, "\(ran.stderr)")
      let calls = try await rig.state().calls
      #expect(calls.filter { $0.hasPrefix("PUT ") && $0.contains("/virtualMachines/") }.count == 2)
      #expect(calls.filter { $0.contains("/runCommand?") }.count == 2)
      try await rig.expectNothing()
    }
  }

  @Test func `a machine that was kept lets in whoever has the run's directory, until gc takes it`()
    async throws
  {
    try await with { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "name": "msi", "inline": ["breaks"]}"#)
      let ran = try await rig.build("--keep")
      #expect(ran.exit == 1)
      let login = try #require(ran.stderr.firstMatch(of: /--on (\S+) --winrm-thumbprint (\S+)/))
      let file = "\(try rig.run)/azure/build/password"
      #expect(ran.stderr.contains("3<\(file)"), "\(ran.stderr)")
      let password = try String(contentsOfFile: file, encoding: .utf8)
      let shell = try await rig.kiln(["ssh", "latest"])
      #expect(shell.exit != 0 && shell.stderr.contains("it is reached over WinRM"))
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#)
      let inside = try await KilnProcess.run(
        [
          "build", "t.json", "--on", String(login.1), "--winrm-thumbprint", String(login.2),
          "--password-fd", "0",
        ], in: rig.home, input: password)
      #expect(inside.exit == 0 && inside.stderr.contains("hello from Windows"), "\(inside.stderr)")
      let gone = try await rig.kiln(["gc", "--kept"] + rig.cloud)
      #expect(gone.exit == 0, "\(gone.stderr)")
      #expect(!FileManager.default.fileExists(atPath: file))
      try await rig.expectNothing()
    }
  }

  @Test func `what is left of a build that was killed at a request goes by its tags`() async throws
  {
    var moments = [(0, "PUT .*/virtualMachines/"), (0, "POST .*/runCommand")]
    if AzureKillTests.step == 1 {
      // All that make something, and that which runs a command.
      let making = "^(PUT|POST .*/(beginGetAccess|runCommand))"
      let count = try await requests(making)
      #expect(count > 12)
      moments += (0..<count).map { ($0, making) }
    }
    for (index, pattern) in moments {
      try await with { rig in
        try await rig.kill(at: index, pattern)
        try await rig.expectNothingLeft(index, definition: "w")
      }
    }
  }

  /// How many requests of a good build fit a pattern.
  private func requests(_ pattern: String) async throws -> Int {
    let counted = Mutex(0)
    try await with { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#)
      let ran = try await rig.build()
      try #require(ran.exit == 0, "\(ran.stderr)")
      let fits = try Regex(pattern)
      let calls = try await rig.state().calls
      counted.withLock { $0 = calls.count { $0.firstMatch(of: fits) != nil } }
    }
    return counted.withLock { $0 }
  }

  @Test func `what is left of a build that was killed in a step goes by its journal`() async throws
  {
    try await with { rig in
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["sleeps"]}"#)
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("asleep")
        kiln.send(SIGKILL)
      }
      #expect(ran.exit == 128 + SIGKILL)
      let gc = try await rig.kiln(["gc"] + rig.cloud)
      #expect(gc.exit == 0, "\(gc.stderr)")
      try await rig.expectNothing()
    }
  }

  @Test func `what does not fit Windows is refused before anything is made`() async throws {
    try await with { rig in
      try rig.writeWindows(#"{"type": "Shell", "inline": ["hello"]}"#)
      let shell = try await rig.build()
      #expect(shell.exit == 2)
      #expect(shell.stderr.contains("a Shell customizer can't run on Windows"), "\(shell.stderr)")
      try rig.writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#, definition: "d")
      let definition = try await rig.build()
      #expect(definition.exit == 4)
      #expect(
        definition.stderr.contains("it is for another system than the source has"),
        "\(definition.stderr)")
      #expect(try await rig.state().calls.allSatisfy { !$0.hasPrefix("PUT ") })
    }
  }

  /// What the machines are like, as `windows.py` takes it.
  private struct Machines: Encodable {
    let rules: [Rule]
    let certificate: String?
  }

  /// Runs `body` beside an Azure whose machines run Windows, and know `rules` before all others;
  /// `certificate` is what RunCommand tells in place of the truth.
  private func with(
    rules: [Rule] = [], certificate: String? = nil,
    _ body: @Sendable (AzureRig) async throws -> Void
  ) async throws {
    let machines = Machines(rules: rules + Self.known, certificate: certificate)
    let words = [
      "\(packageRoot)/Tests/AzureStandIn/windows.py", otherPeoplesPython,
      String(decoding: try JSONEncoder().encode(machines), as: UTF8.self),
    ]
    let quoted = words.map { "'" + $0.replacing("'", with: #"'\''"#) + "'" }
    try await AzureRig.with(
      ["--windows", "--vm-command", "exec python3 " + quoted.joined(separator: " ")], body)
  }
}

extension AzureRig {
  /// Writes `t.json` with these customizers, one target of each kind, and Windows to start from.
  fileprivate func writeWindows(
    _ customizers: String, more: String = "", definition: String = "w"
  ) throws {
    let text = try Self.template([], more: more)
      .replacing("\"customize\": []", with: "\"customize\": [\(customizers)]")
      .replacing("Canonical", with: "MicrosoftWindowsServer")
      .replacing("ubuntu-24_04-lts", with: "WindowsServer")
      .replacing("\"sku\": \"server\"", with: "\"sku\": \"2022-datacenter-g2\"")
      .replacing("/images/d/", with: "/images/\(definition)/")
    try write(text, to: "t.json")
  }

  /// Kills a build at a request, when Azure has carried it out, and has somebody remove what it left
  /// who knows nothing of it.
  fileprivate func kill(at index: Int, _ pattern: String) async throws {
    try writeWindows(#"{"type": "PowerShell", "inline": ["hello"]}"#)
    try await fault(#"{"at": \#(index), "match": "\#(pattern)", "kind": "hold"}"#)
    let ran = try await build { kiln in
      try await waitUntil("request \(index) to be held", limit: .seconds(120)) {
        let isHeld = try await state().held > 0
        return try isHeld || kiln.hasEnded
      }
      kiln.send(SIGKILL)
    }
    #expect(ran.exit == 128 + SIGKILL, "\(index): \(ran.stderr)")
    try await fault(#"{"kind": "clear"}"#)
    let elsewhere = "\(home)/elsewhere"
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: false)
    let gc = try await kiln(["gc", "--on", "azure", "--unexpired"] + cloud, in: elsewhere)
    #expect(gc.exit == 0, "\(index): \(gc.stderr)")
  }

  fileprivate func expectNothing() async throws {
    #expect(try await resources() == [])
    let state = try await state()
    #expect(state.machines == [] && state.tagged == [] && state.findings == [])
  }
}
