public import Template

/// What Azure says of all that a template names, asked before anything is made.
public struct BuildSurvey: Sendable {
  /// Gives a new version its number: the image, the numbers that are taken, and that of the source.
  public typealias Numbering =
    @Sendable (SharedImage, [String], String?) throws -> String

  /// What becomes of terms of the Marketplace that nobody has accepted yet.
  public enum Terms: Sendable, Hashable {
    /// They are an error.
    case refused
    /// They are accepted, for the subscription and for good.
    case accepted
  }

  /// What the user wants beyond the template.
  public struct Wishes: Sendable {
    /// The subscription's id.
    public var subscription: String
    /// How machines are paid for.
    public var priority: MachineSpec.Priority
    /// What becomes of terms.
    public var terms: Terms
    /// How new versions get their numbers.
    public var number: Numbering

    /// Puts wishes together.
    public init(
      subscription: String, priority: MachineSpec.Priority, terms: Terms,
      number: @escaping Numbering
    ) {
      self.subscription = subscription
      self.priority = priority
      self.terms = terms
      self.number = number
    }
  }

  /// What the build VM is.
  public let shape: MachineShape
  /// What its source is.
  public let source: SourceFacts
  /// Where the build's own resources are.
  public let group: StagingGroup
  /// What the distributors make, by their place in the template.
  public let targets: [Int: OutputPlan.Target]
  /// What the user should know before the build, a sentence each.
  public let notes: [String]

  /// Asks Azure for everything at the same time.
  /// - Throws: ``SurveyProblems`` with all that is wrong; ``CredentialError``; `CancellationError`.
  public static func of(
    _ template: ImageTemplate, _ wishes: Wishes, _ arm: ARMClient
  ) async throws -> BuildSurvey {
    let source = try await SourceFacts.of(
      template.source, in: template.location, wishes.subscription, arm)
    let making = TargetFacts.Making(
      location: template.location, source: source, number: wishes.number)
    var problems = Problems()
    var targets: [Int: TargetFacts] = [:]
    async let group = Result.of { try await Self.group(template, arm) }
    async let network = Result.of { try await checkNetwork(template.vmProfile.network, arm) }
    async let terms = Result.of { try await checkTerms(source, wishes, arm) }
    let answers = try await withThrowingTaskGroup(of: (Int, Result<TargetFacts, any Error>).self) {
      tasks in
      for distributor in template.distributors {
        tasks.addTask {
          (distributor.index, await .of { try await TargetFacts.of(distributor, making, arm) })
        }
      }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    for (index, answer) in answers.sorted(by: { $0.0 < $1.0 }) {
      targets[index] = try problems.keep(answer)
    }
    let settled = try problems.keep(await group)
    _ = try problems.keep(await network)
    let termsNote = try problems.keep(await terms)
    let protected =
      source.protection == .trustedLaunch
      || targets.values.contains { $0.protection == .trustedLaunch }
    if protected, template.validation.subject == .builtImage,
      !template.validation.validators.isEmpty
    {
      problems.add(
        AzureError(
          "validate the image",
          "its machine must have Trusted Launch, of which Azure makes no "
            + "managed image to start the validation VM from",
          hint: "leave out `validate`, or start from a source that needs no Trusted Launch"))
    }
    let asked = MachineShape(
      size: template.vmProfile.vmSize, origin: source.origin,
      diskSize: template.vmProfile.osDiskSize, identities: template.vmProfile.identities,
      security: protected ? .trustedLaunch : .standard, priority: wishes.priority,
      system: source.system)
    let size = try problems.keep(
      await .of { try await Self.size(asked, source, template, wishes, arm) })
    try problems.check()
    var shape = asked
    shape.size = size?.name ?? asked.size
    return BuildSurvey(
      shape: shape, source: source, group: settled ?? .own,
      targets: targets.mapValues(\.target),
      notes: [size?.note, termsNote.flatMap { $0 }].compactMap { $0 })
  }

  private static func size(
    _ shape: MachineShape, _ source: SourceFacts, _ template: ImageTemplate, _ wishes: Wishes,
    _ arm: ARMClient
  ) async throws -> SizeChoice {
    let location = template.location.regionKey
    let sizes = try await arm.sizes(in: location, of: wishes.subscription)
    return try SizeChoice.choose(
      shape.size, from: sizes,
      for: SizeChoice.Need(
        location: location, generation: source.generation, security: shape.security,
        priority: shape.priority))
  }

  private static func group(
    _ template: ImageTemplate, _ arm: ARMClient
  ) async throws -> StagingGroup {
    guard let id = template.stagingResourceGroup else { return .own }
    guard try await arm.exists(id) else {
      throw AzureError(
        "use the stagingResourceGroup \(id)", "there is none of that name",
        hint: "make it first: `az group create`; or leave it out, and the build makes its own")
    }
    return .given(id)
  }

  private static func checkNetwork(
    _ network: VMProfile.Network, _ arm: ARMClient
  ) async throws {
    guard case .subnet(let id, _) = network else { return }
    try await arm.perform(.get(id))
  }

  /// - Returns: what was accepted, as a sentence.
  private static func checkTerms(
    _ source: SourceFacts, _ wishes: Wishes, _ arm: ARMClient
  ) async throws -> String? {
    guard case .platform(let image) = source.origin, let plan = image.plan else { return nil }
    let path =
      "/subscriptions/\(wishes.subscription)/providers/Microsoft.MarketplaceOrdering"
      + "/offerTypes/virtualmachine/publishers/\(plan.publisher)/offers/\(plan.product)"
      + "/plans/\(plan.name)/agreements/current"
    var properties = try await arm.perform(ARMRequest(.get, path))["properties"] ?? .null
    guard properties["accepted"]?.bool != true else { return nil }
    guard wishes.terms == .accepted else {
      let link = properties["licenseTextLink"]?.text.map { " (\($0))" } ?? ""
      throw AzureError(
        "start from \(source.description)",
        "the subscription has not accepted the terms of its plan \(plan.name)\(link)",
        hint: "read them, and accept them with --accept-terms or `az vm image terms accept`")
    }
    properties["accepted"] = true
    try await arm.perform(ARMRequest(.put, path, body: ["properties": properties]))
    return
      "the terms of the plan \(plan.name) of \(plan.publisher) were accepted for the subscription"
  }
}

extension Result where Failure == any Error, Success: Sendable {
  /// What `body` returns or throws.
  fileprivate static func of(
    _ body: @Sendable () async throws -> Success
  ) async -> Result {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
