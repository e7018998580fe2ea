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

  /// How many scripts and files are fetched at a time.
  private static let fetchesAtOnce = 4

  /// Where scripts and files come from.
  public var scripts: any ScriptSource
  /// Who runs the scripts of Shell customizers.
  public var scriptUser: ScriptUser
  /// Whether the machine is generalized at the end.
  public var generalization: Plan.Generalization
  /// Told of what is being fetched.
  public var report: @Sendable (BuildEvent) -> Void

  /// Puts a planner together.
  public init(
    scripts: any ScriptSource, scriptUser: ScriptUser, generalization: Plan.Generalization,
    report: @escaping @Sendable (BuildEvent) -> Void
  ) {
    self.scripts = scripts
    self.scriptUser = scriptUser
    self.generalization = generalization
    self.report = report
  }

  /// Fetches and verifies all that `template` needs, and lays out its steps.
  ///
  /// Everything is fetched once, before anything is touched; what can't be is told all at once.
  /// - Throws: ``PlanProblems``; `CancellationError`.
  public func plan(
    _ template: ImageTemplate, from bytes: [UInt8], named file: String
  ) async throws -> Plan {
    let unsupported = template.customizers.compactMap(Self.unsupported)
    guard unsupported.isEmpty else { throw PlanProblems(.template, in: file, unsupported) }
    let fetched = try await fetchAll(template.customizers, file)
    var steps: [Step] = []
    for customizer in template.customizers {
      steps.append(try step(customizer, fetched, file))
    }
    if case .deprovision = generalization {
      steps.append(try DeprovisionStep.make(steps.count + 1))
    }
    return Plan(
      template: file, templateDigest: try SHA256Digest(of: bytes), steps: steps,
      buildTimeout: template.buildTimeout.duration, generalization: generalization,
      notes: notes(template, steps))
  }

  private static func unsupported(_ customizer: Customizer) -> Diagnostic? {
    switch customizer.action {
    case .shell, .file: return nil
    case .powerShell, .windowsRestart, .windowsUpdate:
      return Diagnostic(
        .error, "a \(customizer.action.type) customizer can't run on a machine reached over SSH",
        at: customizer.position, path: "properties.customize[\(customizer.index)]",
        hint: "only Shell and File customizers can be baked over SSH so far")
    }
  }

  private func step(
    _ customizer: Customizer, _ fetched: [Fetch: FetchedFile], _ file: String
  ) throws -> Step {
    let number = customizer.index + 1
    let type = customizer.action.type
    let outline = StepOutline(
      number: number, name: customizer.name.isEmpty ? type : customizer.name, type: type,
      summary: customizer.action.summary,
      position: "\(file):\(customizer.position.line):\(customizer.position.column)")
    switch (customizer.action, Fetch(customizer.action).flatMap { fetched[$0] }) {
    case (.shell(let script), let content):
      return Step(
        outline: outline,
        work: .script(try ShellStep.job(number, script, content, scriptUser)))
    case (.file(let transfer), let content?):
      return Step(outline: outline, work: .file(FileStep.file(number, transfer, content)))
    case (.file, nil), (.powerShell, _), (.windowsRestart, _), (.windowsUpdate, _):
      throw PlanProblems(.template, in: file, [Self.unsupported(customizer)].compactMap(\.self))
    }
  }

  private func notes(_ template: ImageTemplate, _ steps: [Step]) -> [String] {
    var notes: [String] = []
    let root = steps.filter { $0.job?.user == .root && $0.outline.type == "Shell" }
    if !root.isEmpty {
      let numbers = root.map { "\($0.outline.number)" }.joined(separator: ", ")
      notes.append(
        "fetched scripts run as root, as in AIB (step \(numbers)); --script-user changes that")
    }
    if case .skipped(let reason) = generalization { notes.append(reason) }
    if !template.distributors.isEmpty {
      notes.append("no image is made of your own host: the distributors are left out")
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
          .error, "\(error)", at: customizer.contentPosition,
          path: "properties.customize[\(customizer.index)]", hint: (error as? any Hinting)?.hint))
    }
    guard problems.isEmpty else { throw PlanProblems(.fetch, in: file, problems) }
  }
}

/// Something that a customizer needs fetched.
private struct Fetch: Hashable, Sendable {
  let uri: String
  let sha256: SHA256Digest?

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

extension Customizer.Action {
  /// What it does, in a few words.
  fileprivate var summary: String {
    switch self {
    case .shell(.inline(let lines)), .powerShell(.inline(let lines), _):
      lines.count == 1 ? lines[0] : "\(lines.count) inline lines"
    case .shell(.uri(let uri, _)), .powerShell(.uri(let uri, _), _): SafeURI.text(uri)
    case .file(let transfer): "\(SafeURI.text(transfer.sourceURI)) to \(transfer.destination)"
    case .windowsRestart, .windowsUpdate: type
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
