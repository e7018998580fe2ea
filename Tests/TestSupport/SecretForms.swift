public import Foundation

/// All ways in which secrets may be written.
public struct SecretForms: Sendable {
  private let forms: Set<Data>

  /// Takes secrets as they are; of those with many lines (custom data of a machine), short lines and
  /// the lines of private keys.
  public init(_ secrets: [String]) {
    let lines = secrets.flatMap { $0.split(whereSeparator: \.isNewline) }.map(String.init)
    let keys = lines.flatMap { $0.components(separatedBy: "\\n") }.filter { $0.count == 70 }
    let secrets = lines.filter { $0.count < 60 } + keys
    forms = Set(
      secrets.filter { !$0.hasPrefix("#") && $0.count > 5 }.flatMap(Self.forms))
  }

  /// How many ways these are.
  public var count: Int { forms.count }

  /// The beginning of what `bytes` tell of a secret.
  public func told(in bytes: Data) -> String? {
    forms.first { bytes.range(of: $0) != nil }.map {
      String(decoding: $0.prefix(8), as: UTF8.self)
    }
  }

  /// As it is, in UTF-16, in base64 of either alphabet from each of three places, in hexadecimal, in a
  /// URL, and in JSON.
  private static func forms(of secret: String) -> [Data] {
    let plain = Data(secret.utf8)
    let wide = secret.data(using: .utf16LittleEndian) ?? plain
    let hexadecimal = plain.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    var texts = [secret, hexadecimal, hexadecimal.uppercased()]
    for bytes in [plain, wide] {
      texts += (0..<3).flatMap { before -> [String] in
        let whole = (Data(count: before) + bytes).base64EncodedString()
        // What depends on the secret alone.
        let text = String(whole.dropFirst(before == 0 ? 0 : before + 1).dropLast(4))
        let urlSafe = text.replacingOccurrences(of: "+", with: "-")
          .replacingOccurrences(of: "/", with: "_")
        return [text, urlSafe]
      }
    }
    for kept in ["", "-._~", "-._~/", "-._~:/?@!$'()*,;"] {
      let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: kept))
      let escaped = secret.addingPercentEncoding(withAllowedCharacters: allowed) ?? secret
      texts += [escaped, escaped.withLowercasedEscapes]
    }
    let json = secret.replacingOccurrences(of: "\\", with: "\\\\")
      .replacingOccurrences(of: "\"", with: "\\\"")
    texts += [json, json.replacingOccurrences(of: "/", with: "\\/")]
    // As careful writers of JSON for web pages have it.
    texts.append(
      json.map { "&+<>'=".contains($0) ? $0.unicodeEscape : String($0) }.joined())
    return (texts.map { Data($0.utf8) } + [wide]).filter { $0.count > 5 }
  }
}

extension String {
  /// The text with `%2b` in place of `%2B`.
  fileprivate var withLowercasedEscapes: String {
    let parts = split(separator: "%", omittingEmptySubsequences: false)
    let rest = parts.dropFirst().map { $0.prefix(2).lowercased() + $0.dropFirst(2) }
    return ([String(parts.first ?? "")] + rest).joined(separator: "%")
  }
}

extension Character {
  fileprivate var unicodeEscape: String {
    utf16.map {
      let digits = String($0, radix: 16, uppercase: true)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }.joined()
  }
}
