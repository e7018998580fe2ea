import ArgumentParser
import Digests
import Foundation
import Guests
import HTTP
import Pipeline
import SSH
import SystemPackage
import Template

/// The composition root of `build` and `plan`: it puts the parts together for one template.
struct Baking {
  private let arguments: BakingArguments
  private let host: SSHHost
  private let redactor = Redactor()

  /// Checks what the command line says, before anything else is done.
  init(_ arguments: BakingArguments) throws {
    self.arguments = arguments
    let questions = Questions(arguments.ssh) { [redactor] secret in
      secret.withBytes { _ = redactor.add(Pipeline.Secret(String(decoding: $0, as: UTF8.self))) }
    }
    host = try SSHHost(arguments.target, arguments.ssh, questions)
  }

  /// Bakes, and ends the process with the exit code that says how it went.
  func bake() async throws {
    let plan = try await plan()
    let directory = try RunArchive.ofUser().create(at: .now())
    let terminal = Terminal(manner, log: directory.logPath)
    let result = try await BakingRun(directory, plan, host, terminal, redactor).bake()
    if arguments.json { try StandardOutput.write(json: directory.record()) }
    throw ExitCode(result.exitCode)
  }

  /// Prints what a build would do.
  func showPlan() async throws {
    let plan = try await plan()
    let view = PlanView(plan, on: host)
    if arguments.json {
      try StandardOutput.write(json: view)
    } else {
      try StandardOutput.write(lines: view.lines)
    }
  }

  private func plan() async throws -> Plan {
    for warning in host.warnings { StandardError.write("warning: \(warning)") }
    let bytes = try TemplateFile.read(arguments.template)
    let reading = TemplateDocument.read(bytes, named: arguments.template)
    for diagnostic in reading.diagnostics {
      StandardError.write(diagnostic.rendered(in: arguments.template))
    }
    guard let template = reading.template else {
      throw CommandFault(
        "could not use the template `\(arguments.template)`: see above", exit: .usage)
    }
    let terminal = Terminal(manner, log: "")
    defer { terminal.close() }
    let planner = Planner(
      scripts: try scripts(), scriptUser: arguments.scriptUser, generalization: generalization,
      report: { terminal.receive($0) })
    return try await Signals().cancelling {
      try await planner.plan(template, from: bytes, named: arguments.template)
    }
  }

  private func scripts() throws -> Scripts {
    let mirrors: MirrorRules
    do {
      mirrors = try MirrorRules(arguments.mirrors)
    } catch {
      throw CommandFault(error.description, hint: error.hint, exit: .usage)
    }
    return Scripts(
      relativeTo: TemplateFile.directory(of: arguments.template),
      cache: DownloadCache(
        root: FilePath(Places.downloads), client: HTTPClient(), mirrors: mirrors))
  }

  private var generalization: Plan.Generalization {
    arguments.deprovision
      ? .deprovision
      : .skipped(
        "your own host is not deprovisioned, since that deletes users and host keys; "
          + "--deprovision does it")
  }

  private var manner: ConsoleManner {
    .fitting(
      ConsoleManner.Device(STDERR_FILENO), ProcessInfo.processInfo.environment,
      arguments.quiet ? .quiet : .normal)
  }
}
