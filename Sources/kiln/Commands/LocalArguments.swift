public import ArgumentParser
public import Disks
public import QEMU

/// What the VM of a local build is like, and what is made of it.
struct LocalArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Start from this disk, whatever source the template names.", valueName: "file"))
  var sourceDisk: String?

  @Option(
    help: ArgumentHelp(
      "The source is a Windows disk with WinRM on: log in as this user.", valueName: "name"))
  var windowsUser: String?

  @Option(
    help: ArgumentHelp(
      "The port of WinRM on the Windows disk: 5985 for HTTP with sealed messages, 5986 for HTTPS.",
      valueName: "port"))
  var windowsPort: Int = 5985

  @Option(
    help: ArgumentHelp(
      "What a Windows VM has for disks and network: SATA and e1000, or virtio where its disk has "
        + "the drivers.", valueName: "sata|virtio"))
  var windowsDevices = VMSpec.Devices.sata

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

  @OptionGroup var cache: CacheArguments

  @Flag(help: "Keep the build VM after a failure, to look into it with `kiln ssh`.")
  var keep = false

  /// More than this need a device that guests' kernels don't all know (an IOMMU, on x86-64).
  static let mostProcessors = 255

  /// Throws where a number can't be meant.
  func validate() throws {
    if let cpus, !(1...Self.mostProcessors).contains(cpus) {
      throw ValidationError("--cpus must be from 1 to \(Self.mostProcessors)")
    }
    guard [5985, 5986].contains(windowsPort) else {
      throw ValidationError("--windows-port must be 5985 or 5986")
    }
    if let memory, memory < 256 { throw ValidationError("--memory must be at least 256 (MiB)") }
  }
}

extension VMSpec.Devices: ExpressibleByArgument {
  /// All that a VM can have.
  public static var allValueStrings: [String] { ["sata", "virtio"] }
}

extension DiskFormat: ExpressibleByArgument {
  /// All that images can be kept in.
  public static var allValueStrings: [String] { ["vhd", "vhdx", "qcow2", "raw"] }
}
