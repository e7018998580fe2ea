import Azure
import Foundation
import Images
import Pipeline
import Template

/// A VM in Azure and the outputs of the template there: what stands between a template and its
/// build, settled before it begins.
struct AzureSite: VMSite {
  /// What the site is called on the command line.
  static let name = "azure"

  let timeout: Duration
  let image: ImagePlan
  let notes: [String]
  private let setup: AzureProvider.Setup
  private let survey: BuildSurvey
  private let tags: [String: String]
  private let artifactTags: [Int: [String: String]]

  /// How long after the build's deadline anybody may remove what it left.
  private static let grace = Duration.seconds(3600)

  var name: String { Self.name }
  var system: GuestSystem { survey.shape.system }

  /// Asks Azure for all that `template` names.
  /// - Throws: ``CommandFault`` and the errors of the rooms below, each with its hint.
  init(
    _ template: ImageTemplate, named file: String, _ arguments: BakingArguments,
    timeout: Duration, _ shared: SharedAccess, learn: @escaping @Sendable (Secret) -> Void
  ) async throws {
    self.timeout = timeout
    let azure = arguments.azure
    let subscription = try Self.subscription(of: template, arguments.deployment.subscription)
    let access = try await shared.open(azure.cloud, for: subscription)
    let started = Date()
    let survey = try await BuildSurvey.of(
      template,
      BuildSurvey.Wishes(
        subscription: subscription, priority: azure.spot ? .spot : .regular,
        terms: azure.acceptTerms ? .accepted : .refused
      ) { image, taken, source in
        let next = NextVersion(
          taken: Set(taken.compactMap { ImageVersion($0) }), source: source, started: started,
          operation: "find a version for `\(image.imageID)`")
        return try next.number(by: image.versioning).description
      }, access.arm)
    self.survey = survey
    let network: StagingPlan.Network =
      switch template.vmProfile.network {
      case .subnet(let id, _): .subnet(id)
      case .made:
        .made(
          from: try await access.ownRange(azure.myAddress),
          port: survey.shape.system.servicePort)
      }
    setup = AzureProvider.Setup(
      access: access, subscription: subscription, group: survey.group,
      location: template.location, network: network, shape: survey.shape,
      generation: survey.source.generation, sshTimeout: timeout, learn: learn)
    tags = template.managedResourceTags
    artifactTags = Dictionary(
      template.distributors.map { ($0.index, $0.artifactTags) },
      uniquingKeysWith: { first, _ in first })
    notes = survey.notes
    image = ImagePlan(
      template, source: survey.source.description,
      machine: "\(survey.shape.size) in \(template.location)",
      outputs: template.distributors.map { $0.planned(survey.targets[$0.index], in: file) },
      keeping: arguments.local.keep ? .always : .asTheTemplateSays)
  }

  func provider(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink
  ) throws -> any VMProvider {
    AzureProvider(
      setup, run: directory, journal: journal, tags: tags(for: directory, plan, tags),
      events: events)
  }

  /// A machine that an earlier run kept is not gone on with: steps begin anew.
  func site(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink,
    goingOnWith earlier: Resumption?
  ) throws -> Build.Site {
    let provider = AzureProvider(
      setup, run: directory, journal: journal, tags: tags(for: directory, plan, tags),
      events: events)
    let making = OutputMaking(
      staging: provider.staging, blobs: setup.access.blobs, names: provider.names,
      location: setup.location)
    let outputs = survey.targets.map { index, target in
      (index, OutputPlan(target, tags: tags(for: directory, plan, artifactTags[index] ?? [:])))
    }
    let distributor = AzureDistributor(
      making, Dictionary(outputs, uniquingKeysWith: { first, _ in first }))
    return .vm(provider, distributor, image)
  }

  func states(of plan: Plan) -> [Int: PlannedState] { [:] }

  private func tags(
    for directory: RunDirectory, _ plan: Plan, _ own: [String: String]
  ) -> BuildTags {
    let life = plan.buildTimeout + Self.grace
    let now = Timestamp.now()
    return BuildTags(
      run: directory.run,
      expires: Timestamp(
        seconds: now.seconds + Int(life.components.seconds), nanoseconds: 0), own: own)
  }

  /// The subscription of the build: what the user says, else that of an id in the template.
  private static func subscription(
    of template: ImageTemplate, _ given: String?
  ) throws -> String {
    if let chosen = SubscriptionArgument.chosen(given) { return chosen }
    let ids = [template.stagingResourceGroup] + template.distributors.map(\.resource)
    if let found = ids.compactMap({ $0?["subscriptions"] }).first { return found }
    throw CommandFault(
      "could not tell in which subscription to build: the template names none",
      hint: "give it with --subscription, or set AZURE_SUBSCRIPTION_ID", exit: .usage)
  }
}

extension Distributor {
  /// The resource that it makes, or that holds it.
  fileprivate var resource: ResourceID? {
    switch target {
    case .managedImage(let id, _): id
    case .sharedImage(let image): image.imageID
    case .vhd: nil
    }
  }

  /// The output as a plan shows it.
  fileprivate func planned(_ planned: OutputPlan.Target?, in file: String) -> PlannedOutput {
    let artifact: String =
      switch planned {
      case .managedImage(let id, _, _), .version(let id, _, _): id.text
      case .vhd(let address): address.url
      case .vhdOfOurs, nil: "a VHD in a storage account of the staging resource group"
      }
    return PlannedOutput(
      name: runOutputName.text, type: target.type, artifact: artifact, index: index,
      position: "\(file):\(position.line):\(position.column)")
  }
}
