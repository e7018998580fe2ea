/// What deployments and what is given for them.
extension Diagnostic.Code {
  static let failedExpression = Self(rawValue: "KILN-E001")
  static let absentParameter = Self(rawValue: "KILN-E002")
  static let onlyAzure = Self(rawValue: "KILN-E003")
  static let undeclaredParameter = Self(rawValue: "KILN-E004")
  static let noImageTemplate = Self(rawValue: "KILN-E005")
  static let nothingDeployed = Self(rawValue: "KILN-E006")
  static let circle = Self(rawValue: "KILN-E007")
  static let openCondition = Self(rawValue: "KILN-E008")
  static let openLoop = Self(rawValue: "KILN-E009")
  static let linkedTemplate = Self(rawValue: "KILN-E010")
  static let badParameterFile = Self(rawValue: "KILN-E011")
  static let badValueFile = Self(rawValue: "KILN-E012")
  static let unusedPlaceholder = Self(rawValue: "KILN-E013")
  static let severalTemplates = Self(rawValue: "KILN-E014")
}
