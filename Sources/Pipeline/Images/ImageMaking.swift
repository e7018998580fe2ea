internal import Synchronization
import Template

/// The second half of the main flow: from a baked VM to run outputs.
struct ImageMaking {
  let plan: Plan
  let image: ImagePlan
  let provider: any VMProvider
  let distributor: any ImageDistributor
  let events: any EventSink

  /// Proves the image in a fresh VM by what the template's `validate` says.
  /// - Returns: the failure where the image is distributed all the same (`aib.md` a.5).
  func validate(
    _ origin: VMOrigin, _ run: @escaping @Sendable (any Machine, [Step]) async throws -> Void
  ) async throws -> BuildError? {
    guard !plan.validators.isEmpty else { return nil }
    events.receive(.phase(.validating))
    do {
      try await provider.withVM(from: origin, for: plan) { [plan, image, events] vm in
        try await keeping(vm, if: image.retention.onValidationError, events) {
          try await run(vm, plan.validators)
        }
      }
      return nil
    } catch let error as BuildError where image.onFailure == .distribute {
      events.receive(.warning("\(error); distributed all the same (continueDistributeOnFailure)"))
      return error
    }
  }

  /// Makes every run output, some at a time; one that fails leaves the others.
  /// - Throws: ``DistributionError`` where any failed, with the first by the template's order;
  ///   `CancellationError`.
  func distribute(_ disk: CapturedDisk, from bake: Bake) async throws {
    events.receive(.phase(.distributing))
    let failed = try await withThrowingTaskGroup(of: Failed?.self) { group in
      var waiting = image.outputs.makeIterator()
      func startNext() {
        if let output = waiting.next() {
          group.addTask { try await make(output, of: disk, from: bake) }
        }
      }
      for _ in 0..<distributor.outputsAtOnce { startNext() }
      var failed: [Failed] = []
      while let next = try await group.next() {
        if let next { failed.append(next) }
        startNext()
      }
      return failed.sorted { $0.output.index < $1.output.index }
    }
    guard let first = failed.first else { return }
    throw DistributionError(
      output: first.output, cause: first.cause, failed: failed.count, of: image.outputs.count)
  }

  private struct Failed {
    let output: PlannedOutput
    let cause: any Error
  }

  /// Makes one run output.
  /// - Returns: why it was not made; `nil` where it was.
  private func make(
    _ output: PlannedOutput, of disk: CapturedDisk, from bake: Bake
  ) async throws -> Failed? {
    let start = ContinuousClock.now
    events.receive(.outputStarted(output))
    let told = ToldShare()
    do {
      let made = try await distributor.distribute(disk, from: bake, as: output) { [events] share in
        if told.isNew(share) { events.receive(.outputProgress(output, share)) }
      }
      finish(output, made, nil, since: start)
      return nil
    } catch {
      finish(output, nil, error, since: start)
      if error is CancellationError { throw error }
      try Task.checkCancellation()
      return Failed(output: output, cause: error)
    }
  }

  private func finish(
    _ planned: PlannedOutput, _ output: RunOutput?, _ error: (any Error)?,
    since start: ContinuousClock.Instant
  ) {
    events.receive(
      .outputFinished(
        OutputResult(
          planned: planned, output: output, message: error.map { "\($0)" },
          seconds: (ContinuousClock.now - start).seconds)))
  }
}

/// What was told of a work's progress: no more than twenty times, however often it is asked.
private final class ToldShare: Sendable {
  private static let times = 20.0
  private let last = Mutex(-1.0)

  func isNew(_ share: Double) -> Bool {
    let part = (share * Self.times).rounded(.down)
    return last.withLock { last in
      defer { last = max(last, part) }
      return part > last
    }
  }
}

/// Runs `body` in `vm`, which stays after an error where the template or the user says so.
func keeping<Result: Sendable>(
  _ vm: any BuildVM, if reaction: ErrorHandling.Reaction, _ events: any EventSink,
  _ body: () async throws -> Result
) async throws -> Result {
  do {
    return try await body()
  } catch {
    if reaction == .abort || error.keepsMachine, !(error is CancellationError) {
      for note in await vm.keep() { events.receive(.note(note)) }
    }
    throw error
  }
}

extension Error {
  /// Whether the user said that the machine is to stay.
  fileprivate var keepsMachine: Bool {
    (self as? BuildError)?.aftermath == .keep || (self as? StoppedByRequest)?.aftermath == .keep
  }
}

/// One or more of the distributors failed.
public struct DistributionError: Error, Sendable, Hinting, CustomStringConvertible {
  /// The first that failed.
  public let output: PlannedOutput
  /// Why.
  public let cause: any Error
  /// How many failed.
  public let failed: Int
  /// How many there are.
  public let count: Int

  init(output: PlannedOutput, cause: any Error, failed: Int, of count: Int) {
    self.output = output
    self.cause = cause
    self.failed = failed
    self.count = count
  }

  /// Whether others made their run output.
  public var isPartial: Bool { failed < count }

  /// Which it was.
  public var description: String {
    let place = output.position.map { " (\($0))" } ?? ""
    let others = failed > 1 ? ", the first of \(failed) that failed" : ""
    return "run output \"\(output.name)\" (\(output.type)) was not made\(others)\(place)"
  }

  /// What to do next, where there is something.
  public var hint: String? { (cause as? any Hinting)?.hint }
}

/// The image was distributed although a validator refused it.
public struct DistributedInvalid: Error, Sendable, Hinting, CustomStringConvertible {
  /// The validator's failure.
  public let cause: BuildError

  /// What the user reads first.
  public var description: String { "the image was distributed, but its validation failed" }

  /// What to do next, where there is something.
  public var hint: String? { cause.hint }
}
