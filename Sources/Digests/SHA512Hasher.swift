/// Computes a SHA-512 checksum piece by piece, by OpenSSL.
public struct SHA512Hasher: ~Copyable {
  private var context = DigestContext(.sha512)

  /// Starts an empty checksum.
  public init() {}

  /// Adds `bytes` to what is hashed.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) { context.update(bytes) }

  /// Adds `bytes` to what is hashed.
  public mutating func update(_ bytes: some Collection<UInt8>) { context.update(bytes) }

  /// Ends the checksum.
  /// - Throws: ``DigestError`` where OpenSSL refused a step, as it does when it is out of memory
  ///   or when its policy forbids SHA-512.
  public consuming func finalize() throws(DigestError) -> SHA512Digest {
    try context.finalize(count: 64) { SHA512Digest(bytes: $0) }
  }
}

extension SHA512Digest {
  /// The checksum of `bytes`.
  /// - Throws: ``DigestError``, as ``SHA512Hasher/finalize()``.
  public init(of bytes: some Collection<UInt8>) throws(DigestError) {
    var hasher = SHA512Hasher()
    hasher.update(bytes)
    self = try hasher.finalize()
  }
}
