internal import Pipeline

/// The password of a Windows machine's administrator: made for that machine, and told to nobody else.
enum AdminPassword {
  private static let lower = Array("abcdefghijklmnopqrstuvwxyz")
  private static let upper = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
  private static let digits = Array("0123456789")
  /// How many characters come after those that Azure's rules want: with them, it is far from its
  /// limit of 123, and nobody guesses it.
  private static let count = 32

  /// Makes a password by Azure's rules: a lower and an upper letter, a digit and another character.
  ///
  /// None of its characters needs quotes anywhere.
  static func make() -> Secret {
    func pick(_ characters: [Character]) -> Character {
      characters[Int.random(in: characters.indices)]
    }
    let rest = (0..<count).map { _ in pick(lower + upper + digits) }
    return Secret(String([pick(lower), pick(upper), pick(digits), "-"] + rest))
  }
}
