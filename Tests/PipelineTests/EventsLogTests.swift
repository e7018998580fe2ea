import Foundation
import Testing

@testable import Pipeline

@Suite struct CustomizationLogTests {
  let scratch = RecordScratch()

  func log(_ events: [BuildEvent]) throws -> String {
    let run = try scratch.archive.create(at: .noon)
    let log = try CustomizationLog(of: run, connectTimeout: .seconds(1200)) { .noon }
    for event in events { log.receive(event) }
    #expect(log.failure == nil)
    return try scratch.text(run.logPath)
      .replacing(run.run.text, with: "RUN").replacing("20261123-134812-k3f9", with: "RUN")
  }

  @Test func `the log keeps the marks of AIB and adds what it lacks`() throws {
    let info = "[RUN] PACKER ERR 2026/11/23 13:48:12 [INFO]"
    let text = try log(BuildEvent.sampleRun)
    #expect(
      text == """
        \(info) kiln run RUN: template.json on ssh://me@host, steps: 2
        [RUN] PACKER OUT ==> azure-arm: Downloading https://h/a
        \(info) Building
        \(info) Waiting for SSH, up to timeout: 20m0s
        [RUN] PACKER OUT ==> azure-arm: Waiting for SSH to become available...
        [RUN] PACKER OUT ==> azure-arm: Connected to SSH!
        \(info) connected to me@host as me after 1.50s
        \(info) Customizing
        \(info) (telemetry) Starting provisioner shell (step 1 of 2, Shell "nginx" at template.json:42:7)
        [RUN] PACKER OUT ==> azure-arm: Provisioning with shell script: 3 inline lines
        [RUN] PACKER OUT     azure-arm: one
        [RUN] PACKER OUT     azure-arm: two
        [RUN] PACKER OUT     azure-arm: 100%
        [RUN] PACKER OUT ==> azure-arm: careful
        [RUN] PACKER OUT ==> azure-arm: Connection lost: the peer is silent
        [RUN] PACKER OUT ==> azure-arm: Connection restored after 4s
        [RUN] PACKER OUT ==> azure-arm: Machine restarted in step 1 of 2, out of reach for 1m2s
        [RUN] PACKER OUT     azure-arm: no end
        \(info) (telemetry) ending shell (step 1 of 2, Shell "nginx" at template.json:42:7): \
        succeeded after 3.21s, exit code 0
        \(info) (telemetry) Starting provisioner file (step 2 of 2, File)
        [RUN] PACKER OUT ==> azure-arm: File: https://h/a to /etc/a
        [RUN] PACKER OUT ==> azure-arm: File 5 B / 10 B  50.00%
        [RUN] PACKER OUT ==> azure-arm: File 10 B / 10 B  100.00%
        [RUN] PACKER OUT ==> azure-arm: warning: the disk is nearly full
        [RUN] PACKER OUT ==> azure-arm: a remark
        [RUN] PACKER OUT ==> azure-arm: could not place `/etc/a`: no such directory
        \(info) (telemetry) ending file (step 2 of 2, File): failed after 3.21s
        [RUN] PACKER OUT ==> azure-arm: Provisioning step had errors: step 2 of 2 failed
        [RUN] PACKER OUT Build 'azure-arm' errored after 3m12s: Failed
        [RUN] PACKER OUT ==> Some builds didn't complete successfully and had errors:
        [RUN] PACKER OUT --> azure-arm: step 2 of 2, File "File" failed
        [RUN] PACKER OUT --> azure-arm: could not place `/etc/a`
        [RUN] PACKER OUT --> azure-arm: hint: make the directory first
        \(info) (telemetry) Finalizing.

        """)
  }

  @Test(arguments: [
    ("Shell", "shell"), ("PowerShell", "powershell"), ("File", "file"),
    ("WindowsRestart", "windows-restart"), ("WindowsUpdate", "windows-update"),
    ("Deprovision", "shell"),
  ])
  func `each type of step has the name that users search for`(type: String, name: String) throws {
    let step = StepOutline(number: 1, name: "n", type: type, summary: "s", position: nil)
    let result = StepResult(
      number: 1, name: "n", type: type, outcome: .succeeded, exitCode: 0, seconds: 1, message: nil)
    let text = try log([.stepStarted(step), .stepFinished(result)])
    #expect(text.contains("(telemetry) Starting provisioner \(name) ("))
    #expect(text.contains("(telemetry) ending \(name) ("))
  }

  @Test func `bytes that are not text and controls are shown, not obeyed`() throws {
    let hostile: [UInt8] =
      Array("\u{1B}]0;owned\u{7}a\0b\u{8}\tc\u{9B}31m\u{202E}".utf8) + [0xFF, 10]
    let text = try log([.stepOutput(step: 1, .stdout, hostile), .finished()])
    #expect(
      text.hasPrefix(
        "[RUN] PACKER OUT     azure-arm: \\x1B]0;owned\\x07a\\x00b\\x08\tc\\x9B31m\\u202E\u{FFFD}\n"
      ))
    #expect(!text.utf8.contains(0x1B))
  }

  @Test func `a message of several lines has the mark on each`() throws {
    let text = try log([.warning("one\ntwo")])
    #expect(
      text == """
        [RUN] PACKER OUT ==> azure-arm: warning: one
        [RUN] PACKER OUT ==> azure-arm: two

        """)
  }

  @Test func `a line without end is given in pieces and nothing is lost`() throws {
    let text = try log([.output(String(repeating: "é", count: 100_000)), .finished()])
    let lines = text.split(separator: "\n").filter { $0.contains("é") }
    #expect(lines.count == 4)
    #expect(lines.joined().filter { $0 == "é" }.count == 100_000)
  }

  @Test func `output is in the file as soon as it was received`() throws {
    let run = try scratch.archive.create(at: .noon)
    let log = try CustomizationLog(of: run, connectTimeout: .seconds(1))
    log.receive(.output("hello\n"))
    #expect(try scratch.text(run.logPath).hasSuffix("azure-arm: hello\n"))
  }

  @Test func `a full disk is told at the end and ends nothing`() throws {
    let run = try scratch.archive.create(at: .noon)
    try FileManager.default.createSymbolicLink(
      atPath: run.logPath, withDestinationPath: "/dev/full")
    let log = try CustomizationLog(of: run, connectTimeout: .seconds(1))
    log.receive(.output("hello\n"))
    #expect(log.failure?.description.hasSuffix("No space left on device") == true)
  }
}

@Suite struct LineAssemblerTests {
  func lines(_ pieces: [String]) -> [String] {
    var assembler = LineAssembler()
    var lines: [String] = []
    for piece in pieces {
      assembler.add(Array(piece.utf8)) { lines.append(String(decoding: $0, as: UTF8.self)) }
    }
    assembler.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
    return lines
  }

  @Test(arguments: [
    ("a\nb\n", ["a", "b"]), ("a\r\nb", ["a", "b"]), ("\n\n", ["", ""]), ("1%\r2%\r3%\n", ["3%"]),
    ("1%\r2%\r", ["2%"]), ("a\r\r\n", ["a"]), ("\r\n", [""]), ("", []), ("x\r", ["x"]),
  ])
  func `lines are the same however they were cut`(text: String, expected: [String]) {
    #expect(lines([text]) == expected)
    #expect(lines(text.unicodeScalars.map { String($0) }) == expected)
  }
}

@Suite struct EventLogTests {
  let scratch = RecordScratch()

  func objects(_ events: [BuildEvent]) throws -> [[String: Any]] {
    let run = try scratch.archive.create(at: .noon)
    let log = try EventLog(of: run) { .noon }
    for event in events { log.receive(event) }
    return try scratch.text(run.eventsPath).split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  @Test func `each event is one object with its time and type`() throws {
    let objects = try objects(BuildEvent.sampleRun)
    #expect(objects.count == BuildEvent.sampleRun.count)
    #expect(objects.allSatisfy { $0["time"] as? String == "2026-11-23T13:48:12.500000000Z" })
    #expect(
      objects.compactMap { $0["type"] as? String } == [
        "runStarted", "fetching", "fetching", "phase", "connected", "phase", "stepStarted",
        "stepOutput", "stepOutput", "stepOutput", "stepOutput", "connectionLost",
        "connectionRestored", "restarted", "stepFinished", "stepStarted", "stepProgress",
        "stepProgress", "warning", "note", "stepFinished", "runFinished",
      ])
    #expect(objects[4]["machine"] as? String == "me@host")
    #expect(objects[4]["seconds"] as? Double == 1.5)
    #expect(objects[14]["step"] as? Int == 1)
    #expect((objects[14]["result"] as? [String: Any])?["exitCode"] as? Int == 0)
    let result = objects[21]["runResult"] as? [String: Any]
    #expect(result?["hint"] as? String == "make the directory first")
  }

  @Test func `output is kept byte for byte`() throws {
    let pieces: [[UInt8]] = [
      Array("a\"\\\n\t\u{1B}\u{9B}\u{7F}é€😀/".utf8), [0xF0, 0x9F], [0x98, 0x80], [0xFF, 0, 1],
      [0xC3],
    ]
    let events = pieces.map { BuildEvent.stepOutput(step: 1, .stderr, $0) } + [.finished()]
    let objects = try objects(events).dropLast()
    let bytes = objects.flatMap { object -> [UInt8] in
      if let text = object["text"] as? String { return Array(text.utf8) }
      return Array(Data(base64Encoded: object["base64"] as? String ?? "") ?? Data())
    }
    #expect(bytes == pieces.flatMap { $0 })
    #expect(objects.compactMap { $0["text"] as? String }.contains("😀"))
    #expect(objects.compactMap { $0["base64"] as? String } == ["/wAB", "ww=="])
  }

  @Test func `no control character reaches the file`() throws {
    let run = try scratch.archive.create(at: .noon)
    let log = try EventLog(of: run)
    log.receive(.output("\u{1B}]0;owned\u{7}\u{9B}31m\0\r"))
    let text = try scratch.text(run.eventsPath)
    #expect(
      text.dropLast().unicodeScalars.allSatisfy { $0.value >= 32 && !(127...159 ~= $0.value) })
  }
}

@Suite struct ElapsedTests {
  @Test(arguments: [
    (0, "0s"), (0.04, "0.04s"), (3.21, "3.21s"), (59.994, "59.99s"), (59.999, "1m0s"), (60, "1m0s"),
    (1200, "20m0s"), (3723.9, "1h2m3s"), (-1, "0s"),
  ])
  func `durations are written as Go writes them`(seconds: Double, text: String) {
    #expect(Elapsed(seconds: seconds).description == text)
  }
}
