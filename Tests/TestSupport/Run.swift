internal import Subprocess
internal import SystemPackage

/// What a program left behind when it had ended.
public struct Ran: Sendable {
  /// Its standard output, as text.
  public let stdout: String
  /// Its standard error, as text.
  public let stderr: String
  /// Its exit code; 128 and the signal's number for a program that a signal ended, as shells say.
  public let exit: Int32

  /// This result, where the program ended with 0.
  /// - Throws: ``KitError`` with the exit code and both outputs for any other code.
  public func succeeded() throws -> Ran {
    guard exit == 0 else { throw KitError("the program ended with \(exit): \(stderr)\(stdout)") }
    return self
  }
}

/// The most that ``run(_:_:environment:directory:input:)`` takes of each output, in bytes.
private let outputLimit = 64 << 20

/// Runs a program to its end and collects what it said.
/// - Parameters:
///   - executable: A path when it has a slash, otherwise a name to look for on the `PATH`.
///   - arguments: The arguments, without the program's own name.
///   - environment: What to set (or, with `nil`, to remove) in this process's environment.
///   - directory: The working directory; this process's own when `nil`.
///   - input: What the program reads from its standard input.
/// - Returns: What it said and how it ended.
/// - Throws: An error of Subprocess where the program could not be started or said too much. An
///   exit code other than 0 is a result, not an error.
public func run(
  _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
  directory: String? = nil, input: String = ""
) async throws -> Ran {
  var options = PlatformOptions()
  options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
  let result = try await Subprocess.run(
    executable.contains("/") ? .path(FilePath(executable)) : .name(executable),
    arguments: Arguments(arguments),
    environment: .inherit.updating(updates(environment)),
    workingDirectory: directory.map { FilePath($0) },
    platformOptions: options,
    input: .string(input),
    output: .string(limit: outputLimit),
    error: .string(limit: outputLimit))
  return Ran(
    stdout: result.standardOutput, stderr: result.standardError,
    exit: result.terminationStatus.code)
}

/// The same changes with the key type of Subprocess.
func updates(_ environment: [String: String?]) -> [Environment.Key: String?] {
  var keyed: [Environment.Key: String?] = [:]
  for (name, value) in environment { keyed.updateValue(value, forKey: .init(stringLiteral: name)) }
  return keyed
}

extension TerminationStatus {
  /// The exit code, or 128 and the number of the signal.
  var code: Int32 {
    switch self {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}
