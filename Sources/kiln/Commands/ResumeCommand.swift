import ArgumentParser
import Foundation
import Pipeline

/// `kiln resume`: goes on with a run that failed or was killed.
struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume",
    abstract: "Go on with a failed or killed run, at the step that it failed at.",
    discussion: """
      It builds with the options of that run and with the template as it now is. In a VM that the run \
      kept, and that lives, it goes on with all that is in there; otherwise it begins in the last state \
      that was kept: as before the step that failed. On a host of your own, the steps are \
      taken as done that the run saw succeed, up to the first that has changed since, and a job that \
      still runs there is followed on.
      """)

  @OptionGroup var run: RunArgument

  @Option(
    name: [.customShort("p"), .customLong("parameter")],
    help: ArgumentHelp(
      "A value for a parameter in place of the earlier one; of a secret, which is kept nowhere, anew.",
      valueName: "name=value"))
  var parameters: [String] = []

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
    try restore(&build.baking.deployment.parameters)
    // What that run kept is what this one is for.
    build.baking.local.cache.noCache = false
    build.baking.local.cache.noCacheFrom = nil
    let resumption = Resumption(of: record, in: directory, try directory.journal())
    try await Baking(build.baking, invocation: invocation).bake(build.asking, resuming: resumption)
  }
  /// Puts the values that are given now in the place of those that the record has no secret of.
  private func restore(_ kept: inout [String]) throws {
    func name(_ text: String) -> String { text.prefix { $0 != "=" }.lowercased() }
    let given = Set(parameters.map(name))
    kept.removeAll { given.contains(name($0)) }
    if let secret = kept.first(where: { $0.contains("***") }) {
      let parameter = secret.prefix { $0 != "=" }
      throw CommandFault(
        "could not resume \(try run.find().run): the value of `\(parameter)` is a secret, and kept nowhere",
        hint: "give it again: -p \(parameter)=…", exit: .usage)
    }
    kept += parameters
  }
}
