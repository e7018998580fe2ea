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

  /// As it is, in UTF-16, in base64 from each of three places, in a URL, and in JSON.
  private static func forms(of secret: String) -> [Data] {
    let plain = Data(secret.utf8)
    let wide = secret.data(using: .utf16LittleEndian) ?? plain
    var forms = [plain, wide]
    forms += (0..<3).map { before in
      let text = (Data(count: before) + plain).base64EncodedData()
      return Data(text.dropFirst(before == 0 ? 0 : before + 1).dropLast(4))
    }
    let escaped = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? secret
    forms.append(Data(escaped.utf8))
    forms.append(Data(secret.replacingOccurrences(of: "/", with: "\\/").utf8))
    return forms.filter { $0.count > 5 }
  }
}
