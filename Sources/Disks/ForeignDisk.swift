public import SystemPackage

extension DiskTool {
  /// What the user says of an image that Kiln did not make.
  public enum Declaration: Hashable, Sendable {
    /// It is of this format, whatever its content looks like.
    case format(DiskFormat)
    /// Its content shows what it is.
    case byContent
  }

  /// Takes in an image that Kiln did not make, as a build's source for one.
  ///
  /// Such an image may name other files of this machine, `/etc/shadow` for one, as its backing or
  /// data file, and would bring their bytes into the guest. It is looked at before qemu-img opens
  /// it, and once more by qemu-img itself.
  /// - Throws: ``DiskError``, of reason ``DiskError/Reason/refersTo(_:)`` where it does, of reason
  ///   ``DiskError/Reason/damaged(_:)`` where it is empty or not whole.
  public func admit(_ path: FilePath, as declaration: Declaration) async throws -> DiskInfo {
    let image =
      switch declaration {
      case .format(let format): DiskImage(path, format: format)
      case .byContent: try DiskImage.recognize(path)
      }
    try image.standsAlone()
    // Beside each other: what is wrong with an image that is none, its information tells best.
    async let checking = check(image)
    let info = try await info(image)
    if let other = info.backingFile ?? info.dataFile {
      throw DiskError("use `\(image.path)`", .refersTo(other))
    }
    guard info.virtualSize > 0 else {
      throw DiskError("use `\(image.path)`", .damaged("it is empty"))
    }
    // A download that was cut off still looks like an image, and breaks in the middle of a build.
    if case .corrupt(let errors) = try await checking {
      throw DiskError(
        "use `\(image.path)`",
        .damaged("\(errors) errors in its tables; a part of the file is missing perhaps"))
    }
    return info
  }
}

extension DiskImage {
  /// Looks at the file's own header.
  fileprivate func standsAlone() throws(DiskError) {
    let operation = "use `\(path)`"
    switch format {
    case .raw: break
    case .qcow2: try checkQcow2(operation)
    case .vmdk: try checkVMDK(operation)
    case .vhd:
      // A dynamic VHD has a copy of the footer at its start as well; both say what it is.
      if try VHDFooter.read(path).kind == .differencing {
        throw DiskError(operation, .refersTo("the VHD that it differs from"))
      }
    case .vhdx: try checkVHDX(operation)
    }
  }

  /// The header's fields are those of `docs/interop/qcow2.txt` in QEMU.
  private func checkQcow2(_ operation: String) throws(DiskError) {
    let head = try Bytes.read(path, count: 104)
    guard head.has("QFI", at: 0) else { return }
    let backing = Int(clamping: head.big(8, 8))
    if backing != 0 {
      let length = min(Int(head.big(16, 4)), 1023)
      let name = try Bytes.read(path, from: backing, count: length)
      throw DiskError(operation, .refersTo(String(decoding: name[0..<length], as: UTF8.self)))
    }
    let hasDataFile = head.big(4, 4) >= 3 && head.big(72, 8) & 1 << 2 != 0
    if hasDataFile { throw DiskError(operation, .refersTo("an external data file")) }
    if head.big(32, 4) != 0 { throw DiskError(operation, .unusable("encrypted qcow2")) }
  }

  /// A VHDX that differs from another has a parent locator among its metadata, whose place its
  /// region table has ("VHDX Format Specification" 1.00, 2.2.3 and 2.6).
  private func checkVHDX(_ operation: String) throws(DiskError) {
    let metadataRegion: [UInt8] = [
      0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88,
      0x6E,
    ]
    let parentLocator: [UInt8] = [
      0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB,
      0x0C,
    ]
    let table = 64 << 10
    // There are two copies of the region table.
    for copy in [3 * table, 4 * table] {
      let regions = try Bytes.read(path, from: copy, count: table)
      for entry in stride(from: 16, to: table, by: 32)
      where regions.starts(with: metadataRegion, at: entry) {
        let place = Int(clamping: regions.little(entry + 16, 8))
        let metadata = try Bytes.read(path, from: place, count: table)
        for item in stride(from: 32, to: table, by: 32)
        where metadata.starts(with: parentLocator, at: item) {
          throw DiskError(operation, .refersTo("the VHDX that it differs from"))
        }
      }
    }
  }

  /// A VMDK with a capacity of 0 has a text that names other files as its parts ("Virtual Disk
  /// Format 5.0", 2011); a text without that mark is one of its own.
  private func checkVMDK(_ operation: String) throws(DiskError) {
    let head = try Bytes.read(path, count: 512)
    guard head.has("KDMV", at: 0), head.little(12, 8) > 0 else {
      throw DiskError(operation, .refersTo("the files that its descriptor names"))
    }
    let sector = 512
    let start = Int(clamping: head.little(28, 8)).multipliedReportingOverflow(by: sector)
    let text = try Bytes.read(
      path, from: start.overflow ? 0 : start.partialValue, count: 20 * sector)
    if String(decoding: text[0..<text.count], as: UTF8.self).contains("parentFileNameHint") {
      throw DiskError(operation, .refersTo("the VMDK that it differs from"))
    }
  }
}
