internal import CCrypto

/// What ties a login to the TLS connection that it goes over, so that nobody in the middle can hand
/// it on (RFC 5929, section 4).
enum ChannelBinding {
  /// The bytes for a server's certificate, in DER form; empty where it is none.
  ///
  /// The hash is that of the certificate's signature, but SHA-256 in place of MD5 and SHA-1, and
  /// where a signature names no hash.
  static func endPoint(of certificate: [UInt8]) -> [UInt8] {
    let digest: [UInt8] = certificate.withUnsafeBufferPointer { bytes in
      var cursor = bytes.baseAddress
      guard let parsed = d2i_X509(nil, &cursor, bytes.count) else { return [] }
      defer { X509_free(parsed) }
      var hash = NID_undef
      var key = NID_undef
      let isKnown = OBJ_find_sigid_algs(X509_get_signature_nid(parsed), &hash, &key) == 1
      if !isKnown || [NID_undef, NID_md5, NID_sha1].contains(hash) { hash = NID_sha256 }
      var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
      var length: UInt32 = 0
      guard let method = EVP_get_digestbyname(OBJ_nid2sn(hash)),
        X509_digest(parsed, method, &digest, &length) == 1
      else { return [] }
      return Array(digest.prefix(Int(length)))
    }
    return digest.isEmpty ? [] : Array("tls-server-end-point:".utf8) + digest
  }
}
