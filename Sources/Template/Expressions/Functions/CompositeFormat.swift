/// A format string of `format()`, in the composite form of .NET: `{0}`, `{1,-8}`, `{2:N0}`.
struct CompositeFormat {
  private enum Piece {
    case text(String)
    case item(index: Int, width: Int, format: String)
  }

  private var pieces: [Piece] = []

  /// Reads a format.
  init(
    _ text: String, failure: (String) -> ExpressionFailure
  ) throws(ExpressionFailure) {
    var rest = Array(text)[...]
    var literal = ""
    while let character = rest.popFirst() {
      switch character {
      case "{" where rest.first == "{", "}" where rest.first == "}":
        literal.append(character)
        rest.removeFirst()
      case "{":
        guard let end = rest.firstIndex(of: "}") else {
          throw failure("the format \(quoted(text)) has a `{` without its `}`")
        }
        guard let item = Self.item(String(rest[..<end])) else {
          throw failure("the format \(quoted(text)) has `{` without a number after it")
        }
        pieces += [.text(literal), item]
        literal = ""
        rest = rest[(end + 1)...]
      case "}": throw failure("the format \(quoted(text)) has a `}` without its `{`")
      default: literal.append(character)
      }
    }
    pieces.append(.text(literal))
  }

  /// Reads `index[,width][:format]`.
  private static func item(_ text: String) -> Piece? {
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = halves[0].split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    let trimmed = numbers.map { String($0.filter { $0 != " " }) }
    guard let index = Int(trimmed[0]), index >= 0 else { return nil }
    guard let width = trimmed.count > 1 ? Int(trimmed[1]) : 0,
      abs(max(width, -ExpressionLimits.valueWeight)) <= ExpressionLimits.valueWeight
    else { return nil }
    return .item(index: index, width: width, format: halves.count > 1 ? String(halves[1]) : "")
  }

  /// The text with the values in their places.
  func text(
    of values: [ExpressionValue], failure: (String) -> ExpressionFailure
  ) throws(ExpressionFailure) -> String {
    var text = ""
    for piece in pieces {
      switch piece {
      case .text(let literal): text += literal
      case .item(let index, let width, let format):
        guard index < values.count else {
          throw failure("the format has `{\(index)}`, and \(values.count) values follow it")
        }
        let shown = try Self.text(of: values[index], format, failure)
        let padding = String(repeating: " ", count: max(0, abs(width) - shown.count))
        text += width < 0 ? shown + padding : padding + shown
      }
      guard text.utf8.count <= ExpressionLimits.valueWeight else {
        throw failure(TemplateFunction.tooLong)
      }
    }
    return text
  }

  private static func text(
    of value: ExpressionValue, _ format: String, _ failure: (String) -> ExpressionFailure
  ) throws(ExpressionFailure) -> String {
    guard !format.isEmpty else { return value.formattedText }
    switch value.content {
    case .integer(let number):
      guard let text = NumberFormat.text(of: Double(number), whole: number, as: format) else {
        throw failure("\(quoted(format)) is no format for a number that is known here")
      }
      return text
    case .decimal(let number):
      guard let text = NumberFormat.text(of: number, whole: nil, as: format) else {
        throw failure("\(quoted(format)) is no format for a number that is known here")
      }
      return text
    default: return value.formattedText
    }
  }
}
