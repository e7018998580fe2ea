/// What the user gives for a document beside its text.
public struct DeploymentInputs: Sendable {
  /// What the document is read for.
  public enum Purpose: Sendable {
    /// To say what is wrong with it: what can be left open may stay open.
    case check
    /// To build from it: a parameter that the build depends on must have a value.
    case build
  }

  /// A value for a parameter.
  enum Given: Sendable {
    /// A value of JSON, and the file that it comes from.
    case json(JSONValue, file: String)
    /// A text of the command line, which the parameter's type gives its meaning.
    case text(String)
    /// A secret of a key vault, which nothing here can read.
    case keyVault(file: String)
  }

  /// Where and when the deployment happens.
  public var site: DeploymentSite

  /// What the document is read for.
  public var purpose: Purpose

  /// How closely the templates must keep to the API.
  public var strictness = Strictness.byVersion

  /// The values of parameters, by name in lower case, with the name as it was written.
  private(set) var parameters: [String: (name: String, value: Given)] = [:]

  /// The values of placeholders, by name.
  private(set) var placeholders: [String: String] = [:]

  /// Starts with no values.
  public init(site: DeploymentSite, purpose: Purpose) {
    self.site = site
    self.purpose = purpose
  }

  /// Gives a parameter a value, in the place of any earlier one.
  public mutating func set(parameter name: String, to text: String) {
    parameters[name.lowercased()] = (name, .text(text))
  }

  /// Gives a placeholder `<name>` a value, in the place of any earlier one.
  public mutating func set(placeholder name: String, to text: String) {
    placeholders[name] = text
  }

  /// Takes the values of a file of deployment parameters, which replace earlier ones.
  /// - Returns: what is wrong with the file, if anything is.
  public mutating func addParameters(_ bytes: [UInt8], named file: String) -> [Diagnostic] {
    let (root, readFindings) = JSONReader.read(bytes, as: .parameters)
    var findings = readFindings
    guard let root else { return findings.sorted }
    guard let values = parameterValues(root, &findings) else { return findings.sorted }
    for member in values {
      if let value = member.value.fieldMember("value") {
        parameters[member.key.lowercased()] = (member.key, .json(value.value, file: file))
      } else if member.value.field("reference") != nil {
        parameters[member.key.lowercased()] = (member.key, .keyVault(file: file))
      } else {
        findings.fail(
          .badParameterFile,
          "the parameter \(quoted(member.key)) has neither `value` nor `reference`",
          at: member.keyPosition, path: member.key,
          hint: "write it as `\"\(printable(member.key))\": { \"value\": … }`")
      }
    }
    return findings.sorted
  }

  private func parameterValues(_ root: JSONValue, _ findings: inout Findings) -> [JSONMember]? {
    let values = root.field("parameters") ?? (root.field("$schema") == nil ? root : nil)
    guard let values, case .object(let members) = values.content else {
      findings.fail(
        .badParameterFile,
        "cannot read the parameters: there is no object `parameters` in the file",
        at: root.position, path: "",
        hint: "the form is `{ \"parameters\": { \"name\": { \"value\": … } } }`")
      return nil
    }
    return members
  }

  /// Takes the values of a file of placeholders: an object of texts, numbers and truth values.
  /// - Returns: what is wrong with the file, if anything is.
  public mutating func addPlaceholders(_ bytes: [UInt8]) -> [Diagnostic] {
    let (root, readFindings) = JSONReader.read(bytes, as: .values)
    var findings = readFindings
    guard let root else { return findings.sorted }
    guard case .object(let members) = root.content else {
      findings.fail(
        .badValueFile, "cannot read the values: the file is \(root.spoken), not an object",
        at: root.position,
        path: "", hint: "the form is `{ \"name\": \"value\" }`")
      return findings.sorted
    }
    for member in members {
      switch member.value.content {
      case .string(let text), .number(let text): placeholders[member.key] = text
      case .bool(let value): placeholders[member.key] = "\(value)"
      case .null, .array, .object:
        findings.fail(
          .badValueFile,
          "the value of \(quoted(member.key)) must be a text, not \(member.value.spoken)",
          at: member.value.position, path: member.key)
      }
    }
    return findings.sorted
  }
}
