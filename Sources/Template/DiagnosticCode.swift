extension Diagnostic {
  /// The stable name of one kind of finding, as in `KILN-T012`: what users search for, and what
  /// `docs/diagnostics.md` explains.
  ///
  /// The letter is that of the room that finds it: `J` the JSON reader, `T` the template, `E` a
  /// deployment and its expressions, `S` the file of sources, `P` the plan. A number is never given
  /// to another kind of finding.
  public struct Code: RawRepresentable, Hashable, Codable, Sendable {
    /// The name as it is printed.
    public let rawValue: String

    /// Names a kind of finding; only the room that finds it does so.
    public init(rawValue: String) {
      self.rawValue = rawValue
    }
  }
}

extension Diagnostic.Code {
  /// So many findings that the rest is only counted.
  static let more = Self(rawValue: "KILN-T000")
}
