import ArgumentParser
import Pipeline
import Template

/// `kiln validate`: says all that is wrong with templates.
struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate", abstract: "Check templates without touching anything.",
    discussion: """
      Exits with 0 when every template can be built, and with 2 otherwise. Each finding ends with a \
      code, which docs/diagnostics.md explains.
      """)

  @Argument(help: "The templates: JSON that Azure Image Builder or a deployment takes, or Bicep.")
  var files: [String]

  @OptionGroup(title: "Values for the templates") var deployment: DeploymentOptions

  @Flag(
    help: """
      Say what Azure Image Builder would say, in its own words as far as they are known, and exit \
      with 0 when it would take every template.
      """)
  var asService = false

  @Flag(
    help: """
      Mend what can only mean one thing: the case of names, slips of the keys, values between \
      quotes, commas before brackets. Prints the changes, as diff does.
      """)
  var fix = false

  @Flag(help: "Print the findings as JSON on standard output.")
  var json = false

  func validate() throws {
    if fix && json { throw ValidationError("--fix prints a diff, and --json JSON: leave one out") }
  }

  func run() async throws {
    var reports: [Report] = []
    for file in files {
      do {
        reports.append(try await report(on: file))
      } catch let fault as CommandFault {
        StandardError.write("error: \(fault)")
        reports.append(Report(file: file, valid: false, refused: true, diagnostics: []))
      }
    }
    if json {
      try StandardOutput.write(json: reports)
    }
    guard reports.allSatisfy({ asService ? !$0.refused : $0.valid }) else {
      throw ExitCode(KilnExit.usage.rawValue)
    }
  }

  private func report(on file: String) async throws -> Report {
    let inputs = try deployment.inputs(for: file, .check)
    let bytes = try await DeploymentOptions.bytes(of: file)
    var reading = TemplateDocument.readAll(bytes, named: file, with: inputs)
    if fix { reading = try mend(file, bytes, reading, inputs) }
    let report = Report(
      file: file, valid: !reading.templates.isEmpty,
      refused: reading.diagnostics.contains { $0.severity == .error || $0.refusal != nil },
      diagnostics: reading.diagnostics)
    if !json { tell(report) }
    return report
  }

  /// How often a text is mended over: a name that is mended can show what is wrong with its value.
  private static let passes = 3

  /// Makes all mends in a file, as long as none of them shows an error that was not there.
  /// - Returns: what the file reads like after it.
  private func mend(
    _ file: String, _ bytes: [UInt8], _ reading: DocumentReading, _ inputs: DeploymentInputs
  ) throws -> DocumentReading {
    guard !DeploymentOptions.isBicep(file) else {
      throw CommandFault(
        "could not mend `\(file)`: Bicep is compiled, and --fix mends JSON", exit: .usage)
    }
    var (mended, reading) = (bytes, reading)
    for _ in 0..<Self.passes {
      let next = Mend.apply(reading.mends, to: mended)
      let after = TemplateDocument.readAll(next, named: file, with: inputs)
      guard next != mended, errors(after) <= errors(reading) else { break }
      (mended, reading) = (next, after)
    }
    if mended != bytes {
      try StandardOutput.write(lines: LineDiff.lines(from: bytes, to: mended, named: file))
      try TemplateFile.replace(file, with: mended)
    }
    return reading
  }

  private func errors(_ reading: DocumentReading) -> Int {
    reading.diagnostics.count { $0.severity == .error }
  }

  private func tell(_ report: Report) {
    let lines = report.diagnostics.compactMap { diagnostic in
      asService
        ? diagnostic.renderedAsService(in: report.file) : diagnostic.rendered(in: report.file)
    }
    // A finding quotes what it is about, which may be an address with a signature.
    let redactor = Redactor()
    for line in lines { StandardError.write(redactor.redact(line)) }
    let errors = report.diagnostics.count { $0.severity == .error }
    let warnings = report.diagnostics.count - errors
    if asService {
      StandardError.write("\(report.file): \(report.refused ? "refused" : "accepted")")
    } else {
      let verdict = report.valid ? "valid" : "not valid"
      StandardError.write("\(report.file): \(verdict) (\(errors) errors, \(warnings) warnings)")
    }
  }

  /// What is found about one file.
  private struct Report: Encodable {
    let file: String
    let valid: Bool
    /// Whether Azure Image Builder would refuse it.
    let refused: Bool
    let diagnostics: [Diagnostic]
  }
}
