import Digests
public import Template

/// Turns a template into a plan.
public struct Planner: Sendable {
  /// Who runs the scripts of Shell customizers.
  public enum ScriptUser: String, Sendable, CaseIterable {
    /// Inline scripts run as the login user and fetched ones as root, as in AIB (`aib.md` c.2).
    case aib
    /// All run as the login user.
    case login
    /// All run as root.
    case root
  }

  /// What becomes of the machine that is baked.
  public enum Product: Sendable {
    /// It stays, generalized or not.
    case machine(Plan.Generalization)
    /// An image is made of it.
    case image
  }

  /// How many scripts and files are fetched at a time.
  private static let fetchesAtOnce = 4

  /// How large a file of a File customizer may be, in bytes, by the service's advice (`aib.md` c.6).
  private static let largestAdvised = 20_000_000

  /// Where scripts and files come from.
  public var scripts: any ScriptSource
  /// Who runs the scripts of Shell customizers.
  public var scriptUser: ScriptUser
  /// Which errors of PowerShell scripts fail their step.
  public var powerShell = PowerShellStrictness.compatible
  /// What kind of system the machine runs.
  public var system = GuestSystem.posix
  /// What becomes of the machine.
  public var product: Product
  /// Which customizers run.
  public var selection: StepSelection
  /// Told of what is being fetched.
  public var report: @Sendable (BuildEvent) -> Void

  /// Puts a planner together.
  public init(
    scripts: any ScriptSource, scriptUser: ScriptUser, product: Product,
    selection: StepSelection = .all, report: @escaping @Sendable (BuildEvent) -> Void
  ) {
    self.scripts = scripts
    self.scriptUser = scriptUser
    self.product = product
    self.selection = selection
    self.report = report
  }

  /// Fetches and verifies all that `template` needs, and lays out its steps.
  ///
  /// Everything is fetched once, before anything is touched; what can't be is told all at once.
  /// What is left out is not fetched.
  /// - Throws: ``SelectionError``; ``PlanProblems``; `CancellationError`.
  public func plan(
    _ template: ImageTemplate, from bytes: [UInt8], named file: String
  ) async throws -> Plan {
    let validators = product.makesImage ? template.validation.validators : []
    let builds = !product.makesImage || template.validation.subject == .builtImage
    let all = builds ? template.customizers : []
    let skipped = try selection.skipped(
      of: all.map { StepName(number: $0.number, name: $0.title) })
    let customizers = all.filter { !skipped.contains($0.number) }
    let unsupported = (customizers + validators).compactMap(unsupported)
    guard unsupported.isEmpty else { throw PlanProblems(.template, in: file, unsupported) }
    let fetched = try await fetchAll(customizers + validators, file)
    var steps = try customizers.map { try step($0, number: $0.number, fetched, file) }
    let last = builds ? try generalizing(all.count + 1) : []
    steps += last
    let proofs = try validators.map {
      try step($0, number: all.count + last.count + $0.number, fetched, file)
    }
    return Plan(
      template: file, templateDigest: try SHA256Digest(of: bytes), steps: steps,
      skipped: all.filter { skipped.contains($0.number) }.map { outline($0, $0.number, file) },
      validators: proofs, system: system, buildTimeout: template.buildTimeout.duration,
      generalization: product.generalization, notes: notes(template, steps, skipped))
  }

  private func generalizing(_ number: Int) throws -> [Step] {
    let step = DeprovisionStep(on: system)
    switch product {
    case .machine(.deprovision): return [try step.make(number, in: .host)]
    case .machine(.skipped): return []
    case .image: return [try step.make(number, in: .vm)]
    }
  }

  private func unsupported(_ customizer: Customizer) -> Diagnostic? {
    switch (customizer.action, system) {
    case (.file, _), (.powerShell, _), (.shell, .posix): return nil
    case (.windowsRestart, .windows), (.windowsUpdate, .windows): return nil
    case (.shell, .windows), (.windowsRestart, .posix), (.windowsUpdate, .posix):
      let isShell = system == .windows
      return Diagnostic(
        .error, .unsupportedStep,
        "a \(customizer.action.type) customizer can't run on \(isShell ? "Windows" : "Linux")",
        at: customizer.position, path: "properties.customize[\(customizer.index)]",
        hint: isShell
          ? "use a PowerShell customizer, or a Linux machine by --on ssh://…"
          : "bake on a Windows machine, by --on winrm://… or ssh://…")
    }
  }

  private func step(
    _ customizer: Customizer, number: Int, _ fetched: [Fetch: FetchedFile], _ file: String
  ) throws -> Step {
    let outline = outline(customizer, number, file)
    switch (customizer.action, Fetch(customizer.action).flatMap { fetched[$0] }) {
    case (.shell(let script), let content):
      return Step(outline, .script(try ShellStep.job(number, script, content, scriptUser)))
    case (.powerShell(let script, let options), let content):
      return Step(
        outline,
        .powerShell(
          try PowerShellStep.work(number, script, content, options, powerShell, on: system)))
    case (.windowsRestart(let options), _):
      return Step(outline, .windowsRestart(try RestartWork(number, options)))
    case (.windowsUpdate(let options), _):
      return Step(outline, .windowsUpdate(try WindowsUpdateStep.job(number, options)))
    case (.file(let transfer), let content?):
      return Step(outline, .file(FileStep.file(number, transfer, content)))
    case (.file, nil):
      throw PlanProblems(.template, in: file, [unsupported(customizer)].compactMap(\.self))
    }
  }

  private func outline(_ customizer: Customizer, _ number: Int, _ file: String) -> StepOutline {
    StepOutline(
      number: number, name: customizer.title, type: customizer.action.type,
      summary: customizer.action.summary,
      position: "\(file):\(customizer.position.line):\(customizer.position.column)",
      address: Fetch(customizer.action).map { SafeURI.text($0.uri) })
  }

  private func notes(_ template: ImageTemplate, _ steps: [Step], _ skipped: Set<Int>) -> [String] {
    var notes: [String] = []
    if !skipped.isEmpty {
      let numbers = skipped.sorted().map { "\($0)" }.joined(separator: ", ")
      notes.append("left out: step \(numbers); what the build makes says so of itself")
    }
    let root = steps.filter { $0.job?.user == .root && $0.outline.type == "Shell" }
    if !root.isEmpty {
      let numbers = root.map { "\($0.outline.number)" }.joined(separator: ", ")
      notes.append(
        "fetched scripts run as root, as in AIB (step \(numbers)); --script-user changes that")
    }
    notes += steps.filter { $0.outline.type == "File" && $0.size > Self.largestAdvised }.map {
      step in
      "step \(step.outline.number) sends \(step.size >> 20) MiB: the service sends files slowly, and "
        + "advises to have a script download what is over 20 MB"
    }
    switch product {
    case .machine(let generalization):
      if case .skipped(let reason) = generalization { notes.append(reason) }
      if !template.distributors.isEmpty {
        notes.append("no image is made of your own host: the distributors are left out")
      }
    case .image:
      if template.validation.subject == .sourceImage {
        notes.append("sourceValidationOnly: the source is validated, and no image is made")
      }
      if template.optimization.vmBoot == .enabled {
        notes.append(
          "optimize.vmBoot has no effect here: Azure arranges the disk for its own storage")
      }
    }
    return notes
  }

  private func fetchAll(
    _ customizers: [Customizer], _ file: String
  ) async throws -> [Fetch: FetchedFile] {
    var wanted: [Fetch] = []
    for fetch in customizers.compactMap({ Fetch($0.action) }) where !wanted.contains(fetch) {
      wanted.append(fetch)
    }
    var results: [Fetch: Result<FetchedFile, any Error>] = [:]
    try await withThrowingTaskGroup(of: (Fetch, Result<FetchedFile, any Error>).self) { group in
      var waiting = wanted.makeIterator()
      func startNext() {
        guard let fetch = waiting.next() else { return }
        // Here and not by who fetches, so that it is told in the order of the template.
        if fetch.isDownloaded {
          report(.fetching(uri: SafeURI.text(fetch.uri), received: 0, of: nil))
        }
        group.addTask { (fetch, try await self.fetch(fetch)) }
      }
      for _ in 0..<Self.fetchesAtOnce { startNext() }
      while let (fetch, result) = try await group.next() {
        results[fetch] = result
        startNext()
      }
    }
    try reject(customizers, results, file)
    return try results.mapValues { try $0.get() }
  }

  private func fetch(_ fetch: Fetch) async throws -> Result<FetchedFile, any Error> {
    do {
      return .success(
        try await scripts.fetch(fetch.uri, sha256: fetch.sha256) { received, total in
          report(.fetching(uri: SafeURI.text(fetch.uri), received: received, of: total))
        })
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      return .failure(error)
    }
  }

  private func reject(
    _ customizers: [Customizer], _ results: [Fetch: Result<FetchedFile, any Error>], _ file: String
  ) throws(PlanProblems) {
    var problems: [Diagnostic] = []
    for customizer in customizers {
      guard let fetch = Fetch(customizer.action), case .failure(let error) = results[fetch] else {
        continue
      }
      problems.append(
        Diagnostic(
          .error, .notFetched, "\(error)", at: customizer.contentPosition,
          path: "properties.customize[\(customizer.index)]", hint: (error as? any Hinting)?.hint))
    }
    guard problems.isEmpty else { throw PlanProblems(.fetch, in: file, problems) }
  }
}

/// Something that a customizer needs fetched.
private struct Fetch: Hashable, Sendable {
  let uri: String
  let sha256: SHA256Digest?

  /// Whether it comes over the network, which may take its time.
  var isDownloaded: Bool {
    let start = uri.prefix(8).lowercased()
    return start.hasPrefix("https://") || start.hasPrefix("http://")
  }

  init?(_ action: Customizer.Action) {
    switch action {
    case .shell(.uri(let uri, let sha256)), .powerShell(.uri(let uri, let sha256), _):
      self.uri = uri
      self.sha256 = sha256
    case .file(let transfer):
      uri = transfer.sourceURI
      sha256 = transfer.sha256
    default: return nil
    }
  }
}

extension Customizer {
  /// Its place among the template's customizers, from 1.
  fileprivate var number: Int { index + 1 }

  /// Its name, or its type where it has none.
  fileprivate var title: String { name.isEmpty ? action.type : name }
}

extension Customizer.Action {
  /// What it does, in a few words.
  fileprivate var summary: String {
    switch self {
    case .shell(.inline(let lines)), .powerShell(.inline(let lines), _):
      lines.count == 1 ? lines[0] : "\(lines.count) inline lines"
    case .shell(.uri(let uri, _)), .powerShell(.uri(let uri, _), _): SafeURI.text(uri)
    case .file(let transfer): "\(SafeURI.text(transfer.sourceURI)) to \(transfer.destination)"
    case .windowsRestart(let options): options.command
    case .windowsUpdate(let options): options.searchCriteria
    }
  }
}

/// A URI as it may be shown: what follows a `?` can be a SAS token.
enum SafeURI {
  static func text(_ uri: String) -> String {
    guard let query = uri.firstIndex(of: "?") else { return uri }
    return uri[..<query] + "?…"
  }
}

extension Planner.Product {
  fileprivate var makesImage: Bool {
    if case .image = self { true } else { false }
  }

  fileprivate var generalization: Plan.Generalization {
    if case .machine(let generalization) = self { generalization } else { .deprovision }
  }
}
