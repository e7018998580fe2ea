internal import CCrypto
internal import FoundationEssentials

/// A private key file in OpenSSH's own format (`PROTOCOL.key` in OpenSSH's sources).
struct OpenSSHKey {
  static let magic = Array("openssh-key-v1\0".utf8)
  static let begin = "-----BEGIN OPENSSH PRIVATE KEY-----"
  static let end = "-----END OPENSSH PRIVATE KEY-----"

  let publicKey: PublicKey
  let isEncrypted: Bool
  private let secretPart: [UInt8]

  /// Whether a file says that it is in this format.
  static func isMeant(by text: some StringProtocol) -> Bool { text.contains(begin) }

  /// Reads a key file; `nil` when it is damaged.
  init?(_ text: String) {
    let lines = text.split(whereSeparator: \.isNewline)
    guard let begin = lines.firstIndex(where: { $0 == Self.begin }),
      let end = lines[begin...].firstIndex(where: { $0 == Self.end })
    else { return nil }
    let base64 = lines[begin..<end].dropFirst().joined().filter { !$0.isWhitespace }
    guard let data = Data(base64Encoded: base64) else { return nil }
    var reader = ByteReader(data)
    guard let magic = reader.take(Self.magic.count), Array(magic) == Self.magic,
      let cipher = reader.text(), reader.text() != nil, reader.bytes() != nil,
      reader.number() == 1, let blob = reader.bytes(), let publicKey = PublicKey(blob: blob),
      let secretPart = reader.bytes()
    else { return nil }
    self.publicKey = publicKey
    isEncrypted = cipher != "none"
    self.secretPart = secretPart
  }

  /// The key that signs; `nil` when the file is encrypted, damaged or of an unknown kind.
  func signingKey() -> SigningKey? {
    guard !isEncrypted else { return nil }
    var reader = ByteReader(secretPart)
    guard let check = reader.number(), check == reader.number(),
      let type = reader.text(), type == publicKey.type
    else { return nil }
    let key: OpaquePointer?
    switch type {
    case "ssh-ed25519": key = Self.ed25519(&reader)
    case "ssh-rsa": key = Self.rsa(&reader)
    case let type where type.hasPrefix("ecdsa-sha2-"): key = Self.ecdsa(&reader)
    default: key = nil
    }
    guard let key, let signing = SigningKey(owning: key), signing.publicKey == publicKey
    else { return nil }
    return signing
  }

  private static func ed25519(_ reader: inout ByteReader) -> OpaquePointer? {
    guard reader.bytes() != nil, let pair = reader.bytes(), pair.count == 64 else { return nil }
    return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, pair, 32)
  }

  /// By way of SEC 1's form, which OpenSSL reads (RFC 5915).
  private static func ecdsa(_ reader: inout ByteReader) -> OpaquePointer? {
    guard let curve = reader.text(), let point = reader.bytes(), let secret = reader.bytes(),
      let identifier = curves[curve]
    else { return nil }
    let key = DER.sequence([
      DER.integer([1]), DER.value(0x04, secret), DER.value(0xa0, DER.value(0x06, identifier)),
      DER.value(0xa1, DER.value(0x03, [0] + point)),
    ])
    return DER.key(key)
  }

  /// By way of PKCS #1's form, which OpenSSL reads (RFC 8017, appendix A.1.2).
  private static func rsa(_ reader: inout ByteReader) -> OpaquePointer? {
    guard let n = reader.bytes(), let e = reader.bytes(), let d = reader.bytes(),
      let inverse = reader.bytes(), let p = reader.bytes(), let q = reader.bytes(),
      let first = BigNumber.rest(of: d, byOneLessThan: p),
      let second = BigNumber.rest(of: d, byOneLessThan: q)
    else { return nil }
    let numbers = [[0], n, e, d, p, q, first, second, inverse]
    return DER.key(DER.sequence(numbers.map { DER.integer($0) }))
  }

  /// The object identifiers of the curves, as DER has them.
  private static let curves: [String: [UInt8]] = [
    "nistp256": [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
    "nistp384": [0x2b, 0x81, 0x04, 0x00, 0x22],
    "nistp521": [0x2b, 0x81, 0x04, 0x00, 0x23],
  ]
}

/// The little of ASN.1's binary form that private keys need.
private enum DER {
  static func value(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    let length: [UInt8] =
      switch count {
      case ..<0x80: [UInt8(count)]
      case ..<0x100: [0x81, UInt8(count)]
      default: [0x82, UInt8(truncatingIfNeeded: count >> 8), UInt8(truncatingIfNeeded: count)]
      }
    return [tag] + length + content
  }

  /// A number that is not negative; SSH's form has the same bytes, except for 0.
  static func integer(_ bytes: [UInt8]) -> [UInt8] { value(0x02, bytes.isEmpty ? [0] : bytes) }

  static func sequence(_ parts: [[UInt8]]) -> [UInt8] { value(0x30, Array(parts.joined())) }

  static func key(_ der: [UInt8]) -> OpaquePointer? {
    var der = der
    defer { OPENSSL_cleanse(&der, der.count) }
    guard der.count < 0x1_0000 else { return nil }
    return der.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      return d2i_AutoPrivateKey(nil, &start, bytes.count)
    }
  }
}
