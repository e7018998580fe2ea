import Foundation
import TestSupport
import Testing

/// `kiln import packer`, from a file to a template that `kiln validate` takes.
@Suite(.timeLimit(.minutes(3)))
struct ImportTests {
  private static let fixtures = packageRoot + "/Tests/PackerImportTests/Fixtures"

  @Test(arguments: [
    "linux-runner", "windows-desktop", "gallery", "json-linux/linux.json",
    "json-windows/windows.json",
    "qemu",
  ])
  func `an imported template is valid`(name: String) async throws {
    try await ScratchDirectory.with { home in
      let ran = try await KilnProcess.run(
        ["import", "packer", "\(Self.fixtures)/\(name)", "-o", "out.json"], in: home)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stdout.isEmpty)
      #expect(ran.stderr.contains("loss: "))
      let checked = try await KilnProcess.run(["validate", "out.json"], in: home)
      #expect(checked.exit == 0, "\(checked.stderr)")
    }
  }

  @Test func `the template goes to standard output, and the talk does not`() async throws {
    try await ScratchDirectory.with { home in
      try write(#"source "null" "a" {}"# + "\n" + #"build { sources = ["null.a"] }"#, in: home)
      let ran = try await KilnProcess.run(["import", "packer", "t.pkr.hcl"], in: home)
      #expect(ran.exit == 0)
      #expect(
        ran.stdout.hasPrefix("{\n  \"type\": \"Microsoft.VirtualMachineImages/imageTemplates\""))
      #expect(ran.stderr.hasPrefix("t.pkr.hcl:1:1: loss: a `null` source is no image of Azure"))
      #expect(ran.stderr.hasSuffix("t.pkr.hcl: imported (1 losses, 0 notes)\n"))
    }
  }

  @Test func `with --strict a loss is refused, and nothing is written`() async throws {
    try await ScratchDirectory.with { home in
      try write(#"source "null" "a" {}"# + "\n" + #"build { sources = ["null.a"] }"#, in: home)
      let ran = try await KilnProcess.run(
        ["import", "packer", "t.pkr.hcl", "--strict", "-o", "out.json"], in: home)
      #expect(ran.exit == 2)
      #expect(!FileManager.default.fileExists(atPath: "\(home)/out.json"))
    }
  }

  @Test(arguments: [
    ("x = ", "t.pkr.hcl:1:5: error: expected a value, not the end of the file"),
    ("", "error: there is no build with a source"),
  ])
  func `what is no template of Packer exits with 2`(text: String, message: String) async throws {
    try await ScratchDirectory.with { home in
      try write(text, in: home)
      let ran = try await KilnProcess.run(["import", "packer", "t.pkr.hcl"], in: home)
      #expect(ran.exit == 2)
      #expect(ran.stdout.isEmpty)
      #expect(ran.stderr.contains(message), "\(ran.stderr)")
    }
  }

  @Test func `variables come as Packer takes them, and paths fit the result's place`() async throws
  {
    try await ScratchDirectory.with { home in
      try FileManager.default.createDirectory(
        atPath: "\(home)/out", withIntermediateDirectories: true)
      try write(
        """
        variable "word" {}
        variable "name" {}
        source "null" "a" {}
        build {
          sources = ["null.a"]
          provisioner "shell" { inline = ["echo ${var.word} ${var.name}"] }
          provisioner "file" {
            source = "a.txt"
            destination = "/tmp/a.txt"
          }
        }
        """, in: home)
      try Data("name = \"you\"\n".utf8).write(to: URL(filePath: "\(home)/v.pkrvars.hcl"))
      let ran = try await KilnProcess.run(
        [
          "import", "packer", "t.pkr.hcl", "-var", "word=hello", "-var-file", "v.pkrvars.hcl", "-o",
          "out/t.json",
        ], in: home)
      #expect(ran.exit == 0, "\(ran.stderr)")
      let text = try String(contentsOfFile: "\(home)/out/t.json", encoding: .utf8)
      #expect(text.contains("echo hello you"))
      #expect(text.contains(#""sourceUri": "../a.txt""#), "\(text)")
    }
  }

  private func write(_ text: String, in home: String) throws {
    try Data(text.utf8).write(to: URL(filePath: "\(home)/t.pkr.hcl"))
  }
}
