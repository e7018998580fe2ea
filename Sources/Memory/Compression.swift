internal import CZstd
internal import Glibc

/// What a file holds that ``Compressor`` wrote.
final class Decompressor: ByteStream {
  private let file: FileStream
  private let context: OpaquePointer
  private let input = UnsafeMutableRawBufferPointer.allocate(
    byteCount: ZSTD_DStreamInSize(), alignment: 16)
  private var filled = 0
  private var taken = 0
  /// Whether what was read so far is whole.
  private var isWhole = false

  init(_ path: String) throws(MemoryError) {
    file = try FileStream(path)
    guard let context = ZSTD_createDStream() else { throw .file("read `\(path)`", ENOMEM) }
    self.context = context
  }

  deinit {
    ZSTD_freeDStream(context)
    input.deallocate()
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MemoryError) -> Int {
    var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
    while output.pos == 0, buffer.count > 0 {
      if taken == filled {
        (taken, filled) = (0, try file.read(into: input))
        if filled == 0 {
          guard isWhole else { throw .damaged(file.path, "it ends too early") }
          return 0
        }
      }
      var piece = ZSTD_inBuffer(src: input.baseAddress, size: filled, pos: taken)
      let left = ZSTD_decompressStream(context, &output, &piece)
      taken = piece.pos
      guard ZSTD_isError(left) == 0 else {
        throw .damaged(file.path, String(cString: ZSTD_getErrorName(left)))
      }
      isWhole = left == 0
    }
    return output.pos
  }
}

/// Writes a file that is compressed, with a checksum of what it holds.
final class Compressor {
  /// The fastest of its levels that still takes more than half of a machine's memory away.
  private static let level: Int32 = -3

  private let path: String
  private let file: FileOutput
  private let context: OpaquePointer
  private let output = UnsafeMutableRawBufferPointer.allocate(
    byteCount: ZSTD_CStreamOutSize(), alignment: 16)

  init(_ path: String) throws(MemoryError) {
    self.path = path
    file = try FileOutput(path)
    guard let context = ZSTD_createCCtx() else { throw .file("write `\(path)`", ENOMEM) }
    self.context = context
    for (option, value) in [(ZSTD_c_compressionLevel, Self.level), (ZSTD_c_checksumFlag, 1)] {
      ZSTD_CCtx_setParameter(context, option, value)
    }
  }

  deinit {
    ZSTD_freeCCtx(context)
    output.deallocate()
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(MemoryError) {
    var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
    while input.pos < input.size { _ = try go(on: &input, ZSTD_e_continue) }
  }

  func finish() throws(MemoryError) {
    var input = ZSTD_inBuffer(src: nil, size: 0, pos: 0)
    while try go(on: &input, ZSTD_e_end) > 0 {}
  }

  private func go(
    on input: inout ZSTD_inBuffer, _ how: ZSTD_EndDirective
  ) throws(MemoryError) -> Int {
    var room = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let left = ZSTD_compressStream2(context, &room, &input, how)
    guard ZSTD_isError(left) == 0 else {
      throw MemoryError(
        kind: .file(EIO), operation: "write `\(path)`",
        reason: String(cString: ZSTD_getErrorName(left)))
    }
    if room.pos > 0 { try file.write(UnsafeRawBufferPointer(rebasing: output[..<room.pos])) }
    return left
  }
}
