public import Digests
internal import Synchronization
import Template

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// The PowerShell customizer: one script, and the exit codes that mean success (`aib.md` c.3).
enum PowerShellStep {
  /// The job for a step's script, which is `content` where it was fetched.
  static func work(
    _ number: Int, _ script: Script, _ content: FetchedFile?, _ options: PowerShellOptions,
    _ strictness: PowerShellStrictness, on system: GuestSystem
  ) throws -> PowerShellWork {
    let bytes = try text(script, content, on: system)
    let isWindows = system == .windows
    let user: JobUser =
      switch options.privilege {
      case .user: .login
      case .elevated: isWindows ? .elevated : .root
      case .system: .root
      }
    let job: GuestJob
    if isWindows {
      job = try .powerShell("step-\(number)", bytes, as: user, strictness)
    } else {
      job = GuestJob(
        id: "step-\(number)", script: bytes, digest: try SHA256Digest(of: bytes),
        interpreter: "/usr/bin/env", interpreterArgument: "pwsh", user: user, restarts: .none)
    }
    return PowerShellWork(
      job: job,
      validExitCodes: Set(options.validExitCodes.map { Int32(truncatingIfNeeded: $0) }))
  }

  /// Runs the job as step `outline`; an exit code that is not listed is a ``StepFailure``.
  static func run(
    _ work: PowerShellWork, as outline: StepOutline, on guest: any Guest, _ events: any EventSink
  ) async throws -> StepEnd {
    let report = StepReport(outline.number, events)
    let errors = ErrorStream()
    let end = try await guest.run(work.job, ahead: .none) { news in
      errors.look(at: news)
      report.take(news)
    }
    switch end {
    case .exited(let code), .exitedBeforeRestart(let code):
      guard work.validExitCodes.contains(code) else {
        throw StepFailure(outline, work.failure(code))
      }
      if code == 0, errors.wasUsed,
        work.job.interpreterArgument != PowerShellStrictness.strict.rawValue
      {
        events.receive(
          .warning(
            "step \(outline.number), \(outline.title), wrote to its error stream and ended with 0, "
              + "which is a success as in the service; --strict-powershell lets errors fail"))
      }
      return StepEnd(.succeeded, exitCode: code)
    case .killed: throw StepFailure(outline, .killed)
    case .restarted(let shutdown, _): throw StepFailure(outline, .restartedUnasked(shutdown))
    }
  }

  private static func text(
    _ script: Script, _ content: FetchedFile?, on system: GuestSystem
  ) throws -> [UInt8] {
    switch (script, content) {
    case (.inline(let lines), _):
      let end = system == .windows ? "\r\n" : "\n"
      return Array((lines + [""]).joined(separator: end).utf8)
    case (.uri(let uri, _), let content?):
      guard content.size <= ShellStep.largestScript else {
        throw GuestError(
          .notStarted,
          "could not use the script \(SafeURI.text(uri)): it has \(content.size) bytes",
          hint: "a script has \(ShellStep.largestScript) bytes at most; place large data by a File "
            + "customizer")
      }
      return [UInt8](try Data(contentsOf: URL(filePath: content.path)))
    case (.uri(let uri, _), nil):
      throw GuestError(.notStarted, "could not use the script \(SafeURI.text(uri)): not fetched")
    }
  }

  private static let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]

  /// The script with a mark that it is UTF-8, without which Windows PowerShell 5.1 reads it in the
  /// machine's old code page (`packer.md` 1.2).
  ///
  /// One that is in ASCII alone stays as it is, signature and all; so does one in another encoding.
  static func marked(_ script: [UInt8]) -> [UInt8] {
    let isPlain = script.allSatisfy { $0 < 0x80 }
    let isUTF16 = script.starts(with: [0xff, 0xfe]) || script.starts(with: [0xfe, 0xff])
    guard !isPlain, !isUTF16, !script.starts(with: byteOrderMark),
      String(validating: script, as: UTF8.self) != nil
    else { return script }
    return byteOrderMark + script
  }

  /// Whether a script wrote to its error stream.
  private final class ErrorStream: Sendable {
    private let used = Atomic(false)

    var wasUsed: Bool { used.load(ordering: .relaxed) }

    func look(at news: GuestNews) {
      if case .output(.stderr, let bytes) = news, !bytes.isEmpty {
        used.store(true, ordering: .relaxed)
      }
    }
  }
}

extension GuestJob {
  /// A job that runs a script by Windows PowerShell.
  public static func powerShell(
    _ id: String, _ script: [UInt8], as user: JobUser, _ strictness: PowerShellStrictness
  ) throws(DigestError) -> GuestJob {
    let bytes = PowerShellStep.marked(script)
    return GuestJob(
      id: id, script: bytes, digest: try SHA256Digest(of: bytes), interpreter: "powershell",
      interpreterArgument: strictness.rawValue, user: user, restarts: .none)
  }
}

/// A PowerShell script to run, and what its exit codes mean.
public struct PowerShellWork: Sendable {
  /// The script.
  public var job: GuestJob
  /// The exit codes that mean success: they stand in place of 0.
  public var validExitCodes: Set<Int32>

  /// Puts the work together.
  public init(job: GuestJob, validExitCodes: Set<Int32>) {
    self.job = job
    self.validExitCodes = validExitCodes
  }

  fileprivate func failure(_ code: Int32) -> StepFailure.Reason {
    validExitCodes == [0]
      ? .exitCode(code) : .unlistedExitCode(code, valid: validExitCodes.sorted())
  }
}
