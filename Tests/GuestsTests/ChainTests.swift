import Digests
import FoundationEssentials
import Guests
import Pipeline
import TestSupport
import Testing

/// A step that the guest starts by itself when the one before has ended well.
@Suite struct ChainTests {
  @Test func `steps that follow each other run once each, in order`() async throws {
    try await GuestRig.with { rig in
      var jobs: [GuestJob] = []
      for number in 0...5 {
        jobs.append(try job("step-\(number)", "echo \(number) | tee -a \(rig.scratch)/ran\n"))
      }
      try await rig.visit { guest in
        for (number, job) in jobs.enumerated() {
          let ahead = Array(jobs.dropFirst(number + 1))
          let end = try await guest.run(job, ahead: .started(ahead), report: rig.news.report)
          #expect(end == .exited(0))
        }
      }
      #expect(rig.news.stdout == "0\n1\n2\n3\n4\n5\n")
      #expect(rig.count("ran") == 6)
    }
  }

  @Test func `a step after one that failed is not started`() async throws {
    try await GuestRig.with { rig in
      let next = try job("b", "echo x >> \(rig.scratch)/next\n")
      try await rig.visit { guest in
        let end = try await guest.run(
          job("a", "exit 3\n"), ahead: .started([next]), report: rig.news.report)
        #expect(end == .exited(3))
        // Its answer comes behind the one about the step after.
        let later = try await guest.run(
          job("c", "exit 0\n"), ahead: .none, report: rig.news.report)
        #expect(later == .exited(0))
        #expect(rig.count("next") == 0)
      }
    }
  }

  @Test func `a step can still be asked for when the guest did not start it`() async throws {
    try await GuestRig.with { rig in
      let next = try job("b", "echo x >> \(rig.scratch)/next\n")
      try await rig.visit { guest in
        _ = try await guest.run(
          job("a", "exit 3\n"), ahead: .started([next]), report: rig.news.report)
        let end = try await guest.run(next, ahead: .none, report: rig.news.report)
        #expect(end == .exited(0))
      }
      #expect(rig.count("next") == 1)
    }
  }

  @Test func `a script that was only sent runs when it is asked for, once`() async throws {
    try await GuestRig.with { rig in
      let next = try job("b", "echo x | tee -a \(rig.scratch)/next\n")
      try await rig.visit { guest in
        _ = try await guest.run(job("a", "exit 0\n"), ahead: .sent([next]), report: rig.news.report)
        // Its answer comes behind all that the script that was sent could say.
        _ = try await guest.run(job("c", "exit 0\n"), ahead: .none, report: rig.news.report)
        #expect(rig.count("next") == 0)
        let end = try await guest.run(next, ahead: .none, report: rig.news.report)
        #expect(end == .exited(0))
      }
      #expect(rig.count("next") == 1)
      #expect(rig.news.stdout == "x\n")
    }
  }

  @Test func `a script that was only sent is sent again over a new connection`() async throws {
    try await GuestRig.with { rig in
      let next = try job("b", "echo x >> \(rig.scratch)/next\n")
      try await rig.visit { guest in
        _ = try await guest.run(job("a", "exit 0\n"), ahead: .sent([next]), report: rig.news.report)
        await guest.abandon()
        let end = try await guest.run(next, ahead: .none, report: rig.news.report)
        #expect(end == .exited(0))
      }
      #expect(rig.count("next") == 1)
    }
  }

  @Test func `the guest starts nothing by itself once nobody listens`() async throws {
    try await GuestRig.with { rig in
      let first = try job("a", "\(rig.hold)echo x >> \(rig.scratch)/first\n")
      let next = try job("b", "echo x >> \(rig.scratch)/next\n")
      try await rig.visit { guest in
        try await withThrowingTaskGroup(of: JobEnd.self) { group in
          group.addTask {
            try await guest.run(first, ahead: .started([next]), report: rig.news.report)
          }
          try await rig.waitFor("began")
          rig.proxy.refuse()
          rig.proxy.cut()
          try await waitUntil("the server to see the cut") {
            try await rig.server.connectionProcesses() == 0
          }
          rig.release()
          try await rig.waitFor("first")
          try await waitUntil("the first step's exit code") {
            rig.exitCode(of: "a", on: guest) != nil
          }
          #expect(rig.count("next") == 0)
          try rig.proxy.accept()
          let end = try await group.next()
          #expect(end == .exited(0))
        }
        let end = try await guest.run(next, ahead: .none, report: rig.news.report)
        #expect(end == .exited(0))
      }
      #expect(rig.count("first") == 1)
      #expect(rig.count("next") == 1)
    }
  }

  @Test func `a script that was only sent before a restart runs after it, once`() async throws {
    try await GuestRig.withMachine { rig, host in
      let next = try job("b", "echo x | tee -a \(rig.scratch)/next\n")
      let end = try await rig.visit { guest in
        _ = try await guest.run(job("a", "exit 0\n"), ahead: .sent([next]), report: rig.news.report)
        try await waitUntil("the script") {
          try FileManager.default.contentsOfDirectory(atPath: guest.facts.directory)
            .contains { $0.hasPrefix("b.new.") }
        }
        try await host.reboot()
        return try await guest.run(next, ahead: .none, report: rig.news.report)
      }
      #expect(end == .exited(0))
      #expect(rig.count("next") == 1)
    }
  }

  @Test func `what a step that was started ahead says meanwhile is kept for it`() async throws {
    try await GuestRig.with { rig in
      let next = try job("b", "echo out; echo err >&2; echo x >> \(rig.scratch)/next; exit 3\n")
      let bytes = Array("some bytes\n".utf8)
      let file = PlacedFile(
        id: "f", source: .bytes(bytes), digest: try .init(of: bytes), mode: 0o600, lifetime: .stay,
        destination: "\(rig.scratch)/file")
      try await rig.visit { guest in
        _ = try await guest.run(
          job("a", "exit 0\n"), ahead: .started([next]), report: rig.news.report)
        try await waitUntil("the end of the step that was started ahead") {
          rig.exitCode(of: "b", on: guest) != nil
        }
        // The agent answers in order, so that all of the step comes before the file's verdict.
        try await guest.place(file, report: rig.news.report)
        let end = try await guest.run(next, ahead: .none, report: rig.news.report)
        #expect(end == .exited(3))
      }
      #expect(rig.news.stdout == "out\n")
      #expect(rig.news.stderr == "err\n")
      #expect(rig.count("next") == 1)
    }
  }

  @Test func `a step that was started ahead ends when the guest is left`() async throws {
    try await GuestRig.with { rig in
      let next = try job("b", "sleep 4711.8 & \(rig.hold)")
      let guest = try await rig.reach()
      let end = try await guest.run(
        job("a", "exit 0\n"), ahead: .started([next]), report: rig.news.report)
      #expect(end == .exited(0))
      try await rig.waitFor("began")
      try await guest.leave()
      let left = try await processes("sleep 4711.8")
      #expect(left == 0)
      #expect(!FileManager.default.fileExists(atPath: guest.facts.directory))
    }
  }
}
