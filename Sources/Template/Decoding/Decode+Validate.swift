extension TemplateDecoder {
  /// How the result is tested.
  mutating func validation(_ properties: Fields) -> Validation {
    guard let node = object("validate", in: properties)?.decisive,
      let fields = fields(of: node, as: .validate)
    else { return .none }
    return Validation(
      subject: flag("sourceValidationOnly", in: fields) ? .sourceImage : .builtImage,
      onFailure: flag("continueDistributeOnFailure", in: fields) ? .distribute : .stop,
      validators: steps("inVMValidations", in: fields, among: .validators))
  }

  /// What is optimised in the result.
  mutating func optimization(_ properties: Fields) -> Optimization {
    guard let node = object("optimize", in: properties),
      let fields = fields(of: node, as: .optimize)
    else { return Optimization(vmBoot: .disabled, workload: nil) }
    let boot = object("vmBoot", in: fields).flatMap { self.fields(of: $0, as: .vmBoot) }
    let state: Switch = boot.map { choice("state", in: $0, absent: .disabled) } ?? .disabled
    return Optimization(vmBoot: state, workload: workload(fields))
  }

  private mutating func workload(_ optimize: Fields) -> Optimization.Workload? {
    guard let node = object("workload", in: optimize)?.decisive,
      let fields = fields(of: node, as: .workload)
    else { return nil }
    let state: Switch = choice("state", in: fields, absent: .disabled)
    let sha256 = checksum(fields)
    if state == .disabled, (fields["scriptUri"]?.string ?? "").isEmpty { return nil }
    if fields["scriptUri"] == nil { reportMissing("scriptUri", in: fields) }
    guard let uri = requiredText("scriptUri", in: fields, as: .address),
      let script = fields["scriptUri"]
    else { return nil }
    return Optimization.Workload(
      state: state, script: .uri(uri, sha256: sha256), scriptPosition: script.position)
  }
}
