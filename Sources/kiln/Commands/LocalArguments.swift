public import ArgumentParser
public import Disks

/// What the VM of a local build is like, and what is made of it.
struct LocalArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Start from this disk, whatever source the template names.", valueName: "file"))
  var sourceDisk: String?

  @OptionGroup var sources: SourcesFile

  @Option(
    help: ArgumentHelp("Give the build VM this many processors.", valueName: "number"))
  var cpus: Int?

  @Option(
    help: ArgumentHelp("Give the build VM this much memory, in MiB.", valueName: "MiB"))
  var memory: Int?

  @Option(
    name: .customLong("format"),
    help: ArgumentHelp(
      "Keep each image in this format, too: vhd, vhdx, qcow2 or raw.", valueName: "format"))
  var formats: [DiskFormat] = []

  @Flag(help: "Keep the build VM after a failure, to look into it with `kiln ssh`.")
  var keep = false

  /// More than this need a device that guests' kernels don't all know (an IOMMU, on x86-64).
  static let mostProcessors = 255

  /// Throws where a number can't be meant.
  func validate() throws {
    if let cpus, !(1...Self.mostProcessors).contains(cpus) {
      throw ValidationError("--cpus must be from 1 to \(Self.mostProcessors)")
    }
    if let memory, memory < 256 { throw ValidationError("--memory must be at least 256 (MiB)") }
  }
}

extension DiskFormat: ExpressibleByArgument {
  /// All that images can be kept in.
  public static var allValueStrings: [String] { ["vhd", "vhdx", "qcow2", "raw"] }
}
