import Digests
import Foundation
import Guests
import Pipeline
import Template

/// Looks whether a Windows machine does what builds rely on: each capability by itself, so that one
/// that is missing does not hide the others.
struct Doctor {
  /// What came of looking at one capability.
  struct Finding: Encodable {
    enum Outcome: String, Encodable { case pass, fail, skipped }

    let check: String
    let outcome: Outcome
    /// What was seen.
    let detail: String
  }

  /// Whether the machine is restarted, too.
  enum Restart { case leftOut, included }

  let guest: PowerShellGuest
  let restart: Restart
  /// Told of each finding as it is made.
  let report: @Sendable (Finding) -> Void
  /// Called while a password is on its way, which no recording may have.
  let quietly: @Sendable (_ isQuiet: Quiet) -> Void

  enum Quiet { case begins, ends }

  /// Looks at everything, in the order in which one thing needs another.
  func examine() async throws -> [Finding] {
    var findings: [Finding] = []
    for check in Self.checks where check.id != .restart || restart == .included {
      let finding = try await look(at: check)
      report(finding)
      findings.append(finding)
    }
    if restart == .leftOut {
      let finding = Finding(
        check: "a restart is seen by the boot identity", outcome: .skipped,
        detail: "--restart restarts the machine")
      report(finding)
      findings.append(finding)
    }
    return findings
  }

  private func look(at check: DoctorCheck) async throws -> Finding {
    if check.id == .elevated { quietly(.begins) }
    defer { if check.id == .elevated { quietly(.ends) } }
    do {
      let detail = try await withDeadline(check.limit, for: "this check") {
        try await perform(check)
      }
      return Finding(check: check.name, outcome: .pass, detail: detail)
    } catch let error as CancellationError {
      throw error
    } catch {
      let hint = (error as? any Hinting)?.hint.map { "; \($0)" } ?? ""
      return Finding(check: check.name, outcome: .fail, detail: "\(error)\(hint)")
    }
  }

  private func perform(_ check: DoctorCheck) async throws -> String {
    switch check.id {
    case .boot:
      let first = try await guest.bootIdentity()
      let second = try await guest.bootIdentity()
      guard let first, first == second else {
        throw DoctorProblem("it was \(first ?? "none"), and then \(second ?? "none")")
      }
      return first
    case .detached: return try await detached(check)
    case .cancel: return try await cancelled(check)
    case .file: return try await placed(check)
    case .restart:
      let start = ContinuousClock.now
      try await guest.restart(
        WindowsRestartOptions(timeout: GoDuration(.seconds(900))), events: NoEvents())
      return "after \((ContinuousClock.now - start).formatted)"
    case .script, .strict, .elevated: return try await ran(check)
    }
  }

  private func job(_ check: DoctorCheck) throws -> GuestJob {
    try .powerShell(
      "doctor-\(check.place)", Array(check.script.utf8), as: check.user,
      check.id == .strict ? .strict : .compatible)
  }

  /// Runs a script, and compares what it ends with and says with what it should.
  private func ran(_ check: DoctorCheck) async throws -> String {
    let said = DoctorOutput()
    let end = try await guest.run(try job(check), ahead: .none, report: said.take)
    let (out, errors) = said.texts
    guard end == .exited(check.code) else {
      throw DoctorProblem("it ended with \(end) in place of \(check.code): \(out) \(errors)")
    }
    if let wanted = check.out, out != wanted { throw DoctorProblem("it wrote `\(out)` to stdout") }
    if let wanted = check.errors, errors != wanted {
      throw DoctorProblem("it wrote `\(errors)` to stderr")
    }
    return out.isEmpty ? "ended with \(check.code)" : out
  }

  /// Removes the shell under a running script, and looks whether it goes on and loses no line.
  private func detached(_ check: DoctorCheck) async throws -> String {
    let said = DoctorOutput()
    let job = try job(check)
    return try await withThrowingTaskGroup(of: JobEnd?.self) { group in
      group.addTask { try await guest.run(job, ahead: .none, report: said.take) }
      group.addTask {
        while said.texts.out.isEmpty { try await Task.sleep(for: .milliseconds(200)) }
        try await guest.removeLine()
        return nil
      }
      defer { group.cancelAll() }
      var end: JobEnd?
      for try await result in group { end = result ?? end }
      guard end == .exited(0), said.texts.out == check.out else {
        throw DoctorProblem("it ended with \(end as Any), and wrote `\(said.texts.out)`")
      }
      return "went on while its shell or connection was gone"
    }
  }

  /// Cancels a script that has started a program, and looks whether that is gone.
  private func cancelled(_ check: DoctorCheck) async throws -> String {
    let said = DoctorOutput()
    let job = try job(check)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { _ = try await guest.run(job, ahead: .none, report: said.take) }
        while said.texts.out.isEmpty { try await Task.sleep(for: .milliseconds(200)) }
        group.cancelAll()
        try await group.waitForAll()
      }
    } catch is CancellationError {
      try Task.checkCancellation()
    }
    let look = try GuestJob.powerShell(
      "doctor-\(check.place)-look", Array(DoctorCheck.lookForPing.utf8), as: .login, .compatible)
    guard try await guest.run(look, ahead: .none, report: said.take) == .exited(0) else {
      throw DoctorProblem("the program that the script had started still runs")
    }
    return "all of it was ended"
  }

  private func placed(_ check: DoctorCheck) async throws -> String {
    let bytes = (0..<(3 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 251) }
    let start = ContinuousClock.now
    try await guest.place(
      PlacedFile(
        id: "doctor-file", source: .bytes(bytes), digest: try SHA256Digest(of: bytes), mode: 0o644,
        lifetime: .run, destination: #"C:\Windows\Temp\kiln-doctor\file.bin"#)
    ) { _ in }
    return "3 MiB in \((ContinuousClock.now - start).formatted), checksum right"
  }
}

/// A machine did not do what it should.
struct DoctorProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// Nobody is told what happens.
private struct NoEvents: EventSink {
  func receive(_ event: BuildEvent) {}
}
