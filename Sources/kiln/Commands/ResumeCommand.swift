import ArgumentParser
import Foundation
import Pipeline

/// `kiln resume`: goes on with a run that failed or was killed.
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a failed or killed run, at the step that it failed at.",
    discussion: """
      It builds with the options of that run and with the template as it now is. In a VM, it begins in \
      the last state that was kept: as before the step that failed. On a host of your own, the steps are \
      taken as done that the run saw succeed, up to the first that has changed since, and a job that \
      still runs there is followed on.
      """)

  @OptionGroup var run: RunArgument

  func run() async throws {
    let directory = try run.find()
    let (record, standing) = try directory.standing()
    guard standing.isFinal else {
      throw CommandFault(
        "could not resume \(directory.run): it goes on (\(standing))",
        hint: "stop it by `kiln cancel \(directory.run)`", exit: .usage)
    }
    guard record.lastRunStatus.runState != .succeeded else {
      throw CommandFault(
        "could not resume \(directory.run): it succeeded", hint: "begin a new one by `kiln build`",
        exit: .usage)
    }
    guard let invocation = record.invocation else {
      throw CommandFault(
        "could not resume \(directory.run): it does not say how it was begun",
        hint: "begin a new one by `kiln build`", exit: .usage)
    }
    guard FileManager.default.changeCurrentDirectoryPath(invocation.directory) else {
      throw CommandFault(
        "could not resume \(directory.run): there is no directory \(invocation.directory) any more",
        exit: .usage)
    }
    var build = try BuildCommand.parse(invocation.arguments)
    // What that run kept is what this one is for.
    build.baking.local.cache.noCache = false
    build.baking.local.cache.noCacheFrom = nil
    let resumption = Resumption(of: record, in: directory, try directory.journal())
    try await Baking(build.baking, invocation: invocation).bake(build.asking, resuming: resumption)
  }
}
