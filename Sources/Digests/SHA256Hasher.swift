/// Computes a SHA-256 checksum piece by piece, by OpenSSL.
public struct SHA256Hasher: ~Copyable {
  private var context = DigestContext(.sha256)

  /// Starts an empty checksum.
  public init() {}

  /// Adds `bytes` to what is hashed.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

  /// Adds `bytes` to what is hashed.
  public mutating func update(_ bytes: some Collection<UInt8>) { context.update(bytes) }

  /// Ends the checksum.
  /// - Throws: ``DigestError`` where OpenSSL refused a step, as it does when it is out of memory
  ///   or when its policy forbids SHA-256.
  public consuming func finalize() throws(DigestError) -> SHA256Digest {
    try context.finalize(count: 32) { SHA256Digest(bytes: $0) }
  }
}

extension SHA256Digest {
  /// The checksum of `bytes`.
  /// - Throws: ``DigestError``, as ``SHA256Hasher/finalize()``.
  public init(of bytes: some Collection<UInt8>) throws(DigestError) {
    var hasher = SHA256Hasher()
    hasher.update(bytes)
    self = try hasher.finalize()
  }
}
