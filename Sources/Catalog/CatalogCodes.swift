internal import Template

/// What is wrong with a file of sources.
extension Diagnostic.Code {
  static let unreadableFile = Self(rawValue: "KILN-S001")
  static let missingField = Self(rawValue: "KILN-S002")
  static let unknownField = Self(rawValue: "KILN-S003")
  static let wrongType = Self(rawValue: "KILN-S004")
  static let unknownWord = Self(rawValue: "KILN-S005")
  static let oneOrTheOther = Self(rawValue: "KILN-S006")
  static let noName = Self(rawValue: "KILN-S010")
  static let badName = Self(rawValue: "KILN-S011")
  static let repeatedName = Self(rawValue: "KILN-S012")
  static let badPath = Self(rawValue: "KILN-S013")
  static let badAddress = Self(rawValue: "KILN-S014")
  static let badUser = Self(rawValue: "KILN-S015")
  static let badPattern = Self(rawValue: "KILN-S016")
  static let noChecksum = Self(rawValue: "KILN-S017")
  static let badChecksum = Self(rawValue: "KILN-S018")
  static let packedDisk = Self(rawValue: "KILN-S019")
}
