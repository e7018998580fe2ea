import Pipeline
import Synchronization
import Template
import TestSupport
import Testing

@testable import Azure

/// Whether a machine's end is a failure.
@Suite struct WatchTests {
  /// A machine of the stand-in that is off at once, with root's proof on its console.
  private func withMachine(
    _ options: [String] = ["--vm-command", "off"],
    _ body: @Sendable (BuildRig, AzureVM) async throws -> Void
  ) async throws {
    try await BuildRig.with(options) { rig in
      let shape = MachineShape(
        size: "Standard_D2s_v5",
        origin: .platform(
          PlatformImage(publisher: "p", offer: "o", sku: "s", version: "1.2.3", plan: nil)),
        priority: .spot)
      let vm = AzureVM(rig.provider(shape), rig.names())
      try await vm.start()
      try await body(rig, vm)
      try await rig.staging.remove(try rig.left())
      #expect(try await rig.state().findings == [])
    }
  }

  @Test func `a machine that is off is a failure until it was told to go`() async throws {
    try await withMachine { _, vm in
      let early = await #expect(throws: MachineError.self) { try await vm.look() }
      #expect("\(early as Any)".contains("switched itself off before its steps had ended"))
      await vm.mayPowerOff()
      // Nothing is waited for: the console has the proof.
      let next = try await vm.look()
      #expect(next == .enough)
      await vm.mustRun()
      await #expect(throws: MachineError.self) { try await vm.look() }
    }
  }

  @Test func `a machine that was told to go and did not clean up is a failure, too`() async throws {
    // It ends without a word on its console.
    try await withMachine(["--vm-command", "exit"]) { rig, vm in
      await vm.mayPowerOff()
      try await waitUntil("the machine to be off") {
        try await rig.access.arm.perform(
          ARMRequest(.get, "\(rig.names().machine)/instanceView")
        ).description.contains("stopped")
      }
      let error = await #expect(throws: MachineError.self) { try await vm.look() }
      #expect("\(error as Any)".contains("could not prove that the image is generalized"))
    }
  }

  @Test func `a machine that Azure took away is a failure, whatever it was told`() async throws {
    try await withMachine { rig, vm in
      _ = try await rig.server.text("/_evict")
      await vm.mayPowerOff()
      for _ in 0..<2 {
        let error = await #expect(throws: MachineError.self) { try await vm.look() }
        #expect("\(error as Any)".contains("Azure took the virtual machine away"))
        #expect(error?.hint?.contains("without --spot") == true)
        await vm.mustRun()
      }
      let error = await #expect(throws: MachineError.self) { try await vm.capture() }
      #expect("\(error as Any)".contains("Azure took the virtual machine away"))
    }
  }

  @Test func `nobody looks after a machine that is captured or kept`() async throws {
    try await withMachine { _, vm in
      _ = try await vm.capture()
      let next = try await vm.look()
      #expect(next == .enough)
    }
  }

  @Test func `a machine is looked at as soon as it can't be reached any more`() async throws {
    let looks = LookTimes()
    looks.reaching()
    looks.reached()
    let count = Mutex(0)
    let begun = ContinuousClock.now
    looks.reaching()
    try await looks.each {
      count.withLock { $0 += 1 }
      return .enough
    }
    #expect(count.withLock { $0 } == 1)
    #expect(ContinuousClock.now - begun < .seconds(4), "the first beat is after five")
  }
}
