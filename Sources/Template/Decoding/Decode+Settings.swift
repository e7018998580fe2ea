/// The parts of `properties` that say how a build runs, not what it makes.
struct BuildSettings {
  let vmProfile: VMProfile
  let buildTimeout: BuildTimeout
  let errorHandling: ErrorHandling
  let autoRun: Switch
  let managedResourceTags: [String: String]
  let stagingResourceGroup: ResourceID?
  let additionalDataDisks: [Int]
}

extension TemplateDecoder {
  /// The least that leaves the service time to start: below, its own token runs out (`aib.md` b.5).
  private static let minimumUsefulMinutes = 6

  mutating func settings(_ properties: Fields) -> BuildSettings {
    let run = object("autoRun", in: properties).flatMap { fields(of: $0, as: .autoRun) }
    return BuildSettings(
      vmProfile: vmProfile(properties), buildTimeout: buildTimeout(properties),
      errorHandling: errorHandling(properties),
      autoRun: run.map { choice("state", in: $0, absent: .disabled) } ?? .disabled,
      managedResourceTags: tags("managedResourceTags", in: properties),
      stagingResourceGroup: optionalResourceID(
        "stagingResourceGroup", in: properties, of: .resourceGroup),
      additionalDataDisks: additionalDataDisks(properties))
  }

  private mutating func buildTimeout(_ properties: Fields) -> BuildTimeout {
    let name = "buildTimeoutInMinutes"
    guard let node = properties[name], let minutes = integer(name, in: properties),
      let timeout = BuildTimeout(minutes: minutes)
    else { return .standard }
    if timeout.minutes < Self.minimumUsefulMinutes {
      warn(
        node,
        .shortTimeout,
        "the service fails at once with less than \(Self.minimumUsefulMinutes) minutes, not "
          + "only after `\(minutes)`", hint: "leave it out for 240 minutes")
    }
    return timeout
  }

  private mutating func errorHandling(_ properties: Fields) -> ErrorHandling {
    guard let node = object("errorHandling", in: properties),
      let fields = fields(of: node, as: .errorHandling)
    else { return ErrorHandling(onCustomizerError: .cleanup, onValidationError: .cleanup) }
    return ErrorHandling(
      onCustomizerError: choice("onCustomizerError", in: fields, absent: .cleanup),
      onValidationError: choice("onValidationError", in: fields, absent: .cleanup))
  }

  private mutating func additionalDataDisks(_ properties: Fields) -> [Int] {
    (objects("additionalDataDisks", in: properties) ?? []).compactMap { node in
      fields(of: node, as: .dataDisk)
        .flatMap { integer("sizeGB", in: $0) }
    }
  }
}
