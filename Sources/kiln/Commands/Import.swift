import ArgumentParser
import Foundation
import PackerImport
import Pipeline

/// `kiln import`: makes templates of what other tools build images from.
struct Import: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Make an image template of another tool's.",
    subcommands: [ImportPacker.self])
}

/// `kiln import packer`: makes a template of one of Packer's.
struct ImportPacker: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "packer", abstract: "Make an image template of a Packer template.",
    discussion: """
      Takes a JSON template, an HCL2 file, or a directory of HCL2 files. The image template goes to \
      standard output, or into the file of -o. What Packer would do and the template does not is \
      told on standard error with its place, as a loss, and what needs no place in it as a note. \
      Exits with 0 when there is a template, even with losses, and with 2 when there is none, or \
      when there are losses and --strict is given: then nothing is written.

      Paths of scripts start where you are, as Packer's do. Secrets are never copied.
      """)

  @Argument(help: "The Packer template: a file or a directory.")
  var template: String

  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp("Write the image template here.", valueName: "file"))
  var output: String?

  @Option(
    name: [.customLong("var"), .customLong("var", withSingleDash: true)],
    help: ArgumentHelp("The value of a variable.", valueName: "name=value"))
  var variables: [String] = []

  @Option(
    name: [.customLong("var-file"), .customLong("var-file", withSingleDash: true)],
    help: ArgumentHelp("A file of values, HCL or JSON.", valueName: "file"))
  var variableFiles: [String] = []

  @Option(
    name: [.customLong("only"), .customLong("only", withSingleDash: true)],
    help: ArgumentHelp("The source to import, of several.", valueName: "type.name"))
  var only: String?

  @Flag(help: "Refuse a template that loses something.")
  var strict = false

  @Flag(help: "Leave the notes out: tell only what is lost or wrong.")
  var quiet = false

  func run() throws {
    let files = try PackerFiles(template)
    var project = PackerProject(templates: files.templates)
    project.variableFiles = files.variables + (try variableFiles.map { try PackerFiles.read($0) })
    project.assignments = variables
    project.only = only
    project.surroundings = files.surroundings(resultIn: output.map(TemplateFile.directory))
    let outcome = project.imported()
    for remark in outcome.remarks where !(quiet && remark.kind == .note) {
      StandardError.write(remark.rendered)
    }
    let losses = outcome.remarks(.loss).count
    let notes = outcome.remarks(.note).count
    guard let bytes = outcome.template, !(strict && losses > 0) else {
      let errors = outcome.remarks(.error).count
      StandardError.write(
        "\(template): not imported (\(errors) errors, \(losses) losses, \(notes) notes)")
      throw ExitCode(KilnExit.usage.rawValue)
    }
    if let output {
      try NewFile.write(bytes, to: output)
    } else {
      try StandardOutput.write(bytes)
    }
    StandardError.write("\(template): imported (\(losses) losses, \(notes) notes)")
  }
}
