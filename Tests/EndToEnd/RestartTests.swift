import Foundation
import TestSupport
import Testing

/// Steps that restart the machine.
@Suite(.timeLimit(.minutes(3)), .requiresRoot, .requiresNamespaces)
struct RestartTests {
  @Test func `steps run once each and in order over a restart that one of them asks for`()
    async throws
  {
    try await RestartingHost.with(Rig.cloudUser) { host in
      try await Rig.with(host.server) { rig in
        let marks = rig.path("marks")
        try rig.writeTemplate(
          .shell("echo one >>\(marks)"),
          .shell("echo two >>\(marks)", "sudo reboot", "sleep 30", name: "restarts"),
          .shell("echo three >>\(marks)"))
        let ran = try await rig.build()
        #expect(ran.exit == 0, "\(ran.stderr)")
        #expect(try rig.text("marks") == "one\ntwo\nthree\n")
        #expect(await host.boots == 2)
        #expect(ran.stderr.contains("connection lost"))
        #expect(ran.stderr.contains("machine restarted, out of reach for"))
        let log = try rig.file("customization.log")
        #expect(log.contains("Machine restarted in step 2 of 3, out of reach for"))
        #expect(try rig.record.results.count == 3)
        try await rig.expectCleanGuest()
      }
    }
  }

  @Test func `a machine that ends the script some time before it goes down has restarted`()
    async throws
  {
    try await RestartingHost.with(Rig.cloudUser) { host in
      try await Rig.with(host.server) { rig in
        try rig.writeTemplate(
          .shell(
            "setsid sudo sh -c 'sleep 1; reboot' >/dev/null 2>&1 &", "sleep 0.3",
            "kill -s KILL -- -$(ps -o pgid= -p $$ | tr -d ' ')"),
          .shell("touch \(rig.path("next"))"))
        let ran = try await rig.build()
        #expect(ran.exit == 0, "\(ran.stderr)")
        #expect(ran.stderr.contains("machine restarted, out of reach for"))
        #expect(try rig.text("next") != nil)
        #expect(await host.boots == 2)
        try await rig.expectCleanGuest()
      }
    }
  }

  @Test func `a machine that goes down unasked fails the step`() async throws {
    try await RestartingHost.with(Rig.cloudUser) { host in
      try await Rig.with(host.server) { rig in
        try rig.writeTemplate(
          .shell("echo under way", "sleep 1000", name: "long"),
          .shell("touch \(rig.path("next"))"))
        let ran = try await rig.build { kiln in
          try await kiln.waitUntilSays("| under way")
          try await host.reboot(.powerCut)
        }
        #expect(ran.exit == 1)
        #expect(
          ran.stderr.contains(
            "because: the machine restarted while the script ran, which holds no restart"),
          "\(ran.stderr)")
        #expect(try rig.text("next") == nil)
        try await rig.expectCleanGuest()
      }
    }
  }
}
