import ArgumentParser
import Foundation
import Guests
import Pipeline
import WinRM

/// `kiln doctor`: looks whether a Windows machine does what builds rely on.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "See whether a Windows machine can be baked on.",
    discussion: """
      It tries each capability that a build needs, one after the other, and says of each whether \
      it passed. Nothing stays on the machine. Recordings of real machines make the tests better: \
      --record keeps what was said, without names, addresses and passwords.
      """)

  @Argument(help: "The machine, as winrm://user@host:5986 or ssh://user@host.")
  var machine: String

  @Flag(help: "Restart the machine, too, to see whether that is noticed.")
  var restart = false

  @Option(
    help: ArgumentHelp("Keep what was said to the machine and its answers.", valueName: "file"))
  var record: String?

  @Flag(help: "Print the findings as JSON on standard output.")
  var json = false

  @OptionGroup var ssh: SSHArguments

  @OptionGroup var winRM: WinRMArguments

  func validate() throws {
    guard isWinRM || machine.lowercased().hasPrefix("ssh://") else {
      throw ValidationError("`\(machine)` is no Windows machine: write it as winrm://user@host")
    }
    guard isWinRM || record == nil else {
      throw ValidationError(
        "--record keeps what is said over WinRM: over SSH there is nothing to keep")
    }
  }

  private var isWinRM: Bool { machine.lowercased().hasPrefix(WinRMHost.scheme) }

  func run() async throws {
    let signals = try Signals()
    let questions = Questions(ssh, learn: { _ in })
    let recorder = ExchangeRecorder()
    let name: String
    let findings: [Doctor.Finding]
    if isWinRM {
      let host = try WinRMHost(machine, winRM, timeout: ssh.timeout(), questions)
      name = host.machine
      let names: [String: String]
      (findings, names) = try await signals.cancelling { try await examine(host, recorder) }
      if let record { try recorder.write(to: record, hiding: names) }
    } else {
      let host = try SSHHost(machine, ssh, questions).asWindows
      name = host.machine
      findings = try await signals.cancelling { try await examine(host, recorder) }
    }
    if json { try StandardOutput.write(json: findings) }
    let failed = findings.count { $0.outcome == .fail }
    StandardError.write(
      failed == 0 ? "\(name) can be baked on" : "\(failed) of \(findings.count) checks failed")
    if failed > 0 { throw ExitCode(KilnExit.failed.rawValue) }
  }

  /// Looks at a machine over WinRM; what a recording must not have, and what stands there instead.
  private func examine(
    _ host: WinRMHost, _ recorder: ExchangeRecorder
  ) async throws -> ([Doctor.Finding], [String: String]) {
    let route = try await host.route(for: run) { recorder.take($0) }
    let (findings, guest) = try await examine(route, recorder)
    var names = [host.hostName: "host.example"]
    if let password = route.password { names[password.revealed] = "***" }
    for part in guest.facts.user.split(separator: "\\") { names[String(part)] = "name" }
    names[host.userName] = "name"
    return (findings, names)
  }

  private func examine(
    _ host: SSHWindowsHost, _ recorder: ExchangeRecorder
  ) async throws -> [Doctor.Finding] {
    try await examine(host.route(for: run, .elevationTrial), recorder).findings
  }

  private func examine(
    _ route: WindowsRoute, _ recorder: ExchangeRecorder
  ) async throws -> (findings: [Doctor.Finding], guest: PowerShellGuest) {
    let guest = try await PowerShellGuest.reach(route) { _ in }
    tell(
      Doctor.Finding(check: "it is reached, and logs in", outcome: .pass, detail: guest.facts.user))
    let doctor = Doctor(
      guest: guest, restart: restart ? .included : .leftOut, report: { tell($0) },
      quietly: { recorder.turn($0) })
    let findings: [Doctor.Finding]
    do {
      findings = try await doctor.examine()
    } catch {
      try await withRelease(limit: .seconds(60), for: "the machine to be left") {
        try await guest.leave()
      }
      throw error
    }
    try await guest.leave()
    return (findings, guest)
  }

  /// The name of a run of its own.
  private var run: String { "doctor-\(UUID().uuidString.prefix(8).lowercased())" }

  private func tell(_ finding: Doctor.Finding) {
    StandardError.write("\(finding.outcome.rawValue)  \(finding.check): \(finding.detail)")
  }
}
