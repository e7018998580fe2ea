/// A small ISO 9660 image: a few files in its root directory (ECMA-119).
///
/// Written here so that a private key reaches the image by no other file and no other program.
struct ISOImage {
  struct File {
    /// In lower case; readers that follow the standard show it so, from capitals on the disk.
    let name: String
    let content: [UInt8]
  }

  private static let sector = 2048
  /// Where each part begins, in sectors; the first 16 are the system's.
  private enum Place {
    static let volume = 16
    static let end = 17
    static let littleTable = 18
    static let bigTable = 19
    static let root = 20
    static let files = 21
  }

  let label: String
  let files: [File]

  /// The image.
  var bytes: [UInt8] {
    var starts: [Int] = []
    var next = Place.files
    for file in files {
      starts.append(next)
      next += (file.content.count + Self.sector - 1) / Self.sector
    }
    var image = [UInt8](repeating: 0, count: next * Self.sector)
    put(volume(sectors: next), at: Place.volume, in: &image)
    put([255] + Array("CD001".utf8) + [1], at: Place.end, in: &image)
    put([1, 0] + little(Place.root, 4) + little(1, 2) + [0, 0], at: Place.littleTable, in: &image)
    put([1, 0] + big(Place.root, 4) + big(1, 2) + [0, 0], at: Place.bigTable, in: &image)
    put(root(starts), at: Place.root, in: &image)
    for (file, start) in zip(files, starts) { put(file.content, at: start, in: &image) }
    return image
  }

  /// The primary volume descriptor (ECMA-119, 8.4).
  private func volume(sectors: Int) -> [UInt8] {
    let year = Array("2000010100000000".utf8) + [0]
    let never = [UInt8](repeating: UInt8(ascii: "0"), count: 16) + [0]
    var descriptor: [UInt8] = [1] + Array("CD001".utf8) + [1, 0]
    descriptor += text("LINUX", 32) + text(label, 32) + [UInt8](repeating: 0, count: 8)
    descriptor += both(sectors, 4) + [UInt8](repeating: 0, count: 32)
    descriptor += both(1, 2) + both(1, 2) + both(Self.sector, 2) + both(10, 4)
    descriptor += little(Place.littleTable, 4) + little(0, 4) + big(Place.bigTable, 4) + big(0, 4)
    descriptor += record([0], at: Place.root, count: Self.sector, isDirectory: 2)
    // Names of the set, publisher, preparer, application and three files: none.
    descriptor += text("", 128 * 4 + 37 * 3)
    descriptor += year + year + never + never + [1]
    return descriptor
  }

  /// The root directory: itself, its parent, which it is too, and the files in order.
  private func root(_ starts: [Int]) -> [UInt8] {
    var records = record([0], at: Place.root, count: Self.sector, isDirectory: 2)
    records += record([1], at: Place.root, count: Self.sector, isDirectory: 2)
    for (file, start) in zip(files, starts) {
      let name = Array((file.name.uppercased() + ".;1").utf8)
      records += record(name, at: start, count: file.content.count, isDirectory: 0)
    }
    return records
  }

  /// A directory record (ECMA-119, 9.1); `isDirectory` is its flags' bit for that, or 0.
  private func record(_ name: [UInt8], at start: Int, count: Int, isDirectory: UInt8) -> [UInt8] {
    // 2000-01-01 00:00:00 UTC: images of the same content are the same.
    let date: [UInt8] = [100, 1, 1, 0, 0, 0, 0]
    var record = [0, 0] + both(start, 4) + both(count, 4) + date + [isDirectory, 0, 0]
    record += both(1, 2) + [UInt8(name.count)] + name
    if record.count % 2 == 1 { record.append(0) }
    record[0] = UInt8(record.count)
    return record
  }

  private func put(_ bytes: [UInt8], at sector: Int, in image: inout [UInt8]) {
    let start = sector * Self.sector
    image.replaceSubrange(start..<start + bytes.count, with: bytes)
  }

  private func little(_ number: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }

  private func big(_ number: Int, _ count: Int) -> [UInt8] { little(number, count).reversed() }

  private func both(_ number: Int, _ count: Int) -> [UInt8] {
    little(number, count) + big(number, count)
  }

  private func text(_ text: String, _ count: Int) -> [UInt8] {
    let bytes = Array(text.utf8.prefix(count))
    return bytes + [UInt8](repeating: UInt8(ascii: " "), count: count - bytes.count)
  }
}
