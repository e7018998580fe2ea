import Foundation
import TestSupport
import Testing

/// `kiln` over ARM deployment templates.
@Suite(.timeLimit(.minutes(3)))
struct DeploymentTemplateTests {
  private static func image(_ name: String, _ command: String, _ more: String = "") -> String {
    #"""
    {"type": "Microsoft.VirtualMachineImages/imageTemplates", "apiVersion": "2022-07-01",
    "name": "\#(name)", "location": "[resourceGroup().location]", "identity": {"type": "None"},\#(more)
    "properties": {"source": {"type": "PlatformImage", "publisher": "p", "offer": "o", "sku": "s",
    "version": "latest"}, "customize": [{"type": "Shell", "inline": ["\#(command)"]}],
    "distribute": [{"type": "VHD", "runOutputName": "o"}]}}
    """#
  }

  private static let several = #"""
    {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
    "parameters": {"password": {"type": "securestring"}},
    "resources": [
    \#(image("second", "[concat('login ', parameters('password'))]", #""dependsOn": ["first"],"#)),
    \#(image("first", "true"))]}
    """#

  private func plan(_ arguments: String...) async throws -> KilnEnd {
    try await ScratchDirectory.with { home in
      try Data(Self.several.utf8).write(to: URL(filePath: "\(home)/t.json"))
      try Data(#"{"parameters": {"password": {"value": "correct-horse"}}}"#.utf8)
        .write(to: URL(filePath: "\(home)/p.json"))
      return try await KilnProcess.run(
        ["plan", "t.json", "--on", "ssh://me@127.0.0.1"] + arguments, in: home)
    }
  }

  @Test func `a plan has each image template in its order, and no secret`() async throws {
    let ran = try await plan("-p", "password=correct-horse")
    #expect(ran.exit == 0, "\(ran.stderr)")
    let first = try #require(ran.stdout.firstRange(of: "true"))
    let second = try #require(ran.stdout.firstRange(of: "login ***"))
    #expect(first.lowerBound < second.lowerBound)
    #expect(!ran.stdout.contains("horse"))
    let json = try await plan("--json", "--parameters", "p.json")
    #expect(json.exit == 0, "\(json.stderr)")
    #expect(json.stdout.contains("login ***") && !json.stdout.contains("horse"))
  }

  @Test func `one of several image templates can be chosen`() async throws {
    let ran = try await plan("-p", "password=correct-horse", "--only-template", "FIRST")
    #expect(ran.exit == 0)
    #expect(!ran.stdout.contains("login"))
    let wrong = try await plan("-p", "password=correct-horse", "--only-template", "third")
    #expect(wrong.exit == 2)
    #expect(wrong.stderr.contains("the file has `second`, `first`"))
  }

  @Test func `a parameter that the build needs is asked for`() async throws {
    let ran = try await plan()
    #expect(ran.exit == 2)
    #expect(ran.stderr.contains("hint: give it with `-p password=value`"))
  }

  @Test func `a Bicep file is compiled by the user's own compiler, where there is one`()
    async throws
  {
    try await ScratchDirectory.with { home in
      try Data("// Bicep".utf8).write(to: URL(filePath: "\(home)/t.bicep"))
      let without = try await KilnProcess.run(["validate", "t.bicep"], in: home)
      #expect(without.exit == 2)
      #expect(without.stderr.contains("there is neither `bicep` nor `az` here"))
      let template = #"{"resources": [\#(Self.image("one", "true"))]}"#
      try Data(template.utf8).write(to: URL(filePath: "\(home)/compiled.json"))
      let program = "\(home)/bicep"
      try await writeProgram("#!/bin/sh\ncat '\(home)/compiled.json'\n", to: program)
      let path = "\(home):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"
      let ran = try await KilnProcess.run(
        ["validate", "t.bicep"], in: home, environment: ["PATH": path])
      #expect(ran.exit == 0, "\(ran.stderr)")
    }
  }

  @Test func `placeholders are filled in from the command line and from a file`() async throws {
    try await ScratchDirectory.with { home in
      let body = try Template.text([.shell("echo <word> <other>")])
      try Data(body.utf8).write(to: URL(filePath: "\(home)/t.json"))
      try Data(#"{"word": "hello", "other": "file"}"#.utf8)
        .write(to: URL(filePath: "\(home)/v.json"))
      let ran = try await KilnProcess.run(
        [
          "plan", "t.json", "--on", "ssh://me@127.0.0.1", "--values", "v.json", "--set",
          "other=line",
        ], in: home)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stdout.contains("echo hello line"))
    }
  }
}
