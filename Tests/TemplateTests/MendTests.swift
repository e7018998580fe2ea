import Testing

@testable import Template

/// What can be mended without a doubt about what was meant.
struct MendTests {
  private func mended(_ text: String) -> String {
    let bytes = Array(text.utf8)
    return String(decoding: Mend.apply(read(text).mends, to: bytes), as: UTF8.self)
  }

  @Test(arguments: [
    // The case of names and words.
    (#"{"type": "shell", "Inline": ["a"]}"#, #"{"type": "Shell", "inline": ["a"]}"#),
    (#"{"Type": "Shell", "inline": ["a"]}"#, #"{"type": "Shell", "inline": ["a"]}"#),
    // Slips of the keys, and the spelling of another tool.
    (#"{"type": "Shell", "inlien": ["a"]}"#, #"{"type": "Shell", "inline": ["a"]}"#),
    (
      #"{"type": "PowerShell", "inline": ["a"], "valid_exit_codes": [0]}"#,
      #"{"type": "PowerShell", "inline": ["a"], "validExitCodes": [0]}"#
    ),
    // Values between quotes, and commas, all of them.
    (
      #"{"type": "PowerShell", "inline": ["a",], "runElevated": "True", "validExitCodes": ["0"],}"#,
      #"{"type": "PowerShell", "inline": ["a"], "runElevated": true, "validExitCodes": [0]}"#
    ),
    // All else stays as it is: spaces, order, escapes and comments.
    (
      #"{ "name":"é\u00e9" , "type" :"shell",/* x */"inline":["a"]}"#,
      #"{ "name":"é\u00e9" , "type" :"Shell",/* x */"inline":["a"]}"#
    ),
  ])
  func `a step is mended, and the rest stays byte for byte`(old: String, new: String) {
    let template = SampleTemplate(customize: "[\(old)]").text
    #expect(mended(template) == SampleTemplate(customize: "[\(new)]").text)
  }

  @Test(arguments: [
    // The right field is there as well.
    #"{"type": "Shell", "inline": ["a"], "Inline": ["b"]}"#,
    // More than a slip.
    #"{"type": "Shell", "inline": ["a"], "checksum": ""}"#,
    #"{"type": "Shel", "inline": ["a"]}"#,
    // One text for an array may have been meant as several.
    #"{"type": "Shell", "inline": "a"}"#,
  ])
  func `what leaves a doubt is not mended`(step: String) {
    let template = SampleTemplate(customize: "[\(step)]").text
    #expect(mended(template) == template)
  }

  @Test func `a text with a byte order mark and Windows line ends is mended in place`() {
    let text =
      "\u{FEFF}"
      + SampleTemplate(customize: "[],").text.replacing("[],,", with: "[],")
      .replacing("\n", with: "\r\n").replacing("VHD", with: "vhd")
    #expect(mended(text) == text.replacing("vhd", with: "VHD"))
  }

  @Test func `a value that is not written there is left alone`() {
    let mend = Mend(
      position: SourcePosition(line: 1, column: 2), change: .string(old: "a", new: "\"b\""))
    let text = Array(#"["[parameters('a')]"]"#.utf8)
    #expect(Mend.apply([mend], to: text) == text)
  }
}
