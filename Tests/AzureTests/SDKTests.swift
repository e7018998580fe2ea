import Foundation
import SystemPackage
import TestSupport
import Testing

/// Microsoft's own clients against the stand-in, so that it is not only right for ours.
@Suite struct SDKTests {
  /// A Python that has them: `$KILN_AZURE_PYTHON`, or the one that `scripts/setup --tests` makes.
  private static let python =
    ProcessInfo.processInfo.environment["KILN_AZURE_PYTHON"]
    ?? "\(packageRoot)/.build/azure/bin/python"

  @Test(
    .enabled("SKIPPED: needs Microsoft's Python SDKs: run scripts/setup --tests") {
      guard FileManager.default.isExecutableFile(atPath: python) else { return false }
      let packages = "azure.identity, azure.mgmt.compute, azure.mgmt.network, azure.storage.blob"
      return try await run(python, ["-c", "import \(packages)"]).exit == 0
    })
  func `a whole build goes through by Microsoft's clients`() async throws {
    try await PythonServer.with("standin.py", []) { server in
      let ca = server.authority
      let script = "\(packageRoot)/Tests/AzureStandIn/sdk.py"
      let ran = try await run(Self.python, [script, "\(server.port)", ca])
      #expect(ran.exit == 0, "\(ran.stdout)\(ran.stderr)")
      #expect(ran.stdout.hasSuffix("ok delete group\n"))
    }
  }
}
