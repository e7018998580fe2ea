internal import FoundationEssentials

/// The hash of a certificate: its thumbprint, as Windows calls it.
public struct CertificatePin: Sendable, Hashable {
  /// The hash of the certificate's DER form: SHA-256, or SHA-1 where there are 20 bytes.
  let digest: [UInt8]

  /// Reads 64 (SHA-256) or 40 (SHA-1, what Windows shows) hexadecimal digits in any case, with
  /// colons or spaces between bytes or without; `nil` for anything else.
  public init?(_ text: String) {
    let digits = text.utf8.filter { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: " ") }
    let values = digits.compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
    guard values.count == digits.count, values.count == 40 || values.count == 64 else { return nil }
    digest = stride(from: 0, to: values.count, by: 2).map {
      UInt8(values[$0] << 4 | values[$0 + 1])
    }
  }
}

/// The bytes of a certificate in PEM form.
func certificateBytes(_ pem: String) -> [UInt8]? {
  let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
  return Data(base64Encoded: lines.joined(separator: "")).map { [UInt8]($0) }
}
