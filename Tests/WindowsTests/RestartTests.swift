import Pipeline
import TestSupport
import Testing

@Suite(.requiresWinRMServer, .timeLimit(.minutes(3))) struct RestartTests {
  private static let step = #"{"type": "WindowsRestart", "name": "again"}"#

  private static func step(_ fields: String) -> String {
    #"{"type": "WindowsRestart", "name": "again", \#(fields)}"#
  }

  /// All that is seen of a machine that restarts: it accepts and answers nothing, refuses, lets TLS
  /// hang, knows nobody, is half up, seems up and goes down again.
  private static let window = [
    WinRMServer.Configuration.Window("up", 0.5), .init("drop", 0.5), .init("refuse", 1),
    .init("stall", 1), .init("503", 0.5), .init("401", 0.5), .init("500", 0.5), .init("drop", 0.5),
  ]

  @Test func `a machine has restarted when its boot identity is another one`() async throws {
    try await WindowsRig.with(window: Self.window, operation: 2) { rig in
      let baked = try await rig.bake(Self.step)
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.news.value.restarts == 1)
      #expect(baked.log.contains("Restarting Machine"))
      #expect(baked.log.contains("Machine successfully restarted, moving on"))
      #expect(try rig.server.started().count { $0.hasPrefix("shutdown") } == 1)
      #expect(try rig.server.started().contains(#"shutdown /r /f /t 0 /c "packer restart""#))
    }
  }

  @Test func `a restart that never comes fails at restartTimeout, within 2 seconds`() async throws {
    try await WindowsRig.with(WinRMServer.Rule("^shutdown")) { rig in
      let start = ContinuousClock.now
      let baked = try await rig.bake(Self.step(#""restartTimeout": "3s""#))
      let took = ContinuousClock.now - start
      #expect(baked.error?.reason.hasPrefix("Timeout waiting for machine to restart.") == true)
      #expect(baked.log.contains("Timeout waiting for machine to restart."))
      #expect(took > .seconds(3) && took < .seconds(5), "\(took)")
      #expect(try rig.server.started().count { $0.hasPrefix("shutdown") } == 1)
    }
  }

  @Test(arguments: ["refuse", "stall", "silence", "drop", "401", "500", "503"])
  func `a machine that does not come back fails at restartTimeout, within 2 seconds`(
    what: String
  ) async throws {
    try await WindowsRig.with(window: [.init(what, 60)], timeout: .seconds(1)) { rig in
      let baked = try await rig.bake(Self.step(#""restartTimeout": "4s""#))
      let reason = baked.error?.reason ?? "none"
      #expect(reason.contains("Timeout waiting for machine to restart. After 4.0s"), "\(baked.log)")
      let seconds = baked.log.firstMatch(of: /failed after (\d+(?:\.\d+)?)s/).flatMap {
        Double($0.1)
      }
      #expect(seconds.map { $0 < 6 } == true, "\(baked.log)")
    }
  }

  @Test(arguments: [1115, 1717])
  func `a machine that says for ever that it goes down fails at restartTimeout`(
    code: Int
  ) async throws {
    try await WindowsRig.with(WinRMServer.Rule("^shutdown", exit: code)) { rig in
      let baked = try await rig.bake(Self.step(#""restartTimeout": "3s""#))
      #expect(baked.error?.reason.hasPrefix("Timeout waiting for machine to restart.") == true)
      #expect(baked.log.contains("Reboot already in progress, waiting..."))
      #expect(try rig.server.started().count { $0.hasPrefix("shutdown") } == 1)
    }
  }

  @Test func `a restart that was scheduled for later is taken back and asked for anew`()
    async throws
  {
    var rule = WinRMServer.Rule.exits("^shutdown /r", 1190, 0)
    rule.restarts = 0.5
    try await WindowsRig.with(rule) { rig in
      let baked = try await rig.bake(Self.step(#""restartTimeout": "2m""#))
      #expect(baked.failure == nil, "\(baked.log)")
      let commands = try rig.server.started().filter { $0.hasPrefix("shutdown") }
      #expect(commands.map { $0.prefix(11) } == ["shutdown /r", "shutdown /a", "shutdown /r"])
    }
  }

  @Test func `a restart command that fails is told by its exit code at once`() async throws {
    try await WindowsRig.with(WinRMServer.Rule("^shutdown", exit: 5)) { rig in
      let baked = try await rig.bake(Self.step)
      #expect(baked.error?.reason == "the script finished with exit code 5")
      #expect(try rig.server.started().count { $0.hasPrefix("shutdown") } == 1)
    }
  }

  @Test func `a check command that ends with 5 is run once, and does not count`() async throws {
    try await WindowsRig.with(WinRMServer.Rule("^is it back", exit: 5)) { rig in
      let baked = try await rig.bake(Self.step(#""restartCheckCommand": "is it back""#))
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(baked.log.contains("restartCheckCommand ended with 5, which does not count"))
      #expect(try rig.server.started().count { $0 == "is it back" } == 1)
    }
  }

  @Test func `a check command that never ends is under the deadline, too`() async throws {
    try await WindowsRig.with(WinRMServer.Rule("^is it back", .pause(60))) { rig in
      let baked = try await rig.bake(
        Self.step(#""restartCheckCommand": "is it back", "restartTimeout": "5s""#))
      #expect(
        baked.error?.reason
          == "Timeout waiting for machine to restart. After 5.0s it was back, and "
          + "restartCheckCommand had not been run")
    }
  }

  @Test func `a command whose answer is lost is not sent again`() async throws {
    try await WindowsRig.with(WinRMServer.Rule.restart("^shutdown", after: 1)) { rig in
      try rig.server.fail(at: "Command", .drop, .after, afterGood: 2)
      let baked = try await rig.bake(Self.step)
      #expect(baked.failure == nil, "\(baked.log)")
      #expect(try rig.server.started().count { $0.hasPrefix("shutdown") } == 1)
    }
  }
}
