internal import CCrypto
internal import FoundationEssentials

/// A private key file, read but perhaps still encrypted.
struct KeyFile {
  let path: String
  let contents: Contents
  /// What the file, or the `.pub` file beside it, says the public key is.
  let publicKey: PublicKey?

  enum Contents {
    case key(SigningKey)
    /// PEM that needs a passphrase.
    case encryptedPEM
    /// OpenSSH's own format that needs a passphrase; only libssh2 can decrypt that here.
    case encryptedOpenSSH
  }

  /// Why a key file can't be used.
  struct Unusable: Error { let reason: String }

  private let bytes: Secret

  /// Reads a key file.
  /// - Returns: `nil` when there is no such file.
  static func read(_ path: String) throws -> KeyFile? {
    let bytes: [UInt8]?
    do {
      bytes = try readFile(path, for: "")
    } catch {
      throw Unusable(reason: error.reason)
    }
    guard var bytes else { return nil }
    defer { OPENSSL_cleanse(&bytes, bytes.count) }
    return try KeyFile(path, bytes)
  }

  private init(_ path: String, _ bytes: [UInt8]) throws {
    self.path = path
    self.bytes = Secret(bytes)
    let text = String(decoding: bytes, as: UTF8.self)
    if OpenSSHKey.isMeant(by: text) {
      guard let key = OpenSSHKey(text) else { throw Unusable(reason: "the file is damaged") }
      publicKey = key.publicKey
      if key.isEncrypted {
        contents = .encryptedOpenSSH
        if key.publicKey.type == "ssh-rsa" { throw Self.encryptedRSA(path) }
      } else {
        guard let signing = key.signingKey() else {
          throw Unusable(reason: "keys of type \(key.publicKey.type) can't be used from a file")
        }
        contents = .key(signing)
      }
    } else {
      switch try PEM.key(bytes, passphrase: nil) {
      case .key(let key):
        contents = .key(key)
        publicKey = key.publicKey
      case .needsPassphrase:
        contents = .encryptedPEM
        publicKey = try KeyFile.publicKey(beside: path)
      }
    }
  }

  private static func encryptedRSA(_ path: String) -> Unusable {
    Unusable(
      reason: "an RSA key that is encrypted in OpenSSH's own format can't be decrypted here; "
        + "convert it with `ssh-keygen -p -m PEM -f \(path)`, or add it to ssh-agent")
  }

  /// The public key of the file `path` + ".pub"; `nil` where there is none.
  static func publicKey(beside path: String) throws -> PublicKey? {
    do {
      guard let bytes = try readFile(path + ".pub", for: "") else { return nil }
      return PublicKey(line: String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Unusable(reason: error.reason)
    }
  }

  /// The key of an encrypted PEM file; `nil` when the passphrase is wrong.
  func decryptPEM(_ passphrase: Secret) throws -> SigningKey? {
    let bytes = bytes.withBytes { Array($0) }
    switch try PEM.key(bytes, passphrase: passphrase) {
    case .key(let key): return key
    case .needsPassphrase: return nil
    }
  }

  /// Lends the file's bytes.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try bytes.withBytes(body)
  }
}

/// Private keys in PEM, as OpenSSL reads them: PKCS #1, SEC 1 and PKCS #8.
private enum PEM {
  enum Outcome {
    case key(SigningKey)
    /// It is encrypted, and the passphrase is missing or wrong.
    case needsPassphrase
  }

  private final class Answer {
    let passphrase: Secret?
    var wasAsked = false
    init(_ passphrase: Secret?) { self.passphrase = passphrase }
  }

  static func key(_ bytes: [UInt8], passphrase: Secret?) throws -> Outcome {
    guard let input = BIO_new_mem_buf(bytes, Int32(bytes.count)) else {
      throw KeyFile.Unusable(reason: "OpenSSL is out of memory")
    }
    defer {
      BIO_free(input)
      ERR_clear_error()
    }
    let answer = Answer(passphrase)
    let key = withExtendedLifetime(answer) {
      PEM_read_bio_PrivateKey(
        input, nil,
        { buffer, size, _, opaque in
          guard let buffer, let opaque else { return -1 }
          let answer = Unmanaged<Answer>.fromOpaque(opaque).takeUnretainedValue()
          answer.wasAsked = true
          return PEM.fill(buffer, Int(size), answer.passphrase)
        }, Unmanaged.passUnretained(answer).toOpaque())
    }
    guard let key else {
      if answer.wasAsked { return .needsPassphrase }
      throw KeyFile.Unusable(reason: "it is not a private key that OpenSSH or OpenSSL wrote")
    }
    guard let signing = SigningKey(owning: key) else {
      throw KeyFile.Unusable(reason: "SSH can't use this kind of key")
    }
    return .key(signing)
  }

  private static func fill(
    _ buffer: UnsafeMutablePointer<CChar>, _ size: Int, _ passphrase: Secret?
  ) -> Int32 {
    guard let passphrase else { return -1 }
    return passphrase.withBytes { bytes in
      guard bytes.count <= size else { return -1 }
      for (index, byte) in bytes.enumerated() { buffer[index] = CChar(bitPattern: byte) }
      return Int32(bytes.count)
    }
  }
}
