internal import Glibc

/// What of a memory is not in an earlier one: a map, and the bytes that are new.
struct Difference {
  /// How the memory is put together.
  let map: MemoryMap
  /// How many bytes the memory has.
  let count: Int

  /// How many of them are new.
  var newBytes: Int { map.newBytes }

  /// Compares a memory with an earlier one, and writes to a compressed file what is new.
  static func find(
    in memory: any ByteStream, over earlier: any ByteStream, newTo output: Compressor,
    _ mayGoOn: () throws -> Void
  ) throws -> Difference {
    var (new, old) = (RecordReader(memory), RecordReader(earlier))
    var map = MemoryMap()
    // The next of the earlier stream, where that was looked at.
    var candidate: (RecordReader.Record, UnsafeRawBufferPointer)?
    while let (record, bytes) = try new.next() {
      if new.window.position & mask < bytes.count { try mayGoOn() }
      var isOld = false
      if let place = record.place {
        if candidate == nil {
          // Most pages come in the order that they came in before, and are the same.
          let next = try old.window.look(bytes.count).prefix(bytes.count)
          isOld = same(UnsafeRawBufferPointer(rebasing: next), bytes)
          if !isOld { candidate = try old.next() }
        }
        while !isOld, let (before, _) = candidate, before.place.map({ $0 < place }) ?? true {
          old.window.skip(before.count)
          candidate = try old.next()
        }
        if !isOld, let (before, oldBytes) = candidate, before.place == place {
          isOld = same(oldBytes, bytes)
        }
      }
      if isOld {
        map.add(.earlier(at: old.window.position, count: bytes.count))
        old.pass(record)
        candidate = nil
      } else {
        map.add(.new(count: bytes.count))
        try output.write(bytes)
      }
      new.window.skip(bytes.count)
    }
    try output.finish()
    return Difference(map: map, count: new.window.position)
  }

  private static func same(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count, let first = one.baseAddress, let second = other.baseAddress
    else { return false }
    return memcmp(first, second, one.count) == 0
  }

  /// How often it is asked whether to go on: about once for so many bytes, less one.
  private static let mask = (1 << 22) - 1
}
