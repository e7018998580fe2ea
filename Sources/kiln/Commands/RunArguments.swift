import ArgumentParser
import FoundationEssentials
import Pipeline

/// How a command names a run.
struct RunArgument: ParsableArguments {
  @Argument(help: "The run: its name, the beginning of its name, or `latest`.")
  var run: String

  /// The directory of the run that is meant.
  func find() throws(RecordError) -> RunDirectory { try RunArchive.ofUser().find(run) }
}

/// Whether data is printed for programs.
struct JSONFlag: ParsableArguments {
  @Flag(help: "Print JSON.")
  var json = false
}

extension RunArchive {
  /// The runs of the user whose environment this process has.
  static func ofUser() throws(RecordError) -> RunArchive {
    try RunArchive(environment: ProcessInfo.processInfo.environment)
  }
}
