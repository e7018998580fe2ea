internal import CCrypto

/// Computes a SHA-256 checksum piece by piece, by OpenSSL.
public struct SHA256Hasher: ~Copyable {
  private let context: OpaquePointer?
  private var failed: Bool

  /// Starts an empty checksum.
  public init() {
    context = EVP_MD_CTX_new()
    failed = context == nil || EVP_DigestInit_ex(context, EVP_sha256(), nil) != 1
  }

  deinit { EVP_MD_CTX_free(context) }

  /// Adds `bytes` to what is hashed.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard !failed, !bytes.isEmpty else { return }
    failed = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) != 1
  }

  /// Adds `bytes` to what is hashed.
  public mutating func update(_ bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
    if done == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// Ends the checksum.
  /// - Throws: ``DigestError`` where OpenSSL refused a step, as it does when it is out of memory
  ///   or when its policy forbids SHA-256.
  public consuming func finalize() throws(DigestError) -> SHA256Digest {
    var bytes = [UInt8](repeating: 0, count: 32)
    guard !failed, EVP_DigestFinal_ex(context, &bytes, nil) == 1,
      let digest = SHA256Digest(bytes: bytes)
    else { throw DigestError() }
    return digest
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

/// OpenSSL could not compute a checksum.
public struct DigestError: Error, CustomStringConvertible {
  /// What the user reads.
  public var description: String { "could not compute a SHA-256 checksum: OpenSSL refused" }
}
