internal import CCrypto
internal import FoundationEssentials

/// A public key as SSH writes it: a type word and a blob that repeats the word.
struct PublicKey: Hashable, Sendable {
  let type: String
  let blob: [UInt8]

  /// Reads a blob; `nil` when it does not start with a type word.
  init?(blob: [UInt8]) {
    var reader = ByteReader(blob)
    guard let type = reader.text(), !type.isEmpty else { return nil }
    self.type = type
    self.blob = blob
  }

  /// Reads a line of a public key file: type word, base64, comment.
  init?(line: some StringProtocol) {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard words.count >= 2, let data = Data(base64Encoded: String(words[1])) else { return nil }
    self.init(blob: Array(data))
    guard type == words[0] else { return nil }
  }

  /// `SHA256:` and the checksum of the blob, as `ssh-keygen -l` prints it.
  var fingerprint: String {
    var digest = [UInt8](repeating: 0, count: 32)
    var size: UInt32 = 0
    guard EVP_Digest(blob, blob.count, &digest, &size, EVP_sha256(), nil) == 1 else {
      return "SHA256:unknown"
    }
    let base64 = Data(digest).base64EncodedString()
    return "SHA256:" + base64.prefix { $0 != "=" }
  }

  /// The type and the key, without a comment.
  var line: String { "\(type) \(Data(blob).base64EncodedString())" }

  /// The type as people name it.
  var kind: String {
    switch type {
    case "ssh-rsa": "RSA"
    case "ssh-ed25519": "ED25519"
    case "ssh-dss": "DSA"
    case let type where type.hasPrefix("ecdsa-sha2-"): "ECDSA"
    default: type
    }
  }
}
