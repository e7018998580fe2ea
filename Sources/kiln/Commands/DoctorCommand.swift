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

  @Argument(help: "The machine, as winrm://user@host:5986.")
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
    guard machine.lowercased().hasPrefix(WinRMHost.scheme) else {
      throw ValidationError("`\(machine)` is no Windows machine: write it as winrm://user@host")
    }
  }

  func run() async throws {
    let signals = try Signals()
    let host = try WinRMHost(
      machine, winRM, timeout: ssh.timeout(), Questions(ssh, learn: { _ in }))
    let recorder = ExchangeRecorder()
    let (findings, names) = try await signals.cancelling {
      try await examine(host, recorder)
    }
    if let record { try recorder.write(to: record, hiding: names) }
    if json { try StandardOutput.write(json: findings) }
    let failed = findings.count { $0.outcome == .fail }
    StandardError.write(
      failed == 0
        ? "\(host.machine) can be baked on" : "\(failed) of \(findings.count) checks failed")
    if failed > 0 { throw ExitCode(KilnExit.failed.rawValue) }
  }

  private func examine(
    _ host: WinRMHost, _ recorder: ExchangeRecorder
  ) async throws -> ([Doctor.Finding], [String: String]) {
    let run = "doctor-\(UUID().uuidString.prefix(8).lowercased())"
    let route = try await host.route(for: run) { recorder.take($0) }
    let guest = try await WinRMGuest.reach(route) { _ in }
    tell(Doctor.Finding(check: "it is reached, and logs in", outcome: .pass, detail: guest.user))
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
    var names = [host.hostName: "host.example", route.password.revealed: "***"]
    for part in guest.user.split(separator: "\\") { names[String(part)] = "name" }
    names[host.userName] = "name"
    return (findings, names)
  }

  private func tell(_ finding: Doctor.Finding) {
    StandardError.write("\(finding.outcome.rawValue)  \(finding.check): \(finding.detail)")
  }
}

extension WinRMGuest {
  /// Who is logged in, as the machine says.
  fileprivate nonisolated var user: String { facts.user }
}
