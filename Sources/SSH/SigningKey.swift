internal import CCrypto

/// A private key that can sign, held by OpenSSL, which wipes it when it is freed.
final class SigningKey {
  private let key: OpaquePointer
  let publicKey: PublicKey

  /// Takes over `key`; `nil` for a kind of key that SSH has no name for.
  init?(owning key: OpaquePointer) {
    guard let publicKey = Self.publicKey(of: key) else {
      EVP_PKEY_free(key)
      return nil
    }
    self.key = key
    self.publicKey = publicKey
  }

  deinit { EVP_PKEY_free(key) }

  /// The signature of `data` as SSH has it for `algorithm`, without the name in front; `nil` when
  /// OpenSSL refuses.
  func sign(_ data: [UInt8], _ algorithm: String) -> [UInt8]? {
    guard let context = EVP_MD_CTX_new() else { return nil }
    defer { EVP_MD_CTX_free(context) }
    var size = 0
    guard
      EVP_DigestSignInit(context, nil, Self.digest(for: algorithm), nil, key) == 1,
      EVP_DigestSign(context, nil, &size, data, data.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: size)
    guard EVP_DigestSign(context, &signature, &size, data, data.count) == 1 else { return nil }
    signature.removeSubrange(size...)
    return algorithm.hasPrefix("ecdsa-") ? Self.twoNumbers(signature) : signature
  }

  private static func digest(for algorithm: String) -> OpaquePointer? {
    switch algorithm {
    case "rsa-sha2-512", "ecdsa-sha2-nistp521": EVP_sha512()
    case "rsa-sha2-256", "ecdsa-sha2-nistp256": EVP_sha256()
    case "ecdsa-sha2-nistp384": EVP_sha384()
    default: nil
    }
  }

  /// An ECDSA signature in SSH's form (RFC 5656, section 3.1.2) from OpenSSL's.
  private static func twoNumbers(_ der: [UInt8]) -> [UInt8]? {
    let signature = der.withUnsafeBufferPointer { bytes in
      var start = bytes.baseAddress
      return d2i_ECDSA_SIG(nil, &start, bytes.count)
    }
    guard let signature else { return nil }
    defer { ECDSA_SIG_free(signature) }
    var writer = ByteWriter()
    writer.add(BigNumber.bytes(ECDSA_SIG_get0_r(signature)))
    writer.add(BigNumber.bytes(ECDSA_SIG_get0_s(signature)))
    return writer.bytes
  }

  private static func publicKey(of key: OpaquePointer) -> PublicKey? {
    var writer = ByteWriter()
    switch EVP_PKEY_get_base_id(key) {
    case EVP_PKEY_RSA:
      guard let modulus = BigNumber.parameter(OSSL_PKEY_PARAM_RSA_N, of: key),
        let exponent = BigNumber.parameter(OSSL_PKEY_PARAM_RSA_E, of: key)
      else { return nil }
      writer.add("ssh-rsa")
      writer.add(exponent)
      writer.add(modulus)
    case EVP_PKEY_ED25519:
      var bytes = [UInt8](repeating: 0, count: 32)
      var size = bytes.count
      guard EVP_PKEY_get_raw_public_key(key, &bytes, &size) == 1 else { return nil }
      writer.add("ssh-ed25519")
      writer.add(bytes)
    case EVP_PKEY_EC:
      guard let (curve, point) = curvePoint(of: key) else { return nil }
      writer.add("ecdsa-sha2-\(curve)")
      writer.add(curve)
      writer.add(point)
    default: return nil
    }
    return PublicKey(blob: writer.bytes)
  }

  private static func curvePoint(of key: OpaquePointer) -> (curve: String, point: [UInt8])? {
    var name = [CChar](repeating: 0, count: 64)
    var size = 0
    var point = [UInt8](repeating: 0, count: 256)
    guard
      EVP_PKEY_get_utf8_string_param(
        key, OSSL_PKEY_PARAM_GROUP_NAME, &name, name.count, &size) == 1
    else { return nil }
    let group = String(decoding: name.prefix(size).map(UInt8.init(bitPattern:)), as: UTF8.self)
    guard let curve = curves.first(where: { $0.group == group })?.name,
      EVP_PKEY_get_octet_string_param(
        key, OSSL_PKEY_PARAM_PUB_KEY, &point, point.count, &size) == 1
    else { return nil }
    return (curve, Array(point.prefix(size)))
  }

  /// SSH's and OpenSSL's names of the curves that both have.
  static let curves: [(name: String, group: String)] = [
    ("nistp256", "prime256v1"), ("nistp384", "secp384r1"), ("nistp521", "secp521r1"),
  ]
}

/// OpenSSL's numbers and SSH's form of them (RFC 4251, "mpint").
enum BigNumber {
  /// Big-endian bytes, with a zero in front where the first bit is set.
  static func bytes(_ number: OpaquePointer?) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Int(BN_num_bits(number) + 7) / 8)
    BN_bn2bin(number, &bytes)
    if let first = bytes.first, first >= 0x80 { bytes.insert(0, at: 0) }
    return bytes
  }

  static func parameter(_ name: String, of key: OpaquePointer) -> [UInt8]? {
    var number: OpaquePointer?
    guard EVP_PKEY_get_bn_param(key, name, &number) == 1 else { return nil }
    defer { BN_free(number) }
    return bytes(number)
  }

  /// `number` modulo (`modulus` - 1).
  static func rest(of number: [UInt8], byOneLessThan modulus: [UInt8]) -> [UInt8]? {
    let context = BN_CTX_new()
    let number = BN_bin2bn(number, Int32(number.count), nil)
    let modulus = BN_bin2bn(modulus, Int32(modulus.count), nil)
    let rest = BN_new()
    defer {
      for value in [number, modulus, rest] { BN_clear_free(value) }
      BN_CTX_free(context)
    }
    guard let context, let number, let modulus, let rest, BN_sub_word(modulus, 1) == 1,
      BN_div(nil, rest, number, modulus, context) == 1
    else { return nil }
    return bytes(rest)
  }
}
