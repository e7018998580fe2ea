/// What evaluation could not tell, by where it stands in the document.
struct OpenValues {
  private var reasons: [SourcePosition: ExpressionValue.Unknown] = [:]

  /// The parameters that are asked for in any case.
  let reported: Set<String>

  /// Takes the open values of a resource.
  init(_ body: ExpressionValue, reported: Set<String>) {
    self.reported = reported
    collect(body)
  }

  /// Why the value at a place is not known; `nil` for one that is.
  subscript(position: SourcePosition) -> ExpressionValue.Unknown? { reasons[position] }

  private mutating func collect(_ value: ExpressionValue) {
    guard value.isOpen else { return }
    switch value.content {
    case .unknown(let reason): reasons[value.position] = reason
    case .array(let elements): for element in elements { collect(element) }
    case .object(let members): for member in members { collect(member.value) }
    default: break
    }
  }
}

extension TemplateDecoder {
  /// Reports a string that stands for a value that evaluation could not tell.
  /// - Returns: whether it does; other strings are what they are, whatever they look like.
  mutating func reportOpen(_ values: OpenValues, _ text: String, in node: Node) -> Bool {
    guard let reason = values[node.position], text == reason.expression else { return false }
    let code: Diagnostic.Code
    let message: String
    let hint: String
    switch reason {
    case .failed: return true
    case .parameter(let name):
      if values.reported.contains(name) { return true }
      code = .absentParameter
      message = "the parameter \(quoted(name)) has no value"
      hint = "give it with `-p \(printable(name))=value`"
    case .azure(let function):
      code = .onlyAzure
      message = "only Azure can tell the value: it comes from `\(printable(function))(…)`"
      hint = "write the value itself, or make it a parameter"
    }
    switch node.weight {
    case .decisive: fail(node, code, message, hint: hint)
    case .incidental: warn(node, code, "\(message): it stays open", hint: hint)
    }
    return true
  }
}
