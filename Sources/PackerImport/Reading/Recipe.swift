import Template

/// A Packer template with its values, whichever language it is written in.
struct Recipe {
  /// The sources; a JSON template's builders.
  var sources: [Section] = []
  var builds: [Build] = []

  /// What is built from sources, and how.
  struct Build {
    let place: Place
    /// What the build is called; empty for no name.
    var name = ""
    /// The sources, each with what the build says of it beyond the source's own fields.
    var uses: [Use] = []
    var provisioners: [Section] = []
    /// What a build has that nothing here stands for.
    var others: [Section] = []
  }

  struct Use {
    /// `type.name`.
    let key: String
    let place: Place
    var additions: [PackerField] = []
    /// What the build calls the source in place of its own name.
    var name: String?
  }
}

/// A source, a provisioner or another block: its kind, its name and its fields.
struct Section {
  /// What it is: `azure-arm`, `shell`.
  let kind: String
  /// Its name; empty for none.
  let name: String
  let place: Place
  var fields: [PackerField]

  /// `type.name`.
  var key: String { name.isEmpty ? kind : "\(kind).\(name)" }

  /// Takes a field out, so that what remains was not looked at.
  mutating func take(_ name: String) -> PackerField? {
    guard let index = fields.firstIndex(where: { $0.name == name }) else { return nil }
    return fields.remove(at: index)
  }

  /// Where a field stands; the section's own place where it has none of this name.
  func place(of name: String) -> Place { fields.first { $0.name == name }?.place ?? place }

  /// Puts fields in the place of those with the same name.
  mutating func override(with others: [PackerField]) {
    let names = Set(others.map(\.name))
    fields.removeAll { names.contains($0.name) }
    fields += others
  }
}

/// A field of a section; blocks within it are fields too, each a list of objects.
struct PackerField {
  let name: String
  let place: Place
  let value: Value
}
