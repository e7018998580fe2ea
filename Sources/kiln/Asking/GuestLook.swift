import Digests
import Pipeline
import Synchronization

/// Looks into a guest beside the steps of a build.
final class GuestLook: Sendable {
  /// How much an answer may hold, in bytes.
  private static let largestAnswer = 64 << 20

  private let count = Mutex(0)

  /// A number that no other look of this run has.
  func number() -> Int {
    count.withLock { count in
      count += 1
      return count
    }
  }

  /// What a job writes to its standard output.
  /// - Throws: ``CommandFault`` where it fails; what ``Guest/run(_:ahead:report:)`` throws.
  func answer(of job: GuestJob, in guest: any Guest) async throws -> [UInt8] {
    let written = Mutex<(out: [UInt8], err: [UInt8])>(([], []))
    let end = try await guest.run(job, ahead: []) { news in
      guard case .output(let stream, let bytes) = news else { return }
      written.withLock { written in
        guard written.out.count + bytes.count <= Self.largestAnswer else { return }
        if stream == .stdout { written.out += bytes } else { written.err += bytes }
      }
    }
    let (out, err) = written.withLock { $0 }
    guard end == .exited(0) else {
      let why = String(decoding: err, as: UTF8.self).split(separator: "\n").last ?? "it failed"
      throw CommandFault("could not look into the machine: \(LegibleText.legible(String(why)))")
    }
    return out
  }

  /// What a script of the step finds around it, a line each.
  func surroundings(of step: Step, in guest: any Guest) async throws -> [String] {
    let script = Array(
      """
      #!/bin/sh
      echo "user:      $(id)"
      echo "directory: $(pwd), umask $(umask)"
      echo "machine:   $(uname -srm), up $(cut -d' ' -f1 /proc/uptime) s"
      echo "disk:      $(df -h / | awk 'END { print $4 " free of " $2 }')"
      env | LC_ALL=C sort | sed 's/^/env:       /'

      """.utf8)
    let job = GuestJob(
      id: "look-\(number())", script: script, digest: try SHA256Digest(of: script),
      interpreter: "/bin/sh", interpreterArgument: "", user: step.user ?? .login, restarts: .none)
    let answer = try await answer(of: job, in: guest)
    return String(decoding: answer, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

extension Step {
  /// Who runs its script, if it runs one.
  var user: JobUser? {
    switch work {
    case .script(let job), .generalize(let job), .windowsUpdate(let job): job.user
    case .powerShell(let work): work.job.user
    case .file, .windowsRestart: nil
    }
  }
}
