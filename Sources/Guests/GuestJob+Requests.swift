import Digests
import Pipeline

// What an agent is told of a job.
extension GuestJob {
  /// The request that brings the script to the guest.
  ///
  /// A short one comes as text, which the guest's shell receives by itself.
  var putRequest: [UInt8] {
    if script.count <= Self.textAtMost, !script.contains(0) {
      let text = script.flatMap(Self.escaped)
      if text.count <= Self.textAtMost {
        return Array("text \(id) \(digest.hex)\n".utf8) + text + [newline]
      }
    }
    return Array("put \(id) \(script.count) \(digest.hex)\n".utf8) + script
  }

  /// Shells read a line byte by byte: from some length on, a process is faster.
  private static let textAtMost = 16 * 1024

  /// A byte as `printf %b` of POSIX takes it; shells differ in what they do with those beyond ASCII.
  private static func escaped(_ byte: UInt8) -> [UInt8] {
    switch byte {
    case newline: Array(#"\n"#.utf8)
    case UInt8(ascii: "\\"), ..<0x20, 0x7F...:
      [UInt8(ascii: "\\"), zero, zero + byte >> 6, zero + byte >> 3 & 7, zero + byte & 7]
    default: [byte]
    }
  }

  /// The request that starts the job, as ``startRequest(_:)`` does, when the one before has ended
  /// with 0.
  func chainRequest(after job: GuestJob) -> String {
    "then \(id) \(job.id) \(user.rawValue) \(restarts.rawValue) - \(interpreter) "
      + "\(interpreterArgument)\n"
  }

  /// The request that starts the job unless it was ever started, and follows it.
  func startRequest(_ progress: JobProgress) -> String {
    "start \(id) \(user.rawValue) \(restarts.rawValue) \(progress.stdout) \(progress.stderr) "
      + "\(interpreter) \(interpreterArgument)\n"
  }
}

private let newline = UInt8(ascii: "\n")
private let zero = UInt8(ascii: "0")
