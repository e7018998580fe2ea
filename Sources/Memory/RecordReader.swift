/// Finds the pages in the stream that QEMU writes of a machine's memory (migration/ram.c of QEMU): eight
/// bytes with the address and flags, where a block of memory begins its name, and then the page,
/// or one byte that all of it is filled with.
///
/// What is not understood is handed out byte by byte. It only has to be told where the same page
/// may be in two streams: whether it is the same is always looked at.
struct RecordReader {
  /// A piece of the stream.
  struct Record {
    /// Which page it is, where it is one: pages come in the order of this.
    var place: Place?
    var count: Int
  }

  /// Which page of the machine.
  struct Place: Comparable {
    /// How many blocks have begun.
    var block: Int
    var address: UInt64

    static func < (one: Place, other: Place) -> Bool {
      one.block != other.block ? one.block < other.block : one.address < other.address
    }
  }

  private static let pageSize = 4096
  private static let headerSize = 8
  private static let longestName = 127
  /// Enough of the stream for any record.
  private static let longest = headerSize + 1 + longestName + pageSize
  /// More memory than any machine has; what is beyond that is no address.
  private static let addresses: UInt64 = 1 << 46

  // RAM_SAVE_FLAG_ZERO, _PAGE and _CONTINUE, which stand where an address has none.
  private static let filled: UInt64 = 0x02
  private static let page: UInt64 = 0x08
  private static let goesOn: UInt64 = 0x20
  private static let flags: UInt64 = 0xFFF

  let window: StreamWindow
  private var last = Place(block: 0, address: 0)
  private var isFirst = true

  init(_ stream: any ByteStream) { window = StreamWindow(on: stream) }

  /// The next piece and its bytes, which are valid until the next call; `nil` at the end.
  mutating func next() throws(MemoryError) -> (Record, UnsafeRawBufferPointer)? {
    let bytes = try window.look(Self.longest)
    guard !bytes.isEmpty else { return nil }
    let record = record(in: bytes)
    return (record, UnsafeRawBufferPointer(rebasing: bytes[..<record.count]))
  }

  /// Goes on behind a piece that is the next one of this stream, too.
  mutating func pass(_ record: Record) {
    window.skip(record.count)
    if let place = record.place { (last, isFirst) = (place, false) }
  }

  private mutating func record(in bytes: UnsafeRawBufferPointer) -> Record {
    let other = Record(place: nil, count: 1)
    guard bytes.count >= Self.headerSize else { return other }
    let header = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    let flags = header & Self.flags
    let body: Int
    switch flags & ~Self.goesOn {
    case Self.page: body = Self.pageSize
    case Self.filled: body = 1
    default: return other
    }
    var place = Place(block: last.block, address: header & ~Self.flags)
    guard place.address < Self.addresses else { return other }
    var count = Self.headerSize + body
    if flags & Self.goesOn == 0 {
      guard let name = nameSize(in: bytes) else { return other }
      count += name
      place.block += 1
    } else if place <= last && !isFirst {
      return other
    }
    guard bytes.count >= count else { return other }
    (last, isFirst) = (place, false)
    return Record(place: place, count: count)
  }

  /// How many bytes the name of a block takes, its length included.
  private func nameSize(in bytes: UnsafeRawBufferPointer) -> Int? {
    guard bytes.count > Self.headerSize else { return nil }
    let count = Int(bytes[Self.headerSize])
    let name = bytes.dropFirst(Self.headerSize + 1).prefix(count)
    guard (1...Self.longestName).contains(count), name.count == count,
      name.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    return 1 + count
  }
}
