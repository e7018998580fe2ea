/// How a step ended.
public struct StepResult: Sendable, Codable {
  /// Its place in the run, from 1.
  public var number: Int
  /// Which attempt it was, from 1.
  public var attempt: Int
  /// The customizer's name, or its type where it has none.
  public var name: String
  /// The customizer's type.
  public var type: String
  /// How it ended.
  public var outcome: StepOutcome
  /// Its exit code, where it had one.
  public var exitCode: Int32?
  /// How long it took, in seconds.
  public var seconds: Double
  /// The sentence that says what went wrong, where something did.
  public var message: String?
  /// The checksum of the script or file of this attempt, as 64 hexadecimal digits.
  public var sha256: String?

  /// Puts the result together.
  public init(
    number: Int, attempt: Int = 1, name: String, type: String, outcome: StepOutcome,
    exitCode: Int32?, seconds: Double, message: String?, sha256: String? = nil
  ) {
    self.number = number
    self.attempt = attempt
    self.name = name
    self.type = type
    self.outcome = outcome
    self.exitCode = exitCode
    self.seconds = seconds
    self.message = message
    self.sha256 = sha256
  }

  /// Reads a result; one without an attempt is of the first.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    number = try fields.decode(Int.self, forKey: .number)
    attempt = try fields.decodeIfPresent(Int.self, forKey: .attempt) ?? 1
    name = try fields.decode(String.self, forKey: .name)
    type = try fields.decode(String.self, forKey: .type)
    outcome = try fields.decode(StepOutcome.self, forKey: .outcome)
    exitCode = try fields.decodeIfPresent(Int32.self, forKey: .exitCode)
    seconds = try fields.decode(Double.self, forKey: .seconds)
    message = try fields.decodeIfPresent(String.self, forKey: .message)
    sha256 = try fields.decodeIfPresent(String.self, forKey: .sha256)
  }
}

extension StepResult {
  /// The result of a step that is left out, for the reason given.
  static func skipped(_ step: StepOutline, _ why: String) -> StepResult {
    StepResult(
      number: step.number, name: step.name, type: step.type, outcome: .skipped, exitCode: nil,
      seconds: 0, message: why)
  }

  /// The result of a step after which the machine began.
  static func cached(_ step: StepOutline) -> StepResult {
    StepResult(
      number: step.number, name: step.name, type: step.type, outcome: .cached, exitCode: nil,
      seconds: 0, message: nil)
  }
}

/// How a step ended, in one word.
public enum StepOutcome: String, Sendable, Codable {
  /// It did what it should.
  case succeeded
  /// It restarted the machine, which came back.
  case restarted
  /// It failed.
  case failed
  /// It failed, and the user had the build go on without it.
  case passedOver
  /// Nobody knows: the guest stayed out of reach.
  case lost
  /// It was stopped by request or by the build timeout.
  case canceled
  /// It was not run: the machine began in the state after it.
  case cached
  /// It was not run.
  case skipped

  /// Whether the step did what it should.
  public var isGood: Bool { [.succeeded, .restarted, .cached].contains(self) }
}

/// A step that ended and is going to run once more, as its template now is.
public struct StepRetry: Sendable, Codable {
  /// Its place in the run, from 1.
  public var number: Int
  /// Which attempt comes, from 2.
  public var attempt: Int
  /// The checksum of the template's bytes as they now are, as 64 hexadecimal digits.
  public var templateSHA256: String
  /// All steps of the run as they now are.
  public var steps: [StepOutline]
}

/// A part of a run that is no step, and whose time is told.
public enum RunStage: String, Sendable, Codable, CaseIterable {
  /// The machine is made, or is there.
  case acquire
  /// The machine starts until it answers for the first time.
  case boot
  /// The guest is logged in to and looked at; ``BuildEvent/connected(machine:_:after:)`` tells it.
  case connect
  /// The machine powers off, and its disk is proved to be clean.
  case capture
}
