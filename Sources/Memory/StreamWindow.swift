/// A look at the next bytes of a stream.
final class StreamWindow {
  private static let size = 1 << 20

  private let stream: any ByteStream
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
  private var start = 0
  private var end = 0
  private var isAtEnd = false
  /// How many bytes of the stream lie before the next.
  private(set) var position = 0

  init(on stream: any ByteStream) { self.stream = stream }

  deinit { buffer.deallocate() }

  /// At least so many of the next bytes, or all that are left.
  ///
  /// They are valid until the next call.
  func look(_ count: Int) throws(MemoryError) -> UnsafeRawBufferPointer {
    if end - start < count, !isAtEnd { try refill(count) }
    return UnsafeRawBufferPointer(rebasing: buffer[start..<end])
  }

  /// Goes on by so many bytes, which were looked at.
  func skip(_ count: Int) {
    start += count
    position += count
  }

  private func refill(_ count: Int) throws(MemoryError) {
    buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[start..<end]))
    (start, end) = (0, end - start)
    while end < count, !isAtEnd {
      let read = try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
      end += read
      isAtEnd = read == 0
    }
  }
}
