import Testing

@testable import Template

/// The same numbers in every run, so that a failure can be repeated (xorshift64*).
private struct RepeatableGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 2_685_821_657_736_338_717
  }
}

/// What a mutation puts in: the bytes that mean something to a reader, and some that do not.
private let pieces: [[UInt8]] =
  [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "//", "/*", "*/", "<x>", "null",
    "true",
    "-", "0", "1e9", "99999999999999999999", "'", "\n", "[parameters('x')]", "type", "\u{FEFF}",
    "é",
  ].map { Array($0.utf8) } + [[0xFF], [0x00], [0xC3], [0x1B]]

@Suite(.timeLimit(.minutes(2)))
struct RobustnessTests {
  private static let own: [[UInt8]] = [
    SampleTemplate(
      customize: #"[{"type": "PowerShell", "inline": ["a"], "validExitCodes": [0, 3010]}]"#,
      distribute: #"[{"type": "SharedImage", "runOutputName": "o", "targetRegions": []}]"#,
      properties: #" "validate": {"inVMValidations": []}, "vmProfile": {"vnetConfig": {}},"#
    ).text
  ].map { Array($0.utf8) }

  private static let bareBodies = PublicData.files(below: "corpus").map(\.bytes).filter { bytes in
    TemplateDocument.read(bytes, named: "").template != nil
  }

  /// How many mutations are made, of all texts together.
  private static let mutations = 1000

  @Test(arguments: [UInt64(1), 2])
  func `no text at all is both unread and without an error`(seed: UInt64) {
    let texts =
      Self.own + (PublicData.isThere ? Self.bareBodies : [])
    var generator = RepeatableGenerator(state: seed)
    for _ in 0..<Self.mutations {
      var bytes = texts.randomElement(using: &generator) ?? []
      for _ in 0..<Int.random(in: 1...4, using: &generator) { mutate(&bytes, by: &generator) }
      let reading = TemplateDocument.read(bytes, named: "mutated")
      let hasError = reading.diagnostics.contains { $0.severity == .error }
      #expect(hasError == (reading.template == nil))
      let lines = bytes.count { $0 == newline } + 1
      #expect(reading.diagnostics.allSatisfy { 1...lines ~= $0.position.line })
      #expect(reading.diagnostics == reading.diagnostics.sorted { $0.position < $1.position })
    }
  }

  private func mutate(_ bytes: inout [UInt8], by generator: inout RepeatableGenerator) {
    let place = Int.random(in: 0...bytes.count, using: &generator)
    let end = min(bytes.count, place + Int.random(in: 0...40, using: &generator))
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: bytes.removeSubrange(place..<end)
    case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 2: bytes.removeSubrange(place...)
    default: bytes.insert(contentsOf: pieces.randomElement(using: &generator) ?? [], at: place)
    }
  }

  @Test(arguments: [
    #"{"a": "#, "[", #"{"a": [{"#, "/*", "\"", #"{"properties": {"x": 1, "#, "<x>", "[1 \"a\" ",
    "\\u",
  ])
  func `a text that repeats one thing is read in no time`(piece: String) {
    let text = String(repeating: piece, count: 50_000)
    #expect(read(text).template == nil)
  }

  @Test func `many unknown fields, placeholders and targets are read in no time`() {
    let numbers = 0..<5_000
    let unknown = numbers.map { #""typ\#($0)": 1,"# }.joined()
    let open = numbers.map { "<a\($0)>" }.joined()
    let targets = numbers.map { _ in #"{"type": "VHD", "runOutputName": "o"}"# }.joined(
      separator: ",")
    let reading = SampleTemplate(
      top: #"\#(unknown) "name": "\#(open)","#, distribute: "[\(targets)]"
    ).reading
    #expect(reading.diagnostics.count == 2 * Findings.limit + 1)
  }
}
