import Template

/// What stands between the braces of a block, or in a file.
struct HCLBody {
  var attributes: [HCLAttribute] = []
  var blocks: [HCLBlock] = []

  /// The attribute of this name.
  subscript(name: String) -> HCLAttribute? { attributes.first { $0.name == name } }
}

/// A name and the expression that gives its value.
struct HCLAttribute {
  let name: String
  let place: Place
  let expression: HCLExpression
}

/// A block: its type, its labels and its body.
struct HCLBlock {
  let type: String
  let labels: [String]
  let place: Place
  let body: HCLBody
}

/// An expression, before it has a value.
struct HCLExpression {
  indirect enum Kind {
    case literal(Value.Content)
    /// A string in pieces.
    case template([Piece])
    case list([HCLExpression])
    case object([(key: HCLExpression, value: HCLExpression)])
    /// A name on its own: `var`, or a name that a `for` brings in.
    case name(String)
    case member(HCLExpression, String)
    case index(HCLExpression, HCLExpression)
    /// `list[*].name`, with the names that follow.
    case splat(HCLExpression, [String])
    case call(String, [HCLExpression])
    case conditional(HCLExpression, HCLExpression, HCLExpression)
    case not(HCLExpression)
    case negative(HCLExpression)
    case binary(String, HCLExpression, HCLExpression)
    case iteration(Iteration)
  }

  enum Piece {
    case text(String)
    case interpolation(HCLExpression)
  }

  /// `[for k, v in list : value if condition]`, or `{for … : key => value}`.
  struct Iteration {
    let names: [String]
    let collection: HCLExpression
    let key: HCLExpression?
    let value: HCLExpression
    let condition: HCLExpression?
  }

  let kind: Kind
  let position: SourcePosition
}
