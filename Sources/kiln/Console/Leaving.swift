import ArgumentParser
import Pipeline

/// How `kiln` ends because of an error, a request for help included.
struct Leaving {
  private let error: any Error

  /// Ends because of `error`.
  init(_ error: any Error) { self.error = error }

  /// Tells the user why, where that has not been done.
  /// - Returns: the exit code.
  func tell() -> KilnExit {
    // A command that has told everything itself ends so.
    if let code = error as? ExitCode { return KilnExit(rawValue: code.rawValue) ?? .failed }
    switch Kiln.exitCode(for: error) {
    case .success:
      writeAll(Array((Kiln.fullMessage(for: error) + "\n").utf8), to: 1)
      return .succeeded
    case .validationFailure:
      StandardError.write(lowerCased(Kiln.fullMessage(for: error)))
      return .usage
    default:
      StandardError.write("error: " + LegibleText.legible("\(error)"))
      if let hint = (error as? any Hinting)?.hint {
        StandardError.write("hint: " + LegibleText.legible(hint))
      }
      return exit
    }
  }

  private var exit: KilnExit {
    switch error {
    case let fault as CommandFault: fault.exit
    case let error as RecordError:
      [.unknownRun, .ambiguousRun].contains(error.kind) ? .usage : .failed
    default: RunEnding.exit(for: error, nil)
    }
  }

  /// All errors of Kiln begin the same way, those of the argument parser too.
  private func lowerCased(_ message: String) -> String {
    guard message.hasPrefix("Error: ") else { return message }
    let rest = message.dropFirst("Error: ".count)
    return "error: " + rest.prefix(1).lowercased() + rest.dropFirst()
  }
}
