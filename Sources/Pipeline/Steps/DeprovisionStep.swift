import Deprovision
public import Digests

/// The last step: it runs what the guest's deprovision script now says (`aib.md` c.8).
struct DeprovisionStep {
  private let system: GuestSystem

  /// The step on such a machine.
  init(on system: GuestSystem) { self.system = system }

  /// The script's name, which its users know.
  var name: String {
    system == .windows ? "DeprovisioningScript.ps1" : "DeprovisioningScript.sh"
  }

  /// Where AIB's users know the script to be.
  var path: String { (system == .windows ? "c:\\" : "/tmp/") + name }

  /// The default script, placed before the first customizer so that customizers can edit it.
  private func defaultScript() throws -> PlacedFile {
    let bytes = system == .windows ? Deprovision.windows : Deprovision.linux
    return PlacedFile(
      id: "deprovision", source: .bytes(bytes), digest: try SHA256Digest(of: bytes), mode: 0o755,
      lifetime: .run, destination: path)
  }

  /// Puts the default script on a guest before its first step; where some are done already, only if
  /// it is not there, since they may have edited it.
  func provide(on guest: any Guest, after done: Int, _ events: any EventSink) async throws {
    let report = StepReport(0, events).take
    if done == 0 { return try await guest.place(try defaultScript(), report: report) }
    guard try await placeIfMissing(on: guest, job: "look-0", report) == .placed else { return }
    events.receive(
      .warning("\(path) was gone: the default is there again, without what customizers made of it"))
  }

  /// Puts the default script where it was once more, if a restart has cleared it away: most Linux
  /// systems empty `/tmp` when they start.
  func replace(on guest: any Guest, after step: Step, _ events: any EventSink) async throws {
    guard system == .posix else { return }
    let report = StepReport(0, events).take
    let job = "look-\(step.outline.number)"
    guard try await placeIfMissing(on: guest, job: job, report) == .placed else { return }
    events.receive(
      .warning(
        "the restart cleared \(path): the default was placed again, without what customizers "
          + "made of it before"))
  }

  private enum Presence { case there, placed }

  private func placeIfMissing(
    on guest: any Guest, job id: String, _ report: @escaping GuestReport
  ) async throws -> Presence {
    let look = system == .windows ? "if (-not (Test-Path \(path))) { exit 1 }" : "[ -e \(path) ]\n"
    let job = try job(id, Array(look.utf8), by: .login)
    guard try await guest.run(job, ahead: .none, report: report) == .exited(1) else {
      return .there
    }
    try await guest.place(try defaultScript(), report: report)
    return .placed
  }

  private func job(_ id: String, _ script: [UInt8], by user: JobUser) throws -> GuestJob {
    GuestJob(
      id: id, script: script, digest: try SHA256Digest(of: script),
      interpreter: system == .windows ? "powershell" : "/bin/sh",
      interpreterArgument: system == .windows ? PowerShellStrictness.compatible.rawValue : "",
      user: user, restarts: .none)
  }

  /// The step that prints the script and runs it as root, on a machine that stays or in a VM that
  /// powers off after it; on Windows the user who is logged in runs it, as in the service.
  func make(_ number: Int, in site: Site) throws -> Step {
    let script = system == .windows ? PackageResources.deprovision_ps1 : Array(linuxScript.utf8)
    let job = try job(
      "deprovision-\(number)", script, by: system == .windows ? .login : .root)
    return Step(
      StepOutline(
        number: number, name: "Deprovision", type: "Deprovision",
        summary: "prints and runs \(path)", position: nil),
      site == .vm ? .generalize(job) : .script(job))
  }

  private var linuxScript: String {
    """
    if [ -e \(path) ]; then
      cat \(path)
      exec /bin/sh \(path)
    fi
    echo "Deprovisioning script [\(path)] could not be found. Image build may fail or the VM \
    created from the Image may not boot. Please make sure the deprovisioning script is not \
    accidentally deleted by a Customizer in the Template."

    """
  }

  /// Where the script runs.
  enum Site { case host, vm }

  /// Runs the job in a VM; when this returns, the VM is on its way down.
  static func run(
    _ job: GuestJob, as outline: StepOutline, on guest: any Guest, _ events: any EventSink
  ) async throws -> StepEnd {
    let report = StepReport(outline.number, events)
    switch try await guest.generalize(by: job, report: report.take) {
    case .exited(0): return StepEnd(.succeeded, exitCode: 0)
    case .exited(let code), .exitedBeforeRestart(let code):
      throw StepFailure(outline, .exitCode(code))
    case .killed: throw StepFailure(outline, .killed)
    case .restarted(let shutdown, _): throw StepFailure(outline, .restartedUnasked(shutdown))
    }
  }
}

/// The script that is put into every build VM before the first step.
public enum DeprovisionDefault {
  /// Its checksum.
  public static func digest() throws(DigestError) -> SHA256Digest {
    try SHA256Digest(of: Deprovision.linux)
  }
}
