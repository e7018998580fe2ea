import Foundation
import TestSupport
import Testing

/// Many builds by one process.
@Suite(.timeLimit(.minutes(15)), .requiresRoot, .requiresNamespaces)
struct AzureCompanyTests {
  @Test func `ten builds at once get through a subscription that is throttled`() async throws {
    try await AzureRig.with(["--writes", "15", "--sizes", "1000"]) { rig in
      let all = try (1...10).map { number in
        let text = try AzureRig.template(
          [.shell("true")], targets: Array(AzureRig.everywhere(number)))
        return text.replacingOccurrences(of: #""name": "t""#, with: #""name": "t\#(number)""#)
      }
      try rig.write(
        """
        {"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
         "contentVersion": "1.0.0.0", "resources": [\(all.joined(separator: ",\n"))]}
        """, to: "t.json")
      let peak = Peak()
      let ran = try await rig.build("--jobs", "10") { kiln in
        try await waitUntil("the builds to end", limit: .seconds(600)) {
          peak.note(kiln.id)
          return try kiln.hasEnded
        }
      }
      #expect(ran.exit == 0, "\(ran.stderr)")
      let state = try await rig.state()
      #expect(state.calls.contains { $0.hasSuffix(" 429") })
      #expect(state.blobs.count == 11)
      #expect(state.tagged == [] && state.machines == [] && state.findings == [])
      // One for Resource Manager, and one for blobs.
      #expect(state.tokens == 2)
      // Some megabytes, as Azure's: once for all.
      #expect(state.calls.count { $0.contains("/Microsoft.Compute/skus") } == 1)
      #expect(peak.kibibytes > 0 && peak.kibibytes < 150 << 10, "\(peak.kibibytes) KiB")
    }
  }
}

/// The most memory that a process had at a time.
private final class Peak {
  private(set) var kibibytes = 0

  func note(_ process: Int32) {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
    else { return }
    let number = line.filter(\.isNumber)
    kibibytes = max(kibibytes, Int(number) ?? 0)
  }
}
