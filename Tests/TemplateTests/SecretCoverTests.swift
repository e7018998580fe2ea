import Testing

@testable import Template

@Suite struct SecretCoverTests {
  @Test(arguments: [
    ("a word in it", "a *** in it"), ("words", "***s"), ("wor", "wor"),
    ("sword of a word", "s*** of a ***"),
    ("a longer word", "a ***"), ("a longer wor", "a longer wor"), ("wordlike", "***"),
    ("wordlik", "***lik"), ("schlüssel!", "***!"), ("abc", "abc"), ("", ""), ("wordword", "******"),
  ])
  func `the longest secret at each place is hidden`(text: String, covered: String) {
    let cover = SecretCover(["word", "longer word", "wordlike", "abc", "schlüssel", "wordz"])
    #expect(cover.covering(text) == covered)
  }

  @Test func `what one secret after the other would hide is hidden`() {
    let secrets: Set<String> = ["aaaa", "aaaab", "abab", "baba", "bbbb", "aabb", "abba"]
    let cover = SecretCover(secrets)
    for number in 0..<4096 {
      let text = String((0..<12).map { number >> $0 & 1 == 0 ? "a" : "b" })
      #expect(!secrets.contains { cover.covering(text).contains($0) }, "\(text)")
      #expect(cover.covering(text).contains("*") == secrets.contains { text.contains($0) })
    }
  }

  @Test func `thousands of secrets take no longer than a few`() {
    let cover = SecretCover(Set((0..<20_000).map { "aaaaaaaa\($0)" }))
    let text = String(repeating: "a", count: 2000) + "aaaaaaaa19999"
    let start = ContinuousClock.now
    for _ in 0..<10 { #expect(cover.covering(text).hasSuffix("***")) }
    #expect(ContinuousClock.now - start < .seconds(10))
  }
}
