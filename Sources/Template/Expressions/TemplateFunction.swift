/// A function whose result depends on its arguments alone.
///
/// An argument that is not known makes the result unknown, unless the function looks only at what
/// is around it: `length` of an array that holds unknown elements is known.
struct TemplateFunction: Sendable {
  /// Which arguments must be known for the result to be.
  enum Demand: Sendable {
    /// The arguments themselves; what is in them may be open.
    case arguments
    /// The arguments and all that is in them.
    case contents
    /// None: open values go through.
    case nothing
  }

  /// The name as it is documented; any case is understood.
  let name: String

  /// How many arguments it takes.
  let count: ClosedRange<Int>

  let demand: Demand

  /// How often as much as its arguments hold a call counts: reading a text as JSON takes longer
  /// than joining it.
  let effort: Int

  let result: @Sendable (Arguments) throws(ExpressionFailure) -> ExpressionValue.Content

  init(
    _ name: String, _ count: ClosedRange<Int>, _ demand: Demand = .contents,
    effort: Int = 1,
    _ result: @escaping @Sendable (Arguments) throws(ExpressionFailure) -> ExpressionValue.Content
  ) {
    self.name = name
    self.count = count
    self.demand = demand
    self.effort = effort
    self.result = result
  }

  /// As many arguments as anybody writes, and a few more.
  static let many = 10_000

  /// All functions, by their names in lower case.
  static let all: [String: TemplateFunction] = {
    let functions =
      strings + texts + encodings + arrays + merging + objects + numbers + logic + dates
      + resourceIDs + networks + addresses
    return Dictionary(functions.map { ($0.name.lowercased(), $0) }) { first, _ in first }
  }()
}

/// The arguments of a call, with what a function asks of each.
struct Arguments: Sendable {
  /// The function's name, for messages.
  let function: String

  let values: [ExpressionValue]

  /// Where the call stands in the document.
  let position: SourcePosition

  var count: Int { values.count }

  subscript(index: Int) -> ExpressionValue { values[index] }

  /// The text of an argument.
  func string(_ index: Int) throws(ExpressionFailure) -> String {
    guard case .string(let text) = values[index].content else { throw wrong(index, "a string") }
    return text
  }

  /// The number of an argument.
  func integer(_ index: Int) throws(ExpressionFailure) -> Int {
    guard case .integer(let value) = values[index].content else {
      throw wrong(index, "a whole number")
    }
    return value
  }

  func bool(_ index: Int) throws(ExpressionFailure) -> Bool {
    guard case .bool(let value) = values[index].content else {
      throw wrong(index, "true or false")
    }
    return value
  }

  func array(_ index: Int) throws(ExpressionFailure) -> [ExpressionValue] {
    guard case .array(let elements) = values[index].content else { throw wrong(index, "an array") }
    return elements
  }

  func object(_ index: Int) throws(ExpressionFailure) -> [ExpressionValue.Member] {
    guard case .object(let members) = values[index].content else {
      throw wrong(index, "an object")
    }
    return members
  }

  /// The texts of all arguments.
  func strings() throws(ExpressionFailure) -> [String] {
    try values.indices.map { index throws(ExpressionFailure) in try string(index) }
  }

  /// What is wrong with an argument that is something else.
  func wrong(_ index: Int, _ wanted: String) -> ExpressionFailure {
    let which = values.count == 1 ? "its argument" : "argument \(index + 1)"
    return failure("\(which) must be \(wanted), not \(values[index].spoken)")
  }

  func failure(_ what: String) -> ExpressionFailure {
    ExpressionFailure("`\(function)`: \(what)")
  }

  /// A value that the function makes, at the place of its call.
  func value(_ content: ExpressionValue.Content) throws(ExpressionFailure) -> ExpressionValue {
    try ExpressionValue(content, at: position)
  }

  /// An array of texts.
  func array(of texts: [String]) throws(ExpressionFailure) -> ExpressionValue.Content {
    .array(try texts.map { text throws(ExpressionFailure) in try value(.string(text)) })
  }
}
