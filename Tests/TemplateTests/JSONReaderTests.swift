import Testing

@testable import Template

/// Reads a text and renders what was noticed.
private func notices(_ text: String) -> [String] {
  JSONReader.read(Array(text.utf8)).findings.sorted.map { $0.rendered(in: "f") }
}

private func value(_ text: String) throws -> JSONValue {
  try #require(JSONReader.read(Array(text.utf8)).value)
}

@Suite struct JSONReaderTests {
  @Test func `every key and value knows its line and column`() throws {
    let root = try value("{\n  \"a\": [1,\n    true]\n}")
    let member = try #require(root.member("a"))
    guard case .array(let elements) = member.value.content else {
      Issue.record("not an array")
      return
    }
    #expect(root.position == SourcePosition(line: 1, column: 1))
    #expect(member.keyPosition == SourcePosition(line: 2, column: 3))
    #expect(member.value.position == SourcePosition(line: 2, column: 8))
    #expect(elements.map(\.position.line) == [2, 3])
    #expect(elements.map(\.position.column) == [9, 5])
  }

  @Test func `columns count scalars, not bytes`() throws {
    let root = try value("{\"äö😀\": 1}")
    #expect(try #require(root.member("äö😀")).value.position.column == 9)
  }

  @Test func `a carriage return before a line feed makes no line of its own`() throws {
    #expect(try #require(try value("{\r\n\"a\": 1}").member("a")).keyPosition.line == 2)
  }

  @Test func `a byte order mark takes no column`() throws {
    #expect(try value("\u{FEFF}{}").position == .start)
    #expect(notices("\u{FEFF}{}").isEmpty)
  }

  @Test func `members keep their order`() throws {
    guard case .object(let members) = try value(#"{"b": 1, "a": 2, "c": 3}"#).content else {
      Issue.record("not an object")
      return
    }
    #expect(members.map(\.key) == ["b", "a", "c"])
  }

  @Test func `numbers keep their text`() throws {
    #expect(try value("-12.50e+3").content == .number("-12.50e+3"))
  }

  @Test func `escapes stand for their characters`() throws {
    let text = #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#
    #expect(try value(text).content == .string("\"\\/\u{8}\u{C}\n\r\té😀"))
  }

  @Test func `comments are read over with one warning`() throws {
    let text = "// one\n{ /* two\n lines */ \"a\": 1 // three\n}"
    #expect(try value(text).member("a")?.value.content == .number("1"))
    #expect(
      notices(text) == [
        "f:1:1: warning: a comment is not strict JSON: it is accepted here [KILN-J013]\n"
          + "  hint: `az image builder create` refuses the file"
      ])
  }

  @Test func `trailing commas are read over with one warning`() throws {
    let text = #"{"a": [1, 2,],}"#
    #expect(try value(text).member("a") != nil)
    #expect(notices(text).map { String($0.prefix(14)) } == ["f:1:12: warnin"])
  }

  @Test func `of a field that is given twice the last counts, with a warning`() throws {
    let text = "{\"a\": 1,\n\"a\": 2}"
    #expect(try value(text).member("a")?.value.content == .number("2"))
    #expect(
      notices(text) == [
        "f:2:1: warning: the field `a` is given again: this value replaces the one of line 1 "
          + "[KILN-J012]"
      ])
  }

  @Test(arguments: [
    ("", "1:1: error: cannot read the template: the file is empty [KILN-J001]"),
    ("{\"a\" 1}", "1:6: error: expected `:` after the field name `a`, not `1` [KILN-J004]"),
    ("{\"a\": }", "1:7: error: expected a value, not `}` [KILN-J004]"),
    ("{a: 1}", "1:2: error: expected a field name in double quotes or `}`, not `a` [KILN-J004]"),
    (
      "[1, 2",
      "1:6: error: expected `]` to close the array of line 1, column 1, not the end of the file "
        + "[KILN-J006]"
    ),
    (
      "{\"a\": 1",
      "1:8: error: expected `}` to close the object of line 1, column 1, not the end of the file "
        + "[KILN-J006]"
    ),
    ("{} x", "1:4: error: expected the end of the file after the document, not `x` [KILN-J007]"),
    ("{\"a\": 1 ]", "1:9: error: expected `,` or `}` after the value, not `]` [KILN-J004]"),
    (
      "{\"a\": \"b\n\"}",
      "1:9: error: expected `\"` to close the string of column 7, not the end of the line "
        + "[KILN-J006]"
    ),
    (
      "[\"a",
      "1:4: error: expected `\"` to close the string of line 1, not the end of the file [KILN-J006]"
    ),
    (
      "/* a",
      "1:5: error: expected `*/` to close the comment of line 1, not the end of the file "
        + "[KILN-J006]"
    ),
    ("/ a", "1:1: error: expected a value, `//` or `/*`, not a single `/` [KILN-J004]"),
    ("[01]", "1:2: error: `01` is not a number as JSON writes it [KILN-J009]"),
    ("[+1]", "1:2: error: `+1` is not a number as JSON writes it [KILN-J009]"),
    ("[1.]", "1:2: error: `1.` is not a number as JSON writes it [KILN-J009]"),
    ("[<region>]", "1:2: error: expected a value, not `<region>` [KILN-J010]"),
    ("[True]", "1:2: error: expected a value, not `True` [KILN-J010]"),
    ("['a']", "1:2: error: expected a value, not `'` [KILN-J004]"),
    ("[1, }", "1:5: error: expected a value or `]`, not `}` [KILN-J004]"),
    (#"["\d"]"#, "1:3: error: \\ before `d` is no escape that JSON knows [KILN-J008]"),
    (
      #"["\u12x"]"#, "1:3: error: expected four hexadecimal digits after `\\u`, not `x` [KILN-J008]"
    ),
    (
      #"["\ud800"]"#,
      "1:3: error: the escape `\\u` is half of a surrogate pair: the other half does not follow "
        + "[KILN-J008]"
    ),
  ])
  func `a mistake is an error with its place and what was expected`(text: String, error: String) {
    let first = notices(text).first { $0.contains("error") }
    #expect(first?.split(separator: "\n").first.map(String.init) == "f:\(error)")
    #expect(JSONReader.read(Array(text.utf8)).value == nil)
  }

  @Test func `reading goes on after a missing comma, a bad escape and a bad number`() {
    let text = "{\"a\": 1\n\"b\": \"\\q\",\n\"c\": 007,\n\"d\": 1 ]"
    #expect(
      notices(text).map { $0.split(separator: " ")[0] } == ["f:1:8:", "f:2:7:", "f:3:6:", "f:4:8:"])
    #expect(notices(text)[0].contains("expected `,` or `}` after the value"))
  }

  @Test func `values nest up to the limit and no deeper`() {
    let deepest = JSONReader.maximumDepth
    let fits = String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest)
    #expect(notices(fits).isEmpty)
    #expect(notices(String(repeating: "[", count: 1_000_000)).count == 1)
  }

  @Test func `bytes that are not UTF-8 are named with their place`() {
    let bytes = Array("{\n \"é\": \"".utf8) + [0xE9] + Array("\"}".utf8)
    let findings = JSONReader.read(bytes).findings.sorted
    #expect(findings.map(\.position) == [SourcePosition(line: 2, column: 8)])
    #expect(findings[0].message.contains("0xE9"))
  }

  @Test(arguments: [[0, 0x7B, 0, 0x7D], [0x7B, 0, 0x7D, 0] as [UInt8]])
  func `UTF-16 without its mark is named as such`(bytes: [UInt8]) {
    let (_, findings) = JSONReader.read(bytes)
    #expect(
      findings.sorted.map(\.message) == ["cannot read the template: it is UTF-16, not UTF-8"])
  }

  @Test func `UTF-16 is named as such`() {
    let findings = JSONReader.read([0xFF, 0xFE, 0x7B, 0x00]).findings.sorted
    #expect(findings.map(\.message) == ["cannot read the template: it is UTF-16, not UTF-8"])
  }

  @Test func `a text beyond the limit is not read`() {
    let bytes = [UInt8](repeating: 0x20, count: JSONReader.maximumBytes + 1)
    #expect(JSONReader.read(bytes).findings.sorted[0].message.contains("4194304 is the most"))
  }

  @Test func `a message shows neither control characters nor a signature`() {
    #expect(quoted("a\u{1B}[31m") == #"`a\u{1B}[31m`"#)
    #expect(quoted("https://x/y?sig=secret") == "`https://x/y?…`")
    #expect(quoted(String(repeating: "x", count: 99)).count == 82)
  }

  @Test func `more findings than the limit are counted, not kept`() {
    let text =
      "{" + (0...Findings.limit).map { _ in "\"a\": 1" }.joined(separator: ",") + ",\"a\": 1}"
    let findings = JSONReader.read(Array(text.utf8)).findings.sorted
    #expect(findings.count == Findings.limit + 1)
    #expect(findings.last?.message == "1 more findings are not shown")
  }
}
