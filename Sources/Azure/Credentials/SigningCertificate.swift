internal import CCrypto
internal import FoundationEssentials
internal import Pipeline

/// A certificate of an application, and its RSA key.
///
/// Unchecked, because it holds OpenSSL's handles: none is changed after the initializer, and
/// signing works on a context of its own.
final class SigningCertificate: @unchecked Sendable {
  private let key: OpaquePointer
  private let leaf: [UInt8]
  private let chain: [[UInt8]]
  private let sending: Sending

  /// What an assertion holds of the certificate.
  enum Sending: Sendable {
    /// Its thumbprint: the application knows the certificate.
    case thumbprint
    /// The whole chain: the application knows subject and issuer (`AZURE_CLIENT_SEND_CERTIFICATE_CHAIN`).
    case chain
  }

  /// How long an assertion is good for, in seconds (`azure.md` 3).
  private static let life: Int64 = 600

  /// Reads a file: PEM with a key and certificates, or PKCS #12.
  /// - Throws: ``CredentialError``.
  init(file path: String, password: Secret?, sending: Sending) throws(CredentialError) {
    let bytes = try readBytes(path)
    defer { ERR_clear_error() }
    let contents =
      bytes.firstRange(of: Array("-----BEGIN ".utf8)) == nil
      ? Self.readPKCS12(bytes, password) : Self.readPEM(bytes, password)
    guard let contents else {
      throw CredentialError(
        .refused, "could not read the certificate in `\(path)`",
        hint: "it must hold an RSA key and its certificate, in PEM or PKCS #12, and "
          + "AZURE_CLIENT_CERTIFICATE_PASSWORD its password where it has one")
    }
    (key, leaf, chain) = contents
    self.sending = sending
  }

  deinit { EVP_PKEY_free(key) }

  /// An assertion that `client` is itself, for the token service at `audience`.
  /// - Throws: ``CredentialError`` where OpenSSL can't sign.
  func assertion(
    client: String, audience: String, now: Int64
  ) throws(CredentialError) -> Secret {
    var header: JSON = ["alg": "RS256", "typ": "JWT", "x5t": .string(base64URL(digest(leaf)))]
    if sending == .chain {
      header["x5c"] = .array(
        ([leaf] + chain).map { .string(Data($0).base64EncodedString()) })
    }
    let claims: JSON = [
      "aud": .string(audience), "iss": .string(client), "sub": .string(client),
      "jti": .string(UUID().uuidString.lowercased()), "iat": .integer(now), "nbf": .integer(now),
      "exp": .integer(now + Self.life),
    ]
    let signed = "\(base64URL(header.bytes)).\(base64URL(claims.bytes))"
    guard let signature = sign(Array(signed.utf8)) else {
      throw CredentialError(
        .refused, "could not sign in by certificate: OpenSSL can't sign with its key",
        hint: "the key must be an RSA key")
    }
    return Secret("\(signed).\(base64URL(signature))")
  }

  private func sign(_ bytes: [UInt8]) -> [UInt8]? {
    guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, let context = EVP_MD_CTX_new() else {
      return nil
    }
    defer { EVP_MD_CTX_free(context) }
    var size = 0
    guard EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key) == 1,
      EVP_DigestSign(context, nil, &size, bytes, bytes.count) == 1
    else { return nil }
    var signature = [UInt8](repeating: 0, count: size)
    guard EVP_DigestSign(context, &signature, &size, bytes, bytes.count) == 1 else { return nil }
    return Array(signature.prefix(size))
  }

  /// SHA-1, by which Entra ID knows certificates; nothing is trusted for it.
  private func digest(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var size: UInt32 = 0
    EVP_Digest(bytes, bytes.count, &digest, &size, EVP_sha1(), nil)
    return Array(digest.prefix(Int(size)))
  }
}

// MARK: Files

extension SigningCertificate {
  private typealias Contents = (key: OpaquePointer, leaf: [UInt8], chain: [[UInt8]])

  private static func readPEM(_ bytes: [UInt8], _ password: Secret?) -> Contents? {
    guard let keys = BIO_new_mem_buf(bytes, Int32(bytes.count)),
      let certificates = BIO_new_mem_buf(bytes, Int32(bytes.count))
    else { return nil }
    defer {
      BIO_free(keys)
      BIO_free(certificates)
    }
    // Without a callback, OpenSSL takes the last argument as the password; it must not ask.
    var phrase = Array((password?.revealed ?? "").utf8CString)
    defer { OPENSSL_cleanse(&phrase, phrase.count) }
    guard let key = PEM_read_bio_PrivateKey(keys, nil, nil, &phrase) else { return nil }
    var found: [OpaquePointer] = []
    while let next = PEM_read_bio_X509(certificates, nil, nil, nil) { found.append(next) }
    defer { found.forEach { X509_free($0) } }
    guard let own = found.firstIndex(where: { X509_check_private_key($0, key) == 1 }) else {
      EVP_PKEY_free(key)
      return nil
    }
    let others = found.indices.filter { $0 != own }.map { encoded(found[$0]) }
    return (key, encoded(found[own]), others)
  }

  private static func readPKCS12(_ bytes: [UInt8], _ password: Secret?) -> Contents? {
    guard let file = BIO_new_mem_buf(bytes, Int32(bytes.count)) else { return nil }
    defer { BIO_free(file) }
    guard let bag = d2i_PKCS12_bio(file, nil) else { return nil }
    defer { PKCS12_free(bag) }
    var key: OpaquePointer?
    var leaf: OpaquePointer?
    var others: OpaquePointer?
    guard PKCS12_parse(bag, password?.revealed ?? "", &key, &leaf, &others) == 1 else { return nil }
    defer {
      X509_free(leaf)
      for _ in 0..<max(0, OPENSSL_sk_num(others)) {
        X509_free(OPENSSL_sk_pop(others).map { OpaquePointer($0) })
      }
      OPENSSL_sk_free(others)
    }
    guard let key, let leaf else {
      EVP_PKEY_free(key)
      return nil
    }
    let chain = (0..<max(0, OPENSSL_sk_num(others))).compactMap { index in
      OPENSSL_sk_value(others, index).map { encoded(OpaquePointer($0)) }
    }
    return (key, encoded(leaf), chain)
  }

  /// A certificate in DER.
  private static func encoded(_ certificate: OpaquePointer) -> [UInt8] {
    let size = i2d_X509(certificate, nil)
    guard size > 0 else { return [] }
    var bytes = [UInt8](repeating: 0, count: Int(size))
    bytes.withUnsafeMutableBufferPointer { buffer in
      var next = buffer.baseAddress
      _ = i2d_X509(certificate, &next)
    }
    return bytes
  }
}
