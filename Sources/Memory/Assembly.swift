/// A memory that is put together of a whole one and of the differences that were kept after it.
///
/// No memory between them is ever made: the maps are followed down first.
final class Assembly: ByteStream {
  /// A part of the result.
  private struct Part {
    /// Whose bytes: 0 is the whole memory, the others are what was new in each difference.
    var source: Int
    var offset: Int
    var count: Int
  }

  /// What parts are taken from, always forwards.
  private struct Source {
    let path: String
    let stream: any ByteStream
    var position = 0
  }

  private static let skippedAtOnce = 1 << 18
  private static let short = "it ends too early"

  private var sources: [Source]
  private let parts: [Part]
  /// The part that comes next, and how much of it was handed out.
  private var next = 0
  private var taken = 0
  private let skipped = UnsafeMutableRawBufferPointer.allocate(
    byteCount: skippedAtOnce, alignment: 16)

  /// `whole` and what is `new` in each difference are compressed files.
  init(
    whole: String, _ differences: [(map: MemoryMap, new: String)]
  ) throws(MemoryError) {
    sources = [Source(path: whole, stream: try Decompressor(whole))]
    var parts = [Part(source: 0, offset: 0, count: .max)]
    for (index, difference) in differences.enumerated() {
      let source = Source(path: difference.new, stream: try Decompressor(difference.new))
      sources.append(source)
      parts = try Self.follow(difference.map, on: parts, newIn: index + 1, source.path)
    }
    self.parts = parts
  }

  deinit { skipped.deallocate() }

  /// What a map means where the memory that it is over is put together itself.
  private static func follow(
    _ map: MemoryMap, on below: [Part], newIn source: Int, _ path: String
  ) throws(MemoryError) -> [Part] {
    var parts: [Part] = []
    var (newOffset, index, start) = (0, 0, 0)
    for part in map.parts {
      switch part {
      case .new(let count):
        parts.append(Part(source: source, offset: newOffset, count: count))
        newOffset += count
      case .earlier(var at, var count):
        while count > 0 {
          while index < below.count, at - start >= below[index].count {
            start += below[index].count
            index += 1
          }
          guard index < below.count else { throw .damaged(path, "it is not of the state below it") }
          let lower = below[index]
          let taken = min(count, lower.count - (at - start))
          parts.append(
            Part(source: lower.source, offset: lower.offset + (at - start), count: taken))
          at += taken
          count -= taken
        }
      }
    }
    return parts
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(MemoryError) -> Int {
    var filled = 0
    while filled < buffer.count, next < parts.count {
      let part = parts[next]
      try advance(part.source, to: part.offset + taken)
      let room = buffer[filled...].prefix(part.count - taken)
      let count = try sources[part.source].stream.read(
        into: UnsafeMutableRawBufferPointer(rebasing: room))
      if count == 0 {
        // How large a whole memory is, nobody says beforehand.
        guard part.count == .max else { throw .damaged(sources[part.source].path, Self.short) }
        next = parts.count
      }
      filled += count
      taken += count
      sources[part.source].position += count
      if taken == part.count { (next, taken) = (next + 1, 0) }
    }
    return filled
  }

  private func advance(_ index: Int, to offset: Int) throws(MemoryError) {
    while sources[index].position < offset {
      let count = min(offset - sources[index].position, Self.skippedAtOnce)
      try sources[index].stream.fill(
        UnsafeMutableRawBufferPointer(rebasing: skipped[..<count]), from: sources[index].path)
      sources[index].position += count
    }
  }
}
