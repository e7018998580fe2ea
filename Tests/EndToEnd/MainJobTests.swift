import Foundation
import TestSupport
import Testing

/// What Kiln is for: a template that Azure Image Builder takes is baked on a machine.
@Suite(.timeLimit(.minutes(3)), .requiresRoot)
struct MainJobTests {
  @Test func `scripts inline, beside the template and on a server, and files are baked`()
    async throws
  {
    try await Rig.with { rig in
      try await ScriptServer.with(rig.home) { server in
        try rig.write("#!/bin/bash\necho from [[ $0 ]] beside >>\(rig.path("marks"))\n", to: "a.sh")
        try rig.write("echo from the server >>\(rig.path("marks"))\n", to: "b.sh")
        try rig.write("content\n", to: "file")
        try rig.writeTemplate(
          .shell("echo inline >\(rig.path("marks"))", "echo told; echo told too >&2", name: "one"),
          .script("a.sh", name: "two"), .script(server.url("b.sh"), name: "three"),
          .file(server.url("file"), to: rig.path("placed"), name: "four"))
        let ran = try await rig.build()
        #expect(ran.exit == 0, "\(ran.stderr)")
        let marks = try #require(try rig.text("marks"))
        #expect(marks.split(separator: "\n").count == 3)
        #expect(marks.hasPrefix("inline\nfrom [["))
        #expect(marks.hasSuffix("beside\nfrom the server\n"))
        #expect(try rig.text("placed") == "content\n")
        try await rig.expectCleanGuest()
      }
    }
  }

  @Test func `an address is fetched from the directory that --mirror names`() async throws {
    try await Rig.with { rig in
      try FileManager.default.createDirectory(
        atPath: rig.path("mirror"), withIntermediateDirectories: false)
      try rig.write("echo from the mirror\n", to: "mirror/a.sh")
      try rig.writeTemplate(.script("https://no-such-host.invalid/scripts/a.sh"))
      let ran = try await rig.build(
        "--mirror", "https://no-such-host.invalid/scripts=\(rig.path("mirror"))")
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stderr.contains("| from the mirror\n"))
    }
  }

  @Test func `a large file is placed whole, with its permissions`() async throws {
    try await Rig.with { rig in
      let content = (0..<200_000).map { "line \($0)\n" }.joined()
      try rig.write(content, to: "large")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o750], ofItemAtPath: rig.path("large"))
      try rig.writeTemplate(.file("large", to: rig.path("placed")))
      let ran = try await rig.build()
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(try rig.text("placed") == content)
      let mode = try FileManager.default.attributesOfItem(atPath: rig.path("placed"))
      #expect(mode[.posixPermissions] as? Int == 0o750)
      try await rig.expectCleanGuest()
    }
  }

  @Test(.requiresNamespaces, .requires("/usr/bin/openssl"))
  func `a script is fetched over TLS from a server that this machine trusts`() async throws {
    try await Rig.with { rig in
      try rig.write("echo over TLS\n", to: "a.sh")
      try await ScriptServer.with(rig.home, .https) { server in
        try rig.writeTemplate(.script(server.url("a.sh")))
        let stranger = try await rig.build()
        #expect(stranger.exit == 1)
        #expect(stranger.stderr.contains("certificate"), "\(stranger.stderr)")
        let trusting = "mount --bind ca.pem /etc/ssl/certs/ca-certificates.crt; exec \"$@\""
        let words = ["build", "t.json", "--on", rig.target] + rig.login
        let ran = try await run(
          "unshare", ["--mount", "sh", "-ec", trusting, "sh", try kilnBinary()] + words,
          environment: [
            "HOME": rig.home, "XDG_STATE_HOME": rig.path("state"),
            "XDG_CACHE_HOME": rig.path("cache"), "SSH_AUTH_SOCK": nil, "CURL_CA_BUNDLE": nil,
            "SSL_CERT_FILE": nil, "SSL_CERT_DIR": nil,
          ],
          directory: rig.home)
        #expect(ran.exit == 0, "\(ran.stderr)")
        #expect(ran.stderr.contains("| over TLS\n"))
      }
    }
  }

  @Test func `the record, the journal, the log and the events tell of a run`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("echo seen", name: "say it"), .shell("exit 0"))
      let ran = try await rig.build()
      #expect(ran.exit == 0, "\(ran.stderr)")
      let record = try rig.record
      #expect(record.state == "Succeeded")
      #expect(
        record.outcomes == ["Succeeded", "Succeeded"]
          || record.outcomes == ["succeeded", "succeeded"])
      #expect(record.exitCode == 0)
      let log = try rig.file("customization.log")
      #expect(log.contains("PACKER OUT     azure-arm: seen\n"))
      #expect(log.contains("(step 1 of 2, Shell \"say it\" at t.json:"))
      #expect(log.contains("Build 'azure-arm' finished after"))
      let journal = try rig.file("journal.jsonl").split(separator: "\n")
      #expect(journal.count == 6, "\(journal)")
      let events = try rig.file("events.jsonl").split(separator: "\n").map {
        try #require(
          try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])["type"]
          as? String
      }
      #expect(events.first == "runStarted")
      #expect(events.last == "runFinished")
      #expect(events.count { $0 == "stepFinished" } == 2)
    }
  }

  @Test func `a piped run says everything on standard error, without control characters`()
    async throws
  {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("printf '\\033[31mred\\033[0m\\a\\r\\n'", name: "colours"))
      let ran = try await rig.build()
      #expect(ran.exit == 0)
      #expect(ran.stdout.isEmpty)
      #expect(ran.stderr.contains("red"))
      let controls = ran.stderr.unicodeScalars.filter {
        $0.properties.generalCategory == .control && $0 != "\n"
      }
      #expect(controls.isEmpty, "\(ran.stderr.debugDescription)")
    }
  }

  @Test func `--json prints the record and nothing else`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("echo seen"))
      let ran = try await rig.build("--json")
      #expect(ran.exit == 0)
      let record = try Record(ran.stdout)
      #expect(record.state == "Succeeded")
      #expect(record.run == (try rig.run))
    }
  }

  @Test func `--quiet tells the result alone`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("echo seen"))
      let ran = try await rig.build("--quiet")
      #expect(ran.exit == 0)
      #expect(ran.stdout.isEmpty)
      #expect(ran.stderr.split(separator: "\n").count == 1, "\(ran.stderr)")
      #expect(ran.stderr.contains("Succeeded after"))
    }
  }

  @Test func `the first step that fails ends the build by its name`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(
        .shell("touch \(rig.path("one"))"), .shell("echo no >&2", "exit 7", name: "breaks"),
        .shell("touch \(rig.path("three"))"))
      let ran = try await rig.build()
      #expect(ran.exit == 1)
      #expect(
        ran.stderr.contains("error: step 2 of 3, Shell \"breaks\", failed with exit code 7"))
      #expect(ran.stderr.contains("    ! no\n"))
      #expect(try rig.text("one") != nil)
      #expect(try rig.text("three") == nil)
      #expect(try rig.record.state == "Failed")
      try await rig.expectCleanGuest()
    }
  }

  @Test func `a plan touches nothing`() async throws {
    try await Rig.with { rig in
      try rig.writeTemplate(.shell("touch \(rig.path("one"))"))
      let ran = try await rig.kiln(["plan", "t.json", "--on", rig.target] + rig.login)
      #expect(ran.exit == 0)
      #expect(ran.stdout.contains("[1/1] Shell: touch"))
      let words = ["plan", "t.json", "--json", "--on", rig.target]
      let plan = try await rig.kiln(words + rig.login).stdout
      for field in ["bytes", "outputs", "sha256", "steps", "warnings"] {
        #expect(plan.contains("\"\(field)\" : "), "\(plan)")
      }
      #expect(try rig.runs.isEmpty)
      #expect(try rig.text("one") == nil)
    }
  }
}
