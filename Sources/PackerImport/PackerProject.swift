/// A file of an import, with its content.
public struct PackerFile: Sendable {
  /// The file's name, for messages; its end says what it holds: `.json` or HCL.
  public let name: String
  /// The bytes of the file.
  public let bytes: [UInt8]

  /// Names a file and its content.
  public init(name: String, bytes: [UInt8]) {
    self.name = name
    self.bytes = bytes
  }

  var isJSON: Bool { name.hasSuffix(".json") }
}

/// A Packer template with all that gives its variables their values.
public struct PackerProject: Sendable {
  /// One JSON template, or the HCL files that belong together.
  public let templates: [PackerFile]
  /// Files of variables, the first one first: later ones count more.
  public var variableFiles: [PackerFile] = []
  /// Values of variables, `name=value`: they count more than any file.
  public var assignments: [String] = []
  /// The source to take, `type.name` or a name; `nil` for the first that is understood.
  public var only: String?
  /// What the files stand in.
  public var surroundings = Surroundings()

  /// A template without values for its variables.
  public init(templates: [PackerFile]) {
    self.templates = templates
  }

  /// Makes an image template of it.
  public func imported() -> ImportOutcome {
    var reader = ProjectReader(self)
    guard let recipe = reader.recipe() else {
      return ImportOutcome(template: nil, remarks: sorted(reader.remarks))
    }
    var mapper = Mapper(surroundings: surroundings, remarks: reader.remarks)
    let output = mapper.template(recipe, only: only)
    return mapper.finish(output)
  }
}

/// What a Packer template stands in: what it can ask for beside its own text.
public struct Surroundings: Sendable {
  /// What is known of a path.
  public enum Entry: Sendable {
    /// A file, with its text where it is short enough to look into.
    case file(text: String?)
    /// A directory.
    case directory
    /// Nothing, or nothing that can be read.
    case missing
  }

  /// What `path.root` stands for: the directory of the template.
  public var root = "."
  /// What leads from the result's directory to that in which Packer would run; empty for the same.
  public var base = ""
  /// The environment that `env` reads, as Packer would.
  public var environment: [String: String] = [:]
  /// What is at a path, from the directory in which Packer would run.
  public var look: @Sendable (_ path: String) -> Entry = { _ in .missing }

  /// Nothing around the template.
  public init() {}
}

/// What came of an import.
public struct ImportOutcome: Sendable {
  /// The image template as JSON text; `nil` if there is any error.
  public let template: [UInt8]?
  /// Everything to know about it, file by file in the order of the text.
  public let remarks: [Remark]

  /// The remarks of a kind.
  public func remarks(_ kind: Remark.Kind) -> [Remark] { remarks.filter { $0.kind == kind } }
}

/// The remarks by file and place, each once.
func sorted(_ remarks: [Remark]) -> [Remark] {
  var seen: Set<Remark> = []
  let unique = remarks.filter { seen.insert($0).inserted }
  return unique.enumerated().sorted { left, right in
    (left.element.file, left.element.position, left.offset)
      < (right.element.file, right.element.position, right.offset)
  }.map(\.element)
}
