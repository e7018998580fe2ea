import FoundationEssentials
import HTTP
import Pipeline
import SystemPackage
import Template
import TestSupport
import Testing

@testable import Azure

/// Who may write a blob, and by what.
@Suite struct AdmissionTests {
  private static let options = ["--targets", "--vm-command", "off"]

  /// Copies the disk of a captured machine to the blob of an address, as a build does.
  private func copy(
    _ options: [String], to address: @Sendable (BuildRig) async throws -> BlobAddress,
    _ check: @Sendable (BuildRig) async throws -> Void
  ) async throws {
    try await ScratchDirectory.with { directory in
      let trace = FilePath(directory + "/trace")
      try await BuildRig.with(Self.options + options, trace: trace) { rig in
        _ = try await rig.access.arm.exists(try #require(ResourceID(BuildRig.target)))
        let place = try await address(rig)
        let plan = rig.plan()
        try await rig.staging.make(plan)
        try await rig.staging.capture(plan.names)
        let making = OutputMaking(
          staging: rig.staging, blobs: rig.access.blobs, names: plan.names, location: "westus")
        do {
          _ = try await making.make(OutputPlan(.vhd(place), tags: rig.tags)) { _ in }
        } catch {
          try await rig.staging.remove(try rig.left())
          throw error
        }
        try await check(rig)
        try await rig.staging.remove(try rig.left())
        let state = try await rig.state()
        #expect(state.blobs.contains("pictures/scripts/out.vhd"))
        #expect(state.shared == [])
        #expect(state.findings == [])
        let list = try await rig.server.text("/_secrets")
        let secrets = try JSONDecoder().decode([String].self, from: Data(list.utf8))
        let bytes = try #require(FileManager.default.contents(atPath: trace.string))
        #expect(SecretForms(secrets).told(in: bytes) == nil)
      }
    }
  }

  private static func place(_ rig: BuildRig, _ query: String = "") throws(AzureError) -> BlobAddress
  {
    let url = "https://pictures.blob.localhost:\(rig.server.port)/scripts/out.vhd"
    return try rig.access.arm.cloud.blob(at: url + query, for: "test")
  }

  @Test func `an address with a shared access signature needs no other leave`() async throws {
    try await copy(
      ["--no-role"],
      to: { rig in
        let signature = try await rig.server.text("/_sas/pictures/scripts/out.vhd?sp=rcwd")
        return try Self.place(rig, "?" + signature)
      }
    ) { rig in
      let about = try await rig.state().calls.filter { $0.contains("/scripts/out.vhd?") }
      #expect(about.count > 2 && about.allSatisfy { $0.contains("sig=") })
      #expect(try await rig.state().tokens == 1, "for Resource Manager alone")
    }
  }

  @Test func `a signature that lets do too little is told so, and not shown`() async throws {
    let error = await #expect(throws: AzureError.self) {
      try await copy(
        [],
        to: { rig in
          let signature = try await rig.server.text("/_sas/pictures/scripts/out.vhd?sp=r")
          return try Self.place(rig, "?" + signature)
        }
      ) { _ in }
    }
    #expect(error?.code == "AuthorizationPermissionMismatch")
    #expect(error?.hint?.contains("lets do too little") == true)
    #expect("\(error as Any)".contains("sig=") == false)
  }

  @Test func `a signature that has expired lets in nobody`() async throws {
    let error = await #expect(throws: AzureError.self) {
      try await copy(
        [],
        to: { rig in
          let path = "/_sas/pictures/scripts/out.vhd?sp=rcwd&seconds=-60"
          return try Self.place(rig, "?" + (try await rig.server.text(path)))
        }
      ) { _ in }
    }
    #expect(error?.code == "AuthenticationFailed")
    #expect(error?.hint?.contains("has expired") == true)
  }

  @Test func `where a token may not see the user's blobs, their account's key may`() async throws {
    try await copy(["--no-role"], to: { try Self.place($0) }) { rig in
      let calls = try await rig.state().calls
      #expect(calls.contains { $0.contains("/storageAccounts/pictures/listKeys") })
    }
  }

  @Test func `where neither may, the role that is missing is named`() async throws {
    let error = await #expect(throws: AzureError.self) {
      try await copy(["--no-role", "--no-keys"], to: { try Self.place($0) }) { _ in }
    }
    #expect(error?.code == "KeyBasedAuthenticationNotPermitted")
    #expect(error?.hint?.contains("Storage Blob Data Contributor") == true)
  }

  @Test(arguments: [
    "https://a.blob.core.windows.net/c/b.vhd?comp=list", "http://a.blob.core.windows.net/c/b.vhd",
    "https://a.example.org/c/b.vhd", "https://a.blob.core.windows.net/c", "https://",
  ])
  func `what is no blob's address is refused`(url: String) {
    let error = #expect(throws: AzureError.self) {
      try Cloud.publicCloud.blob(at: url, for: "push to `x`")
    }
    #expect(error?.description == "could not push to `x`: it is no address of a blob in AzureCloud")
  }

  @Test func `a signature is no part of what is shown of an address`() throws {
    let url = "https://a.blob.core.windows.net/c/b.vhd?sv=2021-12-02&sp=rw&sig=abc%2Bdef%3D"
    let address = try Cloud.publicCloud.blob(at: url, for: "test")
    #expect(address.signature?.revealed == "sv=2021-12-02&sp=rw&sig=abc%2Bdef%3D")
    #expect(address.account == "a")
    #expect(!"\(address)\(address.url)\(address.containerURL)".contains("sig"))
    #expect(!String(reflecting: address).contains("def"))
  }
}
