/// Steps that are not run, since the machine began in the state after them.
enum StepReuse {
  static func tell(of steps: ArraySlice<Step>, _ events: any EventSink) {
    for step in steps.map(\.outline) {
      events.receive(
        .stepFinished(
          StepResult(
            number: step.number, name: step.name, type: step.type, outcome: .cached, exitCode: nil,
            seconds: 0, message: nil)))
    }
  }
}
