import Digests
import Disks
import Foundation
import Images
import Layers
import Pipeline
import QEMU
import SystemPackage
import Template

/// A VM on this machine and the images of this machine: what stands between a template and a local
/// build, settled before it begins.
struct LocalSite: VMSite {
  /// What the site is called on the command line.
  static let name = "qemu"

  var name: String { Self.name }
  /// How long the VM may take to be reached.
  let timeout: Duration
  /// What system the VM runs.
  let system: GuestSystem
  /// How its image is made.
  let image: ImagePlan
  /// What the user should know before the build, a sentence each.
  let notes: [String]
  private let setup: QEMUProvider.Setup
  private let keeping: StateKeeping?
  private let source: ChosenSource
  private let store: ImageStore
  private let outputs: [PreparedOutput]
  private let templateID: String
  private let started: Date

  /// Resolves what `template` names: source, size and outputs.
  /// - Throws: ``CommandFault`` and the errors of the rooms below, each with its hint.
  init(
    _ template: ImageTemplate, named file: String, _ arguments: LocalArguments,
    timeout: Duration, _ windows: WindowsAccess?, _ search: ChosenSource.Search
  ) async throws {
    self.timeout = timeout
    system = windows == nil ? .posix : .windows
    if windows != nil { try Self.checkValidation(of: template) }
    started = Date()
    store = search.store
    source = try await ChosenSource.find(template.source, search)
    templateID = Self.templateID(template, file)
    var notes: [String] = source.notes
    let host = try HostCapacity.current(directory: Places.existing(Places.state))
    let size = try Self.size(template.vmProfile.vmSize, arguments, host, &notes)
    try HostNeeds(memory: size.memory, disk: Self.leastRoom).check(host, directory: Places.state)
    let accelerator = try await AcceleratorMemo.finding(for: source.disk.architecture)
    if let reason = accelerator.reason {
      let why = reason.prefix { $0 != ";" }.prefix(120)
      notes.append("the VM runs without KVM, ten times slower or more: \(why)")
    }
    let expected = ExpectedBuild(
      started: started, sourceVersion: source.version, diskBytes: Int(Self.leastRoom),
      extraFormats: arguments.formats)
    var outputs: [PreparedOutput] = []
    if template.validation.subject == .builtImage {
      for distributor in template.distributors {
        outputs.append(try await store.prepare(distributor, for: expected))
      }
    }
    notes += outputs.flatMap(\.notes)
    self.outputs = outputs
    self.notes = notes
    var setup = QEMUProvider.Setup(
      source: source.disk, cpus: size.cpus, memory: size.memory,
      diskSize: try source.diskSize(template.vmProfile.osDiskSize),
      dataDisks: template.additionalDataDisks, accelerator: accelerator.accelerator,
      sshTimeout: timeout)
    if let windows { setup.guest = .windows(windows) }
    self.setup = setup
    // States hold sessions of SSH and what cloud-init was told.
    keeping =
      windows == nil ? try arguments.cache.keeping(template, source: source.identity) : nil
    image = ImagePlan(
      template, source: source.description,
      machine: "\(size.name): \(size.cpus) processors, \(size.memory) MiB of memory",
      outputs: outputs.map { $0.planned(in: file) },
      keeping: arguments.keep ? .always : .asTheTemplateSays)
  }

  /// After Sysprep nobody can log in before somebody has answered Windows' first questions.
  private static func checkValidation(of template: ImageTemplate) throws {
    guard !template.validation.validators.isEmpty else { return }
    throw CommandFault(
      "could not validate an image of Windows in a VM: Sysprep leaves nobody who could log in",
      hint: "leave `validate` out of the template, and check in a last customizer", exit: .usage)
  }

  /// The room that a build needs at least: what a small template adds to its source.
  private static let leastRoom: Int64 = 1 << 30

  /// The provider and distributor for a run.
  func site(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink,
    goingOnWith earlier: Resumption?
  ) throws -> Build.Site {
    let provenance = Provenance(
      run: directory.run.text, templateID: templateID, template: plan.templateDigest,
      steps: plan.steps.map { Provenance.Step($0) },
      source: Provenance.Origin(identity: source.identity, version: source.version),
      firmware: source.disk.firmware, architecture: source.disk.architecture.rawValue, made: started
    )
    let distributor = LocalDistributor(store, outputs, provenance)
    if let earlier, let kept = earlier.keptMachine(for: plan, on: self) {
      let resumed = ResumedQEMUProvider(
        plainProvider(for: directory, journal, events), kept: kept.machine,
        stepsDone: earlier.stepsDone(of: plan), earlier: kept.directory, keeping: keeping)
      return .vm(resumed, distributor, image)
    }
    return .vm(provider(for: directory, plan, journal, events), distributor, image)
  }

  /// Whether a VM that was kept is of the make that this build asks for.
  func fits(_ machine: KeptMachine) -> Bool { machine.fits(setup) }

  /// What gives the VMs of a run: in the state after as many steps as were kept.
  func provider(
    for directory: RunDirectory, _ plan: Plan, _ journal: Journal, _ events: any EventSink
  ) -> any VMProvider {
    let provider = plainProvider(for: directory, journal, events)
    return keeping.map { StatefulQEMUProvider(provider, keeping: $0) } ?? provider
  }

  private func plainProvider(
    for directory: RunDirectory, _ journal: Journal, _ events: any EventSink
  ) -> QEMUProvider {
    QEMUProvider(setup, run: directory, journal: journal, events: events, disks: store.tool)
  }

  /// The states of the VM that a build by `plan` would keep, or begin in, by the numbers of steps.
  func states(of plan: Plan) async throws -> [Int: PlannedState] {
    guard let keeping else { return [:] }
    var states: [Int: PlannedState] = [:]
    for (step, key) in zip(plan.steps, try keeping.keys(of: plan, in: setup)) {
      states[step.outline.number] = PlannedState(
        key: key.digest.hex, isKept: try await keeping.store.has(key.digest))
    }
    return states
  }

  private struct Size {
    let name: String
    let cpus: Int
    let memory: Int
  }

  private static func size(
    _ name: String, _ arguments: LocalArguments, _ host: HostCapacity, _ notes: inout [String]
  ) throws -> Size {
    if let cpus = arguments.cpus, let memory = arguments.memory {
      return Size(name: "as asked for", cpus: cpus, memory: memory)
    }
    do {
      let size = try MachineSizes.named(name)
      let fitted = size.fitted(to: host)
      if let warning = fitted.warning { notes.append(warning) }
      return Size(
        name: size.name, cpus: arguments.cpus ?? fitted.cpus,
        memory: arguments.memory ?? fitted.memory)
    } catch {
      throw CommandFault(
        error.description,
        hint: error.hint + (error.hint.hasSuffix("?") ? " Or" : ", or")
          + " give the VM its size with --cpus and --memory", exit: .usage)
    }
  }

  /// The id that run outputs are named below: the template's own where its file tells it.
  private static func templateID(_ template: ImageTemplate, _ file: String) -> String {
    let name = template.name ?? FilePath(file).stem ?? "template"
    return "/providers/Microsoft.VirtualMachineImages/imageTemplates/\(name)"
  }
}

extension PreparedOutput {
  /// The output as a plan shows it.
  fileprivate func planned(in file: String) -> PlannedOutput {
    let artifact: String =
      switch distributor.target {
      case .managedImage(let id, _): id.text
      case .sharedImage(let image): version.map { image.definition + "/versions/\($0)" } ?? ""
      case .vhd(let uri): uri.flatMap { $0.isEmpty ? nil : $0 } ?? "a VHD in the local store"
      }
    return PlannedOutput(
      name: distributor.runOutputName.text, type: distributor.target.type, artifact: artifact,
      index: distributor.index,
      position: "\(file):\(distributor.position.line):\(distributor.position.column)")
  }
}

extension SharedImage {
  /// The id of the image definition, without a version.
  fileprivate var definition: String {
    imageID["versions"] == nil ? imageID.text : imageID.parent?.text ?? imageID.text
  }
}
