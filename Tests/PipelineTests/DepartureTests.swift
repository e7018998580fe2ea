import Testing

@testable import Pipeline

/// VMs that are watched, and jobs that have them power themselves off.
@Suite struct DepartureTests {
  @Test func `whoever watches a VM knows before it is told to power off`() async throws {
    let vm = ToldVM()
    try await vm.departing {
      let told = await vm.told
      #expect(told == ["may power off"])
    }
    #expect(await vm.told == ["may power off"])
  }

  @Test func `a VM that was not told to power off, after all, must run on`() async throws {
    let vm = ToldVM()
    await #expect(throws: NotThis.self) { try await vm.departing { throw NotThis() } }
    #expect(await vm.told == ["may power off", "must run"])
  }
}

private struct NotThis: Error {}

/// Notes what it is told.
private actor ToldVM: WatchedVM {
  nonisolated let name = "vm"
  private(set) var told: [String] = []

  func mayPowerOff() { told.append("may power off") }
  func mustRun() { told.append("must run") }
  func connect(report: @escaping GuestReport) async throws -> any Guest { throw NotThis() }
  func capture() async throws -> CapturedDisk { throw NotThis() }
  func keep() -> [String] { [] }
}
