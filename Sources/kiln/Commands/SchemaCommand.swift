import ArgumentParser
import Template

/// `kiln schema`: prints what a template may look like, for editors.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of templates, for editors.",
    discussion: """
      Write it to a file, and name that in the editor's settings, or in the template's "$schema". \
      It describes the bare body of an image template.
      """)

  @Option(
    name: .customLong("api-version"), help: "The version of the API.",
    transform: { text in
      if let version = APIVersion(rawValue: text) { return version }
      let versions = APIVersion.allCases.map(\.rawValue).joined(separator: ", ")
      throw ValidationError("`\(text)` is no api-version: they are \(versions)")
    })
  var version = APIVersion.newest

  func run() throws {
    try StandardOutput.write(lines: [JSONSchema.text(for: version)])
  }
}
