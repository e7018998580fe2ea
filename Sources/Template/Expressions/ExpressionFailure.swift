/// Why an expression has no value.
struct ExpressionFailure: Error, Hashable {
  /// What went wrong, with the values that were involved.
  let message: String

  /// What to do about it, where there is something to do.
  var hint: String?

  /// Where it went wrong: the character of the expression, from 1.
  var character: Int?

  /// Where the expression's string stands in the document.
  var position: SourcePosition?

  init(_ message: String, hint: String? = nil, character: Int? = nil) {
    self.message = message
    self.hint = hint
    self.character = character
  }

  /// The same failure, placed in an expression unless it has a place already.
  func placed(character: Int) -> ExpressionFailure {
    guard self.character == nil, position == nil else { return self }
    var placed = self
    placed.character = character
    return placed
  }

  /// The same failure, placed in the document unless it has a place already.
  func placed(at position: SourcePosition) -> ExpressionFailure {
    guard self.position == nil else { return self }
    var placed = self
    placed.position = position
    return placed
  }

  /// The message with the place within the expression.
  var told: String {
    character.map { "\(message) (character \($0) of the expression)" } ?? message
  }
}
