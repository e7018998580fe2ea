#if canImport(Glibc)
  internal import Glibc
#endif

/// What a proxy's thread waits for.
struct ProxyWait: Sendable {
  /// Whom a socket belongs to.
  enum Subject: Hashable {
    case bell
    case listener
    case connection(Int)
  }

  private var sockets: [pollfd] = []
  private var subjects: [Subject] = []
  private var wakeUp: ContinuousClock.Instant?

  init(bell: Int32) {
    add(bell, POLLIN, for: .bell)
  }

  mutating func add(_ socket: Int32, _ events: Int32, for subject: Subject) {
    sockets.append(pollfd(fd: socket, events: Int16(events), revents: 0))
    subjects.append(subject)
  }

  mutating func wakeAt(_ instant: ContinuousClock.Instant) {
    wakeUp = min(wakeUp ?? instant, instant)
  }

  /// Waits for the first thing to happen, and tells whose it is.
  func poll() -> Set<Subject> {
    var sockets = sockets
    Glibc.poll(&sockets, nfds_t(sockets.count), milliseconds())
    return Set(zip(sockets, subjects).filter { $0.0.revents != 0 }.map(\.1))
  }

  /// The time to the next wake-up in poll's units.
  ///
  /// What is less than one is slept off here, as
  /// rounding it up would add to every delay.
  private func milliseconds() -> Int32 {
    guard let wakeUp else { return -1 }
    let rest = max(.zero, ContinuousClock.now.duration(to: wakeUp))
    let (seconds, attoseconds) = rest.components
    let whole = seconds * 1000 + attoseconds / 1_000_000_000_000_000
    if whole == 0 {
      var short = timespec(tv_sec: 0, tv_nsec: Int(attoseconds / 1_000_000_000))
      nanosleep(&short, nil)
    }
    return Int32(clamping: whole)
  }
}

/// A pipe that wakes the proxy's thread.
final class Bell: Sendable {
  let receiver: Int32
  private let sender: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw KitError("could not make a pipe: \(lastError())")
    }
    for end in ends { setNonblocking(end) }
    (receiver, sender) = (ends[0], ends[1])
  }

  deinit {
    close(receiver)
    close(sender)
  }

  func ring() {
    var byte: UInt8 = 0
    write(sender, &byte, 1)
  }

  func quiet() {
    var bytes = [UInt8](repeating: 0, count: 64)
    while read(receiver, &bytes, bytes.count) > 0 {}
  }
}
