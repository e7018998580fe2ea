internal import FoundationEssentials

/// Writes a script that is to be run as a program.
///
/// The file that this process writes may be held open by a program that is started meanwhile, and what
/// is open to be written can't be run ("Text file busy"): so another process makes a copy.
/// - Parameters:
///   - text: The script, with its `#!` line.
///   - path: Where it goes.
/// - Throws: an error where it could not be written.
public func writeProgram(_ text: String, to path: String) async throws {
  let draft = path + ".draft"
  try Data(text.utf8).write(to: URL(filePath: draft))
  _ = try await run("install", ["-m", "755", draft, path]).succeeded()
  try FileManager.default.removeItem(atPath: draft)
}
