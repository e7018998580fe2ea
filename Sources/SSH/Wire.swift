internal import CSSH2
internal import Glibc
internal import Synchronization

/// The bytes that went over a connection's socket.
public struct SSHTraffic: Sendable, Hashable {
  /// Bytes sent.
  public var sent: UInt64 = 0
  /// Bytes received.
  public var received: UInt64 = 0
}

/// Counts what goes over a connection, readable from anywhere.
final class TrafficCounter: Sendable {
  let sent = Atomic<UInt64>(0)
  let received = Atomic<UInt64>(0)

  var value: SSHTraffic {
    SSHTraffic(sent: sent.load(ordering: .relaxed), received: received.load(ordering: .relaxed))
  }
}

/// What became of an attempt to move bytes.
enum Moved {
  case bytes(Int)
  /// Nothing could be moved now.
  case blocked
  /// The other side sends no more.
  case ended
  case failed(String)
}

/// What a session's bytes go over: a socket, or a channel of another session.
protocol Link: AnyObject {
  /// The descriptor below, which libssh2 asks to see.
  var descriptor: Int32 { get }
  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Moved
  func send(_ bytes: UnsafeRawBufferPointer) -> Moved
  func shutDown()
  /// Bytes that were sent and that the other side's system has not taken in yet.
  var unacknowledged: Int { get }
}

/// The bytes on their way between libssh2 and a link, in both directions.
///
/// libssh2 must repeat a send that would block before it may do anything else that sends, which
/// several channels on one connection can't promise each other. So a send never blocks here: what
/// the link does not take at once is kept, and ``isCongested`` makes writers wait before they
/// produce more.
final class Wire {
  private static let inboundCapacity = 256 * 1024
  private static let outboundLimit = 512 * 1024

  let link: any Link
  let counters: TrafficCounter
  private(set) var lastReceived = ContinuousClock.now
  /// Why no more bytes arrive; what came before is still to be read.
  private(set) var ending: String?
  /// What the server said when it hung up.
  var farewell: String?
  /// The answer to the server's questions while they are asked.
  var password: Secret?

  private let inbound = UnsafeMutableRawBufferPointer.allocate(
    byteCount: Wire.inboundCapacity, alignment: 16)
  private var unread = 0..<0
  private var outbound: [UInt8] = []
  private var sentOfOutbound = 0
  private var released = false

  init(link: any Link, counters: TrafficCounter) {
    self.link = link
    self.counters = counters
  }

  deinit { inbound.deallocate() }

  var hasUnsent: Bool { sentOfOutbound < outbound.count }
  var hasRoom: Bool { unread.upperBound < Wire.inboundCapacity || unread.isEmpty }
  var isCongested: Bool { outbound.count - sentOfOutbound > Wire.outboundLimit }
  /// All that arrived was handed to libssh2, and no more will arrive.
  var isDrained: Bool { ending != nil && unread.isEmpty }

  /// Bytes that the other side's system has taken in.
  var taken: UInt64 {
    let (sent, waiting) = (counters.value.sent, UInt64(max(0, link.unacknowledged)))
    return sent > waiting ? sent - waiting : 0
  }

  /// Takes in what the link has, as far as there is room.
  func fill() {
    if unread.isEmpty { unread = 0..<0 }
    guard ending == nil, unread.upperBound < inbound.count else { return }
    let room = UnsafeMutableRawBufferPointer(rebasing: inbound[unread.upperBound...])
    switch link.receive(into: room) {
    case .bytes(let count):
      unread = unread.lowerBound..<unread.upperBound + count
      counters.received.add(UInt64(count), ordering: .relaxed)
      lastReceived = .now
    case .blocked: break
    case .ended: ending = farewell ?? "the other side closed the connection"
    case .failed(let why): ending = why
    }
  }

  /// Sends what was kept, as far as the link takes it.
  func flush() {
    while hasUnsent {
      let sent = outbound.withUnsafeBytes { bytes in
        send(UnsafeRawBufferPointer(rebasing: bytes[sentOfOutbound...]))
      }
      guard sent > 0 else { return }
      sentOfOutbound += sent
    }
    outbound.removeAll(keepingCapacity: true)
    sentOfOutbound = 0
  }

  /// Takes no more part in anything: nothing arrives, and what is sent is dropped.
  func end(_ why: String) {
    ending = ending ?? why
    outbound = []
    sentOfOutbound = 0
    link.shutDown()
  }

  /// From now on libssh2 is told that the connection is gone, so that freeing waits for nothing.
  func release() {
    ending = ending ?? "the connection was closed"
    released = true
  }

  /// libssh2 asks for bytes: the count, or a negative `errno`.
  func give(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
    if unread.isEmpty { fill() }
    let count = min(buffer.count, unread.count)
    // Not 0, which libssh2 takes for the end and then gives up what it has not handed out yet.
    guard count > 0 else { return released ? 0 : -Int(EAGAIN) }
    buffer.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: inbound[unread.prefix(count)]))
    unread = unread.dropFirst(count)
    return count
  }

  /// libssh2 has bytes to send: all of them are taken.
  func take(_ bytes: UnsafeRawBufferPointer) -> Int {
    let direct = hasUnsent ? 0 : send(bytes)
    if direct < bytes.count, ending == nil {
      outbound.append(contentsOf: bytes[direct...])
    }
    return bytes.count
  }

  private func send(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard ending == nil else { return bytes.count }
    switch link.send(bytes) {
    case .bytes(let count):
      counters.sent.add(UInt64(count), ordering: .relaxed)
      return count
    case .blocked: return 0
    case .ended:
      ending = farewell ?? "the other side closed the connection"
      return bytes.count
    case .failed(let why):
      // What arrived before is still worth reading: a server may say why it hangs up.
      fill()
      ending = ending ?? why
      return bytes.count
    }
  }
}
