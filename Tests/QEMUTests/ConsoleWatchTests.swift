import Foundation
import TestSupport
import Testing

@testable import QEMU

@Suite struct ConsoleWatchTests {
  @Test(arguments: [
    "Kernel panic - not syncing: Attempted to kill init!\n",
    "[    3.141592] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n",
    "localhost login: [   60.1][  T712] Kernel panic - not syncing: sysrq triggered crash\r\n",
  ])
  func `a kernel's last words are known in whatever pieces they come`(_ text: String) {
    for size in [1, 7, 4096] {
      var signs = CrashSigns()
      let bytes = Array("[ 1.0] fine\r\n\(text)".utf8)
      let pieces = stride(from: 0, to: bytes.count, by: size).map {
        bytes[$0..<min($0 + size, bytes.count)]
      }
      let found = pieces.map { signs.appear(in: $0) }
      #expect(found.contains(true))
    }
  }

  @Test(arguments: [
    "[    1.0] Command line: panic=10\n", "a script says Kernel panic - not syncing\n",
    "[    1.0] Kernel panic - not syncing",
  ])
  func `other words, and a line that is not whole, are no crash`(_ text: String) {
    var signs = CrashSigns()
    let found = signs.appear(in: Array(text.utf8)[...])
    #expect(!found)
  }

  @Test(.requires(qemu), .timeLimit(.minutes(2)))
  func `a machine whose kernel crashes is of no use any more`() async throws {
    try await withMachine(BootSector.say("[ 1.0] Kernel panic - not syncing: no init\r\n")) {
      let failure = try await $0.waitForFailure()
      #expect(failure == .guestPanicked)
    }
  }
}
