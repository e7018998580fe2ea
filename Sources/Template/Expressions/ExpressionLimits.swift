/// How large and how deep expressions and what they make may get.
///
/// No template comes near any of these; a hostile one ends with an error that names the limit.
enum ExpressionLimits {
  /// The most bytes of an expression.
  static let expressionBytes = 256 << 10

  /// How deep calls, indexes and arguments nest within one expression.
  static let nesting = 64

  /// How deep evaluation nests: calls, variables, parameters and functions within each other.
  static let evaluationDepth = 160

  /// How deep arrays and objects nest in a value: as in a document.
  static let valueDepth = JSONReader.maximumDepth

  /// The most that one value holds: a byte of text counts one, an element ``elementWeight``.
  static let valueWeight = 2 << 20

  /// What a value counts beside its text: about a quarter of the bytes that it takes in memory.
  static let elementWeight = 16

  /// What a member counts that is looked at in search of another.
  static let memberWeight = 4

  /// What a parameter or a variable of a nested deployment counts in each turn of its loop.
  static let declarationWeight = 64

  /// The most that all values of one evaluation hold together.
  static let totalWeight = 8 << 20

  /// How many expressions, calls and elements one evaluation goes through.
  static let steps = 300_000

  /// How many characters one call compares with others.
  static let comparisons = 10_000_000

  /// How many failed names a document gets suggestions for.
  static let suggestions = 20

  /// Among how many names a suggestion is looked for.
  static let choices = 250

  /// How many times a `copy` loop may go round, as Azure has it.
  static let copyCount = 800

  /// How many numbers `range` makes, as Azure has it.
  static let rangeCount = 10_000

  /// How many resources one document may have, in all turns of its loops; Azure takes 800 of a template.
  static let resources = 2000

  /// The most bytes of a resource's name that another can refer to it by.
  static let nameBytes = 2048

  /// How deep deployments nest in deployments.
  static let deploymentNesting = 10
}
