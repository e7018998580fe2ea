extension TemplateDecoder {
  private static let validateSchema = Schema(
    subject: "`validate`",
    fields: [
      Field("inVMValidations"), Field("continueDistributeOnFailure"),
      Field("sourceValidationOnly"),
    ])

  private static let optimizeSchema = Schema(
    subject: "`optimize`", fields: [Field("vmBoot"), Field("workload", since: .v2025_10_01)])

  private static let vmBootSchema = Schema(subject: "`vmBoot`", fields: [Field("state")])

  private static let workloadSchema = Schema(
    subject: "`workload`",
    fields: [Field("state"), Field("scriptUri"), Field("sha256Checksum")])

  /// How the result is tested.
  mutating func validation(_ properties: Fields) -> Validation {
    guard let node = object("validate", in: properties)?.decisive,
      let fields = fields(of: node, as: Self.validateSchema)
    else { return .none }
    let types = [
      Choice("Shell"), Choice("PowerShell"), Choice("File", since: .v2022_07_01),
    ]
    return Validation(
      subject: flag("sourceValidationOnly", in: fields) ? .sourceImage : .builtImage,
      onFailure: flag("continueDistributeOnFailure", in: fields) ? .distribute : .stop,
      validators: steps("inVMValidations", "a validation", in: fields, among: types))
  }

  /// What is optimised in the result.
  mutating func optimization(_ properties: Fields) -> Optimization {
    guard let node = object("optimize", in: properties),
      let fields = fields(of: node, as: Self.optimizeSchema)
    else { return Optimization(vmBoot: .disabled, workload: nil) }
    let boot = object("vmBoot", in: fields).flatMap { self.fields(of: $0, as: Self.vmBootSchema) }
    let state: Switch = boot.map { choice("state", in: $0, absent: .disabled) } ?? .disabled
    return Optimization(vmBoot: state, workload: workload(fields))
  }

  private mutating func workload(_ optimize: Fields) -> Optimization.Workload? {
    guard let node = object("workload", in: optimize)?.decisive,
      let fields = fields(of: node, as: Self.workloadSchema)
    else { return nil }
    let state: Switch = choice("state", in: fields, absent: .disabled)
    let sha256 = checksum(fields)
    if state == .disabled, (fields["scriptUri"]?.string ?? "").isEmpty { return nil }
    guard let uri = requiredText("scriptUri", in: fields, as: .address),
      let script = fields["scriptUri"]
    else { return nil }
    return Optimization.Workload(
      state: state, script: .uri(uri, sha256: sha256), scriptPosition: script.position)
  }
}
