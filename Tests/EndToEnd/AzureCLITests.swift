import Foundation
import TestSupport
import Testing

/// Microsoft's `az` beside Kiln: it gives the token, and sees what a build has made.
@Suite(.timeLimit(.minutes(10)), .requiresRoot, .requiresNamespaces)
struct AzureCLITests {
  @Test(
    .enabled("SKIPPED: needs azure-cli: scripts/setup --az, $KILN_AZ, or `az` on the PATH") {
      AzureCommand.program != nil
    })
  func `a build by the token of az makes what az shows`() async throws {
    let program = try #require(AzureCommand.program)
    // What `az` keeps of its sign-in is its own, secret as it is.
    try await ScratchDirectory.with { config in
      try await AzureRig.with { rig in
        let az = AzureCommand(program: program, config: config, rig: rig)
        try await az.signIn()
        try rig.writeTemplate(.shell("true"))
        let ran = try await rig.kiln(
          ["build", "t.json", "--on", "azure", "--my-address", "127.0.0.1"] + rig.cloud,
          environment: az.environment.merging([
            "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential", "AZURE_CLIENT_SECRET": "",
          ]) { $1 })
        #expect(ran.exit == 0, "\(ran.stderr)")
        let group = "kiln-\(try rig.run.split(separator: "/").last ?? "")"
        #expect(
          try await az("group", "list", "--query", "sort([].name)") == "images\n\(group)\n")
        #expect(
          try await az("image", "list", "--query", "[].[name, hyperVGeneration]") == "i0\tV2\n")
        #expect(
          try await az(
            "sig", "image-version", "show", "--resource-group", "images", "--gallery-name", "g",
            "--gallery-image-definition", "d", "--gallery-image-version", "1.0.0", "--query",
            "[provisioningState, publishingProfile.targetRegions[0].name]")
            == "Succeeded\nwestus\n")
        #expect(
          try await az(
            "storage", "account", "list", "--resource-group", group, "--query", "[].kind")
            == "StorageV2\n")
        #expect(try await az("vm", "list", "--query", "[].name") == "")
      }
    }
  }
}

/// An `az` that knows the stand-in as its cloud.
private struct AzureCommand {
  let program: String
  /// The directory of its settings.
  let config: String
  let rig: AzureRig

  /// Where it is; `nil` for nowhere.
  static var program: String? {
    let environment = ProcessInfo.processInfo.environment
    let path = (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/az" }
    return ([environment["KILN_AZ"] ?? "", "\(packageRoot)/.build/az/bin/az"] + path)
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  var environment: [String: String] {
    let directory = URL(filePath: program).deletingLastPathComponent().path
    return [
      "PATH": "\(directory):/usr/local/bin:/usr/bin:/bin", "AZURE_CONFIG_DIR": config,
      "REQUESTS_CA_BUNDLE": rig.server.authority, "AZURE_CORE_COLLECT_TELEMETRY": "0",
      "AZURE_CORE_INSTANCE_DISCOVERY": "false", "HOME": config,
    ]
  }

  func signIn() async throws {
    _ = try await self(
      "cloud", "register", "--name", "StandIn", "--endpoint-resource-manager",
      "\(rig.server.url)/")
    _ = try await self("cloud", "set", "--name", "StandIn")
    _ = try await self(
      "login", "--service-principal", "--username", "22222222-0000-4000-8000-000000000000",
      "--password", AzureRig.secret, "--tenant", "11111111-0000-4000-8000-000000000000")
  }

  /// What a command prints.
  func callAsFunction(_ words: String...) async throws -> String {
    try await TestSupport.run(
      program, words + ["--output", "tsv"], environment: environment.mapValues { $0 }
    ).succeeded().stdout
  }
}
