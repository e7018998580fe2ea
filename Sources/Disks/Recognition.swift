public import SystemPackage

extension DiskImage {
  /// Finds out by a file's content what it is, without letting any tool open it.
  ///
  /// A file without the mark of a known format is raw.
  /// - Throws: ``DiskError``: the file can't be read, or it is of a format that is no use here, a
  ///   packed image for one.
  public static func recognize(_ path: FilePath) throws(DiskError) -> DiskImage {
    let path = path.absolute
    let head = try Bytes.read(path, count: 512)
    for (format, mark, offset) in foreignMarks where head.starts(with: mark, at: offset) {
      throw DiskError("use `\(path)`", .unusable(format))
    }
    for (format, mark) in marks where head.starts(with: mark) {
      return DiskImage(path, format: format)
    }
    // A fixed VHD is a raw disk with a footer behind it.
    let tail = try Bytes.read(path, from: -VHDFooter.size, count: VHDFooter.size)
    return DiskImage(path, format: VHDFooter(tail)?.isIntact ?? false ? .vhd : .raw)
  }

  /// What files of a format begin with.
  private static let marks: [(DiskFormat, [UInt8])] = [
    (.qcow2, Array("QFI".utf8) + [0xFB]), (.vhdx, Array("vhdxfile".utf8)),
    (.vhd, Array(VHDFooter.mark.utf8)), (.vmdk, Array("KDMV".utf8)),
  ]

  /// What files of other formats hold, and where.
  private static let foreignMarks: [(String, [UInt8], Int)] = [
    ("qcow (version 1)", Array("QFI".utf8) + [0xFB, 0, 0, 0, 1], 0),
    ("QED", Array("QED".utf8) + [0], 0),
    ("VDI", [0x7F, 0x10, 0xDA, 0xBE], 64),
    ("Parallels", Array("WithoutFreeSpace".utf8), 0),
    ("Parallels", Array("WithouFreSpacExt".utf8), 0),
    ("LUKS", Array("LUKS".utf8) + [0xBA, 0xBE], 0),
    // Its text names the files that hold the bytes.
    ("VMDK descriptor", Array("# Disk DescriptorFile".utf8), 0),
    ("COWD", Array("COWD".utf8), 0),
    ("gzip", [0x1F, 0x8B], 0),
    ("xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], 0),
    ("zstd", [0x28, 0xB5, 0x2F, 0xFD], 0),
    ("bzip2", Array("BZh".utf8), 0),
    ("zip", Array("PK".utf8) + [3, 4], 0),
  ]
}
