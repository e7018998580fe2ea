import ArgumentParser
import Pipeline

/// `kiln outputs`: what the distributors of a run made.
struct Outputs: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "outputs", abstract: "Show what a run made: its run outputs.",
    discussion: "With --json they have the shape of Azure Image Builder's runOutputs.")

  @OptionGroup var chosen: RunArgument
  @OptionGroup var output: JSONFlag

  func run() throws {
    let record = try chosen.find().record()
    let results = record.outputs ?? []
    if output.json {
      return try StandardOutput.write(
        json: results.compactMap(\.output).map(RunOutputResource.init))
    }
    guard !results.isEmpty else { return StandardError.write("the run made no outputs") }
    var table = Table("NAME", "TYPE", "DURATION", "ARTIFACT")
    for result in results {
      table.add(
        result.planned.name, result.planned.type, "\(Elapsed(seconds: result.seconds))",
        LegibleText.legible(result.output?.artifact ?? "failed: \(result.message ?? "")"))
    }
    try StandardOutput.write(lines: table.lines)
  }
}

/// A run output as AIB shows it (`aib.md` d.1), with the files that hold it.
struct RunOutputResource: Encodable {
  struct Properties: Encodable {
    let artifactId: String?
    let artifactUri: String?
    let provisioningState = "Succeeded"
    let files: [String]
  }

  let name: String
  let properties: Properties
  let type = "Microsoft.VirtualMachineImages/imageTemplates/runOutputs"

  init(_ output: RunOutput) {
    name = output.name
    properties = Properties(
      artifactId: output.artifactID, artifactUri: output.artifactURI, files: output.files)
  }
}
