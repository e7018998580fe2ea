internal import Synchronization

/// Gives each event of a run to several sinks, one event at a time, with all secrets taken out.
public final class Broadcast: EventSink {
  private struct Source: Hashable {
    let step: Int
    let stream: OutputStream
  }

  private let redactor: Redactor
  private let sinks: [any EventSink]
  private let streams = Mutex<[Source: RedactionStream]>([:])

  /// Feeds `sinks` in this order, through `redactor`.
  public init(to sinks: [any EventSink], through redactor: Redactor) {
    self.sinks = sinks
    self.redactor = redactor
  }

  /// Takes an event from any task.
  public func receive(_ event: BuildEvent) {
    streams.withLock { streams in
      switch event {
      case .stepOutput(let step, let stream, let bytes):
        let source = Source(step: step, stream: stream)
        let shown = streams[source, default: RedactionStream()].add(bytes, redactor.table)
        if !shown.isEmpty { send(.stepOutput(step: step, stream, shown)) }
      case .stepFinished(let result):
        release(&streams) { $0.step == result.number }
        send(event.redacted(by: redactor))
      case .runFinished:
        release(&streams) { _ in true }
        send(event.redacted(by: redactor))
      default:
        send(event.redacted(by: redactor))
      }
    }
  }

  /// Sends what is held back of some streams, which have ended.
  private func release(
    _ streams: inout [Source: RedactionStream], where ended: (Source) -> Bool
  ) {
    let sources = streams.keys.filter(ended).sorted {
      ($0.step, $0.stream.rawValue) < ($1.step, $1.stream.rawValue)
    }
    for source in sources {
      var stream = streams.removeValue(forKey: source)
      let rest = stream?.finish(redactor.table) ?? []
      if !rest.isEmpty { send(.stepOutput(step: source.step, source.stream, rest)) }
    }
  }

  private func send(_ event: BuildEvent) {
    for sink in sinks { sink.receive(event) }
  }
}

extension BuildEvent {
  /// The same event with the secrets taken out of its texts.
  fileprivate func redacted(by redactor: Redactor) -> BuildEvent {
    func clean(_ text: String) -> String { redactor.redact(text) }
    switch self {
    case .runStarted(let run):
      return .runStarted(
        RunOutline(
          run: run.run, template: clean(run.template), on: clean(run.on),
          steps: run.steps.map { $0.redacted(by: redactor) }))
    case .fetching(let uri, let received, let total):
      return .fetching(uri: clean(uri), received: received, of: total)
    case .stepStarted(let step):
      return .stepStarted(step.redacted(by: redactor))
    case .stepFinished(var result):
      result.name = clean(result.name)
      result.message = result.message.map(clean)
      return .stepFinished(result)
    case .stepRetried(var retry):
      retry.steps = retry.steps.map { $0.redacted(by: redactor) }
      return .stepRetried(retry)
    case .connectionLost(let reason):
      return .connectionLost(clean(reason))
    case .outputStarted(let output):
      return .outputStarted(output.redacted(by: redactor))
    case .outputProgress(let output, let share):
      return .outputProgress(output.redacted(by: redactor), share)
    case .outputFinished(var result):
      result.planned = result.planned.redacted(by: redactor)
      result.message = result.message.map(clean)
      if var output = result.output {
        output.artifactID = output.artifactID.map(clean)
        output.artifactURI = output.artifactURI.map(clean)
        result.output = output
      }
      return .outputFinished(result)
    case .warning(let text):
      return .warning(clean(text))
    case .note(let text):
      return .note(clean(text))
    case .canceling(let reason):
      return .canceling(clean(reason))
    case .runFinished(var result):
      result.errors = result.errors.map(clean)
      result.hint = result.hint.map(clean)
      return .runFinished(result)
    case .phase, .timed, .connected, .stepOutput, .stepProgress, .connectionRestored, .restarted,
      .poweredOff, .stateKept:
      return self
    }
  }
}

extension StepOutline {
  /// The same outline with the secrets taken out of its texts.
  public func redacted(by redactor: Redactor) -> StepOutline {
    StepOutline(
      number: number, name: redactor.redact(name), type: type, summary: redactor.redact(summary),
      position: position, sha256: sha256, terms: terms.map(redactor.redact))
  }
}

extension PlannedOutput {
  /// The same output with the secrets taken out of its texts.
  func redacted(by redactor: Redactor) -> PlannedOutput {
    var output = self
    output.artifact = redactor.redact(artifact)
    return output
  }
}
