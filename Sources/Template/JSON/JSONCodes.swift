/// What the JSON reader finds.
extension Diagnostic.Code {
  static let empty = Self(rawValue: "KILN-J001")
  static let tooLarge = Self(rawValue: "KILN-J002")
  static let notUTF8 = Self(rawValue: "KILN-J003")
  static let syntax = Self(rawValue: "KILN-J004")
  static let missingComma = Self(rawValue: "KILN-J005")
  static let unclosed = Self(rawValue: "KILN-J006")
  static let afterEnd = Self(rawValue: "KILN-J007")
  static let badEscape = Self(rawValue: "KILN-J008")
  static let badNumber = Self(rawValue: "KILN-J009")
  static let bareWord = Self(rawValue: "KILN-J010")
  static let tooDeep = Self(rawValue: "KILN-J011")
  static let duplicateField = Self(rawValue: "KILN-J012")
  static let comment = Self(rawValue: "KILN-J013")
  static let trailingComma = Self(rawValue: "KILN-J014")
  static let controlCharacter = Self(rawValue: "KILN-J015")
}
