internal import CCrypto

/// A checksum under way, by OpenSSL: what the hashers of all kinds have in common.
struct DigestContext: ~Copyable {
  /// Which checksum is computed.
  enum Algorithm: String {
    case sha256 = "SHA-256"
    case sha512 = "SHA-512"
  }

  private let algorithm: Algorithm
  private let context: OpaquePointer?
  private var failed: Bool

  /// Starts an empty checksum.
  init(_ algorithm: Algorithm) {
    self.algorithm = algorithm
    context = EVP_MD_CTX_new()
    let method =
      switch algorithm {
      case .sha256: EVP_sha256()
      case .sha512: EVP_sha512()
      }
    failed = context == nil || EVP_DigestInit_ex(context, method, nil) != 1
  }

  deinit { EVP_MD_CTX_free(context) }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard !failed, !bytes.isEmpty else { return }
    failed = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) != 1
  }

  mutating func update(_ bytes: some Collection<UInt8>) {
    let done: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
    if done == nil { Array(bytes).withUnsafeBytes { update($0) } }
  }

  /// Ends the checksum, which has `count` bytes.
  consuming func finalize<Digest>(
    count: Int, _ wrap: ([UInt8]) -> Digest?
  ) throws(DigestError) -> Digest {
    var bytes = [UInt8](repeating: 0, count: count)
    guard !failed, EVP_DigestFinal_ex(context, &bytes, nil) == 1, let digest = wrap(bytes)
    else { throw DigestError(algorithm: algorithm.rawValue) }
    return digest
  }
}

/// OpenSSL could not compute a checksum.
public struct DigestError: Error, CustomStringConvertible {
  /// Which kind, as in `SHA-256`.
  let algorithm: String

  /// What the user reads.
  public var description: String { "could not compute a \(algorithm) checksum: OpenSSL refused" }
}
