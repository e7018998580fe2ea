internal import Digests
internal import SystemPackage
internal import Template

/// Turns the JSON of a file of sources into entries, and gathers all that is wrong with it.
struct CatalogReader {
  /// Whose file it is: relative paths start beside it.
  enum Owner {
    case kiln
    case user(FilePath)
  }

  let owner: Owner
  var findings = Findings()
  private var seen: [Key: SourcePosition] = [:]

  /// What no two entries of a file may have in common.
  private struct Key: Hashable {
    let name: SourceName
    let architecture: Architecture?
  }

  init(_ owner: Owner) { self.owner = owner }

  /// Reads a file: an object with the field `sources`, an array of entries.
  static func read(
    _ bytes: [UInt8], of owner: Owner
  ) -> (entries: [CatalogEntry], findings: Findings) {
    var reader = CatalogReader(owner)
    let (root, findings) = JSONReader.read(bytes, as: .sources)
    reader.findings = findings
    guard let root,
      let fields = reader.fields(
        of: root, "", "the file of sources", known: ["$schema", "sources"])
    else { return ([], reader.findings) }
    guard let sources = fields["sources"] else {
      reader.findings.fail(
        .missingField, "the file of sources needs the field `sources`", at: root.position, path: "",
        hint: "write `{\"sources\": [ … ]}`")
      return ([], reader.findings)
    }
    guard case .array(let values) = sources.value.content else {
      reader.fail(sources, .wrongType, "must be an array of entries, not \(sources.value.spoken)")
      return ([], reader.findings)
    }
    let entries = values.enumerated().compactMap { reader.entry($1, "sources[\($0)]") }
    return (entries, reader.findings)
  }

  private static let entryFields = [
    "image", "title", "url", "path", "unavailable", "instead", "sha256", "checksums", "format",
    "user", "firmware", "architecture", "versions", "newest",
  ]

  private mutating func entry(_ value: JSONValue, _ path: String) -> CatalogEntry? {
    guard let fields = fields(of: value, path, "an entry", known: Self.entryFields) else {
      return nil
    }
    let names = names(fields)
    let title = text("title", in: fields)
    guard let supply = supply(fields) else { return nil }
    var architecture: Architecture?
    if case .disk(let disk) = supply { architecture = disk.architecture }
    for (name, field) in names {
      let key = Key(name: name, architecture: architecture)
      if let earlier = seen.updateValue(field.position, forKey: key) {
        fail(
          field, .repeatedName,
          "\(quoted(name.description)) stands in line \(earlier.line) already",
          hint: "remove one of the two")
      }
    }
    guard !names.isEmpty else { return nil }
    return CatalogEntry(
      names: names.map(\.0), title: title ?? "", supply: supply, origin: origin(value.position))
  }

  private func origin(_ position: SourcePosition) -> CatalogEntry.Origin {
    switch owner {
    case .kiln: .shipped
    case .user(let file): .file(file.string, position)
    }
  }

  /// The names in `image`, a text or an array of them, each with its place.
  private mutating func names(_ fields: Fields) -> [(SourceName, Field)] {
    guard let field = require("image", in: fields) else { return [] }
    var texts = [field]
    if case .array(let values) = field.value.content {
      texts = values.enumerated().map { Field(path: "\(field.path)[\($0)]", value: $1) }
      if texts.isEmpty { fail(field, .noName, "the array is empty: the entry stands for nothing") }
    }
    return texts.compactMap { field in
      guard let text = text(field) else { return nil }
      if let name = SourceName(text) { return (name, field) }
      fail(
        field, .badName, "\(quoted(text)) is no name of an image",
        hint: "write `publisher:offer:sku`, `publisher:offer:sku:version` or an id, "
          + "`/subscriptions/…`")
      return nil
    }
  }

  private mutating func supply(_ fields: Fields) -> CatalogEntry.Supply? {
    let given = ["url", "path", "unavailable"].filter { fields[$0] != nil }
    guard given.count == 1 else {
      findings.fail(
        .oneOrTheOther,
        given.isEmpty
          ? "an entry needs `url` or `path`: it says nowhere what the disk is"
          : "an entry has either `url` or `path`: this one has "
            + given.map { "`\($0)`" }.joined(separator: " and "),
        at: fields.position, path: fields.path)
      return nil
    }
    if let why = text("unavailable", in: fields) {
      return .none(why: why, instead: text("instead", in: fields) ?? "")
    }
    return disk(fields).map { .disk($0) }
  }
}
