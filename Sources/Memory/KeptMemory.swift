internal import Glibc

/// The memory of a machine's state, as QEMU writes it, in the directories of kept states: the first has
/// all of it, each of the others what is not in the one before.
///
/// From one step to the next a tenth of a machine's memory changes, so that a difference takes little
/// room, and less of the processors than to compress all of it.
public struct KeptMemory: Sendable, Hashable {
  /// Makes the way to the whole longer than this no more: each difference is a file that is read and
  /// checked by whoever goes on from the state.
  static let mostDifferences = 16

  private static let whole = "memory.zst"
  private static let map = "memory.map"
  private static let new = "memory.new.zst"

  private let directories: [String]

  /// The memory whose files are in these directories, the lowest first; `nil` where there is none.
  ///
  /// What lies below the last whole one is left out.
  public init?(in directories: [(path: String, names: [String])]) {
    var needed: [String] = []
    for directory in directories.reversed() {
      if directory.names.contains(Self.whole) {
        self.directories = [directory.path] + needed
        return
      }
      guard directory.names.contains(Self.map) else { return nil }
      needed.insert(directory.path, at: 0)
    }
    return nil
  }

  private init(_ directories: [String]) { self.directories = directories }

  /// Whether it takes a file, given by its directory and name.
  public func needs(_ name: String, in directory: String) -> Bool {
    [Self.whole, Self.map, Self.new].contains(name) && directories.contains(directory)
  }

  /// Keeps what QEMU wrote to a file, which stays.
  /// - Parameters:
  ///   - plain: That file.
  ///   - directory: Where it is kept.
  ///   - earlier: What most of it is expected to be in.
  ///   - earlierPlain: The file that QEMU wrote of that, where there still is one.
  /// - Returns: What was kept, with what it lies on.
  /// - Throws: ``MemoryError``, or a cancellation.
  public static func keep(
    _ plain: String, in directory: String, over earlier: KeptMemory?, from earlierPlain: String?
  ) async throws -> KeptMemory {
    try await Worker.run(beside: true) { mayGoOn in
      if let earlier, earlier.directories.count <= Self.mostDifferences,
        try earlier.keepDifference(of: plain, in: directory, from: earlierPlain, mayGoOn)
      {
        return KeptMemory(earlier.directories + [directory])
      }
      let output = try Compressor("\(directory)/\(Self.whole)")
      let stream = try FileStream(plain)
      try stream.forEachPiece { piece in
        try mayGoOn()
        try output.write(piece)
      }
      try output.finish()
      return KeptMemory([directory])
    }
  }

  /// Keeps what is new in a memory, unless that is most of it.
  private func keepDifference(
    of plain: String, in directory: String, from earlierPlain: String?,
    _ mayGoOn: () throws -> Void
  ) throws -> Bool {
    let (map, new) = ("\(directory)/\(Self.map)", "\(directory)/\(Self.new)")
    let earlier: any ByteStream =
      if let earlierPlain { try FileStream(earlierPlain) } else { try assembly() }
    let difference = try Difference.find(
      in: try FileStream(plain), over: earlier, newTo: try Compressor(new), mayGoOn)
    guard difference.newBytes < difference.count / 2 else {
      unlink(new)
      return false
    }
    try difference.map.bytes.withUnsafeBytes { try FileOutput(map).write($0) }
    return true
  }

  /// Removes the files of one from a directory.
  ///
  /// What can't be removed goes with the directory.
  public static func remove(from directory: String) {
    for name in [whole, map, new] { unlink("\(directory)/\(name)") }
  }

  /// Sends the memory through a socket, on which nothing more is sent then.
  ///
  /// It is read ahead of what is taken. Whoever receives it may leave before the end: it says why itself.
  /// - Throws: ``MemoryError``, or a cancellation.
  public func send(to socket: Int32) async throws {
    let ahead = ReadAhead()
    async let read: Void = Worker.run(beside: false) { _ in
      ahead.read { () throws(MemoryError) in try assembly() }
    }
    do {
      try await withTaskCancellationHandler {
        try await Worker.run(beside: false) { _ in
          defer { ahead.stop() }
          while let piece = try ahead.next() {
            guard Self.send(piece, to: socket) else { return }
            ahead.reuse(piece)
          }
        }
      } onCancel: {
        // What waits for somebody to take more waits no longer.
        shutdown(socket, Int32(SHUT_RDWR))
      }
      shutdown(socket, Int32(SHUT_WR))
      try await read
    } catch {
      shutdown(socket, Int32(SHUT_WR))
      throw error
    }
  }

  /// Whether there still is somebody to take it.
  private static func send(_ piece: ReadAhead.Piece, to socket: Int32) -> Bool {
    piece.bytes.withUnsafeBytes { bytes in
      var rest = bytes[..<piece.count]
      while !rest.isEmpty {
        let next = UnsafeRawBufferPointer(rebasing: rest)
        let count = Glibc.send(socket, next.baseAddress, next.count, Int32(MSG_NOSIGNAL))
        if count < 0, errno != EINTR { return false }
        rest = rest.dropFirst(max(count, 0))
      }
      return true
    }
  }

  private func assembly() throws(MemoryError) -> Assembly {
    guard let first = directories.first else {
      throw .damaged(Self.whole, "there is no such file")
    }
    var differences: [(map: MemoryMap, new: String)] = []
    for directory in directories.dropFirst() {
      let path = "\(directory)/\(Self.map)"
      let map = try MemoryMap(try FileStream(path).all(), from: path)
      differences.append((map, "\(directory)/\(Self.new)"))
    }
    return try Assembly(whole: "\(first)/\(Self.whole)", differences)
  }
}

extension ByteStream {
  private static var pieceSize: Int { 1 << 20 }

  /// Hands out all of it in pieces, each valid until the next.
  func forEachPiece(_ take: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
    defer { buffer.deallocate() }
    while case let count = try read(into: buffer), count > 0 {
      try take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }
  }

  /// All of it, at once.
  func all() throws(MemoryError) -> [UInt8] {
    var bytes: [UInt8] = []
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceSize, alignment: 16)
    defer { buffer.deallocate() }
    while case let count = try read(into: buffer), count > 0 { bytes += buffer[..<count] }
    return bytes
  }
}
