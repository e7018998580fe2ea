internal import FoundationEssentials

/// An SSH key pair in two files, made by `ssh-keygen`.
public struct KeyPair: Sendable {
  /// A kind of key that OpenSSH knows.
  public enum Kind: String, Sendable, CaseIterable {
    /// Ed25519.
    case ed25519
    /// RSA of 2048 bits.
    case rsa
    /// ECDSA over NIST P-256.
    case ecdsa
  }

  /// The kind of the key.
  public let kind: Kind
  /// The path of the private key, which only its owner may read.
  public let privateKeyFile: String
  /// The path of the public key.
  public let publicKeyFile: String
  /// The public key as `authorized_keys` has it: algorithm, base64, comment.
  public let publicKey: String
  /// What the private key is encrypted with; empty for none.
  public let passphrase: String

  /// Makes a key pair in files of its own.
  /// - Parameters:
  ///   - kind: The kind of the key.
  ///   - passphrase: What to encrypt the private key with; empty for none.
  ///   - directory: Where the files go, under names that no other key has.
  /// - Returns: The pair.
  /// - Throws: ``KitError`` where `ssh-keygen` refused.
  public static func make(
    _ kind: Kind = .ed25519, passphrase: String = "", in directory: String
  ) async throws -> KeyPair {
    let file = "\(directory)/\(kind.rawValue)-\(UUID().uuidString)"
    let size =
      switch kind {
      case .ed25519: [String]()
      case .rsa: ["-b", "2048"]
      case .ecdsa: ["-b", "256"]
      }
    _ = try await run(
      "ssh-keygen",
      ["-q", "-t", kind.rawValue] + size + ["-N", passphrase, "-C", "kiln-test", "-f", file]
    ).succeeded()
    let line = try String(contentsOfFile: file + ".pub", encoding: .utf8)
    return KeyPair(
      kind: kind, privateKeyFile: file, publicKeyFile: file + ".pub",
      publicKey: String(line.prefix { $0 != "\n" }), passphrase: passphrase)
  }
}
