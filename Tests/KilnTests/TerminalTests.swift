import FoundationEssentials
import Pipeline
import Synchronization
import TestSupport
import Testing

@testable import kiln

/// What a console wrote, and a screen to write it.
final class Written: Sendable {
  private let kept = Mutex<[UInt8]>([])

  func screen(columns: Int = 80) -> Screen {
    Screen(
      write: { [self] bytes in kept.withLock { $0 += bytes } }, columns: { columns })
  }

  var text: String { kept.withLock { String(decoding: $0, as: UTF8.self) } }
}

extension ConsoleManner {
  static let plain = ConsoleManner(display: .plain, color: .off, volume: .normal)
  static let quiet = ConsoleManner(display: .plain, color: .off, volume: .quiet)
  static let live = ConsoleManner(display: .live, color: .on, volume: .normal)
}

@Suite struct TerminalTests {
  let steps = [
    StepOutline(
      number: 1, name: "nginx", type: "Shell", summary: "3 inline lines", position: "t.json:4:7"),
    StepOutline(number: 2, name: "File", type: "File", summary: "a to /b", position: nil),
  ]

  func output(
    _ text: String, _ stream: Pipeline.OutputStream = .stdout, step: Int = 1
  ) -> BuildEvent {
    .stepOutput(step: step, stream, Array(text.utf8))
  }

  func end(_ step: Int, _ outcome: StepOutcome, _ code: Int32?) -> BuildEvent {
    .stepFinished(
      StepResult(
        number: step, name: steps[step - 1].name, type: steps[step - 1].type, outcome: outcome,
        exitCode: code, seconds: 3.21, message: nil))
  }

  var failedRun: [BuildEvent] {
    [
      .runStarted(
        RunOutline(run: "RUN", template: "t.json", on: "ssh://me@host", steps: steps)),
      .phase(.building), .phase(.customizing),
      .stepStarted(steps[0]), output("one\ntwo\n"), output("careful\n", .stderr),
      .warning("the disk is nearly full"),
    ] + (1...12).map { output("line \($0)\n", .stderr) } + [
      end(1, .failed, 7),
      .runFinished(
        RunResult(
          state: .failed, seconds: 192.5,
          errors: ["step 1 of 2, Shell \"nginx\", failed with exit code 7 (t.json:4:7)", "why"],
          hint: "do this", exitCode: 1)),
    ]
  }

  func told(
    _ manner: ConsoleManner, columns: Int = 80, _ events: [BuildEvent]
  ) -> String {
    let written = Written()
    let terminal = Terminal(manner, log: "/l/c.log", screen: written.screen(columns: columns))
    for event in events { terminal.receive(event) }
    terminal.close()
    return written.text
  }

  @Test func `a failed run reads well where there is no terminal`() throws {
    try Snapshot([]).expect(told(.plain, failedRun), matches: "console-plain")
  }

  @Test func `a quiet console tells warnings, errors and the end`() throws {
    try Snapshot([]).expect(told(.quiet, failedRun), matches: "console-quiet")
  }

  @Test(arguments: [ConsoleManner.plain, .quiet])
  func `no control character is written where there is no terminal`(manner: ConsoleManner) {
    let hostile = "\u{1B}]0;owned\u{7}\u{1B}[2J\0\u{8}\u{9B}31m\u{202E}\r\n\r50%\r100%\n"
    let step = StepOutline(
      number: 1, name: hostile, type: "Shell", summary: hostile, position: nil)
    let text = told(
      manner,
      [
        .runStarted(RunOutline(run: "RUN", template: hostile, on: hostile, steps: [step])),
        .stepStarted(step), output(hostile), output(hostile, .stderr), .warning(hostile),
        .note(hostile), .connectionLost(hostile), .canceling(hostile), end(1, .failed, 1),
        .runFinished(
          RunResult(state: .failed, seconds: 1, errors: [hostile], hint: hostile, exitCode: 1)),
      ])
    let controls = text.unicodeScalars.filter {
      $0 != "\n" && $0.properties.generalCategory == .control
    }
    #expect(controls.isEmpty)
    #expect(!text.unicodeScalars.contains("\u{202E}"))
    #expect(text.contains("\\x1B]0;owned\\x07"))
  }

  @Test func `on a terminal the guest's own sequences are shown, not obeyed`() {
    let text = told(.live, failedRun + [output("\u{1B}]0;owned\u{7}\n")])
    #expect(text.contains("\\x1B]0;owned\\x07"))
    #expect(!text.contains("\u{1B}]"))
  }

  @Test func `without a terminal a download is told once, whatever else arrives meanwhile`() {
    let text = told(
      .plain,
      ["https://h/a", "https://h/b", "https://h/a", "https://h/b"].map {
        .fetching(uri: $0, received: 1, of: 9)
      })
    #expect(text == "fetching https://h/a\nfetching https://h/b\n")
  }

  @Test func `on a terminal lines are cut to its width`() {
    let text = told(
      .live, columns: 40,
      [.stepStarted(steps[0]), output(String(repeating: "x", count: 99) + "\n")])
    #expect(text.contains("    \u{1B}[2m" + String(repeating: "x", count: 35) + "…\u{1B}[0m\n"))
  }

  @Test func `the last thing on a terminal is the end, not a status line`() {
    let text = told(.live, failedRun)
    #expect(text.hasSuffix("\u{1B}[31mFailed after 3m12s, log: /l/c.log\u{1B}[0m\n"))
    #expect(text.contains("✗ failed after 3.21s, exit code 7"))
  }

  @Test func `a status line is erased when the console is closed in the middle of a run`() {
    #expect(told(.live, Array(failedRun.prefix(3))).hasSuffix("\r\u{1B}[2K"))
  }

  @Test func `the status line moves without events and stops with the run`() async throws {
    let written = Written()
    let terminal = Terminal(.live, log: "l", screen: written.screen())
    terminal.receive(.phase(.building))
    try await waitUntil("the spinner to turn") {
      written.text.contains("⠋ 0s Building") && written.text.contains("⠙ 0s Building")
    }
    terminal.receive(failedRun[failedRun.count - 1])
    let after = written.text
    #expect(after.hasSuffix("log: l\u{1B}[0m\n"))
  }

  @Test func `a hundred thousand events draw no more often than ten times a second`() {
    let written = Written()
    let terminal = Terminal(.live, log: "l", screen: written.screen())
    let clock = ContinuousClock()
    let time = clock.measure {
      for sent in 0..<100_000 {
        terminal.receive(.stepProgress(step: 1, sent: sent, of: 100_000))
        if sent == 0 { terminal.receive(.stepStarted(steps[1])) }
      }
    }
    terminal.close()
    let draws = written.text.components(separatedBy: "\r\u{1B}[2K").count
    #expect(draws <= Int(time / .milliseconds(90)) + 5)
  }
}

@Suite struct StatusLineTests {
  @Test func `progress is a bar with a number`() {
    var status = StatusLine()
    status.take(
      .stepStarted(
        StepOutline(number: 2, name: "big", type: "File", summary: "s", position: nil)))
    status.take(.stepProgress(step: 2, sent: 50, of: 100))
    #expect(
      status.text(elapsed: .seconds(72), frame: 0, columns: 80)
        == "⠋ 1m12s [2/0] File \"big\" ██████████░░░░░░░░░░ 50%")
  }

  @Test func `a narrow terminal gets a shorter line, and none below twenty columns`() {
    var status = StatusLine()
    status.take(.phase(.building))
    #expect(status.text(elapsed: .zero, frame: 0, columns: 24) == "⠋ 0s Building: waiting…")
    #expect(status.text(elapsed: .zero, frame: 0, columns: 19) == nil)
  }

  @Test func `how many steps there are stays known after a question`() {
    let step = StepOutline(number: 1, name: "big", type: "File", summary: "s", position: nil)
    var status = StatusLine()
    status.take(.runStarted(RunOutline(run: "r", template: "t.json", on: "h", steps: [step])))
    status.clear()
    #expect(status.text(elapsed: .zero, frame: 0, columns: 80) == nil)
    status.take(.stepStarted(step))
    #expect(status.text(elapsed: .zero, frame: 0, columns: 80) == "⠋ 0s [1/1] File \"big\"")
  }

  @Test func `there is none before and after a run`() {
    #expect(StatusLine().text(elapsed: .zero, frame: 0, columns: 80) == nil)
  }
}

@Suite struct ConsoleMannerTests {
  @Test(arguments: [
    (["TERM": "xterm"], ConsoleManner.Display.live, ConsoleManner.Color.on),
    (["TERM": "xterm", "NO_COLOR": "1"], .live, .off),
    (["TERM": "xterm", "NO_COLOR": ""], .live, .on),
    (["TERM": "dumb"], .plain, .off), ([:], .plain, .off),
  ])
  func `a terminal is used as the environment wants it`(
    environment: [String: String], display: ConsoleManner.Display, color: ConsoleManner.Color
  ) {
    let manner = ConsoleManner.fitting(.terminal, environment, .normal)
    #expect(manner.display == display)
    #expect(manner.color == color)
  }

  @Test func `what is no terminal gets plain lines`() {
    let manner = ConsoleManner.fitting(.other, ["TERM": "xterm"], .normal)
    #expect(manner == .plain)
  }
}

@Suite struct TextWidthTests {
  @Test(arguments: [("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本", 4), ("✓", 1), ("", 0)])
  func `width is counted in columns`(text: String, columns: Int) {
    #expect(TextWidth.of(text) == columns)
  }

  @Test func `no character is cut in the middle`() {
    #expect(TextWidth.cut("日本語", to: 6) == "日本語")
    #expect(TextWidth.cut("日本語", to: 5) == "日本…")
    #expect(TextWidth.cut("abc", to: 0) == "")
  }
}
