import Digests
import Template

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The Shell customizer: one script, run by the guest (`aib.md` c.2).
enum ShellStep {
  /// No script comes near this size in bytes; a larger one is a mistake in the template.
  static let largestScript = 64 * 1024 * 1024
  /// How long a machine may stay up that was about to restart when the script ended: the script may
  /// have scheduled that, as by `shutdown -r +5`.
  static let announcedRestart = Duration.seconds(20 * 60)
  /// How long a machine may stay up that has only ended the script: one on its way down ends its
  /// jobs first, and a killed job is all that can be seen there for a while.
  static let unannouncedRestart = Duration.seconds(30)

  /// The job for a step's script, which is `content` where it was fetched.
  static func job(
    _ number: Int, _ script: Script, _ content: FetchedFile?, _ user: Planner.ScriptUser
  ) throws -> GuestJob {
    let bytes: [UInt8]
    let asRoot: Bool
    switch (script, content) {
    case (.inline(let lines), _):
      bytes = inlineScript(lines)
      asRoot = user == .root
    case (.uri(let uri, _), let content?):
      guard content.size <= largestScript else {
        throw GuestError(
          .notStarted,
          "could not use the script \(SafeURI.text(uri)): it has \(content.size) bytes",
          hint: "a script has \(largestScript) bytes at most; place large data by a File customizer"
        )
      }
      bytes = unixLineEnds([UInt8](try Data(contentsOf: URL(filePath: content.path))))
      asRoot = user != .login
    case (.uri(let uri, _), nil):
      throw GuestError(.notStarted, "could not use the script \(SafeURI.text(uri)): not fetched")
    }
    let interpreter = Interpreter(of: bytes)
    return GuestJob(
      id: "step-\(number)", script: bytes, digest: try SHA256Digest(of: bytes),
      interpreter: interpreter.path, interpreterArgument: interpreter.argument,
      user: asRoot ? .root : .login, restarts: RestartIntent(of: bytes))
  }

  /// Runs the job as step `outline` and says how it ended; what it should not do is a
  /// ``StepFailure``.
  static func run(
    _ job: GuestJob, ahead: JobsAhead, as outline: StepOutline, on guest: any Guest,
    _ events: any EventSink
  ) async throws -> StepEnd {
    let report = StepReport(outline.number, events)
    switch try await guest.run(job, ahead: ahead, report: report.take) {
    case .exited(0):
      return StepEnd(.succeeded, exitCode: 0)
    case .exitedBeforeRestart(0):
      let limit = announcedRestart
      guard let away = try await guest.awaitRestart(goingDownWithin: limit, report: report.take)
      else { throw StepFailure(outline, .stayedUp(limit)) }
      events.receive(.restarted(step: outline.number, outOfReach: away))
      return StepEnd(.restarted, exitCode: 0)
    case .exited(let code), .exitedBeforeRestart(let code):
      throw StepFailure(outline, .exitCode(code))
    case .killed:
      guard job.restarts == .restart,
        let away = try await guest.awaitRestart(
          goingDownWithin: unannouncedRestart, report: report.take)
      else { throw StepFailure(outline, .killed) }
      events.receive(.restarted(step: outline.number, outOfReach: away))
      return StepEnd(.restarted, exitCode: nil)
    case .restarted(let shutdown, let away):
      guard job.restarts == .restart else {
        throw StepFailure(outline, .restartedUnasked(shutdown))
      }
      events.receive(.restarted(step: outline.number, outOfReach: away))
      return StepEnd(.restarted, exitCode: nil)
    }
  }

  /// Inline lines are one script, run by `sh -e` unless the first line names its own interpreter.
  private static func inlineScript(_ lines: [String]) -> [UInt8] {
    let own = lines.first?.hasPrefix("#!") == true
    return Array(((own ? [] : ["#!/bin/sh -e"]) + lines + [""]).joined(separator: "\n").utf8)
  }

  /// Windows line ends become Unix ones, as Packer has it; a program with NUL bytes stays as it is.
  private static func unixLineEnds(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.contains(UInt8(ascii: "\r")), !bytes.contains(0) else { return bytes }
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    for (index, byte) in bytes.enumerated() {
      let endsLine = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")
      if byte != UInt8(ascii: "\r") || !endsLine { result.append(byte) }
    }
    return result
  }
}

/// What runs a script: its `#!` line is followed here and not by the guest's kernel, which would
/// refuse a script in a directory that is mounted `noexec`.
struct Interpreter: Equatable {
  let path: String
  let argument: String

  init(of script: [UInt8]) {
    if script.starts(with: [0x7f] + Array("ELF".utf8)) {
      (path, argument) = ("direct", "")
      return
    }
    guard script.starts(with: Array("#!".utf8)),
      let line = script.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first
    else {
      (path, argument) = ("/bin/sh", "")
      return
    }
    let words = String(decoding: line.dropFirst(2), as: UTF8.self)
      .split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
    path = words.first.map(String.init) ?? "/bin/sh"
    argument = words.count > 1 ? words[1].trimmed : ""
  }
}

extension Substring {
  fileprivate var trimmed: String {
    var rest = self
    while let last = rest.last, last == " " || last == "\t" || last == "\r" { rest.removeLast() }
    while let first = rest.first, first == " " || first == "\t" { rest.removeFirst() }
    return String(rest)
  }
}

extension RestartIntent {
  /// Whether a script's text holds a restart command.
  ///
  /// A script that restarts the machine through
  /// another script has to say so in a word, for example in a comment: `# reboot`.
  init(of script: [UInt8]) {
    let separators = Set(" \t\r\n;&|()'\"`".utf8)
    let words = script.split { separators.contains($0) }.map {
      String(decoding: $0, as: UTF8.self).split(separator: "/").last.map(String.init) ?? ""
    }
    let pairs = zip(words, words.dropFirst())
    let found =
      words.contains("reboot") || words.contains("sysrq-trigger") || words.contains("kexec")
      || pairs.contains { ($0 == "init" || $0 == "telinit") && $1 == "6" }
      || (words.contains("shutdown") && words.contains { $0.hasPrefix("-") && $0.contains("r") })
    self = found ? .restart : .none
  }
}
