internal import CCrypto
internal import FoundationEssentials

/// A fresh ed25519 key pair: a client's, or a host's.
public struct Ed25519KeyPair: Sendable {
  /// The private key as a file of OpenSSH's format without a passphrase, line ends included.
  public let privateKey: Secret
  /// The public key as `authorized_keys` and `.pub` files have it: type, base64, comment.
  public let publicKey: String

  /// Makes a key pair that never was.
  ///
  /// `comment` stands at the end of the public key, for people to know it by; it is one line.
  /// - Throws: ``SSHError`` where OpenSSL can't make one.
  public static func generate(comment: String) throws(SSHError) -> Ed25519KeyPair {
    var (secret, open) = try newKey()
    defer { OPENSSL_cleanse(&secret, secret.count) }
    var writer = ByteWriter()
    writer.add("ssh-ed25519")
    writer.add(open)
    var file = OpenSSHKey.file(publicBlob: writer.bytes, secret: secret, open: open, comment)
    defer { OPENSSL_cleanse(&file, file.count) }
    let line = "ssh-ed25519 \(Data(writer.bytes).base64EncodedString()) \(comment)"
    return Ed25519KeyPair(privateKey: Secret(file), publicKey: line)
  }

  /// The 32 bytes of a private key and the 32 of its public key.
  private static func newKey() throws(SSHError) -> (secret: [UInt8], open: [UInt8]) {
    let failure = SSHError(.badConfiguration, "could not make a key", "OpenSSL refused")
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nil) else { throw failure }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1, EVP_PKEY_keygen(context, &key) == 1 else {
      throw failure
    }
    defer { EVP_PKEY_free(key) }
    var secret = [UInt8](repeating: 0, count: 32)
    var open = [UInt8](repeating: 0, count: 32)
    var (secretSize, openSize) = (secret.count, open.count)
    guard EVP_PKEY_get_raw_private_key(key, &secret, &secretSize) == 1, secretSize == 32,
      EVP_PKEY_get_raw_public_key(key, &open, &openSize) == 1, openSize == 32
    else { throw failure }
    return (secret, open)
  }
}

extension OpenSSHKey {
  /// The file of an ed25519 key without a passphrase.
  static func file(
    publicBlob: [UInt8], secret: [UInt8], open: [UInt8], _ comment: String
  ) -> [UInt8] {
    var part = ByteWriter()
    // Two equal numbers, by which a reader sees that it decrypted; any do where nothing is.
    let check = UInt32.random(in: 0...UInt32.max)
    part.add(check)
    part.add(check)
    part.add("ssh-ed25519")
    part.add(open)
    part.add(secret + open)
    part.add(comment)
    var padding: UInt8 = 1
    while part.bytes.count % 8 != 0 {
      part.add(padding)
      padding += 1
    }
    var whole = ByteWriter()
    for byte in magic { whole.add(byte) }
    whole.add("none")
    whole.add("none")
    whole.add("")
    whole.add(UInt32(1))
    whole.add(publicBlob)
    whole.add(part.bytes)
    let base64 = Array(Data(whole.bytes).base64EncodedString().utf8)
    var lines = Array((begin + "\n").utf8)
    for start in stride(from: 0, to: base64.count, by: 70) {
      lines += base64[start..<min(start + 70, base64.count)] + [UInt8(ascii: "\n")]
    }
    return lines + Array((end + "\n").utf8)
  }
}
