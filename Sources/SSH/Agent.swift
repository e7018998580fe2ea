internal import Glibc

/// A client of ssh-agent (draft-ietf-sshm-ssh-agent), with a connection for each request.
struct Agent: Sendable {
  private static let listLimit: Duration = .seconds(5)
  /// Long, because an agent may ask its user before it signs.
  private static let signLimit: Duration = .seconds(60)
  private static let messageLimit = 256 * 1024
  private static let identityLimit = 1024

  private enum Message {
    static let listIdentities: UInt8 = 11
    static let identities: UInt8 = 12
    static let sign: UInt8 = 13
    static let signature: UInt8 = 14
  }

  /// A key that the agent holds.
  struct Identity: Sendable {
    let key: PublicKey
    let comment: String
  }

  /// Why the agent did not do what it was asked.
  struct Failure: Error { let reason: String }

  /// The path of the agent's socket.
  let socket: String

  /// The keys that the agent holds.
  func identities() async throws -> [Identity] {
    let answer = try await ask([Message.listIdentities], for: Message.identities, Self.listLimit)
    var reader = ByteReader(answer)
    guard let count = reader.number(), count <= Self.identityLimit else { throw Self.nonsense }
    return try (0..<count).compactMap { _ in
      guard let blob = reader.bytes(), let comment = reader.bytes() else { throw Self.nonsense }
      guard let key = PublicKey(blob: blob) else { return nil }
      return Identity(key: key, comment: String(decoding: comment, as: UTF8.self))
    }
  }

  /// Has the agent sign `data`; the signature without the algorithm's name in front.
  func sign(_ data: [UInt8], with key: PublicKey, _ algorithm: String) async throws -> [UInt8] {
    let flags: UInt32 =
      switch algorithm {
      case "rsa-sha2-256": 2
      case "rsa-sha2-512": 4
      default: 0
      }
    var request = ByteWriter()
    request.add(Message.sign)
    request.add(key.blob)
    request.add(data)
    request.add(flags)
    let answer = try await ask(request.bytes, for: Message.signature, Self.signLimit)
    var reader = ByteReader(answer)
    guard let blob = reader.bytes() else { throw Self.nonsense }
    var signature = ByteReader(blob)
    guard let used = signature.text(), let bytes = signature.bytes() else { throw Self.nonsense }
    guard used == algorithm else {
      throw Failure(reason: "ssh-agent signed with \(used) where \(algorithm) was asked for")
    }
    return bytes
  }

  private static let nonsense = Failure(reason: "ssh-agent gave an answer that makes no sense")

  /// Sends a request; what follows the type byte of the answer.
  private func ask(
    _ request: [UInt8], for expected: UInt8, _ limit: Duration
  ) async throws -> [UInt8] {
    let socket = socket
    let answer = try await interruptibly { cancelled in
      let exchange = try AgentExchange(
        socket, cancelled: cancelled, deadline: .now + limit, limit: Self.messageLimit)
      return try exchange.run(request)
    }
    guard answer.first == expected else {
      throw Failure(reason: "ssh-agent refused")
    }
    return Array(answer.dropFirst())
  }
}

/// One request to an agent and its answer, over a socket of its own.
private final class AgentExchange {
  private let descriptor: Int32
  private let cancelled: Int32
  private let deadline: ContinuousClock.Instant
  private let limit: Int

  init(
    _ path: String, cancelled: Int32, deadline: ContinuousClock.Instant, limit: Int
  ) throws {
    self.cancelled = cancelled
    self.deadline = deadline
    self.limit = limit
    let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
    descriptor = socket(AF_UNIX, Int32(type), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { room in
      guard path.utf8.count < room.count else { return false }
      room.copyBytes(from: path.utf8)
      return true
    }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let code = withUnsafePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
    }
    let problem = errno
    guard fits, code == 0 else {
      let why = fits ? lowerCased(systemText(problem)) : "the path is too long"
      throw Agent.Failure(reason: "can't reach ssh-agent at \(path): \(why)")
    }
  }

  deinit { close(descriptor) }

  /// `nil` when it was cancelled.
  func run(_ request: [UInt8]) throws -> [UInt8]? {
    var message = ByteWriter()
    message.add(request)
    guard try sendAll(message.bytes), let head = try receive(4) else { return nil }
    var reader = ByteReader(head)
    guard let count = reader.number(), count > 0, count <= limit else {
      throw Agent.Failure(reason: "ssh-agent gave an answer of a strange size")
    }
    return try receive(Int(count))
  }

  private func sendAll(_ bytes: [UInt8]) throws -> Bool {
    var sent = 0
    while sent < bytes.count {
      guard try wait(POLLOUT) else { return false }
      let count = bytes.withUnsafeBytes { all in
        let rest = UnsafeRawBufferPointer(rebasing: all[sent...])
        return send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count } else { try mayGoOn(count) }
    }
    return true
  }

  private func receive(_ count: Int) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    while bytes.count < count {
      guard try wait(POLLIN) else { return nil }
      var piece = [UInt8](repeating: 0, count: count - bytes.count)
      let got = recv(descriptor, &piece, piece.count, 0)
      if got > 0 { bytes += piece.prefix(got) } else { try mayGoOn(got) }
    }
    return bytes
  }

  private func mayGoOn(_ count: Int) throws {
    let code = errno
    if count < 0, code == EAGAIN || code == EINTR { return }
    throw Agent.Failure(
      reason: "ssh-agent hung up" + (count < 0 ? ": \(lowerCased(systemText(code)))" : ""))
  }

  private func wait(_ events: Int32) throws -> Bool {
    var polled = [
      pollfd(fd: cancelled, events: Int16(POLLIN), revents: 0),
      pollfd(fd: descriptor, events: Int16(events), revents: 0),
    ]
    while polled[1].revents == 0 {
      let ready = poll(&polled, 2, milliseconds(until: deadline))
      if polled[0].revents != 0 { return false }
      guard ready != 0 else { throw Agent.Failure(reason: "ssh-agent did not answer in time") }
    }
    return true
  }
}
