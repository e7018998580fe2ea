import ArgumentParser

/// The table of contents of the product: every command, in the order of `kiln --help`.
@main
struct Kiln: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kiln",
    abstract: "Bake virtual-machine images from Azure Image Builder templates.",
    subcommands: [BuildCommand.self])
}
