import Foundation
import SystemPackage
import TestSupport
import Testing

/// Microsoft's own clients against the stand-in, so that it is not only right for ours.
@Suite struct SDKTests {
  /// A Python that has them: `$KILN_AZURE_PYTHON`, or the system's.
  private static let python =
    ProcessInfo.processInfo.environment["KILN_AZURE_PYTHON"] ?? "python3"

  @Test(
    .enabled(
      "SKIPPED: needs Microsoft's Python SDKs (Tests/AzureStandIn/sdk.py) or KILN_AZURE_PYTHON"
    ) {
      try await run(
        python, ["-c", "import azure.identity, azure.mgmt.compute, azure.mgmt.network"]
      ).exit == 0
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
