import ArgumentParser
import Pipeline
import Template

/// One image template of a document, to be baked.
struct BakingTarget: Sendable {
  private(set) var template: ImageTemplate

  /// The bytes of the document.
  let bytes: [UInt8]

  private let name: String

  init(_ document: DeploymentDocument, _ entry: DocumentReading.Entry) {
    template = entry.template
    bytes = document.bytes
    name = entry.name
  }

  /// The same template without its distributors, so that none of their outputs is prepared.
  var withoutOutputs: BakingTarget {
    var target = self
    target.template.distributors = []
    return target
  }

  /// The same template in the document as it now is.
  func found(in document: DeploymentDocument) throws -> BakingTarget {
    guard let entry = document.reading.templates.first(where: { $0.name == name }) else {
      throw CommandFault(
        "could not find the image template `\(name)` in the file again", exit: .usage)
    }
    return BakingTarget(document, entry)
  }
}

extension Baking {
  /// Bakes several image templates, and ends the process with the exit code for all of them.
  func bakeSeveral(
    _ document: DeploymentDocument, _ chosen: [Int], _ asking: AskingArguments
  ) async throws -> Never {
    if asking.step || asking.onFailure == .ask {
      throw CommandFault(
        "could not ask for \(chosen.count) image templates: there is one person to answer",
        hint: "choose one with --only-template", exit: .usage)
    }
    // A host of the user's own is one machine: one build at a time.
    let jobs = host == nil ? arguments.choice.jobs : 1
    let company = BakingCompany(document.reading, chosen, jobs: jobs)
    let ends = await company.bake(signals) { entry in
      try await bake(entry, of: document)
    }
    if arguments.json {
      try StandardOutput.write(json: ends.compactMap(\.directory).map { try $0.record() })
    }
    throw ExitCode(BakingCompany.exit(of: ends, stop: signals.stop).rawValue)
  }

  /// Bakes one of several: in plain lines, each with the template's name.
  private func bake(
    _ entry: DocumentReading.Entry, of document: DeploymentDocument
  ) async throws -> BakedTemplate {
    var manner = manner
    manner.display = .plain
    manner.color = .off
    let (plan, site) = try await plan(BakingTarget(document, entry), manner)
    let directory = try record(plan, site)
    let terminal = Terminal(
      manner, log: directory.logPath, screen: .standardError(linesBegin: "\(entry.name): "))
    let run = try BakingRun(directory, plan, site, terminal, redactor)
    return BakedTemplate(
      directory: directory, result: try await run.bake(signals) { Unattended() })
  }
}
