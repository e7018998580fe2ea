/// An answer that somebody can give, by its letter.
struct Choice<Meaning: Sendable>: Sendable {
  /// What is typed.
  let letter: Character
  /// What it does, in a few words.
  let text: String
  /// What it means.
  let meaning: Meaning

  /// Describes an answer.
  init(_ letter: Character, _ text: String, _ meaning: Meaning) {
    self.letter = letter
    self.text = text
    self.meaning = meaning
  }
}

extension Person {
  /// How often a wrong answer is asked for again.
  private static let tries = 20

  /// Tells `lines`, and has one of `choices` chosen; a return alone takes the first.
  /// - Returns: `nil` where nobody answers any more.
  /// - Throws: `CancellationError`.
  func choose<Meaning>(_ lines: [String], _ choices: [Choice<Meaning>]) async throws -> Meaning? {
    tell(lines + choices.map { "  \($0.letter)  \($0.text)" })
    let letters = choices.map { String($0.letter) }.joined(separator: "/")
    for _ in 0..<Self.tries {
      guard let answer = try await ask("[\(letters)] ") else { return nil }
      guard let letter = answer.lowercased().first else { return choices.first?.meaning }
      if let choice = choices.first(where: { $0.letter == letter }) { return choice.meaning }
      tell(["`\(answer)` is none of them"])
    }
    return nil
  }
}
