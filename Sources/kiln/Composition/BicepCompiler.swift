import Foundation
import Pipeline
import Subprocess
import Template

/// The user's own Bicep compiler: Kiln has none.
enum BicepCompiler {
  /// The most that a compiled template may have: as many as a deployment takes.
  private static let outputLimit = 4 << 20

  /// How much of the compiler's complaints is read.
  private static let errorLimit = 1 << 20

  /// Compiles a Bicep file to the JSON of a deployment template.
  /// - Throws: ``CommandFault`` where there is no compiler, or it refuses the file.
  static func compile(_ path: String) async throws -> [UInt8] {
    _ = try TemplateFile.read(path)
    let ways: [(program: String, arguments: [String])] = [
      ("bicep", ["build", "--stdout", path]),
      ("az", ["bicep", "build", "--stdout", "--file", path]),
    ]
    for way in ways {
      do {
        return try await run(way.program, way.arguments, path)
      } catch let error as SubprocessError where error.code == .executableNotFound {
        continue
      }
    }
    throw CommandFault(
      "could not compile `\(path)`: there is neither `bicep` nor `az` here",
      hint: "install one (https://aka.ms/bicep-install), or compile it elsewhere with "
        + "`bicep build \(path)` and give the JSON file", exit: .usage)
  }

  private static func run(
    _ program: String, _ arguments: [String], _ path: String
  ) async throws -> [UInt8] {
    let result = try await Subprocess.run(
      .name(program), arguments: Arguments(arguments), input: .none,
      output: .bytes(limit: outputLimit), error: .string(limit: errorLimit))
    guard case .exited(0) = result.terminationStatus else {
      let said = result.standardError.split(separator: "\n").map { printable(String($0)) }
      for line in said { StandardError.write(line) }
      throw CommandFault("could not compile `\(path)`: `\(program)` refused it", exit: .usage)
    }
    return result.standardOutput
  }
}
