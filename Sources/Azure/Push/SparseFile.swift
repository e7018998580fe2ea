internal import Glibc
internal import Pipeline
public import SystemPackage

/// A file of which only the parts are read that hold anything.
public final class SparseFile: Sendable {
  /// Its path.
  public let path: FilePath
  /// Its size in bytes.
  public let size: Int64
  /// What changes when its content may have: size, time of the last change, and place on the disk.
  public let identity: String
  private let descriptor: Int32

  /// The size of the pieces that it is read in: the most that one request may carry.
  static let pieceSize: Int64 = 4 << 20
  /// Zeros of this length and more are left out, in bytes.
  private static let shortestGap = 64 << 10
  /// What is looked at at once for zeros: a page of the service.
  private static let page = 512

  /// `SEEK_DATA` and `SEEK_HOLE` of Linux, which the C library hides from Swift.
  private static let seekData: Int32 = 3
  private static let seekHole: Int32 = 4

  /// Opens a file.
  /// - Throws: ``AzureError`` with the file system's reason.
  public init(_ path: FilePath) throws(AzureError) {
    descriptor = open(path.string, O_RDONLY | O_CLOEXEC)
    self.path = path
    var facts = stat()
    guard descriptor >= 0, fstat(descriptor, &facts) == 0 else {
      let reason = String(cString: strerror(errno))
      if descriptor >= 0 { close(descriptor) }
      throw AzureError("read `\(path)`", reason)
    }
    size = Int64(facts.st_size)
    identity =
      "\(facts.st_dev):\(facts.st_ino):\(facts.st_size):\(facts.st_mtim.tv_sec)"
      + ".\(facts.st_mtim.tv_nsec)"
  }

  deinit { close(descriptor) }

  /// The last bytes, where a VHD has its footer.
  func footer() throws(AzureError) -> [UInt8] {
    guard size >= Int64(Self.page) else { return [] }
    return try read(size - Int64(Self.page), Self.page)
  }

  /// Where pieces begin that may hold anything: those that the file system knows to be empty are
  /// left out without being read.
  func pieces() -> [Int64] {
    var found: [Int64] = []
    var at: Int64 = 0
    while at < size {
      let data = lseek(descriptor, off_t(at), Self.seekData)
      // A file system that does not know gives the same place; past the last data there is none.
      guard data >= 0 else { return errno == ENXIO ? found : found + rest(from: at) }
      let hole = lseek(descriptor, data, Self.seekHole)
      var piece = Int64(data) / Self.pieceSize * Self.pieceSize
      while piece < Int64(hole) {
        if found.last != piece { found.append(piece) }
        piece += Self.pieceSize
      }
      at = max(piece, Int64(hole))
    }
    return found
  }

  private func rest(from at: Int64) -> [Int64] {
    Array(stride(from: at / Self.pieceSize * Self.pieceSize, to: size, by: Int(Self.pieceSize)))
  }

  /// The parts of a piece that are not zero, each of whole pages, with the place where it goes.
  func parts(ofPieceAt offset: Int64) throws(AzureError) -> [(offset: Int64, bytes: [UInt8])] {
    let bytes = try read(offset, Int(min(Self.pieceSize, size - offset)))
    return Self.runs(in: bytes).map { (offset + Int64($0.lowerBound), Array(bytes[$0])) }
  }

  /// Ranges of whole pages that hold all that is not zero.
  static func runs(in bytes: [UInt8]) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    bytes.withUnsafeBytes { raw in
      for start in stride(from: 0, to: raw.count, by: page) {
        let end = min(start + page, raw.count)
        guard raw[start..<end].contains(where: { $0 != 0 }) else { continue }
        if let last = runs.last, start - last.upperBound < shortestGap {
          runs[runs.count - 1] = last.lowerBound..<end
        } else {
          runs.append(start..<end)
        }
      }
    }
    return runs
  }

  private func read(_ offset: Int64, _ count: Int) throws(AzureError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset) + done)
      }
      guard got > 0 else {
        let reason = got == 0 ? "it is shorter than it was" : String(cString: strerror(errno))
        throw AzureError("read `\(path)`", reason)
      }
      done += got
    }
    return bytes
  }
}
