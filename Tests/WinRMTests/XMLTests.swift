import Testing

@testable import WinRM

@Suite struct XMLTests {
  private func read(_ text: String) throws -> XMLElement { try XMLReader.read(Array(text.utf8)) }

  private func refusal(_ text: String) -> String {
    do {
      return "accepted: \(try read(text))"
    } catch {
      return "\(error)"
    }
  }

  @Test func `names stand in the namespaces that their prefixes mean there`() throws {
    let root = try read(
      #"<a:x xmlns:a="one" xmlns="two"><y a:k="1" k="2"/><a:z xmlns:a="three"/><a:z/></a:x>"#)
    #expect(root.name == XMLElement.Name("one", "x"))
    #expect(
      root.children.map(\.name) == [
        XMLElement.Name("two", "y"), XMLElement.Name("three", "z"), XMLElement.Name("one", "z"),
      ])
    #expect(root.children[0].attributes == [.init("one", "k"): "1", .init("", "k"): "2"])
  }

  @Test func `references, comments and CDATA are what they stand for`() throws {
    let root = try read(
      "\u{FEFF}<?xml version=\"1.0\"?><!-- a < b -->\n"
        + "<x k='&lt;&#65;&#x1F600;\"'>a&amp;b<!-- no --><![CDATA[<&>]]>&apos;</x>\n")
    #expect(root.text == "a&b<&>'")
    #expect(root.attribute("k") == "<A😀\"")
  }

  @Test func `white space around a text can be had without`() throws {
    #expect(try read("<x>\r\n\t a b \n</x>").trimmedText == "a b")
    #expect(try read("<x>\n </x>").trimmedText == "")
  }

  @Test(arguments: [
    ("<!DOCTYPE x [<!ENTITY e 'v'>]><x>&e;</x>", "a document type is not allowed at byte 2"),
    ("<x><!ENTITY e 'v'></x>", "a document type is not allowed at byte 5"),
    ("<x>&e;</x>", "an entity that XML itself does not have at byte 4"),
    ("<x>&#0;</x>", "an entity that XML itself does not have at byte 4"),
    ("<x>&#xD800;</x>", "an entity that XML itself does not have at byte 4"),
    ("<x>&#+65;</x>", "an entity that XML itself does not have at byte 4"),
    ("<x>&amp</x>", "an entity that XML itself does not have at byte 4"),
    ("<x><y></x></y>", "the end tag x ends nothing at byte 10"),
    ("<x>", "the document ends too early at byte 3"),
    ("", "the document ends too early at byte 0"),
    ("<x/><y/>", "a second outermost element at byte 5"),
    ("a<x/>", "text outside of the outermost element at byte 1"),
    ("<x/>a", "text outside of the outermost element at byte 5"),
    ("<x k=1/>", "a value without quotes at byte 5"),
    ("<x k/>", "an attribute without a value at byte 4"),
    ("<x k='1'l='2'/>", "no space before an attribute at byte 8"),
    ("<x k='1' k='2'/>", "the attribute k stands twice at byte 16"),
    ("<x k='<'/>", "a < in a value at byte 6"),
    ("<x k='1", "a value without an end at byte 7"),
    ("<p:x/>", "the prefix of p:x is not declared at byte 6"),
    ("<x>]]<![CDATA[", "no ]]> follows at byte 14"),
    ("<x><!-- ", "no --> follows at byte 7"),
    ("< x/>", "no name at byte 1"),
  ])
  func `what is no XML of Windows is refused`(text: String, reason: String) {
    #expect(refusal(text) == reason)
  }

  @Test func `depth, elements and attributes have limits`() {
    let deep = String(repeating: "<x>", count: XMLReader.depthLimit + 1)
    #expect(refusal(deep).hasPrefix("elements too deep"))
    let many = "<x>" + String(repeating: "<y/>", count: XMLReader.elementLimit) + "</x>"
    #expect(refusal(many).hasPrefix("too many elements"))
    let wide = "<x" + (0...XMLReader.attributeLimit).map { " a\($0)=''" }.joined() + "/>"
    #expect(refusal(wide).hasPrefix("too many attributes"))
  }

  @Test func `every cut and every changed byte of an answer is read or refused`() throws {
    let text = Array(
      #"<s:E xmlns:s="u"><s:A b="c&amp;d">t<![CDATA[x]]></s:A><!-- c --></s:E>"#.utf8)
    for index in text.indices {
      #expect(throws: XMLError.self) { try XMLReader.read(Array(text[..<index])) }
      for byte: UInt8 in [0, 0x22, 0x26, 0x2f, 0x3c, 0x3e, 0xff] {
        var changed = text
        changed[index] = byte
        _ = try? XMLReader.read(changed)
      }
    }
  }

  @Test func `what is written is read back`() throws {
    let value = "a<b>&\"'\t\r\n]]> é 😀"
    var writer = XMLWriter()
    writer.element("x", ["k": value], text: value)
    let root = try read(writer.text)
    #expect(root.text == value)
    #expect(root.attribute("k") == value)
    #expect(writer.unsendable == nil)
  }

  @Test(arguments: ["\u{0}", "\u{8}", "\u{1B}", "\u{FFFE}"])
  func `a character that XML can't carry is noticed`(character: Unicode.Scalar) {
    var writer = XMLWriter()
    writer.element("x", text: "a\(character)b")
    #expect(writer.unsendable == character)
  }
}
