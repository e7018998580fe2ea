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
    if case .exitCode(let code) = reason { code } else { nil }
  }

  /// What to do next.
  public var hint: String? {
    switch reason {
    case .exitCode(126), .exitCode(127): "check that the interpreter and the command are installed"
    case .exitCode(137):
      "128 + 9: a process was killed by SIGKILL, as the kernel does out of memory"
    case .exitCode: nil
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
    case .killed: "the script was killed before it finished"
    case .restartedUnasked: "the machine restarted while the script ran, which holds no restart"
    case .stayedUp(let limit):
      "the machine was about to restart when the script ended, and was still up \(limit.formatted) "
        + "later"
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
