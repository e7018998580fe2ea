import Guests
import Pipeline
import TestSupport
import Testing

/// What a step sees and what Kiln sees of it, while nothing goes wrong.
@Suite struct JobTests {
  @Test func `a script's exit code and its two streams arrive apart`() async throws {
    try await GuestRig.with { rig in
      let end = try await rig.visit { guest in
        try await guest.run(
          job("a", "echo out; echo err >&2; exit 7\n"), ahead: .none, report: rig.news.report)
      }
      #expect(end == .exited(7))
      #expect(rig.news.stdout == "out\n")
      #expect(rig.news.stderr == "err\n")
    }
  }
}
