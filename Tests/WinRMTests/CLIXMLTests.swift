import Foundation
import TestSupport
import Testing
import WinRM

@Suite struct CLIXMLTests {
  /// What comes of a stream that arrives in pieces of `size` bytes.
  private func decoded(_ bytes: [UInt8], size: Int = .max) -> String {
    var decoder = CLIXMLDecoder()
    var text: [UInt8] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      text += decoder.decode(Array(rest.prefix(size)))
      rest = rest.dropFirst(size)
    }
    text += decoder.finish()
    return String(decoding: text, as: UTF8.self)
  }

  private let errors = """
    #< CLIXML\r
    <Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\
    <Obj S="progress" RefId="0"><MS><PR N="Record"><AV>Preparing</AV></PR></MS></Obj>\
    <S S="Error">no _x0041_ &lt;here&gt;_x000D__x000A_</S><S S="Error">_x00e9__xD83D__xDE00__x_</S>\
    <S S="warning">careful</S></Objs>
    """
  private let plain = "no A <here>\r\né😀_x_\nWARNING: careful\n"

  @Test(arguments: [1, 2, 3, 7, 64, Int.max])
  func `errors and warnings become text, however they arrive`(size: Int) {
    #expect(decoded(Array(errors.utf8), size: size) == plain)
  }

  @Test(arguments: [1, 5, Int.max])
  func `what programs write in between comes through`(size: Int) {
    let mixed = "first # < <O\r\n" + errors + "last\r\n"
    #expect(decoded(Array(mixed.utf8), size: size) == "first # < <O\r\n" + plain + "last\r\n")
  }

  @Test func `plain text is handed on at once`() {
    var decoder = CLIXMLDecoder()
    #expect(decoder.decode(Array("a line\r\n".utf8)) == Array("a line\r\n".utf8))
    #expect(decoder.decode([0xff, 0x00]) == [0xff, 0x00])
  }

  @Test(arguments: [
    "<Objs", "<Objs><S S=\"Error\">x", "<Objs>&e;</Objs>", "<Objs><b></Objs>",
  ])
  func `what is no document comes through as it is`(text: String) {
    #expect(decoded(Array("#< CLIXML\r\n\(text)".utf8)) == text)
  }

  @Test(
    .requiresSharedData,
    arguments: [
      ("test_sanitise_clixml_with_error.xml", "fake : The term 'fake' is not recognized"),
      ("test_sanitise_clixml_with_no_errors.xml", ""),
    ])
  func `what real machines wrote is read`(name: String, start: String) throws {
    let data = try #require(Shared.data)
    let path = "\(data)/winrm-recordings/pypsrp/clixml_data/\(name)"
    let text = decoded([UInt8](try Data(contentsOf: URL(filePath: path))))
    #expect(!text.contains("<") && !text.contains("_x000D_"))
    #expect(start.isEmpty ? text.allSatisfy(\.isWhitespace) : text.hasPrefix(start))
  }
}
