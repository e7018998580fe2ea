/// Something that happened in a run.
///
/// One type feeds the terminal, `customization.log` and `events.jsonl`, so that they can't differ.
public enum BuildEvent: Sendable {
  /// The run began: what is baked, where, and in which steps.
  case runStarted(RunOutline)
  /// The run went on to another phase.
  case phase(RunSubState)
  /// A script or file is fetched: bytes so far, of how many where that is known.
  case fetching(uri: String, received: Int, of: Int?)
  /// A part of the run that is no step took the time given, which ends now.
  case timed(RunStage, Duration)
  /// The machine was reached.
  case connected(machine: String, GuestFacts, after: Duration)
  /// A step began.
  case stepStarted(StepOutline)
  /// A step wrote output.
  case stepOutput(step: Int, OutputStream, [UInt8])
  /// A step sent bytes of a file, of how many.
  case stepProgress(step: Int, sent: Int, of: Int)
  /// A step ended.
  case stepFinished(StepResult)
  /// A step that ended is going to run once more.
  case stepRetried(StepRetry)
  /// The connection dropped, for the reason given.
  case connectionLost(String)
  /// The connection is back, after the time given.
  case connectionRestored(after: Duration)
  /// The machine restarted because of a step, and was out of reach for the time given.
  case restarted(step: Int, outOfReach: Duration)
  /// The VM's state after a step was kept, in the time given.
  case stateKept(step: Int, after: Duration)
  /// The machine has powered itself off, so long after it was asked to.
  case poweredOff(machine: String, after: Duration)
  /// A distributor began.
  case outputStarted(PlannedOutput)
  /// A distributor did a part of its work, from 0 to 1.
  case outputProgress(PlannedOutput, Double)
  /// A distributor ended.
  case outputFinished(OutputResult)
  /// Something the user should know of, in a sentence.
  case warning(String)
  /// A plain remark, in a sentence.
  case note(String)
  /// The run was asked to stop.
  case canceling(String)
  /// The run ended.
  case runFinished(RunResult)
}

/// What is known of a run when it begins.
public struct RunOutline: Sendable, Codable {
  /// The run's id.
  public var run: String
  /// The template's file, as the user named it.
  public var template: String
  /// Where it bakes, as the user named it: `ssh://me@host`.
  public var on: String
  /// Its steps in order.
  public var steps: [StepOutline]

  /// Puts the outline together.
  public init(run: String, template: String, on: String, steps: [StepOutline]) {
    self.run = run
    self.template = template
    self.on = on
    self.steps = steps
  }
}

/// What is known of a step before it runs.
public struct StepOutline: Sendable, Codable, Hashable {
  /// Its place in the run, from 1.
  public var number: Int
  /// The customizer's name, or its type where it has none.
  public var name: String
  /// The customizer's type, `Shell` or `File` for example; `Deprovision` for the last step.
  public var type: String
  /// What it does, in a few words: the number of inline lines, or the URI.
  public var summary: String
  /// Where the customizer stands in the template, `file:line:column`.
  public var position: String?
  /// The checksum of its script or file, as 64 hexadecimal digits; `nil` where that was not
  /// fetched, since the step is left out.
  public var sha256: String?
  /// Where its script or file comes from, without what grants access to it; `nil` for inline lines.
  public var address: String?
  /// What counts of it beside those bytes: who runs a script and by what, or where a file goes and
  /// with which permissions; `nil` where its script or file was not fetched.
  public var terms: String?

  /// Puts the outline together.
  public init(
    number: Int, name: String, type: String, summary: String, position: String?,
    sha256: String? = nil, address: String? = nil, terms: String? = nil
  ) {
    self.number = number
    self.name = name
    self.type = type
    self.summary = summary
    self.position = position
    self.sha256 = sha256
    self.address = address
    self.terms = terms
  }
}

extension StepOutline {
  /// What a step is called in sentences: `Shell "nginx"`, or its type where it has no name.
  public var title: String { name == type ? type : "\(type) \"\(name)\"" }
}

/// How a run ended.
public struct RunResult: Sendable, Codable {
  /// The final state.
  public var state: RunState
  /// How long the run took, in seconds.
  public var seconds: Double
  /// What went wrong, a line for each level of the error; empty where nothing did.
  public var errors: [String]
  /// What to do next, where there is something.
  public var hint: String?
  /// The exit code of `kiln` (DESIGN 5).
  public var exitCode: Int32

  /// Puts the result together.
  public init(
    state: RunState, seconds: Double, errors: [String], hint: String?, exitCode: Int32
  ) {
    self.state = state
    self.seconds = seconds
    self.errors = errors
    self.hint = hint
    self.exitCode = exitCode
  }
}
