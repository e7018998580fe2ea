import Pipeline
import TestSupport
import Testing

@testable import Guests

/// How a Windows machine is reached that is only starting.
@Suite(.requiresWinRMServer, .timeLimit(.minutes(1))) struct ReachTests {
  @Test func `a machine that starts is waited for, whatever is seen of it meanwhile`() async throws
  {
    let window = [
      WinRMServer.Configuration.Window("refuse", 1), .init("drop", 1), .init("503", 1),
      .init("401", 1),
    ]
    try await WindowsRig.with(window: window) { rig in
      try rig.server.restart()
      let early = try await failure(GuestError.self) {
        try await PowerShellGuest.reach(rig.route, report: rig.news.report)
      }
      #expect(early?.kind == .unreachable)
      var route = rig.route
      route.patience = .untilTimeout
      try await PowerShellGuest.reach(route, report: rig.news.report).leave()
    }
  }

  @Test func `a machine that never answers is given up at the timeout`() async throws {
    try await WindowsRig.with(window: [.init("refuse", 60)], timeout: .seconds(2)) { rig in
      try rig.server.restart()
      var route = rig.route
      route.patience = .untilTimeout
      let start = ContinuousClock.now
      let error = try await failure(GuestError.self) { [route] in
        try await PowerShellGuest.reach(route, report: rig.news.report)
      }
      #expect(error?.kind == .unreachable)
      #expect(ContinuousClock.now - start < .seconds(10))
    }
  }

  @Test func `a login that stays refused is told long before the timeout`() async throws {
    try await WindowsRig.with(window: [.init("401", 60)], timeout: .seconds(50)) { rig in
      try rig.server.restart()
      var route = rig.route
      route.patience = .untilTimeout
      route.refusalLimit = .seconds(2)
      let start = ContinuousClock.now
      let error = try await failure(GuestError.self) { [route] in
        try await PowerShellGuest.reach(route, report: rig.news.report)
      }
      #expect(error?.kind == .unreachable)
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }
}
