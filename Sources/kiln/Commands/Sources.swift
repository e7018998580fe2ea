import ArgumentParser
public import Catalog
import HTTP
public import Pipeline
import SystemPackage

/// `kiln sources`: which disks stand for the images that templates start from.
struct Sources: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sources",
    abstract: "Show which disks stand for the images that templates start from.",
    discussion: """
      Kiln knows the public cloud images of Linux distributions. Your own disks, and other ones in \
      place of those, go into $XDG_CONFIG_HOME/kiln/sources.json (~/.config/kiln/sources.json): \
      {"sources": [{"image": "publisher:offer:sku", "path": "disk.qcow2", "user": "azureuser"}]}
      """,
    subcommands: [ListSources.self, ShowSource.self], defaultSubcommand: ListSources.self)
}

/// `kiln sources list`: all of them.
struct ListSources: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List all images and what stands for them.")

  @OptionGroup var file: SourcesFile
  @OptionGroup var output: JSONFlag

  func run() throws {
    let rows = try file.catalog().rows(in: SourcesFile.fetch)
    if output.json { return try StandardOutput.write(json: rows) }
    var table = Table("IMAGE", "ARCHITECTURE", "DISK", "HERE")
    for row in rows {
      let image = row.source.replacing(/:latest$/, with: "")
      let stands = row.title.isEmpty ? row.disk ?? "-" : row.title
      table.add(
        image, row.architecture ?? "-", row.disk == nil ? "none (\(stands))" : stands,
        row.isHere ? "yes" : "-")
    }
    try StandardOutput.write(lines: table.lines.map(LegibleText.legible))
  }
}

/// `kiln sources show`: one of them.
struct ShowSource: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what stands for an image.")

  @Argument(help: "The image: publisher:offer:sku, publisher:offer:sku:version, or an id.")
  var name: String

  @OptionGroup var file: SourcesFile
  @OptionGroup var output: JSONFlag

  func run() throws {
    guard let name = SourceName(name) else {
      throw CommandFault(
        "could not read `\(name)`: it is no name of an image",
        hint: "write publisher:offer:sku, publisher:offer:sku:version, or an id, /subscriptions/…",
        exit: .usage)
    }
    let row = try match(name, try file.catalog()).row(in: SourcesFile.fetch)
    if output.json { return try StandardOutput.write(json: row) }
    let facts = [
      ("source", row.source), ("title", row.title), ("disk", row.disk ?? ""),
      ("format", row.format ?? ""), ("architecture", row.architecture ?? ""),
      ("firmware", row.firmware ?? ""), ("user", row.user ?? ""),
      ("versions", row.versions.map { "latest, and those like \($0)" } ?? ""),
      ("here", row.isHere ? "yes" : "no"), ("from", row.origin),
    ]
    try StandardOutput.write(
      lines: facts.filter { !$0.1.isEmpty }.map { name, value in
        TextWidth.padded("\(name):", to: 14) + LegibleText.legible(value)
      })
  }

  /// What stands for the image on whatever architecture, this machine's first.
  private func match(_ name: SourceName, _ catalog: SourceCatalog) throws -> CatalogMatch {
    do {
      return try catalog.resolve(name, architecture: .ofHost)
    } catch {
      let others = Architecture.allCases.filter { $0 != .ofHost }
      for other in others {
        if let match = try? catalog.resolve(name, architecture: other) { return match }
      }
      throw CommandFault("\(error)", hint: error.hint, exit: .usage)
    }
  }
}

/// Which file of sources counts, beside the ones that Kiln ships.
struct SourcesFile: ParsableArguments {
  @Option(
    name: .customLong("sources"),
    help: ArgumentHelp(
      "Your file of sources, in place of the usual one.", valueName: "file"))
  var path: String?

  /// All sources; what is wrong with the user's file is told.
  func catalog() throws -> SourceCatalog {
    let usual = SourceCatalog.UserFile.usual(FilePath(Places.sourcesFile))
    do throws(CatalogFileError) {
      let catalog = try SourceCatalog(path.map { .named(FilePath($0)) } ?? usual)
      for warning in catalog.warnings { StandardError.write(warning) }
      return catalog
    } catch {
      StandardError.write(error.description)
      throw CommandFault(
        "could not use the file of sources `\(error.file)`: see above", exit: .usage)
    }
  }

  /// Where disks of sources are kept.
  static var fetch: SourceFetch {
    SourceFetch(root: FilePath(Places.sourceDisks), client: HTTPClient())
  }
}

extension CatalogError: Hinting {}
