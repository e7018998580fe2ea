import Digests
import Synchronization
import Testing

@testable import Pipeline

/// What a Shell step makes of a machine that does not restart although it should.
///
/// The guest is a stand-in: a real one would have to be watched for as long as it may stay up.
@Suite struct ShellRestartTests {
  @Test func `a machine that was about to restart and stays up fails the step`() async throws {
    let guest = IdleGuest(.exitedBeforeRestart(0))
    let failure = await #expect(throws: StepFailure.self) { try await run(on: guest, .none) }
    #expect(failure?.reason == .stayedUp(.seconds(1200)))
    #expect(
      failure?.description
        == "the machine was about to restart when the script ended, and was still up 20m0s later")
    #expect(guest.limits == [.seconds(1200)])
  }

  @Test func `a killed script on a machine that stays up was killed by something else`()
    async throws
  {
    let guest = IdleGuest(.killed)
    let failure = await #expect(throws: StepFailure.self) { try await run(on: guest, .restart) }
    #expect(failure?.reason == .killed)
    #expect(guest.limits == [.seconds(30)])
  }

  @Test func `a killed script that asks for no restart is told at once`() async throws {
    let guest = IdleGuest(.killed)
    let failure = await #expect(throws: StepFailure.self) { try await run(on: guest, .none) }
    #expect(failure?.reason == .killed)
    #expect(guest.limits.isEmpty)
  }

  private func run(on guest: IdleGuest, _ restarts: RestartIntent) async throws -> StepEnd {
    let job = GuestJob(
      id: "step-1", script: [], digest: try SHA256Digest(of: []), interpreter: "/bin/sh",
      interpreterArgument: "", user: .login, restarts: restarts)
    return try await ShellStep.run(
      job, ahead: .none, as: BuildEvent.sampleSteps[0], on: guest, EventKeeper())
  }
}

/// A guest whose machine never goes down.
private final class IdleGuest: Guest {
  let facts = GuestFacts(user: "me", root: .sudo, directory: "/d", bootIdentity: "b")
  private let end: JobEnd
  private let asked = Mutex<[Duration]>([])

  init(_ end: JobEnd) { self.end = end }

  /// How long it was given each time to go down.
  var limits: [Duration] { asked.withLock { $0 } }

  func run(
    _ job: GuestJob, ahead: JobsAhead, report: @escaping GuestReport
  ) async throws -> JobEnd { end }

  func place(_ file: PlacedFile, report: @escaping GuestReport) async throws {}

  func generalize(by job: GuestJob, report: @escaping GuestReport) async throws -> JobEnd { end }

  func awaitRestart(
    goingDownWithin limit: Duration, report: @escaping GuestReport
  ) async throws -> Duration? {
    asked.withLock { $0.append(limit) }
    return nil
  }

  func leave() async throws {}
}
