#if canImport(Glibc)
  internal import Glibc
#endif

/// Bytes on their way in one direction, each with the time at which it arrives.
struct DelayLine: Sendable {
  private enum Item {
    case bytes(ArraySlice<UInt8>)
    case end
  }

  /// The most that is on its way at once, in bytes: 100 ms at 160 MB/s.
  private static let capacity = 16 << 20
  /// The most that is read at once, in bytes.
  private static let readSize = 64 << 10

  private var items: [(due: ContinuousClock.Instant, item: Item)] = []
  private var first = 0
  private var held = 0
  private var sourceHasEnded = false

  /// Whether the source has ended and the other side has been told so.
  private(set) var isDone = false

  private var canRead: Bool { !sourceHasEnded && held < Self.capacity }

  func register(
    _ id: Int, from source: Int32, to sink: Int32, in wait: inout ProxyWait,
    now: ContinuousClock.Instant
  ) {
    if canRead { wait.add(source, POLLIN, for: .connection(id)) }
    guard first < items.count else { return }
    let due = items[first].due
    if due <= now { wait.add(sink, POLLOUT, for: .connection(id)) } else { wait.wakeAt(due) }
  }

  /// Takes what has arrived at `source`; whether that was anything.
  /// - Throws: ``KitError`` where the connection was reset.
  mutating func read(from source: Int32, due: ContinuousClock.Instant) throws -> Bool {
    var any = false
    while canRead {
      guard let bytes = try Self.receive(from: source) else { return any }
      sourceHasEnded = bytes.isEmpty
      items.append((due, bytes.isEmpty ? .end : .bytes(bytes[...])))
      held += bytes.count
      any = any || !bytes.isEmpty
    }
    return any
  }

  /// Hands on what is due, up to `most` bytes, and returns how much that was.
  /// - Throws: ``KitError`` where the connection was reset.
  mutating func write(
    to sink: Int32, now: ContinuousClock.Instant, most: Int?
  ) throws -> Int {
    var written = 0
    while first < items.count, items[first].due <= now {
      guard case .bytes(let bytes) = items[first].item else {
        shutdown(sink, Int32(SHUT_WR))
        isDone = true
        dropFirst()
        continue
      }
      let wanted = bytes.prefix(most.map { $0 - written } ?? bytes.count)
      guard !wanted.isEmpty else { break }
      let count = try Self.send(wanted, to: sink)
      written += count
      held -= count
      items[first].item = .bytes(bytes.dropFirst(count))
      if count == bytes.count { dropFirst() }
      if count < wanted.count { break }
    }
    return written
  }

  private mutating func dropFirst() {
    first += 1
    if first == items.count || first == 1024 {
      items.removeFirst(first)
      first = 0
    }
  }

  /// `nil` where nothing has arrived, empty where nothing will.
  private static func receive(from source: Int32) throws -> [UInt8]? {
    var problem: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: readSize) { buffer, count in
      let got = recv(source, buffer.baseAddress, readSize, 0)
      problem = got < 0 ? errno : 0
      count = max(got, 0)
    }
    switch problem {
    // What is kept must not hold on to the room that was made for reading.
    case 0: return bytes.count == readSize ? bytes : Array(bytes[...])
    case EAGAIN, EINTR: return nil
    default: throw KitError("the connection broke: \(String(cString: strerror(problem)))")
    }
  }

  private static func send(_ bytes: ArraySlice<UInt8>, to sink: Int32) throws -> Int {
    let sent = bytes.withUnsafeBytes {
      Glibc.send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    if sent >= 0 { return sent }
    guard errno == EAGAIN || errno == EINTR else {
      throw KitError("the connection broke: \(lastError())")
    }
    return 0
  }
}
