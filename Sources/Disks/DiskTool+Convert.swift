public import SystemPackage

/// Is told how much of a conversion is done, from 0 to 1.
public typealias ConversionProgress = @Sendable (_ done: Double) -> Void

extension DiskTool {
  /// Azure takes VHDs of whole mebibytes only.
  private static let vhdUnit = 1 << 20

  /// The size in bytes of a VHD that holds a disk of `size` bytes: the next whole MiB.
  public static func vhdSize(holding size: Int) -> Int {
    let units = size / vhdUnit + (size.isMultiple(of: vhdUnit) ? 0 : 1)
    let (whole, isTooLarge) = units.multipliedReportingOverflow(by: vhdUnit)
    // No VHD is as large as that, as qemu-img then says.
    return isTooLarge ? size : whole
  }

  /// Writes a disk to a new file that stands alone, with all that the disks below `source` have.
  ///
  /// A VHD is a fixed one as Azure wants it: its size is a whole number of MiB, zeros after the
  /// source's end, and its file 512 bytes longer. What is zero in the source takes no room in the
  /// result. What was written is not yet safe from a power cut.
  /// - Throws: ``DiskError``; of reason ``DiskError/Reason/exists`` where there is such a file, of
  ///   reason ``DiskError/Reason/full`` where there is no room. Nothing of the file is then left.
  public func convert(
    from source: DiskImage, to path: FilePath, as format: DiskFormat,
    progress: @escaping ConversionProgress = { _ in }
  ) async throws -> DiskImage {
    let target = DiskImage(path, format: format)
    let operation = "convert `\(source.path)` to `\(target.path)`"
    try await make(target, operation) { operation in
      var arguments = ["convert", "-p", "-f", source.format.toolName, "-O", format.toolName]
      if format == .vhd {
        // The size of a source can't be given to `convert`, so the larger VHD is made first. It is
        // all zeros, and so nothing needs to be written where the source has none.
        let size = Self.vhdSize(holding: try await info(source).virtualSize)
        try await create(target, size: size, for: operation)
        arguments += ["-n", "--target-is-zero"]
      }
      arguments += [source.path.string, target.path.string]
      let end = try await work(arguments, for: operation, progress: progress)
      guard end.code == 0 else { throw DiskError.tool(operation, said: end.errors) }
    }
    return target
  }
}
