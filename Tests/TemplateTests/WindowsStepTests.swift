import Testing

@testable import Template

private func action(_ step: String) -> Customizer.Action? {
  readStep(step).template?.customizers.first?.action
}

@Suite struct WindowsStepTests {
  @Test(arguments: [
    "", #", "restartCommand": "", "restartTimeout": """#, #", "restartTimeout": "0s""#,
  ])
  func `a restart has the service's defaults`(fields: String) {
    let options = WindowsRestartOptions()
    #expect(action(#"{"type": "WindowsRestart"\#(fields)}"#) == .windowsRestart(options))
    #expect(options.command == #"shutdown /r /f /t 0 /c "packer restart""#)
    #expect(options.timeout.duration == .seconds(300))
  }

  @Test func `a restart says how, and for how long`() {
    let step =
      #"{"type": "WindowsRestart", "restartCommand": "r", "restartCheckCommand": "c", "restartTimeout": "1h30m"}"#
    #expect(
      action(step)
        == .windowsRestart(
          WindowsRestartOptions(
            command: "r", checkCommand: "c", timeout: GoDuration(.seconds(5400)))))
  }

  @Test(arguments: ["10", "10 minutes", "-5m"])
  func `a timeout without a unit that Go knows is an error`(text: String) {
    #expect(
      readStep(#"{"type": "WindowsRestart", "restartTimeout": "\#(text)"}"#).errors == [
        "properties.customize[0].restartTimeout: `\(text)` is no length of time"
      ])
  }

  @Test(arguments: ["", #", "updateLimit": 0, "searchCriteria": """#])
  func `an update has the service's defaults`(fields: String) {
    let options = WindowsUpdateOptions()
    #expect(action(#"{"type": "WindowsUpdate"\#(fields)}"#) == .windowsUpdate(options))
    #expect(options.searchCriteria == "BrowseOnly=0 and IsInstalled=0")
    #expect(options.updateLimit == 1000 && options.filters.isEmpty)
  }

  @Test func `an update says what, which and how many`() {
    let step =
      #"{"type": "WindowsUpdate", "searchCriteria": "s", "filters": ["include:$true"], "updateLimit": 20}"#
    #expect(
      action(step)
        == .windowsUpdate(
          WindowsUpdateOptions(searchCriteria: "s", filters: ["include:$true"], updateLimit: 20)))
    #expect(readStep(step).diagnostics.isEmpty)
  }

  @Test func `a filter that neither includes nor excludes is a warning`() {
    let reading = readStep(#"{"type": "WindowsUpdate", "filters": ["$_.BrowseOnly"]}"#)
    #expect(reading.warnings.count == 1)
    #expect(reading.template != nil)
  }

  @Test func `a negative limit is an error`() {
    #expect(
      readStep(#"{"type": "WindowsUpdate", "updateLimit": -1}"#).errors == [
        "properties.customize[0].updateLimit: must be at least 0, not `-1`"
      ])
  }
}
