/// What the task scheduler says of a job that has not begun.
struct TaskState: Equatable {
  /// `TASK_STATE`: 1 disabled, 2 queued, 3 ready, 4 running; 0 where the job is no task.
  let state: Int
  /// The task's last result; one of ``notYet`` where it has none.
  let result: Int

  /// `SCHED_S_TASK_RUNNING`, `SCHED_S_TASK_HAS_NOT_RUN` and `STILL_ACTIVE`: no results at all.
  static let notYet: Set<Int> = [267_009, 267_011, 259]
}

/// Decides when a job that was launched and has not begun never will.
///
/// A task's program begins within a second. One that the scheduler keeps back, has ended already, or
/// lets wait for a first logon would be waited for until the build's end.
struct LaunchWatch {
  /// A task that is not even queued was started and did not stay.
  private static let idleLimit = Duration.seconds(10)

  private let limit: Duration
  private var first: ContinuousClock.Instant?
  private var idleSince: ContinuousClock.Instant?

  init(limit: Duration) { self.limit = limit }

  /// Takes what was seen at `now`; why the job never begins, where that is certain enough.
  mutating func take(_ task: TaskState, at now: ContinuousClock.Instant) -> NeverBegan? {
    let start = first ?? now
    first = start
    idleSince = task.state == 3 ? idleSince ?? now : nil
    if let idleSince, now - idleSince >= min(Self.idleLimit, limit) { return NeverBegan(task) }
    return now - start >= limit ? NeverBegan(task) : nil
  }
}

/// A job was launched and never began.
struct NeverBegan: Error, Equatable {
  let reason: String
  let hint: String?

  init(_ task: TaskState) {
    switch task.state {
    case 1: reason = "its task is disabled"
    case 2: reason = "the task scheduler keeps its task queued"
    case 3 where TaskState.notYet.contains(task.result):
      reason = "the task scheduler did not run its task"
    case 3: reason = "its task ended with \(task.result) before the script began"
    case 4: reason = "its task runs, and the script does not begin"
    default: reason = "its process ended before the script began"
    }
    switch task.state {
    case 0: hint = "look for policies on the machine that keep `cmd.exe` from running"
    case 4:
      hint =
        "some client editions of Windows hold such a task back until its user has logged on "
        + "once: run the script with `runAsSystem`"
    default: hint = "look into the task scheduler's history on the machine, or use `runAsSystem`"
    }
  }
}
