import Pipeline
import Testing

@Suite(.timeLimit(.minutes(1))) struct RestTests {
  @Test func `a deadline waits while somebody rests`() async throws {
    let rest = Rest()
    let clock = ContinuousClock()
    let took = try await clock.measure {
      try await withDeadline(.milliseconds(200), for: "the body", except: rest) {
        try await rest.during { try await clock.sleep(for: .milliseconds(600)) }
      }
    }
    #expect(took >= .milliseconds(600))
    #expect(rest.total >= .milliseconds(600))
  }

  @Test func `a deadline passes when the rest is over`() async throws {
    let rest = Rest()
    let clock = ContinuousClock()
    let error = await #expect(throws: DeadlineExceeded.self) {
      try await withDeadline(.milliseconds(200), for: "the body", except: rest) {
        try await rest.during { try await clock.sleep(for: .milliseconds(300)) }
        try await clock.sleep(for: .seconds(30))
      }
    }
    #expect(error?.description == "waited 0.2s for the body")
  }
}
