import Foundation
import TestSupport
import Testing

/// Pushes to blobs that a token may not write.
@Suite(.timeLimit(.minutes(5)))
struct AzureSignatureTests {
  @Test func `a shared access signature writes a blob, and nobody signs in`() async throws {
    try await AzureRig.with(["--no-role"]) { rig in
      _ = try rig.writeDisk(bytes: 16 << 20)
      let signature = try await rig.server.ask("/_sas/pictures/scripts/disk.vhd?sp=rcw")
      let ran = try await rig.kiln(
        ["push", "disk.vhd", "--to", rig.place, "--trace", "trace.jsonl"] + rig.cloud,
        environment: ["AZURE_STORAGE_SAS_TOKEN": signature, "AZURE_CLIENT_SECRET": "wrong"])
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stdout == "\(rig.place)\n")
      #expect(try await rig.state().tokens == 0)
      try await rig.expectPushed()
    }
  }

  @Test func `a signature at the end of the address is taken off it before it is shown`()
    async throws
  {
    try await AzureRig.with(["--no-role"]) { rig in
      _ = try rig.writeDisk(bytes: 16 << 20)
      let signature = try await rig.server.ask("/_sas/pictures/scripts/disk.vhd?sp=rcw")
      let ran = try await rig.kiln(
        ["push", "disk.vhd", "--to", "\(rig.place)?\(signature)", "--trace", "t.jsonl"] + rig.cloud)
      #expect(ran.exit == 0, "\(ran.stderr)")
      #expect(ran.stdout == "\(rig.place)\n")
      try await rig.expectPushed()
      // The user's own command line has it, which shows that it would be found: all else must not.
      await withKnownIssue("the user's own command line") { try await rig.expectNoSecret() }
      try rig.forgetProcesses()
    }
  }

  @Test func `a signature that lets only read is refused, and not shown`() async throws {
    try await AzureRig.with { rig in
      _ = try rig.writeDisk(bytes: 16 << 20)
      let signature = try await rig.server.ask("/_sas/pictures/scripts/disk.vhd?sp=r")
      let ran = try await rig.kiln(
        ["push", "disk.vhd", "--to", rig.place] + rig.cloud,
        environment: ["AZURE_STORAGE_SAS_TOKEN": signature])
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("AuthorizationPermissionMismatch"), "\(ran.stderr)")
      #expect(ran.stderr.contains("lets do too little"), "\(ran.stderr)")
    }
  }

  @Test func `a secret that is written anywhere is found`() async throws {
    try await AzureRig.with { rig in
      let signature = try await rig.server.ask("/_sas/pictures/scripts/disk.vhd?sp=r")
      let path = "state/kiln/runs/a/events.jsonl"
      try FileManager.default.createDirectory(
        atPath: "\(rig.home)/state/kiln/runs/a", withIntermediateDirectories: true)
      for text in [AzureRig.secret, Data(AzureRig.secret.utf8).base64EncodedString(), signature] {
        try rig.write(#"{"text": "before \#(text) after"}"#, to: path)
        await withKnownIssue("planted: \(text)") { try await rig.expectNoSecret() }
      }
      try rig.write("{}", to: path)
    }
  }

  @Test func `an account's key writes its blob where a token may not`() async throws {
    try await AzureRig.with(["--no-role"]) { rig in
      _ = try rig.writeDisk(bytes: 16 << 20)
      let ran = try await rig.kiln(["push", "disk.vhd", "--to", rig.place] + rig.cloud)
      #expect(ran.exit == 0, "\(ran.stderr)")
      try await rig.expectPushed()
    }
  }

  @Test func `where an account lets in nobody by a key, the role is named that is missing`()
    async throws
  {
    try await AzureRig.with(["--no-role", "--no-keys"]) { rig in
      _ = try rig.writeDisk(bytes: 16 << 20)
      let ran = try await rig.kiln(["push", "disk.vhd", "--to", rig.place] + rig.cloud)
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("Storage Blob Data Contributor"), "\(ran.stderr)")
    }
  }
}

extension AzureRig {
  /// A blob in a container that is there.
  fileprivate var place: String {
    "https://pictures.blob.localhost:\(server.port)/scripts/disk.vhd"
  }

  fileprivate func expectPushed() async throws {
    let local = try await TestSupport.run("sha256sum", ["\(home)/disk.vhd"]).succeeded()
    let remote = try await server.ask("/_sha/pictures/scripts/disk.vhd")
    #expect(local.stdout.hasPrefix(remote) && remote.count == 64)
    #expect(try await state().findings == [])
  }

  /// Forgets with which words processes were started.
  fileprivate func forgetProcesses() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: home)
    where name.hasPrefix("processes-") {
      try FileManager.default.removeItem(atPath: "\(home)/\(name)")
    }
  }
}
