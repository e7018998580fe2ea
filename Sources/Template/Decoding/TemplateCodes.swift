/// What kind of document it is.
extension Diagnostic.Code {
  static let notAnObject = Self(rawValue: "KILN-T001")
  static let parametersFile = Self(rawValue: "KILN-T002")
  static let deployment = Self(rawValue: "KILN-T003")
  static let noTemplate = Self(rawValue: "KILN-T004")
  static let notAnImageTemplate = Self(rawValue: "KILN-T005")
  static let resourceTypeSpelling = Self(rawValue: "KILN-T006")
  static let noVersion = Self(rawValue: "KILN-T007")
  static let unknownVersion = Self(rawValue: "KILN-T008")
}

/// Fields, words and types.
extension Diagnostic.Code {
  static let missingField = Self(rawValue: "KILN-T010")
  static let emptyValue = Self(rawValue: "KILN-T011")
  static let unknownField = Self(rawValue: "KILN-T012")
  static let fieldSpelling = Self(rawValue: "KILN-T013")
  static let readOnlyField = Self(rawValue: "KILN-T014")
  static let fieldTooNew = Self(rawValue: "KILN-T015")
  static let unknownWord = Self(rawValue: "KILN-T016")
  static let wordSpelling = Self(rawValue: "KILN-T017")
  static let wordTooNew = Self(rawValue: "KILN-T018")
  static let wrongType = Self(rawValue: "KILN-T019")
  static let looseType = Self(rawValue: "KILN-T020")
  static let outOfRange = Self(rawValue: "KILN-T021")
  static let excludingFields = Self(rawValue: "KILN-T022")
  static let zeroCharacter = Self(rawValue: "KILN-T023")
  static let openExpression = Self(rawValue: "KILN-T024")
  static let openPlaceholder = Self(rawValue: "KILN-T025")
  static let fieldGone = Self(rawValue: "KILN-T026")
}

/// Texts that have a form of their own.
extension Diagnostic.Code {
  static let badName = Self(rawValue: "KILN-T030")
  static let badResourceID = Self(rawValue: "KILN-T031")
  static let badChecksum = Self(rawValue: "KILN-T032")
  static let badDuration = Self(rawValue: "KILN-T033")
  static let badImageVersion = Self(rawValue: "KILN-T034")
}

/// What single parts of a template demand.
extension Diagnostic.Code {
  static let noIdentity = Self(rawValue: "KILN-T040")
  static let manyIdentities = Self(rawValue: "KILN-T041")
  static let shortTimeout = Self(rawValue: "KILN-T042")
  static let isoSource = Self(rawValue: "KILN-T043")
  static let latestTooNew = Self(rawValue: "KILN-T044")
  static let noScript = Self(rawValue: "KILN-T050")
  static let twoScripts = Self(rawValue: "KILN-T051")
  static let uselessChecksum = Self(rawValue: "KILN-T052")
  static let runAsSystemAlone = Self(rawValue: "KILN-T053")
  static let idleFilter = Self(rawValue: "KILN-T054")
  static let restartInScript = Self(rawValue: "KILN-T055")
  static let outsideTmp = Self(rawValue: "KILN-T056")
  static let noFullPath = Self(rawValue: "KILN-T057")
  static let mixedSystems = Self(rawValue: "KILN-T058")
  static let nothingDistributed = Self(rawValue: "KILN-T060")
  static let duplicateOutput = Self(rawValue: "KILN-T061")
  static let uselessStorage = Self(rawValue: "KILN-T062")
}
