/// Says how a build goes on between its steps: somebody at a terminal, or a rule.
public protocol StepGuide: Sendable {
  /// Whether a step may follow the one before it without a word in between.
  var pace: StepPace { get }

  /// Asked before each attempt of a step, the first being 1, when the machine is as the step will
  /// find it.
  func turn(of step: Step, attempt: Int, in guest: any Guest) async throws -> StepTurn

  /// Asked when a step has ended; `plan` is what the build goes by.
  ///
  /// - Throws: `CancellationError` where the build is to stop.
  func verdict(
    on attempt: StepAttempt, of plan: Plan, in guest: any Guest
  ) async throws -> StepVerdict
}

/// Whether steps follow each other at once.
public enum StepPace: Sendable, Equatable {
  /// A step starts as soon as the one before it has succeeded.
  case flowing
  /// The guide is asked in between.
  case stepwise
}

/// What becomes of a step whose turn it is.
public enum StepTurn: Sendable, Equatable {
  /// It runs.
  case run
  /// It is left out.
  case leaveOut
  /// It does not run, and the build ends.
  case stop
}

/// One run of a step that has ended.
public struct StepAttempt: Sendable {
  /// The step.
  public let step: Step
  /// Which run of it this was, from 1.
  public let number: Int
  /// Why it failed; `nil` where it did what it should.
  public let failure: BuildError?

  /// Whether the build can go on without the step; without the one that powers the machine off it
  /// can't.
  public var canBePassedOver: Bool {
    if case .generalize = step.work { false } else { true }
  }
}

/// How a build goes on after a step.
public enum StepVerdict: Sendable {
  /// With the next step. Of a step that failed it is said that it was passed over.
  case goOn
  /// With the same step once more, as this newer plan has it; see ``Plan/admit(_:)``.
  case again(Plan)
  /// It ends, with the step's failure where there was one; no further step runs.
  case giveUp
  /// It ends in the same way, and the machine stays.
  case keep
}

/// Nobody: every step runs, and the first that fails ends the build.
public struct Unattended: StepGuide {
  /// The guide of builds that nobody watches.
  public init() {}

  /// Steps flow.
  public var pace: StepPace { .flowing }

  /// Every step runs.
  public func turn(
    of step: Step, attempt: Int, in guest: any Guest
  ) async throws -> StepTurn { .run }

  /// The first failure ends it.
  public func verdict(
    on attempt: StepAttempt, of plan: Plan, in guest: any Guest
  ) async throws -> StepVerdict {
    attempt.failure == nil ? .goOn : .giveUp
  }
}

/// Puts a machine back to how it was before a step, so that the step can run again from there.
public protocol StepRewinder: Sendable {
  /// Puts `machine` back to how it was before `step` ran for the first time, where it can.
  func rewind(
    _ machine: any Machine, before step: Step, report: @escaping GuestReport
  ) async throws -> Rewound
}

/// What a rewinder did.
public enum Rewound: Sendable {
  /// The machine is as it was before the step, and is reached as this guest.
  case asBefore(any Guest)
  /// The machine is as the step left it, for the reason given.
  case asItIs(because: String)
}

extension StepRewinder {
  /// The guest to run `step` in once more: `guest` where there is no way back, which is said.
  func guest(
    on machine: any Machine, before step: Step, else guest: any Guest, _ events: any EventSink
  ) async throws -> any Guest {
    let start = ContinuousClock.now
    let report = StepReport(step.outline.number, events).take
    switch try await rewind(machine, before: step, report: report) {
    case .asBefore(let guest):
      let wait = Elapsed(ContinuousClock.now - start)
      events.receive(
        .note("\(machine.name) is as it was before step \(step.outline.number), after \(wait)"))
      return guest
    case .asItIs(let reason):
      await (machine as? any StatefulVM)?.keepNoMore()
      events.receive(.note("the step runs again on what is there: \(reason)"))
      return guest
    }
  }
}

/// No way back: a step runs again on what is there.
public struct NoRewinder: StepRewinder {
  /// The rewinder for machines of which nothing was kept.
  public init() {}

  /// Leaves the machine as it is.
  public func rewind(
    _ machine: any Machine, before step: Step, report: @escaping GuestReport
  ) async throws -> Rewound {
    if machine is any StatefulVM {
      .asItIs(because: "what was done by hand in \(machine.name) stays")
    } else {
      .asItIs(because: "\(machine.name) has no snapshot from before it")
    }
  }
}
