import Guests
import Pipeline
import TestSupport
import Testing

/// What steps cost: round trips are the measure (DESIGN 3).
@Suite struct CostTests {
  @Test func `a step costs at most one round trip beyond its own time`() async throws {
    try await GuestRig.with { rig in
      try await rig.visit { guest in
        var jobs: [GuestJob] = []
        for number in 0...10 { jobs.append(try job("step-\(number)", "echo \(number)\n")) }
        _ = try await guest.run(
          jobs[0], ahead: .started(Array(jobs.dropFirst())), report: rig.news.report)
        rig.proxy.resetCounters()
        for number in 1...9 {
          let end = try await guest.run(
            jobs[number], ahead: .started(Array(jobs.dropFirst(number + 1))),
            report: rig.news.report)
          #expect(end == .exited(0))
        }
        #expect(rig.proxy.counters.turns <= 9 + 1)
      }
    }
  }

  @Test(.requiresNamespaces)
  func `a step costs at most eleven processes on the guest, its own shell included`() async throws {
    try await GuestRig.withMachine { rig, _ in
      var jobs: [GuestJob] = []
      for number in 0...10 { jobs.append(try job("step-\(number)", "echo $$\n")) }
      try await rig.visit { guest in
        for (number, job) in jobs.enumerated() {
          let ahead = Array(jobs.dropFirst(number + 1))
          _ = try await guest.run(job, ahead: .started(ahead), report: rig.news.report)
        }
      }
      // The machine numbers its processes one by one.
      let numbers = rig.news.stdout.split(separator: "\n").compactMap { Int($0) }
      #expect(numbers.count == jobs.count)
      let costs = zip(numbers, numbers.dropFirst()).map { $1 - $0 }
      #expect(try #require(costs.min()) <= 11, "\(costs)")
    }
  }

  @Test func `a small file costs at most two round trips`() async throws {
    try await GuestRig.with { rig in
      try await rig.visit { guest in
        rig.proxy.resetCounters()
        try await guest.place(file(random(60_000), "\(rig.scratch)/f"), report: rig.news.report)
        #expect(rig.proxy.counters.turns <= 2)
      }
    }
  }
}
