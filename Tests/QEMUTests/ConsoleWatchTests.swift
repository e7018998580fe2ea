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

  @Test func `why a kernel crashed is told, however much it says after that`() async throws {
    try await ScratchDirectory.with { directory in
      let why = "[    9.0] Kernel panic - not syncing: no init"
      let calls = (1...30).map { "[    9.0]  call \($0)" }
      let text = (["[    8.0] fine", why] + calls).joined(separator: "\r\n") + "\r\n"
      try Data(text.utf8).write(to: URL(filePath: directory + "/console"))
      let tail = LogTail(path: directory + "/console")
      #expect(tail.consoleLines(3) == [why, "[    9.0]  call 29", "[    9.0]  call 30"])
      #expect(tail.consoleLines(31) == [why] + calls)
      #expect(tail.consoleLines(0) == [])
    }
  }

  @Test(.requires(qemu), .timeLimit(.minutes(2)))
  func `a machine whose kernel crashes is of no use any more`() async throws {
    try await withMachine(BootSector.say("[ 1.0] Kernel panic - not syncing: no init\r\n")) {
      let failure = try await $0.waitForFailure()
      #expect(failure == .guestPanicked)
    }
  }
}
