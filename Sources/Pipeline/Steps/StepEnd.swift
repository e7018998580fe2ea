/// How a step that did what it should ended.
struct StepEnd {
  let outcome: StepOutcome
  let exitCode: Int32?

  init(_ outcome: StepOutcome, exitCode: Int32?) {
    self.outcome = outcome
    self.exitCode = exitCode
  }
}

/// A step did not do what it should.
public struct StepFailure: Error, Sendable, Hinting {
  /// In what way.
  public enum Reason: Sendable, Equatable {
    /// Its script finished with this exit code.
    case exitCode(Int32)
    /// Its processes were killed by something on the guest.
    case killed
    /// The machine restarted while it ran, and the script holds no restart command.
    case restartedUnasked(Shutdown)
    /// The machine was about to restart when the script ended, and was still up after this time.
    case stayedUp(Duration)
    /// Its script finished with an exit code that is none of those that the template lists.
    case unlistedExitCode(Int32, valid: [Int32])
    /// The machine was not back in time after a restart, which had come so far.
    case restartTimedOut(Duration, RestartStage)
    /// Updates were still found after so many rounds.
    case updatesWithoutEnd(Int)
  }

  /// The step.
  public let step: StepOutline
  /// In what way it failed.
  public let reason: Reason

  init(_ step: StepOutline, _ reason: Reason) {
    self.step = step
    self.reason = reason
  }

  /// The step's exit code, where it had one.
  public var exitCode: Int32? {
    switch reason {
    case .exitCode(let code), .unlistedExitCode(let code, _): code
    default: nil
    }
  }

  /// What to do next.
  public var hint: String? {
    switch (step.type, reason) {
    case ("PowerShell", .exitCode(127)):
      "PowerShell is needed on a Linux machine as `pwsh`: install it in a step before this one"
    case ("PowerShell", .killed): "the machine's event log may say what ended it"
    case ("PowerShell", .restartedUnasked):
      "let a WindowsRestart customizer restart the machine, after a script that ends before"
    default: reason.hint
    }
  }
}

extension StepFailure.Reason {
  fileprivate var hint: String? {
    switch self {
    case .exitCode(126), .exitCode(127): "check that the interpreter and the command are installed"
    case .exitCode(137):
      "128 + 9: a process was killed by SIGKILL, as the kernel does out of memory"
    case .exitCode, .unlistedExitCode: nil
    case .restartTimedOut(_, .checking): "let restartCheckCommand end by itself"
    case .restartTimedOut: "give it more time by `restartTimeout`, or look at the machine's console"
    case .updatesWithoutEnd: "exclude by `filters` what comes back each time"
    case .killed: "look for the kernel's out-of-memory killer in the guest's `dmesg`"
    case .restartedUnasked(.orderly):
      "if an earlier script restarts the machine, name the command in it, for example `reboot`"
    case .restartedUnasked(.abrupt): "the guest's previous boot log may say why it went down"
    case .stayedUp: "let the script restart the machine at once, for example by `sudo reboot`"
    }
  }
}

extension StepFailure: CustomStringConvertible {
  /// What the user reads, without the step's name, which the line before it holds.
  public var description: String {
    switch reason {
    case .exitCode(let code): "the script finished with exit code \(code)"
    case .unlistedExitCode(let code, let valid):
      "the script finished with exit code \(code); valid are "
        + valid.map { "\($0)" }.joined(separator: ", ")
    case .restartTimedOut(let limit, let stage):
      "Timeout waiting for machine to restart. After \(limit.formatted) \(stage.text)"
    case .updatesWithoutEnd(let rounds): "updates were still found after \(rounds) rounds"
    case .killed: "the script was killed before it finished"
    case .restartedUnasked: "the machine restarted while the script ran, which holds no restart"
    case .stayedUp(let limit):
      "the machine was about to restart when the script ended, and was still up \(limit.formatted) "
        + "later"
    }
  }
}

extension RestartStage {
  fileprivate var text: String {
    switch self {
    case .asking: "the command had not been taken"
    case .goingDown: "it had not been seen to go down"
    case .away: "it had gone down, and was not back"
    case .checking: "it was back, and restartCheckCommand had not been run"
    }
  }
}

/// Turns what a guest tells into events of a step.
struct StepReport {
  private let number: Int
  private let events: any EventSink

  init(_ number: Int, _ events: any EventSink) {
    self.number = number
    self.events = events
  }

  /// Takes what a guest tells.
  var take: GuestReport {
    { [number, events] news in
      switch news {
      case .output(let stream, let bytes):
        events.receive(.stepOutput(step: number, stream, bytes))
      case .progress(let sent, let total):
        events.receive(.stepProgress(step: number, sent: sent, of: total))
      case .answered(let time): events.receive(.timed(.boot, time))
      case .connectionLost(let why): events.receive(.connectionLost(why))
      case .connectionRestored(let time): events.receive(.connectionRestored(after: time))
      case .warning(let text): events.receive(.warning(text))
      }
    }
  }
}
