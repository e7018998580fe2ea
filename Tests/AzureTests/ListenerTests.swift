import Foundation
import Pipeline
import Template
import TestSupport
import Testing

@testable import Azure

/// How Windows machines in Azure are made to take WinRM, beside a stand-in.
@Suite(.timeLimit(.minutes(5))) struct ListenerTests {
  private static let thumbprint = String(repeating: "AB", count: 32)

  /// A Windows machine of the stand-in's, which is a name alone.
  private func make(_ rig: BuildRig) async throws -> WinRMListener {
    var machine = rig.plan().machine
    machine.account = .windows(password: AdminPassword.make())
    let plan = StagingPlan(
      location: "westus", names: rig.names(), tags: rig.tags,
      network: .made(from: "203.0.113.7/32", port: GuestSystem.windows.servicePort),
      machine: machine)
    try await rig.staging.make(plan)
    return WinRMListener(rig.access.arm, plan.names.machine, limit: .seconds(1200))
  }

  @Test(arguments: ["429", "429-after", "500", "503", "401", "reset-before", "reset-after"])
  func `a machine is made to listen, whatever passes meanwhile`(fault: String) async throws {
    try await BuildRig.with { rig in
      let listener = try await make(rig)
      try await rig.fault(["at": 0, "match": "/runCommand", "kind": .string(fault)])
      #expect(try await listener.open().thumbprint == Self.thumbprint)
      let state = try await rig.state()
      #expect(state.findings == [])
      // A request that did not arrive is in no list.
      let calls = state.calls.count { $0.contains("/runCommand") }
      #expect(fault == "reset-before" ? calls == 1 : calls > 1)
    }
  }

  @Test func `a command that fails, or never ends, ends the build with a sentence`() async throws {
    try await BuildRig.with(["--wait", "60"]) { rig in
      let listener = try await make(rig)
      try await rig.fault(["at": 0, "match": "/runCommand", "kind": "failed"])
      await #expect(throws: AzureError.self) { try await listener.open() }
      try await rig.fault(["at": 0, "match": "/runCommand", "kind": "never"])
      await #expect(throws: DeadlineExceeded.self) { try await listener.open() }
    }
  }

  /// An answer of a real Windows machine (`azure-recordings`), with another text.
  private func result(_ output: String, _ errors: String = "") -> JSON {
    let parts = [("StdOut", output), ("StdErr", errors)].map { stream, text -> JSON in
      [
        "code": .string("ComponentStatus/\(stream)/succeeded"), "level": "Info",
        "displayStatus": "Provisioning succeeded", "message": .string(text),
      ]
    }
    return ["value": .array(parts)]
  }

  @Test func `a thumbprint is taken from the line that has it`() throws {
    let said = "a warning\r\nkiln-certificate \(Self.thumbprint)  \r\n"
    #expect(try WinRMListener.thumbprint(in: result(said)).thumbprint == Self.thumbprint)
  }

  @Test(arguments: ["", "kiln-certificate", "kiln-certificate AB", "AB kiln-certificate"])
  func `without a whole thumbprint nothing is connected to`(said: String) {
    let error = #expect(throws: MachineError.self) {
      try WinRMListener.thumbprint(in: result(said))
    }
    #expect(error?.description.contains("its answer has no thumbprint") == true)
  }

  @Test func `what the machine has against it is told in one line`() {
    let error = #expect(throws: MachineError.self) {
      try WinRMListener.thumbprint(in: result("", "New-Item : Denied.\r\n  At line:1"))
    }
    #expect(
      error?.description
        == "could not set up WinRM in the virtual machine: it says: New-Item : Denied. At line:1")
  }

  @Test func `a password follows Azure's rules, and is another each time`() {
    let all = (0..<100).map { _ in AdminPassword.make().revealed }
    #expect(Set(all).count == 100)
    for password in all {
      #expect((12...123).contains(password.count))
      #expect(password.contains { $0.isLowercase } && password.contains { $0.isUppercase })
      #expect(password.contains { $0.isNumber } && password.contains("-"))
    }
  }

  @Test func `the last command fits into a line, and powers off before anything can cut it`() throws
  {
    let line = try WinRMListener.farewell()
    #expect(line.utf8.count < 8000)
    let encoded = try #require(line.split(separator: " ").last)
    let bytes = try #require(Data(base64Encoded: String(encoded)))
    let text = String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    #expect(text.hasPrefix("shutdown.exe /s /f /t "))
  }

  @Test func `an image tells what system it holds`() async throws {
    try await BuildRig.with { rig in
      try await rig.makeTargets()
      let compute = "\(BuildRig.target)/providers/Microsoft.Compute"
      for system in ["Windows", "Linux"] {
        let id = try #require(ResourceID("\(compute)/images/\(system)"))
        let disk: JSON = [
          "osType": .string(system), "osState": "Generalized",
          "blobUri": "https://a.blob.core.windows.net/c/b.vhd",
        ]
        try await rig.access.arm.perform(
          .put(
            id,
            [
              "location": "westus",
              "properties": ["hyperVGeneration": "V2", "storageProfile": ["osDisk": disk]],
            ]))
        let facts = try await SourceFacts.of(
          .managedImage(id), in: "westus", BuildRig.subscription, rig.access.arm)
        #expect(facts.system == (system == "Windows" ? .windows : .posix))
      }
      #expect(try await rig.state().findings == [])
    }
  }
}
