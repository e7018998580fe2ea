/// Takes the events of a run: the terminal, `customization.log`, `events.jsonl`.
public protocol EventSink: Sendable {
  /// Takes one event. Calls come one at a time, in the order in which things happened.
  func receive(_ event: BuildEvent)
}
