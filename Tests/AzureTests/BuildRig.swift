import Digests
import FoundationEssentials
import HTTP
@testable import Pipeline
import SystemPackage
@testable import Template
import TestSupport
import Testing

@testable import Azure

/// A stand-in for Azure, somebody who is signed in there, and a run.
struct BuildRig: Sendable {
  let server: PythonServer
  let access: AzureAccess
  let clock: SkippingClock
  let archive: String
  let run: RunDirectory
  let journal: Journal

  static let subscription = "00000000-0000-4000-8000-000000000000"
  /// What an application signs in with.
  static let secret = "app~SECRET.with/every+sign="
  static let environment = [
    "AZURE_TENANT_ID": "11111111-0000-4000-8000-000000000000", "AZURE_CLIENT_ID": "app",
    "AZURE_CLIENT_SECRET": secret, "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
  ]
  /// The resource group that outputs go to.
  static let target = "/subscriptions/\(subscription)/resourceGroups/images"

  /// What the stand-in tells of itself.
  struct State: Decodable {
    let resources: [String]
    let blobs: [String]
    /// Those that anybody may remove, some day.
    let tagged: [String]
    let shared: [String]
    let calls: [String]
    let findings: [String]
    let checked: Bool
    let tokens: Int
    let machines: [String]
  }

  /// Runs `body` beside a stand-in; where the specifications are, it checks all by them.
  static func with(
    _ options: [String] = [], trace: FilePath? = nil, pace: Pace? = nil,
    _ body: @Sendable (BuildRig) async throws -> Void
  ) async throws {
    let tools = Shared.data.map { ["--tools", "\($0)/../tools"] } ?? []
    try await ScratchDirectory.with { state in
      try await PythonServer.with("standin.py", options + tools) { server in
        let clock = SkippingClock()
        let access = try await AzureAccess.open(
          AzureAccess.Setup(
            cloud: .at(resourceManager: server.url), environment: environment,
            trust: server.trust, trace: try trace.map { try Trace($0) },
            pace: pace ?? Pace(clock: clock, random: { 0.5 })))
        let archive = state + "/runs"
        let run = try RunArchive(path: archive).create(at: .now())
        let rig = BuildRig(
          server: server, access: access, clock: clock, archive: archive, run: run,
          journal: try Journal(of: run))
        try await body(rig)
      }
    }
  }

  var staging: Staging { Staging(access.arm, journal: journal) }

  func state() async throws -> State {
    try JSONDecoder().decode(State.self, from: Data(try await server.text("/_state").utf8))
  }

  /// Makes a request fail, as `faults.py` says.
  func fault(_ fault: JSON) async throws {
    _ = try await HTTPClient(trust: server.trust).send(
      HTTPRequest(.post, server.url + "/_fault", body: fault.bytes))
  }

  /// Empties the stand-in, and begins another run.
  func again() async throws -> BuildRig {
    _ = try await HTTPClient(trust: server.trust).send(HTTPRequest(.post, server.url + "/_reset"))
    return try another()
  }

  /// Begins another run beside this one.
  func another() throws -> BuildRig {
    let run = try RunArchive(path: archive).create(at: .now())
    return BuildRig(
      server: server, access: access, clock: clock, archive: archive, run: run,
      journal: try Journal(of: run))
  }

  func names(_ group: StagingGroup = .own) -> BuildNames {
    BuildNames(subscription: Self.subscription, group: group, run: run.run)
  }

  var tags: BuildTags {
    BuildTags(run: run.run, expires: Timestamp(seconds: 2_000_000_000, nanoseconds: 0), own: [:])
  }

  func plan(_ group: StagingGroup = .own) -> StagingPlan {
    let image = PlatformImage(
      publisher: "Canonical", offer: "ubuntu-24_04-lts", sku: "server", version: "24.04.1",
      plan: nil)
    let machine = MachineSpec(
      size: "Standard_D2s_v5", origin: .platform(image), diskSize: .gigabytes(40), user: "packer",
      account: .linux(
        authorizedKey: "ssh-ed25519 AAAA build",
        CustomData(
          hostPrivateKey: Secret("HOST-KEY-SECRET"), hostPublicKey: "ssh-ed25519 BBBB host")))
    return StagingPlan(
      location: "westus", names: names(group), tags: tags,
      network: .made(from: "203.0.113.7/32", port: 22), machine: machine)
  }

  /// The group, gallery and image definition that outputs go to.
  func makeTargets() async throws {
    let arm = access.arm
    try await arm.perform(ARMRequest(.put, Self.target, body: ["location": "westus"]))
    let gallery = "\(Self.target)/providers/Microsoft.Compute/galleries/g"
    try await arm.perform(
      ARMRequest(.put, gallery, body: ["location": "westus", "properties": [:]]))
    try await arm.perform(
      ARMRequest(
        .put, "\(gallery)/images/d",
        body: [
          "location": "westus",
          "properties": [
            "osType": "Linux", "osState": "Generalized", "hyperVGeneration": "V2",
            "identifier": ["publisher": "p", "offer": "o", "sku": "s"],
          ],
        ]))
  }

  /// A managed image, a version in a gallery and a VHD; the version's last number tells runs apart.
  func outputs(_ number: Int = 0) throws -> [OutputPlan] {
    let compute = "\(Self.target)/providers/Microsoft.Compute"
    let image = try #require(ResourceID("\(compute)/images/\(number == 0 ? "i" : "i\(number)")"))
    let definition = try #require(ResourceID("\(compute)/galleries/g/images/d"))
    let version = try #require(ResourceID("\(definition)/versions/1.0.\(number)"))
    let shared = SharedImage(
      imageID: definition, versioning: .explicit("1.0.\(number)"), targetRegions: [],
      excludeFromLatest: false, replicationMode: .full)
    return [
      OutputPlan(.managedImage(image, location: "westus", generation: .second), tags: tags),
      OutputPlan(.version(version, location: "westus", shared), tags: tags),
      OutputPlan(.vhdOfOurs(container: "vhds", name: "out.vhd"), tags: tags),
    ]
  }

  /// A whole build but for its guest: everything is made, captured and given out.
  /// - Returns: what the outputs are called.
  func build(_ group: StagingGroup = .own, number: Int = 0) async throws -> [String] {
    let (plan, outputs) = (plan(group), try outputs(number))
    try await staging.make(plan)
    _ = try await staging.address(of: plan)
    try await staging.capture(plan.names)
    let making = OutputMaking(
      staging: staging, blobs: access.blobs, names: plan.names, location: plan.location)
    return try await withThrowingTaskGroup(of: String.self) { tasks in
      for output in outputs { tasks.addTask { try await making.make(output) { _ in } } }
      return try await tasks.reduce(into: []) { $0.append($1) }.sorted()
    }
  }

  /// What the journal says is left.
  func left() throws -> [Resource] { try run.journal().unfinished }

  /// A whole build by the provider and the distributor, of a machine that is off at once (`off`): no
  /// step runs in it.
  func bake(number: Int = 0) async throws {
    let template = try template(number)
    let survey = try await BuildSurvey.of(
      template,
      BuildSurvey.Wishes(
        subscription: Self.subscription, priority: .regular, terms: .refused
      ) { _, _, _ in "1.0.\(number)" }, access.arm)
    let plan = Plan(
      template: "t.json", templateDigest: try SHA256Digest(of: []), steps: [], skipped: [],
      validators: [], system: .posix, buildTimeout: .seconds(60), generalization: .deprovision,
      notes: [])
    let deaf = Deaf()
    let provider = AzureProvider(
      AzureProvider.Setup(
        access: access, subscription: Self.subscription, group: survey.group, location: "westus",
        network: .made(from: "203.0.113.7/32", port: 22), shape: survey.shape,
        generation: survey.source.generation, sshTimeout: .seconds(60)),
      run: run, journal: journal, tags: tags, events: deaf)
    let outputs = OutputMaking(
      staging: provider.staging, blobs: access.blobs, names: provider.names, location: "westus")
    let distributor = AzureDistributor(
      outputs, survey.targets.mapValues { OutputPlan($0, tags: tags) })
    let image = ImagePlan(
      template, source: "", machine: "",
      outputs: template.distributors.map {
        PlannedOutput(
          name: $0.runOutputName.text, type: $0.target.type, artifact: "", index: $0.index,
          position: nil)
      }, keeping: .asTheTemplateSays)
    try await provider.withVM(from: .source, for: plan) { vm in
      let disk = try await vm.capture()
      let making = ImageMaking(
        plan: plan, image: image, provider: provider, distributor: distributor, events: deaf)
      try await making.distribute(disk, from: Bake(Course([], of: plan, deaf)))
    }
  }

  private func template(_ number: Int) throws -> ImageTemplate {
    let compute = "\(Self.target)/providers/Microsoft.Compute"
    let text = """
      {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2024-02-01",
       "location": "westus", "identity": {"type": "None"},
       "properties": {
         "source": {"type": "PlatformImage", "publisher": "Canonical", "offer": "ubuntu",
           "sku": "server", "version": "latest"},
         "customize": [],
         "distribute": [
           {"type": "ManagedImage", "runOutputName": "a", "location": "westus",
            "imageId": "\(compute)/images/i"},
           {"type": "SharedImage", "runOutputName": "b",
            "galleryImageId": "\(compute)/galleries/g/images/d"},
           {"type": "VHD", "runOutputName": "c"}]}}
      """
    return try #require(TemplateDocument.read(Array(text.utf8), named: "t.json").template)
  }
}

/// Nobody listens.
private struct Deaf: EventSink {
  func receive(_ event: BuildEvent) {}
}
