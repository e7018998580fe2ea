internal import CCrypto

/// A password or passphrase: prints as `***`, and its memory is wiped when it is freed.
public final class Secret: @unchecked Sendable {
  // Safe to share: the memory is written once, before the value is handed out.
  private let memory: UnsafeMutableBufferPointer<UInt8>

  /// Keeps a copy of `bytes`.
  public init(_ bytes: some Collection<UInt8>) {
    memory = .allocate(capacity: bytes.count)
    _ = memory.initialize(fromContentsOf: bytes)
  }

  /// Keeps the UTF-8 bytes of `text`.
  public convenience init(_ text: String) { self.init(Array(text.utf8)) }

  deinit {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
    memory.deallocate()
  }

  /// Lends the bytes for the duration of `body`.
  public func withBytes<Result>(
    _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeBufferPointer(memory))
  }

  /// Lends the bytes with a zero byte after them, as C wants them, and wipes that copy too.
  func withCString<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
    try withUnsafeTemporaryAllocation(of: CChar.self, capacity: memory.count + 1) { copy in
      for (index, byte) in memory.enumerated() { copy[index] = CChar(bitPattern: byte) }
      copy[memory.count] = 0
      defer { OPENSSL_cleanse(copy.baseAddress, copy.count) }
      guard let start = copy.baseAddress else { return try "".withCString(body) }
      return try body(start)
    }
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Always `***`.
  public var description: String { "***" }
  /// Always `***`.
  public var debugDescription: String { "***" }
  /// Nothing to look into.
  public var customMirror: Mirror { Mirror(self, children: []) }
}
