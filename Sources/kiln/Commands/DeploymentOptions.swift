import ArgumentParser
import Foundation
import Pipeline
import Template

/// What the user gives for a template beside its file: shared by `validate`, `plan` and `build`.
struct DeploymentOptions: ParsableArguments {
  @Option(
    name: .customLong("parameters"),
    help: ArgumentHelp(
      "A file with values for a deployment's parameters, in Azure's own form.", valueName: "file"))
  var parameterFiles: [String] = []

  @Option(
    name: [.customShort("p"), .customLong("parameter")],
    help: ArgumentHelp(
      "A value for a parameter, as text; of an array or object, as JSON. Wins over --parameters.",
      valueName: "name=value"))
  var parameters: [String] = []

  @Option(
    name: .customLong("values"),
    help: ArgumentHelp(
      "A file with values for placeholders: a JSON object.", valueName: "file"))
  var valueFiles: [String] = []

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "A value for the placeholder <name>. Wins over --values.", valueName: "name=value"))
  var placeholders: [String] = []

  @Option(
    help: ArgumentHelp(
      "What subscription() gives, and where --on azure builds.", valueName: "id"))
  var subscription: String?

  @Option(help: ArgumentHelp("What resourceGroup() gives.", valueName: "name"))
  var resourceGroup: String?

  @Option(help: ArgumentHelp("What resourceGroup().location gives.", valueName: "region"))
  var location: String?

  @OptionGroup var rules: StrictnessArguments

  func validate() throws {
    for (option, texts) in [("-p", parameters), ("--set", placeholders)] {
      for text in texts where Self.pair(text) == nil {
        throw ValidationError("\(option) needs a name and a value: \(option) name=value")
      }
    }
  }

  /// Reads a document with these values; a Bicep file is compiled first.
  func read(
    _ path: String, for purpose: DeploymentInputs.Purpose
  ) async throws -> DeploymentDocument {
    let bytes = try await Self.bytes(of: path)
    let inputs = try inputs(for: path, purpose)
    return DeploymentDocument(
      bytes: bytes, reading: TemplateDocument.readAll(bytes, named: path, with: inputs))
  }

  /// The JSON of a document: what the file holds, or what Bicep makes of it.
  static func bytes(of path: String) async throws -> [UInt8] {
    isBicep(path) ? try await BicepCompiler.compile(path) : try TemplateFile.read(path)
  }

  /// Whether a file must be compiled first.
  static func isBicep(_ path: String) -> Bool { path.lowercased().hasSuffix(".bicep") }

  /// What a document at this path is evaluated with.
  func inputs(for path: String, _ purpose: DeploymentInputs.Purpose) throws -> DeploymentInputs {
    var site = DeploymentSite(secondsSince1970: Int(Date().timeIntervalSince1970))
    site.seed = UUID().uuidString
    site.templateAddress = URL(filePath: path).standardizedFileURL.absoluteString
    if let subscription { site.subscriptionID = subscription }
    if let resourceGroup { site.resourceGroup = resourceGroup }
    if let location { site.location = location }
    var inputs = DeploymentInputs(site: site, purpose: purpose)
    inputs.strictness = rules.strictness
    for file in parameterFiles {
      let found = inputs.addParameters(try TemplateFile.read(file), named: file)
      try Self.tell(found, file)
    }
    for (name, value) in parameters.compactMap(Self.pair) {
      inputs.set(parameter: name, to: value)
    }
    for file in valueFiles {
      try Self.tell(inputs.addPlaceholders(try TemplateFile.read(file)), file)
    }
    for (name, value) in placeholders.compactMap(Self.pair) {
      inputs.set(placeholder: name, to: value)
    }
    return inputs
  }

  private static func tell(_ found: [Diagnostic], _ file: String) throws {
    for diagnostic in found { StandardError.write(diagnostic.rendered(in: file)) }
    guard found.contains(where: { $0.severity == .error }) else { return }
    throw CommandFault("could not use the values in `\(file)`: see above", exit: .usage)
  }

  /// `name=value`; the name may stand between `<` and `>`.
  private static func pair(_ text: String) -> (String, String)? {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
    var name = text[..<equals]
    if name.hasPrefix("<"), name.hasSuffix(">") { name = name.dropFirst().dropLast() }
    return (String(name), String(text[text.index(after: equals)...]))
  }
}

/// A document that was read, and the bytes that it was read from.
struct DeploymentDocument {
  let bytes: [UInt8]
  let reading: DocumentReading
}

/// Which of several image templates are meant.
struct TemplateChoice: ParsableArguments {
  @Option(
    name: .customLong("only-template"),
    help: ArgumentHelp(
      "Take this image template of a file that has several.", valueName: "name"))
  var names: [String] = []

  @Option(
    help: ArgumentHelp(
      "Bake this many image templates side by side, where none waits for the other.",
      valueName: "number"))
  var jobs: Int = 1

  func validate() throws {
    if jobs < 1 { throw ValidationError("--jobs must be at least 1") }
  }

  /// The places of the chosen templates, all of them where none is named.
  func places(in reading: DocumentReading) throws -> [Int] {
    guard !names.isEmpty else { return Array(reading.templates.indices) }
    var places: [Int] = []
    for name in names {
      let found = reading.templates.indices.filter {
        reading.templates[$0].name.lowercased() == name.lowercased()
      }
      guard !found.isEmpty else {
        let known = reading.templates.map { "`\($0.name)`" }.joined(separator: ", ")
        throw CommandFault(
          "could not choose the image template `\(name)`: the file has \(known)", exit: .usage)
      }
      places += found
    }
    return Array(Set(places)).sorted()
  }
}
