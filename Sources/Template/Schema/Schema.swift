/// The fields that one kind of object has: what the decoder checks by, and what `kiln schema`
/// prints.
struct Schema: Sendable {
  /// What a message calls the object: `a Shell step`.
  let subject: String

  let fields: [Field]

  /// Fields of which an object must have one.
  var either: [String] = []

  /// The field of this exact name.
  subscript(name: String) -> Field? { fields.first { $0.name == name } }
}

/// A field that the API knows, or knew (`field-matrix.tsv`).
struct Field: Sendable {
  /// What becomes of the value.
  enum Role: Sendable {
    /// It is read.
    case value
    /// The service writes it and ignores it when it is sent.
    case readOnly
    /// It means something to deployments, and nothing here.
    case ignored
  }

  /// Whether an object must have the field.
  enum Need: Equatable, Sendable {
    case optional
    case required
    /// Before this version it had to be there.
    case before(APIVersion)
    /// The service demands it from this version on; a build of one's own does without.
    case onAzure(since: APIVersion)
  }

  let name: String
  let shape: Shape
  let role: Role
  let need: Need
  /// The version that introduced it.
  let since: APIVersion
  /// The last version that had it; `nil` for a field that is still there.
  let until: APIVersion?
  /// What it is for, as editors show it.
  let about: String

  init(
    _ name: String, _ shape: Shape = .anything, _ about: String = "", role: Role = .value,
    need: Need = .optional, since: APIVersion = .v2018_02_01_preview, until: APIVersion? = nil
  ) {
    self.name = name
    self.shape = shape
    self.about = about
    self.role = role
    self.need = need
    self.since = since
    self.until = until
  }

  /// Whether the version has the field; `nil` stands for the newest.
  func exists(in version: APIVersion?) -> Bool {
    let version = version ?? .newest
    return since <= version && until.map { version <= $0 } ?? true
  }
}

/// What a field's value must be.
indirect enum Shape: Sendable {
  case anything
  case text
  /// Letters, digits, `-`, `_` and, from 2019-05-01-preview on, `.`: 1 to 64 of them.
  case name
  /// 64 hexadecimal digits, or nothing.
  case checksum
  case flag
  case integer(ClosedRange<Int>)
  case words([Choice])
  case texts
  case integers
  /// A map from names to texts.
  case tags
  /// A map from the ids of identities to empty objects.
  case identities
  case object(Schema)
  case objects(Schema)
  case union(Union)
  case unions(Union)
}

/// Objects of several kinds, which one of their fields tells apart.
struct Union: Sendable {
  /// What a message calls such an object: `a target`.
  let subject: String
  /// The field that tells the kind.
  let discriminator: String
  let variants: [Variant]

  struct Variant: Sendable {
    let choice: Choice
    let schema: Schema
  }

  init(_ subject: String, by discriminator: String, _ variants: [(Choice, Schema)]) {
    self.subject = subject
    self.discriminator = discriminator
    self.variants = variants.map { Variant(choice: $0, schema: $1) }
  }

  /// The fields of the kind of this name.
  subscript(name: String) -> Schema? { variants.first { $0.choice.name == name }?.schema }
}

/// A word that the API knows in one place of the document.
struct Choice: Sendable {
  let name: String
  let since: APIVersion
  let until: APIVersion?
  /// How 2018-02-01-preview, which began words with small letters, wrote it.
  private let first: String?

  init(
    _ name: String, since: APIVersion = .v2018_02_01_preview, until: APIVersion? = nil,
    first: String? = nil
  ) {
    self.name = name
    self.since = since
    self.until = until
    self.first = first
  }

  /// How the version writes the word; `nil` stands for the newest.
  func spelling(in version: APIVersion?) -> String {
    version == .v2018_02_01_preview ? first ?? name : name
  }

  /// Whether the version has the word; `nil` stands for the newest.
  func exists(in version: APIVersion?) -> Bool {
    let version = version ?? .newest
    return since <= version && until.map { version <= $0 } ?? true
  }
}

extension Choice {
  /// All words of an enum, known from the first version on.
  static func all<Word>(_ type: Word.Type) -> [Choice]
  where Word: RawRepresentable<String> & CaseIterable {
    type.allCases.map { Choice($0.rawValue) }
  }
}
