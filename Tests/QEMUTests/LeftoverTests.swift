import Foundation
import TestSupport
import Testing

@testable import QEMU

@Suite(.requires("/usr/bin/sleep"), .timeLimit(.minutes(2))) struct LeftoverTests {
  @Test func `what a run left behind is ended, once`() async throws {
    try await ScratchDirectory.with { directory in
      let process = try await sleeper(in: directory)
      try #require(ProcessRecord.of(pid: process.pid)).write(in: directory)
      #expect(try await VirtualMachine.endLeftover(in: directory))
      #expect(try await process.ended() == .signaled(9))
      #expect(try await !VirtualMachine.endLeftover(in: directory))
    }
  }

  @Test func `a stranger with the same number is left alone`() async throws {
    try await ScratchDirectory.with { directory in
      let process = try await sleeper(in: directory)
      defer { process.kill() }
      let own = try #require(ProcessRecord.of(pid: process.pid))
      let strangers = [
        ProcessRecord(
          pid: own.pid, startTicks: own.startTicks + 1, bootIdentity: own.bootIdentity),
        ProcessRecord(pid: own.pid, startTicks: own.startTicks, bootIdentity: "another"),
        ProcessRecord(pid: -1, startTicks: own.startTicks, bootIdentity: own.bootIdentity),
        ProcessRecord(pid: 0, startTicks: own.startTicks, bootIdentity: own.bootIdentity),
      ]
      for stranger in strangers {
        try stranger.write(in: directory)
        #expect(try await !VirtualMachine.endLeftover(in: directory))
      }
      #expect(own.isAlive)
      #expect(process.end == nil)
    }
  }

  @Test func `a directory without a machine has nothing to end`() async throws {
    try await ScratchDirectory.with { directory in
      let result = try await VirtualMachine.endLeftover(in: directory)
      #expect(!result)
      #expect(try await !VirtualMachine.endLeftover(in: directory + "/nowhere"))
    }
  }

  @Test func `a damaged record is told, and nothing is ended`() async throws {
    try await ScratchDirectory.with { directory in
      try Data("{}".utf8).write(to: URL(filePath: "\(directory)/process.json"))
      let error = try await failure { try await VirtualMachine.endLeftover(in: directory) }
      #expect("\(error)" == "could not read `\(directory)/process.json`: it is no process record")
    }
  }

  @Test(.requires(qemu)) func `a machine that runs has a record by which it is ended`() async throws
  {
    try await withMachine(BootSector.idle) { machine in
      let result = try await VirtualMachine.endLeftover(in: machine.spec.directory)
      #expect(result)
      #expect(try await machine.waitForExit() == .died("was ended by signal 9", lastWords: []))
    }
  }
}
