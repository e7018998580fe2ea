internal import FoundationEssentials

/// The ways in which a secret may be written where it must not be seen.
///
/// Known: as it is, in UTF-16 (PowerShell writes files so), in base64 of both at each of the three
/// alignments, escaped for JSON, XML and URLs; and all of that for each line of it. Not known:
/// base64 that is broken into lines in the middle of the secret.
enum SecretForms {
  /// Shorter forms are not looked for: they would hide ordinary text everywhere.
  static let shortest = 4

  /// All forms of `secret` that are long enough to be looked for.
  static func all(of secret: String) -> Set<[UInt8]> {
    var forms: Set<[UInt8]> = []
    let trimmed = secret.drop { $0.isNewline || $0 == " " }
    let whole = String(trimmed.reversed().drop { $0.isNewline || $0 == " " }.reversed())
    for text in [secret, whole] + whole.split(whereSeparator: \.isNewline).map(String.init)
    where text.utf8.count >= shortest {
      let bytes = Array(text.utf8)
      let wide = text.utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
      forms.formUnion([bytes, wide])
      forms.formUnion(base64(bytes) + base64(wide))
      forms.formUnion(json(text).map { Array($0.utf8) })
      forms.formUnion(percent(bytes))
      forms.insert(Array(xml(text).utf8))
    }
    return forms.filter { $0.count >= shortest }
  }

  /// Base64 of `bytes` behind none, one and two others, without what those others change.
  private static func base64(_ bytes: [UInt8]) -> [[UInt8]] {
    (0..<3).flatMap { before -> [[UInt8]] in
      let padded = Array(repeating: 0, count: before) + bytes
      let text = Array(Data(padded).base64EncodedString().utf8)
      let first = before == 0 ? 0 : before + 1
      // The last group of four holds bits of what follows, unless the bytes fill it.
      let sure = padded.count / 3 * 4 + [0, 1, 2][padded.count % 3]
      let alone = text[first...].prefix { $0 != UInt8(ascii: "=") }
      return [Array(alone), Array(text[first..<max(first, sure)])].flatMap { form in
        [form, form.map { $0 == UInt8(ascii: "+") ? 45 : $0 == UInt8(ascii: "/") ? 95 : $0 }]
      }
    }
  }

  /// `text` inside a JSON string, as the usual writers escape it.
  private static func json(_ text: String) -> [String] {
    func escaped(also extra: String, ascii: Bool) -> String {
      var result = ""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "/" where extra.contains("/"): result += "\\/"
        default:
          let hide = scalar.value < 32 || extra.unicodeScalars.contains(scalar)
          if hide || ascii && scalar.value > 126 {
            result += String(scalar).utf16.map { "\\u" + hexadecimal(Int($0), 4) }.joined()
          } else {
            result.unicodeScalars.append(scalar)
          }
        }
      }
      return result
    }
    return ["", "/", "<>&", "<>&'"].flatMap {
      [escaped(also: $0, ascii: false), escaped(also: $0, ascii: true)]
    }
  }

  /// `bytes` as URLs and forms write them, in both cases of the digits.
  private static func percent(_ bytes: [UInt8]) -> [[UInt8]] {
    func escaped(keep: String, space: String, upper: Bool) -> [UInt8] {
      bytes.flatMap { byte -> [UInt8] in
        let scalar = Unicode.Scalar(byte)
        if scalar.properties.isAlphabetic && byte < 128 || (48...57).contains(byte)
          || keep.unicodeScalars.contains(scalar)
        {
          return [byte]
        }
        if byte == 32 { return Array(space.utf8) }
        let digits = hexadecimal(Int(byte), 2)
        return Array("%\(upper ? digits.uppercased() : digits)".utf8)
      }
    }
    return ["-._~", "-._~/", "-._*"].flatMap { keep in
      ["%20", "+"].flatMap { space in
        [true, false].map { escaped(keep: keep, space: space, upper: $0) }
      }
    }
  }

  private static func xml(_ text: String) -> String {
    let names: [Character: String] = [
      "&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&apos;",
    ]
    return text.map { names[$0] ?? String($0) }.joined()
  }

  private static func hexadecimal(_ number: Int, _ width: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
