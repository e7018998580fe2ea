import ArgumentParser
import Disks
import Foundation
import Images
import Pipeline
import SystemPackage

/// `kiln images`: the images of this machine.
struct ImagesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "images",
    abstract: "Show, boot or remove the images that builds made on this machine.",
    discussion: """
      An image is named by its id, by a managed image's name, by gallery/definition/version, where \
      `latest` or nothing stands for the highest version, or by a VHD's name.
      """,
    subcommands: [ListImages.self, ShowImage.self, BootImage.self, RemoveImages.self],
    defaultSubcommand: ListImages.self)

  /// The images of the user whose environment this process has.
  static func store() throws -> ImageStore {
    try ImageStore(environment: ProcessInfo.processInfo.environment)
  }
}

/// `kiln images list`: all of them.
struct ListImages: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all images.")

  @OptionGroup var output: JSONFlag

  func run() async throws {
    let list = try ImagesCommand.store().list()
    for damage in list.damaged { StandardError.write("warning: \(damage.error)") }
    if output.json { return try StandardOutput.write(json: list.images.map(\.metadata)) }
    guard !list.images.isEmpty else { return StandardError.write("there are no images yet") }
    var table = Table("NAME", "TYPE", "FORMATS", "DISK", "MADE BY")
    for image in list.images {
      let metadata = image.metadata
      table.add(
        LegibleText.legible(image.name), metadata.kind.rawValue,
        metadata.disks.map(\.format.rawValue).joined(separator: ", "),
        "\(metadata.diskSize >> 20) MiB", metadata.provenance.run)
    }
    try StandardOutput.write(lines: table.lines)
  }
}

/// `kiln images show`: one of them, and where it came from.
struct ShowImage: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show an image: its files, and where it came from.")

  @Argument(help: "The image.")
  var name: String
  @OptionGroup var output: JSONFlag

  func run() async throws {
    let image = try ImagesCommand.store().find(name)
    if output.json { return try StandardOutput.write(json: image.metadata) }
    let metadata = image.metadata
    let from = metadata.provenance
    var lines = [
      "image:    \(image.name) (\(metadata.kind.rawValue))", "id:       \(metadata.id)",
      "made:     \(from.made.formatted(.iso8601)) by the run \(from.run)",
      "template: sha256 \(from.templateSHA256)",
      "source:   \(from.source.identity)\(from.source.version.map { ", version \($0)" } ?? "")",
      "boots by: \(from.firmware.rawValue), \(from.architecture)",
    ]
    lines += from.steps.enumerated().map { index, step in
      "step \(index + 1):   \(step.type) \"\(step.name)\", sha256 \(step.sha256)"
    }
    lines += (from.omissions ?? []).map { step in
      let why = step.reason == .skipped ? "left out" : "failed and was passed over"
      return "lacks:    step \(step.number), \(step.type) \"\(step.name)\": \(why)"
    }
    lines += image.disks.map { "file:     \($0.path) (\($0.format.rawValue))" }
    lines += metadata.tags.sorted { $0.key < $1.key }.map { "tag:      \($0.key)=\($0.value)" }
    try StandardOutput.write(lines: lines.map(LegibleText.legible))
  }
}

/// `kiln images rm`: removes some.
struct RemoveImages: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm", abstract: "Remove images; one that a build uses stays.")

  @Argument(help: "The images.")
  var names: [String]

  func run() async throws {
    let store = try ImagesCommand.store()
    for name in names {
      let image = try store.find(name)
      try await store.remove(image)
      StandardError.write("removed \(image.name)")
    }
  }
}
