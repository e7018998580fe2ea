internal import Template

/// What keeps a template from being built here.
extension Diagnostic.Code {
  static let unsupportedStep = Self(rawValue: "KILN-P001")
  static let notFetched = Self(rawValue: "KILN-P002")
}
