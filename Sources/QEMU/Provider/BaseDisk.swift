public import Disks

/// A disk that VMs start from, each with an overlay of its own.
public struct BaseDisk: Sendable, Hashable {
  /// Its file and format; nothing is ever written to it.
  public var image: DiskImage
  /// What a machine needs to start from it.
  public var firmware: Firmware
  /// The processors that it is for.
  public var architecture: VMSpec.Architecture

  /// Describes a disk.
  public init(image: DiskImage, firmware: Firmware, architecture: VMSpec.Architecture) {
    self.image = image
    self.firmware = firmware
    self.architecture = architecture
  }
}

extension VMSpec.Firmware {
  /// What starts a disk with these needs: UEFI where both do, and BIOS where nothing is known.
  init(for needs: Disks.Firmware) {
    self =
      switch needs {
      case .bios, .unknown: .bios
      case .uefi, .either: .uefi
      }
  }
}
