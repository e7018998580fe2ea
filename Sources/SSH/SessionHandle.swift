internal import CSSH2
internal import Glibc

/// The owner of one libssh2 session, whose bytes go over a wire.
final class SessionHandle {
  /// `libssh2_init` is not safe to call from two threads at once; a constant is.
  private static let libraryStart = libssh2_init(0)

  let pointer: OpaquePointer
  private let wire: Wire

  init(wire: Wire, operation: String) throws(SSHError) {
    let code = Self.libraryStart
    let abstract = Unmanaged.passUnretained(wire).toOpaque()
    guard code == 0, let pointer = libssh2_session_init_ex(nil, nil, nil, abstract) else {
      throw SSHError(.handshakeFailed, operation, "libssh2 could not be started", code: code)
    }
    self.pointer = pointer
    self.wire = wire
    libssh2_session_set_blocking(pointer, 0)
    kiln_ssh_set_callbacks(
      pointer,
      { _, bytes, count, _, abstract in
        guard let wire = SessionHandle.wire(abstract) else { return -Int(EBADF) }
        return wire.take(UnsafeRawBufferPointer(start: bytes, count: count))
      },
      { _, bytes, count, _, abstract in
        guard let wire = SessionHandle.wire(abstract) else { return -Int(EBADF) }
        return wire.give(UnsafeMutableRawBufferPointer(start: bytes, count: count))
      },
      { _, reason, message, length, _, _, abstract in
        let bytes = UnsafeRawBufferPointer(start: message, count: Int(max(0, length)))
        let text = String(decoding: bytes, as: UTF8.self)
        SessionHandle.wire(abstract)?.farewell =
          text.isEmpty ? "the server hung up (reason \(reason))" : "the server hung up: \(text)"
      })
  }

  deinit {
    wire.release()
    libssh2_session_free(pointer)
  }

  /// The wire behind what libssh2 hands to its callbacks.
  static func wire(_ abstract: UnsafeMutablePointer<UnsafeMutableRawPointer?>?) -> Wire? {
    guard let opaque = abstract?.pointee else { return nil }
    return Unmanaged<Wire>.fromOpaque(opaque).takeUnretainedValue()
  }

  /// The code and the text of the library's last error.
  var lastError: (code: Int32, text: String) {
    var text: UnsafeMutablePointer<CChar>?
    var length: Int32 = 0
    let code = libssh2_session_last_error(pointer, &text, &length, 0)
    return (code, text.map { String(cString: $0) } ?? "libssh2 gave no reason")
  }
}
