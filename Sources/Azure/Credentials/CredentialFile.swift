internal import FoundationEssentials

/// The bytes of a file that a variable of the environment names.
func readBytes(_ path: String) throws(CredentialError) -> [UInt8] {
  do {
    return Array(try Data(contentsOf: URL(filePath: path)))
  } catch {
    throw CredentialError(
      .refused, "could not read `\(path)`: \(error.reason)",
      hint: "check the path in the AZURE_… variable, and that this user may read the file")
  }
}

/// The text of such a file, without white space around it.
func readText(_ path: String) throws(CredentialError) -> String {
  let text = String(decoding: try readBytes(path), as: UTF8.self)
  let trimmed = text.drop { $0.isWhitespace }
  guard let last = trimmed.lastIndex(where: { !$0.isWhitespace }) else {
    throw CredentialError(.refused, "could not read `\(path)`: the file is empty")
  }
  return String(trimmed[...last])
}

extension Error {
  /// What the file system said, where it did.
  fileprivate var reason: String {
    guard let error = self as? CocoaError else { return "\(self)" }
    return switch error.code {
    case .fileReadNoSuchFile, .fileNoSuchFile: "there is no such file"
    case .fileReadNoPermission: "permission denied"
    default: "\(error)"
    }
  }
}

/// Bytes in base64 for addresses, without padding (RFC 4648, 5).
func base64URL(_ bytes: some Sequence<UInt8>) -> String {
  let text = Data(bytes).base64EncodedString()
  return String(
    text.compactMap { character -> Character? in
      switch character {
      case "+": "-"
      case "/": "_"
      case "=": nil
      default: character
      }
    })
}
