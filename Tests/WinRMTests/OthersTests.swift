import TestSupport
import Testing

/// Other people's clients against our test server: what it can't do with them, it proves nothing for.
@Suite(.requiresWinRMServer) struct OthersTests {
  @Test(arguments: ["none", "relaxed", "strict"])
  func `pywinrm and pypsrp pass by every login`(bindings: String) async throws {
    var configuration = WinRMServer.Configuration()
    configuration.bindings = bindings
    configuration.timeout = 1
    try await WinRMServer.with(configuration) { server in
      let ran = try await run(
        otherPeoplesPython,
        [
          "-W", "ignore", packageRoot + "/Tests/WinRMServer/clients.py", "\(server.httpsPort)",
          "\(server.httpPort)", WinRMServer.user, WinRMServer.password,
        ])
      let passed = ran.stdout.split(separator: "\n")
      #expect(ran.exit == 0, "\(ran.stdout)\(ran.stderr)")
      #expect(passed.count == 15 && passed.allSatisfy { $0.hasPrefix("ok ") }, "\(ran.stdout)")
    }
  }

  @Test(.requiresSharedData)
  func `the server takes every recorded request and invents nothing in its answers`() async throws {
    let data = try #require(Shared.data)
    let ran = try await run(
      otherPeoplesPython,
      [
        packageRoot + "/Tests/WinRMServer/compare.py", "\(data)/winrm-recordings/all.jsonl",
      ],
      environment: ["PYTHONDONTWRITEBYTECODE": "1"]
    ).succeeded()
    let lines = ran.stdout.split(separator: "\n")
    #expect(lines.last == "242 compared")
    // It may say less than Windows, which our client then must not need.
    #expect(lines.allSatisfy { !$0.contains("invented") }, "\(ran.stdout)")
  }

  @Test(.requires("/usr/bin/winrmcp"))
  func `winrmcp passes`() async throws {
    try await WinRMServer.with { server in
      let ran = try await run(
        "/usr/bin/winrmcp",
        [
          "-user", WinRMServer.user, "-pass", WinRMServer.password, "-addr",
          "localhost:\(server.httpsPort)", "-https", "-insecure",
          packageRoot + "/Package.swift", "C:/Windows/Temp/sub dir/up.bin",
        ]
      ).succeeded()
      #expect(ran.stderr == "")
      let same = try await run(
        "cmp",
        [packageRoot + "/Package.swift", server.guestDirectory + "/c/windows/temp/sub dir/up.bin"])
      #expect(same.exit == 0)
    }
  }
}
