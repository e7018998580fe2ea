import Template

/// Makes an image template of a recipe, and says what becomes of all that it holds.
struct Mapper {
  /// The system that is built, which decides what a step may be.
  enum System { case linux, windows }

  let surroundings: Surroundings
  var remarks: [Remark]
  /// The oldest version of the API whose names are exact, unless a field needs a newer one.
  var version = APIVersion.v2024_02_01
  var system = System.linux
  /// The source, `type.name`, and the user that Packer logs in as.
  var source = Section(kind: "", name: "", place: Place(file: "", position: .start), fields: [])
  var loginUser = "packer"
  /// How many provisioners and scripts there were, for names.
  var provisionerNumber = 0
  var scriptNumber = 0
  var hasToldOfFiles = false

  init(surroundings: Surroundings, remarks: [Remark]) {
    self.surroundings = surroundings
    self.remarks = remarks
  }

  /// The image template for one of the sources; `nil` with an error if there is none.
  mutating func template(_ recipe: Recipe, only: String?) -> Output? {
    guard let (build, chosen) = choose(recipe, only: only) else { return nil }
    source = chosen
    var settings = chosen
    system = systemBuilt(settings, build)
    let parts = sourceParts(&settings)
    tellRest(of: settings, by: parts.known)
    let customizers = build.provisioners.flatMap { steps($0) }
    for other in build.others {
      let isNote = other.kind.hasSuffix(" manifest") || other.kind.hasSuffix(" checksum")
      tell(
        isNote ? .note : .loss, "\(quoted(other.kind)) is not carried over", at: other.place,
        hint: isNote ? "`kiln outputs` says what a run made" : nil)
    }
    let properties: [Output.Member] =
      [Output.Member(key: "source", value: parts.source)]
      + parts.properties + [
        Output.Member(key: "customize", value: .list(customizers)),
        Output.Member(key: "distribute", value: .list(parts.targets)),
      ]
    return .members([
      "type": .string("Microsoft.VirtualMachineImages/imageTemplates"),
      "apiVersion": .string(version.rawValue),
      "location": .string(parts.location),
      "identity": parts.identity,
      "properties": .object(properties),
    ])
  }

  /// The outcome: the text, which must be a template that can be read.
  func finish(_ output: Output?) -> ImportOutcome {
    guard let output, !remarks.contains(where: { $0.kind == .error }) else {
      return ImportOutcome(template: nil, remarks: sorted(remarks))
    }
    let bytes = Array(output.text.utf8)
    let reading = TemplateDocument.read(bytes, named: "the result")
    let mistakes = reading.diagnostics.filter { $0.severity == .error }.map { mistake in
      Remark(
        .error, "the result would not be valid: \(mistake.path): \(mistake.message)",
        at: source.place, hint: mistake.hint)
    }
    return ImportOutcome(
      template: mistakes.isEmpty ? bytes : nil, remarks: sorted(remarks + mistakes))
  }

  private func systemBuilt(_ source: Section, _ build: Recipe.Build) -> System {
    let fields = source.fields
    if let type = fields.first(where: { $0.name == "os_type" })?.value.text, type != "" {
      return type.lowercased() == "windows" ? .windows : .linux
    }
    if fields.contains(where: { $0.name == "communicator" && $0.value.text == "winrm" }) {
      return .windows
    }
    let isWindows = build.provisioners.contains {
      ["powershell", "windows-restart"].contains($0.kind)
    }
    return isWindows && !build.provisioners.contains { $0.kind == "shell" } ? .windows : .linux
  }

  mutating func tell(_ kind: Remark.Kind, _ message: String, at place: Place, hint: String? = nil) {
    remarks.append(Remark(kind, message, at: place, hint: hint))
  }
}

extension Mapper {
  /// The source to take, with what its build adds, and the build.
  private mutating func choose(_ recipe: Recipe, only: String?) -> (Recipe.Build, Section)? {
    var candidates: [(build: Recipe.Build, source: Section)] = []
    for build in recipe.builds {
      for use in build.uses {
        guard var source = recipe.sources.first(where: { $0.key == use.key }) else {
          tell(.error, "there is no source \(quoted(use.key))", at: use.place)
          continue
        }
        source.override(with: use.additions)
        if let name = use.name {
          source = Section(
            kind: source.kind, name: name, place: source.place, fields: source.fields)
        }
        candidates.append((build, source))
      }
    }
    let start = Place(file: remarks.first?.file ?? "", position: .start)
    let place = recipe.sources.first?.place ?? recipe.builds.first?.place ?? start
    guard !candidates.isEmpty else {
      tell(.error, "there is no build with a source: nothing to import", at: place)
      return nil
    }
    let wanted = candidates.filter { candidate in
      only.map { matches(candidate.source, $0, build: candidate.build.name) } ?? true
    }
    guard let first = wanted.first(where: { Self.kinds.contains($0.source.kind) }) else {
      let names = candidates.map { quoted($0.source.key) }.joined(separator: ", ")
      tell(
        .error,
        only.map { "no source \(quoted($0)) that can be carried over is among \(names)" }
          ?? "none of the sources can be carried over: \(names)",
        at: place, hint: "azure-arm, qemu and null sources are understood")
      return nil
    }
    for other in candidates
    where other.source.key != first.source.key || other.build.place != first.build.place {
      tell(
        .loss, "the source \(quoted(other.source.key)) is left out: a template has one",
        at: other.source.place,
        hint: "`--only \(other.source.key)` imports it in place of the other")
    }
    return first
  }

  private static let kinds = ["azure-arm", "qemu", "null"]

  /// Whether a name of `only` or `except` means this source.
  func matches(_ source: Section, _ name: String, build: String = "") -> Bool {
    let names = [source.key, source.name, source.kind == source.key ? source.kind : source.key]
    return names.contains(name) || (!build.isEmpty && name == "\(build).\(source.key)")
  }
}
