extension Union {
  /// What is done to the image.
  static let customizers = Union(
    "a customizer", by: "type",
    [
      (Choice("Shell", first: "shell"), .shell),
      (Choice("PowerShell", since: .v2019_02_01_preview), .powerShell),
      (Choice("File", since: .v2019_05_01_preview), .file),
      (Choice("WindowsRestart", since: .v2019_02_01_preview), .windowsRestart),
      (Choice("WindowsUpdate", since: .v2020_02_14), .windowsUpdate),
    ])

  /// How the image is tested.
  static let validators = Union(
    "a validation", by: "type",
    [
      (Choice("Shell"), .shell), (Choice("PowerShell"), .powerShell),
      (Choice("File", since: .v2022_07_01), .file),
    ])
}

extension Schema {
  static let shell = Schema(subject: "a Shell step", fields: scriptFields, either: scripts)

  static let powerShell = Schema(
    subject: "a PowerShell step",
    fields: scriptFields + [
      Field("validExitCodes", .integers, "The exit codes that mean success; 0 where absent."),
      Field(
        "runElevated", .flag, "Whether the script runs elevated.", since: .v2019_05_01_preview),
      Field(
        "runAsSystem", .flag, "Whether it runs as the system account; with `runElevated` only.",
        since: .v2020_02_14),
    ], either: scripts)

  static let file = Schema(
    subject: "a File step",
    fields: [
      type, stepName,
      Field("sourceUri", .text, "The address of the file.", need: .required),
      Field(
        "destination", .text, "Its full path on the machine; the folder must be there.",
        need: .required),
      Field("sha256Checksum", .checksum, "The SHA-256 of the file."),
    ])

  static let windowsRestart = Schema(
    subject: "a WindowsRestart step",
    fields: [
      type, stepName,
      Field("restartCommand", .text, "What restarts the machine."),
      Field("restartCheckCommand", .text, "What is run when it is back."),
      Field("restartTimeout", .text, "How long it may take, as in `5m` or `1h30m`."),
    ])

  static let windowsUpdate = Schema(
    subject: "a WindowsUpdate step",
    fields: [
      type, stepName,
      Field("searchCriteria", .text, "Which updates are looked for."),
      Field("filters", .texts, "Which of them are installed: `include:…` and `exclude:…`."),
      Field(
        "updateLimit", .integer(0...most), "How many are installed at once; 0 stands for 1000."),
    ])

  static let validate = Schema(
    subject: "`validate`",
    fields: [
      Field("inVMValidations", .unions(.validators), "The tests, in order."),
      Field(
        "continueDistributeOnFailure", .flag, "Whether an image that failed is distributed."),
      Field("sourceValidationOnly", .flag, "Whether the source is tested, and nothing built."),
    ])

  private static let stepName = Field("name", .text, "What the step is called in logs.")

  private static let scripts = ["inline", "script", "scriptUri"]

  private static let scriptFields = [
    type, stepName,
    Field("inline", .texts, "The lines of the script.", since: .v2019_02_01_preview),
    Field("script", .text, "The script's address.", until: .v2019_02_01_preview),
    Field("scriptUri", .text, "The script's address.", since: .v2019_05_01_preview),
    Field(
      "sha256Checksum", .checksum, "The SHA-256 of the script at `scriptUri`.",
      since: .v2019_05_01_preview),
  ]
}
