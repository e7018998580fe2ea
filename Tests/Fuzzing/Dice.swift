/// The same numbers for the same seed and number (splitmix64).
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64, number: Int) {
    state =
      seed &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: number) &* 0xD1B5_4A32_D192_ED03
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of a range.
  mutating func roll(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }

  /// Once in so many times.
  mutating func once(in times: Int) -> Bool { roll(0..<times) == 0 }

  /// One of these texts.
  mutating func one(of texts: [String]) -> String { texts.randomElement(using: &self) ?? "" }
}
