import Foundation
import Testing

@testable import Pipeline

@Suite struct RedactorTests {
  let redactor = Redactor()
  let keeper = EventKeeper()

  func redacted(_ pieces: [String]) -> String {
    let broadcast = Broadcast(to: [keeper], through: redactor)
    for piece in pieces { broadcast.receive(.output(piece)) }
    broadcast.receive(.finished())
    return keeper.output()
  }

  @Test func `a secret prints as three stars`() {
    let secret = Secret("hunter22")
    #expect("\(secret)" == "***")
    #expect(String(reflecting: secret) == "***")
    var dumped = ""
    dump([secret], to: &dumped)
    #expect(!dumped.contains("hunter22"))
  }

  @Test func `text without a secret passes as it is`() {
    redactor.add(Secret("hunter22"))
    #expect(redacted(["a hunter\nhunter2", "\nüöä€\n"]) == "a hunter\nhunter2\nüöä€\n")
  }

  @Test func `a secret that is cut in two anywhere is taken out`() {
    let text = "password=s3cr3t-s3cr4t!"
    redactor.add(Secret("s3cr3t-s3cr4t"))
    for cut in 0...text.count {
      let keeper = EventKeeper()
      let broadcast = Broadcast(to: [keeper], through: redactor)
      broadcast.receive(.output(String(text.prefix(cut))))
      broadcast.receive(.output(String(text.dropFirst(cut))))
      #expect(keeper.output() == "password=***!")
    }
  }

  @Test func `a secret that comes byte by byte is taken out`() {
    redactor.add(Secret("s3cr3t-s3cr4t"))
    #expect(redacted("ss3cr3t-s3s3cr3t-s3cr4ts".map(String.init)) == "ss3cr3t-s3***s")
  }

  @Test func `only what may be a beginning is held back`() {
    redactor.add(Secret("hunter22"))
    let broadcast = Broadcast(to: [keeper], through: redactor)
    broadcast.receive(.output("the hunt"))
    #expect(keeper.output() == "the ")
    broadcast.receive(.output(" goes on"))
    #expect(keeper.output() == "the hunt goes on")
  }

  @Test func `what was held back comes before the end of its step`() {
    redactor.add(Secret("hunter22"))
    let broadcast = Broadcast(to: [keeper], through: redactor)
    broadcast.receive(.output("hunter"))
    broadcast.receive(.finished())
    #expect(keeper.output() == "hunter")
    guard case .stepFinished = keeper.events.last else {
      Issue.record("the end of the step was not the last event")
      return
    }
  }

  @Test func `secrets that overlap are taken out as one`() {
    redactor.add(Secret("abcdefgh"))
    redactor.add(Secret("efghijkl"))
    redactor.add(Secret("cdef"))
    #expect(redacted(["xabcdef", "ghijkly"]) == "x***y")
  }

  @Test func `two streams of a step are two texts`() {
    redactor.add(Secret("hunter22"))
    let broadcast = Broadcast(to: [keeper], through: redactor)
    broadcast.receive(.output("hunter"))
    broadcast.receive(.output("22\n", .stderr))
    broadcast.receive(.finished())
    #expect(keeper.output() == "hunter")
    #expect(keeper.output(.stderr) == "22\n")
  }

  @Test(arguments: 0..<3)
  func `base64 is taken out at each alignment`(before: Int) {
    let secret = "Zm9v~~correct horse/battery?"
    redactor.add(Secret(secret))
    for after in 0..<3 {
      let text =
        String(repeating: "x", count: before) + secret + String(repeating: "y", count: after)
      let base64 = Data(text.utf8).base64EncodedString()
      #expect(leak(of: base64) <= 2)
      let url = base64.replacing("+", with: "-").replacing("/", with: "_")
      #expect(leak(of: url) <= 2)
    }
  }

  /// How many characters of base64 are left of a secret between up to two other bytes.
  func leak(of base64: String) -> Int {
    let shown = redactor.redact(base64)
    return shown.contains("***") ? max(0, shown.filter { $0 != "=" }.count - 3 - 4) : 99
  }

  @Test func `the argument of PowerShell's EncodedCommand is taken out`() throws {
    redactor.add(Secret("hunter22"))
    let command = try #require("echo hunter22".data(using: .utf16LittleEndian))
    let text = redactor.redact(command.base64EncodedString())
    #expect(text.hasSuffix("***") || text.hasSuffix("***=") || text.hasSuffix("***=="))
  }

  @Test func `JSON of a secret is taken out`() throws {
    let secret = "a\"b\\c/d\u{e9}<e>"
    redactor.add(Secret(secret))
    let plain = try #require(String(data: JSONEncoder().encode([secret]), encoding: .utf8))
    #expect(redactor.redact(plain) == "[\"***\"]")
    #expect(redactor.redact(#"a\"b\\c/d\u00e9<e>"#) == "***")
    #expect(redactor.redact(#"a\"b\\c/dé\u003ce\u003e"#) == "***")
  }

  @Test func `a secret in a URL is taken out`() throws {
    let secret = "p@ss word/100%"
    redactor.add(Secret(secret))
    let escaped = try #require(
      secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    #expect(redactor.redact("https://h/?a=\(escaped)&b=1") == "https://h/?a=***&b=1")
    #expect(redactor.redact("p%40ss+word%2f100%25") == "***")
  }

  @Test func `each line of a secret is taken out by itself`() {
    redactor.add(Secret("-----BEGIN KEY-----\nb3BlbnNza\nQyNTUxOQ\n-----END KEY-----\n"))
    #expect(redacted(["  b3BlbnNza \n", "> QyNTUxOQ"]) == "  *** \n> ***")
  }

  @Test func `a secret of three bytes is not looked for, and that is told`() {
    #expect(redactor.add(Secret("abc")) == .tooShort)
    #expect(redactor.add(Secret("")) == .tooShort)
    #expect(redactor.add(Secret("abcd")) == .covered)
    #expect(redactor.redact("abc abcd") == "abc ***")
  }

  @Test func `a secret that becomes known later is taken out from then on`() {
    let broadcast = Broadcast(to: [keeper], through: redactor)
    broadcast.receive(.output("hunter22 "))
    redactor.add(Secret("hunter22"))
    broadcast.receive(.output("hunter22 "))
    #expect(keeper.output() == "hunter22 *** ")
  }

  @Test func `the signature of a storage URL is taken out of texts`() {
    #expect(
      redactor.redact("get `https://h/c?sv=1&sig=a%2Fb&se=2`: 403")
        == "get `https://h/c?sv=1&sig=***&se=2`: 403")
    #expect(redactor.redact("design=good a=b") == "design=good a=b")
  }

  @Test func `no text of any event shows a secret`() {
    redactor.add(Secret("hunter22"))
    let step = StepOutline(
      number: 1, name: "n hunter22", type: "Shell", summary: "s hunter22", position: nil)
    let events: [BuildEvent] = [
      .runStarted(
        RunOutline(run: "r", template: "t hunter22", on: "ssh://hunter22@h", steps: [step])),
      .fetching(uri: "https://hunter22", received: 0, of: nil),
      .stepStarted(step), .output("hunter22"), .output("hunter22", .stderr),
      .connectionLost("hunter22"), .warning("hunter22"), .note("hunter22"),
      .canceling("hunter22"), .finished(.failed, code: 1, message: "hunter22"),
      .runFinished(
        RunResult(
          state: .failed, seconds: 1, errors: ["hunter22"], hint: "hunter22", exitCode: 1)),
    ]
    let broadcast = Broadcast(to: [keeper], through: redactor)
    for event in events { broadcast.receive(event) }
    var shown = keeper.output() + keeper.output(.stderr)
    dump(keeper.events, to: &shown)
    #expect(keeper.events.count == events.count)
    #expect(!shown.contains("hunter22"))
  }
}
