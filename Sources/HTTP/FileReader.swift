package import Digests
internal import Glibc
package import SystemPackage

/// An open file that is read from its beginning to its end.
///
/// It blocks: use it on ``DiskQueue``.
package struct FileReader: ~Copyable {
  /// Bytes read at a time.
  private static let pieceSize = 1 << 20

  private let path: FilePath
  private let descriptor: CInt

  package init(_ path: FilePath) throws(HTTPError.Reason) {
    self.path = path
    descriptor = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .file(FileFailure(.read, path)) }
  }

  deinit { close(descriptor) }

  /// Gives the rest of the file to `body`, piece by piece; ends early once `stop` is raised.
  package func forEachPiece(
    until stop: StopFlag,
    _ body: (UnsafeRawBufferPointer) throws(HTTPError.Reason) -> Void
  ) throws(HTTPError.Reason) {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
    defer { piece.deallocate() }
    while !stop.isRaised {
      let count = read(descriptor, piece.baseAddress, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .file(FileFailure(.read, path)) }
      guard count > 0 else { return }
      try body(UnsafeRawBufferPointer(rebasing: piece[..<count]))
    }
  }
}

/// What is in a file.
package struct HashedFile {
  package let digest: SHA256Digest
  package let size: Int64

  /// Reads the whole file, unless `stop` is raised; `nil` when there is none.
  package init?(reading path: FilePath, until stop: StopFlag) throws(HTTPError.Reason) {
    var hasher = SHA256Hasher()
    var size: Int64 = 0
    do {
      try FileReader(path).forEachPiece(until: stop) { bytes in
        hasher.update(bytes)
        size += Int64(bytes.count)
      }
    } catch {
      if case .file(let failure) = error, failure.errno == .noSuchFileOrDirectory { return nil }
      throw error
    }
    do throws(DigestError) {
      digest = try hasher.finalize()
    } catch {
      throw .noChecksum(text: "\(error)")
    }
    self.size = size
  }
}
