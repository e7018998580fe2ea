import Foundation
import TestSupport
import Testing

/// Bakes in Azure by the built `kiln`.
@Suite(.timeLimit(.minutes(10)), .requiresRoot, .requiresNamespaces)
struct AzureBakeTests {
  @Test func `a template bakes to every kind of target, and nothing else is left`() async throws {
    try await AzureRig.with { rig in
      let script = "https://pictures.blob.localhost:\(rig.server.port)/scripts/hello.sh"
      try rig.writeTemplate(
        .shell("echo baked | sudo tee /etc/kiln-baked", name: "mark"), .script(script))
      let ran = try await rig.build("--trace", "trace.jsonl")
      try #require(ran.exit == 0, "\(ran.stderr)")
      let state = try await rig.state()
      #expect(state.findings == [])
      #expect(state.tagged == [])
      #expect(state.shared == [])
      #expect(state.machines == [])
      let run = try rig.run.split(separator: "/").last.map(String.init) ?? ""
      let group = "\(AzureRig.subscription)/resourceGroups/kiln-\(run)"
      let account = "kiln\(run.filter { $0 != "-" })"
      #expect(
        try await rig.resources() == [
          "\(AzureRig.compute)/images/i0",
          "\(AzureRig.compute)/galleries/g/images/d/versions/1.0.0", group,
          "\(group)/providers/Microsoft.Storage/storageAccounts/\(account)",
        ])
      #expect(state.blobs.sorted() == ["\(account)/vhds/disk.vhd", "pictures/scripts/hello.sh"])
      // The disk is what the guest left: its changed files, and a footer.
      let files = try await rig.files(of: "\(account)/vhds/disk.vhd")
      #expect(files.contains("./etc/kiln-baked") && files.contains("./etc/kiln-blob"))
      #expect(!files.contains { $0.hasPrefix("./home/packer/") })
      #expect(!FileManager.default.fileExists(atPath: "\(try rig.run)/azure"))
      let outputs = try await rig.kiln(["outputs", "latest"])
      #expect(outputs.stdout.contains("\(account).blob.localhost"), "\(outputs.stdout)")
      try Sequence(state.calls, run: run).expectDocumented()
    }
  }

  @Test func `a failed step's machine stays where the user wants it, until gc takes it`()
    async throws
  {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("exit 7", name: "breaks"))
      let ran = try await rig.build("--keep")
      #expect(ran.exit == 1)
      #expect(ran.stderr.contains("Shell \"breaks\", failed with exit code 7"), "\(ran.stderr)")
      #expect(ran.stderr.contains("kiln ssh"), "\(ran.stderr)")
      let inside = try await rig.kiln(["ssh", "latest", "whoami"])
      #expect(inside.stdout == "packer\n", "\(inside.stderr)")
      let left = try await rig.kiln(["gc"] + rig.cloud)
      #expect(left.exit == 0, "\(left.stderr)")
      #expect(try await rig.state().machines.count == 1)
      let gone = try await rig.kiln(["gc", "--kept"] + rig.cloud)
      #expect(gone.exit == 0, "\(gone.stderr)")
      #expect(try await rig.resources() == [])
      #expect(try await rig.state().machines == [])
    }
  }

  @Test func `a failed step's machine goes with all that it had`() async throws {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("exit 7", name: "breaks"))
      let ran = try await rig.build()
      #expect(ran.exit == 1)
      #expect(try await rig.resources() == [])
      #expect(try await rig.state().machines == [])
    }
  }

  @Test func `the rest is made where one target can't be`() async throws {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("true"))
      try await rig.fault(
        #"{"at": 0, "match": "PUT .*/images/i0", "kind": "failed"}"#)
      let ran = try await rig.build()
      #expect(ran.exit == 3, "\(ran.stderr)")
      #expect(ran.stderr.contains("run output \"managed\" (ManagedImage) was not made"))
      let there = try await rig.resources()
      #expect(there.contains { $0.hasSuffix("/versions/1.0.0") })
      #expect(!there.contains { $0.hasSuffix("/images/i0") })
      #expect(try await rig.state().tagged == [])
    }
  }

  @Test func `an image is proved in a machine of its own before it is given out`() async throws {
    try await AzureRig.with { rig in
      try rig.writeTemplate(
        .shell("true"),
        more: #""validate": {"inVMValidations": [{"type": "Shell", "inline": ["test -e /no"]}]},"#)
      let ran = try await rig.build()
      #expect(ran.exit == 1, "\(ran.stderr)")
      #expect(try await rig.resources() == [])
      let calls = try await rig.state().calls
      #expect(calls.filter { $0.hasPrefix("PUT ") && $0.contains("/virtualMachines/") }.count == 2)
    }
  }

  @Test func `what Azure has against a build is told before anything is made`() async throws {
    try await AzureRig.with { rig in
      let targets = [
        """
        {"type": "ManagedImage", "runOutputName": "a", "location": "eastus",
         "imageId": "\(AzureRig.compute)/images/i"}
        """,
        """
        {"type": "SharedImage", "runOutputName": "b",
         "galleryImageId": "\(AzureRig.compute)/galleries/none/images/d"}
        """,
      ]
      try rig.write(try AzureRig.template([.shell("true")], targets: targets), to: "t.json")
      let ran = try await rig.build()
      #expect(ran.exit == 4)
      #expect(ran.stderr.contains("its location is eastus"), "\(ran.stderr)")
      #expect(ran.stderr.contains("galleries/none/images/d"), "\(ran.stderr)")
      #expect(try await rig.state().calls.allSatisfy { !$0.hasPrefix("PUT ") })
    }
  }
}

extension AzureRig {
  /// The names of the files that a machine of the stand-in left on its disk.
  func files(of blob: String) async throws -> [String] {
    let path = "\(home)/blob"
    _ = try await TestSupport.run(
      "curl", ["-sf", "--cacert", server.authority, "-o", path, "\(server.url)/_blob/\(blob)"]
    ).succeeded()
    let listed = try await TestSupport.run("tar", ["-tf", path]).succeeded()
    return listed.stdout.split(separator: "\n").map(String.init)
  }
}
