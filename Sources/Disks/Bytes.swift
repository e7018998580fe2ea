internal import SystemPackage
internal import Glibc

/// Bytes of a file, and the big- and little-endian numbers in them.
struct Bytes {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// How many there are.
  var count: Int { bytes.count }

  /// Up to `count` bytes of a file from `offset` on; a negative offset counts from its end.
  /// - Throws: ``DiskError`` with the file system's reason.
  static func read(_ path: FilePath, from offset: Int = 0, count: Int) throws(DiskError) -> Bytes {
    do {
      // A pipe would have this wait for its other end.
      let file = try FileDescriptor.open(path, .readOnly, options: .nonBlocking)
      return try file.closeAfter {
        let start =
          offset >= 0 ? Int64(offset) : max(0, try file.seek(offset: 0, from: .end) + Int64(offset))
        return Bytes(
          try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
              let rest = UnsafeMutableRawBufferPointer(
                rebasing: UnsafeMutableRawBufferPointer(
                  buffer)[filled...])
              let read = try file.read(fromAbsoluteOffset: start + Int64(filled), into: rest)
              if read == 0 { return }
              filled += read
            }
          })
      }
    } catch {
      throw .refused("read `\(path)`", error as? Errno ?? .ioError)
    }
  }

  /// Whether `text` stands at `offset`.
  func has(_ text: String, at offset: Int) -> Bool {
    starts(with: Array(text.utf8), at: offset)
  }

  /// Whether `expected` stands at `offset`.
  func starts(with expected: [UInt8], at offset: Int = 0) -> Bool {
    offset + expected.count <= count
      && bytes[offset..<offset + expected.count].elementsEqual(
        expected)
  }

  /// The bytes of a range, fewer where there are fewer.
  subscript(range: Range<Int>) -> ArraySlice<UInt8> { bytes[range.clamped(to: 0..<count)] }

  /// An unsigned number whose first byte counts most; 0 beyond the end.
  func big(_ offset: Int, _ width: Int) -> UInt64 {
    self[offset..<offset + width].reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// An unsigned number whose last byte counts most; 0 beyond the end.
  func little(_ offset: Int, _ width: Int) -> UInt64 {
    self[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// The directory that relative paths start from.
var workingDirectory: String {
  guard let path = getcwd(nil, 0) else { return "/" }
  defer { free(path) }
  return String(cString: path)
}
