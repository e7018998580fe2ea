import Foundation
import Glibc
import TestSupport
import Testing

/// kill -9 at each request that makes something, when Azure has carried it out.
///
/// `KILN_ALL_FAULTS=1` tries all of them; else it is every seventh.
@Suite(.timeLimit(.minutes(30)), .requiresRoot, .requiresNamespaces)
struct AzureKillTests {
  /// What makes something that somebody has to remove.
  private static let making = "^(PUT|POST .*/beginGetAccess)"
  static let step =
    ProcessInfo.processInfo.environment["KILN_ALL_FAULTS"] == nil ? 7 : 1

  @Test func `what is left of a killed build goes from a machine that knows its tags alone`()
    async throws
  {
    let count = try await requests()
    #expect(count > 12)
    for index in stride(from: 0, to: count, by: Self.step) {
      try await AzureRig.with { rig in
        try rig.writeTemplate(.shell("true"))
        try await rig.fault(#"{"at": \#(index), "match": "\#(Self.making)", "kind": "hold"}"#)
        let ran = try await rig.build { kiln in
          try await waitUntil("request \(index) to be held", limit: .seconds(120)) {
            let isHeld = try await rig.state().held > 0
            return try isHeld || kiln.hasEnded
          }
          kiln.send(SIGKILL)
        }
        #expect(ran.exit == 128 + SIGKILL, "\(index): \(ran.stderr)")
        try await rig.fault(#"{"kind": "clear"}"#)
        let elsewhere = "\(rig.home)/elsewhere"
        try FileManager.default.createDirectory(
          atPath: elsewhere, withIntermediateDirectories: false)
        let gc = try await rig.kiln(
          ["gc", "--on", "azure", "--unexpired"] + rig.cloud, in: elsewhere)
        #expect(gc.exit == 0, "\(index): \(gc.stderr)")
        try await rig.expectNothingLeft(index)
      }
    }
  }

  @Test func `what is left of a killed build goes by its journal`() async throws {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("sleep 60", name: "sleeps"))
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("sleeps")
        kiln.send(SIGKILL)
      }
      #expect(ran.exit == 128 + SIGKILL)
      let gc = try await rig.kiln(["gc"] + rig.cloud)
      #expect(gc.exit == 0, "\(gc.stderr)")
      #expect(try await rig.resources() == [])
      #expect(try await rig.state().machines == [])
    }
  }

  @Test func `a build that is stopped takes away what it made`() async throws {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("sleep 60", name: "sleeps"))
      let ran = try await rig.build { kiln in
        try await kiln.waitUntilSays("sleeps")
        kiln.send(SIGINT)
      }
      #expect(ran.exit == 130, "\(ran.stderr)")
      #expect(try await rig.resources() == [])
      #expect(try await rig.state().machines == [])
    }
  }

  /// How many such requests a good build has.
  private func requests() async throws -> Int {
    try await AzureRig.with { rig in
      try rig.writeTemplate(.shell("true"))
      let ran = try await rig.build()
      try #require(ran.exit == 0, "\(ran.stderr)")
      let pattern = try Regex(Self.making)
      return try await rig.state().calls.count { $0.firstMatch(of: pattern) != nil }
    }
  }
}

extension AzureRig {
  /// Outputs that were whole when the build was killed may stay; nothing else of it.
  func expectNothingLeft(_ index: Int, definition: String = "d") async throws {
    let state = try await state()
    let whole = [
      "\(Self.compute)/images/i0",
      "\(Self.compute)/galleries/g/images/\(definition)/versions/1.0.0",
    ]
    let left = try await resources().subtracting(whole)
    // A VHD that was whole stays with its account and group, which are no longer tagged.
    let isOfVHD = left.allSatisfy {
      $0.contains("/storageAccounts/") || !$0.contains("/providers/")
    }
    #expect(left.isEmpty || isOfVHD && state.blobs.count > 1, "\(index): \(left)")
    #expect(state.tagged == [], "\(index)")
    #expect(state.shared == [], "\(index)")
    #expect(state.machines == [], "\(index)")
  }
}
