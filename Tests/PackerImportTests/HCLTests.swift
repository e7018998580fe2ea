import Template
import Testing

@testable import PackerImport

/// The reader of HCL and the values of expressions.
@Suite struct HCLTests {
  /// The value of an expression, as text.
  private func value(_ expression: String, locals: String = "") throws -> Value {
    let body = try HCLParser.read(
      PackerFile(name: "t.hcl", bytes: Array("\(locals)\nx = \(expression)\n".utf8)))
    var evaluator = Evaluator(surroundings: Surroundings())
    for attribute in body.attributes { evaluator.locals[attribute.name] = attribute.expression }
    return evaluator.value(try #require(body["x"]).expression)
  }

  @Test(arguments: [
    (#""a${"b"}c""#, "abc"), (#""$${a} %%{b} $5 100%""#, "${a} %{b} $5 100%"),
    (#""tab\tquote\" back\\ \u00e9""#, "tab\tquote\" back\\ é"),
    ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("10 / 4", "2.5"), ("7 % 4", "3"), ("-3 + 1", "-2"),
    ("true && !false ? \"y\" : \"n\"", "y"), ("1 == 1.0", "true"), (#""a" != "b""#, "true"),
    (#"2 >= 2 || false"#, "true"), (#"["a", "b"][1]"#, "b"), (#"{ a = { b = "c" } }.a.b"#, "c"),
    (#"{ "a" : 1, b = 2 }["b"]"#, "2"), (#"lower("AbC")"#, "abc"), (#"upper("abc")"#, "ABC"),
    (#"join("-", ["a", "b"])"#, "a-b"), (#"split(":", "a:b:c")[2]"#, "c"),
    (#"format("%s-%03d%%", "a", 7)"#, "a-007%"), (#"replace("a.b.c", ".", "_")"#, "a_b_c"),
    (#"coalesce(null, "", "z")"#, "z"), (#"lookup({ a = "1" }, "b", "2")"#, "2"),
    (#"element(["a", "b"], 3)"#, "b"), (#"length("four")"#, "4"), (#"trimprefix("v1", "v")"#, "1"),
    (#"join(",", [for x in ["a", "b"] : upper(x) if x != "a"])"#, "B"),
    (#"{ for k, v in { a = "1" } : v => k }["1"]"#, "a"), (#"substr("abcdef", 1, 3)"#, "bcd"),
    (#"join(",", concat(["a"], ["b"]))"#, "a,b"), (#"merge({ a = 1 }, { a = 2 }).a"#, "2"),
    (#"basename("x/y.sh")"#, "y.sh"), (#"max(1, 12, 3)"#, "12"), (#"contains(["a"], "a")"#, "true"),
    (#"join(",", [{ n = "a" }, { n = "b" }][*].n)"#, "a,b"), (#"try(local.none, "t")"#, "t"),
  ])
  func `an expression has its value`(expression: String, expected: String) throws {
    let value = try value(expression)
    #expect(value.text == expected)
    #expect(value.allGaps.isEmpty)
  }

  @Test func `locals may stand for each other in any order`() throws {
    let value = try value("local.b", locals: "b = \"${local.a}!\"\na = \"hello\"")
    #expect(value.text == "hello!")
  }

  @Test func `a local that depends on itself is a gap and no endless loop`() throws {
    let value = try value("local.a", locals: "a = local.b\nb = local.a")
    #expect(value.gaps.map(\.subject) == ["the local `a`, which depends on itself"])
  }

  @Test(arguments: ["timestamp()", "uuidv4()", "file(\"x\")", "data.a.b.id", "build.ID"])
  func `what only Packer knows is a gap`(expression: String) throws {
    let value = try value("\"v-${\(expression)}\"")
    #expect(value.gaps.first?.reason == .runtime)
    #expect(value.text == "v-\(try #require(value.gaps.first).placeholder)")
  }

  @Test func `a heredoc keeps its lines, and an indented one loses its indentation`() throws {
    #expect(try value("<<EOT\n  a ${1 + 1}\\n\nb\nEOT").text == "  a 2\\n\nb\n")
    #expect(try value("<<-EOT\n    a\n      b\n\n    c\n    EOT").text == "a\n  b\n\nc\n")
  }

  @Test func `comments and line breaks stand where HCL has them`() throws {
    let text = """
      # one
      a "b" c { // two
        x = [ /* three */
          1, # four
          2,
        ]
        y = { p = 1, q = 2
              r = 3 }
      }
      d {}
      """
    let body = try HCLParser.read(PackerFile(name: "t.hcl", bytes: Array(text.utf8)))
    #expect(body.blocks.map(\.type) == ["a", "d"])
    #expect(body.blocks[0].labels == ["b", "c"])
    #expect(body.blocks[0].body.attributes.map(\.place.position.line) == [3, 7])
  }

  @Test(arguments: [
    ("x = ", 1, 5, "expected a value, not the end of the file"),
    ("a {\n  x = 1,\n}", 2, 8, "expected the end of the line after the value of `x`, not `,`"),
    ("a {\n  x = 1", 2, 8, "expected `}` to close the block, not the end of the file"),
    ("x = \"a\nb\"", 1, 7, "expected `\"` to close the string of column 5"),
    ("x = \"%{ if true }\"", 1, 6, "template directives, `%{…}`, are not understood"),
    ("\"x\" = 1", 1, 1, "expected the name of an attribute or a block, not a string"),
    ("x = 'a'", 1, 5, "expected a value, not `'`"),
    ("x = 1\nx = 2", 2, 1, "the attribute `x` is given again after line 1"),
    ("x = <<EOT\na\n", 3, 1, "expected a line `EOT` to end the text of line 1"),
    ("x = [1 2]", 1, 8, "expected `,` or `]` in the list, not `2`"),
    ("x = \"\\d\"", 1, 6, "a backslash before `d` is no escape that HCL knows"),
    ("/* a", 1, 5, "expected `*/` to close the comment of line 1, not the end of the file"),
  ])
  func `a mistake is told at its place`(
    text: String, line: Int, column: Int, message: String
  ) throws {
    let outcome = Import(hcl: text).outcome
    let remark = try #require(outcome.remarks(.error).first)
    #expect(remark.message.hasPrefix(message), "\(remark.message)")
    #expect([remark.position.line, remark.position.column] == [line, column])
    #expect(outcome.template == nil)
  }

  @Test(arguments: ["[", "{ a = ", "(", "!", "-", "f(", "\"${"])
  func `nesting that never ends is refused`(opening: String) throws {
    let text = "x = " + String(repeating: opening, count: 100_000)
    let message = try #require(Import(hcl: text).outcome.errors.first)
    #expect(message.contains("nest deeper than 64 levels"), "\(message)")
  }

  @Test(arguments: [".a", "[0]", " + 1", " && a"])
  func `a chain that never ends is refused`(link: String) throws {
    let text = "x = a" + String(repeating: link, count: 100_000)
    let message = try #require(Import(hcl: text).outcome.errors.first)
    #expect(message.contains("more than 1000 operators and names in a row"), "\(message)")
  }

  @Test func `a text that doubles and doubles stays bounded`() throws {
    var locals = "a0 = \"0123456789\"\n"
    for index in 1...60 {
      locals += "a\(index) = \"${local.a\(index - 1)}${local.a\(index - 1)}\"\n"
    }
    let value = try value("local.a60", locals: locals)
    #expect(value.gaps.map(\.name) == ["too-long"])
    #expect((value.text ?? "").utf8.count <= Evaluator.maximumText)
  }
}
