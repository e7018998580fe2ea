internal import FoundationEssentials
internal import Subprocess
internal import SystemPackage

/// Runs a Python program that prints the port which it listens at, until `body` returns or throws.
///
/// `signal` ends it then; else it has to end with its standard input, which is closed when this
/// process ends, however it does.
/// - Throws: what `body` throws; ``KitError`` where the program prints no port.
func withPythonProgram<Value: Sendable>(
  _ arguments: [String], endedBy signal: Signal, _ body: (Int) async throws -> Value
) async throws -> Value {
  let lifeline = try FileDescriptor.pipe()
  defer { try? lifeline.writeEnd.close() }
  let ended = try await Subprocess.run(
    .name("python3"), arguments: Arguments(arguments),
    input: .fileDescriptor(lifeline.readEnd, closeAfterSpawningProcess: true),
    output: .sequence,
    error: .fileDescriptor(.standardError, closeAfterSpawningProcess: false)
  ) { execution in
    let result = await outcome(of: {
      var said = ""
      for try await piece in execution.standardOutput {
        said += piece.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        if said.hasSuffix("\n") { break }
      }
      guard let port = Int(said.dropLast()) else {
        throw KitError("the Python program did not tell its port: `\(said)`")
      }
      return try await body(port)
    })
    try execution.send(signal: signal)
    return result
  }
  return try ended.closureResult.get()
}
