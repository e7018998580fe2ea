import Foundation
import Pipeline
import Template
import TestSupport
import Testing

@testable import Azure

/// Every fault at every request of a build: it ends right or fails clearly, and nothing is left.
///
/// `KILN_ALL_FAULTS=1` tries every request; else it is every seventh, another for each fault.
@Suite(.timeLimit(.minutes(20))) struct SweepTests {
  static let stride = ProcessInfo.processInfo.environment["KILN_ALL_FAULTS"] == nil ? 7 : 1

  private static let options = ["--wait", "60", "--vm-command", "off", "--targets"]

  @Test(
    arguments: [
      "429", "429-after", "500", "503", "409", "401", "reset-before", "reset-after", "failed",
      "never",
    ].enumerated().map { ($0.offset, $0.element) })
  func `a fault at any request leaves nothing behind`(offset: Int, kind: String) async throws {
    try await BuildRig.with(Self.options) { first in
      try await first.bake()
      let count = try await first.state().calls.count
      #expect(count > 40)
      var failures = 0
      for place in Self.places(of: kind, from: offset % Self.stride, to: count) {
        let rig = try await first.again()
        try await rig.fault(place)
        do {
          try await rig.bake()
        } catch {
          failures += 1
          #expect(error.isClear, "\(place): \(error)")
          try await rig.expectNoSecret(in: error)
        }
        try await rig.collect()
        try await rig.expectNothingLeft("\(place)")
        try await rig.fault(["kind": "clear"])
      }
      // What passes is waited out.
      #expect(Self.operations.contains(kind) ? failures > 0 : failures == 0, "\(failures)")
    }
  }

  /// The faults that only a request that begins an operation meets.
  private static let operations = ["failed", "never"]

  /// Where a fault is put: every so many of a build's requests.
  ///
  /// Those may all be others than the ones that begin operations, so that one that does is always
  /// among these.
  private static func places(of kind: String, from first: Int, to count: Int) -> [JSON] {
    let machine: JSON = ["at": 0, "match": "PUT .*/virtualMachines/", "kind": .string(kind)]
    return (operations.contains(kind) ? [machine] : [])
      + Swift.stride(from: first, to: count, by: stride).map {
        ["at": .integer(Int64($0)), "kind": .string(kind)]
      }
  }

  @Test func `whoever dies at a request that makes something is cleaned up after by tags alone`()
    async throws
  {
    try await BuildRig.with(["--vm-command", "off", "--targets"]) { first in
      try await first.bake()
      let count = try await first.state().calls.filter { $0.hasPrefix("PUT ") }.count
      for index in 0..<count {
        let rig = try await first.again()
        try await rig.fault([
          "at": .integer(Int64(index)), "match": "PUT ", "kind": "dead",
        ])
        let end = await #expect(throws: (any Error).self) { try await rig.bake() }
        #expect(end != nil, "\(index)")
        try await rig.fault(["kind": "clear"])
        // By somebody who knows nothing of the run.
        for leftover in try await TaggedLeftovers.find(in: BuildRig.subscription, rig.access.arm) {
          try await leftover.remove(by: rig.access.arm)
        }
        try await rig.expectNothingLeft("death at \(index)")
      }
    }
  }
}

extension BuildRig {
  /// What the end of a build does, and `kiln gc` after it, as often as somebody calls it.
  fileprivate func collect() async throws {
    for _ in 0..<2 {
      do {
        try await staging.remove(try left())
        return
      } catch is AzureError {
        continue
      } catch is DeadlineExceeded {
        continue
      }
    }
    try await staging.remove(try left())
  }

  fileprivate func expectNoSecret(in error: any Error) async throws {
    let list = try await server.text("/_secrets")
    let secrets = try JSONDecoder().decode([String].self, from: Data(list.utf8))
    let forms = SecretForms(secrets + [Self.secret])
    #expect(forms.count > 5)
    #expect(forms.told(in: Data("\(error)".utf8)) == nil)
    for path in try FileManager.default.subpathsOfDirectory(atPath: archive) {
      guard let bytes = FileManager.default.contents(atPath: "\(archive)/\(path)") else { continue }
      #expect(forms.told(in: bytes) == nil, "\(path)")
    }
  }

  fileprivate func expectNothingLeft(_ when: String) async throws {
    let state = try await state()
    let compute = "\(Self.target)/providers/Microsoft.Compute"
    let known = [
      Self.target, "\(compute)/galleries/g", "\(compute)/galleries/g/images/d",
      "\(compute)/galleries/g/images/d/versions/1.0.0", "\(compute)/images/i",
      "\(Self.target)/providers/Microsoft.Storage/storageAccounts/pictures",
      names().groupID.text, names().account.text,
    ]
    #expect(Set(state.resources).subtracting(known) == [], "\(when)")
    #expect(state.tagged == [], "\(when)")
    #expect(state.shared == [], "\(when)")
    #expect(state.findings == [], "\(when)")
  }
}

extension Error {
  /// Whether it says what could not be done, and why.
  fileprivate var isClear: Bool {
    switch self {
    case is AzureError, is DeadlineExceeded, is MachineError, is SurveyProblems: true
    case let error as DistributionError: error.cause.isClear
    default: false
    }
  }
}
