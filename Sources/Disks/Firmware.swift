/// What a machine needs to start from a disk.
public enum Firmware: String, Hashable, Sendable, Codable, CaseIterable {
  /// A PC's BIOS: generation 1 on Azure.
  case bios
  /// UEFI: generation 2 on Azure.
  case uefi
  /// Either of them will do.
  case either
  /// The partition table does not tell.
  case unknown

  /// Finds out by a disk's partition table.
  ///
  /// GPT with an EFI system partition is UEFI, with a BIOS boot partition BIOS; MBR is BIOS, but for
  /// one whose only hint at a boot is an EFI system partition.
  /// - Throws: ``DiskError`` where the disk can't be read.
  public static func detect(_ image: DiskImage, by tool: DiskTool) async throws -> Firmware {
    PartitionTable(try await tool.head(of: image)).firmware
  }
}
