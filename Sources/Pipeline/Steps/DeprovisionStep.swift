import Deprovision
public import Digests

/// The last step: it runs what the guest's deprovision script now says (`aib.md` c.8).
enum DeprovisionStep {
  /// The script's name, which its users know.
  static let name = "DeprovisioningScript.sh"
  /// Where AIB's users know the script to be.
  static let path = "/tmp/\(name)"

  /// The default script, placed before the first customizer so that customizers can edit it.
  static func defaultScript() throws -> PlacedFile {
    let bytes = Deprovision.linux
    return PlacedFile(
      id: "deprovision", source: .bytes(bytes), digest: try SHA256Digest(of: bytes), mode: 0o755,
      lifetime: .run, destination: path)
  }

  /// Puts the default script on a guest before its first step; where some are done already, only if
  /// it is not there, since they may have edited it.
  static func provide(on guest: any Guest, after done: Int, _ events: any EventSink) async throws {
    let report = StepReport(0, events).take
    if done == 0 { return try await guest.place(try defaultScript(), report: report) }
    guard try await placeIfMissing(on: guest, job: "look-0", report) == .placed else { return }
    events.receive(
      .warning("\(path) was gone: the default is there again, without what customizers made of it"))
  }

  /// Puts the default script where it was once more, if a restart has cleared it away: most systems
  /// empty `/tmp` when they start.
  static func replace(on guest: any Guest, after step: Step, _ events: any EventSink) async throws {
    let report = StepReport(0, events).take
    let job = "look-\(step.outline.number)"
    guard try await placeIfMissing(on: guest, job: job, report) == .placed else { return }
    events.receive(
      .warning(
        "the restart cleared \(path): the default was placed again, without what customizers "
          + "made of it before"))
  }

  private enum Presence { case there, placed }

  private static func placeIfMissing(
    on guest: any Guest, job id: String, _ report: @escaping GuestReport
  ) async throws -> Presence {
    let look = Array("[ -e \(path) ]\n".utf8)
    let job = GuestJob(
      id: id, script: look, digest: try SHA256Digest(of: look), interpreter: "/bin/sh",
      interpreterArgument: "", user: .login, restarts: .none)
    guard try await guest.run(job, ahead: [], report: report) == .exited(1) else { return .there }
    try await guest.place(try defaultScript(), report: report)
    return .placed
  }

  /// The step that prints the script and runs it as root, on a machine that stays or in a VM that
  /// powers off after it.
  static func make(_ number: Int, in site: Site) throws -> Step {
    let script = Array(
      """
      if [ -e \(path) ]; then
        cat \(path)
        exec /bin/sh \(path)
      fi
      echo "Deprovisioning script [\(path)] could not be found. Image build may fail or the VM \
      created from the Image may not boot. Please make sure the deprovisioning script is not \
      accidentally deleted by a Customizer in the Template."

      """.utf8)
    let job = GuestJob(
      id: "deprovision-\(number)", script: script, digest: try SHA256Digest(of: script),
      interpreter: "/bin/sh", interpreterArgument: "", user: .root, restarts: .none)
    return Step(
      StepOutline(
        number: number, name: "Deprovision", type: "Deprovision",
        summary: "prints and runs \(path)", position: nil),
      site == .vm ? .generalize(job) : .script(job))
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
