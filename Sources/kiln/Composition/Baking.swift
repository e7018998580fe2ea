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
  private let questions: Questions
  private let redactor: Redactor

  init(_ arguments: BakingArguments) {
    self.arguments = arguments
    let redactor = Redactor()
    self.redactor = redactor
    questions = Questions(
      passwordDescriptor: arguments.ssh.passwordFd,
      passphraseDescriptor: arguments.ssh.passphraseFd,
      learn: { secret in secret.withBytes { _ = redactor.add(Pipeline.Secret(String(decoding: $0, as: UTF8.self))) } })
  }

  /// Bakes, and ends the process with the exit code that says how it went.
  func bake() async throws {
    let host = try SSHHost(arguments.target, arguments.ssh, questions)
    let console = Console(arguments)
    let plan = try await plan(console)
    let archive = try RunArchive(environment: ProcessInfo.processInfo.environment)
    let directory = try archive.create(at: .now())
    let run = try BakingRun(directory, plan, host, console, redactor)
    throw ExitCode(try await run.bake().exitCode)
  }

  /// Prints what a build would do.
  func showPlan() async throws {
    _ = try SSHHost(arguments.target, arguments.ssh, questions)
    let console = Console(arguments)
    let plan = try await plan(console)
    console.show(plan)
  }

  private func plan(_ console: Console) async throws -> Plan {
    let bytes = try TemplateFile.read(arguments.template)
    let reading = TemplateDocument.read(bytes, named: arguments.template)
    console.show(reading.diagnostics, in: arguments.template)
    guard let template = reading.template else { throw ExitCode(KilnExit.usage.rawValue) }
    let planner = Planner(
      scripts: Scripts(
        relativeTo: TemplateFile.directory(of: arguments.template),
        cache: DownloadCache(
          root: FilePath(Places.downloads), client: HTTPClient(),
          mirrors: try MirrorRules(arguments.mirrors))),
      scriptUser: arguments.scriptUser, generalization: generalization,
      report: { console.receive($0) })
    let signals = Signals()
    return try await signals.cancelling {
      try await planner.plan(template, from: bytes, named: arguments.template)
    }
  }

  private var generalization: Plan.Generalization {
    arguments.deprovision
      ? .deprovision
      : .skipped(
        "your own host is not deprovisioned, since that deletes users and host keys; "
          + "--deprovision does it")
  }
}
