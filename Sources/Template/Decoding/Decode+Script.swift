internal import Digests

extension TemplateDecoder {
  /// The script of a step, and where the document gives it: exactly one of `inline` and
  /// `scriptUri`.
  ///
  /// Both are an error: the API has them exclude each other, and which of the two the service would
  /// run is not known, so that any choice could build another image than Azure does.
  mutating func script(_ fields: Fields) -> (Script, SourcePosition)? {
    let lines = texts("inline", in: fields, as: .command)
    let address = addressField(fields)
    let uri = text(address, in: fields, as: .address) ?? ""
    let sha256 = checksum(fields)
    let inlineNode = lines.isEmpty ? nil : fields["inline"]
    let uriNode = uri.isEmpty ? nil : fields[address]
    switch (inlineNode, uriNode) {
    case (let inline?, nil):
      if sha256 != nil, let node = fields["sha256Checksum"] {
        warn(
          node, .uselessChecksum,
          "the checksum is of no use: it is that of `scriptUri`, and this is `inline`")
      }
      return (.inline(lines), inline.position)
    case (nil, let node?):
      return (.uri(uri, sha256: sha256), node.position)
    case (_?, let node?):
      fail(
        node, .twoScripts,
        "\(fields.schema.subject) has both `inline` and `scriptUri`: only one can run",
        hint: "remove one, or make two steps of them")
    case (nil, nil):
      reportMissingScript(fields, address)
    }
    return nil
  }

  /// `script` in the versions that call it so.
  private func addressField(_ fields: Fields) -> String {
    fields["script"] != nil && version.map { $0 < .v2019_05_01_preview } ?? false
      ? "script" : "scriptUri"
  }

  private mutating func reportMissingScript(_ fields: Fields, _ address: String) {
    // A value that was refused is reported already.
    let refused = ["inline", address].contains { name in
      switch fields[name]?.value.content {
      case nil, .array([]), .string(""): false
      default: true
      }
    }
    guard !refused else { return }
    fail(
      fields.node, .noScript,
      "\(fields.schema.subject) needs `inline` or `scriptUri`: it has nothing to run")
  }

  /// The checksum of a script or file; `nil` where it is absent or empty.
  mutating func checksum(_ fields: Fields) -> SHA256Digest? {
    guard let node = fields["sha256Checksum"], let text = text(node, as: .address), !text.isEmpty
    else { return nil }
    if let digest = SHA256Digest(hex: text) { return digest }
    fail(
      node, .badChecksum,
      "\(quoted(text)) is no SHA-256 checksum: it must be 64 hexadecimal digits",
      hint: "`sha256sum` and `Get-FileHash` print it")
    return nil
  }
}
