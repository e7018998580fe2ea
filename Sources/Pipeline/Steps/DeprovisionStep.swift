import Deprovision
import Digests

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

  /// Puts the default script where it was once more, if a restart has cleared it away: most systems
  /// empty `/tmp` when they start.
  static func replace(on guest: any Guest, after step: Step, _ events: any EventSink) async throws {
    let look = Array("[ -e \(path) ]\n".utf8)
    let job = GuestJob(
      id: "look-\(step.outline.number)", script: look, digest: try SHA256Digest(of: look),
      interpreter: "/bin/sh", interpreterArgument: "", user: .login, restarts: .none)
    let report = StepReport(0, events).take
    guard try await guest.run(job, ahead: [], report: report) == .exited(1) else { return }
    try await guest.place(try defaultScript(), report: report)
    events.receive(
      .warning(
        "the restart cleared \(path): the default was placed again, without what customizers "
          + "made of it before"))
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
