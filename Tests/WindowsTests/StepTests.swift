import FoundationEssentials
import Pipeline
import TestSupport
import Testing

@Suite(.requiresWinRMServer, .timeLimit(.minutes(5))) struct StepTests {
  @Test func `an exit code that is not listed fails the step, and 0 must be listed`() async throws {
    let step =
      #"{"type": "PowerShell", "name": "msi", "inline": ["msi"], "validExitCodes": [3010]}"#
    try await WindowsRig.with(.exits("msi", 3010, 0)) { rig in
      let first = try await rig.bake(step)
      #expect(first.failure == nil, "\(first.log)")
      let second = try await rig.bake(step)
      #expect(second.error?.reason == "the script finished with exit code 0; valid are 3010")
    }
  }

  @Test func `an exit code is compared as 32 bits, signed or not`() async throws {
    let step = """
      {"type": "PowerShell", "inline": ["a"], "validExitCodes": [2147942405]},
      {"type": "PowerShell", "inline": ["b"], "validExitCodes": [-1]}
      """
    let rules = [
      WinRMServer.Rule("a", exit: -2_147_024_891), WinRMServer.Rule("b", exit: 4_294_967_295),
    ]
    try await WindowsRig.with(rules[0], rules[1]) { rig in
      let baked = try await rig.bake(step)
      #expect(baked.failure == nil, "\(baked.log)")
    }
  }

  @Test func `errors of a script that ends with 0 are a warning, and a failure when strict`()
    async throws
  {
    let step = #"{"type": "PowerShell", "name": "quiet", "inline": ["work"]}"#
    try await WindowsRig.with(WinRMServer.Rule("work", .error("it is missing\n"))) { rig in
      let baked = try await rig.bake(step)
      #expect(baked.failure == nil)
      #expect(baked.news.value.warnings.contains { $0.contains("wrote to its error stream") })
      let strict = try await rig.bake(step, strictness: .strict)
      #expect(strict.news.value.warnings.count == baked.news.value.warnings.count)
    }
  }

  @Test func `inline lines are one script, with a mark where they are not ASCII`() async throws {
    let step = #"{"type": "PowerShell", "inline": ["Write-Host 'é'", "exit 0"]}"#
    try await WindowsRig.with { rig in
      let baked = try await rig.bake(step)
      #expect(baked.failure == nil)
      #expect(try rig.server.jobs().ran == ["Write-Host 'é'\r\nexit 0\r\n"])
    }
  }

  @Test func `the deprovision script is there for customizers, is printed and run, and is gone`()
    async throws
  {
    let step = #"{"type": "PowerShell", "inline": ["look"]}"#
    try await WindowsRig.with { rig in
      let baked = try await rig.bake(step, deprovision: .deprovision)
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.log.contains("Sysprep.exe /oobe /generalize /quiet /quit"))
      #expect(baked.log.contains("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"))
      let path = "\(rig.server.guestDirectory)/c/deprovisioningscript.ps1"
      #expect(!FileManager.default.fileExists(atPath: path))
    }
  }

  @Test func `updates go in rounds with restarts between them, as the system`() async throws {
    let step = #"{"type": "WindowsUpdate", "name": "patch", "updateLimit": 20}"#
    try await WindowsRig.with(.exits("CreateUpdateSearcher", 101, 101, 0)) { rig in
      let baked = try await rig.bake(step)
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.news.value.restarts == 2)
      #expect(try rig.count("CreateUpdateSearcher") == 3)
      let script = try rig.server.jobs().ran.first ?? ""
      #expect(script.contains("$criteria = 'BrowseOnly=0 and IsInstalled=0'"))
      #expect(script.contains("$limit = 20"))
    }
  }

  @Test func `updates that never end are given up`() async throws {
    let step = #"{"type": "WindowsUpdate", "name": "patch"}"#
    try await WindowsRig.with(.exits("CreateUpdateSearcher", 101)) { rig in
      let baked = try await rig.bake(step)
      #expect(baked.error?.reason == "updates were still found after 20 rounds")
    }
  }

  @Test func `an update that fails does so by its name`() async throws {
    let step = #"{"type": "WindowsUpdate", "name": "patch"}"#
    let says = "the update comes back after it was installed: KB1 (id.1)\n"
    try await WindowsRig.with(WinRMServer.Rule("CreateUpdateSearcher", .error(says), exit: 1)) {
      rig in
      let baked = try await rig.bake(step)
      #expect(baked.error?.reason == "the script finished with exit code 1")
      #expect(baked.log.contains("comes back after it was installed: KB1"))
    }
  }

  @Test func `a file arrives, and one that is cut in the middle is sent anew`() async throws {
    let content = (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 256) }
    let step = """
      {"type": "File", "sourceUri": "https://example.com/a.bin", \
      "destination": "C:\\\\Tools\\\\a.bin"}
      """
    try await WindowsRig.with { rig in
      rig.proxy.cut(after: 900_000, .toServer)
      let baked = try await rig.bake(step, files: ["https://example.com/a.bin": content])
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.news.value.lost == 1)
      let path = "\(rig.server.guestDirectory)/c/tools/a.bin"
      #expect([UInt8](try Data(contentsOf: URL(filePath: path))) == content)
    }
  }
}
