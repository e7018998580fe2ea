import ArgumentParser
import FoundationEssentials
import Glibc
import Pipeline

/// Standard output, which carries data and nothing else.
enum StandardOutput {
  /// Writes `bytes`.
  /// - Throws: `ExitCode` of success where the reader has gone, as `head` does: it has what it
  ///   wanted; ``CommandFault`` where the output could not be written.
  static func write(_ bytes: [UInt8]) throws {
    let code = writeAll(bytes, to: STDOUT_FILENO)
    if code == EPIPE { throw ExitCode(KilnExit.succeeded.rawValue) }
    guard code == 0 else {
      throw CommandFault("could not write to standard output: \(String(cString: strerror(code)))")
    }
  }

  /// Writes each line with its end.
  static func write(lines: [String]) throws {
    try write(lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] })
  }

  /// Writes `value` as JSON that people can read, without what `redactor` knows as secret.
  static func write(json value: some Encodable, through redactor: Redactor = Redactor()) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(value), as: UTF8.self)
    try write(Array(redactor.redact(text).utf8) + [UInt8(ascii: "\n")])
  }
}

/// Standard error, for a sentence to the user.
enum StandardError {
  /// Writes lines; there is nobody to tell where that fails.
  static func write(_ lines: String...) {
    writeAll(lines.flatMap { Array($0.utf8) + [UInt8(ascii: "\n")] }, to: STDERR_FILENO)
  }
}
