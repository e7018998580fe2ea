import ArgumentParser
import Pipeline
import Template

/// `kiln validate`: says all that is wrong with templates.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check templates without touching anything.",
    discussion: "Exits with 0 when every template can be built, and with 2 otherwise.")

  @Argument(help: "The templates: JSON that Azure Image Builder or a deployment takes, or Bicep.")
  var files: [String]

  @OptionGroup(title: "Values for the templates") var deployment: DeploymentOptions

  @Flag(help: "Print the findings as JSON on standard output.")
  var json = false

  func run() async throws {
    var reports: [Report] = []
    for file in files {
      do {
        reports.append(try await report(on: file))
      } catch let fault as CommandFault {
        StandardError.write("error: \(fault)")
        reports.append(Report(file: file, valid: false, diagnostics: []))
      }
    }
    if json {
      try StandardOutput.write(json: reports)
    }
    guard reports.allSatisfy(\.valid) else { throw ExitCode(KilnExit.usage.rawValue) }
  }

  private func report(on file: String) async throws -> Report {
    let reading = try await deployment.read(file, for: .check).reading
    if !json {
      for diagnostic in reading.diagnostics { StandardError.write(diagnostic.rendered(in: file)) }
      let errors = reading.diagnostics.count { $0.severity == .error }
      let warnings = reading.diagnostics.count - errors
      let verdict = reading.templates.isEmpty ? "not valid" : "valid"
      StandardError.write("\(file): \(verdict) (\(errors) errors, \(warnings) warnings)")
    }
    return Report(
      file: file, valid: !reading.templates.isEmpty, diagnostics: reading.diagnostics)
  }

  /// What is found about one file.
  private struct Report: Encodable {
    let file: String
    let valid: Bool
    let diagnostics: [Diagnostic]
  }
}
