import FoundationEssentials
import HTTP
import Pipeline
import Template
import TestSupport
import Testing

@testable import Azure

/// How requests are tried again and operations followed, against the stand-in.
@Suite struct OperationTests {
  @Test func `429 is waited out as Azure asks`() async throws {
    try await BuildRig.with { rig in
      try await rig.fault(["at": 0, "kind": "429-after"])
      try await rig.makeTargets()
      #expect(rig.clock.waits.first == .seconds(1))
    }
  }

  @Test func `an error is told in Azure's words, with what to do`() async throws {
    try await BuildRig.with { rig in
      let id = try #require(
        ResourceID("/subscriptions/s/resourceGroups/none/providers/Microsoft.Compute/images/i"))
      let error = try await failure {
        try await rig.access.arm.perform(.put(id, ["location": "westus"]))
      }
      #expect(error.status == 404)
      #expect(
        "\(error)".hasPrefix(
          "could not create \(id): ResourceGroupNotFound: Resource group 'none' could not be found."
            + " (status 404, request "))
      #expect(
        error.hint
          == "make the resource group first: `az group create`; Kiln makes none but its own")
    }
  }

  @Test func `an operation that fails later is an error in Azure's words`() async throws {
    try await BuildRig.with { rig in
      try await rig.fault(["at": 0, "match": "PUT .*/virtualMachines/", "kind": "failed"])
      let error = try await failure { try await rig.staging.make(rig.plan()) }
      #expect(error.code == "OperationFailed")
      #expect("\(error)".contains("could not create \(rig.names().machine): OperationFailed: "))
    }
  }

  @Test func `a token that Azure refuses is replaced once`() async throws {
    try await BuildRig.with { rig in
      try await rig.fault(["at": 0, "kind": "401"])
      try await rig.makeTargets()
      #expect(try await rig.state().tokens == 2)
    }
  }

  @Test func `a token goes to Resource Manager alone`() {
    let cloud = Cloud.publicCloud
    #expect(cloud.mayReceiveToken("https://management.azure.com/subscriptions/x?a=b"))
    #expect(cloud.mayReceiveToken("https://westus.management.azure.com/x"))
    for other in [
      "https://management.azure.com.evil.example/x", "http://management.azure.com/x",
      "https://evilmanagement.azure.com/x", "https://management.azure.com:444/x",
      "https://management.azure.com@evil.example/x", "https://me@management.azure.com/x",
    ] {
      #expect(!cloud.mayReceiveToken(other), "\(other)")
    }
  }

  @Test func `errors of every form are understood`() {
    func body(_ text: String, _ headers: HTTPHeaders = [:]) -> ARMErrorBody {
      JSON(parsing: Array(text.utf8)).map { ARMErrorBody($0) } ?? ARMErrorBody(.null)
    }
    #expect(body(#"{"error":{"code":"A","message":"b"}}"#).sentence == "b")
    #expect(body(#"{"code":"A","message":"b"}"#).code == "A")
    #expect(body(#"{"Code":"A","Message":"b"}"#).message == "b")
    let marketplace = body(
      #"{"error":{"code":"M","message":"no","details":[{"message":"{\"error\":{\"code\":\"L\",\"message\":\"accept terms\"}}"}]}}"#
    )
    #expect(marketplace.codes == ["M", "L"])
    #expect(marketplace.sentence == "no L: accept terms")
  }

  @Test func `a quota is explained, whatever its code is`() {
    let body = ARMErrorBody([
      "error": [
        "code": "OperationNotAllowed",
        "message":
          "Operation could not be completed as it results in exceeding approved Total Regional Cores quota.",
      ]
    ])
    #expect(Advice.hint(for: body, status: 409)?.contains("quota for this size's family") == true)
  }

  @Test func `nothing secret is left in an address, a header or a body`() {
    #expect(
      Scrubber.url("https://h/p?api-version=1&sig=abc%2B&t=1&c=xyz")
        == "https://h/p?api-version=1&sig=***&t=***&c=***")
    #expect(
      Scrubber.text("see https://h/d?sv=1&sig=aB%2B/=, now") == "see https://h/d?sv=1&sig=***, now")
    #expect(
      Scrubber.text("from=https%3A%2F%2Fh%2Fd%3Fsv%3D1%26sig%3DaB%252B, by SharedKey a:b/c= there")
        == "from=https%3A%2F%2Fh%2Fd%3Fsv%3D1%26sig%3D***, by SharedKey *** there")
    #expect(
      Scrubber.headers(["Authorization": "Bearer x", "Retry-After": "3", "X-Other": "y"])
        == ["authorization": "***", "retry-after": "3", "x-other": "***"])
    let keys: JSON = ["keys": [["keyName": "key1", "value": "abc", "permissions": "FULL"]]]
    #expect(
      Scrubber.value(keys)
        == ["keys": [["keyName": "key1", "value": "***", "permissions": "FULL"]]])
    #expect(
      Scrubber.body(
        Array("client_id=a&client_secret=b".utf8), type: "application/x-www-form-urlencoded")
        == "client_id=a&client_secret=***")
  }
}
