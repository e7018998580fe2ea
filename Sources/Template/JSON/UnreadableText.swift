/// Why `bytes` cannot be read as text at all; `nil` for UTF-8 of a reasonable size.
package func unreadableText(_ bytes: [UInt8], as kind: JSONTextKind) -> Diagnostic? {
  if bytes.count > JSONReader.maximumBytes {
    return Diagnostic(
      .error,
      .tooLarge,
      "cannot read \(kind.rawValue): it has \(bytes.count) bytes, and \(JSONReader.maximumBytes) is "
        + "the most", at: .start, path: "")
  }
  if isUTF16(bytes) {
    return Diagnostic(
      .error, .notUTF8, "cannot read \(kind.rawValue): it is UTF-16, not UTF-8", at: .start,
      path: "",
      hint: "save it as UTF-8, in PowerShell with `Set-Content -Encoding utf8`")
  }
  if String(validating: bytes, as: UTF8.self) != nil { return nil }
  let (offset, position) = firstInvalidByte(of: bytes)
  let byte = String(bytes[offset], radix: 16, uppercase: true)
  return Diagnostic(
    .error, .notUTF8, "cannot read \(kind.rawValue): the byte 0x\(byte) here is not valid UTF-8",
    at: position, path: "", hint: "save the file as UTF-8")
}

/// Whether bytes begin as a text in UTF-16 does, with its mark or with two ordinary characters.
private func isUTF16(_ bytes: [UInt8]) -> Bool {
  if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return true }
  let zeros = bytes.prefix(4).map { $0 == 0 }
  return zeros == [true, false, true, false] || zeros == [false, true, false, true]
}

/// Decodes until the first mistake, counting lines and columns on the way.
private func firstInvalidByte(of bytes: [UInt8]) -> (offset: Int, position: SourcePosition) {
  var decoder = UTF8.ForwardParser()
  var input = bytes.makeIterator()
  var offset = 0
  var line = 1
  // A byte order mark has no column of its own.
  var column = bytes.starts(with: byteOrderMark) ? 0 : 1
  while case .valid(let encoded) = decoder.parseScalar(from: &input) {
    offset += encoded.count
    let isNewline = encoded.count == 1 && encoded.first == newline
    line += isNewline ? 1 : 0
    column = isNewline ? 1 : column + 1
  }
  return (min(offset, bytes.count - 1), SourcePosition(line: line, column: column))
}
