import ArgumentParser
import Catalog
import Digests
import Foundation
import Guests
import HTTP
import Images
import Pipeline
import SSH
import SystemPackage
import Template

/// The composition root of `build` and `plan`: it puts the parts together for one template.
struct Baking {
  private let arguments: BakingArguments
  /// The host to bake on; `nil` for a VM on this machine.
  private let host: SSHHost?
  private let redactor = Redactor()
  private let signals: Signals

  /// Somebody waits for the build: a refused connection is told within eight seconds.
  ///
  /// A download that broke after hours is taken up again all the same.
  private static let patience = RetryPolicy(tries: 5, total: .seconds(6 * 3600))

  /// What a template is baked for.
  enum Purpose { case build, trial }

  private let purpose: Purpose
  private let files: NotedPaths

  /// Checks what the command line says, before anything else is done.
  init(_ arguments: BakingArguments, for purpose: Purpose = .build) throws {
    self.arguments = arguments
    self.purpose = purpose
    files = NotedPaths(arguments.template)
    signals = try Signals()
    let questions = Questions(arguments.ssh) { [redactor] secret in
      let text = secret.withBytes { String(decoding: $0, as: UTF8.self) }
      if redactor.add(Pipeline.Secret(text)) == .tooShort {
        StandardError.write("warning: a secret of less than four bytes can't be kept out of logs")
      }
    }
    host =
      arguments.target == LocalSite.name
      ? nil : try SSHHost(arguments.target, arguments.ssh, questions)
  }

  /// Bakes, and ends the process with the exit code that says how it went.
  func bake(_ asking: AskingArguments) async throws {
    try asking.check()
    let result = try await run { _, workbench in asking.guide(workbench) }
    throw ExitCode(result.exitCode)
  }

  /// Stops at the last step of the choice, which then runs as often as somebody likes.
  func debug(_ manner: DebugManner) async throws {
    let result = try await run { plan, workbench in
      guard let step = plan.steps.last else {
        throw CommandFault(
          "could not stop at a step of `\(plan.template)`: it has none", exit: .usage)
      }
      return DebugGuide(
        at: step.outline.number, Person(at: workbench.terminal), workbench,
        DebugGuide.Habits(
          watch: manner.watch == .on ? try FileWatch { [files] in files.all } : nil,
          inventory: manner.inventory))
    }
    let isLeft = result.state == .canceled && signals.stop == nil
    throw ExitCode(isLeft ? KilnExit.succeeded.rawValue : result.exitCode)
  }

  private func run(
    guidedBy guide: (Plan, Workbench) throws -> any StepGuide
  ) async throws -> RunResult {
    let (plan, site) = try await plan()
    let directory = try RunArchive.ofUser().create(at: .now()) { run throws(RecordError) in
      RunRecord(
        run: run, template: plan.template, templateSHA256: plan.templateDigest.hex, on: site.name,
        process: try .current(), steps: plan.outlines, start: .now())
    }
    let terminal = Terminal(manner, log: directory.logPath)
    let workbench = Workbench(
      machine: site.machine, doorway: site.doorway(of: directory), directory: directory,
      terminal: terminal, redact: { [redactor] in redactor.redact($0) }
    ) {
      let (template, bytes) = try read()
      return try await layOut(template, bytes, site)
    }
    let run = try BakingRun(directory, plan, site, terminal, redactor)
    let result = try await run.bake(signals) { try guide(plan, workbench) }
    if arguments.json { try StandardOutput.write(json: directory.record()) }
    return result
  }

  /// Prints what a build would do.
  func showPlan() async throws {
    let (plan, site) = try await plan()
    let view = PlanView(plan, on: site)
    if arguments.json {
      try StandardOutput.write(json: view)
    } else {
      try StandardOutput.write(lines: view.lines)
    }
  }

  private func plan() async throws -> (Plan, BakingSite) {
    for warning in host?.warnings ?? [] { StandardError.write("warning: \(warning)") }
    let (template, bytes) = try read()
    let site = try await site(template)
    do {
      return try await signals.cancelling { (try await layOut(template, bytes, site), site) }
    } catch let error as CancellationError {
      throw CommandFault(
        "the build was stopped by request before it began",
        exit: RunEnding.exit(for: error, signals.stop))
    }
  }

  /// The template as its file now is; what is wrong with it is told.
  private func read() throws -> (ImageTemplate, [UInt8]) {
    let bytes = try TemplateFile.read(arguments.template)
    let reading = TemplateDocument.read(bytes, named: arguments.template)
    for diagnostic in reading.diagnostics {
      StandardError.write(diagnostic.rendered(in: arguments.template))
    }
    guard var template = reading.template else {
      throw CommandFault(
        "could not use the template `\(arguments.template)`: see above", exit: .usage)
    }
    if purpose == .trial { template.distributors = [] }
    return (template, bytes)
  }

  private func layOut(
    _ template: ImageTemplate, _ bytes: [UInt8], _ site: BakingSite
  ) async throws -> Plan {
    let terminal = Terminal(manner, log: "")
    defer { terminal.close() }
    let events = Broadcast(to: [terminal], through: redactor)
    let planner = Planner(
      scripts: NotedScripts(scripts: try scripts(), paths: files),
      scriptUser: arguments.scriptUser, product: product(site),
      selection: arguments.steps.selection, report: { events.receive($0) })
    do {
      return try await planner.plan(template, from: bytes, named: arguments.template)
    } catch let problems as PlanProblems {
      terminal.close()
      StandardError.write(problems.description)
      throw CommandFault(
        "could not plan the build of `\(arguments.template)`: see above",
        exit: RunEnding.exit(for: problems, nil))
    }
  }

  private func mirrors() throws -> MirrorRules {
    do {
      return try MirrorRules(arguments.mirrors)
    } catch {
      throw CommandFault(error.description, hint: error.hint, exit: .usage)
    }
  }

  private func scripts() throws -> Scripts {
    Scripts(
      relativeTo: TemplateFile.directory(of: arguments.template),
      cache: DownloadCache(
        root: FilePath(Places.downloads), client: HTTPClient(), mirrors: try mirrors(),
        retry: Retry(Self.patience)))
  }

  private func site(_ template: ImageTemplate) async throws -> BakingSite {
    if let host { return .host(host) }
    let terminal = Terminal(manner, log: "")
    defer { terminal.close() }
    let search = ChosenSource.Search(
      disk: arguments.local.sourceDisk, catalog: try arguments.local.sources.catalog(),
      fetch: SourceFetch(
        root: FilePath(Places.sourceDisks), client: HTTPClient(), mirrors: try mirrors(),
        retry: Retry(Self.patience)),
      store: try ImageStore(environment: ProcessInfo.processInfo.environment)
    ) { terminal.receive(.fetching(uri: $0, received: $1, of: $2)) }
    let site = try await signals.cancelling {
      try await LocalSite(
        template, named: arguments.template, arguments.local, timeout: arguments.ssh.timeout(),
        search)
    }
    for note in site.notes where !arguments.quiet { StandardError.write("note: \(note)") }
    return purpose == .trial ? .trial(site) : .local(site)
  }

  private func product(_ site: BakingSite) -> Planner.Product {
    switch (purpose, site) {
    case (.trial, _), (_, .trial):
      .machine(.skipped("one step is debugged: nothing is generalized, validated or distributed"))
    case (.build, .host): .machine(generalization)
    case (.build, .local): .image
    }
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
