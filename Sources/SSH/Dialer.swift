internal import CSSH2
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Makes a TCP connection to the first address of a host that answers.
///
/// Addresses are tried in the order of the resolver, the next one after
/// ``Dialer/headStart`` without an answer, as RFC 8305 has it.
struct Dialer {
  private static let headStart: Duration = .milliseconds(250)
  private static let addressLimit = 16

  let target: ResolvedTarget
  let deadline: ContinuousClock.Instant
  let operation: String

  /// The connected, non-blocking socket.
  func dial() async throws -> Int32 {
    let addresses = try await resolve()
    return try await interruptibly { try connect(addresses, $0) }
  }

  /// `nil` when `cancelled` became readable first.
  private func connect(_ addresses: [Address], _ cancelled: Int32) throws(SSHError) -> Int32? {
    var waiting = addresses[...]
    var attempts = [pollfd(fd: cancelled, events: Int16(POLLIN), revents: 0)]
    var lastError = Int32(ETIMEDOUT)
    defer { for attempt in attempts.dropFirst() { close(attempt.fd) } }
    while !waiting.isEmpty || attempts.count > 1 {
      if let address = waiting.popFirst() {
        switch begin(address) {
        case .success(let descriptor):
          attempts.append(pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0))
        case .failure(let error):
          lastError = error.rawValue
          continue
        }
      }
      let pause = waiting.isEmpty ? deadline : min(deadline, .now + Self.headStart)
      poll(&attempts, nfds_t(attempts.count), milliseconds(until: pause))
      if attempts[0].revents != 0 { return nil }
      for index in attempts.indices.dropFirst().reversed() where attempts[index].revents != 0 {
        let descriptor = attempts.remove(at: index).fd
        lastError = outcome(of: descriptor)
        if lastError == 0 { return descriptor }
        close(descriptor)
      }
      guard .now < deadline else {
        throw timedOut
      }
    }
    throw SSHError(
      .unreachable, operation, lowerCased(systemText(lastError)), code: lastError,
      hint: lastError == ECONNREFUSED ? "is an SSH server running there?" : nil)
  }

  private var timedOut: SSHError {
    SSHError(
      .connectTimedOut, operation, "no answer from \(target.host) port \(target.port)",
      hint: "check the address, and whether a firewall lets port \(target.port) through")
  }

  private struct Address: Sendable {
    var family: Int32
    var bytes: [UInt8]
  }

  private struct Errno: Error { var rawValue: Int32 }

  /// Asks the resolver, which nothing can interrupt: a second thread waits for it, or for the
  /// deadline, and leaves it behind then.
  private func resolve() async throws -> [Address] {
    let answer = try ResolverAnswer(operation)
    let (host, port) = (target.host, target.port)
    DispatchQueue(label: "kiln.ssh.resolve").async {
      answer.give(Self.addresses(of: host, port))
    }
    let result = try await interruptibly { cancelled in
      var polled = [cancelled, answer.isReady].map {
        pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
      }
      poll(&polled, 2, milliseconds(until: deadline))
      return polled[0].revents == 0 ? .some(answer.value) : nil
    }
    switch result {
    case .success(let addresses): return addresses
    case .failure(let problem):
      throw SSHError(
        .unreachable, operation, "\(host): \(problem.text)", code: problem.code,
        hint: "check the host name")
    case nil: throw timedOut
    }
  }

  private static func addresses(of host: String, _ port: UInt16) -> Resolved {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, String(port), &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    guard code == 0 else {
      let text = lowerCased(String(cString: gai_strerror(code)))
      return .failure(ResolverProblem(code: code, text: text))
    }
    var found: [Address] = []
    var next = list
    while let entry = next, found.count < addressLimit {
      let bytes = UnsafeRawBufferPointer(
        start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
      found.append(Address(family: entry.pointee.ai_family, bytes: Array(bytes)))
      next = entry.pointee.ai_next
    }
    return .success(found)
  }

  private func begin(_ address: Address) -> Result<Int32, Errno> {
    let kind = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    let descriptor = socket(address.family, Int32(kind), 0)
    guard descriptor >= 0 else { return .failure(Errno(rawValue: errno)) }
    let code = address.bytes.withUnsafeBytes { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) {
        Glibc.connect(descriptor, $0.baseAddress, socklen_t(bytes.count))
      }
    }
    let problem = errno
    if code == 0 || problem == EINPROGRESS { return .success(descriptor) }
    close(descriptor)
    return .failure(Errno(rawValue: problem))
  }

  private func outcome(of descriptor: Int32) -> Int32 {
    var code: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
  }

  private typealias Resolved = Result<[Address], ResolverProblem>

  private struct ResolverProblem: Error {
    let code: Int32
    let text: String
  }

  /// Where the resolver's thread leaves what it found; lives until both threads are done with it.
  private final class ResolverAnswer: Sendable {
    /// Becomes readable when the answer is there.
    let isReady: Int32
    private let found = Mutex<Resolved?>(nil)

    init(_ operation: String) throws(SSHError) {
      isReady = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
      guard isReady >= 0 else {
        throw SSHError(.unreachable, operation, lowerCased(systemText(errno)), code: errno)
      }
    }

    deinit { close(isReady) }

    var value: Resolved? { found.withLock { $0 } }

    func give(_ resolved: Resolved) {
      found.withLock { $0 = resolved }
      eventfd_write(isReady, 1)
    }
  }
}
