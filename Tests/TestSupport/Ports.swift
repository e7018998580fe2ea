#if canImport(Glibc)
  internal import Glibc
#endif

/// Where the kit's listeners are: below Linux's range for outgoing connections (32768 and up), so
/// that a listener which went away for a moment finds its port free when it comes back.
private let portRange: Range<UInt16> = 20_000..<32_000

/// A loopback port at which nothing listens now.
///
/// Nothing keeps it free, so whoever binds it must be ready to ask again.
/// - Throws: ``KitError`` where a hundred ports in a row were taken.
public func freePort() throws -> Int {
  for _ in 0..<100 {
    let port = UInt16.random(in: portRange)
    if let socket = try? listeningSocket(port: port) {
      close(socket)
      return Int(port)
    }
  }
  throw KitError("could not find a free loopback port: 100 ports between \(portRange) are taken")
}

/// A socket that listens at a port of 127.0.0.1.
/// - Throws: ``KitError`` where the port is taken.
func listeningSocket(port: UInt16) throws -> Int32 {
  let listener = try streamSocket()
  var yes: Int32 = 1
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
  guard withAddress(port, { bind(listener, $0, $1) }) == 0, listen(listener, 128) == 0 else {
    let reason = lastError()
    close(listener)
    throw KitError("could not listen at 127.0.0.1:\(port): \(reason)")
  }
  return listener
}

/// A socket connected to a port of 127.0.0.1.
///
/// It blocks, for as long as the loopback does.
/// - Throws: ``KitError`` where nobody listens there.
func connectedSocket(port: UInt16) throws -> Int32 {
  let socket = try streamSocket()
  guard withAddress(port, { connect(socket, $0, $1) }) == 0 else {
    let reason = lastError()
    close(socket)
    throw KitError("could not connect to 127.0.0.1:\(port): \(reason)")
  }
  return socket
}

/// Whether somebody listens at this port of 127.0.0.`host`: all of them are the loopback's.
///
/// It asks by connecting: the kernel's list of sockets can leave some out while others come and go.
public func isListening(host: UInt8, port: Int) throws -> Bool {
  let socket = try streamSocket()
  defer { close(socket) }
  return withAddress(UInt16(port), host: host) { connect(socket, $0, $1) } == 0
}

private func streamSocket() throws -> Int32 {
  let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
  guard made >= 0 else { throw KitError("could not make a socket: \(lastError())") }
  return made
}

private func withAddress(
  _ port: UInt16, host: UInt8 = 1, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = (UInt32(0x7f00_0000) | UInt32(host)).bigEndian
  return withUnsafePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { rebound in
      call(rebound, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
  }
}

/// One request of HTTP/1.0 to a port of 127.0.0.1, and the body of the answer.
///
/// It blocks.
func converse(port: Int, _ line: String, _ body: String = "") throws -> String {
  let socket = try connectedSocket(port: UInt16(port))
  defer { close(socket) }
  let request = Array(
    "\(line) HTTP/1.0\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
  guard write(socket, request, request.count) == request.count else {
    throw KitError("could not ask 127.0.0.1:\(port): \(lastError())")
  }
  var answer: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = read(socket, &buffer, buffer.count)
    guard count >= 0 else { throw KitError("no answer of 127.0.0.1:\(port): \(lastError())") }
    if count == 0 { break }
    answer += buffer[..<count]
  }
  let blank = Array("\r\n\r\n".utf8)
  guard let end = answer.indices.first(where: { answer[$0...].starts(with: blank) }) else {
    throw KitError("127.0.0.1:\(port) answered \"\(String(decoding: answer, as: UTF8.self))\"")
  }
  return String(decoding: answer[(end + blank.count)...], as: UTF8.self)
}
