import ArgumentParser
import Azure
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
  let arguments: BakingArguments
  /// The host to bake on; `nil` for a VM.
  let host: BakingSite?
  private let hostWarnings: [String]
  /// How the build was begun.
  private let invocation: Invocation?
  let redactor = Redactor()
  let signals: Signals

  /// Somebody waits for the build: a refused connection is told within eight seconds.
  ///
  /// A download that broke after hours is taken up again all the same.
  private static let patience = RetryPolicy(tries: 5, total: .seconds(6 * 3600))

  /// What a template is baked for.
  enum Purpose { case build, trial }

  let purpose: Purpose
  private let questions: Questions
  /// The clients of Azure that all templates share.
  private let access = SharedAccess()
  /// The files that plans were made of so far.
  let files: NotedPaths

  /// Checks what the command line says, before anything else is done.
  init(
    _ arguments: BakingArguments, for purpose: Purpose = .build, invocation: Invocation? = nil
  ) throws {
    self.arguments = arguments
    self.purpose = purpose
    self.invocation = invocation
    files = NotedPaths(arguments.template)
    signals = try Signals()
    let questions = Questions(arguments.ssh) { [redactor] secret in
      let text = secret.withBytes { String(decoding: $0, as: UTF8.self) }
      if redactor.add(Pipeline.Secret(text)) == .tooShort {
        StandardError.write("warning: a secret of less than four bytes can't be kept out of logs")
      }
    }
    self.questions = questions
    if [LocalSite.name, AzureSite.name].contains(arguments.target) {
      (host, hostWarnings) = (nil, [])
    } else if arguments.target.lowercased().hasPrefix(WinRMHost.scheme) {
      let machine = try WinRMHost(
        arguments.target, arguments.winRM, timeout: arguments.ssh.timeout(), questions)
      (host, hostWarnings) = (.windows(machine), [])
    } else {
      let machine = try SSHHost(arguments.target, arguments.ssh, questions)
      (host, hostWarnings) = (.host(machine), machine.warnings)
    }
  }

  /// Bakes, and ends the process with the exit code that says how it went; with `earlier`, goes on
  /// with that run.
  func bake(_ asking: AskingArguments, resuming earlier: Resumption? = nil) async throws {
    try asking.check()
    let document = try await document()
    let chosen = try arguments.choice.places(in: document.reading)
    if chosen.count > 1 { try await bakeSeveral(document, chosen, asking) }
    let target = BakingTarget(document, document.reading.templates[chosen[0]])
    let result = try await run(target, resuming: earlier) { _, workbench in asking.guide(workbench)
    }
    throw ExitCode(result.exitCode)
  }

  /// Runs a build as a guide says, which is made when all that it needs is there; with `earlier`, it
  /// goes on with that run.
  func run(
    _ target: BakingTarget, resuming earlier: Resumption? = nil,
    guidedBy guide: (Plan, Workbench) throws -> any StepGuide
  ) async throws -> RunResult {
    let (plan, site) = try await plan(target, manner)
    for note in earlier?.notes(on: plan, site) ?? [] { StandardError.write("note: \(note)") }
    try await earlier?.tidy(before: plan, arguments.ssh, arguments.winRM, arguments.azure.cloud)
    let directory = try record(plan, site)
    let terminal = Terminal(manner, log: directory.logPath)
    let workbench = Workbench(
      machine: site.machine, doorway: site.doorway(of: directory), directory: directory,
      terminal: terminal, redact: { [redactor] in redactor.redact($0) }
    ) {
      let again = try await target.found(in: document())
      return try await layOut(again, site, manner)
    }
    let run = try BakingRun(directory, plan, site, terminal, redactor, resuming: earlier)
    let result = try await run.bake(signals) { try guide(plan, workbench) }
    if arguments.json { try StandardOutput.write(json: directory.record()) }
    return result
  }

  /// Prints what a build would do.
  func showPlan() async throws {
    let document = try await document()
    let chosen = try arguments.choice.places(in: document.reading)
    var views: [PlanView] = []
    for place in document.reading.waves.flatMap(\.self) where chosen.contains(place) {
      let target = BakingTarget(document, document.reading.templates[place])
      let (plan, site) = try await plan(target, manner)
      views.append(
        PlanView(
          plan, on: site, document.reading.diagnostics, states: try await site.states(of: plan)))
    }
    if !arguments.json {
      try StandardOutput.write(lines: views.flatMap(\.lines).map(redactor.redact))
    } else if views.count == 1 {
      try StandardOutput.write(json: views[0], through: redactor)
    } else {
      try StandardOutput.write(json: views, through: redactor)
    }
  }

  func plan(
    _ target: BakingTarget, _ manner: ConsoleManner
  ) async throws -> (Plan, BakingSite) {
    let site = try await site(target.template)
    do {
      return try await signals.cancelling { (try await layOut(target, site, manner), site) }
    } catch let error as CancellationError {
      throw CommandFault(
        "the build was stopped by request before it began",
        exit: RunEnding.exit(for: error, signals.stop))
    }
  }

  /// The record of a run that begins now.
  func record(_ plan: Plan, _ site: BakingSite) throws -> RunDirectory {
    try RunArchive.ofUser().create(at: .now()) { run throws(RecordError) in
      RunRecord(
        run: run, template: plan.template, templateSHA256: plan.templateDigest.hex, on: site.name,
        process: try .current(), steps: plan.outlines.map { $0.redacted(by: redactor) },
        start: .now(), invocation: invocation?.redacted(by: redactor))
    }
  }

  /// The document as its file now is; what is wrong with it is told.
  func document() async throws -> DeploymentDocument {
    for warning in hostWarnings { StandardError.write("warning: \(warning)") }
    let document = try await arguments.deployment.read(arguments.template, for: .build)
    for secret in document.reading.secrets {
      if redactor.add(Pipeline.Secret(secret)) == .tooShort {
        StandardError.write("warning: a secret of less than four bytes can't be kept out of logs")
      }
    }
    for diagnostic in document.reading.diagnostics {
      StandardError.write(redactor.redact(diagnostic.rendered(in: document.reading.file)))
    }
    guard !document.reading.templates.isEmpty else {
      throw CommandFault(
        "could not use the template `\(arguments.template)`: see above", exit: .usage)
    }
    return document
  }

  private func layOut(
    _ target: BakingTarget, _ site: BakingSite, _ manner: ConsoleManner
  ) async throws -> Plan {
    let terminal = Terminal(manner, log: "")
    defer { terminal.close() }
    let events = Broadcast(to: [terminal], through: redactor)
    var planner = Planner(
      scripts: NotedScripts(scripts: try scripts(of: target.template), paths: files),
      scriptUser: arguments.scriptUser, product: product(site),
      selection: arguments.steps.selection, report: { events.receive($0) })
    planner.system = site.system
    planner.powerShell = arguments.strictPowerShell ? .strict : .compatible
    do {
      return try await planner.plan(target.template, from: target.bytes, named: arguments.template)
    } catch let problems as PlanProblems {
      terminal.close()
      StandardError.write(redactor.redact(problems.description))
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

  private func scripts(of template: ImageTemplate) throws -> Scripts {
    let subscription = SubscriptionArgument.chosen(arguments.deployment.subscription)
    let cloud = arguments.azure.cloud
    let identity = Scripts.Identity(cache: try downloads(trust: cloud.trust)) { [access] uri in
      try await access.open(cloud, for: subscription ?? "").blobFields(for: uri)
    }
    return Scripts(
      relativeTo: TemplateFile.directory(of: arguments.template), cache: try downloads(),
      identity: template.identities.isEmpty ? nil : identity)
  }

  private func downloads(trust: HTTPClient.Trust = .system) throws -> DownloadCache {
    DownloadCache(
      root: FilePath(Places.downloads), client: HTTPClient(trust: trust), mirrors: try mirrors(),
      retry: Retry(Self.patience))
  }

  private func site(_ template: ImageTemplate) async throws -> BakingSite {
    if let host { return try await settled(host, template) }
    let site =
      arguments.target == AzureSite.name ? try await azure(template) : try await local(template)
    for note in site.notes where !arguments.quiet { StandardError.write("note: \(note)") }
    return purpose == .trial ? .trial(site) : .vm(site)
  }

  /// A machine that is reached over SSH runs what it runs: it is asked where the template leaves that
  /// open, and a Linux machine that is given Shell steps is not.
  func settled(
    _ host: BakingSite, _ template: ImageTemplate
  ) async throws -> BakingSite {
    guard case .host(let machine) = host, !template.hasShellStep else { return host }
    let system = try await signals.cancelling { try await machine.system() }
    return system == .windows ? .windows(machine.asWindows) : host
  }

  private func azure(_ template: ImageTemplate) async throws -> any VMSite {
    try await signals.cancelling {
      try await AzureSite(
        template, named: arguments.template, arguments, timeout: arguments.ssh.timeout(), access
      ) { [redactor] in redactor.add($0) }
    }
  }

  private func local(_ template: ImageTemplate) async throws -> any VMSite {
    let terminal = Terminal(manner, log: "")
    defer { terminal.close() }
    let search = ChosenSource.Search(
      disk: arguments.local.sourceDisk, catalog: try arguments.local.sources.catalog(),
      fetch: SourceFetch(
        root: FilePath(Places.sourceDisks), client: HTTPClient(), mirrors: try mirrors(),
        retry: Retry(Self.patience)),
      store: try ImageStore(environment: ProcessInfo.processInfo.environment)
    ) { terminal.receive(.fetching(uri: $0, received: $1, of: $2)) }
    let windows = arguments.local.windowsUser.map { user in
      WinRMHost.access(to: user, arguments, questions)
    }
    return try await signals.cancelling {
      try await LocalSite(
        template, named: arguments.template, arguments.local, timeout: arguments.ssh.timeout(),
        windows, search)
    }
  }

  private func product(_ site: BakingSite) -> Planner.Product {
    switch (purpose, site) {
    case (.trial, _), (_, .trial):
      .machine(.skipped("one step is debugged: nothing is generalized, validated or distributed"))
    case (.build, .host), (.build, .windows): .machine(generalization(site.system))
    case (.build, .vm): .image
    }
  }

  private func generalization(_ system: GuestSystem) -> Plan.Generalization {
    guard !arguments.deprovision else { return .deprovision }
    let why =
      system == .windows ? "Sysprep makes it forget who it is" : "that deletes users and host keys"
    return .skipped("your own host is not deprovisioned, since \(why); --deprovision does it")
  }

  var manner: ConsoleManner {
    .fitting(
      ConsoleManner.Device(STDERR_FILENO), ProcessInfo.processInfo.environment,
      arguments.quiet ? .quiet : .normal)
  }
}

extension ImageTemplate {
  /// Whether one of its customizers is for POSIX shells.
  fileprivate var hasShellStep: Bool {
    customizers.contains { if case .shell = $0.action { true } else { false } }
  }
}
