import Foundation
import TestSupport
import Testing

/// What is told of a run afterwards: where its time went, and all of it as a page.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct ReportTests {
  @Test func `the parts of a run take all its time`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        .shell("sleep 0.6", name: "slow"), .shell("true", name: "left out"),
        .shell("exit 3", name: "bad"))
      _ = try await rig.build("--skip", "left out")
      let shown = try await rig.kiln(["show", "latest", "--timing"])
      #expect(shown.exit == 0, "\(shown.stderr)")
      #expect(shown.stdout.contains(/\[1\/3\] Shell "slow" +[0-9.]+s +[0-9.]+s +\d+% +#+\n/))
      #expect(shown.stdout.contains(/\nacquire +|PART/) && shown.stdout.contains("\nconnect "))
      #expect(!shown.stdout.contains("left out"))
      let json = try await rig.kiln(["show", "latest", "--timing", "--json"]).stdout
      let sheet = try JSONDecoder().decode(Sheet.self, from: Data(json.utf8))
      let sum = sheet.timing.parts.map(\.seconds).reduce(0, +)
      #expect(abs(sum - sheet.timing.seconds) < 0.05, "\(sum) of \(sheet.timing.seconds)")
      let slow = try #require(sheet.timing.parts.first { $0.part == "step 1" })
      #expect(slow.seconds >= 0.6 && slow.seconds < sheet.timing.seconds)
      #expect(sheet.timing.parts.first { $0.part == "step 3" }?.outcome == "failed")
    }
  }

  private struct Sheet: Decodable {
    struct Timing: Decodable {
      struct Part: Decodable {
        let part: String
        let seconds: Double
        let outcome: String?
      }
      let seconds: Double
      let parts: [Part]
    }
    let timing: Timing
  }

  @Test func `the report holds the whole run, escaped, and loads nothing`() async throws {
    try await Rig.with { rig in
      let page = try await Self.report(rig)
      #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
      #expect(!page.contains("<script") && !page.contains("<img"))
      #expect(page.contains("a &quot;quoted&quot; &lt;b&gt;name&lt;/b&gt;"))
      #expect(page.contains("colour: \\x1B[31mred"))
      #expect(page.contains(#"<span class="stderr">to stderr</span>"#))
      #expect(page.contains("failed after") && page.contains("exit code 7"))
      let sum = try await run("sha256sum", [rig.path("a.sh")]).stdout.prefix(64)
      #expect(page.contains(sum))
      #expect(!page.contains("url(") && !page.contains("@import"))
      #expect(page.firstMatch(of: /<[^>]* (src|href|on\w+)=/) == nil)
      #expect(!page.contains("TOPSECRET"))
    }
  }

  @Test(.requires("/usr/bin/chromium"))
  func `a browser shows the report, in which there is no JavaScript to run`() async throws {
    try await Rig.with { rig in
      _ = try await Self.report(rig)
      let flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--user-data-dir=\(rig.path("browser"))", "--window-size=1000,1400",
      ]
      let address = "file://\(rig.path("report.html"))"
      let shown = try await run(
        "/usr/bin/chromium", flags + ["--dump-dom", address], environment: ["HOME": rig.home])
      let pictured = try await run(
        "/usr/bin/chromium", flags + ["--screenshot=\(rig.path("page.png"))", address],
        environment: ["HOME": rig.home])
      #expect(pictured.exit == 0, "\(pictured.stderr)")
      #expect(shown.exit == 0, "\(shown.stderr)")
      let dom = shown.stdout
      #expect(dom.contains("<title>kiln \(try rig.run): Failed</title>"))
      // What the browser made of the page: three steps, and no element that their output named.
      #expect(dom.components(separatedBy: "<details").count == 4)
      #expect(dom.components(separatedBy: "<script").count == 1)
      #expect(dom.contains(#"<details open="">"#), "the step that failed is open")
      let size = try FileManager.default.attributesOfItem(atPath: rig.path("page.png"))[.size]
      #expect((size as? Int ?? 0) > 10_000)
    }
  }

  @Test func `a report that can't be written is refused`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("true"))
      _ = try await rig.build()
      let ran = try await rig.kiln(["show", "latest", "--report", "no/such/report.html"])
      try expectRefusal(ran, exit: 1, "report-no-directory")
    }
  }

  /// Bakes a template that tries to break out of a page, and gives the report of it.
  private static func report(_ rig: Rig) async throws -> String {
    try rig.write("echo to stderr >&2\nprintf 'colour: \\033[31mred\\n'\n", to: "a.sh")
    try await ScriptServer.with(rig.home) { server in
      try rig.writeTemplate(
        .shell("echo '<script>alert(1)</script>'", "echo '\"><img src=x>&amp;'", name: "markup"),
        .script(server.url("a.sh?sv=1&sig=TOPSECRET%2Bx"), name: "a \"quoted\" <b>name</b>"),
        .shell("exit 7", name: "bad"))
      let ran = try await rig.build()
      #expect(ran.exit == 1, "\(ran.stderr)")
    }
    let wrote = try await rig.kiln(["show", "latest", "--report", "report.html"])
    #expect(wrote.exit == 0, "\(wrote.stderr)")
    #expect(wrote.stderr == "wrote the report report.html\n")
    return try #require(try rig.text("report.html"))
  }
}
